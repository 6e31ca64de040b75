//! Records in keychains. Nothing falls back by itself: a record's store is chosen, remembered and shown. A record that
//! is not found does not count as removed: see `entry.rs`.

mod clients;
mod pending;
mod reading;
mod round_trip;
mod seen;

pub use self::round_trip::RoundTrip;
use self::seen::Seen;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::entry::{Entry, Listing};
use super::journal::Journal;
use super::login_index::{IndexFile, LoginEntry, LoginIndex};
use super::login_lock::{self, LOCK_TIMEOUT, LoginLock};
use super::record;
use super::{Profile, StoreError, StoreKind, StoredToken};
use crate::keychain::{Keychain, PROBE, SecretBytes, probe_name};
use crate::system::signals::{SignalGrace, Writing};

/// Opens the keychain of a kind when it is first needed.
type Open = Box<dyn Fn(StoreKind) -> Result<Arc<dyn Keychain>, StoreError> + Send + Sync>;

pub struct TokenStore {
    index: IndexFile,
    open: Open,
    opened: Mutex<HashMap<StoreKind, Arc<dyn Keychain>>>,
    seen: Seen,
    /// `--store` or `OAUTHCTL_STORE`.
    chosen: Option<StoreKind>,
    /// True if the choice applies only to unlisted records: true for the environment's choice, false for a flag's.
    remembers: bool,
    /// The index of a process that does not write one.
    in_memory: Option<Mutex<LoginIndex>>,
}

/// A record and where it was found.
#[derive(Debug)]
pub struct Found<T> {
    pub record: T,
    pub store: StoreKind,
    pub place: String,
}

/// The treatment of a listed record that is missing when it is to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IfGone {
    /// It may be in a store that is unavailable now: it stays listed, with an error.
    Keep,
    /// The user says that it is gone for good.
    Unlist,
}

impl TokenStore {
    pub fn new(index: IndexFile, chosen: Option<StoreKind>, open: Open) -> Self {
        let in_memory = (chosen == Some(StoreKind::Memory)).then(Mutex::default);
        Self { index, open, opened: Mutex::default(), seen: Seen::default(), chosen, remembers: false, in_memory }
    }

    /// Makes the store keep its list of logins in memory, for the demo.
    pub fn unlisted(self) -> Self {
        Self { in_memory: Some(Mutex::default()), ..self }
    }

    /// Makes the list decide the store of listed records, before the chosen store.
    pub fn remembering(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// Returns the store to use for a record whose listed store, if any, is `remembered`.
    fn kind_among(&self, remembered: Option<StoreKind>) -> Option<StoreKind> {
        if self.remembers { remembered.or(self.chosen) } else { self.chosen.or(remembered) }
    }

    /// Returns the list of logins. Opens no keychain.
    pub fn index(&self) -> Result<LoginIndex, StoreError> {
        match &self.in_memory {
            Some(index) => Ok(index.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            None => self.index.read().map_err(StoreError::Index),
        }
    }

    /// Returns `true` if the provider has returned the `state` of a login before.
    pub fn has_returned_state(&self, provider: &str) -> Result<bool, StoreError> {
        Ok(self.index()?.returned_state.contains(provider))
    }

    /// Remembers that the provider returns the `state` of a login.
    pub fn note_returned_state(&self, provider: &str) -> Result<(), StoreError> {
        if self.has_returned_state(provider)? {
            return Ok(());
        }
        self.change_index(|index| {
            index.returned_state.insert(provider.to_owned());
        })
    }

    /// Returns a login's state in the list, or `None` if there is no list.
    pub fn listing(&self, profile: &Profile) -> Result<Option<Listing>, StoreError> {
        let entry = Entry::Login(profile);
        match &self.in_memory {
            Some(_) => Ok(Some(entry.listing(&self.index()?))),
            None => Ok(self.index.read_if_there().map_err(StoreError::Index)?.map(|index| entry.listing(&index))),
        }
    }

    /// Returns the store of a listed login.
    fn remembered(&self, profile: &Profile) -> Result<Option<StoreKind>, StoreError> {
        Ok(Entry::Login(profile).listing(&self.index()?).store())
    }

    /// Returns the store to write a login to: the chosen one, else the one it was in.
    pub fn kind_for(&self, profile: &Profile) -> Result<StoreKind, StoreError> {
        let remembered = self.remembered(profile)?;
        Ok(self.chosen.or(remembered).unwrap_or_default())
    }

    /// Returns the store for a new record.
    pub fn kind_for_new(&self) -> StoreKind {
        self.chosen.unwrap_or_default()
    }

    pub fn place(&self, kind: StoreKind) -> Result<String, StoreError> {
        Ok(self.keychain(kind)?.place())
    }

    /// Writes and removes a made-up record, so that a login does not fail after the user has consented.
    pub fn prove_writable(&self, probe: u64) -> Result<(), StoreError> {
        self.prove_writable_in(self.kind_for_new(), probe)
    }

    pub fn prove_writable_in(&self, kind: StoreKind, probe: u64) -> Result<(), StoreError> {
        let keychain = self.keychain(kind)?;
        let name = probe_name(probe);
        let _grace = SignalGrace::begin();
        // A signal waits for files to be written and removed, but not for a keychain, which may hang.
        let _writing = (kind == StoreKind::File).then(Writing::begin);
        let result = keychain.set(&name, PROBE).and_then(|()| keychain.delete(&name));
        result.map(drop).map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source })
    }

