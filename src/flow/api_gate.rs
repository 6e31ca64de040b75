//! The rules of the proxy that `exec` runs: who may use it, for which addresses, and with which token.
//!
//! Every request shows the password that the command has in its environment; a program of another user, or a page in a
//! browser, does not have it. The address has to be on one of the API's origins, as for `call`: see `target.rs`. Whatever
//! the program sends where the token stands is replaced by the token, for some libraries cannot do without a key. Nothing
//! else is added, and nothing else is changed: no redirect is followed, as the program does that, and asks here again.
//!
//! A tunnel is opened to an API origin only, for plain http: its requests are judged like all others, without the password,
//! which stood in the request for the tunnel.
//!
//! In a reply, a `Location` or `Link` on an API origin is written as the program has to ask for it, in http, and the token is
//! taken out of headers: a server may build them from the request. What it writes into a body is not looked at.

mod target;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_LOCATION, HOST, LINK, LOCATION, PROXY_AUTHORIZATION, UPGRADE};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};

use super::FlowError;
use super::api::Api;
use super::judge::{ApiAnswer, Ruling};
use super::lasting_token::LastingToken;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::remove_pairs;
use crate::protocol::secret::{AccessToken, Secret};
use crate::protocol::{mask, sanitize};
use crate::provider::quirks::{TokenIn, TokenPlacement};
use crate::provider::{Dialect, Origin, Provider};
use crate::system::clock::Clock;
use crate::system::forwarder::{Gate, Give, Turned};

pub use target::for_program;

/// The user name that stands before the password in an address.
pub const USER: &str = "oauthctl";

pub struct ApiGate {
    provider: Provider,
    placement: TokenPlacement,
    origins: Vec<Origin>,
    password: Secret,
    token: Arc<LastingToken>,
    clock: Arc<dyn Clock>,
}

impl ApiGate {
    /// `more` are the origins that a person allows beside the API's own.
    pub fn new(
        provider: &Provider,
        more: Vec<Origin>,
        password: Secret,
        (token, clock): (Arc<LastingToken>, Arc<dyn Clock>),
    ) -> Result<Self, FlowError> {
        // A token in the body would need the whole body first.
        let streamed = |placement: &TokenPlacement| placement.place != TokenIn::Body;
        let placement = provider.definition.token_placements().into_iter().find(streamed);
        let placement = placement.ok_or_else(|| FlowError::NoSuchPlacement {
            provider: provider.id().to_owned(),
            wanted: "header",
            known: "body".to_owned(),
        })?;
        let mut origins = provider.endpoints.api_origins.clone();
        // Without one the definition says why.
        provider.api_base()?;
        origins.extend(more);
        Ok(Self { provider: provider.clone(), placement, origins, password, token, clock })
    }

    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    fn check_password(&self, headers: &HeaderMap) -> Result<(), Turned> {
        let why =
            "this proxy is for the command that `oauthctl exec --proxy` runs, which has its password in http_proxy";
        let unknown = || Turned::new(StatusCode::PROXY_AUTHENTICATION_REQUIRED, why);
        if self.knows_password(headers) { Ok(()) } else { Err(unknown()) }
    }

    fn knows_password(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(PROXY_AUTHORIZATION).iter();
        let (Some(given), None) = (given.next(), given.next()) else { return false };
        let words = given.to_str().ok().and_then(|value| value.split_once(' '));
        let encoded =
            words.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).map(|(_, encoded)| encoded.trim());
        let decoded =
            encoded.and_then(|encoded| STANDARD.decode(encoded).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
        let expected = Secret::new(format!("{USER}:{}", self.password.expose()));
        decoded.is_some_and(|decoded| Secret::new(decoded) == expected)
    }

    /// Removes whatever the program has put where a token may stand.
    fn remove_tokens(&self, request: &mut HttpRequest) {
        request.headers.remove(AUTHORIZATION);
        for own in self.provider.definition.token_placements() {
            match (own.place, own.name.as_deref()) {
                (TokenIn::Bearer | TokenIn::Header, Some(name)) => drop(request.headers.remove(name)),
                (TokenIn::Query, Some(name)) => remove_pairs(&mut request.url, |key, _| key == name),
                _ => {}
            }
        }
    }

    fn ruling(&self, status: u16, headers: &HeaderMap, beginning: &[u8]) -> Ruling {
        ApiAnswer::new(status, headers, beginning).judge(Dialect::new(&self.provider), false, self.clock.now())
    }
}

fn no_tls(host: &str) -> Turned {
    let why = format!("it speaks no TLS: ask for http://{host}/, which it sends on over https with the token");
    Turned::new(StatusCode::FORBIDDEN, why)
}

