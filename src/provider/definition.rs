//! What a provider is: one TOML file, read into these types. Unknown keys are refused, with line and column.
//!
//! Everything that a definition leaves out is as the RFCs say. A value that departs from them is [`Sourced`]: it can
//! stand bare, and in a built-in definition it carries its source and date.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::DefinitionError;
use super::endpoint::{Endpoints, UrlTemplates};
use super::printable;
use super::quirks::{
    BasicHalves, CallbackSignature, Denial, ExpiryUnit, Lifetime, LoopbackRule, Paging, Pkce, RFC_DEFAULTS,
    RefreshWith, Sourced, StateEcho, SuccessMark, TokenBody, TokenMethod, TokenPlacement,
};
use super::scopes::Scopes;
use super::template::Param;
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;

/// The departure, or the RFC's behaviour where there is none.
pub type Departure<T> = Option<Sourced<T>>;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderDefinition {
    /// What people type after `--provider`. Given by the file's name.
    #[serde(skip_deserializing)]
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The documents that the definition was made from.
    pub source: Option<String>,
    /// The day on which they were read, `2026-11-20`.
    pub checked: Option<String>,
    /// A user's file names the alternative it wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternative: Option<String>,
    /// The ways to a token, the preferred one first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Departure<Vec<GrantKind>>,
    pub app: App,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
    pub authorize: Authorize,
    pub callback: Callback,
    pub redirect: Redirect,
    pub token: Token,
    pub refresh: Refresh,
    pub revoke: Revoke,
    pub introspect: Introspect,
    pub scope: Scopes,
    pub api: Api,
    /// Other values that are documented somewhere, by name; chosen with `alternative = "NAME"`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alternatives: BTreeMap<String, Alternative>,
    /// Whether this is the provider that `demo` shows when nobody names one.
    #[serde(skip_serializing)]
    pub demo: bool,
    /// What the emulator answers to API requests.
    #[serde(skip_serializing)]
    pub samples: Vec<Sample>,
    /// Members that the emulator adds to its token reply, as the guide's example has them.
    #[serde(skip_serializing)]
    pub sample_reply: toml::Table,
}

/// How a person makes an app at the provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct App {
    /// Where.
    pub page: Option<String>,
    /// What the guide says to do there, one sentence a step. `{redirect_uri}` stands for ours.
    pub steps: Vec<String>,
    /// Where a person removes an app's access again.
    pub revoke_page: Option<String>,
}

/// RFC 6749 §4.1.1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authorize {
    pub url: UrlTemplates,
    /// The authorization server's issuer; if it is known, the callback must name it (RFC 9207).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omit: Departure<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkce: Departure<Pkce>,
    /// The authorize page is a route of a page: `#/oauth`, and the query follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Departure<String>,
}

/// RFC 6749 §4.1.2.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Callback {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Departure<StateEcho>,
    /// Our name → theirs: `{ code = "auth_code" }`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Departure<CallbackSignature>,
}

/// RFC 6749 §3.1.2, RFC 8252 §7: which redirect URIs can be registered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Redirect {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_only: Departure<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loopback: Departure<LoopbackRule>,
    pub note: Option<String>,
}

/// RFC 6749 §4.1.3 and §5.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Token {
    pub url: UrlTemplates,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Departure<ClientAuthMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Departure<TokenBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omit: Departure<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Departure<BTreeMap<String, String>>,
    /// The RFC's member → a dotted path in their reply: `{ access_token = "data.accessToken" }`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Departure<Lifetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_unit: Departure<ExpiryUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Departure<TokenMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Departure<BasicHalves>,
    /// What marks a success, where a failure has status 200 too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Departure<SuccessMark>,
    /// Dotted paths at which a failure is worded, the first one that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Departure<Vec<String>>,
}

/// RFC 6749 §6.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refresh {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Departure<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Departure<RefreshWith>,
}

