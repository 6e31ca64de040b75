//! What a refresh brought, in a sealed file, until the store has it.
//!
//! A provider that rotates has dropped the old refresh token by the time its reply comes. From there to the end of the
//! write to the store everything would be lost in a crash, and a keychain may take its time. So the new record goes
//! into a file first, which is written and on the disk in a millisecond. Its key is random, made for one refresh, and
//! stands in the stored record's intent, so that the file alone is of no use to anybody, and a file that stays behind is
//! never mistaken for that of a later refresh.

use std::path::PathBuf;

use super::record::{self, NotARecord};
use super::{Profile, StoredToken};
use crate::keychain::seal::SealKey;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::protocol::secret::Secret;
use crate::system::entropy::{Entropy, NoEntropy};
use crate::system::private_file::{self, PrivateDir, PrivateFileError, SIZE_LIMIT};

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("`{path}` cannot be used")]
    File {
        path: String,
        #[source]
        source: PrivateFileError,
    },
    #[error("the record holds no usable key for it")]
    BadKey,
    /// It opens, so this program's like wrote it.
    #[error("`{path}` is damaged")]
    Damaged {
        path: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{path}` was written by a newer version of oauthctl (format {version})")]
    Newer { path: String, version: u64 },
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Advice for JournalError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::File { .. } => ExitCode::Store
                .hint("it may hold a newer token than the store: make it readable, and run `oauthctl token`"),
            Self::BadKey | Self::Damaged { .. } => ExitCode::Store.hint("log in again to replace the record"),
            Self::Newer { .. } => ExitCode::Store.hint("upgrade oauthctl"),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

pub struct Journal {
    folder: PathBuf,
    name: String,
}

impl Journal {
    pub(super) fn new(folder: PathBuf, profile: &Profile) -> Self {
        Self { folder, name: format!("{profile}.journal") }
    }

    pub fn new_key(entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
        Ok(SealKey::random(entropy)?.to_text())
    }

    /// On the disk when this returns.
    pub fn write(&self, key: &Secret, token: &StoredToken, entropy: &dyn Entropy) -> Result<(), JournalError> {
        let key = SealKey::parse(key.expose().as_bytes()).ok_or(JournalError::BadKey)?;
        let sealed = key.seal(&self.name, &record::encode(token), entropy)?;
        let dir = PrivateDir::create(&self.folder).map_err(|source| self.failed(source))?;
        dir.write(&self.name, &sealed).map_err(|source| self.failed(source))
    }

    /// What the journal holds, if it is that of the record's own refresh. A file that does not open is of an earlier
    /// one, whose record was stored.
    pub fn read(&self, record: &StoredToken) -> Result<Option<StoredToken>, JournalError> {
        let Some(key) = record.journal_key() else { return Ok(None) };
        let key = SealKey::parse(key.expose().as_bytes()).ok_or(JournalError::BadKey)?;
        let sealed = private_file::read(&self.path(), SIZE_LIMIT).map_err(|source| self.failed(source))?;
        let Some(opened) = sealed.and_then(|sealed| key.open(&self.name, &sealed).ok()) else { return Ok(None) };
        let found: StoredToken = record::decode(&opened).map_err(|problem| match problem {
            NotARecord::Damaged(source) => JournalError::Damaged { path: self.place(), source },
            NotARecord::Newer(version) => JournalError::Newer { path: self.place(), version },
        })?;
        Ok(Some(found).filter(|found| found.generation == record.generation + 1))
    }

    /// Forgets it. Without the key it is worth nothing, so a file that cannot be removed does no harm.
    pub fn remove(&self) {
        let _ = private_file::remove(&self.path());
    }

    /// What to call it.
    pub fn place(&self) -> String {
        sanitize::line(&self.path().to_string_lossy())
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    fn failed(&self, source: PrivateFileError) -> JournalError {
        JournalError::File { path: self.place(), source }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::protocol::time::Timestamp;
    use crate::store::stored_token::Intent;
    use crate::system::entropy::OsEntropy;

    fn journal(folder: &TempDir, profile: &str) -> Journal {
        Journal::new(folder.path().join("state"), &profile.parse().unwrap())
    }

    /// A record whose refresh is under way.
    fn record(generation: u64, key: Option<&Secret>) -> StoredToken {
        let mut token = StoredToken::sample("canary-before");
        token.generation = generation;
        token.intent = Some(Intent::new(Timestamp(200), key.cloned()));
        token
    }

    fn refreshed() -> StoredToken {
        let mut token = StoredToken::sample("canary-after");
        token.generation = 5;
        token
    }

    fn token_in(read: Result<Option<StoredToken>, JournalError>) -> Option<String> {
        read.unwrap().map(|token| token.access_token.expose().to_owned())
    }

    #[test]
    fn what_a_refresh_brought_is_there_until_it_is_removed() {
        let folder = TempDir::new().unwrap();
        let (journal, key) = (journal(&folder, "mine"), Journal::new_key(&OsEntropy).unwrap());
        assert_eq!(token_in(journal.read(&record(4, Some(&key)))), None, "nothing was written yet");
        journal.write(&key, &refreshed(), &OsEntropy).unwrap();
        assert_eq!(token_in(journal.read(&record(4, Some(&key)))).unwrap(), "canary-after");
        journal.remove();
        assert_eq!(token_in(journal.read(&record(4, Some(&key)))), None);
    }

    #[test]
    fn a_journal_is_read_by_the_record_of_its_own_refresh_only() {
        let folder = TempDir::new().unwrap();
        let (mine, key) = (journal(&folder, "mine"), Journal::new_key(&OsEntropy).unwrap());
        mine.write(&key, &refreshed(), &OsEntropy).unwrap();
        let another = Journal::new_key(&OsEntropy).unwrap();
        let strangers = [
            ("no refresh is under way", StoredToken::sample("a")),
            ("its journal is known to be gone", record(4, None)),
            ("another refresh is", record(4, Some(&another))),
            ("an earlier one", record(3, Some(&key))),
            ("a later one", record(5, Some(&key))),
            ("a much later one", record(6, Some(&key))),
        ];
        for (why, stranger) in strangers {
            assert_eq!(token_in(mine.read(&stranger)), None, "{why}");
        }
        let yours = journal(&folder, "yours");
        std::fs::rename(mine.path(), yours.path()).unwrap();
        assert_eq!(token_in(yours.read(&record(4, Some(&key)))), None, "it was sealed as another login's");
    }

    #[test]
    fn a_damaged_key_is_told_apart_from_a_journal_that_is_not_there() {
        let folder = TempDir::new().unwrap();
        let (journal, key) = (journal(&folder, "mine"), Secret::new("no key"));
        assert!(matches!(journal.read(&record(4, Some(&key))), Err(JournalError::BadKey)));
        assert!(matches!(journal.write(&key, &refreshed(), &OsEntropy), Err(JournalError::BadKey)));
    }

    #[test]
    fn a_journal_that_opens_and_is_no_record_is_told() {
        let folder = TempDir::new().unwrap();
        let (journal, key) = (journal(&folder, "mine"), Journal::new_key(&OsEntropy).unwrap());
        let seal = |text: &str| {
            let sealed = SealKey::parse(key.expose().as_bytes()).unwrap();
            let sealed = sealed.seal(&journal.name, text.as_bytes(), &OsEntropy).unwrap();
            PrivateDir::create(&journal.folder).unwrap().write(&journal.name, &sealed).unwrap();
            journal.read(&record(4, Some(&key)))
        };
        let written = String::from_utf8(record::encode(&refreshed()).to_vec()).unwrap();
        let wrong = written.replace("\"canary-after\"", "[\"canary-after\"]");
        let Err(JournalError::Damaged { source, .. }) = seal(&wrong) else { panic!("it was taken") };
        assert!(source.to_string().starts_with("`access_token` is malformed: unexpected array"), "{source}");
        assert!(matches!(seal(r#"{"version":9}"#), Err(JournalError::Newer { version: 9, .. })));
        assert!(seal(&written).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_journal_that_cannot_be_read_or_written_is_named_on_one_clean_line() {
        let folder = TempDir::new().unwrap();
        let journal = Journal::new(folder.path().join("a\n\u{1b}[2Jb"), &"mine".parse().unwrap());
        let place = journal.place();
        assert!(place.ends_with("b/mine.journal") && !place.contains(char::is_control), "{place:?}");
        std::fs::create_dir_all(journal.path()).unwrap();
        let key = Journal::new_key(&OsEntropy).unwrap();
        let failures =
            [journal.read(&record(4, Some(&key))).err(), journal.write(&key, &refreshed(), &OsEntropy).err()];
        for failure in failures {
            assert!(matches!(failure, Some(JournalError::File { path, .. }) if path == place));
        }
    }
}
