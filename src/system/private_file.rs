//! Files that nobody but the user may read: the only place that reads and writes them.
//!
//! What is checked is the opened file or folder, never its name: an attacker may change what a name stands for between a
//! look and an open, so a folder stays open from the check on, and new files are made in that one. No open follows a
//! symbolic link in the last place or waits for the other end of a FIFO. A write goes to a new file beside the old one,
//! which then takes its place, so that a crash leaves the old content or the new and never half. A signal that ends us
//! waits for it, so that the new file does not stay behind.
//!
//! On Windows the user's profile directories are private by inheritance; there it is checked only that a file is a
//! file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::process::in_background;
use super::signals::Writing;

#[cfg_attr(unix, path = "private_file/unix.rs")]
#[cfg_attr(not(unix), path = "private_file/other.rs")]
mod os;

mod exposed;
mod met;

pub use exposed::ExposedFolder;
pub use met::{Met, read_unless_foreign};

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

/// What our files and folders must be.
pub const OURS_ALONE: &str = "it must be yours, no symbolic link, and nobody else may change it";

/// What the folders of our files must be.
pub const CLOSED_FOLDERS: &str = "close that folder to other users";

impl PrivateFileError {
    /// What may mend it. What the file was for, and so the exit code, is known to those who own it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io(error) => disk_hint(error),
            Self::NotPrivate(_) => OURS_ALONE,
            Self::Exposed(_) => CLOSED_FOLDERS,
        }
    }
}

/// What may mend a file or folder of ours that cannot be read or written.
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
/// leads to must be a regular file of this user or of root which nobody else can change.
pub fn read_public(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = os::open(os::no_wait(OpenOptions::new().read(true)), path)?;
    os::check_trusted(&file)?;
    Ok(std::mem::take(&mut *read_capped(file, limit)?))
}

/// Like [`read_public`], in a folder that is ours to keep closed: nobody else may change that one or rename one above it.
pub fn read_public_of_ours(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    check_folder_of(path)?;
    read_public(path, limit)
}

/// Writes a new file that people go on to edit, and the folders above it as far as they are missing: whatever the umask,
/// nobody else may change them, as [`read_public`] asks for.
pub fn write_public_new(path: &Path, content: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), os::create_folders)?;
    check_folder_of(path)?;
    os::open(os::public(OpenOptions::new().write(true).create_new(true)), path)?.write_all(content)
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

/// A directory that nobody but the user may change. Everything that writes goes through one.
pub struct PrivateDir(os::Dir);

impl PrivateDir {
    /// Makes the directory, and those above it, as far as they are missing, and checks the one that is there in the
    /// end.
    pub fn create(path: &Path) -> Result<Self, PrivateFileError> {
        Ok(Self(os::Dir::create(path)?))
    }

    /// Puts the content in place of the old one, if any: all of it or nothing, and on the disk when this returns.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), PrivateFileError> {
        let _writing = Writing::begin();
        self.0.new_file(name, content)?.replace(name)?;
        Ok(self.0.sync()?)
    }

    /// Like `write`, but leaves a file alone that is there already. `false` if there was one: of two processes that
    /// write at once, one wins and the other learns of it.
    pub fn write_new(&self, name: &str, content: &[u8]) -> Result<bool, PrivateFileError> {
        let _writing = Writing::begin();
        match self.0.new_file(name, content)?.take_free(name) {
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
    /// The file is never deleted: whoever waits for it holds it open already, and would lock a file that is gone while
    /// the next one locks its successor.
    pub fn lock(&self, name: &str, patience: Duration) -> Result<Option<FileLock>, PrivateFileError> {
        let file = self.0.open_or_make(name).map_err(os::refused_link)?;
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
        in_background("lock", move || locked.send(file.lock().map(|()| FileLock { _file: file })))?;
        match waiting.recv_timeout(patience) {
            Ok(result) => Ok(Some(result?)),
            Err(_) => Ok(None),
        }
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
mod tests {
    use std::path::PathBuf;
    use std::thread;

    use super::*;

    struct Made {
        dir: PrivateDir,
        path: PathBuf,
    }

    impl std::ops::Deref for Made {
        type Target = PrivateDir;

        fn deref(&self) -> &PrivateDir {
            &self.dir
        }
    }

    fn dir() -> (tempfile::TempDir, Made) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b");
        let dir = PrivateDir::create(&path).unwrap();
        (home, Made { dir, path })
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
                Err(error) => panic!("{error}"),
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
        fn a_folder_that_is_swapped_for_a_link_after_the_check_gets_nothing_written_elsewhere() {
            let (home, dir) = dir();
            let (moved, elsewhere) = (home.path().join("moved"), home.path().join("elsewhere"));
            std::fs::create_dir(&elsewhere).unwrap();
            std::fs::rename(&dir.path, &moved).unwrap();
            symlink(&elsewhere, &dir.path).unwrap();
            dir.write("x", b"one").unwrap();
            assert!(dir.write_new("y", b"two").unwrap());
            drop(dir.lock("x.lock", Duration::ZERO).unwrap().unwrap());
            assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
            assert_eq!(std::fs::read_dir(&moved).unwrap().count(), 3);
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
