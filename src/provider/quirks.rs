//! The ways in which providers depart from the RFCs, as values. Every default is the RFC's behavior.
//!
//! A departure carries its source, its date and the kind of evidence. It acts in `dialect` only.
//!
//! Values here cannot express the following, which would require code: signed token requests (an HMAC over the body), client
//! assertions (`private_key_jwt`), an administrator's consent without a code, and exchanges in a vendor's XML. Of two tokens
//! in one reply one is the login's (`token.response`), and an alternative can choose the other.

use std::time::Duration;

use serde::de;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keys::{Form, Keyed, keys, kinds, words};
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::grant::GrantKind;
use crate::protocol::time::HumanDuration;

/// PKCE (RFC 7636). `plain` does not exist here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pkce {
    #[default]
    S256,
    #[serde(rename = "off")]
    Off,
}

/// The encoding of the token request's parameters. RFC 6749 §4.1.3: form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenBody {
    #[default]
    Form,
    Json,
    Query,
}

/// The notation of spaces (and commas) between scopes in the authorize URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeEncoding {
    /// `%20`.
    #[default]
    Percent,
    /// A space is `+`, as in a form.
    Plus,
    /// The separator is left as it is.
    Raw,
}

/// The provider's handling of `state` (RFC 6749 §4.1.2: REQUIRED if it was sent).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateEcho {
    #[default]
    Echoed,
    /// A callback without a state may be the provider's. A person has to confirm it.
    MayBeMissing,
}

/// The provider's handling of `iss` (RFC 9207 §2.4: REQUIRED of a server that announces it).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssuerEcho {
    #[default]
    Sent,
    /// A callback without an issuer may be the provider's. One with another issuer is not.
    MayBeMissing,
}

/// The loopback redirect URIs that the provider accepts (RFC 8252 §7.3: any port).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoopbackRule {
    AnyPort,
    Exact,
    No,
    #[default]
    Unknown,
}

/// The lifetime of a token if the reply does not say, or if the documents say to ignore the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It does not expire. Whatever the reply says about expiry or refresh is ignored.
    Never,
    /// It ends after this time, although the reply does not say so.
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

/// How long a refresh token lives that is not used: a duration such as `"90d"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleLimit(pub Duration);

impl<'de> Deserialize<'de> for IdleLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = String::deserialize(deserializer)?.parse::<HumanDuration>().ok();
        let time = time.filter(|HumanDuration(time)| !time.is_zero());
        time.map(|HumanDuration(time)| Self(time)).ok_or_else(|| de::Error::custom("write a duration such as `90d`"))
    }
}

impl Serialize for IdleLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HumanDuration(self.0).to_exact())
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

keys! {
    /// Templates for the halves of a Basic header, for servers that expect something other than id and secret.
    #[derive(PartialEq, Eq)]
    pub struct BasicHalves {
        key user: String {
            help: "The part before the colon; `{client_id}` and `{client_secret}` are filled in",
            required,
            example: "\"{client_id}\"",
        }
        key password: String { help: "The part after the colon", absent: "nothing", example: "\"{client_secret}\"" }
    }
}

keys! {
    /// How often an API may be asked.
    #[derive(PartialEq, Eq)]
    pub struct Rate {
        key requests: u64 { help: "The number of requests", required, example: "10" }
        key per: String { help: "The time in which they may be sent", absent: "1s" by "second", example: "\"1s\"" }
    }
}

fn second() -> String {
    "1s".to_owned()
}

impl Rate {
    /// Returns the time in which the requests may be sent.
    pub fn time(&self) -> Duration {
        self.per.parse().map_or(Duration::from_secs(1), |HumanDuration(time)| time)
    }

    pub fn check(&self) -> Result<(), String> {
        let is_a_time = self.per.parse::<HumanDuration>().is_ok_and(|time| !time.0.is_zero());
        match (self.requests, is_a_time) {
            (0, _) => Err("with no request at all there is nothing to ask".to_owned()),
            (_, false) => Err("`per` is a duration such as `1s` or `1m`".to_owned()),
            _ => Ok(()),
        }
    }
}

