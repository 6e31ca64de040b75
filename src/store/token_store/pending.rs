//! Logins that wait for another process.

use std::time::Duration;

use super::TokenStore;
use crate::protocol::time::Timestamp;
use crate::store::login_lock::LoginLock;
use crate::store::pending_login::{PendingEntry, PendingLogin};
use crate::store::{Profile, StoreError, StoreKind, record};
use crate::system::signals::SignalGrace;

/// How long an id is remembered after its end.
const MEMORY: Duration = Duration::from_secs(86_400);

/// The name of the lock that the one process holds which polls for a device's code.
fn turn(id: &str) -> Option<Profile> {
    format!("pending-login-{id}").parse().ok()
}

/// The account of a pending login. It cannot be a provider's id, which has no underscore at its end.
fn account(id: &str) -> String {
    format!("app/pending-login-{id}_")
}

impl TokenStore {
    /// Keeps a login until its end, and drops those that have ended.
    pub fn save_pending(&self, kind: StoreKind, pending: &PendingLogin, now: Timestamp) -> Result<(), StoreError> {
        self.drop_ended(now)?;
        let _grace = SignalGrace::begin();
        let (id, provider, until) = (pending.id(), pending.login.provider.clone(), pending.until);
        // Listed first: a record that is in no list would never be deleted.
        let entry = PendingEntry { provider, store: kind, until, used: false, made: None, unknown: Default::default() };
        self.change_index(|index| drop(index.pending.insert(id.clone(), entry)))?;
        self.write_cached(kind, &account(&id), &record::encode(pending))
    }

    /// Returns what the list says of an id.
    pub fn pending(&self, id: &str) -> Result<Option<PendingEntry>, StoreError> {
        Ok(self.index()?.pending.remove(id))
    }

    /// Loads a pending login. `None` if its record is gone or cannot be read.
    pub fn load_pending(&self, id: &str, entry: &PendingEntry) -> Result<Option<PendingLogin>, StoreError> {
        let bytes = self.cached_bytes(entry.store, &account(id))?;
        Ok(bytes.and_then(|bytes| record::decode(&bytes).ok()))
    }

    /// Marks a pending login as used, and deletes its record. Returns `false` if it was used before: of many processes only
    /// one gets `true`.
    pub fn use_pending(&self, id: &str, entry: &PendingEntry) -> Result<bool, StoreError> {
        let mut is_first = false;
        self.change_index(|index| {
            if let Some(listed) = index.pending.get_mut(id) {
                is_first = !listed.used;
                listed.used = true;
            }
        })?;
        if is_first {
            // What remains of it has no use, and goes with its end.
            let _ = self.delete_cached(entry.store, &account(id));
        }
        Ok(is_first)
    }

    /// Takes the turn to poll for a device's code, or returns `None` if another process has it.
    pub fn turn_to_poll(&self, id: &str, kind: StoreKind) -> Result<Option<LoginLock>, StoreError> {
        turn(id).map_or(Ok(None), |name| self.lock(&name, kind, Duration::ZERO))
    }

    /// Notes how a pending login ended, for a process that waits for it.
    pub fn end_pending(&self, id: &str, made: bool) -> Result<(), StoreError> {
        self.change_index(|index| {
            if let Some(listed) = index.pending.get_mut(id) {
                (listed.used, listed.made) = (true, Some(made));
            }
        })
    }

    /// Deletes the records of those that have ended, and forgets the ids of those that ended a day ago.
    pub fn drop_ended(&self, now: Timestamp) -> Result<(), StoreError> {
        let index = self.index()?;
        let ended = index.pending.iter().filter(|(_, entry)| entry.until <= now);
        let deleted: Vec<&String> = ended
            .filter(|(id, entry)| {
                if let (Some(name), Ok(keychain)) = (turn(id), self.keychain(entry.store)) {
                    LoginLock::forget(&name, &keychain.state_folder());
                }
                self.delete_cached(entry.store, &account(id)).is_ok()
            })
            .filter(|(_, entry)| entry.until.plus(MEMORY) <= now)
            .map(|(id, _)| id)
            .collect();
        if deleted.is_empty() {
            return Ok(());
        }
        self.change_index(|index| index.pending.retain(|id, _| !deleted.contains(&id)))
    }
}
