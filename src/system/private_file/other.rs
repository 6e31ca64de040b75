//! Private files and folders on other systems. On Windows the user's profile directories are private by inheritance.
//!
//! While another process has a file open, Windows refuses to replace or remove it with "Access denied", and even to
//! open it during either. Our own readers hold a file for less than a millisecond, a virus scanner a little longer, so
//! all three operations are retried for a while. A folder in place of a file is refused with the same error, without
//! retry.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{PrivateFileError, is_made_up};
use crate::system::signals::RemoveOnSignal;

/// How long to retry while others hold a file. Sixty processes that change one file at once finish within a second.
const SHARING_TIMEOUT: Duration = Duration::from_secs(2);

/// The pause between two tries. It does not grow, since successive readers leave only short gaps.
const PAUSE: Duration = Duration::from_millis(1);

/// The age from which a new file counts as left behind. Locks are not used here, because they would block readers for a
/// moment after the rename. A write takes milliseconds, and a reserved file waits for one request of at most 30 s.
const LONG_DEAD: Duration = Duration::from_secs(600);

pub struct Dir(PathBuf);

/// A file under a temporary name. Removed on drop, unless it got its final name.
pub struct NewFile {
    dir: Arc<Dir>,
    /// Closed before the rename, since others cannot access an open file.
    file: Option<File>,
    path: Option<PathBuf>,
}

impl Dir {
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        super::create_folders(path)?;
        match std::fs::symlink_metadata(path)?.is_dir() {
            true => Ok(Self(path.to_owned())),
            false => Err(PrivateFileError::NotPrivate("it is a link, not a directory")),
        }
    }

    pub fn create_or_shared(path: &Path) -> Result<Self, PrivateFileError> {
        Self::create(path)
    }

    /// Creates an empty file with a temporary name.
    pub fn new_file(this: &Arc<Self>, name: &str) -> io::Result<NewFile> {
        let path = this.0.join(format!(".{name}.{:016x}.new", getrandom::u64()?));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(NewFile { dir: Arc::clone(this), file: Some(file), path: Some(path) })
    }

    /// Removes the new files whose processes must have ended, judging by their age.
    pub fn sweep(&self) -> io::Result<()> {
        let mut result = Ok(());
        for entry in std::fs::read_dir(&self.0)? {
            let entry = entry?;
            let age = entry.metadata().and_then(|metadata| metadata.modified()).map(|made| made.elapsed());
            let is_dead = age.is_ok_and(|age| age.is_ok_and(|age| age > LONG_DEAD));
            if is_dead && entry.file_name().to_str().is_some_and(is_made_up) {
                result = result.and(std::fs::remove_file(entry.path()));
            }
        }
        result
    }

    /// Opens a lock file, and creates it if it is missing.
    pub fn open_or_make(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        open(no_follow(&mut options), &self.0.join(name))
    }

    pub fn sync(&self) -> io::Result<()> {
        sync_dir(&self.0)
    }
}

impl NewFile {
    /// Reserves nothing: space is taken when it is written.
    pub fn reserve(&self, _: u64) -> io::Result<()> {
        Ok(())
    }

    pub fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.file.iter_mut().try_for_each(|file| file.write_all(content))
    }

    pub fn sync(&self) -> io::Result<()> {
        self.file.iter().try_for_each(File::sync_all)
    }

    pub fn removed_by_signals(&self) -> RemoveOnSignal {
        RemoveOnSignal::begin(self.path.as_deref().unwrap_or(Path::new("")))
    }

    /// Syncs first, because here a file is closed before the rename.
    pub fn replace_then_sync(self, name: &str) -> io::Result<()> {
        self.sync()?;
        self.replace(name)
    }

    /// Renames it to this name, replacing any other file.
    pub fn replace(mut self, name: &str) -> io::Result<()> {
        self.file = None;
        let (Some(made_up), path) = (&self.path, self.dir.0.join(name)) else { return Ok(()) };
        // Newer Windows versions replace a file that readers like ours have open; older ones refuse while it is open.
        patiently(&path, || std::fs::rename(made_up, &path))?;
        self.path = None;
        Ok(())
    }

    /// Renames it to this name, unless a file has it.
    pub fn take_free(mut self, name: &str) -> io::Result<()> {
        self.file = None;
        let (Some(made_up), path) = (self.path.take(), self.dir.0.join(name)) else { return Ok(()) };
        let mut file = Some(tempfile::TempPath::try_from_path(made_up)?);
        patiently(&path, || match file.take().map(|file| file.persist_noclobber(&path)) {
            Some(Err(failed)) => {
                file = Some(failed.path);
                Err(failed.error)
            }
            Some(Ok(())) | None => Ok(()),
        })
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        self.file = None;
        if let Some(path) = &self.path {
            // A file left behind is private like the others.
            let _ = remove(path);
        }
    }
}

pub fn check_writable(_: &Path) -> io::Result<()> {
    Ok(())
}

pub fn mode(_: &Metadata) -> Option<u32> {
    None
}

pub fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    patiently(path, || options.open(path))
}

pub fn remove(path: &Path) -> io::Result<()> {
    patiently(path, || std::fs::remove_file(path))
}

/// Retries while another process holds the file.
fn patiently<T>(path: &Path, mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now() + SHARING_TIMEOUT;
    loop {
        match act() {
            Err(error) if is_held(&error) && !path.is_dir() && Instant::now() < end => std::thread::sleep(PAUSE),
            result => return result,
        }
    }
}

#[cfg(windows)]
fn is_held(error: &io::Error) -> bool {
    const ERROR_ACCESS_DENIED: i32 = 5;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    const ERROR_LOCK_VIOLATION: i32 = 33;
    /// A file that disappears when its last holder closes it.
    const ERROR_DELETE_PENDING: i32 = 303;
    /// A scanner has mapped it into memory.
    const ERROR_USER_MAPPED_FILE: i32 = 1224;
    matches!(
        error.raw_os_error(),
        Some(
            ERROR_ACCESS_DENIED
                | ERROR_SHARING_VIOLATION
                | ERROR_LOCK_VIOLATION
                | ERROR_DELETE_PENDING
                | ERROR_USER_MAPPED_FILE
        )
    )
}

#[cfg(not(windows))]
fn is_held(_: &io::Error) -> bool {
    false
}

pub fn no_wait(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Opens a link itself on Windows, which is then not a regular file.
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

pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub fn create_folders(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

pub fn check_folders(_: &Path) -> Result<(), PrivateFileError> {
    Ok(())
}

/// Returns `false`: no error code is known here.
pub fn is_ours(_: &Metadata) -> bool {
    true
}

pub fn is_ours_or_roots(_: &Metadata) -> bool {
    true
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

/// Does nothing: Windows has no such call, and its renames are journaled.
pub fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

pub fn is_too_many_files(_: &io::Error) -> bool {
    false
}
