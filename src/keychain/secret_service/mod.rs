//! Linux: the Secret Service on the user's session bus (freedesktop.org's Secret Service specification 0.2), as a store
//! for the `keyring` crate.
//!
//! `keyring` has a store of its own for it. Ours differs in these ways:
//!
//! - It speaks to the bus itself, over one blocking socket (`keychain::dbus`), where the stock store brings an executor with
//!   four threads.
//! - It opens a *plain* session, and an encrypted one only where the service refuses that (`session.rs`). The stock store
//!   always agrees on a key first, and that is most of the work of reading a token.
//! - It never unlocks by a prompt. The stock store unlocks what it finds, so `oauthctl token` in a script would open a
//!   window and wait forever. Here a locked keychain is an error that says so, unless it unlocks without asking anyone.
//! - An operation has a deadline, whatever the daemon does. One that is stopped hangs the stock store for good.
//!
//! The search comes before the session. Up to version 50 at least, gnome-keyring sometimes aborts when `OpenSession` is
//! a client's first call: it creates its record of the client in one idle callback and serves the call in another, and
//! sometimes the second runs first. What it had unlocked is locked after the restart
//! (gitlab.gnome.org/GNOME/gnome-keyring, issues 190, 196 and 199; seen here with 42.1, twice in some 7000 consecutive
//! processes). A search in that moment is refused as an unknown method, and after that the record exists.
//!
//! Entries carry the attributes of the stock store, `service` and `username`. So `secret-tool`, other programs that use
//! `keyring`, and we can read each other's entries. The search covers all collections. New entries go into the default
//! collection.

mod bus;
mod session;

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyring_core::api::{Credential, CredentialApi, CredentialStoreApi};
use keyring_core::{Entry, Error, Result};

use self::bus::{Bus, CallError, Calls, Found};
use crate::keychain::KeychainError;
use crate::keychain::dbus::BusError;
use crate::protocol::sanitize;

/// A builder of entries. They share one connection, which is opened when the first of them is used.
pub struct SecretServiceStore {
    bus: Arc<Mutex<Bus>>,
    deadline: Duration,
}

impl SecretServiceStore {
    /// Creates the store. `deadline` is for one operation, which makes up to five calls on the bus.
    pub fn new(deadline: Duration) -> Self {
        Self { bus: Arc::default(), deadline }
    }
}

impl CredentialStoreApi for SecretServiceStore {
    fn vendor(&self) -> String {
        "oauthctl".to_owned()
    }

    fn id(&self) -> String {
        "Secret Service, without prompts".to_owned()
    }

