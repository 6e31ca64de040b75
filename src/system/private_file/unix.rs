//! Private files and folders on Unix.

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
use crate::system::signals::RemoveOnSignal;

/// The age from which a new file counts as left behind on a file system without locks. A write takes milliseconds, and
/// a reserved file waits for one request of at most 30 s.
const LONG_DEAD: Duration = Duration::from_secs(3600);

#[path = "folders.rs"]
mod folders;

pub use folders::check as check_folders;

/// An open folder. Files are created in it even if its name leads elsewhere by then.
pub struct Dir(File);

/// A file under a temporary name, locked while it is written. Removed on drop, unless it got its final name.
pub struct NewFile {
    file: File,
    name: TemporaryName,
}

struct TemporaryName {
    dir: Arc<Dir>,
    name: Option<String>,
}

impl Dir {
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        let (dir, metadata) = Self::open(path)?;
        match metadata.permissions().mode() {
            _ if !is_ours(&metadata) => Err(PrivateFileError::NotPrivate("it belongs to another user")),
            mode if mode & 0o022 != 0 => Err(PrivateFileError::NotPrivate("other users can write to it")),
            _ => Ok(Self(dir)),
        }
    }

    /// Accepts a folder of root's, and one in which each user can replace only their own files, too.
    pub fn create_or_shared(path: &Path) -> Result<Self, PrivateFileError> {
        let (dir, metadata) = Self::open(path)?;
        match metadata.permissions().mode() {
            _ if !is_ours_or_roots(&metadata) => {
                Err(PrivateFileError::NotPrivate("its folder belongs to another user"))
            }
            mode if mode & 0o022 != 0 && mode & 0o1000 == 0 => {
                Err(PrivateFileError::NotPrivate("other users can write to its folder"))
            }
            _ => Ok(Self(dir)),
        }
    }

    fn open(path: &Path) -> Result<(File, Metadata), PrivateFileError> {
        folders::check_above(path)?;
        super::create_folders(path)?;
        let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
        let dir = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(dir) => dir,
            // Linux returns this for a link when a directory was requested; the path exists, since we just created it.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(PrivateFileError::NotPrivate("it is a symbolic link, not a directory"));
            }
            Err(error) => return Err(refused_link(error)),
        };
        let metadata = dir.metadata()?;
        Ok((dir, metadata))
    }

    /// Creates an empty file with a temporary name and mode 0600. It fails if the name exists, so the file is ours.
    pub fn new_file(this: &Arc<Self>, name: &str) -> io::Result<NewFile> {
        // A sweeping process may find it before it is locked, which takes microseconds; hardly ever twice.
        for _ in 0..16 {
            let made_up = format!(".{name}.{:016x}.new", getrandom::u64()?);
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = File::from(openat(&this.0, made_up.as_str(), flags, Mode::RUSR | Mode::WUSR)?);
            let name = TemporaryName { dir: Arc::clone(this), name: Some(made_up) };
            let is_swept = matches!(file.try_lock(), Err(TryLockError::WouldBlock)) || file.metadata()?.nlink() == 0;
            if !is_swept {
                return Ok(NewFile { file, name });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Removes the new files that no running process has locked.
    pub fn sweep(&self) -> io::Result<()> {
        let mut result = Ok(());
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let Ok(name) = entry?.file_name().to_str().map(str::to_owned) else { continue };
            // Locked until it is removed: otherwise the process that created it could get the lock and write to a
            // removed file.
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

    /// Returns the file of that name, locked, if no running process has its lock.
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

    /// Opens a lock file, and creates it if it is missing.
    pub fn open_or_make(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(File::from(openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?))
    }

    /// Syncs the directory, without which a rename may not be on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl NewFile {
    /// Reserves space on the disk. On a file system that cannot, space is taken when it is written.
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

    /// Has the file removed if a signal ends this process.
    pub fn removed_by_signals(&self) -> RemoveOnSignal {
        RemoveOnSignal::begin(self.name.dir.0.as_raw_fd(), self.name.name.as_deref().unwrap_or_default())
    }

    /// Renames it to this name, replacing any other file.
    pub fn replace(self, name: &str) -> io::Result<()> {
        self.take(name).map(drop)
    }

    /// Renames it to this name, and then syncs it.
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

    /// Renames it to this name, unless a file has it.
    pub fn take_free(mut self, name: &str) -> io::Result<()> {
        let dir = &self.name.dir.0;
        let Some(made_up) = &self.name.name else { return Ok(()) };
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        match rustix::fs::renameat_with(dir, made_up.as_str(), dir, name, RenameFlags::NOREPLACE) {
            Ok(()) => {
                self.name.name = None;
                return Ok(());
            }
            // Not every kernel and file system supports it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
        // The temporary name, which is now a second link, is removed on drop.
        Ok(linkat(dir, made_up.as_str(), dir, name, AtFlags::empty())?)
    }
}

impl Drop for TemporaryName {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // A file left behind is readable only by the user.
            let _ = unlinkat(&self.dir.0, name.as_str(), AtFlags::empty());
        }
    }
}

/// Fails if this user cannot make files in a folder.
pub fn check_writable(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?)
}

pub fn mode(metadata: &Metadata) -> Option<u32> {
    Some(metadata.permissions().mode() & 0o7777)
}

pub fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

pub fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

/// Keeps `open` from waiting on a FIFO or device. std adds `O_CLOEXEC` by itself.
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

/// Converts the ELOOP of `O_NOFOLLOW`, whose system message would be about too many links.
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
        mode if mode & 0o077 != 0 => {
            Err(PrivateFileError::NotPrivate("other users can open it; run `chmod 600` on it"))
        }
        _ => Ok(()),
    }
}

pub fn check_trusted(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    let problem = match metadata.permissions().mode() {
        _ if !metadata.is_file() => "it is not a regular file",
        _ if !is_ours_or_roots(&metadata) => "it belongs to another user",
        mode if mode & 0o022 != 0 => "other users can change it; run `chmod go-w` on it",
        _ => return Ok(()),
    };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

/// Syncs a directory, without which a rename may not be on the disk.
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

/// Returns `true` if this process has reached its limit of open files.
pub fn is_too_many_files(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMFILE)
}
