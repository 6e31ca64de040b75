//! The servers that a project file would choose by itself. They are used only with the user's consent: the same value
//! typed as `--param`, a login at the same servers, or an answer to the question in `commands/consent.rs`.

use std::collections::BTreeMap;

use super::project::{FilePosition, ProjectValue};
use super::{Session, SessionError};
use crate::provider::Provider;

/// A parameter of the project file that chooses servers the user has not confirmed.
pub struct ServerChoice<'a> {
    pub at: &'a FilePosition,
    pub param: &'a str,
    pub value: &'a str,
    pub servers: Vec<String>,
}

impl Session {
    /// Returns the choices to confirm before anything is sent to this provider's servers. Typing a parameter confirms
    /// it.
    pub fn unconfirmed_servers<'a>(
        &'a self,
        provider: &'a Provider,
        typed: &BTreeMap<String, String>,
    ) -> Result<Vec<ServerChoice<'a>>, SessionError> {
        let choices = self.project_servers(provider, typed)?;
        if choices.is_empty() || self.has_login_there(provider)? { Ok(Vec::new()) } else { Ok(choices) }
    }

    /// Returns the project's parameters that choose a server.
    fn project_servers<'a>(
        &'a self,
        provider: &'a Provider,
        typed: &BTreeMap<String, String>,
    ) -> Result<Vec<ServerChoice<'a>>, SessionError> {
        let project = self.project()?.into_iter().flat_map(|project| &project.params);
        let choice = |(param, named): (&'a String, &'a ProjectValue)| {
            let (definition, value) = (provider.definition.params.get(param)?, provider.params.get(param)?);
            let spelled = |text: &str| definition.normalize(text).ok().as_ref() == Some(value);
            // The definition's own default is not the file's choice.
            let is_default = definition.default.as_deref().is_some_and(spelled);
            if typed.contains_key(param) || !spelled(&named.value) || is_default {
                return None;
            }
            let servers = provider.servers_decided_by(param);
            (!servers.is_empty()).then_some(ServerChoice { at: &named.at, param, value, servers })
        };
        Ok(project.filter_map(choice).collect())
    }

    /// Returns `true` if a login already uses the same servers: every parameter that chooses one has the same value.
    /// A login at an emulator does not count, since an emulator can stand for any server.
    fn has_login_there(&self, provider: &Provider) -> Result<bool, SessionError> {
        let store = self.store()?;
        let decides = |(param, _): &(&String, &String)| !provider.servers_decided_by(param).is_empty();
        let deciding: Vec<_> = provider.params.iter().filter(decides).collect();
        Ok(store.index()?.logins.into_iter().any(|(name, entry)| {
            entry.provider == provider.id()
                && deciding.iter().all(|(param, value)| entry.params.get(*param) == Some(*value))
                && {
                    let record = name.parse().ok().and_then(|profile| store.load(&profile).ok().flatten());
                    record.is_none_or(|found| !found.record.origins.are_on_this_machine())
                }
        }))
    }
}
