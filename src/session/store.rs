//! The store of each record. A flag applies to every record. A variable applies to new records only; a listed one stays
//! where it is. Nothing falls back: the chosen store is used, or the command says why it cannot be.

use std::sync::Arc;

use super::{Session, SessionError, Source, Sourced};
use crate::keychain::files::SealedFiles;
use crate::keychain::helper::CredentialHelper;
use crate::keychain::long_records::LongRecords;
use crate::keychain::os::OsKeychain;
use crate::keychain::{Keychain, MemoryKeychain, VariableKeychain};
use crate::store::login_index::{IndexFile, LoginEntry};
use crate::store::{Profile, StoreError, StoreKind, TokenStore};
use crate::system::account;

impl Session {
    /// Returns the store of this command. It opens no keychain until a record is needed.
    pub fn store(&self) -> Result<&TokenStore, SessionError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        self.check_emulator()?;
        let store = self.open_store(self.choices.store.as_ref().map(|chosen| chosen.value))?;
        let store = if self.typed_store().is_some() { store } else { store.remembering() };
        Ok(self.store.get_or_init(|| store))
    }

    /// Returns the store for new records.
    pub fn store_for_new(&self) -> Sourced<StoreKind> {
        self.choices.store.clone().unwrap_or(Sourced::new(StoreKind::default(), Source::Default))
    }

    /// Returns the store in which to look for a listed login.
    pub fn store_of(&self, profile: &Profile, entry: &LoginEntry) -> Sourced<StoreKind> {
        let listed = || Sourced::new(entry.store, Source::Login(profile.to_string()));
        self.typed_store().cloned().unwrap_or_else(listed)
    }

    /// Returns `true` if this login may exist: it is listed, or a store was chosen explicitly.
    pub fn may_have(&self, profile: &Profile) -> Result<bool, SessionError> {
        Ok(self.choices.store.is_some() || self.store()?.index()?.logins.contains_key(profile.as_str()))
    }

    /// Returns `true` if the store was chosen so that nothing outlives the command.
    pub fn keeps_nothing(&self) -> bool {
        self.choices.store.as_ref().is_some_and(|chosen| chosen.value == StoreKind::Memory)
    }

    /// Returns a store that lists no logins: the chosen one, else the keychain if it accepts a record, else memory and
    /// the keychain's error. `probe` names the made-up record that is tried.
    pub fn unlisted_store(&self, probe: u64) -> Result<(TokenStore, Option<StoreError>), SessionError> {
        if let Some(chosen) = &self.choices.store {
            return Ok((self.open_store(Some(chosen.value))?.unlisted(), None));
        }
        let keychain = self.open_store(Some(StoreKind::Keychain))?.unlisted();
        match keychain.prove_writable(probe) {
            Ok(()) => Ok((keychain, None)),
            Err(error) => Ok((self.open_store(Some(StoreKind::Memory))?, Some(error))),
        }
    }

    pub(super) fn typed_store(&self) -> Option<&Sourced<StoreKind>> {
        self.choices.store.as_ref().filter(|chosen| chosen.is_typed())
    }

    fn open_store(&self, chosen: Option<StoreKind>) -> Result<TokenStore, SessionError> {
        let paths = self.paths()?.clone();
        let index = IndexFile::new(paths.data.clone());
        let entropy = Arc::clone(&self.system.entropy);
        let inside = self.emulator_folder()?.is_some();
        // The user's key is for the real files.
        let key = self.system.secrets.store_key.clone().filter(|_| !inside);
        let open = move |kind: StoreKind| -> Result<Arc<dyn Keychain>, StoreError> {
            Ok(match kind {
                StoreKind::Keychain => {
                    Arc::new(LongRecords::new(OsKeychain::new(), account::state_folder, Arc::clone(&entropy)))
                }
                StoreKind::Memory => Arc::new(MemoryKeychain::default()),
                StoreKind::Env => Arc::new(VariableKeychain),
                StoreKind::Helper(name) => Arc::new(CredentialHelper::new(name)),
                StoreKind::File => {
                    let key = key.as_ref().map(|key| key.expose());
                    let files = SealedFiles::new(&paths.data, &paths.config, key, Arc::clone(&entropy));
                    let named = |source| StoreError::Keychain { place: "the encrypted files".to_owned(), kind, source };
                    let files = files.map_err(named)?;
                    Arc::new(if inside { files.called("the emulator's own store") } else { files })
                }
            })
        };
        Ok(TokenStore::new(index, chosen, Box::new(open)))
    }
}