    /// Loads a login, or returns `None` if there is none. A listed login that cannot be found is an error.
    pub fn load(&self, profile: &Profile) -> Result<Option<Found<StoredToken>>, StoreError> {
        self.find(Entry::Login(profile))
    }

    /// Loads a login from this store, regardless of the list.
    pub fn load_in(&self, profile: &Profile, kind: StoreKind) -> Result<Option<Found<StoredToken>>, StoreError> {
        self.read(Entry::Login(profile), kind)
    }

    /// Locks a login, or returns `None` if another process still holds the lock after `patience`.
    pub fn lock(
        &self,
        profile: &Profile,
        kind: StoreKind,
        patience: Duration,
    ) -> Result<Option<LoginLock>, StoreError> {
        // Whoever had it may have written.
        self.seen.contest(kind, profile.as_str());
        LoginLock::take(profile, &self.keychain(kind)?.state_folder(), patience).map_err(StoreError::Lock)
    }

    /// Returns the store to read a login from: the chosen one or the listed one.
    pub fn kind_of(&self, profile: &Profile) -> Result<StoreKind, StoreError> {
        let listed = self.remembered(profile)?;
        Ok(self.kind_among(listed).unwrap_or_default())
    }

    /// Replaces a login's record in its store, and reads it back. The caller must hold the lock.
    pub fn replace(&self, profile: &Profile, kind: StoreKind, token: &StoredToken) -> Result<(), StoreError> {
        self.write(kind, profile.as_str(), &record::encode(token))
    }

    /// Stores a login, reads it back, and makes it the current one.
    pub fn save(&self, profile: &Profile, token: &StoredToken) -> Result<StoreKind, StoreError> {
        self.save_in(self.kind_for(profile)?, profile, token)
    }

    /// Stores a login in the store that was proven writable; the list may have changed since.
    pub fn save_in(&self, kind: StoreKind, profile: &Profile, token: &StoredToken) -> Result<StoreKind, StoreError> {
        // Wait for a refresh in progress, which would overwrite our token. It checks before it writes, so continue
        // without the lock if need be: the user has just consented and must not lose the login.
        let lock = self.lock(profile, kind, LOCK_TIMEOUT).ok().flatten();
        let _grace = SignalGrace::begin();
        let previous = self.enlist(kind, Entry::Login(profile), &record::encode(token), |index| {
            index.current = Some(profile.as_str().to_owned());
            let entry = LoginEntry::new(token.provider.clone(), kind, token.params.clone());
            index.logins.insert(profile.as_str().to_owned(), entry);
        })?;
        // The journal belongs to the replaced login.
        lock.and_then(|lock| lock.journal()).iter().for_each(Journal::remove);
        // The login has moved, and the copy in the old store would only become stale. Ignore errors: the copy or its
        // store may be gone.
        if let Some(previous) = previous.filter(|previous| *previous != kind) {
            let _ = self.keychain(previous).map(|keychain| keychain.delete(profile.as_str()));
            self.seen.forget(previous, profile.as_str());
        }
        Ok(kind)
    }

    /// Deletes a login. Returns `false` if there was none. The caller must hold the lock if a refresh may be in
    /// progress.
    pub fn forget(&self, profile: &Profile) -> Result<bool, StoreError> {
        self.remove(Entry::Login(profile), IfGone::Keep)
    }

    /// Deletes a login even if its record is missing.
    pub fn forget_even_if_gone(&self, profile: &Profile) -> Result<bool, StoreError> {
        self.remove(Entry::Login(profile), IfGone::Unlist)
    }

