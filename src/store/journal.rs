//! What a refresh brought, in a sealed file, until the store has it.
//!
//! A provider that rotates has dropped the old refresh token by the time its reply comes. From there to the end of the
//! write to the store everything would be lost in a crash, and a keychain may take its time. So the new record goes
//! into a file first, which is written and on the disk in a millisecond. Its key is random, made for one refresh, and
//! stands in the stored record's intent, so that the file alone is of no use to anybody, and a file that stays behind is
//! never mistaken for that of a later refresh.

use std::path::PathBuf;

use super::record;
use super::{Profile, StoredToken};
use crate::protocol::sanitize;
use crate::protocol::secret::Secret;
use crate::system::entropy::{Entropy, NoEntropy};
use crate::system::private_file::{self, PrivateDir, PrivateFileError, SIZE_LIMIT};
use crate::system::seal::SealKey;

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
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
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
        let opened = sealed.and_then(|sealed| key.open(&self.name, &sealed).ok());
        let found: Option<StoredToken> = opened.and_then(|bytes| record::decode(&bytes).ok());
        Ok(found.filter(|found| found.generation == record.generation + 1))
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
