//! The environment of a command: variables, the user's folders, and the working directory. Secrets in variables are not
//! here, because `system` removes them from the environment first.

use std::path::Path;

use super::project::{self, Ignored, ProjectError, ProjectSearch};
use super::record_choice::RECORD;
use crate::protocol::secret::ClientSecret;
use crate::system::paths::{self, Paths, PathsError};

pub(super) const PROFILE: &str = "OAUTHCTL_PROFILE";
pub(super) const TOKEN: &str = "OAUTHCTL_TOKEN";
pub(super) const CLIENT_ID: &str = "OAUTHCTL_CLIENT_ID";
pub(super) const CLIENT_SECRET: &str = "OAUTHCTL_CLIENT_SECRET";
pub(super) const EMULATOR: &str = "OAUTHCTL_EMULATOR";
pub(super) const EMULATOR_DIR: &str = "OAUTHCTL_EMULATOR_DIR";
pub(super) const CONFIG_DIR: &str = "OAUTHCTL_CONFIG_DIR";
pub(super) const DATA_DIR: &str = "OAUTHCTL_DATA_DIR";

/// Every variable of ours. Another name that begins like them is a mistyped one.
pub const ALL: [&str; 12] = [
    PROFILE,
    TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    EMULATOR,
    EMULATOR_DIR,
    CONFIG_DIR,
    DATA_DIR,
    "OAUTHCTL_STORE",
    "OAUTHCTL_STORE_KEY",
    "OAUTHCTL_EXPORT_PASSPHRASE",
    RECORD,
];

/// The environment as a session reads it, each part when it is needed.
pub trait Environment: Send + Sync {
    /// Returns a variable's value, unless it is empty.
    fn variable(&self, name: &str) -> Option<String>;
    /// Lists the names of the variables that begin like this.
    fn names(&self, _beginning: &str) -> Vec<String> {
        Vec::new()
    }
    fn paths(&self) -> Result<Paths, PathsError>;
    /// Finds the project file, from the working directory upwards. Call it once: it reports the files it ignores.
    fn project(&self) -> Result<ProjectSearch, ProjectError>;
}

/// The environment of this process.
pub struct ProcessEnvironment<T> {
    /// Reports an ignored project file: it may be the one that the user expects to be used.
    pub tell: T,
}

impl<T: Fn(&Ignored) + Send + Sync> Environment for ProcessEnvironment<T> {
    fn variable(&self, name: &str) -> Option<String> {
        paths::variable(name)
    }

    fn names(&self, beginning: &str) -> Vec<String> {
        paths::variables_named(beginning)
    }

    fn paths(&self) -> Result<Paths, PathsError> {
        Paths::from_environment()
    }

    fn project(&self) -> Result<ProjectSearch, ProjectError> {
        project::find_here().inspect(|found| found.ignored.iter().for_each(&self.tell))
    }
}

/// The variables of [`of_emulator`], to unset where its lines were pasted.
pub const OF_EMULATOR: [&str; 5] = [EMULATOR, EMULATOR_DIR, CLIENT_ID, CLIENT_SECRET, PROFILE];

/// Returns the variables that point `oauthctl` at an emulator of the provider `id` at `origin`. Whatever is stored there
/// goes to `folder`.
pub fn of_emulator(
    id: &str,
    origin: &str,
    folder: &Path,
    client_id: &str,
    client_secret: &ClientSecret,
) -> Vec<(&'static str, String)> {
    vec![
        (EMULATOR, format!("{id}={origin}")),
        (EMULATOR_DIR, folder.to_string_lossy().into_owned()),
        (CLIENT_ID, client_id.to_owned()),
        (CLIENT_SECRET, client_secret.expose().to_owned()),
        (PROFILE, emulator_profile(id)),
    ]
}

/// Returns the variables for an emulator that is no provider: its address, and the folder for what is stored.
pub fn of_emulated_address(name: &'static str, address: &str, folder: &Path) -> Vec<(&'static str, String)> {
    vec![(name, address.to_owned()), (EMULATOR_DIR, folder.to_string_lossy().into_owned())]
}

/// Returns the name of the login that commands use where the provider `id` is an emulator. The name is a separate one,
/// so that no login of the real provider is touched.
pub fn emulator_profile(id: &str) -> String {
    format!("{id}-emulator")
}
