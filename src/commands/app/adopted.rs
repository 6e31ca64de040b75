//! Logins that were brought along with a refresh token, before the client that it was issued to was registered.

use super::super::Context;
use super::error::the_logins;
use crate::protocol::client::ClientId;
use crate::session::SessionError;
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::{ClientKey, Profile};

/// Gives the new client to the logins that have waited for one, and tells of it.
pub fn adopt(key: &ClientKey, client_id: &ClientId, context: &Context) -> Result<(), SessionError> {
    let store = context.session.store()?;
    let mut adopted = Vec::new();
    for (name, entry) in store.index()?.logins {
        let is_of_client = || context.session.clients_id(&entry.provider).is_ok_and(|id| id == key.provider);
        let Ok(profile) = name.parse::<Profile>() else { continue };
        if entry.ending || !is_of_client() {
            continue;
        }
        // One that cannot be read is no concern of a client.
        let waits = store.load(&profile).ok().flatten().is_some_and(|found| found.record.awaits_client());
        if !waits {
            continue;
        }
        let kind = store.kind_of(&profile)?;
        let Some(_lock) = store.lock(&profile, kind, LOCK_TIMEOUT)? else { continue };
        let Some(found) = store.load(&profile)?.filter(|found| found.record.awaits_client()) else { continue };
        store.replace(&profile, found.store, &found.record.with_client(client_id.clone(), key.app.clone()))?;
        adopted.push(name);
    }
    if !adopted.is_empty() {
        let logins = the_logins(&adopted);
        context
            .terminal()
            .note(&format_args!("The refresh token of {logins} had no client, and is used with this one."));
    }
    Ok(())
}
