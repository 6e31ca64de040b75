//! Small files of one kind, one for each login, in a folder of the data directory. No secret is in them.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::profile::Profile;
use crate::system::private_file::{self, PrivateDir, PrivateFileError};

pub struct ProfileFiles {
    dir: PathBuf,
    /// The largest file that is read, in bytes.
    limit: u64,
}

impl ProfileFiles {
    /// Opens a folder of the data directory.
    pub fn new(data: &Path, folder: &str, limit: u64) -> Self {
        Self { dir: data.join(folder), limit }
    }

    /// Reads the file of a login, if there is one.
    pub fn read(&self, profile: &Profile) -> Result<Option<Zeroizing<Vec<u8>>>, PrivateFileError> {
        private_file::read(&self.dir.join(name_of(profile)), self.limit)
    }

    pub fn write(&self, profile: &Profile, bytes: &[u8]) -> Result<(), PrivateFileError> {
        PrivateDir::create(&self.dir)?.write(&name_of(profile), bytes)
    }

    /// Deletes the file of a login. Returns `false` if there was none.
    pub fn forget(&self, profile: &Profile) -> Result<bool, PrivateFileError> {
        private_file::sweep(&self.dir)?;
        private_file::remove(&self.dir.join(name_of(profile)))
    }
}

fn name_of(profile: &Profile) -> String {
    format!("{profile}.json")
}
