//! The first step: the request is made, kept and printed.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::StepsError;
use crate::commands::Context;
use crate::commands::app::NewLogin;
use crate::commands::login::browser::{BrowserArgs, prepare, pushes};
use crate::commands::login::error::LoginError;
use crate::commands::login::{device, noted, talk};
use crate::flow::FlowError;
use crate::flow::authorization::{Listen, Login};
use crate::flow::client::Client;
use crate::flow::device::DeviceLogin;
use crate::protocol::authorization::ResponseType;
use crate::protocol::client::ClientId;
use crate::protocol::flow_record::Opener;
use crate::protocol::grant::GrantKind;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize::{self, Render, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, Secret};
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::provider::{Dialect, Provider};
use crate::store::pending_login::{PendingLogin, PendingWay};
use crate::store::stored_token::ObtainedBy;
use crate::store::{AppName, Profile, StoreKind, StoredToken};
use crate::system::http::HttpClient;
use crate::system::loopback::Loopback;

/// How long a started login can be finished. A person may be asked by another program meanwhile.
const LIFETIME: Duration = Duration::from_secs(600);

/// A login to start.
pub struct Start<'a> {
    pub browser: &'a BrowserArgs,
    pub label: Option<String>,
    pub required: String,
    pub new: &'a NewLogin<'a>,
    pub profile: &'a Profile,
    pub kind: StoreKind,
    pub cacert: Option<String>,
}

impl Start<'_> {
    pub fn run(
        &self,
        grant: GrantKind,
        provider: &Provider,
        asked: ScopeSet,
        http: &dyn HttpClient,
        context: &Context,
    ) -> Result<(), LoginError> {
        if !self.can_be_kept() {
            return Err(StepsError::KeepsNothing.into());
        }
        match ResponseType::of(grant) {
            Some(response_type) => self.in_browser(response_type, provider, asked, http, context),
            None if grant == GrantKind::DeviceCode => self.on_device(provider, asked, http, context),
            None => Err(StepsError::RunsAlone.into()),
        }
    }

    fn in_browser(
        &self,
        response_type: ResponseType,
        provider: &Provider,
        asked: ScopeSet,
        http: &dyn HttpClient,
        context: &Context,
    ) -> Result<(), LoginError> {
        let browser = self.browser;
        let prepared = prepare(provider, response_type.grant(), self.new, http, context)?;
        let provider = &prepared.provider;
        let uri = with_port(browser.redirect_uri(provider)?)?;
        let no_loopback = !Dialect::redirects_to_loopback(&provider.definition);
        let can_listen = uri.loopback().is_some() && (!no_loopback || browser.names_a_redirect());
        let request = prepared.request(response_type, asked.clone(), uri, Listen::Paste);
        // Nothing listens: the answer is for another process.
        let mut login = Login::begin(request, context.system.entropy.as_ref())?;
        let grant = response_type.grant();
        noted::browser(&login, (provider, grant), prepared.client_secret.as_ref(), &asked, context);
        if pushes(provider) {
            login.push(http)?;
        }
        context.session.recorder().browser(login.authorize_url(), Opener::Printed);
        let way = self.way(&login, can_listen);
        let until = self.until(LIFETIME, context)?;
        let client = (prepared.app.clone(), prepared.client_id.clone());
        let pending = self.pending(provider, client, (response_type.grant(), asked), (until, way), context);
        self.keep(provider, &pending, GoTo::of(&login), context)
    }

    /// Returns the one-time secrets of a login in the browser, to be kept.
    pub(super) fn way(&self, login: &Login<'_>, can_listen: bool) -> PendingWay {
        let secrets = login.secrets();
        PendingWay::Browser {
            redirect_uri: secrets.redirect_uri.as_str().to_owned(),
            state: Secret::new(secrets.state.as_str()),
            code_verifier: secrets.code_verifier.as_ref().map(|verifier| Secret::new(verifier.expose())),
            nonce: secrets.nonce.as_ref().map(|nonce| Secret::new(nonce.as_str())),
            allow_missing_state: self.browser.allows_missing_state(),
            can_listen,
        }
    }

    fn on_device(
        &self,
        provider: &Provider,
        asked: ScopeSet,
        http: &dyn HttpClient,
        context: &Context,
    ) -> Result<(), LoginError> {
        let (client, app) = device::client(provider, self.new, &asked, http, context)?;
        let request = device::request(&client, &asked);
        let login = DeviceLogin::begin(http, context.system.clock.as_ref(), &client.provider, request)?;
        let pending = self.of_codes(&login, &client, &app, context)?;
        self.keep(&client.provider, &pending, GoTo::of_codes(&login), context)
    }

    /// Returns the login whose codes are there, to be kept.
    pub(super) fn of_codes(
        &self,
        login: &DeviceLogin<'_>,
        client: &Client,
        app: &AppName,
        context: &Context,
    ) -> Result<PendingLogin, LoginError> {
        let codes = login.response();
        let way = PendingWay::Device {
            device_code: codes.device_code.clone(),
            user_code: codes.user_code.clone(),
            verification_uri: codes.verification_uri.clone(),
            verification_uri_complete: codes.verification_uri_complete.clone(),
            interval: codes.interval.as_secs(),
        };
        let life = self.browser.chosen_timeout().map_or(codes.expires_in, |limit| limit.min(codes.expires_in));
        let until = self.until(life, context)?;
        let by = (GrantKind::DeviceCode, login.scope().clone());
        let whose = (app.clone(), client.client_id.clone());
        Ok(self.pending(&client.provider, whose, by, (until, way), context))
    }

    /// Returns the end of a login that can be finished for as long as this, or as the command line says.
    fn until(&self, life: Duration, context: &Context) -> Result<Timestamp, StepsError> {
        match self.browser.chosen_timeout() {
            Some(Duration::ZERO) => Err(StepsError::NoTime),
            Some(limit) if limit < life || life == LIFETIME => Ok(context.system.clock.now().plus(limit)),
            _ => Ok(context.system.clock.now().plus(life)),
        }
    }

    pub(super) fn pending(
        &self,
        provider: &Provider,
        (app, client_id): (AppName, ClientId),
        (grant, asked): (GrantKind, ScopeSet),
        (until, way): (Timestamp, PendingWay),
        context: &Context,
    ) -> PendingLogin {
        let (by, none, now) = (ObtainedBy::Grant(grant), AccessToken::new(""), context.system.clock.now());
        let mut login = StoredToken::given(provider, Some(client_id), by, asked, none, now);
        login.app = app;
        login.label = self.label.clone();
        login.cacert = self.cacert.clone();
        PendingLogin::new(until, self.profile.to_string(), login, self.required.clone(), way)
    }

    fn keep(
        &self,
        provider: &Provider,
        pending: &PendingLogin,
        go_to: GoTo,
        context: &Context,
    ) -> Result<(), LoginError> {
        let now = context.system.clock.now();
        context.session.store()?.save_pending(self.kind, pending, now)?;
        talk::about_login(provider, "", context);
        Ok(context.answer(&Started::new(provider, pending, go_to, Some(pending.id()), now))?)
    }

    /// Returns whether another process could finish the login.
    pub(super) fn can_be_kept(&self) -> bool {
        !matches!(self.kind, StoreKind::Memory | StoreKind::Env)
    }
}