/// RFC 7009.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Revoke {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Departure<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Departure<BTreeMap<String, String>>,
}

/// RFC 7662.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Introspect {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Departure<String>,
}

/// The API that the token is for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    pub base: UrlTemplates,
    /// Further origins to which the token may go.
    pub origins: Vec<String>,
    /// In order of preference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Departure<Vec<TokenPlacement>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Departure<Vec<Denial>>,
    /// Sent with every request; `{param}` is filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Departure<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paging: Departure<Paging>,
    /// Dotted paths at which an error is worded, the first one that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Departure<Vec<String>>,
    /// A response header that lists the scopes of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes_header: Departure<String>,
    /// A first request that is worth a try, for the hints: `/api/v1/products`.
    pub example: Option<String>,
}

/// Values documented elsewhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    pub note: String,
    pub source: String,
    pub checked: String,
    /// Keys of the definition, as in a user's file.
    pub set: toml::Table,
}

/// One answer of the emulated API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    #[serde(default = "Sample::default_method")]
    pub method: String,
    pub path: String,
    /// The scope without which the answer is the provider's denial.
    pub scope: Option<String>,
    /// 200 if left out.
    #[serde(default = "Sample::default_status")]
    pub status: u16,
    /// A `Location` header, relative to the sample's own address.
    pub location: Option<String>,
    /// The JSON body; none if left out.
    #[serde(default)]
    pub body: String,
}

impl Sample {
    fn default_method() -> String {
        "GET".to_owned()
    }

    fn default_status() -> u16 {
        200
    }

    /// The path on the server: one that begins with `/` as it is, another one under the API's base.
    pub fn full_path(&self, base: Option<&str>) -> String {
        match (self.path.strip_prefix('/'), base) {
            (Some(_), _) | (None, None) => self.path.clone(),
            (None, Some(base)) => format!("{}/{}", base.trim_end_matches('/'), self.path),
        }
    }
}

/// One line of `providers show`: where the provider departs from the RFC, and how one knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DepartureLine {
    pub key: String,
    pub value: serde_json::Value,
    pub rfc: &'static str,
    pub source: Option<String>,
    pub checked: Option<String>,
    pub seen: String,
    pub note: Option<String>,
}

impl ProviderDefinition {
    pub fn separator(&self) -> &str {
        value_of(&self.scope.separator).map_or(" ", String::as_str)
    }

    pub fn pkce(&self) -> Pkce {
        value_of(&self.authorize.pkce).copied().unwrap_or_default()
    }

    pub fn always_granted(&self) -> ScopeSet {
        value_of(&self.scope.always).into_iter().flatten().map(String::as_str).collect()
    }

    pub fn default_scope(&self) -> ScopeSet {
        self.scope.default.iter().map(String::as_str).collect()
    }

    pub fn known_scopes(&self) -> ScopeSet {
        self.scope.known.iter().map(|scope| scope.name.as_str()).collect()
    }

    /// The ways to a token, the preferred one first; never empty.
    pub fn grants(&self) -> Vec<GrantKind> {
        match value_of(&self.grants) {
            Some(grants) if !grants.is_empty() => grants.clone(),
            _ => vec![GrantKind::AuthorizationCode],
        }
    }

    pub fn never_expires(&self) -> bool {
        value_of(&self.token.lifetime) == Some(&Lifetime::Never)
    }

    pub fn client_auth(&self) -> ClientAuthMethod {
        value_of(&self.token.auth).copied().unwrap_or_default()
    }

    /// Ways to present the token, the preferred one first; never empty.
    pub fn token_placements(&self) -> Vec<TokenPlacement> {
        match value_of(&self.api.token) {
            Some(placements) if !placements.is_empty() => placements.clone(),
            _ => vec![TokenPlacement::bearer()],
        }
    }

