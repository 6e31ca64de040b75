//! Files that nobody but the user may read: the only place that reads and writes them.
//!
//! What is checked is the opened file, never its name: an attacker may change what a name stands for between a look and
//! an open. No open follows a symbolic link in the last place or waits for the other end of a FIFO. A write goes to a
//! new file beside the old one, which then takes its place, so that a crash leaves the old content or the new and never
//! half.
//!
//! On Windows the user's profile directories are private by inheritance; there it is checked only that a file is a
//! file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

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
}

/// Reads a file that belongs to this user alone. `None` if there is none. Makes nothing and touches nothing.
pub fn read(path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
    let file = match os::no_follow(OpenOptions::new().read(true)).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(os::refused_link(error)),
    };
    os::check_private(&file)?;
    Ok(Some(read_capped(file, limit)?))
}

/// Reads a file that people write themselves, such as a provider's definition: a symbolic link is fine, but what it
/// leads to must be a regular file of this user or of root which nobody else can change.
pub fn read_public(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = os::no_wait(OpenOptions::new().read(true)).open(path)?;
    os::check_trusted(&file)?;
    Ok(std::mem::take(&mut *read_capped(file, limit)?))
}

/// Reads a file that proves itself, such as a sealed login: whose it is does not matter.
pub fn read_any(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = os::no_wait(OpenOptions::new().read(true)).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(std::mem::take(&mut *read_capped(file, limit)?))
}

/// A directory that nobody but the user may change. Everything that writes goes through one.
pub struct PrivateDir {
    path: PathBuf,
}

impl PrivateDir {
    /// Makes the directory, and those above it, as far as they are missing, and checks the one that is there in the
    /// end.
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        os::create_dir(path)?;
        os::check_dir(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Puts the content in place of the old one, if any: all of it or nothing, and on the disk when this returns.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), PrivateFileError> {
        self.written(name, content)?.persist(self.path.join(name)).map_err(|failed| failed.error)?;
        Ok(os::sync_dir(&self.path)?)
    }

    /// Like `write`, but leaves a file alone that is there already. `false` if there was one: of two processes that
    /// write at once, one wins and the other learns of it.
    pub fn write_new(&self, name: &str, content: &[u8]) -> Result<bool, PrivateFileError> {
        match self.written(name, content)?.persist_noclobber(self.path.join(name)) {
            Ok(_) => {
                os::sync_dir(&self.path)?;
                Ok(true)
            }
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(failed) => Err(failed.error.into()),
        }
    }