keys! {
    /// A member that marks a reply as a success, whatever the status.
    #[derive(PartialEq, Eq)]
    pub struct SuccessMark {
        key path: String { help: "A dotted path into the JSON reply", required, example: "\"status\"" }
        key equals: String {
            help: "The value in a success: a text, a number or a boolean, compared as text",
            required,
            example: "\"ok\"",
        }
    }
}

keys! {
    /// A signature over the callback's other parameters: HMAC-SHA256 in hex, its key the client's secret.
    #[derive(PartialEq, Eq)]
    pub struct CallbackSignature {
        key param: String { help: "The parameter with the signature", required, example: "\"hmac\"" }
    }
}

/// The token that a refresh presents (RFC 6749 §6: the refresh token).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefreshWith {
    #[default]
    Refresh,
    Access,
}

/// What a refresh does about fewer scopes (RFC 6749 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefreshScope {
    /// The token has those that were asked for, also if the reply names none.
    #[default]
    Narrows,
    /// The token has all of the login's.
    Ignored,
}

kinds! {
    /// The API's pagination.
    #[derive(PartialEq, Eq)]
    pub enum Paging by "kind" {
        bare {
            Link = "link" { help: "The `Link` header with `rel=\"next\"` (RFC 8288), or a link in the body" }
        }
        keyed {
            Page = "page" { help: "A page number in the query" } {
                param: String { help: "The parameter with the page number", example: "\"page\"" }
                first: u64 { help: "The number of the first page", absent: "1" by "one", example: "1" }
                size: Option<String> {
                    help: "The parameter for the page size",
                    absent: "the API decides",
                    example: "\"per_page\""
                }
                max_size: Option<u64> {
                    help: "Maximum page size",
                    absent: "unknown",
                    example: "100"
                }
            }
            Offset = "offset" { help: "A number of rows to skip, in the query" } {
                param: String { help: "The parameter for the number of rows to skip", example: "\"offset\"" }
                first: u64 { help: "Its value for the first page", absent: "0" by "zero", example: "0" }
                size: String { help: "The parameter for the page size", example: "\"limit\"" }
                max_size: u64 { help: "Maximum page size", absent: "100" by "hundred", example: "100" }
            }
            Cursor = "cursor" { help: "A cursor in the body, which the next request repeats" } {
                param: String { help: "The parameter for the cursor, in the query or in the JSON body of a POST", example: "\"cursor\"" }
                path: String {
                    help: "A dotted path to the cursor in the JSON body; `rows.-1.id` is the last row's. Without a value, the page is the last",
                    example: "\"paging.next\""
                }
            }
            Url = "url" { help: "The address of the next page in the body" } {
                path: String {
                    help: "A dotted path to the address in the JSON body. Without a value, the page is the last",
                    example: "\"links.next\""
                }
            }
        }
    }
}

fn zero() -> u64 {
    0
}

fn one() -> u64 {
    1
}

fn hundred() -> u64 {
    100
}

/// The place of the access token in an API request.
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

keys! {
    /// One way to present the access token.
    #[derive(PartialEq, Eq)]
    pub struct TokenPlacement {
        key place as "in": TokenIn {
            help: "The place of the token: the Authorization header, another header, the query, or the JSON body",
            required,
            example: "\"header\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key name: Option<String> {
            help: "The name of the header, parameter or member; `bearer` needs none",
            absent: "Authorization",
            example: "\"X-Api-Token\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key scheme: Option<String> {
            help: "The word before the token in a header",
            absent: "Bearer for `bearer`, else none",
            example: "\"Token\"",
        }
    }
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

words!(
    ClientAuthMethod,
    ExpiryUnit,
    GrantKind,
    LoopbackRule,
    Pkce,
    RefreshScope,
    RefreshWith,
    ScopeEncoding,
    StateEcho,
    IssuerEcho,
    TokenBody,
    TokenIn,
    TokenMethod,
);

impl Keyed for Lifetime {
    const FORM: Form = Form::Text;
}

impl Keyed for IdleLimit {
    const FORM: Form = Form::Text;
}
