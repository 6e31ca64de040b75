//! Files and folders of a Unix user.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{AtFlags, Mode, OFlags, linkat, openat, renameat, unlinkat};
#[cfg(any(target_os = "linux", target_os = "macos"))]
use rustix::{fs::RenameFlags, io::Errno};

use super::{PrivateFileError, is_made_up};
use crate::system::signals::Unnamed;

/// The age from which a file counts as left behind where a file system has no locks: a write takes milliseconds, and
/// a file that is reserved waits for one request, of 30 s.
const LONG_DEAD: Duration = Duration::from_secs(3600);

#[path = "folders.rs"]
mod folders;

pub use folders::check as check_folders;

/// A folder that is held open: files are made in this one, whatever its name stands for by then.
pub struct Dir(File);

/// A file under a made-up name, locked as long as it is written. Removed on drop, unless it got a name to stay.
pub struct NewFile {
    file: File,
    name: MadeUpName,
}

struct MadeUpName {
    dir: Arc<Dir>,
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

    /// An empty file with a made-up name, mode 0600, opened so that it cannot be someone else's.
    pub fn new_file(this: &Arc<Self>, name: &str) -> io::Result<NewFile> {
        // A sweeping process may meet it before it is locked, which takes microseconds; hardly twice.
        for _ in 0..16 {
            let made_up = format!(".{name}.{:016x}.new", getrandom::u64()?);
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = File::from(openat(&this.0, made_up.as_str(), flags, Mode::RUSR | Mode::WUSR)?);
            let name = MadeUpName { dir: Arc::clone(this), name: Some(made_up) };
            let is_swept = matches!(file.try_lock(), Err(TryLockError::WouldBlock)) || file.metadata()?.nlink() == 0;
            if !is_swept {
                return Ok(NewFile { file, name });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Removes the new files that no living process holds.
    pub fn sweep(&self) -> io::Result<()> {
        let mut result = Ok(());
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let Ok(name) = entry?.file_name().to_str().map(str::to_owned) else { continue };
            // Held until it is removed: the process that made it must not get the lock in between, and write to no
            // file.
            let Some(_held) = Some(&name).filter(|name| is_made_up(name)).and_then(|name| self.abandoned(name)) else {
                continue;
            };
            match unlinkat(&self.0, name.as_str(), AtFlags::empty()) {
                Ok(()) | Err(rustix::io::Errno::NOENT) => {}
                Err(error) => result = Err(error.into()),
            }
        }
        result
    }

    /// The file of that name, if no living process has its lock.
    fn abandoned(&self, name: &str) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, name, flags, Mode::empty()).ok()?);
        let is_abandoned = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(_)) => {
                let age = file.metadata().and_then(|metadata| metadata.modified()).map(|made| made.elapsed());
                age.is_ok_and(|age| age.is_ok_and(|age| age > LONG_DEAD))
            }
        };
        is_abandoned.then_some(file)
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

impl NewFile {
    /// Takes room on the disk for as much content. Not every file system can, and then it is taken as it is written.
    pub fn reserve(&self, room: u64) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            let taken = rustix::fs::fallocate(&self.file, rustix::fs::FallocateFlags::KEEP_SIZE, 0, room);
            if let Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::IO)) = taken {
                return Err(error.into());
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = room;
        Ok(())
    }

    pub fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.file.write_all(content)
    }

    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// From now on a signal that ends us removes it.
    pub fn removed_by_signals(&self) -> Unnamed {
        Unnamed::begin(self.name.dir.0.as_raw_fd(), self.name.name.as_deref().unwrap_or_default())
    }

    /// Takes this name, even if another file has it.
    pub fn replace(self, name: &str) -> io::Result<()> {
        self.take(name).map(drop)
    }

    /// Takes this name, and then goes to the disk.
    pub fn replace_then_sync(self, name: &str) -> io::Result<()> {
        self.take(name)?.sync_all()
    }

    fn take(self, name: &str) -> io::Result<File> {
        let Self { file, name: mut made_up } = self;
        let dir = &made_up.dir.0;
        if let Some(from) = &made_up.name {
            renameat(dir, from.as_str(), dir, name)?;
        }
        made_up.name = None;
        Ok(file)
    }

    /// Takes this name if no file has it.
    pub fn take_free(mut self, name: &str) -> io::Result<()> {
        let dir = &self.name.dir.0;
        let Some(made_up) = &self.name.name else { return Ok(()) };
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        match rustix::fs::renameat_with(dir, made_up.as_str(), dir, name, RenameFlags::NOREPLACE) {
            Ok(()) => {
                self.name.name = None;
                return Ok(());
            }
            // Not every kernel and file system can.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
        // The made-up name is removed on drop, as both mean one file by then.
        Ok(linkat(dir, made_up.as_str(), dir, name, AtFlags::empty())?)
    }
}

impl Drop for MadeUpName {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // A file that stays behind is ours alone.
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

pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
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

/// Returns whether this process may open no further file.
pub fn is_too_many_files(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMFILE)
}
