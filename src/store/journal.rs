//! The result of a refresh, in an encrypted file, until the store has it.
//!
//! A provider that rotates refresh tokens has dropped the old one by the time its reply arrives. A crash between the
//! reply and the end of the write to the store would lose the login, and a keychain can be slow. So the new record is
//! written to a file first. Its key is random, created for one refresh, and kept in the stored record's intent. The
//! file alone is therefore useless, and a leftover file is never mistaken for that of a later refresh.
//!
//! A crash between the reply and the journal still loses the login, so as little as possible is done there. The file is
//! opened and its space reserved before the request is sent. After the reply it is written and gets its name, so that
//! it outlives this process. Only then is it synced, in case of a power loss. A file damaged by a power loss cannot be
//! decrypted and is ignored. A journal that cannot be opened is an error before the refresh token is used.

use std::path::PathBuf;

use super::record::{self, NotARecord};
use super::{Profile, StoredToken};
use crate::keychain::seal::SealKey;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::protocol::secret::Secret;
use crate::system::entropy::{Entropy, NoEntropy};
use crate::system::private_file::{self, PrivateDir, PrivateFileError, Reserved, SIZE_LIMIT};

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("`{path}` cannot be used")]
    File {
        path: String,
        #[source]
        source: PrivateFileError,
    },
    #[error("`{path}` cannot be created")]
    NotMade {
        path: String,
        #[source]
        source: PrivateFileError,
    },
    #[error("the record contains no usable key for it")]
    BadKey,
    /// It can be decrypted, so oauthctl wrote it.
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
                .hint("make it readable and run `oauthctl token`: it may contain a newer token than the store"),
            Self::NotMade { source, .. } => {
                ExitCode::Store.hint(format!("{}; no token is refreshed without the journal", source.hint()))
            }
            Self::BadKey | Self::Damaged { .. } => ExitCode::Store.hint("log in again to replace the record"),
            Self::Newer { .. } => ExitCode::Store.hint("upgrade oauthctl"),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

/// The space reserved on the disk. A record has a few KiB.
const ROOM: u64 = 64 * 1024;

pub struct Journal {
    folder: PathBuf,
    name: String,
}

/// A journal opened before its refresh, so that it can be written as soon as the reply arrives.
pub struct OpenJournal {
    journal: Journal,
    key: SealKey,
    file: Reserved,
}

impl OpenJournal {
    /// Writes the new record. It survives a crash of this process early on, and a power loss when this returns.
    pub fn write(self, token: &StoredToken, entropy: &dyn Entropy) -> Result<(), JournalError> {
        let sealed = self.key.seal(&self.journal.name, &record::encode(token), entropy)?;
        let Self { journal, file, .. } = self;
        file.put(&sealed).map_err(|source| journal.failed(source))
    }
}

impl Journal {
    pub(super) fn new(folder: PathBuf, profile: &Profile) -> Self {
        Self { folder, name: format!("{profile}.journal") }
    }

    pub fn new_key(entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
        Ok(SealKey::random(entropy)?.to_text())
    }

    /// Prepares for a refresh. An older journal stays in place until this one is written.
    pub fn open(self, key: &Secret) -> Result<OpenJournal, JournalError> {
        let key = SealKey::parse(key.expose().as_bytes()).ok_or(JournalError::BadKey)?;
        let reserved = PrivateDir::create(&self.folder).and_then(|dir| dir.reserve(&self.name, ROOM));
        match reserved {
            Ok(file) => Ok(OpenJournal { journal: self, key, file }),
            Err(source) => Err(JournalError::NotMade { path: self.place(), source }),
        }
    }

    /// Returns the journal's record, if it belongs to this record's refresh. A file that cannot be decrypted belongs to
    /// an earlier refresh, whose record was stored.
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

    /// Removes the file. It is useless without the key, so a file that cannot be removed does no harm.
    pub fn remove(&self) {
        let _ = private_file::remove(&self.path());
    }

