//! Files that only the user may read. This is the only place that reads and writes them.
//!
//! The opened file or folder is checked, never its name: an attacker can replace a name between a check and an open. A
//! folder therefore stays open from the check on, and new files are created in the open folder. No open follows a
//! symbolic link as the last component or waits for the other end of a FIFO. A write goes to a new file beside the old
//! one and then replaces it, so that a crash leaves the old content or the new, never half. A terminating signal waits
//! for the write, so that no new file is left behind.
//!
//! SIGKILL does leave one behind. Each process therefore locks its new files, and a process that writes in a folder
//! removes those that no process has locked: see [`PrivateDir::sweep`].
//!
//! On Windows the user's profile directories are private by inheritance, so only the type of a file is checked.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use zeroize::Zeroizing;

use super::process::in_background;
use super::remedy;
use super::signals::Writing;
use crate::protocol::json::MARK;

#[cfg_attr(unix, path = "private_file/unix.rs")]
#[cfg_attr(not(unix), path = "private_file/other.rs")]
mod os;

mod exposed;
mod ownership;
mod reserved;
mod stamp;

pub use exposed::ExposedFolder;
pub use ownership::{Ownership, read_unless_foreign};
pub use reserved::Reserved;
pub use stamp::FileStamp;

/// The largest file that is read by default. Our own files have a few KiB, and reading this much does no harm.
pub const SIZE_LIMIT: u64 = 1 << 20;

/// The reason why a private file was not used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is not a private file of this user ({0})")]
    NotPrivate(&'static str),
    #[error(transparent)]
    Exposed(#[from] ExposedFolder),
}

/// The hint for our files and folders.
pub const OURS_ALONE: &str =
    "make sure that you own it, that it is not a symbolic link, and that only you can change it";

/// The hint for folders that do not exist and cannot be made, as where HOME names none.
pub const OTHER_FOLDERS: &str = remedy::OTHER_FOLDERS;

/// The hint for the folders of our files.
pub const CLOSED_FOLDERS: &str = "remove other users' write access to that folder";

impl PrivateFileError {
    /// Returns a hint. The exit code depends on the file's purpose, so the caller adds it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io(error) => disk_hint(error),
            Self::NotPrivate(_) => OURS_ALONE,
            Self::Exposed(_) => CLOSED_FOLDERS,
        }
    }
}

/// Returns a hint for a file or folder of ours that cannot be read or written.
pub fn disk_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some disk space and try again; the previous content is unchanged"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => OTHER_FOLDERS,
        io::ErrorKind::PermissionDenied => {
            "make sure that you own it and that only you can change it, or set OAUTHCTL_DATA_DIR and \
             OAUTHCTL_CONFIG_DIR to folders that you can write to"
        }
        _ if os::is_too_many_files(error) => remedy::OPEN_FILES,
        _ => OURS_ALONE,
    }
}

/// Reads a file that only this user may access, or returns `None` if there is none. Creates and changes nothing.
pub fn read(path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
    path.parent().map_or(Ok(()), os::check_folders)?;
    read_shared(path, limit)
}

/// The same in a folder that may be shared, as for [`PrivateDir::create_or_shared`].
pub fn read_shared(path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
    let file = match os::open(os::no_follow(OpenOptions::new().read(true)), path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(os::refused_link(error)),
    };
    os::check_private(&file)?;
    Ok(Some(read_capped(file, limit)?))
}

/// Creates a folder, with those above it. A HOME that does not exist is not created: whatever is kept there would be
/// kept where no later session looks.
fn create_folders(path: &Path) -> io::Result<()> {
    check_home_of(path)?;
    os::create_folders(path)
}

fn check_home_of(path: &Path) -> io::Result<()> {
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute() && path.starts_with(home));
    let Some(home) = home.filter(|home| !home.exists()) else { return Ok(()) };
    let home = crate::protocol::sanitize::line(&home.to_string_lossy());
    Err(io::Error::new(io::ErrorKind::NotFound, format!("HOME is `{home}`, which does not exist")))
}

