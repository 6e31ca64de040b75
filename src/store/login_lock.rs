//! The right to change one login: held by one process at a time, for as long as it spends a refresh token.
//!
//! Two that spend the same one look like a thief and a victim to a provider that rotates, which then revokes the login.
//! So the lock has the scope of the login's own store: for the OS keychain a file of the operating system's user, for
//! sealed files one beside them. It is the system's lock on a file that is never deleted: it ends with its process,
//! however that ends, and there is no telling who is alive by numbers and times.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Journal, Profile};
use crate::keychain::StateFolder;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::system::account::{self, NoAccount};
use crate::system::private_file::{self, FileLock, PrivateDir, PrivateFileError};

/// How long to wait for another process. A refresh ends after 30 s, which is the network's limit, and the store's time.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(35);

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

impl Advice for LockError {
    fn next_step(&self) -> NextStep {
        ExitCode::Store.hint(match self {
            Self::NoAccount(_) => "`--store file` keeps logins, and their locks, in a folder of its own".to_owned(),
            Self::File { source, .. } => {
                format!("{}: two processes could spend one refresh token without the lock", source.hint())
            }
        })
    }
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
        let Some(folder) = path_of(folder)? else {
            return Ok(Some(Self { folder: None, profile: profile.clone(), _file: None }));
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

/// Removes what ended processes have left beside the locks.
pub fn sweep(folder: &StateFolder) -> Result<(), LockError> {
    // Without a home nothing was ever written there.
    let Ok(Some(folder)) = path_of(folder) else { return Ok(()) };
    private_file::sweep(&folder).map_err(|source| LockError::File { path: shown(&folder), source })
}

fn path_of(folder: &StateFolder) -> Result<Option<PathBuf>, NoAccount> {
    match folder {
        StateFolder::Nowhere => Ok(None),
        StateFolder::At(folder) => Ok(Some(folder.clone())),
        StateFolder::OfAccount => account::state_folder().map(Some),
    }
}

fn shown(path: &Path) -> String {
    sanitize::line(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn take(profile: &str, folder: &StateFolder) -> Option<LoginLock> {
        LoginLock::take(&profile.parse().unwrap(), folder, Duration::ZERO).unwrap()
    }

    #[test]
    fn one_login_is_changed_by_one_at_a_time() {
        let home = TempDir::new().unwrap();
        let folder = StateFolder::At(home.path().join("state"));
        let mine = take("mine", &folder).unwrap();
        assert!(take("mine", &folder).is_none());
        assert!(take("yours", &folder).is_some(), "another login has another lock");
        let elsewhere = StateFolder::At(home.path().join("elsewhere"));
        assert!(take("mine", &elsewhere).is_some(), "another store has another login of this name");
        drop(mine);
        assert!(take("mine", &folder).is_some());
    }

    #[test]
    fn the_journal_lies_beside_the_lock_and_has_its_logins_name() {
        let home = TempDir::new().unwrap();
        let lock = take("mine", &StateFolder::At(home.path().to_owned())).unwrap();
        assert_eq!(lock.journal().unwrap().place(), home.path().join("mine.journal").to_str().unwrap());
    }

    #[test]
    fn what_no_other_process_sees_needs_no_lock_and_no_journal() {
        let (first, second) = (take("mine", &StateFolder::Nowhere), take("mine", &StateFolder::Nowhere));
        assert!(first.unwrap().journal().is_none() && second.unwrap().journal().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_used_is_named_on_one_clean_line() {
        let home = TempDir::new().unwrap();
        let path = home.path().join("a\u{1b}[2Jb");
        std::fs::write(&path, "").unwrap();
        let failure = LoginLock::take(&"mine".parse().unwrap(), &StateFolder::At(path), Duration::ZERO);
        let Err(LockError::File { path, .. }) = failure else { panic!("{failure:?}") };
        assert!(path.starts_with(home.path().to_str().unwrap()) && path.ends_with('b'), "{path:?}");
        assert!(!path.contains(char::is_control), "{path:?}");
    }
}
