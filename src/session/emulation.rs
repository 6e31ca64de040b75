//! The emulator that a command runs inside of, and the logins that were made at one.
//!
//! `oauthctl emulate` gives what runs against it a private folder, in OAUTHCTL_EMULATOR_DIR. Whatever is stored there goes
//! to that folder: logins, registrations, their list, caches, and new definitions. So nothing that is tried against an
//! emulator touches the user's own store, and all of it ends with the emulator. The user's definitions are read, since the
//! emulated one may be among them.
//!
//! The folder is always a store of encrypted files. A store that was typed and leads out of the emulator is refused. One
//! that a variable names is the user's default for real logins, and does not count.
//!
//! Without that variable, OAUTHCTL_EMULATOR alone replaces a provider, as in 0.1: its logins are in the user's own store.

use std::path::{Path, PathBuf};

use super::environment::EMULATOR_DIR;
use super::{Environment, Session, SessionError, Source, Sourced};
use crate::protocol::sanitize;
use crate::store::login_index::IndexFile;
use crate::store::{LoginIndex, Profile, StoreKind, StoredToken};
use crate::system::paths::{Paths, PathsError};
use crate::system::{loopback, own_folder};

/// The beginning of the names of the emulators' own folders.
pub const EMULATOR_FOLDER: &str = "oauthctl-emulator-";

/// An emulator that has ended, while its variables are still set.
pub struct EndedEmulator {
    pub provider: String,
    pub origin: String,
    folder: PathBuf,
}

impl EndedEmulator {
    /// Lists what it left behind, which is nothing unless it was killed.
    pub fn left(&self) -> LoginIndex {
        stored_in(&self.folder)
    }

    /// Deletes what it left behind.
    pub fn clear(&self) {
        own_folder::clear(&self.folder, EMULATOR_FOLDER);
    }

    pub fn error(&self) -> SessionError {
        SessionError::EmulatorEnded { provider: self.provider.clone(), origin: self.origin.clone() }
    }
}

/// Returns the list of what is stored in an emulator's folder. An unreadable list counts as empty.
pub fn stored_in(folder: &Path) -> LoginIndex {
    IndexFile::new(Paths::data_inside(folder)).read().unwrap_or_default()
}

impl Session {
    /// Takes the emulator's own store inside one.
    pub(super) fn inside_emulator(mut self) -> Result<Self, SessionError> {
        if self.emulator_folder()?.is_some() {
            self.choices.store = store_inside(self.choices.store.take())?;
        }
        Ok(self)
    }

    /// Returns the folder of the emulator that this command runs inside of.
    pub(super) fn emulator_folder(&self) -> Result<Option<PathBuf>, SessionError> {
        folder(self.environment.as_ref())
    }

    /// Returns the provider of the emulator in whose own store this command works.
    pub fn inside_emulator_of(&self) -> Option<String> {
        self.emulator_folder().ok().flatten()?;
        self.emulated().ok().flatten().map(|(id, _)| id)
    }

    /// Returns the emulator that this command should run inside of, if it has ended.
    pub fn ended_emulator(&self) -> Result<Option<EndedEmulator>, SessionError> {
        let Some(folder) = self.emulator_folder()?.filter(|folder| own_folder::is_abandoned(folder)) else {
            return Ok(None);
        };
        let emulated = self.emulated()?;
        Ok(emulated.map(|(provider, origin)| EndedEmulator { provider, origin: origin.to_string(), folder }))
    }

    /// Checks that the emulator, if there is one, still runs.
    pub(super) fn check_emulator(&self) -> Result<(), SessionError> {
        self.ended_emulator()?.map_or(Ok(()), |ended| Err(ended.error()))
    }

    /// Returns `true` if a login was made at an emulator: at this one, or at one whose servers are no longer its
    /// provider's. A provider may be on this machine without one.
    pub fn is_emulated(&self, token: &StoredToken) -> bool {
        let there = &token.origins;
        if there.token.is_none() && there.api.is_empty() || !there.are_on_this_machine() {
            return false;
        }
        let provider = self.catalogue().ok().and_then(|all| all.resolve(&token.provider, &token.params).ok());
        provider.is_some_and(|now| now.emulator.is_some() || !now.recorded_origins().are_on_this_machine())
    }

    /// Builds the error for a login whose emulator is not the one of this command, if that is why it cannot be used.
    pub(super) fn emulated_elsewhere(&self, profile: &Profile, token: &StoredToken) -> Option<SessionError> {
        let origin = token.origins.token.as_ref().or(token.origins.api.first()).filter(|_| self.is_emulated(token))?;
        let (profile, provider) = (profile.to_string(), token.provider.clone());
        // Asked only to word an error.
        let gone = !loopback::is_listening(origin);
        Some(SessionError::EmulatedElsewhere { profile, provider, origin: sanitize::line(origin), gone })
    }
}

/// Returns the folder that an environment names for an emulator's logins.
fn folder(environment: &dyn Environment) -> Result<Option<PathBuf>, SessionError> {
    match environment.variable(EMULATOR_DIR).map(PathBuf::from) {
        Some(path) if !path.is_absolute() => {
            let value = sanitize::line(&path.to_string_lossy());
            Err(PathsError::NotAbsolute { name: EMULATOR_DIR, value }.into())
        }
        path => Ok(path),
    }
}

/// Returns the store of a command inside an emulator.
fn store_inside(chosen: Option<Sourced<StoreKind>>) -> Result<Option<Sourced<StoreKind>>, SessionError> {
    let own = Sourced::new(StoreKind::File, Source::Variable(EMULATOR_DIR));
    Ok(Some(match chosen {
        Some(chosen) => match chosen.value {
            StoreKind::File | StoreKind::Memory | StoreKind::Env => chosen,
            StoreKind::Keychain | StoreKind::Helper(_) if chosen.is_typed() => {
                return Err(SessionError::StoreOutside { store: chosen.value.to_string() });
            }
            StoreKind::Keychain | StoreKind::Helper(_) => own,
        },
        None => own,
    }))
}
