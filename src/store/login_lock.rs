//! The right to change one login: held by one process at a time, for as long as it spends a refresh token.
//!
//! Two that spend the same one look like a thief and a victim to a provider that rotates, which then revokes the login.
//! So the lock has the scope of the login's own store: for the OS keychain a file of the operating system's user, for
//! sealed files one beside them. It is the system's lock on a file that is never deleted: it ends with its process,
//! however that ends, and there is no telling who is alive by numbers and times.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Journal, Profile};
use crate::protocol::sanitize;
use crate::system::account::{self, NoAccount};
use crate::system::keychain::StateFolder;
use crate::system::private_file::{FileLock, PrivateDir, PrivateFileError};

/// How long to wait for another process. A refresh ends after 30 s, which is the network's limit, and the store's time.
pub const PATIENCE: Duration = Duration::from_secs(35);

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(transparent)]
    NoAccount(#[from] NoAccount),
    #[error("`{path}` cannot be used")]
    File {
        path: String,
        #[source]
        source: PrivateFileError,
    },
}

/// Lets go when it is dropped.
#[derive(Debug)]
pub struct LoginLock {
    folder: Option<PathBuf>,
    profile: Profile,
    _file: Option<FileLock>,
}

impl LoginLock {
    /// `None` if another process still has it after `patience`.
    pub fn take(profile: &Profile, folder: &StateFolder, patience: Duration) -> Result<Option<Self>, LockError> {
        let folder = match folder {
            StateFolder::Nowhere => return Ok(Some(Self { folder: None, profile: profile.clone(), _file: None })),
            StateFolder::At(folder) => folder.clone(),
            StateFolder::OfAccount => account::state_folder()?,
        };
        let failed = |source| LockError::File { path: shown(&folder), source };
        let dir = PrivateDir::create(&folder).map_err(failed)?;
        let lock = dir.lock(&format!("{profile}.lock"), patience).map_err(failed)?;
        Ok(lock.map(|lock| Self { folder: Some(folder), profile: profile.clone(), _file: Some(lock) }))
    }

    /// The login's journal, which only the holder of the lock touches. `None` for a store that no other process sees.
    pub fn journal(&self) -> Option<Journal> {
        self.folder.as_ref().map(|folder| Journal::new(folder.clone(), &self.profile))
    }
}

fn shown(path: &Path) -> String {
    sanitize::line(&path.to_string_lossy())
}
