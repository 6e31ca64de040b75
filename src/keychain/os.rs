//! The operating system's keychain: the Keychain on macOS, the Credential Manager on Windows, the Secret Service on
//! Linux.
//!
//! All three are used through the `keyring` crate's `Entry`. On macOS and Windows the store below it is `keyring`'s
//! own; on Linux it is ours, and `secret_service.rs` says why. Nothing is registered as the process's default store, so
//! that two keychains with different deadlines can live side by side.
//!
//! Every call runs on a thread of its own and is waited for until the deadline, and no longer: connecting to the bus
//! has no timeout to be set, and neither have the calls into macOS and Windows. A thread that hangs is left behind; it
//! holds nothing that the end of the process would wait for.
//!
//! Secrets are stored as bytes, not as passwords: on Windows a password becomes UTF-16, which halves the room.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use keyring::{Entry, Error};

use crate::keychain::{Keychain, KeychainError, SecretBytes};
use crate::protocol::sanitize;
use crate::system::process::in_background;

/// The name under which all our entries stand, the same in every version: a changed name would orphan every login. It
/// has no dot, because Windows joins account and service with one.
const SERVICE: &str = "oauthctl";

/// How long we wait for an answer. A healthy Secret Service takes milliseconds, also when the bus has to start it
/// first, and nobody is asked for a password here: five seconds mean that it hangs.
#[cfg(not(target_os = "macos"))]
const DEADLINE: Duration = Duration::from_secs(5);

/// How long we wait for an answer. macOS itself asks the user whether this program may read the entry, and a person
/// needs the time to read that and to type a password.
#[cfg(target_os = "macos")]
const DEADLINE: Duration = Duration::from_secs(60);

pub struct OsKeychain {
    deadline: Duration,
    store: Arc<platform::Store>,
}

impl OsKeychain {
    /// Opens nothing yet; the first call does.
    pub fn new() -> Self {
        Self::with_deadline(DEADLINE)
    }

    pub fn with_deadline(deadline: Duration) -> Self {
        Self { deadline, store: Arc::new(platform::store(deadline)) }
    }

    /// Does the work on a thread of its own and waits for it until the deadline. What was begun may still be done after
    /// that: a `set` that was not answered in time has happened, or not, or will.
    fn ask<T: Send + 'static>(
        &self,
        account: &str,
        work: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<Option<T>, KeychainError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let store = Arc::clone(&self.store);
        let name = account.to_owned();
        let asked = in_background("keychain", move || {
            let result = platform::entry(&store, &name).and_then(|entry| work(&entry));
            // Nobody listens any more when the deadline has passed.
            let _ = answer.send(result);
        });
        if let Err(error) = asked {
            return Err(KeychainError::Refused { reason: format!("no thread to ask it on ({error})") });
        }
        match answered.recv_timeout(self.deadline) {
            Ok(Ok(value)) => Ok(Some(value)),
            Ok(Err(Error::NoEntry)) => Ok(None),
            Ok(Err(error)) => Err(explain(account, error)),
            Err(RecvTimeoutError::Timeout) => Err(KeychainError::silent(self.deadline)),
            Err(RecvTimeoutError::Disconnected) => {
                Err(KeychainError::Refused { reason: "the call ended without an answer".to_owned() })
            }
        }
    }
}

impl Default for OsKeychain {
    fn default() -> Self {
        Self::new()
    }
}

impl Keychain for OsKeychain {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        self.ask(account, |entry| entry.get_secret().map(SecretBytes::new))
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let secret = SecretBytes::new(secret.to_vec());
        match self.ask(account, move |entry| entry.set_secret(&secret))? {
            Some(()) => Ok(()),
            None => Err(KeychainError::Refused { reason: "the entry vanished while it was written".to_owned() }),
        }
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        Ok(self.ask(account, |entry| entry.delete_credential())?.is_some())
    }

    fn place(&self) -> String {
        "the OS keychain".to_owned()
    }
}

