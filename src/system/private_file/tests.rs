use std::path::PathBuf;
use std::thread;

use super::*;

struct TestDir {
    dir: PrivateDir,
    path: PathBuf,
}

impl std::ops::Deref for TestDir {
    type Target = PrivateDir;

    fn deref(&self) -> &PrivateDir {
        &self.dir
    }
}

fn dir() -> (tempfile::TempDir, TestDir) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a/b");
    let dir = PrivateDir::create(&path).unwrap();
    (home, TestDir { dir, path })
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
            Ok(_) => panic!("it was accepted"),
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

    /// A new file of an ended process is removed. One that this or another running process has locked stays.
    #[test]
    fn a_write_removes_only_the_files_that_ended_processes_left() {
        let (_home, dir) = dir();
        let left = dir.path.join(".x.0123456789abcdef.new");
        let writes: [fn(&PrivateDir); 3] = [
            |dir| dir.write("x", b"").unwrap(),
            |dir| assert!(dir.write_new("y", b"").unwrap()),
            |dir| drop(dir.reserve("x", 1).unwrap()),
        ];
        for write in writes {
            std::fs::write(&left, "a token").unwrap();
            let living = os::Dir::new_file(&dir.dir.0, "x").unwrap();
            write(&dir);
            assert!(!left.exists());
            living.replace("z").unwrap();
        }
        dir.sweep().unwrap();
        assert_eq!(std::fs::read_dir(&dir.path).unwrap().count(), 3, "x, y and z");
    }

    #[test]
    fn a_sweep_and_new_files_at_once_lose_no_file() {
        let (_home, dir) = dir();
        let (dir, writers) = (&dir.dir, ["a", "b", "c"]);
        thread::scope(|scope| {
            let writing: Vec<_> = writers
                .iter()
                .map(|name| scope.spawn(|| (0..200).for_each(|_| dir.write(name, b"x").unwrap())))
                .collect();
            while !writing.iter().all(|writing| writing.is_finished()) {
                dir.sweep().unwrap();
            }
        });
    }

    #[test]
    fn a_directory_that_is_shared_or_a_link_is_refused() {
        let (home, dir) = dir();
        chmod(&dir.path, 0o770);
        assert_eq!(refusal(PrivateDir::create(&dir.path)), "other users can write to it");
        chmod(&dir.path, 0o755);
        assert!(PrivateDir::create(&dir.path).is_ok());
        let link = home.path().join("link");
        symlink(&dir.path, &link).unwrap();
        assert!(refusal(PrivateDir::create(&link)).starts_with("it is a symbolic link"));
    }

    #[test]
    fn a_write_never_follows_a_link_swapped_in_after_the_check() {
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
        assert_eq!(refusal(read(&at("x"), SIZE_LIMIT)), "other users can open it; run `chmod 600` on it");
    }

    #[test]
    fn a_configuration_file_may_be_a_link_but_not_shared() {
        let (_home, dir) = dir();
        dir.write("x", b"id = 1").unwrap();
        let at = |name: &str| dir.path.join(name);
        symlink(at("x"), at("link")).unwrap();
        chmod(&at("x"), 0o644);
        assert_eq!(read_public(&at("link"), SIZE_LIMIT).unwrap(), b"id = 1");
        chmod(&at("x"), 0o664);
        let error = read_public(&at("x"), SIZE_LIMIT).unwrap_err();
        assert_eq!(error.to_string(), "other users can change it; run `chmod go-w` on it");
        fifo(&at("fifo"));
        for other in ["fifo", "."] {
            let error = read_public(&at(other), SIZE_LIMIT).unwrap_err();
            assert_eq!(error.to_string(), "it is not a regular file", "{other}");
        }
        assert_eq!(read_public(&at("none"), SIZE_LIMIT).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

#[test]
fn a_public_file_is_replaced_and_a_link_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    replace_public(&path, b"one").unwrap();
    replace_public(&path, b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    #[cfg(unix)]
    {
        let other = folder.path().join("other");
        std::fs::write(&other, "kept").unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        replace_public(&path, b"three").unwrap();
        assert_eq!(std::fs::read(&other).unwrap(), b"kept");
        assert!(!path.is_symlink());
    }
    // Nothing is left where it cannot take the place.
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("inner")).unwrap();
    assert!(replace_public(&taken, b"x").is_err());
    let hidden = |name: &str| name.starts_with('.');
    let left = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| hidden(&entry.as_ref().unwrap().file_name().to_string_lossy()));
    assert_eq!(left.count(), 0);
}
