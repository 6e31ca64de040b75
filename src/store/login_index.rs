//! The list of logins: their names, the store of each, and the current one. It contains no secrets. It exists because
//! keychains cannot be listed on every platform, and because a command must not open the keychain to learn that there
//! is no login.
//!
//! One small JSON file, replaced atomically, changed under a lock. A command asks for it several times, and reads it again
//! only if it is another file by then: that is one call of the system in place of two dozen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::pending_login::PendingEntry;
use super::record::{self, NotARecord, VERSION};
use super::store_kind::StoreKind;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::system::private_file::{self, FileStamp, PrivateDir, PrivateFileError};
use crate::system::shell;

/// The largest index. A login takes about a hundred bytes.
const MAX_INDEX: u64 = 1024 * 1024;

/// The wait for other processes that change the index. Each takes a millisecond, or up to two seconds on Windows if
/// another process holds the file. Sixty at once on a busy machine took more than five seconds.
const INDEX_LOCK_TIMEOUT: Duration = Duration::from_secs(35);

const FILE: &str = "logins.json";
const LOCK: &str = "logins.lock";

#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("`{path}` cannot be used")]
    File {
        path: String,
        #[source]
        source: PrivateFileError,
    },
    #[error("`{path}` is damaged")]
    Damaged {
        path: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("another process has held its lock too long")]
    Busy,
    #[error("`{path}` was written by a newer version of oauthctl (format {version})")]
    Newer { path: String, version: u64 },
}

