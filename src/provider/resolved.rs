//! One provider, ready for use: its parameters are filled in, its servers are known, and so are its servers at the time
//! of a stored record.
//!
//! A login's record holds what the login decided: its parameters, typed or captured, and the servers that they lead to. A
//! registration holds the servers of the definition alone. So the two are compared with different things: a login with
//! the servers of its parameters, a registration with those that the definition names without any.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::departure::value_of;
use super::endpoint::{Endpoint, Origin, UrlTemplates};
use super::endpoints::Endpoints;
use super::params::fill_params;
use super::probe::{Probe, written_origin};
use super::sections::Sample;
use super::{DefinitionError, ProviderDefinition};
use crate::protocol::client::ClientId;
use crate::protocol::login_params::LoginParams;
use crate::protocol::login_secrets::Secrets;
use crate::protocol::secret::ClientSecret;

/// The origins of a provider at the time of a stored record. They are compared at each use, so that a changed
/// definition cannot move a token to another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOrigins {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authorize: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// Origins that only a login by device sends its secrets to. One that also serves the rest is not among them, so that a
    /// definition may gain device codes, and its logins and registrations stay good.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub device: Vec<String>,
    /// The origin of the second exchange, if it serves nothing else: a definition may gain one that does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exchange: Option<String>,
    /// The origin of `par.url`, if it is not one of the above. A definition may gain it, and its logins stay good.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pushed: Option<String>,
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
    /// The client of the login, for the texts that name it.
    pub client_id: Option<ClientId>,
    /// The name of the app whose client is used, if it has one, for the commands that hints name.
    pub app: Option<String>,
    /// What one login asks for beside the definition.
    pub asked_for: LoginParams,
    /// The login's further secrets: see `login_secrets`.
    pub secrets: Secrets,
    /// The client's secret, if the API wants it with every request.
    pub client_secret: Option<ClientSecret>,
}

impl Provider {
    pub fn new(
        definition: ProviderDefinition,
        params: BTreeMap<String, String>,
        emulator: Option<Origin>,
    ) -> Result<Self, DefinitionError> {
        let endpoints = Endpoints::resolve(&definition, &params)?;
        let endpoints = emulator.as_ref().map(|origin| endpoints.rebased(origin)).unwrap_or(endpoints);
        let asked_for = LoginParams::default();
        let (secrets, client_secret) = (Secrets::new(), None);
        Ok(Self {
            definition,
            params,
            endpoints,
            emulator,
            client_id: None,
            app: None,
            asked_for,
            secrets,
            client_secret,
        })
    }

    /// Returns the provider as one app's client uses it.
    pub fn with_app(&self, app: Option<&str>) -> Self {
        Self { app: app.map(str::to_owned), ..self.clone() }
    }

    /// Returns the provider as one client's login uses it.
    pub fn with_client(&self, client_id: Option<&ClientId>) -> Self {
        Self { client_id: client_id.cloned(), ..self.clone() }
    }

    /// Returns the provider as one login uses it.
    pub fn with_asked_for(&self, asked_for: LoginParams) -> Self {
        Self { asked_for, ..self.clone() }
    }

    pub fn id(&self) -> &str {
        &self.definition.id
    }

    pub fn authorize_endpoint(&self) -> Result<&Endpoint, DefinitionError> {
        let missing = || self.missing("authorize.url", &self.definition.authorize.url, "a login in the browser");
        self.endpoints.authorize.as_ref().ok_or_else(missing)
    }

    pub fn par_endpoint(&self) -> Result<&Endpoint, DefinitionError> {
        let templates = UrlTemplates(value_of(&self.definition.par.url).cloned().into_iter().collect());
        let missing = || self.missing("par.url", &templates, "a pushed authorization request");
        self.endpoints.par.as_ref().ok_or_else(missing)
    }

    pub fn token_endpoint(&self) -> Result<&Endpoint, DefinitionError> {
        let missing = || self.missing("token.url", &self.definition.token.url, "a token request");
        self.endpoints.token.as_ref().ok_or_else(missing)
    }

