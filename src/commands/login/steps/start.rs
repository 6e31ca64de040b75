//! The first step: the request is made, kept and printed.

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::StepsError;
use crate::commands::Context;
use crate::commands::app::NewLogin;
use crate::commands::login::browser::{BrowserArgs, Prepared, Shared, TIMEOUT, prepare, pushes};
use crate::commands::login::error::LoginError;
use crate::commands::login::{device, noted, talk};
use crate::flow::FlowError;
use crate::flow::authorization::{Listen, Login};
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
use crate::store::pending_login::{PendingEntry, PendingLogin, PendingWay};
use crate::store::stored_token::ObtainedBy;
use crate::store::{AppName, Profile, StoreKind, StoredToken};
use crate::system::http::HttpClient;
use crate::system::loopback::Loopback;
use crate::system::terminal::TerminalError;

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
        let until = context.system.clock.now().plus(browser.chosen_timeout().unwrap_or(LIFETIME));
        let client = (prepared.app.clone(), prepared.client_id.clone());
        let pending = self.pending(provider, client, (response_type.grant(), asked), (until, way), context);
        self.keep(provider, &pending, GoTo::of(&login), context)
    }

    /// Returns the one-time secrets of a login in the browser, to be kept.
    fn way(&self, login: &Login<'_>, can_listen: bool) -> PendingWay {
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
        let (provider, request) = (&client.provider, device::request(&client, &asked));
        let login = DeviceLogin::begin(http, context.system.clock.as_ref(), provider, request)?;
        let codes = login.response();
        let way = PendingWay::Device {
            device_code: codes.device_code.clone(),
            user_code: codes.user_code.clone(),
            verification_uri: codes.verification_uri.clone(),
            verification_uri_complete: codes.verification_uri_complete.clone(),
            interval: codes.interval.as_secs(),
        };
        let life = self.browser.chosen_timeout().map_or(codes.expires_in, |limit| limit.min(codes.expires_in));
        let until = context.system.clock.now().plus(life);
        let by = (GrantKind::DeviceCode, asked);
        let pending = self.pending(provider, (app, client.client_id.clone()), by, (until, way), context);
        let go_to = GoTo::Device {
            user_code: codes.user_code.clone(),
            verification_uri: codes.verification_uri.clone(),
            verification_uri_complete: codes.verification_uri_complete.clone(),
            interval: codes.interval.as_secs(),
        };
        self.keep(provider, &pending, go_to, context)
    }

    fn pending(
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
    fn can_be_kept(&self) -> bool {
        !matches!(self.kind, StoreKind::Memory | StoreKind::Env)
    }

    /// Returns the login in one step, for a program that is told where to go.
    pub fn in_one_step<'s>(&'s self, asked: &'s ScopeSet, is_known: bool, context: &'s Context) -> OneStep<'s> {
        OneStep { start: self, asked, is_known, context, kept: RefCell::new(None) }
    }
}

/// A login in one step. If there is a program and no person, it is told where to go by the same object that `--start` prints,
/// and another process may finish the login: where the browser is on another machine, its answer does not arrive here.
pub struct OneStep<'a> {
    start: &'a Start<'a>,
    asked: &'a ScopeSet,
    /// False if the definition is written when the login works, so that no other process knows it.
    is_known: bool,
    context: &'a Context,
    kept: RefCell<Option<(String, PendingEntry)>>,
}

impl Shared for OneStep<'_> {
    fn announce(&self, login: &Login<'_>, prepared: &Prepared) -> Result<bool, LoginError> {
        let Self { start, context, .. } = self;
        if !context.session.choices.json || context.terminal().is_interactive() {
            return Ok(false);
        }
        let now = context.system.clock.now();
        let until = now.plus(start.browser.chosen_timeout().unwrap_or(TIMEOUT));
        let way = start.way(login, login.redirect_uri().loopback().is_some());
        let client = (prepared.app.clone(), prepared.client_id.clone());
        let by = (login.grant(), self.asked.clone());
        let pending = start.pending(&prepared.provider, client, by, (until, way), context);
        let id = (self.is_known && start.can_be_kept()).then(|| pending.id());
        if let Some(id) = &id {
            let store = context.session.store()?;
            store.save_pending(start.kind, &pending, now)?;
            *self.kept.borrow_mut() = store.pending(id)?.map(|entry| (id.clone(), entry));
        }
        let started = Started::new(&prepared.provider, &pending, GoTo::of(login), id, now);
        // In one line, as the outcome follows.
        let line = serde_json::to_string(&started).map_err(|error| TerminalError::Stdout(error.into()))?;
        context.terminal().json(&format!("{line}\n"))?;
        Ok(true)
    }

    fn take(&self) -> Result<(), LoginError> {
        let Some((id, entry)) = self.kept.take() else { return Ok(()) };
        match self.context.session.store()?.use_pending(&id, &entry)? {
            true => Ok(()),
            false => Err(StepsError::Used { id, provider: entry.provider }.into()),
        }
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
struct Started {
    #[serde(flatten)]
    next: Option<Next>,
    provider: String,
    profile: String,
    #[serde(flatten)]
    go_to: GoTo,
    expires_at: Timestamp,
    expires_in: u64,
}

/// The commands for the second step.
#[derive(Debug, Serialize)]
struct Next {
    id: String,
    finish: String,
    wait: String,
}

impl Started {
    /// `id` is that of the kept login.
    fn new(provider: &Provider, pending: &PendingLogin, go_to: GoTo, id: Option<String>, now: Timestamp) -> Self {
        let next = id.map(|id| {
            let wait = format!("oauthctl login --wait {id}");
            let in_browser = matches!(go_to, GoTo::Browser { .. });
            let finish = if in_browser { "oauthctl login --finish -".to_owned() } else { wait.clone() };
            Next { id, finish, wait }
        });
        Self {
            next,
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
enum GoTo {
    Browser { authorize_url: String, redirect_uri: String },
    Device { user_code: String, verification_uri: String, verification_uri_complete: Option<String>, interval: u64 },
}

impl GoTo {
    fn of(login: &Login<'_>) -> Self {
        Self::Browser {
            authorize_url: login.authorize_url().to_string(),
            redirect_uri: login.redirect_uri().to_string(),
        }
    }
}

impl Render for Started {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let Some(Next { finish, wait, .. }) = &self.next else { return Ok(()) };
        let left = HumanDuration(Duration::from_secs(self.expires_in));
        match &self.go_to {
            GoTo::Browser { authorize_url, redirect_uri } => {
                // Whole, as what a person has to copy: the text cleans what is written to it.
                writeln!(text, "Open this address in a browser:\n{authorize_url}")?;
                writeln!(text, "It ends at {redirect_uri}. Pipe that whole address, within {left}, to")?;
                writeln!(text, "    {finish}\nor listen for it with\n    {wait}")
            }
            GoTo::Device { user_code, verification_uri, .. } => {
                let code = sanitize::line(user_code);
                writeln!(
                    text,
                    "Open {verification_uri} in a browser on any device, and type {code}. Then, within {left}, run"
                )?;
                writeln!(text, "    {wait}")
            }
        }
    }
}
