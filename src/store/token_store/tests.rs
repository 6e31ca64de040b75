use std::fs;

use tempfile::TempDir;

use super::*;
use crate::keychain::{KeychainError, MemoryKeychain, SecretBytes, StateFolder, VariableKeychain};
use crate::protocol::client::ClientId;
use crate::protocol::time::Timestamp;
use crate::store::{AppName, ClientKey, Registration};
use crate::system::certificate::CallbackCertificate;

mod choosing;
mod failing;
mod reading;
mod removing;
mod saving;

/// A data folder, and two stores that outlive the program.
struct Machine {
    home: TempDir,
    keychain: Arc<MemoryKeychain>,
    files: Arc<MemoryKeychain>,
}

impl Machine {
    fn new() -> Self {
        Self { home: TempDir::new().unwrap(), keychain: Arc::default(), files: Arc::default() }
    }

    /// Opens the store as a command does.
    fn store(&self, chosen: Option<StoreKind>) -> TokenStore {
        let (keychain, files) = (Arc::clone(&self.keychain), Arc::clone(&self.files));
        let open = move |kind| -> Result<Arc<dyn Keychain>, StoreError> {
            match kind {
                StoreKind::Keychain => Ok(Arc::<MemoryKeychain>::clone(&keychain)),
                StoreKind::File => Ok(Arc::<MemoryKeychain>::clone(&files)),
                StoreKind::Env => Ok(Arc::new(VariableKeychain)),
                StoreKind::Memory => Ok(Arc::new(MemoryKeychain::default())),
                StoreKind::Helper(_) => panic!("an unexpected store was opened"),
            }
        };
        TokenStore::new(IndexFile::new(self.data()), chosen, Box::new(open))
    }

    fn data(&self) -> std::path::PathBuf {
        self.home.path().join("data")
    }

    /// Makes the list read-only: the data folder becomes a link to another one.
    #[cfg(unix)]
    fn make_list_read_only(&self) {
        let elsewhere = self.home.path().join("elsewhere");
        fs::rename(self.data(), &elsewhere).unwrap();
        std::os::unix::fs::symlink(elsewhere, self.data()).unwrap();
    }
}

fn profile(name: &str) -> Profile {
    name.parse().unwrap()
}

fn login(access_token: &str) -> StoredToken {
    StoredToken::sample(access_token)
}

/// The client without a name.
fn client(provider: &str) -> ClientKey {
    ClientKey::new(provider, AppName::default())
}

fn registration(client_id: &str) -> Registration {
    Registration::new(ClientId::new(client_id), None, None, Timestamp(100))
}

/// Returns a login's access token and where it was found.
fn found(store: &TokenStore, name: &str) -> Option<(String, StoreKind)> {
    let found = store.load(&profile(name)).unwrap()?;
    Some((found.record.access_token.expose().to_owned(), found.store))
}

fn has(keychain: &MemoryKeychain, account: &str) -> bool {
    keychain.get(account).unwrap().is_some()
}