/// Says in our words what `keyring` reports. Its `Debug` output is never used, nor the `Display` of a variant that
/// carries the entry's bytes or a list of entries.
fn explain(account: &str, error: Error) -> KeychainError {
    match error {
        Error::PlatformFailure(cause) => match cause.downcast::<KeychainError>() {
            Ok(ours) => *ours,
            Err(cause) => refused(&cause.to_string()),
        },
        Error::NoStorageAccess(cause) => KeychainError::Missing { reason: sanitize::line(&cause.to_string()) },
        Error::NoDefaultStore => KeychainError::Missing { reason: "the keychain could not be opened".to_owned() },
        Error::Ambiguous(_) => KeychainError::Ambiguous { account: account.to_owned() },
        Error::TooLong(_, limit) => KeychainError::TooLarge { limit },
        Error::Invalid(what, why) => refused(&format!("{what}: {why}")),
        Error::NotSupportedByStore(what) => refused(&what),
        Error::NoEntry => refused("there is no such entry"),
        // `Error` may grow; what we do not know may carry a secret.
        _ => refused("the entry is not in a form that can be read"),
    }
}

fn refused(reason: &str) -> KeychainError {
    KeychainError::Refused { reason: sanitize::line(reason) }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::time::Duration;

    use keyring::{Entry, Error};
    use keyring_core::api::CredentialStoreApi;

    pub use crate::keychain::secret_service::SecretServiceStore as Store;

    pub fn store(deadline: Duration) -> Store {
        Store::new(deadline)
    }

    pub fn entry(store: &Store, account: &str) -> Result<Entry, Error> {
        Ok(Entry { inner: store.build(super::SERVICE, account, None)? })
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::time::Duration;

    use keyring::{Entry, Error};

    /// `keyring` keeps the store itself.
    pub struct Store;

    pub fn store(_: Duration) -> Store {
        Store
    }

    #[cfg(not(windows))]
    pub fn entry(_: &Store, account: &str) -> Result<Entry, Error> {
        Entry::new(super::SERVICE, account)
    }

    /// Kept on this machine: by default the entry would roam with the user's profile to every machine of the domain.
    #[cfg(windows)]
    pub fn entry(_: &Store, account: &str) -> Result<Entry, Error> {
        // The first question makes the store; without one there is no entry with modifiers.
        if Entry::store_status().is_err() {
            return Err(Error::NoDefaultStore);
        }
        let modifiers = std::collections::HashMap::from([("persistence", "Local")]);
        let inner = keyring_core::Entry::new_with_modifiers(super::SERVICE, account, &modifiers)?;
        Ok(Entry { inner })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_explanation_shows_the_entry() {
        let secret = b"canary-7f3a".to_vec();
        let cause: keyring_core::error::PlatformError = "bad block".into();
        for error in [Error::BadEncoding(secret.clone()), Error::BadDataFormat(secret, cause)] {
            let error = explain("acme", error);
            assert_eq!(error.to_string(), "the keychain refused: the entry is not in a form that can be read");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn what_does_not_fit_says_how_much_would() {
        let error = explain("acme", Error::TooLong("secret".to_owned(), 2560));
        assert!(matches!(error, KeychainError::TooLarge { limit: 2560 }), "{error}");
    }

    #[test]
    fn a_typed_error_of_our_store_comes_out_as_it_went_in() {
        let error = explain("acme", Error::PlatformFailure(Box::new(KeychainError::Locked)));
        assert!(matches!(error, KeychainError::Locked), "{error}");
    }

    #[test]
    fn work_that_never_ends_is_left_behind_at_the_deadline() {
        let keychain = OsKeychain::with_deadline(Duration::from_millis(20));
        let (_keep, never) = mpsc::channel::<()>();
        let result = keychain.ask("acme", move |_| {
            let _ = never.recv();
            Ok(())
        });
        assert!(matches!(result, Err(KeychainError::Silent { seconds: 1 })), "{result:?}");
    }

    #[test]
    fn work_that_panics_is_an_error() {
        let keychain = OsKeychain::new();
        let result = keychain.ask::<()>("acme", |_| panic!("made up"));
        assert!(matches!(result, Err(KeychainError::Refused { .. })), "{result:?}");
    }
}
