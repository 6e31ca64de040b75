//! `token --rejected-from-stdin`: a program has seen its token rejected, and wants another one.
//!
//! Many may come at once with the same token. Whoever comes first refreshes under the login's lock; the others find a newer
//! token, and get that. A token is taken for this login's only if the login has had it: otherwise a program that holds
//! another login's token would wear out the refresh tokens of this one, and gain nothing.

use super::TokenError;
use crate::commands::Context;
use crate::commands::valid_token::told_login;
use crate::flow::token_source::Wanted;
use crate::protocol::advice::login_command;
use crate::protocol::given_token::{GivenToken, Spelling};
use crate::protocol::secret::AccessToken;
use crate::protocol::secret_text;
use crate::session::{ActiveLogin, ValidLogin};
use crate::store::StoreKind;
use crate::system::terminal::MAX_SECRET;

/// Returns the selected login with another token than the one on stdin.
pub fn newer(context: &Context) -> Result<ActiveLogin, TokenError> {
    let rejected = read(context)?;
    let (profile, found) = context.session.stored_login()?;
    let is_variable = found.store == StoreKind::Env;
    if is_variable && found.record.access_token == rejected {
        return Err(TokenError::OfVariable);
    }
    // While a refresh that was broken off is to be taken up, the newest token is not in the record yet.
    if found.record.journal_key().is_none() && !found.record.has_had(&rejected) {
        return Err(TokenError::NotOurs { profile: profile.to_string() });
    }
    let ValidLogin { profile, found, refreshed, .. } = told_login(Wanted::InsteadOf(&rejected), context)?;
    if !found.record.has_had(&rejected) {
        return Err(TokenError::NotOurs { profile: profile.to_string() });
    }
    if found.record.access_token == rejected {
        let login = login_command(&found.record.provider, profile.as_str());
        return Err(TokenError::Same { profile: profile.to_string(), login });
    }
    Ok(ActiveLogin { refreshed, ..context.session.activate(profile, found.record)? })
}

/// Reads the token out of what it came in: a header, a reply, a line for a shell.
fn read(context: &Context) -> Result<AccessToken, TokenError> {
    let terminal = context.terminal();
    let bytes = match terminal.is_interactive() {
        true => terminal.ask_hidden(&"The rejected token")?.expose().as_bytes().to_vec().into(),
        false => terminal.stdin_secret(MAX_SECRET)?,
    };
    let text = secret_text::decode(&bytes).map_err(|error| TokenError::NoRejected(error.into()))?;
    let given = GivenToken::read(&text, &Spelling::default()).map_err(TokenError::NoRejected)?;
    Ok(given.token)
}
