//! A request to an authorization server as it may be shown: names of parameters, and no secret value.

use std::fmt;

use http::header::{self, CONTENT_TYPE};
use url::Url;

use crate::protocol::client::ClientAuthMethod;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::{json, sanitize};
use crate::provider::dialect::ClientAuth;
use crate::provider::{Dialect, Provider};
use crate::system::http::USER_AGENT;

/// The parameters whose values may be shown. Any other may be a secret.
const SHOWN: [&str; 12] = [
    "access_type",
    "audience",
    "code_challenge_method",
    "display",
    "grant_type",
    "max_age",
    "prompt",
    "redirect_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
];

/// The kind of a request to an authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The browser's (RFC 6749 §4.1.1).
    Authorization,
    /// A device's, for its codes (RFC 8628 §3.1), and what a person said to it.
    Device,
    Token,
    Refresh,
    /// A token for another one (RFC 8693).
    Exchange,
    Revocation,
}

impl Asked {
    /// Returns the section of a definition that says what is sent.
    pub fn section(self) -> &'static str {
        match self {
            Self::Authorization => "authorize",
            Self::Device => "device",
            // A refresh sends what a token request does, unless `[refresh]` says otherwise.
            Self::Token | Self::Refresh | Self::Exchange => "token",
            Self::Revocation => "revoke",
        }
    }
}

/// A request as it may be shown: names of parameters, and no secret value.
#[derive(Clone, Debug)]
pub struct Sent {
    pub asked: Asked,
    pub provider: String,
    /// The name of the client's app, if it has one.
    pub app: Option<String>,
    /// Without its query.
    pub url: String,
    pub auth: ClientAuth,
    pub has_secret: bool,
    /// `a form`, `JSON`, `the query`.
    pub format: &'static str,
    /// Every parameter, the value empty where it is not shown.
    pub params: Vec<(String, String)>,
    /// The header of that name.
    pub user_agent: String,
    /// The page where the app is registered.
    pub page: Option<String>,
}

impl Sent {
    /// Describes the request that the browser makes.
    pub fn by_browser(provider: &Provider, url: &Url, has_secret: bool) -> Self {
        // A route's parameters are in the fragment.
        let fragment = url.fragment().and_then(|fragment| fragment.split_once('?')).map(|(_, query)| query);
        let params = Params::from_urlencoded(fragment.or(url.query()).unwrap_or_default());
        Self::new(Asked::Authorization, provider, url, has_secret, "the query", &params)
    }

    /// Describes a request that this program makes.
    pub fn by_us(asked: Asked, provider: &Provider, message: &HttpRequest, has_secret: bool) -> Self {
        let content_type = message.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (format, mut params) = match HttpRequest::media_type(content_type).as_str() {
            "" => ("the query", Params::new()),
            "application/json" => ("JSON", members(&message.body)),
            _ => ("a form", Params::from_urlencoded(&String::from_utf8_lossy(&message.body))),
        };
        for (name, value) in message.url.query_pairs() {
            params.push(name, value);
        }
        let sent = Self::new(asked, provider, &message.url, has_secret, format, &params);
        // A definition may have its own.
        match message.headers.get(header::USER_AGENT) {
            Some(own) => Self { user_agent: sanitize::line(&String::from_utf8_lossy(own.as_bytes())), ..sent },
            None => sent,
        }
    }

    fn new(
        asked: Asked,
        provider: &Provider,
        url: &Url,
        has_secret: bool,
        format: &'static str,
        params: &Params,
    ) -> Self {
        let value = |name: &str, value: &str| if SHOWN.contains(&name) { sanitize::line(value) } else { String::new() };
        Self {
            asked,
            provider: provider.id().to_owned(),
            app: provider.app.clone(),
            url: sanitize::line(&format!("{}{}", url.origin().ascii_serialization(), url.path())),
            auth: Dialect::new(provider).client_auth(),
            has_secret,
            format,
            params: params.iter().map(|(name, text)| (sanitize::line(name), value(name, text))).collect(),
            user_agent: USER_AGENT.to_owned(),
            page: provider.definition.app.page.clone(),
        }
    }

    /// Returns the words that name the client in a command: `acme --app work`.
    pub fn client(&self) -> String {
        let flag = self.app.as_ref().map(|app| format!(" --app {app}")).unwrap_or_default();
        format!("{}{flag}", self.provider)
    }

    /// Returns `true` if a parameter was sent.
    pub fn has(&self, name: &str) -> bool {
        self.params.iter().any(|(known, _)| known == name)
    }

    /// Returns a parameter's value if it was sent and may be shown.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Says how the client authenticated.
    pub fn authentication(&self) -> &'static str {
        match (self.has_secret, self.auth.method) {
            (true, ClientAuthMethod::Basic) => "the client secret in a Basic header",
            (true, ClientAuthMethod::Body) => "the client secret in the body",
            (true, ClientAuthMethod::None) | (false, _) => "no client secret",
        }
    }
}

/// `a form to https://as.example/token with client_id, code; no client secret; User-Agent oauthctl/0.1.0`
impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.params.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        match self.asked {
            Asked::Authorization => write!(f, "{} with {names}", self.url),
            Asked::Device | Asked::Token | Asked::Refresh | Asked::Exchange | Asked::Revocation => write!(
                f,
                "{} to {} with {names}; {}; User-Agent {}",
                self.format,
                self.url,
                self.authentication(),
                self.user_agent
            ),
        }
    }
}

/// The string members of a JSON object.
fn members(body: &[u8]) -> Params {
    let mut params = Params::new();
    for (name, value) in json::parse(body).ok().as_ref().and_then(|value| value.as_object()).into_iter().flatten() {
        params.push(name, value.as_str().unwrap_or_default());
    }
    params
}
