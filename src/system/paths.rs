//! Where our files are, and the environment variables that we read.

use std::io;
use std::path::{Path, PathBuf};

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::provider::DefinitionFiles;
use crate::system::private_file;

/// A definition has a few KiB; a thousand times that is somebody's mistake.
pub const MAX_DEFINITION: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    #[error("there is no home directory to keep anything in")]
    NoHome,
    #[error("{name} holds `{value}`, which is no absolute path")]
    NotAbsolute { name: &'static str, value: String },
}

impl Advice for PathsError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoHome => ExitCode::Definition.hint("set HOME, or OAUTHCTL_CONFIG_DIR and OAUTHCTL_DATA_DIR"),
            Self::NotAbsolute { name, .. } => {
                ExitCode::Definition.hint(format!("`unset {name}`, or write it with a `/` at the beginning"))
            }
        }
    }
}

/// The user's own folders.
#[derive(Clone, Debug)]
pub struct Paths {
    /// What a person edits: definitions. `OAUTHCTL_CONFIG_DIR`, or the platform's place.
    pub config: PathBuf,
    /// What we keep: the list of logins, sealed files. `OAUTHCTL_DATA_DIR`, or the platform's place.
    pub data: PathBuf,
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
                // It would lead into whatever folder a command is started in. Relative XDG variables do not count.
                Some(_) => Err(PathsError::NotAbsolute { name: "HOME", value: relative_home() }),
                None => Err(PathsError::NoHome),
            },
        };
        Ok(Self {
            config: or_platform(own("OAUTHCTL_CONFIG_DIR")?, directories::ProjectDirs::config_dir)?,
            data: or_platform(own("OAUTHCTL_DATA_DIR")?, directories::ProjectDirs::data_local_dir)?,
        })
    }

    /// The file of a definition of the user's own.
    pub fn definition(&self, id: &str) -> PathBuf {
        self.config.join("providers").join(format!("{id}.toml"))
    }
}

impl DefinitionFiles for Paths {
    fn read(&self, id: &str) -> io::Result<Option<(String, String)>> {
        let path = self.definition(id);
        match private_file::read_public_of_ours(&path, MAX_DEFINITION) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some((text, self.place(id)))),
                Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")),
            },
            // A link that leads nowhere is a definition that is missing, and not none: what it overlays would be used.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn place(&self, id: &str) -> String {
        crate::protocol::sanitize::line(&self.definition(id).to_string_lossy())
    }

    fn ids(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.config.join("providers")) else { return Vec::new() };
        let name = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
        entries
            .filter_map(name)
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
            .filter(|id| crate::provider::catalogue::is_id(id))
            .collect()
    }
}

fn relative_home() -> String {
    crate::protocol::sanitize::line(&variable("HOME").unwrap_or_default())
}

/// The value of an environment variable that is set to something. What is not UTF-8 in it is replaced: then it is refused
/// for what it is, and not taken for one that is not set.
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.into_string().unwrap_or_else(|raw| raw.to_string_lossy().into_owned());
    Some(value).filter(|value| !value.is_empty())
}
