//! The operating system's keychain: the Keychain on macOS, the Credential Manager on Windows, the Secret Service on
//! Linux.
//!
//! All three are used through the `keyring` crate's `Entry`. On macOS and Windows the store below it is `keyring`'s
//! own. On Linux it is ours, and `secret_service.rs` says why. No default store is registered for the process, so two
//! keychains with different deadlines can coexist.
//!
//! On macOS and Windows every call runs on a thread of its own, and we wait for it only until the deadline: their calls
//! have no timeout setting. A thread that hangs is left behind. It holds nothing that would delay the end of the process.
//! On Linux the store itself keeps the deadline, and a call is a call.
//!
//! Secrets are stored as bytes, not as passwords: on Windows a password becomes UTF-16, which halves the capacity.

use std::time::Duration;

use keyring::{Entry, Error};

use crate::keychain::{Keychain, KeychainError, SecretBytes};
use crate::protocol::sanitize;

/// The service name of all our entries. It is the same in every version: a changed name would orphan every login. It
/// has no dot, because Windows joins account and service with a dot.
const SERVICE: &str = "oauthctl";

/// How long we wait for an answer. A healthy Secret Service takes milliseconds, even when the bus has to start it
/// first, and there is no password prompt here. After five seconds it hangs.
#[cfg(not(target_os = "macos"))]
const DEADLINE: Duration = Duration::from_secs(5);

/// How long we wait for an answer. macOS itself asks the user whether this program may read the entry. Reading that
/// and typing a password takes time.
#[cfg(target_os = "macos")]
const DEADLINE: Duration = Duration::from_secs(60);

pub struct OsKeychain {
    deadline: Duration,
    store: platform::Store,
}

impl OsKeychain {
    /// Creates the keychain. The first call opens it.
    pub fn new() -> Self {
        Self::with_deadline(DEADLINE)
    }

    pub fn with_deadline(deadline: Duration) -> Self {
        Self { deadline, store: platform::store(deadline) }
    }

    /// Does the work within the deadline. The work may still finish after that: a `set` that was not answered in time may
    /// have taken effect, may do so later, or never.
    fn ask<T: Send + 'static>(
        &self,
        account: &str,
        work: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> Result<Option<T>, KeychainError> {
        match platform::ask(&self.store, account, work, self.deadline)? {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(account, error)),
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
            None => {
                Err(KeychainError::Refused { reason: "the entry disappeared while it was being written".to_owned() })
            }
        }
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        Ok(self.ask(account, |entry| entry.delete_credential())?.is_some())
    }

    fn place(&self) -> String {
        "the OS keychain".to_owned()
    }
}

/// Translates an error of `keyring`. Never uses its `Debug` output, nor the `Display` of a variant that carries the
/// entry's bytes or a list of entries.
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
        // `Error` may grow, and an unknown variant may carry a secret.
        _ => refused("the entry cannot be read"),
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

    use crate::keychain::KeychainError;
    pub use crate::keychain::secret_service::SecretServiceStore as Store;

    pub fn store(deadline: Duration) -> Store {
        Store::new(deadline)
    }

    pub fn ask<T>(
        store: &Store,
        account: &str,
        work: impl FnOnce(&Entry) -> Result<T, Error>,
        _: Duration,
    ) -> Result<Result<T, Error>, KeychainError> {
        Ok(store.build(super::SERVICE, account, None).and_then(|inner| work(&Entry { inner })))
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::time::Duration;

    use keyring::{Entry, Error};

    use crate::keychain::KeychainError;
    use crate::system::process::in_background;
    use crate::system::waiting::{self, Knows};

    /// A placeholder: `keyring` keeps the store itself.
    pub struct Store;

    pub fn store(_: Duration) -> Store {
        Store
    }

    /// Runs the work on a thread of its own and waits until the deadline.
    pub fn ask<T: Send + 'static>(
        _: &Store,
        account: &str,
        work: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
        deadline: Duration,
    ) -> Result<Result<T, Error>, KeychainError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let name = account.to_owned();
        let asked = in_background("keychain", move || {
            // After the deadline, the receiver is gone.
            let _ = answer.send(entry(&name).and_then(|entry| work(&entry)));
        });
        asked.map_err(|error| super::refused(&format!("no thread could be started for the call ({error})")))?;
        // It may ask for its password first.
        let _wait = waiting::begin(Knows::Request, || "Waiting for the keychain".to_owned());
        answered.recv_timeout(deadline).map_err(|error| match error {
            RecvTimeoutError::Timeout => KeychainError::silent(deadline),
            RecvTimeoutError::Disconnected => super::refused("the call ended without an answer"),
        })
    }

    #[cfg(not(windows))]
    fn entry(account: &str) -> Result<Entry, Error> {
        Entry::new(super::SERVICE, account)
    }

    /// Creates an entry for this machine only. By default it would roam with the user's profile through the domain.
    #[cfg(windows)]
    fn entry(account: &str) -> Result<Entry, Error> {
        // The first call creates the store. Without it, no entry can have modifiers.
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
            assert_eq!(error.to_string(), "the keychain refused: the entry cannot be read");
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    #[test]
    fn an_entry_that_is_too_large_names_the_limit() {
        let error = explain("acme", Error::TooLong("secret".to_owned(), 2560));
        assert!(matches!(error, KeychainError::TooLarge { limit: 2560 }), "{error}");
    }

    #[test]
    fn a_typed_error_of_our_store_is_passed_on_unchanged() {
        let error = explain("acme", Error::PlatformFailure(Box::new(KeychainError::Locked)));
        assert!(matches!(error, KeychainError::Locked), "{error}");
    }

    #[test]
    #[cfg(not(target_os = "linux"))]
    fn work_that_hangs_is_abandoned_at_the_deadline() {
        let keychain = OsKeychain::with_deadline(Duration::from_millis(20));
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        let result = keychain.ask("acme", move |_| {
            let _ = never.recv();
            Ok(())
        });
        assert!(matches!(result, Err(KeychainError::Silent { seconds: 1 })), "{result:?}");
    }

    #[test]
    #[cfg(not(target_os = "linux"))]
    fn work_that_panics_is_an_error() {
        let keychain = OsKeychain::new();
        let result = keychain.ask::<()>("acme", |_| panic!("made up"));
        assert!(matches!(result, Err(KeychainError::Refused { .. })), "{result:?}");
    }
}
