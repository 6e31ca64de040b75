//! A login in the browser: where it begins, and where the answer arrives, which is on a loopback port, behind a tunnel, or
//! by what a person pastes.
//!
//! The first way that can work is chosen: what the command line says, else what the provider takes. A provider that
//! takes https only gets the TLS listener on `localhost`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use super::super::Context;
use super::super::app::{self, ChosenClient, Guide, NewLogin};
use super::pollers::Pollers;
use super::view::failure_page;
use super::{LoginError, noted, talk};
use crate::flow::FlowError;
use crate::flow::authorization::{Answered, Listen, Login, LoginRequest, MissingState, Obtained, Tab, Waiting};
use crate::flow::client::Client;
use crate::flow::device::DeviceLogin;
use crate::flow::pages::BrowserPage;
use crate::protocol::authorization::ResponseType;
use crate::protocol::client::ClientId;
use crate::protocol::grant::GrantKind;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::HumanDuration;
use crate::provider::{Dialect, Provider};
use crate::store::stored_token::ObtainedBy;
use crate::store::{AppName, StoreError, StoredToken};
use crate::system::browser::{self, Browser, CommandBrowser, DesktopBrowser};
use crate::system::certificate::CallbackCertificate;
use crate::system::http::HttpClient;
use crate::system::paste::PasteReader;
use crate::system::waiting;

/// How long we wait for the redirect. People read consent pages and look for their phone.
pub const TIMEOUT: Duration = Duration::from_secs(300);

