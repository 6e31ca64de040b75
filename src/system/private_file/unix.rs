//! Files and folders of a Unix user.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, linkat, openat, renameat, unlinkat};
#[cfg(any(target_os = "linux", target_os = "macos"))]
use rustix::{fs::RenameFlags, io::Errno};

use super::PrivateFileError;

#[path = "folders.rs"]
mod folders;

pub use folders::check as check_folders;

/// A folder that is held open: files are made in this one, whatever its name stands for by then.
pub struct Dir(File);

/// A file that is whole and on the disk, under a made-up name. Removed on drop, unless it got a name to stay.
pub struct NewFile<'a> {
    dir: &'a Dir,
    name: Option<String>,
}

impl Dir {
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        folders::check_above(path)?;
        create_folders(path)?;
        let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
        let dir = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(dir) => dir,
            // Linux says so of a link when a directory was asked for; the path exists, as we have just made it.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(PrivateFileError::NotPrivate("it is a symbolic link, not a directory"));
            }
            Err(error) => return Err(refused_link(error)),
        };
        let metadata = dir.metadata()?;
        match metadata.permissions().mode() {
            _ if !is_ours(&metadata) => Err(PrivateFileError::NotPrivate("it belongs to another user")),
            mode if mode & 0o022 != 0 => Err(PrivateFileError::NotPrivate("others may write to it")),
            _ => Ok(Self(dir)),
        }
    }

    /// The content in a new file with a made-up name, mode 0600, opened so that it cannot be someone else's.
    pub fn new_file(&self, name: &str, content: &[u8]) -> io::Result<NewFile<'_>> {
        let made_up = format!(".{name}.{:016x}.new", getrandom::u64()?);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.0, made_up.as_str(), flags, Mode::RUSR | Mode::WUSR)?);
        let new = NewFile { dir: self, name: Some(made_up) };
        file.write_all(content)?;
        file.sync_all()?;
        Ok(new)
    }

    /// The file of a lock.
    pub fn open_or_make(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(File::from(openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// A rename is on the disk only when its directory is.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl NewFile<'_> {
    /// Takes this name, whoever has it.
    pub fn replace(mut self, name: &str) -> io::Result<()> {
        let Some(made_up) = &self.name else { return Ok(()) };
        renameat(&self.dir.0, made_up.as_str(), &self.dir.0, name)?;
        self.name = None;
        Ok(())
    }

    /// Takes this name if nobody has it.
    pub fn take_free(mut self, name: &str) -> io::Result<()> {
        let Some(made_up) = &self.name else { return Ok(()) };
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        match rustix::fs::renameat_with(&self.dir.0, made_up.as_str(), &self.dir.0, name, RenameFlags::NOREPLACE) {
            Ok(()) => {
                self.name = None;
                return Ok(());
            }
            // Not every kernel and file system can.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
        // The made-up name is removed on drop, as both mean one file by then.
        Ok(linkat(&self.dir.0, made_up.as_str(), &self.dir.0, name, AtFlags::empty())?)
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // What stays behind is nobody's but ours.
            let _ = unlinkat(&self.dir.0, name.as_str(), AtFlags::empty());
        }
    }
}

pub fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

pub fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

/// No FIFO or device makes us wait in `open`. std adds `O_CLOEXEC` by itself.
pub fn no_wait(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(libc::O_NONBLOCK)
}

pub fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW)
}

pub fn public(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o644)
}

pub fn create_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// `O_NOFOLLOW` meets a link with ELOOP, whose text speaks of too many links.
pub fn refused_link(error: io::Error) -> PrivateFileError {
    match error.raw_os_error() {
        Some(libc::ELOOP) => PrivateFileError::NotPrivate("it is a symbolic link"),
        _ => error.into(),
    }
}

pub fn check_private(file: &File) -> Result<(), PrivateFileError> {
    let metadata = file.metadata()?;
    match metadata.permissions().mode() {
        _ if !metadata.is_file() => Err(PrivateFileError::NotPrivate("it is not a regular file")),
        _ if !is_ours(&metadata) => Err(PrivateFileError::NotPrivate("it belongs to another user")),
        mode if mode & 0o077 != 0 => Err(PrivateFileError::NotPrivate("others may open it; it needs mode 600")),
        _ => Ok(()),
    }
}

pub fn check_trusted(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    let problem = match metadata.permissions().mode() {
        _ if !metadata.is_file() => "it is not a regular file",
        _ if !is_ours_or_roots(&metadata) => "it belongs to another user",
        mode if mode & 0o022 != 0 => "others may change it; `chmod go-w` mends that",
        _ => return Ok(()),
    };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

/// A rename is on the disk only when its directory is.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

pub fn is_ours_or_roots(metadata: &Metadata) -> bool {
    is_ours(metadata) || metadata.uid() == 0
}

pub fn is_ours(metadata: &Metadata) -> bool {
    // SAFETY: `geteuid` takes nothing, changes nothing and cannot fail.
    metadata.uid() == unsafe { libc::geteuid() }
}

/// Whether this process may open no further file.
pub fn is_too_many_files(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMFILE)
}
