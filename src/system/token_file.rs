//! A plain file with a token, which the user names: for programs that read nothing else.
//!
//! Only this user can read it (0600), and it is replaced whole: a reader sees the old token or the new one. It is never
//! written through a symbolic link, which may lead into a shared folder. In a Git work tree it must be ignored there, so
//! that no `git add .` publishes a token.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::private_file;
use super::signals::Writing;
use super::work_tree;

/// As much of an old file as is read: environment files have some lines.
const LIMIT: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    #[error("it is a symbolic link")]
    Link,
    #[error("it is not a regular file")]
    NotAFile,
    /// Git would publish it.
    #[error("the Git work tree `{tree}` does not ignore it")]
    NotIgnored { tree: String },
    #[error("it is not UTF-8 text")]
    NotText,
    #[error("its folder `{folder}` does not exist")]
    NoFolder { folder: String },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A place that may be written to.
pub struct TokenFile<'a> {
    path: &'a Path,
    folder: PathBuf,
}

impl<'a> TokenFile<'a> {
    /// Checks the place. Nothing is created.
    pub fn at(path: &'a Path) -> Result<Self, TokenFileError> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => return Err(TokenFileError::Link),
            Ok(metadata) if !metadata.is_file() => return Err(TokenFileError::NotAFile),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => TokenFileError::NoFolder { folder: folder.display().to_string() },
            _ => error.into(),
        })?;
        let name = path.file_name().ok_or(TokenFileError::NotAFile)?;
        if let Some(tree) = work_tree::that_takes(&folder.join(name)) {
            return Err(TokenFileError::NotIgnored { tree: tree.display().to_string() });
        }
        Ok(Self { path, folder })
    }

    /// Returns what it has now.
    pub fn content(&self) -> Result<Option<Zeroizing<String>>, TokenFileError> {
        let bytes = match private_file::read_any(self.path, LIMIT) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| TokenFileError::NotText)?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    pub fn replace(&self, content: &str) -> Result<(), TokenFileError> {
        // The file beside it is there only meanwhile.
        let _writing = Writing::begin();
        let mut beside = tempfile::Builder::new().prefix(".oauthctl-").tempfile_in(&self.folder)?;
        beside.write_all(content.as_bytes())?;
        beside.as_file().sync_all()?;
        let name = self.path.file_name().ok_or(TokenFileError::NotAFile)?;
        beside.persist(self.folder.join(name)).map_err(|failed| failed.error)?;
        Ok(())
    }
}
