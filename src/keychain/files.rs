//! A keychain of encrypted files, for machines that have no other: `--store file`.
//!
//! Each account has one file below the data directory, encrypted with XChaCha20-Poly1305 under one key. The key comes
//! from the environment (`OAUTHCTL_STORE_KEY`) or from a file below the configuration directory.
//!
//! This protects against an attacker who gets the encrypted file *alone*: from a backup of the data directory, a copied
//! folder, or a file sent by mistake. It also detects a file that was changed, or renamed to pass for another account.
//! It does not protect against programs that can read the key file too. That is every program of this user, and of
//! root. Nor does it detect an old file that is restored in place of a newer one. With the key in the environment, the
//! disk alone reveals nothing. An OS keychain is better where there is one.
//!
//! `seal.rs` describes the file format. The account is the name that is authenticated with the ciphertext.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::keychain::seal::{self, NotOpened, SealKey};
use crate::keychain::{FileProblem, Keychain, KeychainError, SecretBytes, StateFolder, is_made_up, is_probe};
use crate::system::entropy::{self, Entropy};
use crate::system::private_file::{self, PrivateDir, PrivateFileError, SIZE_LIMIT};

/// The source of a given key, for the error that says it is not valid.
pub const KEY_VARIABLE: &str = "OAUTHCTL_STORE_KEY";

const KEY_FILE: &str = "store.key";
/// A key file is one line of 44 characters. A much longer file is something else.
const KEY_FILE_LIMIT: u64 = 1024;

pub struct SealedFiles {
    store: PathBuf,
    key: KeyPlace,
    entropy: Arc<dyn Entropy>,
    /// Its name in messages, in place of its folder.
    name: Option<&'static str>,
}

/// The source of the key. The key file is not in the folder of the sealed files, so copying one does not copy both.
enum KeyPlace {
    Given(SealKey),
    Folder(PathBuf),
}

impl SealedFiles {
    /// Creates a keychain with its files below `data`. The key is below `config`, unless one is given (the value of
    /// [`KEY_VARIABLE`]). Touches nothing on the disk.
    pub fn new(
        data: &Path,
        config: &Path,
        given_key: Option<&str>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, KeychainError> {
        let key = match given_key {
            Some(text) => KeyPlace::Given(parse_key(text.as_bytes(), KEY_VARIABLE)?),
            None => KeyPlace::Folder(config.join("keys")),
        };
        Ok(Self { store: data.join("store"), key, entropy, name: None })
    }

    /// Creates a keychain with its files below `store`, under a key that the caller keeps.
    pub fn under_key(store: PathBuf, key: SealKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, key: KeyPlace::Given(key), entropy, name: None }
    }

    /// Gives it a name for messages.
    pub fn called(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Returns the key, if there is one already.
    fn key(&self) -> Result<Option<SealKey>, KeychainError> {
        match &self.key {
            KeyPlace::Given(key) => Ok(Some(key.clone())),
            KeyPlace::Folder(folder) => key_in(folder),
        }
    }

    /// Returns the key, and creates it on the first write. If sealed files exist already, a missing key is an error:
    /// a new key would seal the next login and leave the others unreadable for good.
    fn key_or_new(&self) -> Result<SealKey, KeychainError> {
        let folder = match &self.key {
            KeyPlace::Given(key) => return Ok(key.clone()),
            KeyPlace::Folder(folder) => folder,
        };
        if let Some(key) = key_in(folder)? {
            return Ok(key);
        }
        if let Some(sealed) = self.any_sealed_file()? {
            // Another process may have created both since we looked. It creates the key first, so look once more.
            return key_in(folder)?.ok_or_else(|| problem(&sealed, FileProblem::KeyGone));
        }
        let key = SealKey::random(&*self.entropy).map_err(no_entropy)?;
        let text = Zeroizing::new(format!("{}\n", key.to_text().expose()));
        let path = folder.join(KEY_FILE);
        let dir = PrivateDir::create(folder).map_err(at(folder))?;
        match dir.write_new(KEY_FILE, text.as_bytes()).map_err(at(&path))? {
            true => Ok(key),
            // Another process was first, and its key counts.
            false => key_in(folder)?.ok_or_else(|| problem(&path, FileProblem::KeyGone)),
        }
    }

    /// Returns the probes in a folder, recognized by name and content. The process that wrote one no longer needs it.
    fn probes(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.store.join("login")) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let accounts = names.filter_map(|name| name.strip_suffix(".sealed").map(str::to_owned));
        let probes = accounts.filter(|account| is_probe(account));
        probes.filter(|probe| matches!(self.get(probe), Ok(Some(found)) if is_made_up(&found))).collect()
    }

