//! The selected provider, and the values that fill its URLs. An existing login's record decides both.

use std::collections::BTreeMap;

use super::environment::EMULATOR;
use super::{Session, SessionError, Source, Sourced};
use crate::protocol::advice::login_command;
use crate::protocol::login_secrets::{Secrets, variable_of};
use crate::protocol::sanitize;
use crate::provider::catalogue::is_id;
use crate::provider::param::ParamKind;
use crate::provider::{Catalogue, DefinitionError, Origin, Provider, ProviderDefinition};
use crate::store::{Profile, StoredToken};

impl Session {
    /// Returns all definitions, with the emulated provider of this environment.
    pub fn catalogue(&self) -> Result<Catalogue<'_>, SessionError> {
        Ok(Catalogue::new(self.definitions()?, self.emulated()?))
    }

    /// Returns the id of the provider that a person names, who may have typed another name of it.
    pub fn provider_id(&self, typed: &str) -> Result<String, SessionError> {
        Ok(self.catalogue()?.id_of(typed))
    }

    /// Returns the provider of a new login: the typed one, else the emulated one, else that of the selected login.
    pub fn provider_for_login(&self, typed: Option<Sourced<String>>) -> Result<Sourced<String>, SessionError> {
        if let Some(typed) = typed {
            return Ok(Sourced { value: self.provider_id(&typed.value)?, ..typed });
        }
        if let Some((id, _)) = self.emulated()? {
            return Ok(Sourced::new(id, Source::Variable(EMULATOR)));
        }
        let profile = self.profile_if_any()?.ok_or(SessionError::NoProvider)?.value;
        let entry = self.store()?.index()?.logins.remove(profile.as_str());
        let entry = entry.ok_or(SessionError::NoProvider)?;
        Ok(Sourced::new(entry.provider, Source::Login(profile.to_string())))
    }

    /// Returns the id under which a provider's clients are registered: its own, unless it shares them with others. The
    /// id of clients that are registered is one too.
    pub fn clients_id(&self, provider: &str) -> Result<String, SessionError> {
        match self.catalogue()?.get(provider) {
            Ok(definition) => Ok(definition.clients_id().to_owned()),
            Err(DefinitionError::UnknownProvider { .. }) if self.has_clients(provider) => Ok(provider.to_owned()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the provider of a login, with the parameters of its record. Its servers must be the ones the login was
    /// made at.
    pub fn provider_of(&self, profile: &Profile, token: &StoredToken) -> Result<Provider, SessionError> {
        let provider = self.catalogue()?.resolve(&token.provider, &token.params)?.with_secrets(&token.secrets)?;
        let provider = self.with_secrets_of_environment(&provider)?;
        match provider.check_origins(&token.origins, &login_command(&token.provider, profile.as_str())) {
            Ok(()) => Ok(provider.with_client(token.client_id.as_ref()).with_asked_for(token.asked_for.clone())),
            Err(moved) => Err(self.emulated_elsewhere(profile, token).unwrap_or_else(|| moved.into())),
        }
    }

    /// Returns the provider with the secrets that variables give it, where it has none yet.
    pub fn with_secrets_of_environment(&self, provider: &Provider) -> Result<Provider, SessionError> {
        let given = provider.definition.secret_params().filter_map(|name| {
            let secret = self.system.secrets.params.get(&variable_of(name))?;
            Some((name.to_owned(), secret.clone()))
        });
        Ok(provider.with_secrets(&given.collect::<Secrets>())?)
    }

    /// Returns the given parameters, completed with the project's.
    pub fn with_project(
        &self,
        definition: &ProviderDefinition,
        mut given: BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, SessionError> {
        for (name, value) in self.project()?.into_iter().flat_map(|project| &project.params) {
            let Some(param) = definition.params.get(name).filter(|_| !given.contains_key(name)) else { continue };
            // A file from elsewhere names labels only. One of a closed list is the definition's own.
            if param.secret || (param.kind != ParamKind::Label && param.values.is_empty()) {
                let (at, provider) = (value.at.clone(), definition.id.clone());
                return Err(SessionError::ParamNotForProject { at, param: name.clone(), provider });
            }
            given.insert(name.clone(), value.value.clone());
        }
        Ok(given)
    }

    /// Reads `OAUTHCTL_EMULATOR=judgeme=http://127.0.0.1:PORT`, which replaces the provider by that emulator. Only
    /// loopback is allowed, so that the variable cannot send a secret anywhere else.
    pub(super) fn emulated(&self) -> Result<Option<(String, Origin)>, SessionError> {
        let Some(value) = self.environment.variable(EMULATOR) else { return Ok(None) };
        let parsed = value.split_once('=').and_then(|(id, origin)| {
            let origin = origin.starts_with("http://").then(|| Origin::parse(origin).ok()).flatten()?;
            is_id(id).then(|| (id.to_owned(), origin))
        });
        parsed.map(Some).ok_or_else(|| SessionError::BadEmulator { value: sanitize::line(&value) })
    }
}
