//! Clients that logins use: what is asked before one is replaced, and what is said after it.

use super::super::Context;
use super::error::{AppError, the_logins};
use crate::protocol::client::ClientId;
use crate::protocol::sanitize::{self, Pieces, Style};
use crate::store::{AppName, ClientKey, Profile, Registration, StoredToken};

/// The login that a client is wanted for.
#[derive(Clone, Copy)]
pub struct NewLogin<'a> {
    /// The app on the command line.
    pub app: Option<&'a AppName>,
    pub profile: &'a Profile,
    /// The login at the same provider that it replaces.
    pub before: Option<&'a StoredToken>,
    /// The client that was typed for it.
    pub typed: Option<&'a Registration>,
}

/// The client that a new one replaces.
#[derive(Default)]
pub struct Replaced {
    /// `None` if there is none, or it is the same client.
    pub client_id: Option<String>,
    /// The logins that it was for.
    pub logins: Vec<String>,
}

/// Returns the client that `new` replaces. If logins use it, the user has agreed.
pub fn agreed(key: &ClientKey, new: &ClientId, replace: bool, context: &Context) -> Result<Replaced, AppError> {
    let clients = context.session.clients(Some(&key.provider))?;
    let client_id = match clients.of(key).map(|client| &client.record) {
        None => return Ok(Replaced::default()),
        Some(Ok(record)) if record.client_id == *new => return Ok(Replaced::default()),
        Some(Ok(record)) => Some(record.client_id.to_string()),
        Some(Err(unreadable)) if unreadable.is_lost => return Ok(Replaced::default()),
        Some(Err(_)) => None,
    };
    let logins = clients.users(key);
    if logins.is_empty() || replace {
        return Ok(Replaced { client_id, logins });
    }
    let in_use = AppError::InUse { key: key.clone(), client_id: client_id.clone(), logins: logins.clone() };
    if !context.terminal().is_interactive() {
        return Err(in_use);
    }
    // Shown even with `--quiet`: the question makes no sense without it.
    context.terminal().alarm(&Pieces(&[&Style::Warning.of("warning:"), &" ", &in_use.to_string()]));
    // No answer is no consent.
    match context.agrees(&"Replace it all the same?", false) {
        true => Ok(Replaced { client_id, logins }),
        false => Err(in_use),
    }
}

/// Warns of logins whose client is gone.
pub fn tell(logins: &[String], context: &Context) {
    if logins.is_empty() {
        return;
    }
    let what = format!(
        "without that client, {} cannot be refreshed until it is registered again, or you log in again",
        the_logins(logins)
    );
    context.warn(&what);
}

/// Tells that the login that is replaced was made with another client.
pub fn tell_of_another(login: &NewLogin<'_>, client_id: &ClientId, context: &Context) {
    let before = login.before.and_then(|before| before.client_id.as_ref());
    if let Some(old) = before.filter(|old| *old != client_id) {
        let [old, new] = [old.as_str(), client_id.as_str()].map(sanitize::line);
        context.terminal().note(&format_args!(
            "The login `{}` was made with the client `{old}`; it is replaced by one with the client `{new}`.",
            login.profile
        ));
    }
}
