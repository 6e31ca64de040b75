//! The lock of one login, held by one process at a time while it uses the refresh token.
//!
//! To a provider that rotates refresh tokens, two processes that use the same one look like a thief and a victim, and
//! it revokes the login. The lock has the scope of the login's store: for the OS keychain a file of the operating
//! system's user, for encrypted files one beside them. It is the operating system's lock on a file that is never
//! deleted. It ends with its process, however that ends, so nothing has to be guessed from process ids or times.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Journal, Profile};
use crate::keychain::StateFolder;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::system::account::{self, NoAccount};
use crate::system::private_file::{self, FileLock, PrivateDir, PrivateFileError};

/// The wait for another process. A refresh takes at most 30 s, which is the network timeout, plus the store's time.
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
            Self::NoAccount(_) => "use `--store file`, which keeps logins and their locks in its own folder".to_owned(),
            Self::File { source, .. } => {
                format!("{}; without the lock, two processes could use the same refresh token", source.hint())
            }
        })
    }
}

/// A held lock, released on drop.
#[derive(Debug)]
pub struct LoginLock {
    folder: Option<PathBuf>,
    profile: Profile,
    _file: Option<FileLock>,
}

impl LoginLock {
    /// Takes the lock, or returns `None` if another process still holds it after `patience`.
    pub fn take(profile: &Profile, folder: &StateFolder, patience: Duration) -> Result<Option<Self>, LockError> {
        let Some(folder) = path_of(folder)? else {
            return Ok(Some(Self { folder: None, profile: profile.clone(), _file: None }));
        };
        let failed = |source| LockError::File { path: shown(&folder), source };
        let dir = PrivateDir::create(&folder).map_err(failed)?;
        let lock = dir.lock(&format!("{profile}.lock"), patience).map_err(failed)?;
        Ok(lock.map(|lock| Self { folder: Some(folder), profile: profile.clone(), _file: Some(lock) }))
    }

    /// Deletes the file of a lock that nobody will ask for again.
    pub fn forget(profile: &Profile, folder: &StateFolder) {
        if let Ok(Some(folder)) = path_of(folder) {
            let _ = private_file::remove(&folder.join(format!("{profile}.lock")));
        }
    }

    /// Returns the login's journal, which only the holder of the lock touches, or `None` for a store that no other
    /// process sees.
    pub fn journal(&self) -> Option<Journal> {
        self.folder.as_ref().map(|folder| Journal::new(folder.clone(), &self.profile))
    }
}

/// Removes temporary files that ended processes left beside the locks.
pub fn sweep(folder: &StateFolder) -> Result<(), LockError> {
    // Without a home directory, nothing was ever written there.
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
    fn a_login_is_locked_by_one_process_at_a_time() {
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
    fn the_journal_is_beside_the_lock_and_named_after_the_login() {
        let home = TempDir::new().unwrap();
        let lock = take("mine", &StateFolder::At(home.path().to_owned())).unwrap();
        assert_eq!(lock.journal().unwrap().place(), home.path().join("mine.journal").to_str().unwrap());
    }

    #[test]
    fn a_store_of_one_process_needs_no_lock_and_no_journal() {
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
