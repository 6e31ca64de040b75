//! The trait of a place that keeps secrets by name, and its errors.

use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::system::private_file::ExposedFolder;

/// Bytes that are wiped on drop.
pub type SecretBytes = Zeroizing<Vec<u8>>;

/// A store of byte strings under account names such as `judgeme` or `app/judgeme`. Every method returns within a
/// bounded time.
pub trait Keychain: Send + Sync {
    /// Returns the secret, or `None` if none has that name. A locked or silent keychain is an error, never `None`.
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError>;

    /// Stores a secret. Replaces an existing one of the same name.
    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError>;

    /// Deletes a secret. Returns `false` if there was none.
    fn delete(&self, account: &str) -> Result<bool, KeychainError>;

    /// Returns the name of the place for people: `the OS keychain`.
    fn place(&self) -> String;

    /// Removes the leftovers of interrupted writes. Returns an error if one cannot be removed.
    fn sweep(&self) -> Result<(), KeychainError> {
        Ok(())
    }

    /// Returns `true` if it can take an entry without making a key or a folder of its own first.
    fn is_set_up(&self) -> Result<bool, KeychainError> {
        Ok(true)
    }

    /// Returns the folder that all processes with access to the same entry share. It holds the lock and the journal.
    fn state_folder(&self) -> StateFolder {
        StateFolder::OfAccount
    }
}

/// The value that is written under a made-up name to test whether a keychain accepts entries. No record equals it.
pub const PROBE: &[u8] = b"{}";

/// Returns the record of a round trip: as long as the longest real ones (a JWT, a refresh token and the masked reply).
/// It is the same each time, so that one which a killed process left is recognized.
pub fn test_record() -> Vec<u8> {
    const LENGTH: usize = 6 * 1024;
    const HEAD: &[u8] = br#"{"oauthctl":"a test record, which may be deleted","filling":""#;
    const TAIL: &[u8] = br#""}"#;
    let filling = b"0123456789abcdef".iter().copied().cycle().take(LENGTH - HEAD.len() - TAIL.len());
    HEAD.iter().copied().chain(filling).chain(TAIL.iter().copied()).collect()
}

/// Returns true if a record is a made-up one.
pub fn is_made_up(record: &[u8]) -> bool {
    record == PROBE || record == test_record()
}

/// Returns the made-up name.
pub fn probe_name(random: u64) -> String {
    format!("probe-{random:016x}")
}

/// Returns true if a name may be a probe's. A login may have such a name too.
pub fn is_probe(account: &str) -> bool {
    let random = account.strip_prefix("probe-");
    random.is_some_and(|random| u64::from_str_radix(random, 16).is_ok_and(|random| account == probe_name(random)))
}

/// A folder with the same scope as a keychain's entries. Every process that reaches the entry also uses this folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateFolder {
    /// One folder per operating system user, independent of the environment: see `account.rs`.
    OfAccount,
    At(PathBuf),
    /// No other process sees the entries.
    Nowhere,
}

/// A failed keychain operation. No field ever holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    #[error("no keychain is available: {reason}")]
    Missing { reason: String },
    #[error("the keychain is locked")]
    Locked,
    #[error("the keychain did not answer within {seconds} s")]
    Silent { seconds: u64 },
    #[error("the keychain refused: {reason}")]
    Refused { reason: String },
    #[error("the keychain holds more than one entry for `{account}`")]
    Ambiguous { account: String },
    #[error("the entry exceeds this keychain's limit of {limit} bytes")]
    TooLarge { limit: u32 },
    #[error("`{path}`: {problem}")]
    File { path: String, problem: FileProblem },
    #[error("`{name}` is not a valid key: it must be 32 bytes in base64")]
    BadKey { name: String },
    #[error("it is read-only")]
    ReadOnly,
}

impl KeychainError {
    /// Creates the error for a missing answer. The deadline is rounded up, so that a short one does not read as 0 s.
    pub fn silent(deadline: Duration) -> Self {
        Self::Silent { seconds: deadline.as_millis().div_ceil(1000) as u64 }
    }
}

/// A problem with a file of the encrypted store.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("it was changed, or encrypted with another key")]
    NotOurs,
    #[error("it was written by a newer version of oauthctl")]
    Newer,
    #[error("it is not a private file of this user ({0})")]
    NotPrivate(&'static str),
    #[error(transparent)]
    Exposed(#[from] ExposedFolder),
    #[error("its encryption key is missing")]
    KeyGone,
    #[error("the keychain has the key, but the encrypted file is missing")]
    FileGone,
}
