//! `login --with-token`: a token that is there already, from stdin or as a person types it.

use super::super::Context;
use super::LoginError;
use crate::commands::brought::{Becomes, Brought};
use crate::flow::trial::{self, Trial};
use crate::protocol::copied::{bare, unquoted};
use crate::protocol::given_token::{self, NoGivenToken};
use crate::protocol::json;
use crate::protocol::secret::{RefreshToken, is_vschar};
use crate::protocol::secret_text::{self, NotASecretText};
use crate::provider::Provider;
use crate::store::StoredToken;
use crate::system::http::HttpClient;
use crate::system::terminal::MAX_SECRET;

/// Reads a token, and makes a login of it. It is taken out of what it came in.
pub fn keep(
    becomes: Becomes<'_>,
    refresh_token_stdin: bool,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(Provider, StoredToken), LoginError> {
    let is_interactive = context.terminal().is_interactive();
    let brought = match (is_interactive, refresh_token_stdin) {
        (true, _) => typed(becomes.provider, refresh_token_stdin, context)?,
        (false, false) => {
            let bytes = context.terminal().stdin_secret(MAX_SECRET)?;
            Brought::read(&secret_text::decode(&bytes).map_err(NoGivenToken::from)?, becomes.provider)?
        }
        (false, true) => {
            let bytes = context.terminal().stdin_secret(MAX_SECRET)?;
            of_lines(&secret_text::decode(&bytes).map_err(NoGivenToken::from)?, becomes.provider)?
        }
    };
    let has_token = brought.access.is_some();
    let (provider, token) = brought.settle(becomes, http, context)?;
    let now = context.system.clock.now();
    if is_interactive && has_token && token.is_fresh(now, std::time::Duration::ZERO) {
        try_it(&provider, &token, http, context)?;
    }
    Ok((provider, token))
}

/// Asks for the token, and for a refresh token where one may be there.
fn typed(provider: &Provider, needs_refresh_token: bool, context: &Context) -> Result<Brought, LoginError> {
    let terminal = context.terminal();
    let text = terminal.ask_hidden_text(&"Access token", &given_token::is_whole)?;
    let mut brought = match (bare(text.expose()), needs_refresh_token) {
        ("", true) => Brought::default(),
        (text, _) => Brought::read(text, provider)?,
    };
    let may_have_one = provider.token_endpoint().is_ok() && !provider.definition.never_expires();
    if brought.reply.is_none() && (may_have_one || needs_refresh_token) {
        let typed = terminal.ask_hidden(&"Refresh token (empty: none)")?;
        brought.refresh = match bare(typed.expose()) {
            "" if brought.access.is_none() => return Err(NoGivenToken::from(NotASecretText::Empty).into()),
            "" => None,
            text => Some(refresh_token(text)?),
        };
    }
    Ok(brought)
}

/// Reads a refresh token alone, or an access token and a refresh token on the line after it. A whole reply has both.
fn of_lines(text: &str, provider: &Provider) -> Result<Brought, LoginError> {
    if json::is_json(bare(text).as_bytes()) && bare(text).starts_with(['{', '[']) {
        return Ok(Brought::read(text, provider)?);
    }
    let lines: Vec<&str> = text.lines().map(bare).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => Err(NoGivenToken::from(NotASecretText::Empty).into()),
        [alone] => Ok(Brought { refresh: Some(refresh_token(alone)?), ..Brought::default() }),
        [access, refresh] => Ok(Brought { refresh: Some(refresh_token(refresh)?), ..Brought::read(access, provider)? }),
        _ => Err(NoGivenToken::from(NotASecretText::Lines).into()),
    }
}

fn refresh_token(text: &str) -> Result<RefreshToken, NoGivenToken> {
    let text = unquoted(text).unwrap_or(text);
    match is_vschar(text) {
        true => Ok(RefreshToken::new(text)),
        false => Err(NoGivenToken::Characters),
    }
}

/// Tries a typed token with the example request.
fn try_it(
    provider: &Provider,
    token: &StoredToken,
    http: &dyn HttpClient,
    context: &Context,
) -> Result<(), LoginError> {
    let with_secret = context.session.with_api_secret(provider.clone(), None).unwrap_or_else(|_| provider.clone());
    match trial::try_token(&with_secret, &token.access_token, http, context.system.clock.now())? {
        Some(Trial::Works { request, status }) => {
            context.terminal().note(&format_args!("The token works: {request} answered {status}."));
        }
        Some(Trial::Unknown { request, reason }) => {
            context.warn(&format!("whether the token works is not known: {request}: {reason}"));
        }
        None => {}
    }
    Ok(())
}
