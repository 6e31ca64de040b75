//! A file that is created before its content is known, so that the content can be saved as soon as it arrives.

use std::sync::Arc;

use super::{PrivateDir, PrivateFileError, os};
use crate::system::signals::{RemoveOnSignal, Writing};

/// A new file without content or name. Removed on drop, and by a signal that ends us.
pub struct Reserved {
    // Dropped in this order: the file, its signal handling, and the folder that both need.
    file: os::NewFile,
    _cleanup: RemoveOnSignal,
    dir: Arc<os::Dir>,
    name: String,
}

impl PrivateDir {
    /// Opens a file to be written later, with reserved space. The old file stays until the new one is put in place.
    pub fn reserve(&self, name: &str, room: u64) -> Result<Reserved, PrivateFileError> {
        let _writing = Writing::begin();
        self.tidy();
        let file = os::Dir::new_file(&self.0, name)?;
        let _cleanup = file.removed_by_signals();
        file.reserve(room)?;
        Ok(Reserved { file, _cleanup, dir: Arc::clone(&self.0), name: name.to_owned() })
    }
}

impl Reserved {
    /// Writes the content, renames the file, then syncs it. From the rename on it survives a crash of this process. A
    /// power loss before the end may leave any part of it, which its reader must be able to detect.
    pub fn put(self, content: &[u8]) -> Result<(), PrivateFileError> {
        let _writing = Writing::begin();
        let Self { dir, name, _cleanup, mut file } = self;
        file.write(content)?;
        file.replace_then_sync(&name)?;
        Ok(dir.sync()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::system::private_file::{PrivateDir, SIZE_LIMIT, read};

    #[test]
    fn a_reserved_file_takes_its_place_when_it_is_put_there() {
        let home = tempfile::tempdir().unwrap();
        let dir = PrivateDir::create(home.path()).unwrap();
        let content = || read(&home.path().join("x"), SIZE_LIMIT).unwrap().map(|read| read.to_vec());
        let reserved = dir.reserve("x", 4096).unwrap();
        assert_eq!(content(), None);
        reserved.put(b"one").unwrap();
        assert_eq!(content().unwrap(), b"one", "only the content, however much was reserved");
        drop(dir.reserve("x", 4096).unwrap());
        assert_eq!(content().unwrap(), b"one");
        dir.reserve("x", 2).unwrap().put(b"longer than the room").unwrap();
        assert_eq!(content().unwrap(), b"longer than the room");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "no temporary file stays");
    }
}
