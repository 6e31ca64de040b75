//! The selected login: the one typed (as an argument or with `--profile`), else OAUTHCTL_PROFILE, else the project file, else the current login.

use super::environment::PROFILE;
use super::{Session, SessionError, Source, Sourced};
use crate::protocol::likeness::nearest;
use crate::store::login_index::LoginEntry;
use crate::store::profile::NotAProfile;
use crate::store::{AppName, Profile};

impl Session {
    /// Returns the selected login, whether or not it exists.
    pub fn profile(&self) -> Result<Sourced<Profile>, SessionError> {
        match self.profile_if_any()? {
            Some(profile) => Ok(profile),
            None => Err(self.none_selected()?),
        }
    }

    /// Builds the error for a command that needs a login where nothing selects one.
    fn none_selected(&self) -> Result<SessionError, SessionError> {
        let logins = self.logins()?;
        Ok(match logins.is_empty() {
            true => SessionError::no_login_yet(),
            false => SessionError::NoneSelected { logins },
        })
    }

    /// Lists the names of all logins.
    pub fn logins(&self) -> Result<Vec<String>, SessionError> {
        let listed = self.store()?.index()?.logins;
        Ok(listed.into_iter().filter(|(_, entry)| !entry.ending).map(|(name, _)| name).collect())
    }

    /// Returns the selected login, or `None` if nothing selects one.
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

    /// Returns the login that a flag or a variable names.
    pub fn named_profile(&self) -> Option<&Profile> {
        self.choices.profile.as_ref().map(|named| &named.value)
    }

    /// Returns the login that was typed, which contradicts a command for all logins. A variable is only a default and
    /// does not.
    pub fn typed_profile(&self) -> Option<&Profile> {
        self.choices.profile.as_ref().filter(|named| named.is_typed()).map(|named| &named.value)
    }

    /// Returns the name for a new login at the provider `id`: the one given by flag or variable; else the project's,
    /// unless that is a login at another provider, or by another app than the one typed; else the provider's id, with the
    /// app's name. So a login by one app does not replace one by another unless it is named.
    pub fn profile_for_login(&self, id: &str, app: Option<&AppName>) -> Result<Sourced<Profile>, SessionError> {
        if let Some(named) = &self.choices.profile {
            return Ok(named.clone());
        }
        if let Some(named) = self.project_profile()? {
            let index = self.store()?.index()?;
            let is_other = |entry: &LoginEntry| entry.provider != id || self.is_by_another_app(&named.value, app);
            if !index.logins.get(named.value.as_str()).is_some_and(is_other) {
                return Ok(named);
            }
        }
        let app = app.and_then(AppName::name);
        // Too long together, the app's name is enough.
        let of_app = app.and_then(|app| format!("{id}-{app}").parse().or_else(|_| app.parse()).ok());
        match of_app.map_or_else(|| id.parse(), Ok) {
            Ok(profile) => Ok(Sourced::new(profile, Source::Default)),
            // Every provider id is a valid profile name, so this provider does not exist.
            Err(NotAProfile) => Err(self.catalogue()?.get(id).map_or_else(Into::into, |_| NotAProfile.into())),
        }
    }

    fn is_by_another_app(&self, profile: &Profile, app: Option<&AppName>) -> bool {
        let Some(app) = app else { return false };
        let record = self.store().ok().and_then(|store| Some(store.load(profile).ok()??.record));
        record.is_some_and(|record| record.app != *app)
    }

    /// Returns the name for an imported login: the one given, or the one it was exported under.
    pub fn profile_for_import(&self, exported_as: &str) -> Result<Sourced<Profile>, SessionError> {
        match &self.choices.profile {
            Some(named) => Ok(named.clone()),
            None => Ok(Sourced::new(exported_as.parse()?, Source::Default)),
        }
    }

    /// Returns the login that commands use instead of this one unless `--profile` names it.
    pub fn shadow_of(&self, login: &Profile) -> Result<Option<Sourced<String>>, SessionError> {
        let named = match self.environment.variable(PROFILE) {
            Some(named) => Some(Sourced::new(named, Source::Variable(PROFILE))),
            None => self.project_profile()?.map(|named| Sourced::new(named.value.to_string(), named.from)),
        };
        Ok(named.filter(|named| named.value != login.as_str()))
    }

    /// Builds the error for a login that does not exist.
    pub fn no_such_login(&self, profile: &Profile) -> Result<SessionError, SessionError> {
        let provider = self.store()?.index()?.logins.get(profile.as_str()).map(|entry| entry.provider.clone());
        let provider = provider.or_else(|| self.emulated().ok().flatten().map(|(id, _)| id));
        // The default name of a login is its provider's.
        let namesake = || Some(self.catalogue().ok()?.get(profile.as_str()).ok()?.id);
        let provider = provider.or_else(namesake);
        let logins = self.logins()?;
        let near = nearest(profile.as_str(), logins.iter().map(String::as_str)).map(str::to_owned);
        let named_by = self.named_by(profile)?;
        Ok(SessionError::NoLogin { profile: Some(profile.to_string()), provider, named_by, near })
    }

    /// Returns the variable or the file that names this login, if nobody typed it.
    fn named_by(&self, profile: &Profile) -> Result<Option<String>, SessionError> {
        let named = match &self.choices.profile {
            Some(named) if named.is_typed() => None,
            Some(_) => Some(PROFILE.to_owned()),
            None => match self.project_profile()? {
                Some(Sourced { value, from: Source::Project(at) }) if value == *profile => Some(at),
                _ => None,
            },
        };
        Ok(named)
    }

    fn project_profile(&self) -> Result<Option<Sourced<Profile>>, SessionError> {
        let named = self.project()?.and_then(|project| project.profile.as_ref());
        Ok(named.and_then(|named| {
            let profile = named.value.parse().ok()?;
            Some(Sourced::new(profile, Source::Project(named.at.to_string())))
        }))
    }
}
