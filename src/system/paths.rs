//! The places of our files, and the environment variables that we read.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::provider::DefinitionFiles;
use crate::system::{private_file, remedy, shell};

/// The size limit of a definition. One has a few KiB, and a thousand times that is a mistake.
pub const MAX_DEFINITION: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    #[error("there is no home directory to store files in")]
    NoHome,
    #[error("{name} is `{value}`, which is not an absolute path")]
    NotAbsolute { name: &'static str, value: String },
}

impl Advice for PathsError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoHome => ExitCode::Definition.hint(format!("set {}", remedy::FOLDERS)),
            Self::NotAbsolute { name, .. } => {
                ExitCode::Definition.hint(format!("run `{}`, or set it to {}", shell::unset(&[name]), remedy::ABSOLUTE))
            }
        }
    }
}

/// The user's own folders.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The folder of files that the user edits: definitions. `OAUTHCTL_CONFIG_DIR`, or the platform's default.
    pub config: PathBuf,
    /// The folder of files that we write: the list of logins, encrypted files. `OAUTHCTL_DATA_DIR`, or the platform's
    /// default.
    pub data: PathBuf,
    /// Another folder for definitions that are not in `config`, which is read and never written: inside an emulator, the
    /// user's real one.
    pub beneath: Option<PathBuf>,
}

impl Paths {
    pub fn from_environment() -> Result<Self, PathsError> {
        let own = |name: &'static str| match std::env::var_os(name).map(PathBuf::from) {
            Some(path) if path.is_absolute() => Ok(Some(path)),
            Some(path) => {
                let value = crate::protocol::sanitize::line(&path.to_string_lossy());
                Err(PathsError::NotAbsolute { name, value })
            }
            None => Ok(None),
        };
        let platform = directories::ProjectDirs::from("", "", "oauthctl");
        let or_platform = |own: Option<PathBuf>, place: fn(&directories::ProjectDirs) -> &Path| match own {
            Some(path) => Ok(path),
            None => match platform.as_ref().map(place) {
                Some(path) if path.is_absolute() => Ok(path.to_owned()),
                // It would lead into the folder that a command is started in. Relative XDG variables do not count.
                Some(_) => Err(PathsError::NotAbsolute { name: "HOME", value: relative_home() }),
                None => Err(PathsError::NoHome),
            },
        };
        Ok(Self {
            config: or_platform(own("OAUTHCTL_CONFIG_DIR")?, directories::ProjectDirs::config_dir)?,
            data: or_platform(own("OAUTHCTL_DATA_DIR")?, directories::ProjectDirs::data_local_dir)?,
            beneath: None,
        })
    }

    /// Returns the platform's own folders for definitions and for what we write, whatever the variables say.
    pub fn of_platform() -> Option<(PathBuf, PathBuf)> {
        let dirs = directories::ProjectDirs::from("", "", "oauthctl")?;
        Some((dirs.config_dir().to_owned(), dirs.data_local_dir().to_owned()))
    }

    /// Returns the folders of an emulator: everything is written to `folder`.
    pub fn inside(self, folder: &Path) -> Self {
        Self { config: folder.join("config"), data: Self::data_inside(folder), beneath: Some(self.config) }
    }

    /// Returns the folder below an emulator's that has its list of logins.
    pub fn data_inside(folder: &Path) -> PathBuf {
        folder.join("data")
    }

    /// Returns the path for a definition of the user's own.
    pub fn definition(&self, id: &str) -> PathBuf {
        definition_in(&self.config, id)
    }

    /// Returns the path of the definition that is used: see [`Paths::beneath`].
    fn definition_used(&self, id: &str) -> PathBuf {
        let own = self.definition(id);
        let beneath = self.beneath.as_ref().filter(|_| own.symlink_metadata().is_err());
        beneath.map_or(own, |beneath| definition_in(beneath, id))
    }
}

impl DefinitionFiles for Paths {
    fn read(&self, id: &str) -> io::Result<Option<(String, String)>> {
        let path = self.definition_used(id);
        match private_file::read_public_of_ours(&path, MAX_DEFINITION) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some((text, self.place(id)))),
                Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")),
            },
            // A dangling link is an error and not a missing definition: otherwise the built-in one would be used.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn place(&self, id: &str) -> String {
        crate::protocol::sanitize::line(&self.definition_used(id).to_string_lossy())
    }

    fn ids(&self) -> Vec<String> {
        let folders = [Some(&self.config), self.beneath.as_ref()].into_iter().flatten();
        let entries = folders.filter_map(|folder| std::fs::read_dir(folder.join("providers")).ok()).flatten();
        let name = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
        let ids = entries.filter_map(name).filter_map(|name| name.strip_suffix(".toml").map(str::to_owned));
        // One may lie over another of the same name.
        let ids: BTreeSet<String> = ids.filter(|id| crate::provider::catalogue::is_id(id)).collect();
        ids.into_iter().collect()
    }
}

fn definition_in(config: &Path, id: &str) -> PathBuf {
    config.join("providers").join(format!("{id}.toml"))
}

fn relative_home() -> String {
    crate::protocol::sanitize::line(&variable("HOME").unwrap_or_default())
}

/// Returns the value of an environment variable that is not empty. Bytes that are not UTF-8 are replaced, so that the
/// value is refused as malformed and not taken for an unset variable.
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.into_string().unwrap_or_else(|raw| raw.to_string_lossy().into_owned());
    Some(value).filter(|value| !value.is_empty())
}

/// Lists the names of the environment variables that begin like this.
pub fn variables_named(beginning: &str) -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(beginning)).collect();
    names.sort();
    names
}
