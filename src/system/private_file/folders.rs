//! Checks that no other user can replace the folders above a file. A user who can rename a folder can put another one
//! in its place and so choose the file's content, whatever the file's own mode is.
//!
//! The folder that contains a file is checked like the file: only the user or root may write to it. Of the folders
//! above it, only those that every user may write to are refused. Many systems create home directories that are
//! writable by a group of only that user, and in a sticky folder such as `/tmp` no user can rename another user's
//! files.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::{ExposedFolder, PrivateFileError};
use super::is_ours_or_roots;

const OTHERS_WRITE: u32 = 0o002;
const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Checks the folder of a file, and those above it. Without a folder there is no file, and nothing to check.
pub fn check(folder: &Path) -> Result<(), PrivateFileError> {
    let metadata = match std::fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if !is_ours_or_roots(&metadata) {
        return Err(PrivateFileError::NotPrivate("its folder is not yours: it belongs to another user"));
    }
    if mode(&metadata) & GROUP_OR_OTHERS_WRITE != 0 {
        return Err(ExposedFolder::holding(folder).into());
    }
    check_above(folder)
}

/// Checks the folders above one that need not exist yet: those in its path, and, if that contains links, those in its
/// resolved path.
pub fn check_above(folder: &Path) -> Result<(), PrivateFileError> {
    let place = folder.ancestors().find_map(|there| Some((there, there.canonicalize().ok()?)));
    // Without a link both paths are the same, and are checked once.
    let place = place.filter(|(there, place)| there != place);
    let place = place.iter().flat_map(|(there, place)| place.ancestors().skip(usize::from(*there == folder)));
    match folder.ancestors().skip(1).chain(place).find(|above| is_open_to_all(above)) {
        Some(above) => Err(ExposedFolder::above(above).into()),
        None => Ok(()),
    }
}

fn is_open_to_all(folder: &Path) -> bool {
    std::fs::metadata(folder).is_ok_and(|metadata| mode(&metadata) & (OTHERS_WRITE | STICKY) == OTHERS_WRITE)
}

fn mode(metadata: &Metadata) -> u32 {
    metadata.permissions().mode()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::super::super::{PrivateDir, SIZE_LIMIT, read, read_public, read_public_of_ours, write_public_new};
    use super::*;

    /// Creates `top/data/store/x` with a line in it.
    fn home() -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("top/data/store");
        PrivateDir::create(&folder).unwrap().write("x", b"id = 1").unwrap();
        (home, folder)
    }

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[track_caller]
    fn assert_exposed<T, E: ToString>(result: Result<T, E>, which: &str, folder: &Path) {
        let said = result.err().expect("it was accepted").to_string();
        assert!(
            said.contains(&format!("other users can write to {which}; run `chmod go-w '{}'`", folder.display())),
            "{said}"
        );
    }

    #[test]
    fn a_file_below_a_folder_that_all_may_write_to_is_refused() {
        let (home, folder) = home();
        for above in ["top", "top/data"].map(|above| home.path().join(above)) {
            for mode in [0o777, 0o703, 0o2707] {
                chmod(&above, mode);
                assert_exposed(read(&folder.join("x"), SIZE_LIMIT), "a folder above it", &above);
                assert_exposed(read_public_of_ours(&folder.join("x"), SIZE_LIMIT), "a folder above it", &above);
                assert_exposed(PrivateDir::create(&folder), "a folder above it", &above);
                assert_exposed(PrivateDir::create(&folder.join("new/new")), "a folder above it", &above);
                assert_exposed(write_public_new(&folder.join("y"), b""), "a folder above it", &above);
            }
            for closed_enough in [0o1777, 0o775, 0o755] {
                chmod(&above, closed_enough);
                assert!(read(&folder.join("x"), SIZE_LIMIT).unwrap().is_some());
                assert!(PrivateDir::create(&folder).is_ok());
            }
        }
        assert!(!folder.join("new").exists() && !folder.join("y").exists());
    }

    #[test]
    fn the_folder_of_a_file_is_judged_as_the_file_is() {
        let (_home, folder) = home();
        for mode in [0o777, 0o770, 0o702, 0o1777] {
            chmod(&folder, mode);
            assert_exposed(read(&folder.join("x"), SIZE_LIMIT), "its folder", &folder);
            assert_exposed(read_public_of_ours(&folder.join("x"), SIZE_LIMIT), "its folder", &folder);
            // Another user may have removed the file.
            assert_exposed(read(&folder.join("none"), SIZE_LIMIT), "its folder", &folder);
            // A file that the user names is the user's own decision.
            assert!(read_public(&folder.join("x"), SIZE_LIMIT).is_ok());
        }
        chmod(&folder, 0o755);
        assert!(read(&folder.join("x"), SIZE_LIMIT).unwrap().is_some());
    }

    #[test]
    fn behind_a_link_both_places_are_judged() {
        let (home, folder) = home();
        let (open, link) = (home.path().join("open"), home.path().join("link"));
        symlink(home.path().join("top"), &link).unwrap();
        assert!(read(&link.join("data/store/x"), SIZE_LIMIT).unwrap().is_some());
        std::fs::create_dir(&open).unwrap();
        symlink(home.path().join("top"), open.join("link")).unwrap();
        chmod(&open, 0o777);
        assert_exposed(read(&open.join("link/data/store/x"), SIZE_LIMIT), "a folder above it", &open);
        chmod(&home.path().join("top"), 0o777);
        let (link, top) = (link.join("data/store"), home.path().canonicalize().unwrap().join("top"));
        assert_exposed(
            read_public_of_ours(&link.join("x"), SIZE_LIMIT),
            "a folder above it",
            &home.path().join("link"),
        );
        chmod(&home.path().join("top"), 0o755);
        chmod(&top.join("data"), 0o777);
        symlink(&folder, home.path().join("direct")).unwrap();
        let direct = home.path().join("direct/x");
        assert_exposed(read(&direct, SIZE_LIMIT), "a folder above it", &top.join("data"));
    }

    #[test]
    fn where_there_is_no_folder_there_is_nothing_to_judge() {
        let (home, _) = home();
        chmod(home.path(), 0o777);
        assert!(read(&home.path().join("none/x"), SIZE_LIMIT).unwrap().is_none());
    }
}
