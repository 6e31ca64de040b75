//! Linux: the Secret Service on the user's session bus (freedesktop.org's Secret Service specification 0.2), as a store
//! for the `keyring` crate.
//!
//! `keyring` has a store of its own for it. Ours differs in three ways (measured against gnome-keyring 42.1):
//!
//! - It opens a *plain* session. The stock store first agrees on a key with 1024-bit Diffie-Hellman, and that is most
//!   of the work of reading a token: 7.5 ms for the whole process, against 2.9 ms. Every program that can listen on the
//!   user's own bus can also ask for the secrets that cross it unencrypted.
//! - It never prompts. The stock store unlocks what it finds, so `oauthctl token` in a script would open a window and
//!   wait forever. Here a locked keychain is an error that says so.
//! - It has a timeout for each call on the bus. A daemon that is stopped hangs the stock store for good.
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

use std::any::Any;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyring_core::api::{Credential, CredentialApi, CredentialStoreApi};
use keyring_core::{Entry, Error, Result};
use secret_service::EncryptionType;
use secret_service::blocking::{Item, SecretService};
use zbus::blocking::{Connection, connection};
use zbus::zvariant::OwnedObjectPath;
use zbus::{DBusError, fdo};

use crate::keychain::KeychainError;
use crate::protocol::sanitize;

/// The content type of the entries. KWallet shows and stores only text, and all that we store is JSON.
const CONTENT_TYPE: &str = "text/plain";

const UNKNOWN_METHOD: &str = "org.freedesktop.DBus.Error.UnknownMethod";

/// A builder of entries. They share one connection, which is opened when the first of them is used.
pub struct SecretServiceStore {
    bus: Arc<Bus>,
}

impl SecretServiceStore {
    /// Creates the store. `deadline` is for one call on the bus. An operation makes up to five calls.
    pub fn new(deadline: Duration) -> Self {
        Self { bus: Arc::new(Bus::new(deadline)) }
    }
}

impl CredentialStoreApi for SecretServiceStore {
    fn vendor(&self) -> String {
        "oauthctl".to_owned()
    }

    fn id(&self) -> String {
        "Secret Service, plain session, no prompts".to_owned()
    }

