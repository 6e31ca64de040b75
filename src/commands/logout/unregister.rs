//! `logout --unregister`: the client that oauthctl registered for a login is deleted at its server, too (RFC 7592 §2.3).
//!
//! It is looked for before anything is deleted. Other logins may use the same client, and cannot be renewed without it:
//! so that is asked again.

use url::Url;

use super::error::LogoutError;
use crate::commands::Context;
use crate::flow::register;
use crate::protocol::sanitize::{self, Pieces, Style};
use crate::protocol::secret::Secret;
use crate::session::SessionError;
use crate::store::{ClientKey, Profile};
use crate::system::http::HttpClient;

/// A registration that is to be deleted.
pub struct Unregistered {
    key: ClientKey,
    client_id: String,
    uri: Url,
    token: Secret,
}

/// Returns the registration of a login's client. If other logins use it, the user has agreed.
pub fn find(profile: &Profile, context: &Context) -> Result<Unregistered, LogoutError> {
    let clients = context.session.clients(None)?;
    let mine = clients.registered.iter().find(|client| client.logins.iter().any(|login| login == profile.as_str()));
    let not_ours = || LogoutError::NotRegisteredByUs { profile: profile.to_string() };
    let client = mine.ok_or_else(not_ours)?;
    let record = client.record.as_ref().map_err(|_| not_ours())?;
    let dynamic = record.dynamic.as_ref().ok_or_else(not_ours)?;
    let client_id = sanitize::line(record.client_id.as_str());
    let Some((uri, token)) = dynamic.management() else {
        return Err(LogoutError::NoDeletion { client_id });
    };
    let others: Vec<String> = client.logins.iter().filter(|login| *login != profile.as_str()).cloned().collect();
    if !others.is_empty() {
        let in_use = LogoutError::ClientInUse { client_id: client_id.clone(), others };
        if !context.terminal().is_interactive() {
            return Err(in_use);
        }
        // Shown even with `--quiet`: the question makes no sense without it.
        context.terminal().alarm(&Pieces(&[&Style::Warning.of("warning:"), &" ", &in_use.to_string()]));
        if !context.agrees(&"Delete it all the same?", false) {
            return Err(in_use);
        }
    }
    Ok(Unregistered { key: client.key.clone(), client_id, token: token.clone(), uri })
}

impl Unregistered {
    /// Deletes the registration at the server, and then here.
    pub fn delete(&self, http: &dyn HttpClient, context: &Context) -> Result<(), LogoutError> {
        register::delete(http, &self.uri, &self.token)?;
        context.session.store()?.forget_app(&self.key).map_err(SessionError::from)?;
        let (id, origin) = (&self.client_id, self.uri.origin().ascii_serialization());
        context.terminal().note(&format_args!("Deleted the client `{id}` at {origin} and here."));
        Ok(())
    }
}
