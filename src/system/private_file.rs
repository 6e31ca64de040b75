//! Files that only the user may read: the only place that reads and writes them.
//!
//! The opened file or folder is checked, never its name: an attacker may change what a name stands for between a look
//! and an open, so a folder stays open from the check on, and new files are made in that one. No open follows a
//! symbolic link in the last place or waits for the other end of a FIFO. A write goes to a new file beside the old one,
//! which then takes its place, so that a crash leaves the old content or the new and never half. A signal that ends us
//! waits for it, so that the new file does not stay behind.
//!
//! After SIGKILL it does. So each process holds a lock on its new files, and a process that writes in a folder removes
//! those there that no process holds: see [`PrivateDir::sweep`].
//!
//! On Windows the user's profile directories are private by inheritance; there it is checked only that a file is a
//! file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use zeroize::Zeroizing;

use super::process::in_background;
use super::signals::Writing;

#[cfg_attr(unix, path = "private_file/unix.rs")]
#[cfg_attr(not(unix), path = "private_file/other.rs")]
mod os;

mod exposed;
mod met;
mod reserved;

pub use exposed::ExposedFolder;
pub use met::{Met, read_unless_foreign};
pub use reserved::Reserved;

/// The largest file that we read unless told otherwise. Our own have a few KiB; this is far from that, and far from
/// what would hurt.
pub const SIZE_LIMIT: u64 = 1 << 20;

/// Why a private file was not used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is not a private file of this user ({0})")]
    NotPrivate(&'static str),
    #[error(transparent)]
    Exposed(#[from] ExposedFolder),
}

/// The rule for our files and folders.
pub const OURS_ALONE: &str = "it must be yours, no symbolic link, and nobody else may change it";

/// The rule for the folders of our files.
pub const CLOSED_FOLDERS: &str = "close that folder to other users";

impl PrivateFileError {
    /// Returns what may mend it. The purpose of the file, and so the exit code, is known to those who own it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io(error) => disk_hint(error),
            Self::NotPrivate(_) => OURS_ALONE,
            Self::Exposed(_) => CLOSED_FOLDERS,
        }
    }
}

/// Returns what may mend a file or folder of ours that cannot be read or written.
pub fn disk_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room there and try again; what was kept before is as it was"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "nothing can be kept there; OAUTHCTL_DATA_DIR and OAUTHCTL_CONFIG_DIR lead to another place"
        }
        _ if os::is_too_many_files(error) => {
            "`ulimit -n` says how many files a program may have open; a higher number helps"
        }
        _ => OURS_ALONE,
    }
}

/// Reads a file that belongs to this user alone. `None` if there is none. Makes nothing and touches nothing.
pub fn read(path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
    path.parent().map_or(Ok(()), os::check_folders)?;
    let file = match os::open(os::no_follow(OpenOptions::new().read(true)), path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(os::refused_link(error)),
    };
    os::check_private(&file)?;
    Ok(Some(read_capped(file, limit)?))
}

/// Reads a file that people write themselves, such as a provider's definition: a symbolic link is fine, but what it
/// leads to must be a regular file of this user or of root which no other user can change.
pub fn read_public(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = os::open(os::no_wait(OpenOptions::new().read(true)), path)?;
    os::check_trusted(&file)?;
    Ok(std::mem::take(&mut *read_capped(file, limit)?))
}

/// Like [`read_public`], in a folder that is ours to keep closed: no other user may change that one or rename one above
/// it.
pub fn read_public_of_ours(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    check_folder_of(path)?;
    read_public(path, limit)
}

/// Writes a new file that people go on to edit, and the folders above it as far as they are missing: whatever the
/// umask, no other user may change them, as [`read_public`] asks for.
pub fn write_public_new(path: &Path, content: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), os::create_folders)?;
    check_folder_of(path)?;
    make(path, os::public(&mut OpenOptions::new()), content)
}

/// Writes a new file where the user wants it, for the user alone. When this returns it is on the disk, and was read back.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    make(path, os::private(&mut OpenOptions::new()), content)
}

/// A file that was not there, whole and on the disk. What could not be finished is removed again.
fn make(path: &Path, options: &mut OpenOptions, content: &[u8]) -> io::Result<()> {
    let _writing = Writing::begin();
    let mut file = os::open(options.write(true).create_new(true), path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match os::sync_dir(folder.unwrap_or(Path::new("."))) {
            // A folder that may be written to and not read, or a file system without this.
            Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) => {}
            synced => synced?,
        }
        match *read_any(path, content.len() as u64)? == *content {
            true => Ok(()),
            false => Err(io::Error::other("what was read back is not what was written")),
        }
    });
    drop(file);
    written.inspect_err(|_| drop(std::fs::remove_file(path)))
}

