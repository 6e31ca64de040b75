//! A file that users write themselves, in a folder where other users may have put one too, such as `/tmp`.
//!
//! The user's own file is read, or is an error to fix. Anything that belongs to others is ignored, so that it neither
//! decides anything nor stops a command: a file, a folder, a FIFO without a writer, their link to our file. Root's
//! files are used, and ignored if they cannot be.

use std::io;
use std::path::Path;

use super::{os, read_public};

/// A file, by the user it belongs to.
pub enum Ownership {
    Ours(Vec<u8>),
    /// A file not for this user, with the reason.
    Foreign(String),
}

/// Reads a file of this user or of root, unless it belongs to another user.
pub fn read_unless_foreign(path: &Path, limit: u64) -> io::Result<Ownership> {
    let entry = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Ok(Ownership::Foreign(error.to_string()));
        }
        entry => entry?,
    };
    let target = match std::fs::metadata(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Ownership::Foreign("it is a link that leads nowhere".to_owned()));
        }
        Err(error) if os::is_ours(&entry) => return Err(error),
        Err(error) => return Ok(Ownership::Foreign(error.to_string())),
    };
    if ![&entry, &target].into_iter().all(os::is_ours_or_roots) {
        return Ok(Ownership::Foreign("it belongs to another user".to_owned()));
    }
    let own = os::is_ours(&entry) && os::is_ours(&target);
    if !own && !target.is_file() {
        return Ok(Ownership::Foreign("it is not a regular file".to_owned()));
    }
    match read_public(path, limit) {
        Ok(content) => Ok(Ownership::Ours(content)),
        Err(error) if own => Err(error),
        Err(error) => Ok(Ownership::Foreign(error.to_string())),
    }
}