/// Reads a file that users write themselves, such as a provider's definition. A symbolic link is accepted, but its
/// target must be a regular file of this user or of root that no other user can change. The byte order
/// mark that some editors put before UTF-8 is left out.
pub fn read_public(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = os::open(os::no_wait(OpenOptions::new().read(true)), path)?;
    os::check_trusted(&file)?;
    let mut content = std::mem::take(&mut *read_capped(file, limit)?);
    if content.starts_with(MARK) {
        content.drain(..MARK.len());
    }
    Ok(content)
}

/// Like [`read_public`], in a folder of ours: no other user may change it or rename a folder above it.
pub fn read_public_of_ours(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    check_folder_of(path)?;
    read_public(path, limit)
}

/// Writes a new file for the user to edit, and creates missing folders above it. Whatever the umask, no other user may
/// change them, as [`read_public`] requires.
pub fn write_public_new(path: &Path, content: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), create_folders)?;
    check_folder_of(path)?;
    make(path, os::public(&mut OpenOptions::new()), content)
}

/// Writes such a file in the place of another, if there is one: at any time the old one is there or the new one. A symbolic
/// link is replaced and not followed.
pub fn replace_public(path: &Path, content: &[u8]) -> io::Result<()> {
    beside(path, |new| write_public_new(new, content))
}

/// Writes a new file where the user wants it, readable only by the user. It is synced and read back.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    make(path, os::private(&mut OpenOptions::new()), content)
}

/// Writes such a file in the place of another, if there is one: at any time the old one is there or the new one. A symbolic
/// link is replaced and not followed.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    beside(path, |new| write_new(new, content))
}

fn beside(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.{:016x}.new", getrandom::u64()?));
    write(&new)?;
    std::fs::rename(&new, path).inspect_err(|_| drop(std::fs::remove_file(&new)))
}