/// A login that another process may finish, too.
pub trait Shared {
    /// Tells a program where to go, if one is to be told. `false` if a person is.
    fn announce(&self, login: &Login<'_>, prepared: &Prepared) -> Result<bool, LoginError>;
    /// Tells a program where to type a code, if one is to be told.
    fn announce_codes(&self, login: &DeviceLogin<'_>, client: &Client, app: &AppName) -> Result<(), LoginError>;
    /// Returns the processes that may poll for the token, too.
    fn pollers(&self) -> Option<Pollers<'_>>;
    /// Returns `true` if another process has taken it.
    fn is_taken(&self) -> bool;
    /// Takes it for this process alone: its answer is there, or none came.
    fn take(&self) -> Result<(), LoginError>;
}

/// The flags of a login in the browser.
#[derive(Args)]
pub struct BrowserArgs {
    /// The redirect URI, exactly as it is registered
    #[arg(long, value_name = "URI", conflicts_with = "port")]
    redirect_uri: Option<String>,

    /// The port of http://127.0.0.1:PORT/callback; 0 picks a free port
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// The local address to which a tunnel leads from the redirect URI
    #[arg(long, value_name = "ADDRESS", requires = "redirect_uri")]
    listen: Option<SocketAddr>,

    /// The program that opens the URL, before BROWSER; the URL is appended, or put where %s is
    #[arg(long, value_name = "CMD", conflicts_with = "no_browser")]
    browser: Option<String>,

    /// Print the authorization URL on stderr and open no browser
    #[arg(long)]
    no_browser: bool,

    /// How long to wait: seconds, or with s, m, h, d [default: 5m for a redirect, a code's lifetime with --device]
    #[arg(long, value_name = "TIME")]
    timeout: Option<HumanDuration>,

    /// Accept an answer without a state, if the provider never returned one and PKCE is known to protect the code
    #[arg(long)]
    allow_missing_state: bool,
}

impl BrowserArgs {
    /// Makes the trip through the browser, up to the token and the tab that waits to hear how it ended.
    pub fn log_in(
        &self,
        provider: &Provider,
        (response_type, shared): (ResponseType, &dyn Shared),
        new: &NewLogin<'_>,
        asked: ScopeSet,
        http: &dyn HttpClient,
        context: &Context,
    ) -> Result<(Tab, Provider, StoredToken), LoginError> {
        let grant = response_type.grant();
        let prepared = prepare(provider, grant, new, http, context)?;
        let (provider, can_be_allowed) = (&prepared.provider, prepared.can_be_allowed);
        let (redirect_uri, listen) = self.arrival(provider, context)?;
        let request = prepared.request(response_type, asked.clone(), redirect_uri, listen);
        let is_self_registered = prepared.is_self_registered;
        let mut login = Login::begin(request, context.system.entropy.as_ref())?;
        noted::browser(&login, (provider, grant), prepared.client_secret.as_ref(), &asked, context);
        if pushes(provider) {
            login.push(http)?;
        }
        let is_told = shared.announce(&login, &prepared)?;
        if !is_told {
            talk::announce(&login, provider, (grant, is_self_registered), context);
        }
        let terminal = context.terminal();
        let paste = terminal.is_interactive().then(|| PasteReader::start(login.paste_sender())).flatten();
        let told = if is_told { talk::Told::Program } else { talk::Told::Person { can_paste: paste.is_some() } };
        let opener = talk::open_browser(self.program().as_deref(), &mut login, told, context);
        let recorder = context.session.recorder();
        recorder.browser(login.authorize_url(), opener);
        // A login that is broken off while it waits is explained, too.
        let _ = context.session.keep_record(None);
        let missing_state = self.missing_state(provider, can_be_allowed, paste.is_some(), context);
        let tell = |waiting: Waiting<'_>| {
            noted::waiting(&waiting, recorder);
            talk::while_waiting(&waiting, can_be_allowed, context);
        };
        login.unless(|| shared.is_taken());
        let answered = login.wait(self.timeout.map_or(TIMEOUT, |time| time.0), missing_state, tell);
        drop(paste);
        terminal.progress(None);
        shared.take()?;
        exchange(answered?, &prepared, asked, grant, http, context)
    }

    /// Returns what a person needs to register an app for this login.
    pub fn guide(&self, provider: &Provider) -> Result<Guide, LoginError> {
        let uri = self.redirect_uri(provider)?.to_string();
        let redirect_uri = match self.port {
            // It differs from login to login, so it is registered without one (RFC 8252 §7.3).
            Some(0) => format!("{}, with any port", uri.replacen(":0/", "/", 1)),
            _ => uri,
        };
        let can_open = self.names_a_program() || browser::obstacle().is_none();
        Ok(Guide { redirect_uri, browser: self.program().filter(|_| can_open) })
    }

    /// Returns `true` if the command line says where the browser is, or where its answer arrives.
    pub fn is_chosen(&self) -> bool {
        let answer = self.redirect_uri.is_some() || self.port.is_some() || self.allow_missing_state;
        answer || self.names_a_program() || self.no_browser
    }

    /// Returns `true` if the command line names the redirect URI.
    pub fn names_a_redirect(&self) -> bool {
        self.redirect_uri.is_some()
    }

    /// Returns `true` with `--browser`.
    pub fn names_a_program(&self) -> bool {
        self.browser.is_some()
    }

    /// Returns `true` with `--allow-missing-state`.
    pub fn allows_missing_state(&self) -> bool {
        self.allow_missing_state
    }

    /// Returns the time of `--timeout`.
    pub fn chosen_timeout(&self) -> Option<Duration> {
        self.timeout.map(|time| time.0)
    }

    /// Returns the treatment of an answer without a state.
    fn missing_state(
        &self,
        provider: &Provider,
        can_be_allowed: bool,
        can_ask: bool,
        context: &Context,
    ) -> MissingState {
        let is_allowed = can_be_allowed || Dialect::new(provider).state_may_be_missing();
        if self.allow_missing_state && !is_allowed {
            talk::about_useless_permission(provider, context);
        }
        match (self.allow_missing_state && is_allowed, can_ask) {
            (true, _) => MissingState::Accept,
            (false, true) => MissingState::Confirm,
            (false, false) => MissingState::Refuse,
        }
    }

    /// Returns the program that opens the URL, or `None` if the person does.
    pub fn program(&self) -> Option<Box<dyn Browser>> {
        match &self.browser {
            _ if self.no_browser => None,
            Some(command) => Some(Box::new(CommandBrowser(command.clone()))),
            None => Some(Box::new(DesktopBrowser)),
        }
    }

    /// Returns the address at which the redirect arrives.
    fn arrival(&self, provider: &Provider, context: &Context) -> Result<(RedirectUri, Listen), LoginError> {
        let uri = self.redirect_uri(provider)?;
        if let Some(address) = self.listen {
            if !address.ip().is_loopback() {
                return Err(LoginError::ListenElsewhere { address });
            }
            return Ok((uri, Listen::Tunnel(address)));
        }
        let no_loopback = !Dialect::redirects_to_loopback(&provider.definition);
        let is_chosen = self.redirect_uri.is_some() || provider.asked_for.redirect_uri.is_some();
        if uri.loopback().is_none() || (no_loopback && !is_chosen) {
            if !context.terminal().is_interactive() {
                return Err(LoginError::NobodyToPaste { redirect_uri: uri.to_string() });
            }
            return Ok((uri, Listen::Paste));
        }
        let tls = if uri.is_tls() { Some(certificate(&uri, context)?.server_config()?) } else { None };
        Ok((uri, Listen::Here { tls }))
    }

    /// Returns the redirect URI that was typed, if it was.
    pub fn typed_redirect_uri(&self, provider: &Provider) -> Result<Option<String>, LoginError> {
        let is_named = self.redirect_uri.is_some() || self.port.is_some();
        Ok(if is_named { Some(self.redirect_uri(provider)?.to_string()) } else { None })
    }

    /// Returns the redirect URI of the command line, or of the login before, or the provider's usual one.
    pub fn redirect_uri(&self, provider: &Provider) -> Result<RedirectUri, LoginError> {
        let default = app::default_redirect_uri(&provider.definition, provider.emulator.is_some());
        // With a port alone, the rest is as always.
        let before = provider.asked_for.redirect_uri.as_deref().filter(|_| self.port.is_none());
        let uri = RedirectUri::parse(self.redirect_uri.as_deref().or(before).unwrap_or(default))?;
        Ok(self.port.map_or_else(|| uri.clone(), |port| uri.with_port(port)))
    }
}

/// A login in the browser whose client is known, and whose token can be fetched.
pub struct Prepared {
    pub provider: Provider,
    pub app: AppName,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    pub is_self_registered: bool,
    /// True if an answer without a state may be accepted on request.
    pub can_be_allowed: bool,
}

impl Prepared {
    pub fn request(
        &self,
        response_type: ResponseType,
        scope: ScopeSet,
        redirect_uri: RedirectUri,
        listen: Listen,
    ) -> LoginRequest<'_> {
        LoginRequest {
            provider: &self.provider,
            response_type,
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            scope,
            redirect_uri,
            listen,
            missing_state_can_be_allowed: self.can_be_allowed,
        }
    }
}