/// Refuses what is no request of one reply, and what makes a server show the token.
fn check_kind(head: &Parts) -> Result<(), Turned> {
    let is_upgrade = |value: &HeaderValue| value.to_str().is_ok_and(|to| to.to_ascii_lowercase().contains("websocket"));
    match head.method.as_str() {
        "CONNECT" => Err(no_tls(head.uri.authority().map_or("the API", |authority| authority.host()))),
        // The reply repeats the request, with the token in it (RFC 9110 §9.3.8).
        "TRACE" | "TRACK" => {
            Err(Turned::new(StatusCode::FORBIDDEN, "the reply to such a request would show the token"))
        }
        _ if head.headers.get_all(UPGRADE).iter().any(is_upgrade) => {
            Err(Turned::new(StatusCode::NOT_IMPLEMENTED, "it carries no WebSockets"))
        }
        _ => Ok(()),
    }
}

/// A definition or a machine that no request can be made with.
fn unusable(error: &dyn std::error::Error) -> Turned {
    Turned::new(StatusCode::BAD_GATEWAY, sanitize::line(&error.to_string()))
}

impl Gate for ApiGate {
    fn admit(&self, head: &Parts) -> Result<HttpRequest, Turned> {
        self.check_password(&head.headers)?;
        self.admit_inside(head)
    }

    fn open(&self, head: &Parts) -> Result<Authority, Turned> {
        self.check_password(&head.headers)?;
        let no_host = || Turned::new(StatusCode::BAD_REQUEST, "a tunnel leads to a host and its port");
        let host = head.uri.authority().ok_or_else(no_host)?;
        let address = Uri::builder().scheme(Scheme::HTTP).authority(host.clone()).path_and_query("/").build();
        let address = address.map_err(|_| no_host())?;
        target::judge(&address, &head.headers, &self.origins).map_err(|refused| refused.told(&self.origins))?;
        // There the program would speak TLS, with a server that it takes this proxy for.
        if host.port_u16() == Some(443) {
            return Err(no_tls(host.host()));
        }
        Ok(host.clone())
    }

    fn admit_inside(&self, head: &Parts) -> Result<HttpRequest, Turned> {
        check_kind(head)?;
        let url =
            target::judge(&head.uri, &head.headers, &self.origins).map_err(|refused| refused.told(&self.origins))?;
        // The others were looked at; the new one is written from the address.
        let mut headers = head.headers.clone();
        headers.remove(HOST);
        let mut request = HttpRequest { headers, ..HttpRequest::new(head.method.clone(), url) };
        self.remove_tokens(&mut request);
        Dialect::new(&self.provider).complete_request(&mut request).map_err(|error| unusable(&error))?;
        Ok(request)
    }

    fn authorize(&self, request: &HttpRequest, token: &AccessToken) -> Result<HttpRequest, Turned> {
        let mut api = Api::new(&self.provider, None).map_err(|error| unusable(&error))?;
        api.placement = self.placement.clone();
        api.authorize(request, token).map_err(|error| unusable(&error))
    }

    fn token(&self, give: Give) {
        self.token.token(give);
    }

    fn instead_of(&self, rejected: &AccessToken, give: Give) {
        self.token.instead_of(rejected, give);
    }

    fn may_reject(&self, status: u16) -> bool {
        // A reply that is no error passes at once: a stream of events is to be read as it comes.
        matches!(status, 400 | 401 | 403)
            || (400..500).contains(&status) && Dialect::new(&self.provider).may_refuse_with(status)
    }

    fn rejects(&self, status: u16, headers: &HeaderMap, beginning: &[u8]) -> bool {
        self.ruling(status, headers, beginning) == Ruling::Rejected
    }

    fn clean(&self, headers: &mut HeaderMap, token: &AccessToken) {
        for (name, value) in headers.iter_mut() {
            let text = String::from_utf8_lossy(value.as_bytes());
            // Without a mark, which has no place in an address; a short one is hidden here, too.
            let mut clean = mask::without(text.replace(token.expose(), ""), &self.provider.hidden(token));
            if name == LOCATION || name == CONTENT_LOCATION {
                clean = for_program(&clean, &self.origins).unwrap_or(clean);
            } else if name == LINK {
                clean = target::links_for_program(&clean, &self.origins);
            }
            if clean != text {
                *value = HeaderValue::from_str(&clean).unwrap_or(HeaderValue::from_static(""));
            }
        }
    }
}

#[cfg(test)]
mod tests;
