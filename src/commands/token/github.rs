//! The file through which a step of GitHub Actions sets variables for the steps that follow (`$GITHUB_ENV`).

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use zeroize::Zeroizing;

pub struct EnvFile(File);

impl EnvFile {
    /// The runner has made the file; where it has not, a new one would only be a secret left lying about.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).open(path)?;
        match file.metadata()?.is_file() {
            true => Ok(Self(file)),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
        }
    }

    /// One line; a token has no line break in it that could set a second variable.
    pub fn set(&mut self, name: &str, value: &str) -> io::Result<()> {
        self.0.write_all(Zeroizing::new(format!("{name}={value}\n")).as_bytes())
    }
}
