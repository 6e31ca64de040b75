//! What tells one file from another under the same name.

use std::path::Path;

/// Longer than a tick of the clock that file systems use.
#[cfg(unix)]
const YOUNG: std::time::Duration = std::time::Duration::from_millis(20);

/// A file's identity and age. Ours are replaced and never changed, so the same stamp means the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStamp {
    #[cfg(unix)]
    of_file: [i64; 7],
}

impl FileStamp {
    /// Returns the stamp of the file with this name. `None` without one, on systems that give files no number, and for one
    /// that is so young that the next may have its number and its time.
    pub fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let file = path.symlink_metadata().ok()?;
            file.modified().ok()?.elapsed().ok().filter(|age| *age > YOUNG)?;
            let (device, number, size) = (file.dev() as i64, file.ino() as i64, file.size() as i64);
            let of_file = [device, number, size, file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
            Some(Self { of_file })
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            None
        }
    }
}