/// Creates a file, complete and synced. An incomplete one is removed again.
fn make(path: &Path, options: &mut OpenOptions, content: &[u8]) -> io::Result<()> {
    let _writing = Writing::begin();
    let mut file = os::open(options.write(true).create_new(true), path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match os::sync_dir(folder.unwrap_or(Path::new("."))) {
            // The folder is writable but not readable, or the file system does not support it.
            Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) => {}
            synced => synced?,
        }
        match *read_any(path, content.len() as u64)? == *content {
            true => Ok(()),
            false => Err(io::Error::other("the content read back differs from what was written")),
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

/// Looks at a folder of ours, without opening a file in it: other users must not be able to write to it or to one above it,
/// and we must. Returns its mode where there are modes, or `None` if there is no such folder yet, and it can be made.
pub fn look_at(folder: &Path) -> Result<Option<FolderMode>, PrivateFileError> {
    match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Err(io::Error::from(io::ErrorKind::NotADirectory).into()),
        Ok(found) => {
            os::check_folders(folder)?;
            std::fs::read_dir(folder)?;
            os::check_writable(folder)?;
            Ok(Some(FolderMode(os::mode(&found))))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            check_home_of(folder)?;
            // Where it would be made.
            folder.ancestors().skip(1).find(|above| above.is_dir()).map_or(Ok(()), os::check_writable)?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The permissions of a folder, where the system has some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderMode(Option<u32>);

impl std::fmt::Display for FolderMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(mode) => write!(f, "mode {mode:04o}"),
            None => f.write_str("private by inheritance"),
        }
    }
}

/// Reads a file that is authenticated by its content, such as an exported login. Its owner does not matter.
pub fn read_any(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = os::open(os::no_wait(OpenOptions::new().read(true)), path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(std::mem::take(&mut *read_capped(file, limit)?))
}

/// A directory that only the user may change. All writes go through one.
pub struct PrivateDir(Arc<os::Dir>);

impl PrivateDir {
    /// Creates the directory and missing ones above it, and checks the resulting directory.
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        Ok(Self(Arc::new(os::Dir::create(path)?)))
    }

    /// The same for a folder that the user has named for a file of ours. It may be shared, as `/tmp` is, if no other user
    /// can replace our files there.
    pub fn create_or_shared(path: &Path) -> Result<Self, PrivateFileError> {
        Ok(Self(Arc::new(os::Dir::create_or_shared(path)?)))
    }

    /// Replaces the content atomically, and syncs it.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), PrivateFileError> {
        let _writing = Writing::begin();
        self.written(name, content)?.replace(name)?;
        Ok(self.0.sync()?)
    }

    /// Replaces the content atomically, and does not wait for the disk: for what may be lost with the power.
    pub fn write_unsynced(&self, name: &str, content: &[u8]) -> Result<(), PrivateFileError> {
        let _writing = Writing::begin();
        self.tidy();
        let mut file = os::Dir::new_file(&self.0, name)?;
        file.write(content)?;
        Ok(file.replace(name)?)
    }

    /// Removes new files of processes that ended before they renamed them. Fails only if one cannot be removed.
    pub fn sweep(&self) -> Result<(), PrivateFileError> {
        Ok(self.0.sweep()?)
    }

    /// Sweeps before a write, which an error here must not stop.
    fn tidy(&self) {
        let _ = self.0.sweep();
    }

    /// Creates a new file with this content, and syncs it.
    fn written(&self, name: &str, content: &[u8]) -> io::Result<os::NewFile> {
        self.tidy();
        let mut file = os::Dir::new_file(&self.0, name)?;
        file.write(content)?;
        file.sync()?;
        Ok(file)
    }

    /// Like `write`, but never replaces a file. Returns `false` if there is one: of two processes that write at once,
    /// one succeeds and the other is told.
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

    /// Takes a lock, or returns `None` if another process still holds it after `patience`.
    ///
    /// The file is never deleted: a waiting process has it open, and would lock a deleted file while the next process
    /// locks a new one.
    pub fn lock(&self, name: &str, patience: Duration) -> Result<Option<FileLock>, PrivateFileError> {
        let file = self.0.open_or_make(name).map_err(os::refused_link)?;
        os::check_private(&file)?;
        match file.try_lock() {
            Ok(()) => return Ok(Some(FileLock { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) if patience.is_zero() => return Ok(None),
            Err(std::fs::TryLockError::WouldBlock) => {}
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        // The system's wait has no timeout, so a thread waits. If it gets the lock too late, sending fails, and the
        // closed file releases the lock.
        let (locked, waiting) = mpsc::sync_channel(0);
        in_background("lock", move || locked.send(file.lock().map(|()| FileLock { _file: file })))?;
        match waiting.recv_timeout(patience) {
            Ok(result) => Ok(Some(result?)),
            Err(_) => Ok(None),
        }
    }
}

/// Returns `true` if no process holds the lock of this name, or if there is none. It is not kept from others meanwhile.
pub fn is_free(path: &Path) -> io::Result<bool> {
    match os::open(os::no_follow(OpenOptions::new().read(true)), path) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Ok(true),
            Err(std::fs::TryLockError::WouldBlock) => Ok(false),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Calls [`PrivateDir::sweep`] in a folder if it exists.
pub fn sweep(path: &Path) -> Result<(), PrivateFileError> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => PrivateDir::create(path)?.sweep(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Deletes a file, or a symbolic link in its place. Returns `false` if there was none.
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

/// Does the same without waiting for the disk: for what may come back after a power failure.
pub fn remove_unsynced(path: &Path) -> Result<bool, PrivateFileError> {
    match os::remove(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A held lock, released on drop or when the process ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

/// The number of random characters in a temporary name.
const RANDOM: usize = 16;

/// Returns `true` for the temporary name of a new file: `.NAME.0123456789abcdef.new`.
fn is_made_up(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".new"));
    let random = inner.and_then(|inner| inner.rsplit_once('.')).map(|(_, random)| random);
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Reads up to one byte more than allowed, to detect a file that is larger, even if it is growing.
fn read_capped(file: File, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let size = file.metadata()?.len().min(limit);
    // Allocated at once, because a growing vector leaves copies of a secret behind.
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")));
    }
    Ok(content)
}

#[cfg(test)]
mod concurrency;

#[cfg(test)]
mod tests;
