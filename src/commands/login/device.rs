//! A login by device (RFC 8628): a code is shown here, and typed into a browser anywhere.
//!
//! It is proposed where no browser can be opened here and the command line says nothing of a browser: the redirect of a
//! login in the browser would not find its way back. The code and its address are what the person waits for, so `--quiet`
//! does not suppress them. With `--json` they are the first object on stdout, in one line and as `--start` prints
//! them, and the outcome is the second.

use clap::Args;
use url::Url;

use super::super::Context;
use super::super::app::{self, ChosenClient, NewLogin};
use super::browser::{BrowserArgs, Shared};
use super::{LoginError, noted, qr, talk};
use crate::flow::client::Client;
use crate::flow::device::{DeviceLogin, DeviceWait};
use crate::flow::id_token::{self, LoginAsked};
use crate::flow::{FlowError, asked_value};
use crate::protocol::advice::with_causes;
use crate::protocol::authorization::ResponseType;
use crate::protocol::device::{DeviceAuthorizationRequest, DeviceAuthorizationResponse};
use crate::protocol::grant::GrantKind;
use crate::protocol::sanitize::{Pieces, Render, Style, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::HumanDuration;
use crate::provider::Provider;
use crate::provider::dialect::TokenReply;
use crate::store::stored_token::ObtainedBy;
use crate::store::{AppName, StoredToken};
use crate::system::browser::{self, Obstacle};
use crate::system::http::HttpClient;

/// The flags of a login by device.
#[derive(Args)]
pub struct DeviceArgs {
    /// Log in by typing a code into a browser on any device; the same as --grant device
    #[arg(
        long,
        conflicts_with_all = ["grant", "with_token", "redirect_uri", "port", "listen", "allow_missing_state"]
    )]
    pub device: bool,

    /// Show no QR code
    #[arg(long)]
    no_qr: bool,
}