    /// Removes temporary files that ended processes left where this store writes. Fails if one cannot be removed.
    pub fn sweep(&self, kind: StoreKind) -> Result<(), StoreError> {
        let keychain = self.keychain(kind)?;
        keychain.sweep().map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source })?;
        login_lock::sweep(&keychain.state_folder()).map_err(StoreError::Lock)?;
        match self.in_memory {
            Some(_) => Ok(()),
            None => self.index.sweep().map_err(StoreError::Index),
        }
    }

    /// Makes a login the current one.
    pub fn make_current(&self, profile: &Profile) -> Result<(), StoreError> {
        self.change_index(|index| index.current = Some(profile.as_str().to_owned()))
    }

    /// Reads a record that is in no list.
    pub(super) fn cached_bytes(&self, kind: StoreKind, account: &str) -> Result<Option<SecretBytes>, StoreError> {
        self.bytes(kind, account)
    }

    /// Writes a record that is in no list.
    pub(super) fn write_cached(&self, kind: StoreKind, account: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.write(kind, account, bytes)
    }

    /// Deletes a record that is in no list.
    pub(super) fn delete_cached(&self, kind: StoreKind, account: &str) -> Result<(), StoreError> {
        let keychain = self.keychain(kind)?;
        let failed = |source| StoreError::Keychain { place: keychain.place(), kind, source };
        keychain.delete(account).map(drop).map_err(failed)
    }

    fn write(&self, kind: StoreKind, account: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let keychain = self.keychain(kind)?;
        let failed = |source| StoreError::Keychain { place: keychain.place(), kind, source };
        self.seen.forget(kind, account);
        keychain.set(account, bytes).map_err(failed)?;
        match keychain.get(account).map_err(failed)? {
            Some(read) if *read == bytes => Ok(()),
            _ => Err(StoreError::NotReadBack { place: keychain.place() }),
        }
    }

    /// Writes a record and lists it. If the list cannot be changed, a new record is deleted again, because without
    /// `--store` it could not be found. Returns the previously listed store.
    fn enlist(
        &self,
        kind: StoreKind,
        entry: Entry<'_>,
        record: &[u8],
        change: impl FnOnce(&mut LoginIndex),
    ) -> Result<Option<StoreKind>, StoreError> {
        let (keychain, account) = (self.keychain(kind)?, entry.account());
        let previous = entry.listing(&self.index()?).store();
        let is_new = previous != Some(kind) && matches!(keychain.get(&account), Ok(None));
        self.write(kind, &account, record)?;
        self.change_index(change).inspect_err(|_| {
            // An unreadable list may contain it, and another process may have written since: in doubt, delete nothing.
            let is_ours = || matches!(keychain.get(&account), Ok(Some(found)) if *found == record);
            let is_unlisted = || self.index().is_ok_and(|index| entry.listing(&index).store() != Some(kind));
            if is_new && is_unlisted() && is_ours() {
                let _ = keychain.delete(&account);
            }
        })?;
        Ok(previous)
    }

    /// Deletes a record and its entry in the list. Returns `false` if there was neither.
    fn remove(&self, entry: Entry<'_>, if_gone: IfGone) -> Result<bool, StoreError> {
        let index = self.index()?;
        let listing = entry.listing(&index);
        let kind = self.kind_among(listing.store()).unwrap_or_default();
        let keychain = self.keychain(kind)?;
        // An entry in another store is not the one removed here.
        let is_listed = listing.store() == Some(kind);
        let mark = |ending| match listing == Listing::In(kind) {
            true => self.change_index(|index| entry.mark(index, ending)),
            false => Ok(()),
        };
        // First, so that a process killed halfway leaves no secret that is never removed.
        let _ = self.sweep(kind);
        mark(true)?;
        self.seen.forget(kind, &entry.account());
        let deleted = match keychain.delete(&entry.account()) {
            Ok(false) if listing == Listing::In(kind) && if_gone == IfGone::Keep => {
                Err(entry.gone(&index, keychain.place()))
            }
            deleted => deleted.map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source }),
        };
        // It was not removed, so remove the mark. If the mark stays, the only harm is that a record missing later
        // counts as removed.
        let deleted = deleted.inspect_err(|_| drop(mark(false)))?;
        if is_listed {
            self.change_index(|index| entry.unlist(index))?;
        }
        Ok(deleted || is_listed)
    }

    fn change_index(&self, change: impl FnOnce(&mut LoginIndex)) -> Result<(), StoreError> {
        match &self.in_memory {
            Some(index) => {
                change(&mut index.lock().unwrap_or_else(PoisonError::into_inner));
                Ok(())
            }
            None => self.index.change(change).map_err(StoreError::Index),
        }
    }

    fn keychain(&self, kind: StoreKind) -> Result<Arc<dyn Keychain>, StoreError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keychain) = opened.get(&kind) {
            return Ok(Arc::clone(keychain));
        }
        let keychain = (self.open)(kind)?;
        opened.insert(kind, Arc::clone(&keychain));
        Ok(keychain)
    }
}

#[cfg(test)]
mod tests;
