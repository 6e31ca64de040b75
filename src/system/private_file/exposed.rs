//! Why a file of ours is not used although it is as it should be: where it lies.

use std::path::Path;

use crate::protocol::sanitize;

/// A folder in which others can put something else in the place of our files, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExposedFolder(Box<str>);

impl ExposedFolder {
    /// The one that a file lies in.
    pub fn holding(folder: &Path) -> Self {
        Self::named("its folder", folder)
    }

    pub fn above(folder: &Path) -> Self {
        Self::named("a folder above it", folder)
    }

    fn named(which: &str, folder: &Path) -> Self {
        let folder = sanitize::line(&folder.to_string_lossy());
        Self(format!("others may write to {which}; `chmod go-w '{folder}'` mends that").into())
    }
}