    fn build(&self, service: &str, user: &str, modifiers: Option<&HashMap<&str, &str>>) -> Result<Entry> {
        if modifiers.is_some_and(|modifiers| !modifiers.is_empty()) {
            return Err(Error::NotSupportedByStore("modifiers".to_owned()));
        }
        let specifier =
            Specifier { bus: Arc::clone(&self.bus), service: service.to_owned(), username: user.to_owned() };
        Ok(Entry::new_with_credential(Arc::new(specifier)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// One entry, looked up by its attributes on each call.
struct Specifier {
    bus: Arc<Bus>,
    service: String,
    username: String,
}

impl Specifier {
    fn attributes(&self) -> HashMap<&str, &str> {
        HashMap::from([("service", self.service.as_str()), ("username", self.username.as_str())])
    }

    fn find(&self) -> Result<Option<OwnedObjectPath>> {
        let (mut unlocked, locked) = self.bus.search(&self.attributes())?;
        match (unlocked.pop(), unlocked.len(), locked.len()) {
            (Some(item), 0, 0) => Ok(Some(item)),
            (None, _, 0) => Ok(None),
            (None, _, _) => Err(wrap(KeychainError::Locked)),
            (Some(_), _, _) => Err(wrap(KeychainError::Ambiguous { account: self.username.clone() })),
        }
    }

    /// Finds the entry and runs the work on it.
    fn with_item<T>(&self, work: impl FnOnce(&Item<'_>) -> std::result::Result<T, secret_service::Error>) -> Result<T> {
        let Some(path) = self.find()? else { return Err(self.absence()) };
        let service = self.bus.service()?;
        service.get_item_by_path(path).and_then(|item| work(&item)).map_err(|error| self.bus.failure(error))
    }

    /// Returns the error for an entry that was not found. A service may be unable to search locked collections, and
    /// "locked" must never pass for "not logged in".
    fn absence(&self) -> Error {
        let service = match self.bus.service() {
            Ok(service) => service,
            Err(error) => return error,
        };
        match service.get_default_collection().and_then(|collection| collection.is_locked()) {
            Ok(false) | Err(secret_service::Error::NoResult) => Error::NoEntry,
            Ok(true) => wrap(KeychainError::Locked),
            Err(error) => self.bus.failure(error),
        }
    }
}

impl CredentialApi for Specifier {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        let found = self.find()?;
        let service = self.bus.service()?;
        let done = match found {
            Some(path) => service.get_item_by_path(path).and_then(|item| item.set_secret(secret, CONTENT_TYPE)),
            None => service.get_default_collection().and_then(|collection| {
                // Checked first, because creating an entry in a locked collection starts a prompt.
                collection.ensure_unlocked()?;
                let label = format!("{}: {}", self.service, self.username);
                collection.create_item(&label, self.attributes(), secret, true, CONTENT_TYPE).map(drop)
            }),
        };
        done.map_err(|error| self.bus.failure(error))
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        self.with_item(|item| item.get_secret())
    }

    fn delete_credential(&self) -> Result<()> {
        self.with_item(|item| item.delete())
    }

    /// Returns `None`, which means: use the specifier itself.
    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        match self.find()? {
            Some(_) => Ok(None),
            None => Err(self.absence()),
        }
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some((self.service.clone(), self.username.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The session bus, and the session on it with the service.
struct Bus {
    deadline: Duration,
    connection: Mutex<Option<Connection>>,
    service: Mutex<Option<Arc<SecretService<'static>>>>,
}

/// The entries that a search found: unlocked ones, locked ones.
type SearchResult = (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>);

impl Bus {
    fn new(deadline: Duration) -> Self {
        Self { deadline, connection: Mutex::new(None), service: Mutex::new(None) }
    }

    fn connection(&self) -> Result<Connection> {
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*kept {
            return Ok(connection.clone());
        }
        let connection = connection::Builder::session()
            .and_then(|builder| builder.method_timeout(self.deadline).build())
            .map_err(|error| self.bus_failure(&error))?;
        *kept = Some(connection.clone());
        Ok(connection)
    }

    /// Calls the bus directly, because `SecretService` cannot search before it has opened a session.
    fn search(&self, attributes: &HashMap<&str, &str>) -> Result<SearchResult> {
        let connection = self.connection()?;
        let (name, path) = ("org.freedesktop.secrets", "/org/freedesktop/secrets");
        let interface = Some("org.freedesktop.Secret.Service");
        let ask = || connection.call_method(Some(name), path, interface, "SearchItems", &(attributes,));
        let answer = match ask() {
            Err(zbus::Error::MethodError(name, _, _)) if name.as_str() == UNKNOWN_METHOD => ask(),
            answer => answer,
        };
        answer.and_then(|answer| answer.body().deserialize()).map_err(|error| self.bus_failure(&error))
    }

    /// Opens the session. Must follow a search: the head of this file says why.
    fn service(&self) -> Result<Arc<SecretService<'static>>> {
        let mut kept = self.service.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(service) = &*kept {
            return Ok(Arc::clone(service));
        }
        let service = SecretService::connect_with_existing(EncryptionType::Plain, self.connection()?);
        let service = Arc::new(service.map_err(|error| self.failure(error))?);
        *kept = Some(Arc::clone(&service));
        Ok(service)
    }

    /// Translates an error. Keeps only names and details, never the body of a message, which may be a secret.
    fn failure(&self, error: secret_service::Error) -> Error {
        use secret_service::Error as Failure;
        match error {
            Failure::Locked | Failure::Prompt | Failure::PromptDisconnected => wrap(KeychainError::Locked),
            Failure::NoResult => missing("the Secret Service has no default collection"),
            Failure::Unavailable => missing("there is no D-Bus session bus"),
            Failure::Zbus(error) | Failure::ZbusFdo(fdo::Error::ZBus(error)) => self.bus_failure(&error),
            Failure::ZbusFdo(error) => named_failure(error.name().as_str(), error.description()),
            _ => refused("the Secret Service sent an unreadable reply"),
        }
    }

    fn bus_failure(&self, error: &zbus::Error) -> Error {
        match error {
            zbus::Error::InputOutput(cause) if cause.kind() == io::ErrorKind::TimedOut => {
                wrap(KeychainError::silent(self.deadline))
            }
            zbus::Error::InputOutput(cause) => {
                missing(&format!("the connection to the D-Bus session bus failed ({cause})"))
            }
            zbus::Error::Connection(cause, _) => missing(&format!("there is no D-Bus session bus ({cause})")),
            zbus::Error::Address(_) => missing("the address of the D-Bus session bus is malformed"),
            zbus::Error::Handshake(_) => missing("the D-Bus session bus rejected our authentication"),
            zbus::Error::MethodError(name, detail, _) => named_failure(name.as_str(), detail.as_deref()),
            zbus::Error::FDO(error) => named_failure(error.name().as_str(), error.description()),
            _ => refused("the D-Bus session bus sent an unreadable reply"),
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
        let bus = Bus::new(Duration::from_secs(5));
        for failure in [secret_service::Error::Locked, secret_service::Error::Prompt] {
            assert_eq!(text(bus.failure(failure)), "the keychain is locked");
        }
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
