//! The way of a record into a store and back, for `doctor`: written, read, compared, and removed.

use super::TokenStore;
use crate::keychain::{Keychain, KeychainError, probe_name, test_record};
use crate::store::{StoreError, StoreKind};
use crate::system::signals::{SignalGrace, Writing};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundTrip {
    /// The record came back as it was, and is gone. Its length in bytes.
    Done(usize),
    /// Nothing was written: the store has no key or folder yet, and the first login makes them.
    NotSetUp,
    /// Nothing was written, because the store is read-only, or ends with the process.
    Pointless,
}

impl TokenStore {
    /// Writes a made-up record of 6 KiB, reads it back, and removes it. A signal waits until it is removed; a second one
    /// waits for nothing. A store that is not set up is left as it is.
    pub fn round_trip(&self, kind: StoreKind, probe: u64) -> Result<RoundTrip, StoreError> {
        if matches!(kind, StoreKind::Env | StoreKind::Memory) {
            return Ok(RoundTrip::Pointless);
        }
        let keychain = self.keychain(kind)?;
        let failed = |source| StoreError::Keychain { place: keychain.place(), kind, source };
        if !keychain.is_set_up().map_err(failed)? {
            return Ok(RoundTrip::NotSetUp);
        }
        let (name, record) = (probe_name(probe), test_record());
        let (_grace, _writing) = (SignalGrace::begin(), Writing::begin());
        let came_back = there_and_back(keychain.as_ref(), &name, &record);
        // Whatever came back: a write that failed may have been done all the same.
        let removed = keychain.delete(&name);
        let is_same = came_back.map_err(failed)?;
        removed.map_err(failed)?;
        match is_same {
            true => Ok(RoundTrip::Done(record.len())),
            false => Err(StoreError::NotReadBack { place: keychain.place() }),
        }
    }
}

fn there_and_back(keychain: &dyn Keychain, name: &str, record: &[u8]) -> Result<bool, KeychainError> {
    keychain.set(name, record)?;
    Ok(keychain.get(name)?.is_some_and(|read| *read == record))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::keychain::files::SealedFiles;
    use crate::keychain::{MemoryKeychain, SecretBytes, StateFolder};
    use crate::store::login_index::IndexFile;
    use crate::system::entropy::OsEntropy;

    /// A keychain that returns less than it was given.
    struct Forgetful(MemoryKeychain);

    impl Keychain for Forgetful {
        fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
            Ok(self.0.get(account)?.map(|read| SecretBytes::new(read[..2560].to_vec())))
        }

        fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
            self.0.set(account, secret)
        }

        fn delete(&self, account: &str) -> Result<bool, KeychainError> {
            self.0.delete(account)
        }

        fn place(&self) -> String {
            "forgetful".to_owned()
        }

        fn state_folder(&self) -> StateFolder {
            StateFolder::Nowhere
        }
    }

    fn over(keychain: Arc<dyn Keychain>, home: &tempfile::TempDir) -> TokenStore {
        let index = IndexFile::new(home.path().join("data"));
        TokenStore::new(index, None, Box::new(move |_| Ok(Arc::clone(&keychain))))
    }

    #[test]
    fn a_record_of_6_kib_makes_the_trip_and_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let keychain: Arc<dyn Keychain> = Arc::new(MemoryKeychain::default());
        let trip = over(Arc::clone(&keychain), &home).round_trip(StoreKind::Keychain, 7).unwrap();
        assert_eq!((trip, keychain.get(&probe_name(7)).unwrap()), (RoundTrip::Done(6144), None));
    }

    #[test]
    fn a_record_that_comes_back_otherwise_is_an_error_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let keychain = Arc::new(Forgetful(MemoryKeychain::default()));
        let trip = over(Arc::clone(&keychain) as Arc<dyn Keychain>, &home).round_trip(StoreKind::Keychain, 7);
        assert!(matches!(trip, Err(StoreError::NotReadBack { .. })), "{trip:?}");
        assert_eq!(keychain.0.get(&probe_name(7)).unwrap(), None);
    }

    #[test]
    fn a_store_that_is_not_set_up_is_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let (data, config) = (home.path().join("data"), home.path().join("config"));
        let files = Arc::new(SealedFiles::new(&data, &config, None, Arc::new(OsEntropy)).unwrap());
        let store = over(Arc::clone(&files) as Arc<dyn Keychain>, &home);
        assert_eq!(store.round_trip(StoreKind::File, 7).unwrap(), RoundTrip::NotSetUp);
        assert!(std::fs::read_dir(home.path()).unwrap().next().is_none(), "something was made");
        files.set("mine", b"{}").unwrap();
        assert_eq!(store.round_trip(StoreKind::File, 7).unwrap(), RoundTrip::Done(6144));
        let left: Vec<_> = std::fs::read_dir(data.join("store/login")).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        // A killed process leaves its record to the next one that writes.
        files.set(&probe_name(8), &test_record()).unwrap();
        files.sweep().unwrap();
        assert_eq!(files.get(&probe_name(8)).unwrap(), None);
    }
}