    pub fn device_endpoint(&self) -> Result<&Endpoint, DefinitionError> {
        let missing = || self.missing("device.url", &self.definition.device.url, "a login by device");
        self.endpoints.device.as_ref().ok_or_else(missing)
    }

    /// Returns the endpoint at which a device's code is exchanged: its own, or the token endpoint.
    pub fn device_token_endpoint(&self) -> Result<&Endpoint, DefinitionError> {
        self.endpoints.device_token.as_ref().map_or_else(|| self.token_endpoint(), Ok)
    }

    pub fn api_base(&self) -> Result<&Endpoint, DefinitionError> {
        let missing = || self.missing("api.base", &self.definition.api.base, "a call");
        self.endpoints.api_base.as_ref().ok_or_else(missing)
    }

    /// Returns the issuer that the provider's answers name (RFC 9207). An emulator's is at its own origin.
    pub fn issuer(&self) -> Option<String> {
        let issuer = self.definition.authorize.issuer.as_deref()?;
        let Some(emulator) = &self.emulator else { return Some(issuer.to_owned()) };
        let (_, rest) = issuer.split_once("://").unwrap_or_default();
        let path = rest.find('/').map_or("", |slash| &rest[slash..]);
        Some(format!("{emulator}{path}"))
    }

    fn missing(&self, key: &'static str, templates: &UrlTemplates, purpose: &'static str) -> DefinitionError {
        let id = self.id().to_owned();
        match self.uncaptured(templates).into_iter().next() {
            Some(param) => DefinitionError::NotCaptured { id, key, param },
            None => DefinitionError::Missing { id, file: self.definition.file.clone(), key, purpose },
        }
    }

    /// Returns a sample's path on the API's server.
    pub fn path_of(&self, sample: &Sample) -> String {
        self.full_path(&sample.path)
    }

    /// Returns a path on the API's server: one that begins with `/` as it is, that of a URL, another one under the API's base.
    pub fn full_path(&self, path: &str) -> String {
        if let Some(origin) = written_origin(path) {
            let rest = path[origin.len()..].split(['?', '#']).next().unwrap_or_default();
            return if rest.is_empty() { "/".to_owned() } else { rest.to_owned() };
        }
        match &self.endpoints.api_base {
            Some(base) if !path.starts_with('/') => format!("{}/{path}", base.url().path().trim_end_matches('/')),
            _ => path.to_owned(),
        }
    }

    /// Returns the scope for a path of the API, if a sample or a scope's probe names one.
    pub fn scope_for(&self, method: &str, path: &str) -> Option<&str> {
        let opens = |sample: &&Sample| sample.method == method && self.path_of(sample) == path;
        if let Some(sample) = self.definition.samples.iter().find(opens) {
            return sample.scope.as_deref();
        }
        let is_probed = |probe: &Probe| {
            let probed = self.full_path(probe.path.split('?').next().unwrap_or_default());
            probe.method.to_http() == *method && is_same_path(&probed, path)
        };
        let known = &self.definition.scope.known;
        known.iter().find(|scope| scope.probe.as_ref().is_some_and(is_probed)).map(|scope| scope.name.as_str())
    }

    pub fn recorded_origins(&self) -> RecordedOrigins {
        let origin = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(|endpoint| endpoint.origin().to_string());
        let (authorize, token) = (origin(&self.endpoints.authorize), origin(&self.endpoints.token));
        let own = |origin: &String| Some(origin) != authorize.as_ref() && Some(origin) != token.as_ref();
        let device = [origin(&self.endpoints.device), origin(&self.endpoints.device_token)];
        let mut device: Vec<String> = device.into_iter().flatten().filter(own).collect();
        device.dedup();
        let exchange = origin(&self.endpoints.exchange).filter(own);
        let pushed = origin(&self.endpoints.par).filter(own);
        RecordedOrigins {
            authorize,
            token,
            device,
            exchange,
            pushed,
            refresh: origin(&self.endpoints.refresh),
            revoke: origin(&self.endpoints.revoke),
            api: self.endpoints.api_origins.iter().map(Origin::to_string).collect(),
            unknown: Default::default(),
        }
    }

