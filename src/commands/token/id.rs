//! `token --id`: the ID token and a newline, nothing else. It counts as handing out a secret: it says who the person is,
//! and some servers take it in place of a password.
//!
//! It is printed as it is kept. One that has ended is printed too, with a warning, as its signature and claims stay what
//! they are; a refresh may bring a new one.

use zeroize::Zeroizing;

use super::error::TokenError;
use crate::commands::Context;
use crate::protocol::advice::login_command;
use crate::protocol::id_token::OPENID;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::store::id_token::StoredIdToken;
use crate::store::{Profile, StoredToken};
use crate::system::shell::quoted;

/// Prints the ID token of the selected login.
pub fn print(is_json: bool, context: &Context) -> Result<(), TokenError> {
    let (profile, found) = context.session.stored_login()?;
    let record = found.record;
    let Some(id_token) = &record.id_token else { return Err(none(&profile, &record)) };
    let now = context.system.clock.now();
    if let Some(end) = id_token.expires_at().filter(|end| *end <= now) {
        let way_out = match record.is_renewable() {
            true => "`oauthctl refresh` may bring a new one".to_owned(),
            false => format!("`{}` brings a new one", login_with_openid(&profile, &record)),
        };
        context.warn(&format!("the ID token of `{profile}` ended at {end}; {way_out}"));
    }
    if !id_token.verified {
        context.warn(&format!("the signature of the ID token of `{profile}` was not verified"));
    }
    let line = Zeroizing::new(if is_json { json(id_token) } else { format!("{}\n", id_token.token.expose()) });
    Ok(context.terminal().data(line.as_bytes())?)
}

/// Returns an object as `token --json` has it.
fn json(id_token: &StoredIdToken) -> String {
    let mut object = serde_json::json!({ "id_token": id_token.token.expose(), "verified": id_token.verified });
    if let Some(end) = id_token.expires_at() {
        object["expires_at"] = end.0.into();
    }
    format!("{object}\n")
}

fn none(profile: &Profile, record: &StoredToken) -> TokenError {
    TokenError::NoIdToken {
        profile: profile.to_string(),
        provider: record.provider.clone(),
        was_asked: record.asked.contains(OPENID),
        login: login_with_openid(profile, record),
    }
}

/// Returns the command that asks for the same scopes, and for an ID token.
fn login_with_openid(profile: &Profile, record: &StoredToken) -> String {
    let scopes = ScopeSet::parse(OPENID).union(&record.scopes(&ScopeSet::default()));
    let command = login_command(&record.provider, profile.as_str());
    format!("{command} --scope {}", quoted(&sanitize::line(&scopes.to_string())))
}