impl DeviceArgs {
    /// Gets the codes, shows them, and polls until the person has confirmed.
    pub fn log_in(
        &self,
        provider: &Provider,
        (new, shared): (&NewLogin<'_>, &dyn Shared),
        browser: &BrowserArgs,
        asked: ScopeSet,
        http: &dyn HttpClient,
        context: &Context,
    ) -> Result<(Provider, StoredToken), LoginError> {
        let (client, app) = client(provider, new, &asked, http, context)?;
        let request = request(&client, &asked);
        let mut login = DeviceLogin::begin(http, context.system.clock.as_ref(), &client.provider, request)?;
        talk::about_login(&client.provider, "", context);
        shared.announce_codes(&login, &client, &app)?;
        self.show(login.response(), context);
        open(login.response(), browser, context);
        // A login that is broken off while it waits is explained, too.
        let _ = context.session.keep_record(None);
        if let Some(pollers) = shared.pollers() {
            login.beside(pollers);
        }
        let reply = login.wait(browser.chosen_timeout(), |wait| while_waiting(&wait, context));
        context.terminal().progress(None);
        shared.take()?;
        token_of(reply?, &client, app, asked, http, context)
    }

    /// Shows a person the code, and where to type it.
    fn show(&self, codes: &DeviceAuthorizationResponse, context: &Context) {
        let (terminal, choices) = (context.terminal(), &context.session.choices);
        let needed = |line: &dyn Render| match choices.json {
            true => terminal.note(line),
            false => terminal.alarm(line),
        };
        needed(&"Open this address in a browser on any device:");
        needed(&Pieces(&[&"\n    ", &Style::Strong.of(&codes.verification_uri), &"\n"]));
        needed(&"and type this code:");
        needed(&Pieces(&[&"\n    ", &Style::Code.of(&codes.user_code), &"\n"]));
        let address = codes.verification_uri_complete.as_ref().unwrap_or(&codes.verification_uri);
        let drawn = terminal.message_size().filter(|_| !self.no_qr).and_then(|size| qr::half_blocks(address, size));
        if let Some(drawn) = drawn {
            terminal.note(&TerminalText::of(&drawn));
        }
    }
}

/// Returns the client that asks for the codes, and its name.
pub fn client(
    provider: &Provider,
    new: &NewLogin<'_>,
    asked: &ScopeSet,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(Client, AppName), LoginError> {
    // Before a person confirms what could not be fetched.
    if let Ok(endpoint) = provider.device_token_endpoint() {
        http.check(endpoint.url()).map_err(FlowError::TokenRequest)?;
    }
    let ChosenClient { app, client_id, client_secret, .. } =
        app::client_for(provider, GrantKind::DeviceCode, new, context)?;
    let client = Client { provider: provider.with_app(app.name()), client_id, client_secret };
    noted::client(&client, GrantKind::DeviceCode, asked, context);
    Ok((client, app))
}

/// Returns the client's request for the codes.
pub fn request(client: &Client, asked: &ScopeSet) -> DeviceAuthorizationRequest {
    DeviceAuthorizationRequest {
        client_id: client.client_id.clone(),
        client_secret: client.client_secret.clone(),
        scope: asked.clone(),
    }
}

/// Checks what came for a confirmed code, and makes a login of it.
pub fn token_of(
    reply: TokenReply,
    client: &Client,
    app: AppName,
    asked: ScopeSet,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(Provider, StoredToken), LoginError> {
    let now = context.system.clock.now();
    let client = Client { provider: client.provider.with_captured(&reply.captured)?, ..client.clone() };
    // No nonce can be sent on this way (RFC 8628 §3.1).
    let login = LoginAsked { scope: &asked, nonce: None, by_browser: false };
    // Before the token is used: it may be another person's.
    let id_token = id_token::accept(http, &client, &login, &reply.response, now).map_err(FlowError::from)?;
    let Client { provider, client_id, .. } = client;
    let provider = asked_value::complete(http, &provider, Some(&client_id), &reply.response.access_token);
    talk::about_reply(&reply, &provider, context);
    talk::about_id_token(id_token.as_ref(), &reply.response.granted_of(&asked), GrantKind::DeviceCode, context);
    let obtained_by = ObtainedBy::Grant(GrantKind::DeviceCode);
    let mut token = StoredToken::from_reply(&provider, Some(client_id), obtained_by, asked, reply, now);
    token.app = app;
    token.id_token = id_token.map(|checked| checked.token);
    Ok((provider, token))
}

/// Opens the address that has the code in it, if a browser can be opened.
fn open(codes: &DeviceAuthorizationResponse, args: &BrowserArgs, context: &Context) {
    let url = codes.verification_uri_complete.as_deref().and_then(|address| Url::parse(address).ok());
    let (Some(url), Some(program)) = (url, args.program()) else { return };
    if !args.names_a_program() && browser::obstacle().is_some() {
        return;
    }
    match program.open(&url) {
        Ok(()) => {
            context.terminal().note(&"Opening the browser, with the code already typed. Compare it before you confirm.")
        }
        Err(error) => context.warn(&format!("no page was opened: {}", with_causes(&error))),
    }
}

pub fn while_waiting(wait: &DeviceWait<'_>, context: &Context) {
    let terminal = context.terminal();
    match wait {
        DeviceWait::Left(left) => {
            let left = HumanDuration(*left);
            terminal.progress(Some(&format_args!("Waiting for you to confirm, {left} left. Ctrl-C stops.")));
        }
        DeviceWait::SlowDown { pause } if context.is_verbose() => {
            let pause = HumanDuration(*pause);
            terminal.note(&format_args!("The provider wants fewer polls: from now on there is one every {pause}."));
        }
        DeviceWait::SlowDown { .. } => {}
        DeviceWait::Fault { error, pause } => {
            let (error, pause) = (with_causes(*error), HumanDuration(*pause));
            terminal.note(&format_args!("A poll had no answer: {error}. The next one follows in {pause}."));
        }
    }
}

/// Returns `true` if a login by device takes the place of the preferred grant: no browser can be opened here, the command
/// line does not say otherwise, and the person agrees if there is one to ask.
pub fn is_taken(
    preferred: GrantKind,
    provider: &Provider,
    args: &BrowserArgs,
    context: &Context,
) -> Result<bool, LoginError> {
    let is_offered = provider.definition.grants().contains(&GrantKind::DeviceCode);
    if ResponseType::of(preferred).is_none() || !is_offered || args.is_chosen() {
        return Ok(false);
    }
    match browser::obstacle() {
        None => Ok(false),
        Some(obstacle) => propose(&obstacle, preferred, context),
    }
}

fn propose(obstacle: &Obstacle, preferred: GrantKind, context: &Context) -> Result<bool, LoginError> {
    let terminal = context.terminal();
    if terminal.is_interactive() {
        let question = format_args!("No browser can be opened here: {obstacle}. Log in with a code on any device?");
        return Ok(context.agrees(&question, true));
    }
    let preferred = preferred.as_str();
    terminal.note(&format_args!(
        "No browser can be opened here: {obstacle}. So this is a login by device (`--device`); `--grant {preferred}` waits \
         for a redirect instead."
    ));
    Ok(true)
}
