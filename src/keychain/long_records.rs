//! Records of any length in a keychain with a size limit.
//!
//! The Windows Credential Manager stores up to 2,560 bytes per entry, and real records are longer: a JWT access token,
//! a refresh token, and the masked reply add up to five or six thousand bytes. A record that the keychain refuses as
//! too large goes into a sealed file, and the key of the file goes into the keychain.
//!
//! The alternative was chunks with a manifest. They need several entries per record. Every change is then several
//! writes, which a crash can interrupt, and a forgotten chunk stays for good, because some platforms cannot list their
//! keychain. Here, changing a long record is one rename of one file. A new long record becomes valid with one write to
//! the keychain. Deleting the entry makes the file unreadable, even if the file stays. The price: the file is in one
//! place on this machine, and restoring an old copy of it brings an old record back, as with every file.
//!
//! The key stays the same while the record is long: a new key per write would have to change both places at once. The
//! files are in the account's own folder (`account.rs`), since the entry does not depend on the environment.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::keychain::files::SealedFiles;
use crate::keychain::seal::SealKey;
use crate::keychain::{FileProblem, Keychain, KeychainError, SecretBytes, StateFolder};
use crate::protocol::secret::Secret;
use crate::system::account::NoAccount;
use crate::system::entropy::Entropy;

/// The prefix of an entry that is a key. No record begins with it. It is text, since KWallet stores only text.
const MARK: &[u8] = br#"{"sealed_file_key":"#;

/// Returns the folder of the files. Called only when there is a long record.
type Folder = Box<dyn Fn() -> Result<PathBuf, NoAccount> + Send + Sync>;

pub struct LongRecords<K> {
    inner: K,
    folder: Folder,
    entropy: Arc<dyn Entropy>,
}

#[derive(Serialize, Deserialize)]
struct KeyEntry {
    sealed_file_key: Secret,
}

impl<K: Keychain> LongRecords<K> {
    pub fn new(
        inner: K,
        folder: impl Fn() -> Result<PathBuf, NoAccount> + Send + Sync + 'static,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { inner, folder: Box::new(folder), entropy }
    }

    fn files(&self, key: SealKey) -> Result<SealedFiles, KeychainError> {
        let folder = (self.folder)().map_err(|error| KeychainError::Refused { reason: error.to_string() })?;
        Ok(SealedFiles::under_key(folder.join("records"), key, Arc::clone(&self.entropy)))
    }

    fn key_of(entry: &[u8]) -> Result<Option<SealKey>, KeychainError> {
        if !entry.starts_with(MARK) {
            return Ok(None);
        }
        let key = serde_json::from_slice::<KeyEntry>(entry).ok();
        let key = key.and_then(|entry| SealKey::parse(entry.sealed_file_key.expose().as_bytes()));
        key.map(Some).ok_or_else(|| KeychainError::BadKey { name: "the keychain's entry".to_owned() })
    }

    /// Stores a long record: first its file, then the key, unless the keychain already has a key for it.
    fn set_long(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let entry = self.inner.get(account)?;
        if let Some(key) = entry.as_deref().map(|entry| Self::key_of(entry)).transpose()?.flatten() {
            return self.files(key)?.set(account, secret);
        }
        let key = SealKey::random(&*self.entropy).map_err(|e| KeychainError::Refused { reason: e.to_string() })?;
        let text = serde_json::to_vec(&KeyEntry { sealed_file_key: key.to_text() }).unwrap_or_default();
        self.files(key)?.set(account, secret)?;
        self.inner.set(account, &Zeroizing::new(text))
    }

    /// Deletes the file. Its key is gone, so the file is unreadable and does no harm if it stays.
    fn drop_file(&self, account: &str) {
        if let Ok(files) = SealKey::random(&*self.entropy).map(|key| self.files(key)) {
            let _ = files.map(|files| files.delete(account));
        }
    }
}

