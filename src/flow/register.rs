//! Registers a client with an authorization server (RFC 7591), and deletes it again (RFC 7592).
//!
//! The registration's own address is used only at the origin of the registration endpoint: its token is a secret of that
//! server. Another one is dropped, with a word to the caller.

use http::Method;
use http::header::{ACCEPT, HeaderValue};
use url::Url;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::registration::{NotARegistration, RegistrationRequest, RegistrationResponse};
use crate::protocol::secret::Secret;
use crate::protocol::{json, mask, sanitize};
use crate::provider::Endpoint;
use crate::system::http::{HttpClient, HttpError, HttpReply, MAX_REPLY};

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("the request to register a client failed")]
    Request(#[source] HttpError),
    #[error("the server refused to register a client, with status {status}")]
    Refused {
        status: u16,
        #[source]
        error: ErrorResponse,
    },
    /// `reply` is masked and cleaned.
    #[error("the registration endpoint answered with status {status} and {reply}")]
    Unreadable { status: u16, reply: String },
    #[error("the server registered a client that cannot be used")]
    Unusable(#[source] NotARegistration),
    #[error("the registration was not deleted: its server answered with status {status}")]
    NotDeleted { status: u16 },
}

impl Advice for RegisterError {
    fn next_step(&self) -> NextStep {
        let by_hand = "register a client at the provider by hand, and name it with `--client-id ID`";
        match self {
            Self::Request(error) => error.next_step(),
            Self::Refused { error, .. } if error.code.contains("redirect") => ExitCode::Refused
                .hint(format!("name a redirect URI that the server takes with `--redirect-uri`, or {by_hand}")),
            Self::Refused { .. } => ExitCode::Refused.hint(by_hand),
            Self::Unreadable { status: 401 | 403, .. } => {
                ExitCode::Refused.hint(format!("it registers only clients that it has let in: {by_hand}"))
            }
            Self::Unreadable { .. } => ExitCode::Network.hint(format!("try again later, or {by_hand}")),
            Self::Unusable(_) => ExitCode::Network.hint(by_hand),
            Self::NotDeleted { .. } => ExitCode::Refused
                .hint("the client is still registered there; `oauthctl app remove PROVIDER` only forgets it here"),
        }
    }
}

/// Registers a client. The endpoint was found safe for secrets.
pub fn register(
    http: &dyn HttpClient,
    endpoint: &Url,
    request: &RegistrationRequest,
) -> Result<RegistrationResponse, RegisterError> {
    let message = HttpRequest::new(Method::POST, endpoint.clone()).for_leg(Leg::Registration);
    let mut message = message.with_body("application/json", request.to_json().to_string());
    message.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let reply = http.send(&message).map_err(RegisterError::Request)?;
    // RFC 7591 §3.2.1 says 201; some servers answer 200.
    read(reply, &[])
}

/// Returns the registration as the server has it now (RFC 7592 §2.1). Secret and token may be new ones.
pub fn look(http: &dyn HttpClient, uri: &Url, token: &Secret) -> Result<RegistrationResponse, RegisterError> {
    let reply = http.send(&managing(Method::GET, uri, token)).map_err(RegisterError::Request)?;
    read(reply, &[token.expose()])
}

/// Deletes a registration (RFC 7592 §2.3). One that is gone already is as good, where the server says that: its 401 may
/// as well be about the token.
pub fn delete(http: &dyn HttpClient, uri: &Url, token: &Secret) -> Result<(), RegisterError> {
    let reply = http.send(&managing(Method::DELETE, uri, token)).map_err(RegisterError::Request)?;
    match reply.status {
        200 | 202 | 204 | 404 | 410 => Ok(()),
        status => Err(RegisterError::NotDeleted { status }),
    }
}

/// Returns the registration's own address, if it is on the server that was asked.
pub fn management_uri(text: &str, endpoint: &Url) -> Option<Url> {
    let uri = Endpoint::parse(text).ok()?;
    (uri.url().origin() == endpoint.origin()).then(|| uri.url().clone())
}

fn managing(method: Method, uri: &Url, token: &Secret) -> HttpRequest {
    let mut message = HttpRequest::new(method, uri.clone()).for_leg(Leg::Registration);
    // A token of the visible characters that were checked when it was read.
    let _ = message.set_secret_header("Authorization", &format!("Bearer {}", token.expose()));
    message.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    message
}

fn read(reply: HttpReply, secrets: &[&str]) -> Result<RegistrationResponse, RegisterError> {
    let status = reply.status;
    let body = zeroize::Zeroizing::new(reply.read(MAX_REPLY).map_err(RegisterError::Request)?);
    let value = json::parse(&body).ok();
    if !matches!(status, 200 | 201) {
        let error = value.as_ref().and_then(ErrorResponse::from_json);
        return Err(match error.filter(|_| (400..500).contains(&status)) {
            Some(error) => RegisterError::Refused { status, error: error.without(secrets) },
            None => RegisterError::Unreadable { status, reply: mask::reply(&body, secrets) },
        });
    }
    let unreadable = || RegisterError::Unreadable { status, reply: sanitize::line(&mask::reply(&body, secrets)) };
    RegistrationResponse::read(value.as_ref().ok_or_else(unreadable)?).map_err(RegisterError::Unusable)
}

#[cfg(test)]
mod tests;
