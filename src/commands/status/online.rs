//! `status --check --online`: whether the login works, by what the server says now.
//!
//! A token that has ended is refreshed first, as for any command that uses it. Then the authorization server is asked
//! (RFC 7662), and if it does not call the token active, the API, by one request that changes nothing: some servers call a
//! token inactive that this client may not ask about. A token that the API rejects is replaced once, as `call` does.

use super::error::StatusError;
use crate::commands::valid_token::valid_active_login;
use crate::commands::{Context, another_token, introspect};
use crate::flow::ask_api::{self, ApiWord, Word};
use crate::flow::token_source::Wanted;
use crate::session::ActiveLogin;

pub fn check(context: &Context) -> Result<(), StatusError> {
    let login = valid_active_login(Wanted::Valid, context)?;
    let http = context.session.http(Some(&login.token))?;
    let token = &login.token.access_token;
    let introspected = introspect::ask(&login, token, http.as_ref(), context).ok().flatten();
    let active = introspected.map(|response| response.active);
    if active == Some(true) {
        context.terminal().note(&format_args!("{}: introspection says that the token is active.", login.profile));
        return Ok(());
    }
    let asked = ask(&login, context)?;
    let asked = match asked {
        Some(answer) if answer.word == Word::Rejected && login.token.is_renewable() && !login.refreshed => {
            ask(&valid_active_login(Wanted::InsteadOf(token), context)?, context)?
        }
        asked => asked,
    };
    match asked {
        Some(ApiWord { request, status, word: Word::Accepted | Word::Denied, .. }) => {
            context
                .terminal()
                .note(&format_args!("{}: the API accepts the token: {request} → {status}.", login.profile));
            Ok(())
        }
        Some(ApiWord { request, status, word: Word::Rejected, said }) => {
            Err(StatusError::Rejected { profile: name(&login), request, status, said, login: another_token(&login) })
        }
        _ if active == Some(false) => {
            Err(StatusError::Inactive { profile: name(&login), login: another_token(&login) })
        }
        Some(ApiWord { request, status, .. }) => {
            Err(StatusError::CannotTell { profile: name(&login), asked: Some(format!("{request} → {status}")) })
        }
        None => Err(StatusError::CannotTell { profile: name(&login), asked: None }),
    }
}

fn name(login: &ActiveLogin) -> String {
    login.profile.to_string()
}

/// Returns the API's word; `None` if the definition has no API.
fn ask(login: &ActiveLogin, context: &Context) -> Result<Option<ApiWord>, StatusError> {
    if login.provider.api_base().is_err() {
        return Ok(None);
    }
    let http = context.session.http(Some(&login.token))?;
    let now = context.system.clock.now();
    Ok(Some(ask_api::ask(http.as_ref(), &login.provider, &login.token.access_token, now)?))
}
