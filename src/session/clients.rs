//! All registered clients, and the logins that use each.
//!
//! Every record is read where it is listed, whichever store was chosen: a client that is about to be replaced from one
//! store is used by logins in another. A record that cannot be read hides no other one. A login that cannot be read may
//! use any client of its provider.

use std::collections::BTreeMap;

use super::client::candidates;
use super::{Session, SessionError};
use crate::keychain::KeychainError;
use crate::protocol::client::ClientId;
use crate::store::entry::Entry;
use crate::store::login_index::LoginEntry;
use crate::store::{AppName, ClientKey, LoginIndex, Profile, Registration, StoreError, StoreKind, TokenStore};

#[derive(Default)]
pub struct Clients {
    /// Sorted by provider and app.
    pub registered: Vec<RegisteredClient>,
    /// The clients of logins that are not registered here, by provider and client id, with the logins.
    pub unregistered: BTreeMap<(String, String), Vec<String>>,
    /// Logins that cannot be read, with their providers.
    pub unreadable: Vec<(String, String)>,
    pub first_error: Option<StoreError>,
}

pub struct RegisteredClient {
    pub key: ClientKey,
    pub store: StoreKind,
    pub record: Result<Registration, Unreadable>,
    pub logins: Vec<String>,
}

/// The reason why a record cannot be read.
#[derive(Clone)]
pub struct Unreadable {
    pub problem: String,
    /// The record is damaged or was not found, so replacing it loses nothing.
    pub is_lost: bool,
}

impl Clients {
    pub fn of(&self, key: &ClientKey) -> Option<&RegisteredClient> {
        self.registered.iter().find(|client| client.key == *key)
    }

    /// Lists the logins that use a client, and those that may use it.
    pub fn users(&self, key: &ClientKey) -> Vec<String> {
        let known = self.of(key).into_iter().flat_map(|client| client.logins.iter());
        let unknown = self.unreadable.iter().filter(|(_, provider)| *provider == key.provider).map(|(name, _)| name);
        known.chain(unknown).cloned().collect()
    }
}

impl Session {
    /// Returns the clients of one provider, or of all, with the logins that use them.
    pub fn clients(&self, provider: Option<&str>) -> Result<Clients, SessionError> {
        let store = self.store()?;
        let index = store.index()?;
        let is_meant = |id: &str| provider.is_none_or(|meant| meant == id);
        // Of a provider that is gone, the clients are its own.
        let mut owners = BTreeMap::new();
        let mut owner = |id: &str| -> String {
            let find = || self.clients_id(id).unwrap_or_else(|_| id.to_owned());
            owners.entry(id.to_owned()).or_insert_with(find).clone()
        };
        let mut reader = Reader { store, silent: BTreeMap::new(), first_error: None };
        let mut clients = Clients::default();
        let listed = index.apps.iter().filter(|(_, entry)| !entry.ending);
        for (key, kind) in listed.filter_map(|(text, entry)| Some((ClientKey::parse(text)?, entry.store))) {
            if is_meant(&key.provider) {
                let record = reader.read(kind, |store| Ok(store.load_listed_app(&key, kind)?.record));
                clients.registered.push(RegisteredClient { key, store: kind, record, logins: Vec::new() });
            }
        }
        clients.registered.sort_by(|a, b| a.key.cmp(&b.key));
        // The environment's token has no client.
        let is_stored = |entry: &LoginEntry| !entry.ending && entry.store != StoreKind::Env;
        for (name, entry) in index.logins.iter().filter(|(_, entry)| is_stored(entry)) {
            let (Ok(profile), owner) = (name.parse::<Profile>(), owner(&entry.provider)) else { continue };
            if !is_meant(&owner) {
                continue;
            }
            match reader.read(entry.store, |store| client_id_of(&profile, entry, &index, store)) {
                Ok(Some((app, client_id))) => clients.assign(name, &index, &owner, &app, &client_id),
                // The token was given by the user.
                Ok(None) => {}
                Err(_) => clients.unreadable.push((name.clone(), owner)),
            }
        }
        clients.first_error = reader.first_error;
        Ok(clients)
    }
}

impl Clients {
    fn assign(&mut self, login: &str, index: &LoginIndex, provider: &str, app: &AppName, client_id: &ClientId) {
        for key in candidates(index, provider, app) {
            let Some(client) = self.registered.iter_mut().find(|client| client.key == key) else { continue };
            let is_it = match &client.record {
                Ok(record) => record.client_id == *client_id,
                Err(_) => key.app == *app,
            };
            if is_it {
                return client.logins.push(login.to_owned());
            }
        }
        let client = (provider.to_owned(), client_id.to_string());
        self.unregistered.entry(client).or_default().push(login.to_owned());
    }
}

fn client_id_of(
    profile: &Profile,
    entry: &LoginEntry,
    index: &LoginIndex,
    store: &TokenStore,
) -> Result<Option<(AppName, ClientId)>, StoreError> {
    match store.load_in(profile, entry.store)? {
        Some(found) => Ok(found.record.client_id.map(|id| (found.record.app, id))),
        None => Err(Entry::Login(profile).gone(index, store.place(entry.store)?)),
    }
}

/// Reads records one after the other.
struct Reader<'a> {
    store: &'a TokenStore,
    /// Stores that did not answer: one wait is enough.
    silent: BTreeMap<String, Unreadable>,
    first_error: Option<StoreError>,
}

impl Reader<'_> {
    fn read<T>(
        &mut self,
        kind: StoreKind,
        read: impl FnOnce(&TokenStore) -> Result<T, StoreError>,
    ) -> Result<T, Unreadable> {
        if let Some(silent) = self.silent.get(&kind.to_string()) {
            return Err(silent.clone());
        }
        read(self.store).map_err(|error| {
            let problem = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            let is_lost = matches!(error, StoreError::ClientGone { .. } | StoreError::Damaged { .. });
            let unreadable = Unreadable { problem, is_lost };
            if matches!(error, StoreError::Keychain { source: KeychainError::Silent { .. }, .. }) {
                self.silent.insert(kind.to_string(), unreadable.clone());
            }
            self.first_error.get_or_insert(error);
            unreadable
        })
    }
}
