//! The trait of a place that keeps secrets by name, and why one did not do its work.

use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::system::private_file::ExposedFolder;

/// Bytes that are wiped on drop.
pub type SecretBytes = Zeroizing<Vec<u8>>;

/// Keeps byte strings under account names such as `judgeme` or `app/judgeme`. Every method has a bound in time.
pub trait Keychain: Send + Sync {
    /// The secret, or `None` if there is none under that name. A locked or silent keychain is an error, never `None`.
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError>;

    /// Keeps a secret; replaces the one under the same name.
    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError>;

    /// Forgets a secret. `false` if there was none.
    fn delete(&self, account: &str) -> Result<bool, KeychainError>;

    /// What a person calls the place: `the OS keychain`.
    fn place(&self) -> String;

    /// Removes what ended processes have left on the way to an entry. An error if something cannot be removed.
    fn sweep(&self) -> Result<(), KeychainError> {
        Ok(())
    }

    /// Where processes that use the same entry meet: for its lock and its journal.
    fn state_folder(&self) -> StateFolder {
        StateFolder::OfAccount
    }
}

/// What is written under a made-up name to learn whether a keychain takes anything. No record is like it.
pub const PROBE: &[u8] = b"{}";

/// The made-up name.
pub fn probe_name(random: u64) -> String {
    format!("probe-{random:016x}")
}

/// Whether a name may be a probe's. A login may have such a name too.
pub fn is_probe(account: &str) -> bool {
    let random = account.strip_prefix("probe-");
    random.is_some_and(|random| u64::from_str_radix(random, 16).is_ok_and(|random| account == probe_name(random)))
}

/// A folder with the same scope as a keychain's entries: whoever reaches the entry comes to this folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateFolder {
    /// One folder for the user of the operating system, whatever the environment says: see `account.rs`.
    OfAccount,
    At(PathBuf),
    /// No other process sees the entries.
    Nowhere,
}

/// Why a keychain did not do its work. Nothing in here ever holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    #[error("there is no keychain to be reached: {reason}")]
    Missing { reason: String },
    #[error("the keychain is locked")]
    Locked,
    #[error("the keychain did not answer within {seconds} s")]
    Silent { seconds: u64 },
    #[error("the keychain refused: {reason}")]
    Refused { reason: String },
    #[error("the keychain holds more than one entry for `{account}`")]
    Ambiguous { account: String },
    #[error("the entry is larger than this keychain takes ({limit} bytes)")]
    TooLarge { limit: u32 },
    #[error("`{path}`: {problem}")]
    File { path: String, problem: FileProblem },
    #[error("`{name}` is not a key: it takes 32 bytes in base64")]
    BadKey { name: String },
    #[error("it is read and never written")]
    ReadOnly,
}

impl KeychainError {
    /// No answer came in time. Rounded up, so that a short deadline does not read as none.
    pub fn silent(deadline: Duration) -> Self {
        Self::Silent { seconds: deadline.as_millis().div_ceil(1000) as u64 }
    }
}

/// What is wrong with a file of the sealed store.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("it was changed, or sealed with another key")]
    NotOurs,
    #[error("it was made by a newer version of oauthctl")]
    Newer,
    #[error("it is not a private file of this user ({0})")]
    NotPrivate(&'static str),
    #[error(transparent)]
    Exposed(#[from] ExposedFolder),
    #[error("the key that opens it is gone")]
    KeyGone,
    #[error("the file that the keychain has the key for is gone")]
    FileGone,
}