    /// Every departure from the RFCs, in the order of the keys.
    pub fn departures(&self) -> Vec<DepartureLine> {
        let mut lines = Vec::new();
        // The types above decide what is a departure, so their serialized form is what is searched.
        if let Ok(tree) = serde_json::to_value(self) {
            collect_departures(&tree, String::new(), &mut lines);
        }
        lines
    }

    /// Checks what the types cannot say. Nothing here needs the network.
    pub fn check(&self) -> Result<(), DefinitionError> {
        let wrong =
            |key: &str, problem: String| DefinitionError::Wrong { id: self.id.clone(), key: key.to_owned(), problem };
        // A definition is shown in tables, questions and hints, and may be written by a stranger.
        let tree = serde_json::to_value(self).unwrap_or_default();
        if let Some(key) = printable::offence(&tree) {
            return Err(wrong(&key, "it has characters in it that no terminal shows".into()));
        }
        for (key, params) in [("authorize.params", &self.authorize.params), ("token.params", &self.token.params)] {
            for name in value_of(params).into_iter().flatten().map(|(name, _)| name) {
                let reserved = RESERVED.contains(&name.as_str()) && !(key == "token.params" && name == "state");
                if reserved {
                    return Err(wrong(
                        key,
                        format!("`{name}` is one of our own parameters (RFC 6749 §3.1: no parameter twice)"),
                    ));
                }
            }
        }
        // Every URL is tried with sample values: what is wrong with it is better known now than at a login.
        let mut samples = BTreeMap::new();
        for (name, param) in &self.params {
            let refused =
                |problem: String| wrong(&format!("params.{name}"), format!("its example cannot be a value: {problem}"));
            samples.insert(name.clone(), param.normalize(&param.sample()).map_err(refused)?);
        }
        Endpoints::resolve(self, &samples)?;
        for (n, placement) in self.token_placements().iter().enumerate() {
            if placement.name.is_none() && placement.place != super::quirks::TokenIn::Bearer {
                return Err(wrong(&format!("api.token[{n}]"), "a header, query or body placement has a `name`".into()));
            }
        }
        for (n, sample) in self.samples.iter().enumerate() {
            let body = if sample.body.is_empty() { "null" } else { &sample.body };
            serde_json::from_str::<serde_json::Value>(body)
                .map_err(|error| wrong(&format!("samples[{n}].body"), format!("this is not JSON: {error}")))?;
        }
        if let Some(name) = value_of(&self.api.scopes_header)
            && http::HeaderName::from_bytes(name.as_bytes()).is_err()
        {
            return Err(wrong("api.scopes_header", "a header's name has letters, digits and hyphens".into()));
        }
        self.scope.check().map_err(|(key, problem)| wrong(&key, problem))
    }
}

/// Parameters that a definition may not add, as the flow sends them itself (RFC 6749 §3.1, §3.2).
const RESERVED: [&str; 12] = [
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
    "state",
];

/// The value of a departure, if there is one.
pub fn value_of<T>(departure: &Departure<T>) -> Option<&T> {
    departure.as_ref().map(|sourced| &sourced.value)
}

fn collect_departures(tree: &serde_json::Value, path: String, lines: &mut Vec<DepartureLine>) {
    let Some(object) = tree.as_object() else { return };
    let text = |key: &str| object.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    if let (Some(value), Some(seen)) = (object.get("value"), object.get("seen")) {
        let rfc = RFC_DEFAULTS.iter().find(|(key, _)| *key == path).map_or("", |(_, rfc)| rfc);
        let seen: super::quirks::Seen = serde_json::from_value(seen.clone()).unwrap_or_default();
        lines.push(DepartureLine {
            value: value.clone(),
            rfc,
            source: text("source"),
            checked: text("checked"),
            seen: seen.in_words().to_owned(),
            note: text("note"),
            key: path,
        });
        return;
    }
    for (key, inner) in object.iter().filter(|(key, _)| *key != "alternatives") {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        collect_departures(inner, path, lines);
    }
}