    /// Returns its path for display.
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

    /// A record whose refresh is in progress.
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
    fn a_written_journal_is_read_until_it_is_removed() {
        let folder = TempDir::new().unwrap();
        let (journal, key) = (journal(&folder, "mine"), Journal::new_key(&OsEntropy).unwrap());
        assert_eq!(token_in(journal.read(&record(4, Some(&key)))), None, "nothing was written yet");
        let open = self::journal(&folder, "mine").open(&key).unwrap();
        assert_eq!(token_in(journal.read(&record(4, Some(&key)))), None, "nor when it is open");
        open.write(&refreshed(), &OsEntropy).unwrap();
        assert_eq!(token_in(journal.read(&record(4, Some(&key)))).unwrap(), "canary-after");
        let harms: [fn(&mut Vec<u8>); 3] =
            [|bytes| bytes.truncate(bytes.len() / 2), |bytes| bytes.fill(0), |bytes| bytes.clear()];
        let whole = std::fs::read(journal.path()).unwrap();
        for harm in harms {
            let mut harmed = whole.clone();
            harm(&mut harmed);
            std::fs::write(journal.path(), harmed).unwrap();
            assert_eq!(token_in(journal.read(&record(4, Some(&key)))), None, "a loss of power leaves such as this");
        }
        journal.remove();
        assert_eq!(token_in(journal.read(&record(4, Some(&key)))), None);
    }

    #[test]
    fn only_the_record_of_its_own_refresh_reads_a_journal() {
        let folder = TempDir::new().unwrap();
        let (mine, key) = (journal(&folder, "mine"), Journal::new_key(&OsEntropy).unwrap());
        journal(&folder, "mine").open(&key).unwrap().write(&refreshed(), &OsEntropy).unwrap();
        let another = Journal::new_key(&OsEntropy).unwrap();
        let strangers = [
            ("no refresh is in progress", StoredToken::sample("a")),
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
        assert_eq!(token_in(yours.read(&record(4, Some(&key)))), None, "it was encrypted for another login");
    }

    #[test]
    fn a_damaged_key_is_distinguished_from_a_missing_journal() {
        let folder = TempDir::new().unwrap();
        let (journal, key) = (journal(&folder, "mine"), Secret::new("no key"));
        assert!(matches!(journal.read(&record(4, Some(&key))), Err(JournalError::BadKey)));
        assert!(matches!(journal.open(&key), Err(JournalError::BadKey)));
    }

    #[test]
    fn a_journal_that_contains_no_record_is_an_error() {
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
        let Err(JournalError::Damaged { source, .. }) = seal(&wrong) else { panic!("it was accepted") };
        assert!(source.to_string().starts_with("`access_token` is malformed: unexpected array"), "{source}");
        assert!(matches!(seal(r#"{"version":9}"#), Err(JournalError::Newer { version: 9, .. })));
        assert!(seal(&written).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_broken_journal_is_named_on_one_clean_line() {
        let folder = TempDir::new().unwrap();
        let journal = || Journal::new(folder.path().join("a\n\u{1b}[2Jb"), &"mine".parse().unwrap());
        let place = journal().place();
        assert!(place.ends_with("b/mine.journal") && !place.contains(char::is_control), "{place:?}");
        std::fs::create_dir_all(journal().path()).unwrap();
        let key = Journal::new_key(&OsEntropy).unwrap();
        let written = journal().open(&key).unwrap().write(&refreshed(), &OsEntropy);
        for failure in [journal().read(&record(4, Some(&key))).err(), written.err()] {
            assert!(matches!(failure, Some(JournalError::File { path, .. }) if path == place));
        }
        let folder = journal().folder;
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::write(&folder, "").unwrap();
        let not_made = journal().open(&key).err();
        assert!(matches!(not_made, Some(JournalError::NotMade { path, .. }) if path == place));
    }
}
