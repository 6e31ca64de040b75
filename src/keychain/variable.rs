//! The store of a login whose token is in the environment.

use super::{Keychain, KeychainError, SecretBytes};

/// A read-only store without records: the token is in `OAUTHCTL_TOKEN`.
pub struct VariableKeychain;

impl Keychain for VariableKeychain {
    fn get(&self, _: &str) -> Result<Option<SecretBytes>, KeychainError> {
        Ok(None)
    }

    fn set(&self, _: &str, _: &[u8]) -> Result<(), KeychainError> {
        Err(KeychainError::ReadOnly)
    }

    fn delete(&self, _: &str) -> Result<bool, KeychainError> {
        Err(KeychainError::ReadOnly)
    }

    fn place(&self) -> String {
        "the variable OAUTHCTL_TOKEN".to_owned()
    }
}
