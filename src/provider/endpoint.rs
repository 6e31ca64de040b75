//! Where a provider's servers are: endpoints that were checked once, their origins, and one provider made ready.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

use super::DefinitionError;
use super::definition::{Departure, ProviderDefinition, Sample, value_of};
use super::template;

/// A URL that may see secrets: https, or http on loopback; no user name, no fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// `Err` says what is wrong, to stand after a colon.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.bytes().any(|b| b <= b' ' || b >= 0x7f || b == b'\\') {
            return Err("a URL has neither blanks nor control characters nor backslashes");
        }
        let url = Url::parse(text).map_err(|_| "this is not an absolute URL")?;
        if !is_confidential(&url) {
            return Err("secrets go over https only (plain http is for loopback)");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an endpoint has no user name in it");
        }
        if url.fragment().is_some() {
            return Err("an endpoint has no fragment (RFC 6749 §3.1)");
        }
        Ok(Self(url))
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    pub fn origin(&self) -> Origin {
        Origin::of(&self.0)
    }

    /// The same path and query on another server.
    fn rebased(&self, origin: &Origin) -> Self {
        let mut url = origin.0.clone();
        url.set_path(self.0.path());
        url.set_query(self.0.query());
        Self(url)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// Whether nobody on the way can read what is sent there.
fn is_confidential(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether a URL leads to this machine. Names other than `localhost` may be made to lead anywhere.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Scheme, host and port of a server that may see secrets (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Url);

impl Origin {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let endpoint = Endpoint::parse(text)?;
        let url = endpoint.0;
        if url.path() != "/" || url.query().is_some() || text.ends_with('/') || text.ends_with('?') {
            return Err("an origin has no path and no query");
        }
        Ok(Self(url))
    }

    /// The origin of a URL that is an http or https URL with a host.
    pub fn of(url: &Url) -> Self {
        let mut origin = url.clone();
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        Self(origin)
    }

    /// Whether a URL lies on this origin: same scheme, host and port, and no user name, which only confuses readers.
    pub fn holds(&self, url: &Url) -> bool {
        self.0.origin() == url.origin() && url.username().is_empty() && url.password().is_none()
    }
}

/// `https://host` or `https://host:port`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

/// One URL template, or several of which the first that can be filled is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UrlTemplates(pub Vec<String>);

impl UrlTemplates {
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for UrlTemplates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(one) => Ok(Self(vec![one])),
            many => Vec::<String>::deserialize(many)
                .map(Self)
                .map_err(|_| de::Error::custom("write a URL, or a list of URLs")),
        }
    }
}

impl Serialize for UrlTemplates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [] => serializer.serialize_none(),
            [one] => serializer.serialize_str(one),
            many => many.serialize(serializer),
        }
    }
}

/// All servers of one provider, for one set of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    pub authorize: Option<Endpoint>,
    pub token: Option<Endpoint>,
    pub refresh: Option<Endpoint>,
    pub revoke: Option<Endpoint>,
    pub introspect: Option<Endpoint>,
    pub api_base: Option<Endpoint>,
    /// Where the token may go. The base's origin first.
    pub api_origins: Vec<Origin>,
}

impl Endpoints {
    pub(super) fn resolve(
        definition: &ProviderDefinition,
        params: &BTreeMap<String, String>,
    ) -> Result<Self, DefinitionError> {
        let endpoint = |key: &str, templates: &UrlTemplates| fill_first(definition, key, templates, params);
        let departure = |key: &str, template: &Departure<String>| {
            let templates = UrlTemplates(value_of(template).cloned().into_iter().collect());
            fill_first(definition, key, &templates, params)
        };
        let api_base = endpoint("api.base", &definition.api.base)?;
        let mut api_origins: Vec<Origin> = api_base.iter().map(Endpoint::origin).collect();
        for (n, template) in definition.api.origins.iter().enumerate() {
            let templates = UrlTemplates(vec![template.clone()]);
            let endpoint = fill_first(definition, &format!("api.origins[{n}]"), &templates, params)?;
            if let Some(origin) =
                endpoint.map(|endpoint| endpoint.origin()).filter(|origin| !api_origins.contains(origin))
            {
                api_origins.push(origin);
            }
        }
        Ok(Self {
            authorize: endpoint("authorize.url", &definition.authorize.url)?,
            token: endpoint("token.url", &definition.token.url)?,
            refresh: departure("refresh.url", &definition.refresh.url)?,
            revoke: departure("revoke.url", &definition.revoke.url)?,
            introspect: departure("introspect.url", &definition.introspect.url)?,
            api_base,
            api_origins,
        })
    }

