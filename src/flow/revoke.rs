//! Revocation (RFC 7009): one request for one token.

use super::FlowError;
use super::refresh::Client;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::secret::ClientSecret;
use crate::protocol::{json, mask};
use crate::provider::Dialect;
use crate::system::http::{HttpClient, MAX_REPLY};

/// RFC 7009 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTypeHint {
    RefreshToken,
    AccessToken,
}

impl TokenTypeHint {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::AccessToken => "access_token",
        }
    }

    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh token",
            Self::AccessToken => "access token",
        }
    }
}

/// What the provider made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// It is good no more, or was not known.
    Done,
    /// The provider revokes no tokens of this type (RFC 7009 §2.2.1).
    Unsupported,
    /// The definition names no revocation endpoint.
    NoEndpoint,
}

pub fn revoke(
    http: &dyn HttpClient,
    client: &Client,
    token: &str,
    hint: TokenTypeHint,
) -> Result<Revocation, FlowError> {
    let secret = client.client_secret.as_ref();
    let dialect = Dialect::new(&client.provider);
    let Some(message) = dialect.encode_revocation(token, hint.as_str(), Some(&client.client_id), secret)? else {
        return Ok(Revocation::NoEndpoint);
    };
    let reply = http.send(&message).map_err(FlowError::RevocationRequest)?;
    let status = reply.status;
    // RFC 7009 §2.2: the body of a 200 is ignored. Some servers answer 204.
    if matches!(status, 200 | 204) {
        return Ok(Revocation::Done);
    }
    let body = zeroize::Zeroizing::new(reply.read(MAX_REPLY).map_err(FlowError::RevocationRequest)?);
    let secrets: Vec<&str> = [token].into_iter().chain(secret.map(ClientSecret::expose)).collect();
    let error = json::parse(&body).ok().and_then(|value| ErrorResponse::from_json(&value));
    match error.filter(|_| (400..500).contains(&status)) {
        Some(error) if error.code == "unsupported_token_type" => Ok(Revocation::Unsupported),
        error => Err(FlowError::NotRevoked {
            what: hint.name(),
            status,
            reply: mask::reply(&body, &secrets),
            refusal: error.map(|error| Box::new(error.without(&secrets))),
        }),
    }
}
