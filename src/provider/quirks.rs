//! The ways in which providers depart from the RFCs, as values. The RFC's behaviour is every default.
//!
//! A departure carries where it was read, when, and how sure that is. What it does, it does in `dialect.rs` only.

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize};

/// How well a fact is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// Read in documents; nobody here has seen the server do it.
    #[default]
    Documents,
    /// Seen in a recorded reply of the live service.
    Recorded,
    /// Concluded from something else; the note says from what.
    Inferred,
    /// Tried against the live service.
    Live,
}

impl Seen {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Documents => "seen in documents only",
            Self::Recorded => "seen in a recorded reply",
            Self::Inferred => "inferred",
            Self::Live => "tried live",
        }
    }
}

/// A value with its evidence. In TOML either the bare value or `{ value = …, source = "…", checked = "2026-11-20" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sourced<T> {
    pub value: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
    pub seen: Seen,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl<T> Sourced<T> {
    pub fn bare(value: T) -> Self {
        Self { value, source: None, checked: None, seen: Seen::default(), note: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithEvidence<T> {
    value: T,
    source: Option<String>,
    checked: Option<String>,
    #[serde(default)]
    seen: Seen,
    note: Option<String>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Sourced<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        if is_evidence(&value) {
            let WithEvidence { value, source, checked, seen, note } =
                WithEvidence::deserialize(value).map_err(plain)?;
            return Ok(Self { value, source, checked, seen, note });
        }
        T::deserialize(value).map(Self::bare).map_err(plain)
    }
}

/// Whether a TOML value is a value with its evidence; an overlay replaces such a table whole.
fn is_evidence(value: &toml::Value) -> bool {
    value.as_table().is_some_and(|table| table.contains_key("value"))
}

/// The inner error has no place in the file; the outer reader adds it.
fn plain<E: de::Error>(error: toml::de::Error) -> E {
    E::custom(error.message())
}

/// RFC 7636; `plain` does not exist here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pkce {
    #[default]
    S256,
    #[serde(rename = "off")]
    Off,
}

/// How the token request's parameters travel. RFC 6749 §4.1.3: form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenBody {
    #[default]
    Form,
    Json,
    Query,
}

/// How blanks (and commas) between scopes are written in the authorize URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeEncoding {
    /// `%20`.
    #[default]
    Percent,
    /// A blank is `+`, as in a form.
    Plus,
    /// The separator stands as it is.
    Raw,
}

/// Whether the provider sends `state` back (RFC 6749 §4.1.2: REQUIRED if it was sent).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateEcho {
    #[default]
    Echoed,
    /// A callback without any state may be the provider's; a person has to confirm it.
    MayBeMissing,
}

/// Which loopback redirect URIs the provider takes (RFC 8252 §7.3: any port).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoopbackRule {
    AnyPort,
    Exact,
    No,
    #[default]
    Unknown,
}

/// How long a token lives where the reply does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifetime {
    /// The documents say that it does not expire; whatever the reply says of expiry or refresh is ignored.
    Never,
}

/// Where the access token stands in an API request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum TokenIn {
    /// `Authorization: Bearer …` (RFC 6750 §2.1).
    Bearer,
    /// Another header.
    Header,
    /// A query parameter (RFC 6750 §2.3; RFC 9700 §4.3.2 forbids it).
    Query,
    /// A member of the JSON body.
    Body,
}

/// One way to present the access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPlacement {
    #[serde(rename = "in")]
    pub place: TokenIn,
    /// The header's, parameter's or member's name. None for `bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The word before the token in a header; `Bearer` for `bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
}

impl TokenPlacement {
    pub fn bearer() -> Self {
        Self { place: TokenIn::Bearer, name: None, scheme: None }
    }
}

/// `header X-Api-Token`, `query api_token`, `body api_token`, `bearer`.
impl std::fmt::Display for TokenPlacement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = match self.place {
            TokenIn::Bearer => "bearer",
            TokenIn::Header => "header",
            TokenIn::Query => "query",
            TokenIn::Body => "body",
        };
        match &self.name {
            Some(name) => write!(f, "{place} {name}"),
            None => f.write_str(place),
        }
    }
}

/// How the provider says that a token is fine but may not do this. All the conditions that are set must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// Only with one of these statuses; any, if empty.
    #[serde(default)]
    pub status: Vec<u16>,
    /// A dotted path into the JSON body …
    pub path: Option<String>,
    /// … whose text is exactly this.
    pub equals: Option<String>,
}

/// The RFC's behaviour for each key that can depart from it, for `providers show`.
pub const RFC_DEFAULTS: &[(&str, &str)] = &[
    ("api.denied", "403 with `insufficient_scope` (RFC 6750 §3.1)"),
    ("api.token", "`Authorization: Bearer` (RFC 6750 §2.1)"),
    ("authorize.names", "the RFC's parameter names (RFC 6749 §4.1.1)"),
    ("authorize.omit", "every parameter of RFC 6749 §4.1.1"),
    ("authorize.params", "no further parameters"),
    ("authorize.pkce", "S256 (RFC 7636 §4.2)"),
    ("callback.names", "`code` and `state` (RFC 6749 §4.1.2)"),
    ("callback.state", "echoed (RFC 6749 §4.1.2)"),
    ("grants", "authorization_code (RFC 6749 §4.1)"),
    ("redirect.https_only", "http on loopback (RFC 8252 §7.3)"),
    ("redirect.loopback", "any port of a loopback IP literal (RFC 8252 §7.3)"),
    ("scope.always", "what was asked (RFC 6749 §3.3)"),
    ("scope.encoding", "percent-encoded"),
    ("scope.separator", "one blank (RFC 6749 §3.3)"),
    ("token.auth", "Basic is what servers must support (RFC 6749 §2.3.1)"),
    ("token.body", "form (RFC 6749 §4.1.3)"),
    ("token.headers", "no further headers"),
    ("token.lifetime", "`expires_in` of the reply (RFC 6749 §5.1)"),
    ("token.names", "the RFC's parameter names (RFC 6749 §4.1.3)"),
    ("token.omit", "every parameter of RFC 6749 §4.1.3"),
    ("token.params", "no further parameters"),
    ("token.response", "the RFC's member names (RFC 6749 §5.1)"),
];
