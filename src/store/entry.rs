//! An entry in the list of logins: a login, or a provider's client.
//!
//! If a record is not found, it was removed, or its store is a different one now: a keyring that was started anew and
//! is empty, a folder that is not mounted. The list tells the two apart. A removal first marks the entry, then deletes
//! the record, then the entry, so that it can be recognized at each step. A record that is listed, unmarked and missing
//! may still exist, so nothing is deleted because of it.

use super::login_index::LoginIndex;
use super::{ClientKey, Profile, StoreError, StoreKind};

#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    Login(&'a Profile),
    Client(&'a ClientKey),
}

/// The state of an entry in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    In(StoreKind),
    /// Its removal has begun.
    Ending(StoreKind),
    Nowhere,
}

impl Listing {
    /// Returns the store that has, or had, the record.
    pub fn store(self) -> Option<StoreKind> {
        match self {
            Self::In(store) | Self::Ending(store) => Some(store),
            Self::Nowhere => None,
        }
    }
}

impl Entry<'_> {
    /// Returns its account name in the keychain. Profiles contain no slash.
    pub fn account(self) -> String {
        match self {
            Self::Login(profile) => profile.to_string(),
            Self::Client(key) => format!("app/{key}"),
        }
    }

    pub fn name(self) -> String {
        match self {
            Self::Login(profile) => profile.to_string(),
            Self::Client(key) => key.arguments(),
        }
    }

    pub fn listing(self, index: &LoginIndex) -> Listing {
        let found = match self {
            Self::Login(profile) => index.logins.get(profile.as_str()).map(|entry| (entry.store, entry.ending)),
            Self::Client(key) => index.apps.get(&key.to_string()).map(|entry| (entry.store, entry.ending)),
        };
        match found {
            Some((store, false)) => Listing::In(store),
            Some((store, true)) => Listing::Ending(store),
            None => Listing::Nowhere,
        }
    }

    pub fn mark(self, index: &mut LoginIndex, ending: bool) {
        let mark = match self {
            Self::Login(profile) => index.logins.get_mut(profile.as_str()).map(|entry| &mut entry.ending),
            Self::Client(key) => index.apps.get_mut(&key.to_string()).map(|entry| &mut entry.ending),
        };
        mark.into_iter().for_each(|mark| *mark = ending);
    }

    pub fn unlist(self, index: &mut LoginIndex) {
        match self {
            Self::Login(profile) => {
                index.logins.remove(profile.as_str());
                if index.current.as_deref() == Some(profile.as_str()) {
                    index.current = None;
                }
            }
            Self::Client(key) => drop(index.apps.remove(&key.to_string())),
        }
    }

    /// Builds the error for an entry that is listed there but was not found.
    pub fn gone(self, index: &LoginIndex, place: String) -> StoreError {
        match self {
            Self::Login(profile) => {
                let provider = index.logins.get(profile.as_str()).map(|entry| entry.provider.clone());
                StoreError::LoginGone { profile: profile.to_string(), provider: provider.unwrap_or_default(), place }
            }
            Self::Client(key) => StoreError::ClientGone { key: key.clone(), place },
        }
    }
}
