//! Records over keychains. Nothing falls back by itself: which store a record goes to is chosen, remembered, and said.
//! Nothing is taken for removed because it was not found: see `entry.rs`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::entry::{Entry, Listing};
use super::journal::Journal;
use super::login_index::{AppEntry, IndexFile, LoginEntry, LoginIndex};
use super::login_lock::{self, LOCK_TIMEOUT, LoginLock};
use super::record::{self, NotARecord};
use super::{Profile, Registration, StoreError, StoreKind, StoredToken};
use crate::keychain::{Keychain, PROBE, probe_name};
use crate::protocol::member;
use crate::system::certificate::CallbackCertificate;
use crate::system::signals::{Unbroken, Writing};

/// The account of the callback's certificate. No provider can be called so: ids have no underscore at their end.
const CERTIFICATE: &str = "app/callback-certificate_";

/// Makes the keychain of a kind when it is first needed.
type Open = Box<dyn Fn(StoreKind) -> Result<Arc<dyn Keychain>, StoreError> + Send + Sync>;

pub struct TokenStore {
    index: IndexFile,
    open: Open,
    opened: Mutex<HashMap<StoreKind, Arc<dyn Keychain>>>,
    /// `--store` or `OAUTHCTL_STORE`.
    chosen: Option<StoreKind>,
    /// True if the choice is only for what is not listed yet: that of the environment is, that of a flag is not.
    remembers: bool,
    /// The index of a process that leaves none behind.
    in_memory: Option<Mutex<LoginIndex>>,
}

/// A record found, and where.
#[derive(Debug)]
pub struct Found<T> {
    pub record: T,
    pub store: StoreKind,
    pub place: String,
}

/// The meaning of a listed record that is not there when it is to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IfGone {
    /// It may be in a store that was there before: it stays listed, and that is an error.
    Keep,
    /// A person says that it is gone for good.
    Unlist,
}

impl TokenStore {
    pub fn new(index: IndexFile, chosen: Option<StoreKind>, open: Open) -> Self {
        let in_memory = (chosen == Some(StoreKind::Memory)).then(Mutex::default);
        Self { index, open, opened: Mutex::default(), chosen, remembers: false, in_memory }
    }

    /// The same store with a list of logins that is never written: the demo's.
    pub fn unlisted(self) -> Self {
        Self { in_memory: Some(Mutex::default()), ..self }
    }