    /// The content in a new file with a made-up name, mode 0600, opened so that it cannot be someone else's.
    fn written(&self, name: &str, content: &[u8]) -> Result<tempfile::NamedTempFile, PrivateFileError> {
        let mut file = tempfile::Builder::new().prefix(&format!(".{name}.")).suffix(".new").tempfile_in(&self.path)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// Waits for the lock as long as it may. `None` if another process still has it then.
    ///
    /// The file is never deleted: whoever waits for it holds it open already, and would lock a file that is gone while
    /// the next one locks its successor.
    pub fn lock(&self, name: &str, patience: Duration) -> Result<Option<FileLock>, PrivateFileError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = os::private(os::no_follow(&mut options)).open(self.path.join(name)).map_err(os::refused_link)?;
        os::check_private(&file)?;
        match file.try_lock() {
            Ok(()) => return Ok(Some(FileLock { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) if patience.is_zero() => return Ok(None),
            Err(std::fs::TryLockError::WouldBlock) => {}
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        // The system's wait has no bound, so a thread waits. If it gets the lock too late, nobody takes the file from
        // it, and closing it lets go of the lock.
        let (locked, waiting) = mpsc::sync_channel(0);
        thread::Builder::new().name("lock".to_owned()).spawn(move || {
            let _ = locked.send(file.lock().map(|()| FileLock { _file: file }));
        })?;
        match waiting.recv_timeout(patience) {
            Ok(result) => Ok(Some(result?)),
            Err(_) => Ok(None),
        }
    }
}

/// Deletes a file, or the symbolic link that has taken its place. `false` if there was none.
pub fn remove(path: &Path) -> Result<bool, PrivateFileError> {
    match std::fs::remove_file(path) {
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

#[cfg(unix)]
mod os {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    use super::PrivateFileError;

    /// No FIFO or device makes us wait in `open`. std adds `O_CLOEXEC` by itself.
    pub fn no_wait(options: &mut OpenOptions) -> &mut OpenOptions {
        options.custom_flags(libc::O_NONBLOCK)
    }

    pub fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW)
    }

    pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(0o600)
    }

    /// `O_NOFOLLOW` meets a link with ELOOP, whose text speaks of too many links.
    pub fn refused_link(error: io::Error) -> PrivateFileError {
        match error.raw_os_error() {
            Some(libc::ELOOP) => PrivateFileError::NotPrivate("it is a symbolic link"),
            _ => error.into(),
        }
    }

    pub fn create_dir(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    pub fn check_dir(path: &Path) -> Result<(), PrivateFileError> {
        let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
        let metadata = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(dir) => dir.metadata()?,
            // Linux says so of a link when a directory was asked for; the path exists, as we have just made it.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(PrivateFileError::NotPrivate("it is a symbolic link, not a directory"));
            }
            Err(error) => return Err(refused_link(error)),
        };
        match metadata.permissions().mode() {
            _ if !is_ours(&metadata) => Err(PrivateFileError::NotPrivate("it belongs to another user")),
            mode if mode & 0o022 != 0 => Err(PrivateFileError::NotPrivate("others may write to it")),
            _ => Ok(()),
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
            _ if !is_ours(&metadata) && metadata.uid() != 0 => "it belongs to another user",
            mode if mode & 0o022 != 0 => "others may change it; `chmod go-w` mends that",
            _ => return Ok(()),
        };
        Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
    }

    /// A rename is on the disk only when its directory is.
    pub fn sync_dir(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn is_ours(metadata: &Metadata) -> bool {
        // SAFETY: `geteuid` takes nothing, changes nothing and cannot fail.
        metadata.uid() == unsafe { libc::geteuid() }
    }
}

#[cfg(not(unix))]
mod os {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::path::Path;

    use super::PrivateFileError;

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

    pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub fn refused_link(error: io::Error) -> PrivateFileError {
        error.into()
    }

    pub fn create_dir(path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    pub fn check_dir(path: &Path) -> Result<(), PrivateFileError> {
        match std::fs::symlink_metadata(path)?.is_dir() {
            true => Ok(()),
            false => Err(PrivateFileError::NotPrivate("it is a link, not a directory")),
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir() -> (tempfile::TempDir, PrivateDir) {
        let home = tempfile::tempdir().unwrap();
        let dir = PrivateDir::create(&home.path().join("a/b")).unwrap();
        (home, dir)
    }

    #[test]
    fn what_was_written_is_read_and_what_was_removed_is_not() {
        let (_home, dir) = dir();
        let path = dir.path.join("x");
        assert!(read(&path, SIZE_LIMIT).unwrap().is_none());
        dir.write("x", b"one").unwrap();
        dir.write("x", b"two").unwrap();
        assert_eq!(**read(&path, SIZE_LIMIT).unwrap().unwrap(), *b"two");
        assert!(remove(&path).unwrap());
        assert!(!remove(&path).unwrap());
        assert_eq!(std::fs::read_dir(&dir.path).unwrap().count(), 0, "no temporary file stays");
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let (_home, dir) = dir();
        assert!(dir.write_new("x", b"one").unwrap());
        assert!(!dir.write_new("x", b"two").unwrap());
        assert_eq!(**read(&dir.path.join("x"), SIZE_LIMIT).unwrap().unwrap(), *b"one");
        assert_eq!(std::fs::read_dir(&dir.path).unwrap().count(), 1);
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        let (_home, dir) = dir();
        dir.write("x", b"12345").unwrap();
        let path = dir.path.join("x");
        assert_eq!(read(&path, 5).unwrap().unwrap().len(), 5);
        assert_eq!(read(&path, 4).unwrap_err().to_string(), "it is larger than 4 bytes");
        assert_eq!(read_public(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_lock_that_is_held_is_waited_for_and_not_longer_than_asked() {
        let (_home, dir) = dir();
        let held = dir.lock("x.lock", Duration::ZERO).unwrap().unwrap();
        assert!(dir.lock("x.lock", Duration::ZERO).unwrap().is_none());
        assert!(dir.lock("x.lock", Duration::from_millis(20)).unwrap().is_none());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| dir.lock("x.lock", Duration::from_secs(60)).unwrap().is_some());
            drop(held);
            assert!(waiting.join().unwrap());
        });
        assert!(dir.path.join("x.lock").exists());
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{PermissionsExt, symlink};

        use super::*;

        fn chmod(path: &Path, mode: u32) {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }

        fn mode(path: &Path) -> u32 {
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        fn fifo(path: &Path) {
            let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
            // SAFETY: `name` is a C string that lives through the call.
            assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        }

        fn refusal<T>(result: Result<T, PrivateFileError>) -> &'static str {
            match result {
                Err(PrivateFileError::NotPrivate(why)) => why,
                Err(PrivateFileError::Io(error)) => panic!("{error}"),
                Ok(_) => panic!("it was taken"),
            }
        }

        #[test]
        fn what_is_made_is_for_the_user_alone() {
            let (home, dir) = dir();
            dir.write("x", b"").unwrap();
            drop(dir.lock("x.lock", Duration::ZERO).unwrap().unwrap());
            for made in ["a", "a/b"] {
                assert_eq!(mode(&home.path().join(made)), 0o700, "{made}");
            }
            for made in ["x", "x.lock"] {
                assert_eq!(mode(&dir.path.join(made)), 0o600, "{made}");
            }
        }

        #[test]
        fn a_directory_that_others_write_to_or_that_is_a_link_is_refused() {
            let (home, dir) = dir();
            chmod(&dir.path, 0o770);
            assert_eq!(refusal(PrivateDir::create(&dir.path)), "others may write to it");
            chmod(&dir.path, 0o755);
            assert!(PrivateDir::create(&dir.path).is_ok());
            let link = home.path().join("link");
            symlink(&dir.path, &link).unwrap();
            assert!(refusal(PrivateDir::create(&link)).starts_with("it is a symbolic link"));
        }

        #[test]
        fn links_fifos_directories_and_open_files_are_refused_at_once() {
            let (_home, dir) = dir();
            dir.write("x", b"").unwrap();
            let at = |name: &str| dir.path.join(name);
            symlink(at("x"), at("link")).unwrap();
            fifo(&at("fifo"));
            std::fs::create_dir(at("dir")).unwrap();
            assert_eq!(refusal(read(&at("link"), SIZE_LIMIT)), "it is a symbolic link");
            assert_eq!(refusal(dir.lock("link", Duration::ZERO)), "it is a symbolic link");
            assert_eq!(refusal(read(&at("fifo"), SIZE_LIMIT)), "it is not a regular file");
            assert_eq!(refusal(read(&at("dir"), SIZE_LIMIT)), "it is not a regular file");
            chmod(&at("x"), 0o640);
            assert_eq!(refusal(read(&at("x"), SIZE_LIMIT)), "others may open it; it needs mode 600");
        }

        #[test]
        fn a_configuration_file_may_be_a_link_but_nothing_that_others_can_change() {
            let (_home, dir) = dir();
            dir.write("x", b"id = 1").unwrap();
            let at = |name: &str| dir.path.join(name);
            symlink(at("x"), at("link")).unwrap();
            chmod(&at("x"), 0o644);
            assert_eq!(read_public(&at("link"), SIZE_LIMIT).unwrap(), b"id = 1");
            chmod(&at("x"), 0o664);
            let error = read_public(&at("x"), SIZE_LIMIT).unwrap_err();
            assert_eq!(error.to_string(), "others may change it; `chmod go-w` mends that");
            fifo(&at("fifo"));
            for other in ["fifo", "."] {
                let error = read_public(&at(other), SIZE_LIMIT).unwrap_err();
                assert_eq!(error.to_string(), "it is not a regular file", "{other}");
            }
            assert_eq!(read_public(&at("none"), SIZE_LIMIT).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }
}
