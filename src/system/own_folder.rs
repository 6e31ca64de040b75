//! A private folder in the temporary directory that lasts as long as its process.
//!
//! The process holds a lock in it. So others can tell whether the process still runs, however it ended, and the next
//! process of its kind removes what a killed one left: see [`sweep`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entropy::{Entropy, NoEntropy, random};
use super::private_file::{self, FileLock, PrivateDir, PrivateFileError};

const LOCK: &str = "running.lock";

/// The attempts to make a folder. One fails only if another process takes it for an abandoned one, at the moment when
/// it is made.
const ATTEMPTS: usize = 5;

#[derive(Debug, thiserror::Error)]
pub enum OwnFolderError {
    #[error("`{path}` cannot be used")]
    Folder {
        path: String,
        #[source]
        source: PrivateFileError,
    },
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

/// A folder of this process. It is deleted when this is dropped.
pub struct OwnFolder {
    path: PathBuf,
    lock: Option<FileLock>,
}

impl OwnFolder {
    /// Creates a folder `PREFIX0123456789abcdef`.
    pub fn create(prefix: &str, entropy: &dyn Entropy) -> Result<Self, OwnFolderError> {
        let mut attempts = 0;
        loop {
            let number = u64::from_ne_bytes(random(entropy)?);
            let path = std::env::temp_dir().join(format!("{prefix}{number:016x}"));
            let shown = || crate::protocol::sanitize::line(&path.to_string_lossy());
            let failed = |source| OwnFolderError::Folder { path: shown(), source };
            let folder = PrivateDir::create(&path).map_err(failed)?;
            attempts += 1;
            match folder.lock(LOCK, Duration::ZERO) {
                // Another process may have removed it before it was locked.
                Ok(Some(lock)) if path.join(LOCK).exists() => return Ok(Self { path, lock: Some(lock) }),
                Ok(_) if attempts < ATTEMPTS => {}
                Ok(_) => return Err(failed(std::io::Error::other("another process removes it").into())),
                Err(source) if attempts == ATTEMPTS => return Err(failed(source)),
                Err(_) => {}
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        // Windows removes no open file.
        drop(self.lock.take());
        // As far as possible: what is left is removed by the next `sweep`.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Returns `true` if the process of this folder has ended. In doubt it has not.
pub fn is_abandoned(path: &Path) -> bool {
    private_file::is_free(&path.join(LOCK)).unwrap_or(false)
}

/// Deletes one folder whose process has ended. Any other is left alone: its path may come from an environment that somebody
/// wrote.
pub fn clear(path: &Path, prefix: &str) {
    drop(take(path, prefix));
}

/// Deletes the folders whose processes have ended. `look` is called with each one before.
pub fn sweep(prefix: &str, mut look: impl FnMut(&Path)) {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for folder in entries.filter_map(Result::ok).filter_map(|entry| take(&entry.path(), prefix)) {
        look(&folder.path);
    }
}

/// Takes over a folder of this kind whose process has ended.
fn take(path: &Path, prefix: &str) -> Option<OwnFolder> {
    let number = path.file_name()?.to_str()?.strip_prefix(prefix)?;
    // A folder without a lock is being made, and another user's is not ours to remove.
    if number.len() != 16 || !path.join(LOCK).exists() || !is_abandoned(path) {
        return None;
    }
    let lock = PrivateDir::create(path).and_then(|folder| folder.lock(LOCK, Duration::ZERO)).ok()??;
    Some(OwnFolder { path: path.to_owned(), lock: Some(lock) })
}

#[cfg(test)]
mod tests {
    use super::super::entropy::OsEntropy;
    use super::*;

    #[test]
    fn a_folder_lasts_as_long_as_its_process() {
        let prefix = "oauthctl-test-own-folder-";
        let folder = OwnFolder::create(prefix, &OsEntropy).unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir() && !is_abandoned(&path));
        sweep(prefix, |path| panic!("{} is in use", path.display()));
        drop(folder);
        assert!(!path.exists() && is_abandoned(&path));
    }

    #[test]
    fn only_a_folder_of_an_ended_process_is_cleared() {
        let prefix = "oauthctl-test-clear-folder-";
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("kept"), "").unwrap();
        let named = other.path().join(format!("{prefix}0123456789abcdef"));
        std::fs::create_dir(&named).unwrap();
        let running = OwnFolder::create(prefix, &OsEntropy).unwrap();
        for path in [other.path(), &named, running.path()] {
            clear(path, prefix);
            assert!(path.is_dir(), "{}", path.display());
        }
        let mut ended = OwnFolder::create(prefix, &OsEntropy).unwrap();
        let path = ended.path().to_owned();
        drop(ended.lock.take());
        std::mem::forget(ended);
        clear(&path, "another-prefix-");
        assert!(path.is_dir());
        clear(&path, prefix);
        assert!(!path.exists() && other.path().join("kept").is_file());
    }

    #[test]
    fn what_a_killed_process_left_is_swept() {
        let prefix = "oauthctl-test-left-folder-";
        let mut folder = OwnFolder::create(prefix, &OsEntropy).unwrap();
        let path = folder.path().to_owned();
        // As the system does at a process's end.
        drop(folder.lock.take());
        std::mem::forget(folder);
        let unfinished = std::env::temp_dir().join(format!("{prefix}0000000000000000"));
        std::fs::create_dir_all(&unfinished).unwrap();
        assert!(is_abandoned(&path));
        let mut seen = Vec::new();
        sweep(prefix, |path| seen.push(path.to_owned()));
        assert!(seen == [path.clone()] && !path.exists(), "{seen:?}");
        assert!(unfinished.is_dir(), "another process may be making it");
        std::fs::remove_dir(unfinished).unwrap();
    }
}
