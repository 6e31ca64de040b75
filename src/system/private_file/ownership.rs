//! A file that people write themselves, met in a folder where other users may have put one too, such as `/tmp`.
//!
//! A file of this user's own is read, or is an error to be mended. Anything that others have put there is passed over,
//! so that it neither decides anything nor stops a command: a file, a folder, a FIFO without a writer, a link of theirs
//! to a file of ours. Root's files are used, and root's accidents passed over.

use std::io;
use std::path::Path;

use super::{os, read_public};

/// A file in a place where other users may put something too.
pub enum Met {
    Ours(Vec<u8>),
    /// Not a file for this user, and why.
    Foreign(String),
}

/// Reads a file of this user's own, or of root's; tells apart what others have put there.
pub fn read_unless_foreign(path: &Path, limit: u64) -> io::Result<Met> {
    let entry = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(Met::Foreign(error.to_string())),
        entry => entry?,
    };
    let target = match std::fs::metadata(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Met::Foreign("it is a link that leads nowhere".to_owned()));
        }
        Err(error) if os::is_ours(&entry) => return Err(error),
        Err(error) => return Ok(Met::Foreign(error.to_string())),
    };
    if ![&entry, &target].into_iter().all(os::is_ours_or_roots) {
        return Ok(Met::Foreign("it belongs to another user".to_owned()));
    }
    let own = os::is_ours(&entry) && os::is_ours(&target);
    if !own && !target.is_file() {
        return Ok(Met::Foreign("it is not a regular file".to_owned()));
    }
    match read_public(path, limit) {
        Ok(content) => Ok(Met::Ours(content)),
        Err(error) if own => Err(error),
        Err(error) => Ok(Met::Foreign(error.to_string())),
    }
}
