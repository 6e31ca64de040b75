//! A folder that other users can change, so that a correct file in it is not used.

use std::path::Path;

use crate::protocol::sanitize;

/// The description of a folder in which others can replace our files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExposedFolder(Box<str>);

impl ExposedFolder {
    /// The folder that contains the file.
    pub fn holding(folder: &Path) -> Self {
        Self::named("its folder", folder)
    }

    pub fn above(folder: &Path) -> Self {
        Self::named("a folder above it", folder)
    }

    /// Returns the command that mends it.
    pub fn remedy(&self) -> &str {
        self.0.split('`').nth(1).unwrap_or_default()
    }

    fn named(which: &str, folder: &Path) -> Self {
        let folder = sanitize::line(&folder.to_string_lossy());
        Self(format!("other users can write to {which}; run `chmod go-w '{folder}'`").into())
    }
}