    fn build(&self, service: &str, user: &str, modifiers: Option<&HashMap<&str, &str>>) -> Result<Entry> {
        if modifiers.is_some_and(|modifiers| !modifiers.is_empty()) {
            return Err(Error::NotSupportedByStore("modifiers".to_owned()));
        }
        let specifier = Specifier {
            bus: Arc::clone(&self.bus),
            deadline: self.deadline,
            service: service.to_owned(),
            username: user.to_owned(),
        };
        Ok(Entry::new_with_credential(Arc::new(specifier)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// One entry, looked up by its attributes on each call.
struct Specifier {
    bus: Arc<Mutex<Bus>>,
    deadline: Duration,
    service: String,
    username: String,
}

impl Specifier {
    fn attributes(&self) -> [(&str, &str); 2] {
        [("service", &self.service), ("username", &self.username)]
    }

    /// Runs one operation on the bus.
    fn on_bus<T>(&self, work: impl FnOnce(&mut Calls<'_>) -> std::result::Result<T, CallError>) -> Result<T> {
        let mut bus = self.bus.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut bus.within(self.deadline)).map_err(|error| explain(error, &self.username, self.deadline))
    }

    /// Runs one operation on the entry, if there is one.
    fn on_item<T>(&self, work: impl FnOnce(&mut Calls<'_>, &str) -> std::result::Result<T, CallError>) -> Result<T> {
        self.on_bus(|calls| match self.find(calls)? {
            Some(item) => work(calls, &item),
            None => Err(absence(calls)),
        })
    }

    fn find(&self, calls: &mut Calls<'_>) -> std::result::Result<Option<String>, CallError> {
        let Found { mut unlocked, locked } = calls.search(&self.attributes())?;
        match (unlocked.pop(), unlocked.len(), locked.as_slice()) {
            (Some(item), 0, []) => Ok(Some(item)),
            (None, _, []) => Ok(None),
            (None, _, [item]) if calls.unlock_unasked(item)? => Ok(Some(item.clone())),
            (None, _, _) => Err(CallError::Locked),
            (Some(_), _, _) => Err(CallError::Ambiguous),
        }
    }
}

/// Returns the error for an entry that was not found. A service may be unable to search locked collections, and
/// "locked" must never pass for "not logged in".
fn absence(calls: &mut Calls<'_>) -> CallError {
    let unlocked = calls.open_session().and_then(|()| calls.unlocked_collection());
    match unlocked {
        Ok(_) | Err(CallError::NoCollection) => CallError::NoEntry,
        Err(error) => error,
    }
}

impl CredentialApi for Specifier {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        self.on_bus(|calls| match self.find(calls)? {
            Some(item) => calls.set_secret(&item, secret),
            None => {
                calls.open_session()?;
                // Creating an entry in a locked collection would start a prompt.
                let collection = calls.unlocked_collection()?;
                let label = format!("{}: {}", self.service, self.username);
                calls.create(&collection, &label, &self.attributes(), secret)
            }
        })
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        // `keyring` takes a plain vector; the keychain wipes it.
        self.on_item(|calls, item| calls.secret(item).map(|mut secret| std::mem::take(&mut *secret)))
    }

    fn delete_credential(&self) -> Result<()> {
        self.on_item(|calls, item| {
            calls.open_session()?;
            calls.delete(item)
        })
    }

    /// Returns `None`, which means: use the specifier itself.
    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        self.on_item(|_, _| Ok(None))
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some((self.service.clone(), self.username.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Translates an error. Keeps only names and details, never the body of a message, which may be a secret.
fn explain(error: CallError, account: &str, deadline: Duration) -> Error {
    match error {
        CallError::NoEntry => Error::NoEntry,
        CallError::Ambiguous => wrap(KeychainError::Ambiguous { account: account.to_owned() }),
        CallError::Locked => wrap(KeychainError::Locked),
        CallError::NoCollection => missing(&error.to_string()),
        CallError::NotDecrypted(_) | CallError::NoRandom(_) => refused(&error.to_string()),
        CallError::Bus(BusError::Silent) => wrap(KeychainError::silent(deadline)),
        CallError::Bus(BusError::Method { name, detail }) => named_failure(&name, detail.as_deref()),
        CallError::Bus(BusError::Unreadable(_)) => refused(&error.to_string()),
        CallError::Bus(BusError::Address(_) | BusError::NoBus(_) | BusError::Rejected | BusError::Lost(_)) => {
            missing(&error.to_string())
        }
    }
}

fn named_failure(name: &str, detail: Option<&str>) -> Error {
    match name {
        "org.freedesktop.Secret.Error.IsLocked" => wrap(KeychainError::Locked),
        "org.freedesktop.Secret.Error.NoSuchObject" => Error::NoEntry,
        "org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner" => {
            missing("nothing on the D-Bus session bus offers the Secret Service")
        }
        // The bus reports this when the service exits in the middle of a call.
        "org.freedesktop.DBus.Error.NoReply" => missing("the Secret Service exited before it answered"),
        name if name.starts_with("org.freedesktop.DBus.Error.Spawn.") => {
            missing("the D-Bus session bus could not start the Secret Service")
        }
        name => refused(&format!("{name}: {}", detail.unwrap_or("no details"))),
    }
}

fn missing(reason: &str) -> Error {
    wrap(KeychainError::Missing { reason: sanitize::line(reason) })
}

fn refused(reason: &str) -> Error {
    wrap(KeychainError::Refused { reason: sanitize::line(reason) })
}

/// Wraps the typed error. `keyring_core` has no variants for most of these, so it travels inside its error, and the
/// keychain unwraps it.
fn wrap(error: KeychainError) -> Error {
    Error::PlatformFailure(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(error: Error) -> String {
        match error {
            Error::PlatformFailure(cause) => cause.downcast::<KeychainError>().unwrap().to_string(),
            error => format!("not wrapped: {error}"),
        }
    }

    #[test]
    fn a_required_prompt_means_a_locked_keychain() {
        assert_eq!(text(explain(CallError::Locked, "x", Duration::from_secs(5))), "the keychain is locked");
        assert_eq!(
            text(named_failure("org.freedesktop.Secret.Error.IsLocked", Some("Cannot get secret of a locked object"))),
            "the keychain is locked"
        );
    }

    #[test]
    fn an_entry_that_disappears_meanwhile_is_a_missing_entry() {
        assert!(matches!(named_failure("org.freedesktop.Secret.Error.NoSuchObject", None), Error::NoEntry));
    }

    #[test]
    fn messages_of_the_service_are_sanitized() {
        let error = named_failure("org.freedesktop.DBus.Error.Failed", Some("no\u{1b}[2J\nway"));
        assert_eq!(text(error), "the keychain refused: org.freedesktop.DBus.Error.Failed: no way");
    }

    #[test]
    fn the_store_supports_no_modifiers() {
        let store = SecretServiceStore::new(Duration::from_secs(5));
        let modifiers = HashMap::from([("target", "elsewhere")]);
        assert!(matches!(store.build("oauthctl", "x", Some(&modifiers)), Err(Error::NotSupportedByStore(_))));
        assert_eq!(
            store.build("oauthctl", "x", None).unwrap().get_specifiers(),
            Some(("oauthctl".to_owned(), "x".to_owned()))
        );
    }
}