    fn any_sealed_file(&self) -> Result<Option<PathBuf>, KeychainError> {
        for folder in [self.store.join("login"), self.store.join("app")] {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(problem(&folder, FileProblem::Io(error))),
            };
            for entry in entries {
                let path = entry.map_err(|error| problem(&folder, FileProblem::Io(error)))?.path();
                if path.extension().is_some_and(|extension| extension == "sealed") {
                    return Ok(Some(path));
                }
            }
        }
        Ok(None)
    }
}

impl Keychain for SealedFiles {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        let path = SealedPath::of(&self.store, account)?.path();
        let Some(sealed) = private_file::read(&path, SIZE_LIMIT).map_err(at(&path))? else { return Ok(None) };
        // Read the key second, because a writer creates it first.
        let key = self.key()?.ok_or_else(|| problem(&path, FileProblem::KeyGone))?;
        let opened = key.open(account, &sealed).map_err(|why| match why {
            NotOpened::NotOurs => problem(&path, FileProblem::NotOurs),
            NotOpened::Newer => problem(&path, FileProblem::Newer),
        })?;
        Ok(Some(opened))
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let place = SealedPath::of(&self.store, account)?;
        // Every file that is written must be readable again.
        let limit = SIZE_LIMIT as usize - seal::OVERHEAD;
        if secret.len() > limit {
            return Err(KeychainError::TooLarge { limit: limit as u32 });
        }
        let key = self.key_or_new()?;
        let sealed = key.seal(account, secret, &*self.entropy).map_err(no_entropy)?;
        let dir = PrivateDir::create(&place.folder).map_err(at(&place.folder))?;
        dir.write(&place.name, &sealed).map_err(at(&place.path()))
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        let path = SealedPath::of(&self.store, account)?.path();
        private_file::remove(&path).map_err(at(&path))
    }

    fn sweep(&self) -> Result<(), KeychainError> {
        let keys = match &self.key {
            KeyPlace::Given(_) => None,
            KeyPlace::Folder(folder) => Some(folder.clone()),
        };
        for folder in [self.store.join("login"), self.store.join("app")].into_iter().chain(keys) {
            private_file::sweep(&folder).map_err(at(&folder))?;
        }
        self.probes().iter().try_for_each(|probe| self.delete(probe).map(drop))
    }

    fn is_set_up(&self) -> Result<bool, KeychainError> {
        Ok(self.store.join("login").is_dir() && self.key()?.is_some())
    }

    fn state_folder(&self) -> StateFolder {
        StateFolder::At(self.store.join("login"))
    }

    fn place(&self) -> String {
        self.name.map_or_else(|| format!("the encrypted store in `{}`", self.store.display()), str::to_owned)
    }
}

/// The path of an account's file.
struct SealedPath {
    folder: PathBuf,
    name: String,
}

impl SealedPath {
    /// Accepts only names that are valid file names everywhere: `[a-z0-9][a-z0-9._~-]*`, after `app/` or alone.
    fn of(store: &Path, account: &str) -> Result<Self, KeychainError> {
        let (folder, name) = match account.strip_prefix("app/") {
            Some(name) => ("app", name),
            None => ("login", account),
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = name.bytes().next().is_some_and(plain) && name.bytes().all(|b| plain(b) || b"._~-".contains(&b));
        match fits {
            true => Ok(Self { folder: store.join(folder), name: format!("{name}.sealed") }),
            false => Err(KeychainError::Refused { reason: "that name cannot be used as a file name".to_owned() }),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
}

fn key_in(folder: &Path) -> Result<Option<SealKey>, KeychainError> {
    let path = folder.join(KEY_FILE);
    match private_file::read(&path, KEY_FILE_LIMIT).map_err(at(&path))? {
        Some(text) => Ok(Some(parse_key(&text, &path.display().to_string())?)),
        None => Ok(None),
    }
}

/// Parses a key. `name` is the source of the text. The text itself is never shown: it may be a key with a typo.
fn parse_key(text: &[u8], name: &str) -> Result<SealKey, KeychainError> {
    SealKey::parse(text).ok_or_else(|| KeychainError::BadKey { name: name.to_owned() })
}

fn no_entropy(error: entropy::NoEntropy) -> KeychainError {
    KeychainError::Refused { reason: error.to_string() }
}

fn at(path: &Path) -> impl Fn(PrivateFileError) -> KeychainError + use<'_> {
    move |error| match error {
        PrivateFileError::Io(error) => problem(path, FileProblem::Io(error)),
        PrivateFileError::NotPrivate(why) => problem(path, FileProblem::NotPrivate(why)),
        PrivateFileError::Exposed(folder) => problem(path, FileProblem::Exposed(folder)),
    }
}

fn problem(path: &Path, problem: FileProblem) -> KeychainError {
    KeychainError::File { path: path.display().to_string(), problem }
}

#[cfg(test)]
mod tests;
