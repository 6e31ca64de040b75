//! One request to the token endpoint and its reply (RFC 6749 §3.2).
//!
//! It is sent once. A code can be used once, and some providers disable the token that they gave for it when it comes
//! a second time; so there is no second try, neither after a timeout nor with another way to authenticate.

use super::FlowError;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::TokenReply;
use crate::provider::{Dialect, Provider};
use crate::system::http::{HttpClient, MAX_REPLY};

pub fn request_token(
    http: &dyn HttpClient,
    provider: &Provider,
    request: &TokenRequest,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    let dialect = Dialect::new(provider);
    let message = dialect.encode_token_request(request)?;
    let reply = http.send(&message).map_err(FlowError::TokenRequest)?;
    let status = reply.status;
    let content_type = reply.header("content-type").map(str::to_owned);
    let body = zeroize::Zeroizing::new(reply.read(MAX_REPLY).map_err(FlowError::TokenRequest)?);
    dialect
        .decode_token_reply(status, content_type.as_deref(), &body, &secrets_of(request), now)
        .map_err(|source| FlowError::TokenReply { provider: provider.id().to_owned(), source })
}

/// What must not be shown if the server repeats it.
fn secrets_of(request: &TokenRequest) -> Vec<&str> {
    let mut secrets: Vec<&str> = request.client_secret.iter().map(ClientSecret::expose).collect();
    match &request.grant {
        Grant::AuthorizationCode { code, code_verifier, .. } => {
            secrets.push(code.expose());
            secrets.extend(code_verifier.iter().map(|verifier| verifier.expose()));
        }
        Grant::RefreshToken(token) => secrets.push(token.expose()),
        Grant::ClientCredentials { .. } => {}
    }
    secrets
}