impl<K: Keychain> Keychain for LongRecords<K> {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        let Some(entry) = self.inner.get(account)? else { return Ok(None) };
        let Some(key) = Self::key_of(&entry)? else { return Ok(Some(entry)) };
        let files = self.files(key)?;
        // A key without its file is damage, not a missing login.
        let gone = || KeychainError::File { path: files.place(), problem: FileProblem::FileGone };
        files.get(account)?.ok_or_else(gone).map(Some)
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        match self.inner.set(account, secret) {
            Err(KeychainError::TooLarge { .. }) => self.set_long(account, secret),
            Ok(()) => {
                self.drop_file(account);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        let deleted = self.inner.delete(account)?;
        if deleted {
            self.drop_file(account);
        }
        Ok(deleted)
    }

    fn place(&self) -> String {
        self.inner.place()
    }

    fn sweep(&self) -> Result<(), KeychainError> {
        self.inner.sweep()?;
        let key = SealKey::random(&*self.entropy).map_err(|e| KeychainError::Refused { reason: e.to_string() })?;
        self.files(key)?.sweep()
    }

    fn state_folder(&self) -> StateFolder {
        self.inner.state_folder()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::keychain::MemoryKeychain;
    use crate::system::entropy::OsEntropy;

    /// The limit on Windows: `CRED_MAX_CREDENTIAL_BLOB_SIZE`, 5 × 512.
    const LIMIT: usize = 2560;

    /// A keychain that accepts only short entries, and refuses writes while it is broken.
    #[derive(Default)]
    struct Narrow {
        entries: MemoryKeychain,
        broken: AtomicBool,
    }

    impl Keychain for &Narrow {
        fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
            self.entries.get(account)
        }

        fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
            match secret.len() {
                n if n > LIMIT => Err(KeychainError::TooLarge { limit: LIMIT as u32 }),
                _ if self.broken.load(Ordering::Relaxed) => Err(KeychainError::Locked),
                _ => self.entries.set(account, secret),
            }
        }

        fn delete(&self, account: &str) -> Result<bool, KeychainError> {
            self.entries.delete(account)
        }

        fn place(&self) -> String {
            "narrow".to_owned()
        }
    }

    fn over<'a>(narrow: &'a Narrow, folder: &Path) -> LongRecords<&'a Narrow> {
        let folder = folder.to_owned();
        LongRecords::new(narrow, move || Ok(folder.clone()), Arc::new(OsEntropy))
    }

    fn record(length: usize) -> Vec<u8> {
        b"canary-".iter().copied().cycle().take(length).collect()
    }

    #[test]
    fn short_and_long_records_replace_each_other() {
        let (home, narrow) = (tempfile::tempdir().unwrap(), Narrow::default());
        let file = home.path().join("records/login/acme.sealed");
        for length in [2, LIMIT, LIMIT + 1, 5558, LIMIT - 1, 60_000, 0] {
            over(&narrow, home.path()).set("acme", &record(length)).unwrap();
            // A fresh keychain, as another process would have.
            assert_eq!(**over(&narrow, home.path()).get("acme").unwrap().unwrap(), *record(length), "{length}");
            assert_eq!(file.exists(), length > LIMIT, "{length}");
        }
    }

    #[test]
    fn the_file_is_encrypted_and_the_entry_is_text() {
        let (home, narrow) = (tempfile::tempdir().unwrap(), Narrow::default());
        over(&narrow, home.path()).set("acme", &record(5000)).unwrap();
        let file = std::fs::read(home.path().join("records/login/acme.sealed")).unwrap();
        assert!(!file.windows(6).any(|part| part == b"canary"));
        assert!(std::str::from_utf8(&narrow.entries.get("acme").unwrap().unwrap()).unwrap().len() < 100);
    }

    #[test]
    fn a_record_that_grows_stays_old_until_the_key_is_stored() {
        let (home, narrow) = (tempfile::tempdir().unwrap(), Narrow::default());
        let keychain = over(&narrow, home.path());
        keychain.set("acme", b"short").unwrap();
        narrow.broken.store(true, Ordering::Relaxed);
        assert!(matches!(keychain.set("acme", &record(5000)), Err(KeychainError::Locked)));
        assert_eq!(**keychain.get("acme").unwrap().unwrap(), *b"short");
    }

    #[test]
    fn changing_a_long_record_writes_only_its_file() {
        let (home, narrow) = (tempfile::tempdir().unwrap(), Narrow::default());
        let keychain = over(&narrow, home.path());
        keychain.set("acme", &record(5000)).unwrap();
        narrow.broken.store(true, Ordering::Relaxed);
        keychain.set("acme", &record(6000)).unwrap();
        assert_eq!(keychain.get("acme").unwrap().unwrap().len(), 6000);
    }

    #[test]
    fn delete_removes_key_and_file_and_a_lost_file_is_an_error() {
        let (home, narrow) = (tempfile::tempdir().unwrap(), Narrow::default());
        let keychain = over(&narrow, home.path());
        let file = home.path().join("records/login/acme.sealed");
        keychain.set("acme", &record(5000)).unwrap();
        assert!(keychain.delete("acme").unwrap());
        assert!(!keychain.delete("acme").unwrap());
        assert!(!file.exists() && keychain.get("acme").unwrap().is_none());
        keychain.set("acme", &record(5000)).unwrap();
        std::fs::remove_file(&file).unwrap();
        let lost = keychain.get("acme");
        assert!(matches!(lost, Err(KeychainError::File { problem: FileProblem::FileGone, .. })), "{lost:?}");
    }
}
