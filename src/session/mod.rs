//! Floor 5: the meaning of a command line, resolved once: the profile, the store, the provider, the client, the project
//! and the token, each with its source.
//!
//! The precedence of a flag, a variable, the project file, a record and a default is written here and nowhere else. A
//! command asks for the result. Three rules hold for each part:
//!
//! * It is lazy. A broken part stops only the commands that need it: `token` reads no definition while the stored token
//!   is still valid, `providers` reads no list of logins, and `status -v` reports what it can.
//! * It is `Result<Sourced<T>, SessionError>`, or the bare value where there is only one possible source.
//! * It asks no questions. Only commands ask the user, and they pass the answer in.
//!
//! Provider and client depend on the login's record, which `TokenSource` reads again under the lock. It therefore takes
//! the client as a closure over the record, not as a value computed earlier.

mod choices;
mod client;
mod client_alone;
mod client_request;
mod clients;
mod confirmation;
mod definitions;
mod emulation;
mod environment;
mod error;
mod exchange;
mod narrower;
mod narrower_wish;
mod network;
mod not_narrower;
mod parts;
mod profile;
pub mod project;
mod provider;
mod record_choice;
mod recording;
mod shadows;
mod sourced;
mod store;
mod token;
mod unfinished;

pub use choices::Choices;
pub use client::LoginClient;
pub use client_request::ClientRequest;
pub use clients::Clients;
pub use confirmation::ServerChoice;
pub use emulation::{EMULATOR_FOLDER, EndedEmulator, stored_in};
#[cfg(test)]
pub use environment::ALL as VARIABLES;
pub use environment::{
    Environment, OF_EMULATOR, ProcessEnvironment, emulator_profile, of_emulated_address, of_emulator,
};
pub use error::SessionError;
pub use narrower::NarrowerLogin;
pub use narrower_wish::NarrowerWish;
pub use not_narrower::{NoWay, NotNarrower};
pub use parts::{Decision, Part};
pub use project::{Project, ProjectError};
pub use record_choice::{RECORD, Recording};
pub use shadows::Shadow;
pub use sourced::{Source, Sourced};
pub use token::{ActiveLogin, ValidLogin, further};

use std::sync::{Arc, OnceLock};

use self::definitions::Definitions;
use crate::flow::recording::Recorder;
use crate::store::{Profile, TokenStore};
use crate::system::System;
use crate::system::paths::Paths;

/// The meaning of one command line on this machine.
pub struct Session {
    pub choices: Choices,
    system: Arc<System>,
    environment: Arc<dyn Environment>,
    definitions: Arc<OnceLock<Definitions>>,
    store: Arc<OnceLock<TokenStore>>,
    project: Arc<OnceLock<Option<Project>>>,
    recorder: Arc<Recorder>,
    /// True if the record of the command's flow is kept.
    keeps_records: bool,
}

impl Session {
    pub fn new(
        choices: Choices,
        system: Arc<System>,
        environment: impl Environment + 'static,
    ) -> Result<Self, SessionError> {
        // The value read is not what the user set, so no command may continue, whether or not it uses it.
        if let Some(name) = system.secrets.not_text.clone() {
            return Err(SessionError::VariableNotText { name });
        }
        let environment = Arc::new(environment);
        let (definitions, store, project) = Default::default();
        let is_off = choices.recording.is_none_or(|recording| recording.is_off);
        let keeps_records = !is_off && record_choice::is_on(environment.variable(RECORD).as_deref());
        let recorder = record_choice::recorder(choices.recording, keeps_records, &system);
        Self { choices, system, environment, definitions, store, project, recorder, keeps_records }.inside_emulator()
    }

    /// Returns the session of one of the logins that a command is run for. It shares what was read already.
    pub fn of_one(&self, profile: Profile) -> Self {
        let profile = Some(Sourced::new(profile, Source::Flag("--profiles")));
        Self {
            choices: Choices { profile, is_one_of_many: true, ..self.choices.clone() },
            system: Arc::clone(&self.system),
            environment: Arc::clone(&self.environment),
            definitions: Arc::clone(&self.definitions),
            store: Arc::clone(&self.store),
            project: Arc::clone(&self.project),
            recorder: record_choice::recorder(self.choices.recording, self.keeps_records, &self.system),
            keeps_records: self.keeps_records,
        }
    }

    /// Returns the user's folders.
    pub fn paths(&self) -> Result<&Paths, SessionError> {
        Ok(&self.definitions()?.paths)
    }

    /// Returns the user's definitions, with the one that this command is about to write.
    fn definitions(&self) -> Result<&Definitions, SessionError> {
        if let Some(definitions) = self.definitions.get() {
            return Ok(definitions);
        }
        let mut paths = self.environment.paths()?;
        if let Some(folder) = self.emulator_folder()? {
            paths = paths.inside(&folder);
        }
        Ok(self.definitions.get_or_init(|| Definitions::new(paths)))
    }

    /// Uses this text as the definition of `id` for the rest of the command. It is not written.
    pub fn define(&self, id: &str, text: &str) -> Result<(), SessionError> {
        self.definitions()?.define(id, text);
        Ok(())
    }

    /// Returns the project of the working directory, if there is one.
    pub fn project(&self) -> Result<Option<&Project>, SessionError> {
        if self.project.get().is_none() {
            let found = self.environment.project()?;
            let _ = self.project.set(found.project);
        }
        Ok(self.project.get().and_then(Option::as_ref))
    }
}

#[cfg(test)]
mod tests;
