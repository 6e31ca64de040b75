//! One provider, ready for use: its parameters are filled in, its servers are known, and so are its servers at the time
//! of a stored record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::endpoint::{Endpoint, Origin};
use super::endpoints::Endpoints;
use super::sections::Sample;
use super::{DefinitionError, ProviderDefinition};

/// The origins of a provider at the time of a stored record. They are compared at each use, so that a changed
/// definition cannot move a token to another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOrigins {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authorize: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// The origin of `refresh.url`, if it has its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refresh: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoke: Option<String>,
    pub api: Vec<String>,
    /// Members from a newer version, as in every record.
    #[serde(flatten)]
    unknown: serde_json::Map<String, serde_json::Value>,
}

/// One provider with its parameters filled in, as flows and commands use it.
#[derive(Clone, Debug)]
pub struct Provider {
    pub definition: ProviderDefinition,
    pub params: BTreeMap<String, String>,
    pub endpoints: Endpoints,
    /// The emulator that replaces the provider's servers, if any.
    pub emulator: Option<Origin>,
}

impl Provider {
    pub fn new(
        definition: ProviderDefinition,
        params: BTreeMap<String, String>,
        emulator: Option<Origin>,
    ) -> Result<Self, DefinitionError> {
        let endpoints = Endpoints::resolve(&definition, &params)?;
        let endpoints = emulator.as_ref().map(|origin| endpoints.rebased(origin)).unwrap_or(endpoints);
        Ok(Self { definition, params, endpoints, emulator })
    }

    /// Returns the same provider with values that it sent itself, in the callback or in the token reply.
    pub fn with_captured(&self, captured: &BTreeMap<String, String>) -> Result<Self, DefinitionError> {
        let mut params = self.params.clone();
        for (name, value) in captured {
            let Some(param) = self.definition.params.get(name) else { continue };
            let refused = |problem| DefinitionError::ParamRefused {
                id: self.id().to_owned(),
                param: name.clone(),
                value: crate::protocol::sanitize::line(value),
                problem,
            };
            params.insert(name.clone(), param.normalize(value).map_err(refused)?);
        }
        Self::new(self.definition.clone(), params, self.emulator.clone())
    }

    pub fn id(&self) -> &str {
        &self.definition.id
    }

    pub fn authorize_endpoint(&self) -> Result<&Endpoint, DefinitionError> {
        self.endpoints.authorize.as_ref().ok_or_else(|| self.missing("authorize.url", "a login in the browser"))
    }

    pub fn token_endpoint(&self) -> Result<&Endpoint, DefinitionError> {
        self.endpoints.token.as_ref().ok_or_else(|| self.missing("token.url", "a token request"))
    }

    pub fn api_base(&self) -> Result<&Endpoint, DefinitionError> {
        self.endpoints.api_base.as_ref().ok_or_else(|| self.missing("api.base", "a call"))
    }

    fn missing(&self, key: &'static str, purpose: &'static str) -> DefinitionError {
        DefinitionError::Missing { id: self.id().to_owned(), key, purpose }
    }

    /// Returns a sample's path on the API's server.
    pub fn path_of(&self, sample: &Sample) -> String {
        sample.full_path(self.endpoints.api_base.as_ref().map(|base| base.url().path()))
    }

    /// Returns the scope for a path of the API, if the definition names one.
    pub fn scope_for(&self, method: &str, path: &str) -> Option<&str> {
        let opens = |sample: &&Sample| sample.method == method && self.path_of(sample) == path;
        self.definition.samples.iter().find(opens)?.scope.as_deref()
    }

    pub fn recorded_origins(&self) -> RecordedOrigins {
        let origin = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(|endpoint| endpoint.origin().to_string());
        RecordedOrigins {
            authorize: origin(&self.endpoints.authorize),
            token: origin(&self.endpoints.token),
            refresh: origin(&self.endpoints.refresh),
            revoke: origin(&self.endpoints.revoke),
            api: self.endpoints.api_origins.iter().map(Origin::to_string).collect(),
            unknown: Default::default(),
        }
    }

    /// Refuses to continue if the servers differ from the recorded ones. `remedy` is the command that creates the
    /// record again.
    pub fn check_origins(&self, recorded: &RecordedOrigins, remedy: &str) -> Result<(), DefinitionError> {
        let now = self.recorded_origins();
        let list = |origins: &[String]| if origins.is_empty() { "none".to_owned() } else { origins.join(", ") };
        let one = |origin: &Option<String>| list(origin.as_slice());
        let moved = [
            ("authorization", one(&recorded.authorize), one(&now.authorize)),
            ("token", one(&recorded.token), one(&now.token)),
            ("refresh", one(&recorded.refresh), one(&now.refresh)),
            ("revocation", one(&recorded.revoke), one(&now.revoke)),
            ("API", list(&recorded.api), list(&now.api)),
        ]
        .into_iter()
        .find(|(_, recorded, now)| recorded != now);
        match moved {
            None => Ok(()),
            Some((part, recorded, now)) => Err(DefinitionError::OriginsMoved {
                id: self.id().to_owned(),
                part,
                recorded,
                now,
                remedy: remedy.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
