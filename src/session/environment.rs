//! The surroundings of a command that choose something: environment variables, the user's folders, the working
//! directory. Secrets in variables are not here: `system` takes them out of the environment first.

use super::project::{self, Ignored, ProjectError, ProjectSearch};
use crate::protocol::secret::ClientSecret;
use crate::system::paths::{self, Paths, PathsError};

pub(super) const PROFILE: &str = "OAUTHCTL_PROFILE";
pub(super) const TOKEN: &str = "OAUTHCTL_TOKEN";
pub(super) const CLIENT_ID: &str = "OAUTHCTL_CLIENT_ID";
pub(super) const EMULATOR: &str = "OAUTHCTL_EMULATOR";
pub(super) const CONFIG_DIR: &str = "OAUTHCTL_CONFIG_DIR";
pub(super) const DATA_DIR: &str = "OAUTHCTL_DATA_DIR";

/// The surroundings as a session asks for them, each when it is needed.
pub trait Environment: Send + Sync {
    /// Returns a variable that is set to something.
    fn variable(&self, name: &str) -> Option<String>;
    fn paths(&self) -> Result<Paths, PathsError>;
    /// Finds the project's file, from the working directory upwards. To be asked once: what it passes over is told then.
    fn project(&self) -> Result<ProjectSearch, ProjectError>;
}

/// The environment of this process.
pub struct ProcessEnvironment<T> {
    /// Tells of a project's file that is passed over: it may be the very one that is missed.
    pub tell: T,
}

impl<T: Fn(&Ignored) + Send + Sync> Environment for ProcessEnvironment<T> {
    fn variable(&self, name: &str) -> Option<String> {
        paths::variable(name)
    }

    fn paths(&self) -> Result<Paths, PathsError> {
        Paths::from_environment()
    }

    fn project(&self) -> Result<ProjectSearch, ProjectError> {
        project::find_here().inspect(|found| found.ignored.iter().for_each(&self.tell))
    }
}

/// Returns the variables with which `oauthctl` means an emulator of the provider `id` that answers at `origin`.
pub fn of_emulator(
    id: &str,
    origin: &str,
    client_id: &str,
    client_secret: &ClientSecret,
) -> Vec<(&'static str, String)> {
    vec![
        (EMULATOR, format!("{id}={origin}")),
        (CLIENT_ID, client_id.to_owned()),
        ("OAUTHCTL_CLIENT_SECRET", client_secret.expose().to_owned()),
        (PROFILE, emulator_profile(id)),
    ]
}

/// Returns the name of the login that commands mean where the provider `id` is an emulator. It is a name of its own, so
/// that no login of the real provider is touched.
pub fn emulator_profile(id: &str) -> String {
    format!("{id}-emulator")
}
