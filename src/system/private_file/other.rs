//! Files and folders elsewhere: on Windows the user's profile directories are private by inheritance.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::PrivateFileError;

pub struct Dir(PathBuf);

/// A file that is whole and on the disk, under a made-up name. Removed on drop, unless it got a name to stay.
pub struct NewFile<'a> {
    dir: &'a Dir,
    file: tempfile::NamedTempFile,
}

impl Dir {
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        create_folders(path)?;
        match std::fs::symlink_metadata(path)?.is_dir() {
            true => Ok(Self(path.to_owned())),
            false => Err(PrivateFileError::NotPrivate("it is a link, not a directory")),
        }
    }

    /// The content in a new file with a made-up name.
    pub fn new_file(&self, name: &str, content: &[u8]) -> io::Result<NewFile<'_>> {
        let mut file = tempfile::Builder::new().prefix(&format!(".{name}.")).suffix(".new").tempfile_in(&self.0)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        Ok(NewFile { dir: self, file })
    }

    /// The file of a lock.
    pub fn open_or_make(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        no_follow(&mut options).open(self.0.join(name))
    }

    pub fn sync(&self) -> io::Result<()> {
        sync_dir(&self.0)
    }
}

impl NewFile<'_> {
    /// Takes this name, whoever has it.
    pub fn replace(self, name: &str) -> io::Result<()> {
        self.file.persist(self.dir.0.join(name)).map(drop).map_err(|failed| failed.error)
    }

    /// Takes this name if nobody has it.
    pub fn take_free(self, name: &str) -> io::Result<()> {
        self.file.persist_noclobber(self.dir.0.join(name)).map(drop).map_err(|failed| failed.error)
    }
}

pub fn no_wait(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Windows: opens a link itself, which then is no regular file.
#[cfg(windows)]
pub fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    std::os::windows::fs::OpenOptionsExt::custom_flags(options, FILE_FLAG_OPEN_REPARSE_POINT)
}

#[cfg(not(windows))]
pub fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub fn public(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub fn create_folders(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

pub fn refused_link(error: io::Error) -> PrivateFileError {
    error.into()
}

pub fn check_private(file: &File) -> Result<(), PrivateFileError> {
    match file.metadata()?.is_file() {
        true => Ok(()),
        false => Err(PrivateFileError::NotPrivate("it is not a regular file")),
    }
}

pub fn check_trusted(file: &File) -> io::Result<()> {
    match file.metadata()?.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a regular file")),
    }
}

/// Windows has no such call, and its renames are journalled.
pub fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

pub fn is_too_many_files(_: &io::Error) -> bool {
    false
}
