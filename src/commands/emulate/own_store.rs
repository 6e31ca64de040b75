//! The emulator's own store: a private folder for whatever is stored inside, which is deleted when the emulator ends. What
//! a killed emulator left is deleted by the next one.

use std::path::Path;

use crate::commands::app::the_logins;
use crate::session::{EMULATOR_FOLDER, stored_in};
use crate::store::{ClientKey, LoginIndex};
use crate::system::entropy::Entropy;
use crate::system::own_folder::{OwnFolder, OwnFolderError, sweep};

pub struct OwnStore {
    folder: OwnFolder,
    provider: String,
}

impl OwnStore {
    pub fn create(provider: &str, entropy: &dyn Entropy) -> Result<Self, OwnFolderError> {
        Ok(Self { folder: OwnFolder::create(EMULATOR_FOLDER, entropy)?, provider: provider.to_owned() })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Deletes it, and says what was in it.
    pub fn delete(self) -> String {
        let index = stored_in(self.folder());
        drop(self.folder);
        let Some(what) = contents(&index) else {
            return "The emulator has ended; nothing was stored in it.".to_owned();
        };
        let real = index.logins.iter().filter(|(_, entry)| entry.provider != self.provider);
        let real = real.map(|(name, entry)| {
            format!(" The token of `{name}` was not revoked: it stays valid at `{}`.", entry.provider)
        });
        format!("The emulator has ended. It deleted {what}.{}", real.collect::<String>())
    }
}

/// Deletes what emulators left that were killed, and says what that was.
pub fn clear_left() -> Option<String> {
    let mut left = LoginIndex::default();
    sweep(EMULATOR_FOLDER, |folder| {
        let index = stored_in(folder);
        left.logins.extend(index.logins);
        left.apps.extend(index.apps);
    });
    Some(format!("Deleted {}, which an emulator left that was killed.", contents(&left)?))
}

/// Lists what is stored, or returns `None` if there is nothing.
pub fn contents(index: &LoginIndex) -> Option<String> {
    let clients = index.apps.keys().filter_map(|key| ClientKey::parse(key)).map(|key| key.words());
    let mut all: Vec<String> = clients.collect();
    let logins: Vec<String> = index.logins.keys().cloned().collect();
    if !logins.is_empty() {
        all.insert(0, the_logins(&logins));
    }
    (!all.is_empty()).then(|| all.join(" and "))
}