    fn rebased(&self, origin: &Origin) -> Self {
        let rebase = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(|endpoint| endpoint.rebased(origin));
        Self {
            authorize: rebase(&self.authorize),
            token: rebase(&self.token),
            refresh: rebase(&self.refresh),
            revoke: rebase(&self.revoke),
            introspect: rebase(&self.introspect),
            api_base: rebase(&self.api_base),
            api_origins: vec![origin.clone()],
        }
    }
}

/// The first template whose values are all there. None of them may be: what the token reply will say is not known
/// before it.
fn fill_first(
    definition: &ProviderDefinition,
    key: &str,
    templates: &UrlTemplates,
    params: &BTreeMap<String, String>,
) -> Result<Option<Endpoint>, DefinitionError> {
    for template in &templates.0 {
        let unknown = template::names(template).into_iter().find(|name| !definition.params.contains_key(*name));
        if let Some(name) = unknown {
            let problem = format!("`{{{name}}}` is no parameter");
            return Err(DefinitionError::Wrong { id: definition.id.clone(), key: key.to_owned(), problem });
        }
        if template::names(template).iter().all(|name| params.contains_key(*name)) {
            return fill_endpoint(definition, key, template, params).map(Some);
        }
    }
    Ok(None)
}

/// Fills a URL template and makes sure that the values did not change more than the places they stand in: the host ends
/// where the template says that it ends, and it is the one that is written there.
fn fill_endpoint(
    definition: &ProviderDefinition,
    key: &str,
    template: &str,
    params: &BTreeMap<String, String>,
) -> Result<Endpoint, DefinitionError> {
    let wrong = |problem: &str| DefinitionError::Wrong {
        id: definition.id.clone(),
        key: key.to_owned(),
        problem: problem.to_owned(),
    };
    let text =
        template::fill(template, params).map_err(|missing| wrong(&format!("`{{{}}}` is no parameter", missing.0)))?;
    let endpoint = Endpoint::parse(&text).map_err(wrong)?;
    // What the parser understood must be what was written: the template's host up to its first `/`, to the letter. Where
    // a value brings the scheme along, it is an origin, and ends with its host.
    let of = |url: &str| url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()).map(str::to_owned);
    let begins_with_scheme = template.split("://").next().is_some_and(|scheme| !scheme.contains('{'));
    let authority = match of(template).filter(|_| begins_with_scheme) {
        Some(host) => template::fill(&host, params).unwrap_or_default(),
        None => of(&text).unwrap_or_default(),
    };
    let default_port = if endpoint.0.scheme() == "https" { ":443" } else { ":80" };
    let parsed = match (endpoint.0.host_str(), endpoint.0.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    if authority.strip_suffix(default_port).unwrap_or(&authority) != parsed {
        return Err(wrong("the host is not the one that is written there"));
    }
    Ok(endpoint)
}

/// The origins of a provider as they were when something was stored for it. They are compared at each use, so that
/// a changed definition cannot move a token to another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOrigins {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authorize: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// Of `refresh.url`, where that is one of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refresh: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoke: Option<String>,
    pub api: Vec<String>,
    /// What a newer program wrote, as in every record.
    #[serde(flatten)]
    unknown: serde_json::Map<String, serde_json::Value>,
}

/// One provider, its parameters filled in: what flows and commands work with.
#[derive(Clone, Debug)]
pub struct Provider {
    pub definition: ProviderDefinition,
    pub params: BTreeMap<String, String>,
    pub endpoints: Endpoints,
    /// The emulator that stands in for the provider's servers, if one does.
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

    /// The same provider with values that it gave itself, in the callback or in the token reply.
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

    /// A sample's path on the API's server.
    pub fn path_of(&self, sample: &Sample) -> String {
        sample.full_path(self.endpoints.api_base.as_ref().map(|base| base.url().path()))
    }

    /// The scope that opens a path of the API, where the definition says so.
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

    /// Refuses to go on with servers that are not those of the time of storing. `remedy` is the command that makes
    /// the record anew.
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
