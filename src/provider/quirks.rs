//! The ways in which providers depart from the RFCs, as values. The RFC's behaviour is every default.
//!
//! A departure carries where it was read, when, and how sure that is. What it does, it does in `dialect` only.
//!
//! What no value here can say, and what needs code when it is wanted: signed token requests, client assertions
//! (`private_key_jwt`), a second exchange for a token that lasts longer, and two tokens in one reply.

use std::time::Duration;

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::protocol::time::HumanDuration;

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

/// How long a token lives where the reply does not say, or says something that the documents tell to ignore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It does not expire; whatever the reply says of expiry or refresh is ignored.
    Never,
    /// It ends after this time although the reply does not say so.
    For(Duration),
}

/// `"never"`, or a duration such as `"1h"`.
impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "never" {
            return Ok(Self::Never);
        }
        text.parse()
            .map(|HumanDuration(time)| Self::For(time))
            .map_err(|_| de::Error::custom("write `never` or a duration such as `1h`"))
    }
}

impl Serialize for Lifetime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Never => serializer.serialize_str("never"),
            Self::For(time) => serializer.serialize_str(&HumanDuration(*time).to_exact()),
        }
    }
}

/// The method of a request to the token endpoint. RFC 6749 §3.2: POST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TokenMethod {
    #[default]
    Post,
    Get,
}

/// The unit of `expires_in`. RFC 6749 §5.1: seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpiryUnit {
    #[default]
    Seconds,
    Milliseconds,
}

/// Templates for the halves of a Basic header, for servers that want something else than id and secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicHalves {
    pub user: String,
    #[serde(default)]
    pub password: String,
}

/// A member that says whether a reply is a success, whatever the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuccessMark {
    /// A dotted path into the JSON reply …
    pub path: String,
    /// … whose value is this in a success: a text, a number or a boolean, compared as text.
    pub equals: String,
}

/// A signature over the callback's other parameters: HMAC-SHA256 in hex, its key the client's secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackSignature {
    pub param: String,
}

/// Which token a refresh presents (RFC 6749 §6: the refresh token).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefreshWith {
    #[default]
    Refresh,
    Access,
}

/// How the API splits a collection into pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Paging {
    /// The `Link` header with `rel="next"` (RFC 8288).
    Link,
    /// A page's number in the query.
    Page {
        param: String,
        #[serde(default = "one")]
        first: u64,
        size: Option<String>,
        max_size: Option<u64>,
    },
    /// How many rows to skip.
    Offset {
        param: String,
        size: String,
        #[serde(default = "hundred")]
        max_size: u64,
    },
    /// A value in the body that the next request repeats.
    Cursor {
        param: String,
        /// A dotted path into the JSON body; no value there ends the walk.
        path: String,
    },
}

fn one() -> u64 {
    1
}

fn hundred() -> u64 {
    100
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
    ("api.error", "`error_description` (RFC 6749 §5.2) or `detail` (RFC 9457 §3.1)"),
    ("api.headers", "no further headers"),
    ("api.paging", "no paging; `Link` is RFC 8288"),
    ("api.query", "no further parameters"),
    ("api.scopes_header", "no such header"),
    ("api.token", "`Authorization: Bearer` (RFC 6750 §2.1)"),
    ("authorize.names", "the RFC's parameter names (RFC 6749 §4.1.1)"),
    ("authorize.omit", "every parameter of RFC 6749 §4.1.1"),
    ("authorize.params", "no further parameters"),
    ("authorize.pkce", "S256 (RFC 7636 §4.2)"),
    ("authorize.route", "no fragment in the endpoint (RFC 6749 §3.1)"),
    ("callback.names", "`code` and `state` (RFC 6749 §4.1.2)"),
    ("callback.signature", "no signature"),
    ("callback.state", "echoed (RFC 6749 §4.1.2)"),
    ("grants", "authorization-code (RFC 6749 §4.1; RFC 9700 §2.1.2)"),
    ("introspect.url", "RFC 7662, where there is one"),
    ("redirect.https_only", "http on loopback (RFC 8252 §7.3)"),
    ("redirect.loopback", "any port of a loopback IP literal (RFC 8252 §7.3)"),
    ("refresh.names", "`refresh_token` (RFC 6749 §6)"),
    ("refresh.params", "no further parameters"),
    ("refresh.url", "the token endpoint (RFC 6749 §6)"),
    ("refresh.with", "the refresh token (RFC 6749 §6)"),
    ("revoke.names", "`token` (RFC 7009 §2.1)"),
    ("revoke.params", "no further parameters"),
    ("revoke.url", "RFC 7009, where there is one"),
    ("scope.always", "what was asked (RFC 6749 §3.3)"),
    ("scope.encoding", "percent-encoded"),
    ("scope.separator", "one blank (RFC 6749 §3.3)"),
    ("token.auth", "Basic is what servers must support (RFC 6749 §2.3.1)"),
    ("token.basic", "client id and secret (RFC 6749 §2.3.1)"),
    ("token.body", "form (RFC 6749 §4.1.3)"),
    ("token.error", "`error` (RFC 6749 §5.2)"),
    ("token.expires_unit", "seconds (RFC 6749 §5.1)"),
    ("token.headers", "no further headers"),
    ("token.lifetime", "`expires_in` of the reply (RFC 6749 §5.1)"),
    ("token.method", "POST (RFC 6749 §3.2)"),
    ("token.names", "the RFC's parameter names (RFC 6749 §4.1.3)"),
    ("token.ok", "the status (RFC 6749 §5.1)"),
    ("token.omit", "every parameter of RFC 6749 §4.1.3"),
    ("token.params", "no further parameters"),
    ("token.response", "the RFC's member names (RFC 6749 §5.1)"),
];