    /// Returns the servers that the definition names by itself, without a login's parameters. `None` if there must be some.
    pub fn own_origins(&self) -> Option<RecordedOrigins> {
        let params = fill_params(&self.definition, &BTreeMap::new(), self.emulator.is_some()).ok()?;
        let alone = Self::new(self.definition.clone(), params, self.emulator.clone()).ok()?;
        Some(alone.recorded_origins())
    }

    /// Refuses to continue if a login's servers differ from the recorded ones. `remedy` is the command that makes the login
    /// again.
    pub fn check_origins(&self, recorded: &RecordedOrigins, remedy: &str) -> Result<(), DefinitionError> {
        let moved = self.recorded_origins().differs_from(recorded);
        moved.map_or(Ok(()), |moved| Err(moved.error(self.id(), remedy)))
    }

    /// Returns the servers that a client's secret goes to, whatever the API.
    pub fn client_servers(&self) -> RecordedOrigins {
        RecordedOrigins { api: Vec::new(), ..self.recorded_origins() }
    }

    /// Refuses to continue if the secret of a client that providers share would go to other servers.
    pub fn check_servers(&self, recorded: &RecordedOrigins, remedy: &str) -> Result<(), DefinitionError> {
        let moved = self.client_servers().differs_from(recorded);
        moved.map_or(Ok(()), |moved| Err(moved.error(self.id(), remedy)))
    }

    /// Refuses to continue if the definition names other servers than when a client was registered. What the parameters of
    /// a login decide is not the registration's: the login's own record says it.
    pub fn check_registration(&self, recorded: &RecordedOrigins, remedy: &str) -> Result<(), DefinitionError> {
        let now = self.own_origins().unwrap_or_else(|| self.recorded_origins());
        now.differs_from(recorded).map_or(Ok(()), |moved| Err(moved.error(self.id(), remedy)))
    }
}

/// A server that is another one than was recorded.
struct Moved {
    part: &'static str,
    recorded: String,
    now: String,
}

impl Moved {
    fn error(self, id: &str, remedy: &str) -> DefinitionError {
        let Self { part, recorded, now } = self;
        DefinitionError::OriginsMoved { id: id.to_owned(), part, recorded, now, remedy: remedy.to_owned() }
    }
}

impl RecordedOrigins {
    fn differs_from(&self, recorded: &Self) -> Option<Moved> {
        let list = |origins: &[String]| if origins.is_empty() { "none".to_owned() } else { origins.join(", ") };
        let one = |origin: &Option<String>| list(origin.as_slice());
        let parts = [
            ("authorization", one(&recorded.authorize), one(&self.authorize)),
            ("token", one(&recorded.token), one(&self.token)),
            ("device authorization", list(&recorded.device), list(&self.device)),
            ("exchange", one(&recorded.exchange), one(&self.exchange)),
            ("pushed requests", one(&recorded.pushed), one(&self.pushed)),
            ("refresh", one(&recorded.refresh), one(&self.refresh)),
            ("revocation", one(&recorded.revoke), one(&self.revoke)),
            ("API", list(&recorded.api), list(&self.api)),
        ];
        let moved = parts.into_iter().find(|(_, recorded, now)| recorded != now);
        moved.map(|(part, recorded, now)| Moved { part, recorded, now })
    }
}

/// Compares a path with a probe's, in which a segment `{id}` has any value.
fn is_same_path(probed: &str, path: &str) -> bool {
    let (probed, path): (Vec<&str>, Vec<&str>) = (probed.split('/').collect(), path.split('/').collect());
    let fits =
        |(probed, segment): (&&str, &&str)| probed == segment || probed.starts_with('{') && probed.ends_with('}');
    probed.len() == path.len() && probed.iter().zip(&path).all(fits)
}

#[cfg(test)]
mod tests;
