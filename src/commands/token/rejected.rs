//! `token --rejected-from-stdin`: a program has seen its token rejected, and wants another one.
//!
//! Many may come at once with the same token. Whoever comes first refreshes under the login's lock; the others find a newer
//! token, and get that. A token is taken for this login's only if the login has had it: otherwise a program that holds
//! another login's token would wear out the refresh tokens of this one, and gain nothing.

use super::TokenError;
use crate::commands::Context;
use crate::commands::narrower::narrower_login;
use crate::commands::valid_token::told_login;
use crate::flow::token_source::Wanted;
use crate::protocol::advice::login_command;
use crate::protocol::given_token::{GivenToken, Spelling};
use crate::protocol::secret::AccessToken;
use crate::protocol::secret_text;
use crate::session::{ActiveLogin, NarrowerWish, ValidLogin};
use crate::store::{Profile, StoreKind, StoredToken};
use crate::system::terminal::MAX_SECRET;

/// Returns the selected login with another token than the one on stdin.
pub fn newer(wish: Option<&NarrowerWish>, context: &Context) -> Result<ActiveLogin, TokenError> {
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
    if let Some(wish) = wish {
        let login = narrower_login(wish, Wanted::InsteadOf(&rejected), context)?;
        return if login.token.access_token == rejected { Err(same(&login.profile, &login.token)) } else { Ok(login) };
    }
    let ValidLogin { profile, found, refreshed, .. } = told_login(Wanted::InsteadOf(&rejected), context)?;
    if !found.record.has_had(&rejected) {
        return Err(TokenError::NotOurs { profile: profile.to_string() });
    }
    if found.record.access_token == rejected {
        return Err(same(&profile, &found.record));
    }
    Ok(ActiveLogin { refreshed, ..context.session.activate(profile, found.record)? })
}

fn same(profile: &Profile, record: &StoredToken) -> TokenError {
    let login = login_command(&record.provider, profile.as_str());
    TokenError::Same { profile: profile.to_string(), login }
}

/// Reads the token out of what it came in: a header, a reply, a line for a shell.
fn read(context: &Context) -> Result<AccessToken, TokenError> {
    let bytes = context.terminal().promised_secret(&"The rejected token", MAX_SECRET)?;
    let text = secret_text::decode(&bytes).map_err(|error| TokenError::NoRejected(error.into()))?;
    let given = GivenToken::read(&text, &Spelling::default()).map_err(TokenError::NoRejected)?;
    Ok(given.token)
}