fn check_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), os::check_folders).map_err(|error| match error {
        PrivateFileError::Io(error) => error,
        PrivateFileError::NotPrivate(why) => io::Error::new(io::ErrorKind::PermissionDenied, why),
        PrivateFileError::Exposed(folder) => io::Error::new(io::ErrorKind::PermissionDenied, folder),
    })
}

/// Reads a file that proves itself, such as a sealed login: whose it is does not matter.
pub fn read_any(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = os::open(os::no_wait(OpenOptions::new().read(true)), path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(std::mem::take(&mut *read_capped(file, limit)?))
}

/// A directory that only the user may change. Everything that writes goes through one.
pub struct PrivateDir(Arc<os::Dir>);

impl PrivateDir {
    /// Makes the directory, and those above it, as far as they are missing, and checks the one that is there in the
    /// end.
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        Ok(Self(Arc::new(os::Dir::create(path)?)))
    }

    /// Puts the content in place of the old one, if any: all of it or nothing, and on the disk when this returns.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), PrivateFileError> {
        let _writing = Writing::begin();
        self.written(name, content)?.replace(name)?;
        Ok(self.0.sync()?)
    }

    /// Removes the new files here of processes that ended before they gave them their names. An error only if one of
    /// them cannot be removed.
    pub fn sweep(&self) -> Result<(), PrivateFileError> {
        Ok(self.0.sweep()?)
    }

    /// The same on the way: who comes to write something else has no use for the error.
    fn tidy(&self) {
        let _ = self.0.sweep();
    }

    /// A new file with this content, on the disk.
    fn written(&self, name: &str, content: &[u8]) -> io::Result<os::NewFile> {
        self.tidy();
        let mut file = os::Dir::new_file(&self.0, name)?;
        file.write(content)?;
        file.sync()?;
        Ok(file)
    }

    /// Like `write`, but leaves a file alone that is there already. `false` if there was one: of two processes that
    /// write at once, one wins and the other learns of it.
    pub fn write_new(&self, name: &str, content: &[u8]) -> Result<bool, PrivateFileError> {
        let _writing = Writing::begin();
        match self.written(name, content)?.take_free(name) {
            Ok(()) => {
                self.0.sync()?;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for the lock as long as it may. `None` if another process still has it then.
    ///
    /// The file is never deleted: a process that waits for it holds it open already, and would lock a file that is gone
    /// while the next one locks its successor.
    pub fn lock(&self, name: &str, patience: Duration) -> Result<Option<FileLock>, PrivateFileError> {
        let file = self.0.open_or_make(name).map_err(os::refused_link)?;
        os::check_private(&file)?;
        match file.try_lock() {
            Ok(()) => return Ok(Some(FileLock { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) if patience.is_zero() => return Ok(None),
            Err(std::fs::TryLockError::WouldBlock) => {}
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        // The system's wait has no bound, so a thread waits. If it gets the lock too late, the file is not taken from
        // it, and closing it lets go of the lock.
        let (locked, waiting) = mpsc::sync_channel(0);
        in_background("lock", move || locked.send(file.lock().map(|()| FileLock { _file: file })))?;
        match waiting.recv_timeout(patience) {
            Ok(result) => Ok(Some(result?)),
            Err(_) => Ok(None),
        }
    }
}

/// [`PrivateDir::sweep`] in a folder that need not be there, and is not made.
pub fn sweep(path: &Path) -> Result<(), PrivateFileError> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => PrivateDir::create(path)?.sweep(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Deletes a file, or the symbolic link that has taken its place. `false` if there was none.
pub fn remove(path: &Path) -> Result<bool, PrivateFileError> {
    match os::remove(path) {
        Ok(()) => {
            path.parent().map(os::sync_dir).transpose()?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Held until it is dropped, or the process ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// How many characters of a made-up name are random.
const RANDOM: usize = 16;

/// `.NAME.0123456789abcdef.new`: what a new file is called until it gets its name.
fn is_made_up(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".new"));
    let random = inner.and_then(|inner| inner.rsplit_once('.')).map(|(_, random)| random);
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Reads one byte more than allowed, to learn of it if the file is larger, also while it grows.
fn read_capped(file: File, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let size = file.metadata()?.len().min(limit);
    // All the room at once: a vector that grows leaves copies of a secret behind.
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")));
    }
    Ok(content)
}

#[cfg(test)]
mod crowd;

#[cfg(test)]
mod tests;
