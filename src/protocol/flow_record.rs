//! The record of one flow: what was sent, what came back, what was decided, without a secret in it.
//!
//! It is pure data. `flow::recording` writes one, `explain` judges one, a trace shows one. A record must be safe to hand
//! to a stranger, so nothing is shown because it looks harmless: `masking` shows a value only if its name is known, and
//! leaves of any other its length and a mark. The mark is keyed with a random key of that one record, which is never
//! written: equal values have equal marks within a record, and a mark says nothing to anyone who guesses values.

mod masking;
mod names;
mod value;

pub use masking::{Masker, Masking};
pub use value::{Address, Body, Decoded, Fields, Hidden, Tree, Value, field};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::leg::Leg;

/// The form of the records of this version. A record of a later form is not read.
pub const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowRecord {
    pub format: u32,
    /// Names it for `explain ID`.
    pub id: String,
    /// Unix time in milliseconds.
    pub started: u64,
    /// `oauthctl/0.1.0`.
    pub tool: String,
    pub flow: FlowKind,
    pub profile: Option<String>,
    pub provider: Option<String>,
    pub events: Vec<Event>,
    /// How many events did not fit.
    pub omitted: usize,
    /// `None` if the process was killed, or is still at it.
    pub outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    Login,
    Refresh,
    Revoke,
    Scopes,
    Call,
}

/// The end of a flow as the command told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub exit_code: u8,
    /// The error and its causes, the outermost first; empty after a success.
    #[serde(default)]
    pub error: Vec<String>,
    #[serde(default)]
    pub hint: Option<String>,
}

impl Outcome {
    pub fn success() -> Self {
        Self { exit_code: 0, error: Vec::new(), hint: None }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since the flow started. For an exchange it is when the request was sent.
    pub at: u64,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Settings(Box<Settings>),
    Exchange(Box<Exchange>),
    /// The address that the user's browser is sent to.
    Browser {
        address: Address,
        opener: Opener,
    },
    /// A request at the redirect URI, or a paste, with this login's state: it ends the wait.
    Redirect(Box<Arrival>),
    /// Something else that arrived there; the wait goes on.
    Stray {
        arrival: Box<Arrival>,
        why: String,
    },
    Decision {
        what: String,
        because: String,
    },
}

/// The way of an address to a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opener {
    /// We opened a browser.
    Opened,
    /// The address was printed, and the user is asked to open it.
    Printed,
    /// No browser could be opened.
    Failed,
}

/// What a flow goes by, as far as it is known when it starts. What is unknown is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `authorization_code`, `device_code`, `client_credentials`, `implicit`, `refresh_token`.
    pub grant: Option<String>,
    pub client_id: Option<Value>,
    /// Its mark can be compared with what is sent.
    pub client_secret: Option<Value>,
    /// `client_secret_basic`, `client_secret_post`, `none` …
    pub client_authentication: Option<String>,
    pub redirect_uri: Option<String>,
    /// The scopes that are asked for.
    pub scopes: Vec<String>,
    /// Whether a `code_challenge` is sent.
    pub pkce: bool,
    pub issuer: Option<String>,
    /// `authorization`, `token`, `device_authorization`, `revocation` …
    pub endpoints: BTreeMap<String, String>,
    pub api_base: Option<String>,
    /// The values of the definition's parameters (`store`), and further ones of this login (`--auth-param`).
    pub params: Fields,
    /// The page where the provider's apps are registered.
    pub app_page: Option<String>,
    /// Where the definition comes from: `built-in`, a file, the server's own metadata.
    pub definition: Option<String>,
    pub supported: Supported,
}

/// What the server is known to support, by its metadata or its definition. `None` is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Supported {
    pub response_types: Option<Vec<String>>,
    pub response_modes: Option<Vec<String>>,
    pub grant_types: Option<Vec<String>>,
    pub pkce_methods: Option<Vec<String>>,
    pub auth_methods: Option<Vec<String>>,
    pub scopes: Option<Vec<String>>,
    pub pushed_requests_required: Option<bool>,
    pub iss_in_response: Option<bool>,
}

/// One request to a server and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    pub leg: Leg,
    pub method: String,
    pub address: Address,
    pub headers: Fields,
    pub body: Option<Body>,
    /// Until the whole reply was read, or the failure.
    pub took_ms: u64,
    pub reply: Option<Reply>,
    pub failure: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub status: u16,
    /// Without `Location`.
    pub headers: Fields,
    /// `Location`, taken apart.
    pub location: Option<Address>,
    /// `None` if it is empty, was not read, or is an API's answer without an error.
    pub body: Option<Body>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    /// The error and its causes in one line.
    pub text: String,
    /// The issuer of the server's certificate, if that was refused. `text` has it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    Connect,
    Tls,
    Timeout,
    Proxy,
    /// The connection ended before the reply did.
    Broken,
    TooLarge,
    /// Refused here before anything was sent.
    NotSent,
}

/// A request that reached the redirect URI, or what was pasted in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    pub method: String,
    /// The `Host` header.
    pub host: Option<String>,
    pub path: String,
    pub query: Fields,
    /// The fields of a posted form: `form_post`, or a fragment that our page sent on.
    #[serde(default)]
    pub form: Fields,
    #[serde(default)]
    pub pasted: bool,
}

impl FlowRecord {
    pub fn settings(&self) -> Option<&Settings> {
        self.events.iter().find_map(|event| match &event.what {
            What::Settings(settings) => Some(settings.as_ref()),
            _ => None,
        })
    }

    /// Returns the issuer of each certificate that was refused.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.exchanges().filter_map(|(_, exchange)| exchange.failure.as_ref()?.issuer.as_deref())
    }

    pub fn exchanges(&self) -> impl Iterator<Item = (&Event, &Exchange)> {
        self.events.iter().filter_map(|event| match &event.what {
            What::Exchange(exchange) => Some((event, exchange.as_ref())),
            _ => None,
        })
    }

    /// Returns `true` if the command failed, or never came to its end.
    pub fn has_failed(&self) -> bool {
        self.outcome.as_ref().is_none_or(|outcome| outcome.exit_code != 0)
    }
}