    /// The same store, in which what is listed is looked for where the list says.
    pub fn remembering(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// Returns the kind of store for something that the list has in that store, or does not have.
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

    /// Returns what the list says of a login, or `None` if there is no list at all.
    pub fn listing(&self, profile: &Profile) -> Result<Option<Listing>, StoreError> {
        let entry = Entry::Login(profile);
        match &self.in_memory {
            Some(_) => Ok(Some(entry.listing(&self.index()?))),
            None => Ok(self.index.read_if_there().map_err(StoreError::Index)?.map(|index| entry.listing(&index))),
        }
    }

    /// The store that a listed login is in.
    fn remembered(&self, profile: &Profile) -> Result<Option<StoreKind>, StoreError> {
        Ok(Entry::Login(profile).listing(&self.index()?).store())
    }

    /// The store that a login of this name goes to: the chosen one, else the one that it was in.
    pub fn kind_for(&self, profile: &Profile) -> Result<StoreKind, StoreError> {
        let remembered = self.remembered(profile)?;
        Ok(self.chosen.or(remembered).unwrap_or_default())
    }

    /// The store that a new record goes to.
    pub fn kind_for_new(&self) -> StoreKind {
        self.chosen.unwrap_or_default()
    }

    pub fn place(&self, kind: StoreKind) -> Result<String, StoreError> {
        Ok(self.keychain(kind)?.place())
    }

    /// Writes and removes a made-up record, so that a login does not fail after the person has consented.
    pub fn prove_writable(&self, probe: u64) -> Result<(), StoreError> {
        self.prove_writable_in(self.kind_for_new(), probe)
    }

    pub fn prove_writable_in(&self, kind: StoreKind, probe: u64) -> Result<(), StoreError> {
        let keychain = self.keychain(kind)?;
        let name = probe_name(probe);
        let _unbroken = Unbroken::begin();
        // Files are written and removed to the end; a keychain may hang.
        let _writing = (kind == StoreKind::File).then(Writing::begin);
        let result = keychain.set(&name, PROBE).and_then(|()| keychain.delete(&name));
        result.map(drop).map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source })
    }

    /// `None` if there is no such login; one that is listed and cannot be found is an error.
    pub fn load(&self, profile: &Profile) -> Result<Option<Found<StoredToken>>, StoreError> {
        self.find(Entry::Login(profile))
    }

    /// Returns what that store has under the login's name, whatever the list says.
    pub fn load_in(&self, profile: &Profile, kind: StoreKind) -> Result<Option<Found<StoredToken>>, StoreError> {
        self.read(Entry::Login(profile), kind)
    }

    /// Waits for the right to change a login. `None` if another process still has it after `patience`.
    pub fn lock(
        &self,
        profile: &Profile,
        kind: StoreKind,
        patience: Duration,
    ) -> Result<Option<LoginLock>, StoreError> {
        LoginLock::take(profile, &self.keychain(kind)?.state_folder(), patience).map_err(StoreError::Lock)
    }

    /// The store of a login: the chosen one, or the one that is remembered.
    pub fn kind_of(&self, profile: &Profile) -> Result<StoreKind, StoreError> {
        let listed = self.remembered(profile)?;
        Ok(self.kind_among(listed).unwrap_or_default())
    }

    /// Writes a login's record where it is, and reads it back. To be called by the holder of the lock.
    pub fn replace(&self, profile: &Profile, kind: StoreKind, token: &StoredToken) -> Result<(), StoreError> {
        self.write(kind, profile.as_str(), &record::encode(token))
    }

    /// Keeps a login, reads it back, and makes it the current one.
    pub fn save(&self, profile: &Profile, token: &StoredToken) -> Result<StoreKind, StoreError> {
        self.save_in(self.kind_for(profile)?, profile, token)
    }

    /// The same in the store that was proven: the list may have changed since.
    pub fn save_in(&self, kind: StoreKind, profile: &Profile, token: &StoredToken) -> Result<StoreKind, StoreError> {
        // A refresh that is under way would write its token over ours. It looks before it does, so if it holds the lock
        // for longer than it may, or there can be no lock, the person who has just consented loses no login for that.
        let lock = self.lock(profile, kind, LOCK_TIMEOUT).ok().flatten();
        let _unbroken = Unbroken::begin();
        let previous = self.enlist(kind, Entry::Login(profile), &record::encode(token), |index| {
            index.current = Some(profile.as_str().to_owned());
            let entry = LoginEntry::new(token.provider.clone(), kind, token.params.clone());
            index.logins.insert(profile.as_str().to_owned(), entry);
        })?;
        // What it holds is of the login whose place this one takes.
        lock.and_then(|lock| lock.journal()).iter().for_each(Journal::remove);
        // The login has moved: the copy in the old store would only grow stale. It may be gone, or its store may be.
        if let Some(previous) = previous.filter(|previous| *previous != kind) {
            let _ = self.keychain(previous).map(|keychain| keychain.delete(profile.as_str()));
        }
        Ok(kind)
    }

    /// Forgets a login. `false` if there was none. To be called by the holder of the lock, where a refresh may be under
    /// way.
    pub fn forget(&self, profile: &Profile) -> Result<bool, StoreError> {
        self.remove(Entry::Login(profile), IfGone::Keep)
    }

    /// The same for a login whose record may be gone for good.
    pub fn forget_even_if_gone(&self, profile: &Profile) -> Result<bool, StoreError> {
        self.remove(Entry::Login(profile), IfGone::Unlist)
    }

    /// Removes what ended processes have left where this store writes. An error if something cannot be removed.
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

    pub fn load_app(&self, provider: &str) -> Result<Option<Found<Registration>>, StoreError> {
        self.find(Entry::Client(provider))
    }

    pub fn save_app(&self, provider: &str, registration: &Registration) -> Result<StoreKind, StoreError> {
        let kind = self.kind_for_new();
        let _unbroken = Unbroken::begin();
        self.enlist(kind, Entry::Client(provider), &record::encode(registration), |index| {
            index.apps.insert(provider.to_owned(), AppEntry::new(kind));
        })?;
        Ok(kind)
    }

    /// Forgets a client, also one whose record is gone: there is nothing of it elsewhere that would be lost. `false` if
    /// there was none.
    pub fn forget_app(&self, provider: &str) -> Result<bool, StoreError> {
        self.remove(Entry::Client(provider), IfGone::Unlist)
    }

    /// The certificate of the TLS callback, if one was kept.
    pub fn load_certificate(&self) -> Result<Option<CallbackCertificate>, StoreError> {
        let keychain = self.keychain(self.kind_for_new())?;
        let failed = |source| StoreError::Keychain { place: keychain.place(), kind: self.kind_for_new(), source };
        let Some(bytes) = keychain.get(CERTIFICATE).map_err(failed)? else { return Ok(None) };
        let damaged = |source| {
            let name = CERTIFICATE.trim_end_matches('_').to_owned();
            StoreError::Damaged { name, place: keychain.place(), source }
        };
        member::typed(&bytes).map(Some).map_err(damaged)
    }

    pub fn save_certificate(&self, certificate: &CallbackCertificate) -> Result<(), StoreError> {
        self.write(self.kind_for_new(), CERTIFICATE, &record::encode(certificate))
    }

    /// Looks where the list says, and again if it says otherwise by then.
    fn find<T: DeserializeOwned>(&self, entry: Entry<'_>) -> Result<Option<Found<T>>, StoreError> {
        let mut index = self.index()?;
        // A login that moves is read twice: it is not moved more often than that.
        for _ in 0..3 {
            let listing = entry.listing(&index);
            // Nothing is remembered and nothing chosen: then there is nothing, and the keychain need not be opened.
            let Some(kind) = self.kind_among(listing.store()) else { return Ok(None) };
            if let Some(found) = self.read(entry, kind)? {
                return Ok(Some(found));
            }
            index = self.index()?;
            if entry.listing(&index) == listing {
                // The environment's is there for as long as its variable is.
                let is_doubt = listing == Listing::In(kind) && kind != StoreKind::Env;
                return if is_doubt { Err(entry.gone(&index, self.place(kind)?)) } else { Ok(None) };
            }
        }
        Ok(None)
    }

    fn read<T: DeserializeOwned>(&self, entry: Entry<'_>, kind: StoreKind) -> Result<Option<Found<T>>, StoreError> {
        let keychain = self.keychain(kind)?;
        let place = keychain.place();
        let failed = |source| StoreError::Keychain { place: place.clone(), kind, source };
        let Some(bytes) = keychain.get(&entry.account()).map_err(failed)? else { return Ok(None) };
        let named = |problem| match problem {
            NotARecord::Damaged(source) => StoreError::Damaged { name: entry.name(), place: place.clone(), source },
            NotARecord::Newer(version) => StoreError::Newer { name: entry.name(), place: place.clone(), version },
        };
        let record = record::decode(&bytes).map_err(named)?;
        Ok(Some(Found { record, store: kind, place }))
    }

    fn write(&self, kind: StoreKind, account: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let keychain = self.keychain(kind)?;
        let failed = |source| StoreError::Keychain { place: keychain.place(), kind, source };
        keychain.set(account, bytes).map_err(failed)?;
        match keychain.get(account).map_err(failed)? {
            Some(read) if *read == bytes => Ok(()),
            _ => Err(StoreError::NotReadBack { place: keychain.place() }),
        }
    }

    /// Writes a record and lists it. If the list cannot be changed, a record that was not there before is deleted
    /// again: without `--store` it could not be found, to use it or to forget it. Returns where the list had it before.
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
            // A list that cannot be read either may have it, and another process may have written since: nothing is
            // forgotten on doubt.
            let is_ours = || matches!(keychain.get(&account), Ok(Some(found)) if *found == record);
            let is_unlisted = || self.index().is_ok_and(|index| entry.listing(&index).store() != Some(kind));
            if is_new && is_unlisted() && is_ours() {
                let _ = keychain.delete(&account);
            }
        })?;
        Ok(previous)
    }

    /// Deletes a record and its place in the list. `false` if there was neither.
    fn remove(&self, entry: Entry<'_>, if_gone: IfGone) -> Result<bool, StoreError> {
        let index = self.index()?;
        let listing = entry.listing(&index);
        let kind = self.kind_among(listing.store()).unwrap_or_default();
        let keychain = self.keychain(kind)?;
        // What is listed elsewhere is not what is removed here.
        let is_listed = listing.store() == Some(kind);
        let mark = |ending| match listing == Listing::In(kind) {
            true => self.change_index(|index| entry.mark(index, ending)),
            false => Ok(()),
        };
        // First, so that a process that is killed on the way leaves no secret that is never removed.
        let _ = self.sweep(kind);
        mark(true)?;
        let deleted = match keychain.delete(&entry.account()) {
            Ok(false) if listing == Listing::In(kind) && if_gone == IfGone::Keep => {
                Err(entry.gone(&index, keychain.place()))
            }
            deleted => deleted.map_err(|source| StoreError::Keychain { place: keychain.place(), kind, source }),
        };
        // It was not removed. If the mark stays, no more comes of it than that a later doubt is taken for a removal.
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