/// Returns a redirect URI with a port: a free one in place of 0.
fn with_port(uri: RedirectUri) -> Result<RedirectUri, FlowError> {
    match (uri.port(), uri.loopback()) {
        (0, Some(addresses)) => {
            let port = Loopback::bind(&addresses).map_err(FlowError::Listen)?.port();
            Ok(uri.with_port(port))
        }
        _ => Ok(uri),
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Started {
    /// `None` if no other process can finish it.
    id: Option<String>,
    /// The commands for the second step.
    finish: Option<String>,
    wait: Option<String>,
    provider: String,
    profile: String,
    #[serde(flatten)]
    go_to: GoTo,
    expires_at: Timestamp,
    expires_in: u64,
}

impl Started {
    /// `id` is that of the kept login.
    pub(super) fn new(
        provider: &Provider,
        pending: &PendingLogin,
        go_to: GoTo,
        id: Option<String>,
        now: Timestamp,
    ) -> Self {
        let wait = id.as_ref().map(|id| format!("oauthctl login --wait {id}"));
        let (finish, can_wait) = match &pending.way {
            PendingWay::Browser { can_listen, .. } => {
                (id.as_ref().map(|_| "oauthctl login --finish -".to_owned()), *can_listen)
            }
            PendingWay::Device { .. } => (wait.clone(), true),
        };
        Self {
            id,
            finish,
            wait: wait.filter(|_| can_wait),
            provider: provider.id().to_owned(),
            profile: pending.profile.clone(),
            go_to,
            expires_at: pending.until,
            expires_in: now.until(pending.until).as_secs(),
        }
    }
}

/// Where a person has to go.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum GoTo {
    Browser {
        authorize_url: String,
        redirect_uri: String,
        /// In seconds: a reference to a pushed request ends sooner than the login.
        open_within: Option<u64>,
    },
    Device {
        user_code: String,
        verification_uri: String,
        verification_uri_complete: Option<String>,
        interval: u64,
    },
}

impl GoTo {
    pub(super) fn of(login: &Login<'_>) -> Self {
        Self::Browser {
            authorize_url: login.authorize_url().to_string(),
            redirect_uri: login.redirect_uri().to_string(),
            open_within: login.opens_within().map(|within| within.as_secs()),
        }
    }

    pub(super) fn of_codes(login: &DeviceLogin<'_>) -> Self {
        let codes = login.response();
        Self::Device {
            user_code: codes.user_code.clone(),
            verification_uri: codes.verification_uri.clone(),
            verification_uri_complete: codes.verification_uri_complete.clone(),
            interval: codes.interval.as_secs(),
        }
    }
}

impl Render for Started {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let Some(finish) = &self.finish else { return Ok(()) };
        let left = HumanDuration(Duration::from_secs(self.expires_in));
        match &self.go_to {
            GoTo::Browser { authorize_url, redirect_uri, open_within } => {
                let within = open_within.map(|seconds| HumanDuration(Duration::from_secs(seconds)));
                let within = within.map(|within| format!(", within {within}")).unwrap_or_default();
                // Whole, as what a person has to copy: the text cleans what is written to it.
                writeln!(text, "Open this address in a browser{within}:\n{authorize_url}")?;
                writeln!(text, "It ends at {redirect_uri}. Pipe that whole address, within {left}, to")?;
                writeln!(text, "    {finish}")?;
                match &self.wait {
                    Some(wait) => writeln!(text, "or listen for it with\n    {wait}"),
                    None => Ok(()),
                }
            }
            GoTo::Device { user_code, verification_uri, .. } => {
                let code = sanitize::line(user_code);
                writeln!(
                    text,
                    "Open {verification_uri} in a browser on any device, and type {code}. Then, within {left}, run"
                )?;
                writeln!(text, "    {finish}")
            }
        }
    }
}