/// Chooses the client. Fails before a person consents to what could not be fetched.
pub fn prepare(
    provider: &Provider,
    grant: GrantKind,
    new: &NewLogin<'_>,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<Prepared, LoginError> {
    if let Some(token) = &provider.endpoints.token {
        http.check(token.url()).map_err(FlowError::TokenRequest)?;
    }
    let ChosenClient { app, client_id, client_secret, is_self_registered } =
        app::client_for(provider, grant, new, context)?;
    let provider = provider.with_app(app.name());
    let can_be_allowed = missing_state_can_be_allowed(&provider, grant, context)?;
    Ok(Prepared { provider, app, client_id, client_secret, is_self_registered, can_be_allowed })
}

/// Returns `true` if the authorization request is pushed.
pub fn pushes(provider: &Provider) -> bool {
    provider.asked_for.push || Dialect::new(provider).requires_pushed_requests()
}

/// Exchanges the answer for a token, whichever way it came.
pub fn exchange(
    answered: Answered<'_>,
    prepared: &Prepared,
    asked: ScopeSet,
    grant: GrantKind,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(Tab, Provider, StoredToken), LoginError> {
    let Prepared { provider, app, client_id, .. } = prepared;
    let now = context.system.clock.now();
    let has_state = answered.has_state();
    let (tab, obtained) = waiting::during("Exchanging the answer for a token", || answered.obtain(http, now));
    if has_state && provider.emulator.is_none() {
        // A list that cannot be written is reported when the login is stored.
        let _ = context.session.store()?.note_returned_state(provider.id());
    }
    match obtained {
        Ok(Obtained { reply, provider, id_token }) => {
            talk::about_reply(&reply, &provider, context);
            talk::about_id_token(id_token.as_ref(), &reply.response.granted_of(&asked), grant, context);
            let by = ObtainedBy::Grant(grant);
            let mut token = StoredToken::from_reply(&provider, Some(client_id.clone()), by, asked, reply, now);
            (token.app, token.id_token) = (app.clone(), id_token.map(|checked| checked.token));
            Ok((tab, provider, token))
        }
        Err(error) => {
            let page =
                if matches!(error, FlowError::Declined(_)) { BrowserPage::Declined } else { BrowserPage::Failed };
            let error = LoginError::from(error);
            talk::show(tab, failure_page(page, &provider.definition.name, &error), context);
            Err(error)
        }
    }
}

/// Returns `true` if an answer without a state may be accepted on request: PKCE is known to protect the code, as it makes
/// another one useless, and the provider has never returned a state, so that one without it is not a forgery by that
/// alone.
pub fn missing_state_can_be_allowed(
    provider: &Provider,
    grant: GrantKind,
    context: &Context,
) -> Result<bool, LoginError> {
    let is_protected = grant == GrantKind::AuthorizationCode && Dialect::new(provider).is_known_to_verify_s256();
    Ok(is_protected && !context.session.store()?.has_returned_state(provider.id())?)
}

/// The kept certificate, or a new one that is kept.
pub fn certificate(uri: &RedirectUri, context: &Context) -> Result<CallbackCertificate, LoginError> {
    let host = uri.host();
    let now = context.system.clock.now();
    let store = context.session.store()?;
    match store.load_certificate() {
        Ok(Some(kept)) if kept.serves(host, now) => return Ok(kept),
        Ok(_) => {}
        // It holds nothing that is not made anew.
        Err(StoreError::Damaged { name, place, source }) => context
            .terminal()
            .note(&format_args!("The record of `{name}` in {place} is damaged and is replaced: {source}")),
        Err(error) => return Err(error.into()),
    }
    let made = CallbackCertificate::make(host, now)?;
    store.save_certificate(&made)?;
    Ok(made)
}
