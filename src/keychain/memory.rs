//! A store that lasts as long as the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Keychain, KeychainError, SecretBytes, StateFolder};

/// Secrets by account name. They are gone when the process ends.
#[derive(Default)]
pub struct MemoryKeychain(Mutex<BTreeMap<String, SecretBytes>>);

impl MemoryKeychain {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, SecretBytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keychain for MemoryKeychain {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        Ok(self.entries().get(account).cloned())
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        self.entries().insert(account.to_owned(), SecretBytes::new(secret.to_vec()));
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        Ok(self.entries().remove(account).is_some())
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn state_folder(&self) -> StateFolder {
        StateFolder::Nowhere
    }
}
