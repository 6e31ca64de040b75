//! The login that is meant. `--profile` counts first, then OAUTHCTL_PROFILE, the project's file, and the current login.

use super::environment::PROFILE;
use super::{Session, SessionError, Source, Sourced};
use crate::store::Profile;
use crate::store::profile::NotAProfile;

impl Session {
    /// Returns the login that is meant, whether or not there is one of that name.
    pub fn profile(&self) -> Result<Sourced<Profile>, SessionError> {
        self.profile_if_any()?.ok_or(SessionError::NoLogin { profile: None, provider: None })
    }

    /// Returns the same, or `None` where no login is named anywhere.
    pub fn profile_if_any(&self) -> Result<Option<Sourced<Profile>>, SessionError> {
        if self.choices.profile.is_some() {
            return Ok(self.choices.profile.clone());
        }
        if let Some(named) = self.project_profile()? {
            return Ok(Some(named));
        }
        let current = self.store()?.index()?.current.and_then(|name| name.parse().ok());
        Ok(current.map(|profile| Sourced::new(profile, Source::Current)))
    }

    /// Returns the login that a flag or a variable names, and so the only one that the command is about.
    pub fn named_profile(&self) -> Option<&Profile> {
        self.choices.profile.as_ref().map(|named| &named.value)
    }

    /// Returns the login that was typed: where a command is about every login, it is a contradiction. A variable is a
    /// default, and gives way.
    pub fn typed_profile(&self) -> Option<&Profile> {
        self.choices.profile.as_ref().filter(|named| named.is_typed()).map(|named| &named.value)
    }

    /// Returns the name for a new login at the provider `id`: the one that is named; else the project's, unless that is a
    /// login at another provider; else the provider's id.
    pub fn profile_for_login(&self, id: &str) -> Result<Sourced<Profile>, SessionError> {
        if let Some(named) = &self.choices.profile {
            return Ok(named.clone());
        }
        if let Some(named) = self.project_profile()? {
            let index = self.store()?.index()?;
            if index.logins.get(named.value.as_str()).is_none_or(|entry| entry.provider == id) {
                return Ok(named);
            }
        }
        match id.parse() {
            Ok(profile) => Ok(Sourced::new(profile, Source::Default)),
            // A provider's id is a profile's name, so no provider is called so.
            Err(NotAProfile) => Err(self.catalogue()?.get(id).map_or_else(Into::into, |_| NotAProfile.into())),
        }
    }

    /// Returns the name for an imported login: the one that is named, or the one that it was exported under.
    pub fn profile_for_import(&self, exported_as: &str) -> Result<Sourced<Profile>, SessionError> {
        match &self.choices.profile {
            Some(named) => Ok(named.clone()),
            None => Ok(Sourced::new(exported_as.parse()?, Source::Default)),
        }
    }

    /// Returns what commands will use in place of this login as long as `--profile` does not name it.
    pub fn shadow_of(&self, login: &Profile) -> Result<Option<Sourced<String>>, SessionError> {
        let named = match self.environment.variable(PROFILE) {
            Some(named) => Some(Sourced::new(named, Source::Variable(PROFILE))),
            None => self.project_profile()?.map(|named| Sourced::new(named.value.to_string(), named.from)),
        };
        Ok(named.filter(|named| named.value != login.as_str()))
    }

    /// Words the error for a login that is not there.
    pub fn no_such_login(&self, profile: &Profile) -> Result<SessionError, SessionError> {
        let provider = self.store()?.index()?.logins.get(profile.as_str()).map(|entry| entry.provider.clone());
        let provider = provider.or_else(|| self.emulated().ok().flatten().map(|(id, _)| id));
        Ok(SessionError::NoLogin { profile: Some(profile.to_string()), provider })
    }

    fn project_profile(&self) -> Result<Option<Sourced<Profile>>, SessionError> {
        let named = self.project()?.and_then(|project| project.profile.as_ref());
        Ok(named.and_then(|named| {
            let profile = named.value.parse().ok()?;
            Some(Sourced::new(profile, Source::Project(named.at.to_string())))
        }))
    }
}
