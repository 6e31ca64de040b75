//! The file in which a command finds its token for as long as it runs.
//!
//! It is private, and replaced as a whole: a reader gets one token, the old one or the new one. It has no line
//! break at its end, as some programs put what they read into a header. A name that leads to anything but a private file with
//! one token in it, or to nothing, is refused, and so is a place where Git would take the file up.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::ExecError;
use crate::protocol::sanitize;
use crate::protocol::secret::{AccessToken, is_vschar};
use crate::system::entropy::Entropy;
use crate::system::own_folder::{OwnFolder, sweep};
use crate::system::private_file::{self, PrivateDir, PrivateFileError};
use crate::system::work_tree;

/// The folders of commands whose user named no file. What a killed process has left is deleted by the next one.
const FOLDER: &str = "oauthctl-exec-";

/// No token is larger.
const LARGEST: u64 = 64 * 1024;

pub struct TokenFile {
    folder: PrivateDir,
    path: PathBuf,
    name: String,
    /// The token in it; `None` once it is deleted.
    written: Mutex<Option<AccessToken>>,
    _own: Option<OwnFolder>,
}

impl TokenFile {
    /// Checks the place of the file. Without a path it is a file of the command's own.
    pub fn new(path: Option<&Path>, entropy: &dyn Entropy) -> Result<Self, ExecError> {
        let Some(named) = path else {
            sweep(FOLDER, |_| {});
            let own = OwnFolder::create(FOLDER, entropy)?;
            return Self::in_folder(own.path().join("token"), Some(own));
        };
        let path = std::path::absolute(named).map_err(|error| failed(named, error.into()))?;
        check(&path)?;
        Self::in_folder(path, None)
    }

    fn in_folder(path: PathBuf, own: Option<OwnFolder>) -> Result<Self, ExecError> {
        let invalid = || failed(&path, io::Error::from(io::ErrorKind::InvalidInput).into());
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned).ok_or_else(invalid)?;
        let folder =
            path.parent().map(PrivateDir::create_or_shared).transpose().map_err(|error| failed(&path, error))?;
        let folder = folder.ok_or_else(invalid)?;
        Ok(Self { folder, path, name, written: Mutex::new(Some(AccessToken::new(""))), _own: own })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the token. After the file is deleted it does nothing.
    pub fn write(&self, token: &AccessToken) -> Result<(), ExecError> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.is_some() {
            self.folder.write(&self.name, token.expose().as_bytes()).map_err(|source| failed(&self.path, source))?;
            *written = Some(token.clone());
        }
        Ok(())
    }

    /// Deletes the file, unless it is another process's by now.
    pub fn delete(&self) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(token) = written.take() else { return };
        let found = private_file::read_shared(&self.path, LARGEST).ok().flatten();
        if found.is_some_and(|found| *found == *token.expose().as_bytes()) {
            let _ = private_file::remove(&self.path);
        }
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        self.delete();
    }
}

fn failed(path: &Path, source: PrivateFileError) -> ExecError {
    ExecError::TokenFile { path: sanitize::line(&path.to_string_lossy()), source }
}

fn check(path: &Path) -> Result<(), ExecError> {
    let shown = |path: &Path| sanitize::line(&path.to_string_lossy());
    if let Some(tree) = work_tree::that_takes(path) {
        return Err(ExecError::InWorkTree { path: shown(path), tree: shown(&tree) });
    }
    match private_file::read_shared(path, LARGEST) {
        Ok(Some(found)) if !found.is_empty() && !std::str::from_utf8(&found).is_ok_and(is_vschar) => {
            Err(ExecError::NotATokenFile { path: shown(path) })
        }
        Ok(_) => Ok(()),
        Err(PrivateFileError::Io(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
            Err(ExecError::NotATokenFile { path: shown(path) })
        }
        Err(source) => Err(failed(path, source)),
    }
}