impl Advice for IndexError {
    fn next_step(&self) -> NextStep {
        ExitCode::Store.hint(match self {
            Self::File { source, .. } => format!("{}; it lists the logins and contains no secrets", source.hint()),
            Self::Damaged { path, .. } => format!(
                "run `{}` to set it aside; the logins are still in their store, under the profile's name",
                shell::rename(path, &format!("{path}.damaged"))
            ),
            Self::Busy => "try again when it is done, or end that process if it hangs".to_owned(),
            Self::Newer { .. } => "upgrade oauthctl".to_owned(),
        })
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginIndex {
    version: u64,
    /// The profile that commands use by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    #[serde(default)]
    pub logins: BTreeMap<String, LoginEntry>,
    /// Registrations, by the text of their `ClientKey`.
    #[serde(default)]
    pub apps: BTreeMap<String, AppEntry>,
    /// Providers that have returned the `state` of a login: an answer of theirs without it is not to be accepted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub returned_state: BTreeSet<String>,
    /// Logins that wait for another process, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, PendingEntry>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginEntry {
    pub provider: String,
    pub store: StoreKind,
    /// The parameters of the provider's URLs, for a token that has no record: the environment's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Its removal has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ending: bool,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl LoginEntry {
    pub fn new(provider: String, store: StoreKind, params: BTreeMap<String, String>) -> Self {
        Self { provider, store, params, ending: false, unknown: Map::new() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppEntry {
    pub store: StoreKind,
    /// Its removal has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ending: bool,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl AppEntry {
    pub fn new(store: StoreKind) -> Self {
        Self { store, ending: false, unknown: Map::new() }
    }
}

impl Default for LoginIndex {
    fn default() -> Self {
        Self {
            version: VERSION,
            current: None,
            logins: BTreeMap::new(),
            apps: BTreeMap::new(),
            returned_state: BTreeSet::new(),
            pending: BTreeMap::new(),
            unknown: Map::new(),
        }
    }
}

/// The file of the index.
#[derive(Clone, Debug)]
pub struct IndexFile {
    dir: PathBuf,
    /// What was read last, and from which file.
    last: Arc<Mutex<Option<(FileStamp, LoginIndex)>>>,
}

impl IndexFile {
    pub fn new(data: PathBuf) -> Self {
        Self { dir: data, last: Arc::default() }
    }

    /// Reads the index. Without a file it is empty.
    pub fn read(&self) -> Result<LoginIndex, IndexError> {
        Ok(self.read_if_there()?.unwrap_or_default())
    }

    /// Reads the index, or returns `None` without a file. The file is never deleted, not even with the last login, so
    /// `None` does not mean that a login was removed.
    pub fn read_if_there(&self) -> Result<Option<LoginIndex>, IndexError> {
        let path = self.dir.join(FILE);
        // Taken before the file is opened: if it is replaced in between, the next stamp differs, and it is read again.
        let stamp = FileStamp::of(&path);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(stamp), Some((of_last, index))) = (&stamp, &*last)
            && stamp == of_last
        {
            return Ok(Some(index.clone()));
        }
        let bytes = private_file::read(&path, MAX_INDEX).map_err(|e| self.failed(e))?;
        let decoded = bytes.map(|bytes| record::decode::<LoginIndex>(&bytes)).transpose();
        let index = decoded.map_err(|problem| match problem {
            NotARecord::Damaged(source) => IndexError::Damaged { path: self.place(), source },
            NotARecord::Newer(version) => IndexError::Newer { path: self.place(), version },
        })?;
        *last = stamp.zip(index.clone());
        Ok(index)
    }

    /// Changes the index under its lock.
    pub fn change(&self, change: impl FnOnce(&mut LoginIndex)) -> Result<(), IndexError> {
        let dir = PrivateDir::create(&self.dir).map_err(|e| self.failed(e))?;
        let _lock = dir.lock(LOCK, INDEX_LOCK_TIMEOUT).map_err(|e| self.failed(e))?.ok_or(IndexError::Busy)?;
        let mut index = self.read()?;
        change(&mut index);
        dir.write(FILE, &record::encode(&index)).map_err(|e| self.failed(e))
    }

    /// Removes temporary files that ended processes left beside it.
    pub fn sweep(&self) -> Result<(), IndexError> {
        private_file::sweep(&self.dir).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: PrivateFileError) -> IndexError {
        IndexError::File { path: self.place(), source }
    }

    fn place(&self) -> String {
        crate::protocol::sanitize::line(&self.dir.join(FILE).to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn list(profile: &str, store: StoreKind) -> impl FnOnce(&mut LoginIndex) {
        let entry = LoginEntry::new("judgeme".into(), store, BTreeMap::new());
        let profile = profile.to_owned();
        move |index| drop(index.logins.insert(profile, entry))
    }

    #[test]
    fn reading_a_list_that_does_not_exist_creates_nothing() {
        let home = TempDir::new().unwrap();
        let file = IndexFile::new(home.path().join("data"));
        let index = file.read().unwrap();
        assert!(index.current.is_none() && index.logins.is_empty() && index.apps.is_empty());
        assert!(!home.path().join("data").exists());
        file.change(list("mine", StoreKind::File)).unwrap();
        assert_eq!(file.read().unwrap().logins["mine"].store, StoreKind::File);
    }

    #[test]
    fn a_change_keeps_what_a_newer_program_wrote() {
        let home = TempDir::new().unwrap();
        let file = IndexFile::new(home.path().to_owned());
        file.change(list("mine", StoreKind::Keychain)).unwrap();
        let path = home.path().join(FILE);
        let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        value["seen"] = 7.into();
        value["logins"]["mine"]["color"] = "green".into();
        value["apps"]["judgeme"] = serde_json::json!({"store": "file", "since": 1});
        fs::write(&path, value.to_string()).unwrap();
        file.change(|index| index.current = Some("mine".into())).unwrap();
        value["current"] = "mine".into();
        assert_eq!(serde_json::from_slice::<Value>(&fs::read(&path).unwrap()).unwrap(), value);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_named_and_left_as_it_is() {
        let home = TempDir::new().unwrap();
        let (file, path) = (IndexFile::new(home.path().to_owned()), home.path().join(FILE));
        file.change(|_| ()).unwrap();
        for (bytes, version) in [("", None), ("[]", None), ("{\"version\":1,", None), ("{\"version\":3}", Some(3))] {
            fs::write(&path, bytes).unwrap();
            for failure in [file.read().err(), file.change(|_| ()).err()] {
                let (place, found) = match failure {
                    Some(IndexError::Damaged { path, .. }) => (path, None),
                    Some(IndexError::Newer { path, version }) => (path, Some(version)),
                    other => panic!("{bytes}: {other:?}"),
                };
                assert_eq!((place.as_str(), found), (path.to_str().unwrap(), version), "{bytes}");
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), bytes);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(file.read(), Err(IndexError::File { .. })));
    }

    #[test]
    fn a_list_is_read_again_if_it_is_another_file() {
        let home = TempDir::new().unwrap();
        let (file, other) = (IndexFile::new(home.path().to_owned()), IndexFile::new(home.path().to_owned()));
        assert!(file.read().unwrap().logins.is_empty());
        for profile in ["a", "b", "c"] {
            // Each of the same length, and within the same tick of most clocks.
            other.change(|index| index.current = Some(profile.into())).unwrap();
            assert_eq!(file.read().unwrap().current.as_deref(), Some(profile));
            assert_eq!(file.read().unwrap().current.as_deref(), Some(profile));
        }
        fs::remove_file(home.path().join(FILE)).unwrap();
        assert!(file.read_if_there().unwrap().is_none());
    }

    #[test]
    fn thousands_of_logins_fit_into_the_index() {
        let home = TempDir::new().unwrap();
        let file = IndexFile::new(home.path().to_owned());
        file.change(|index| (0..5000).for_each(|n| list(&format!("login-{n}"), StoreKind::Keychain)(index))).unwrap();
        assert_eq!(file.read().unwrap().logins.len(), 5000);
    }
}
