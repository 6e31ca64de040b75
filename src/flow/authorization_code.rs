//! The authorization code grant (RFC 6749 §4.1): one exchange of the code for a token.

use super::FlowError;
use super::authorization::{LoginRequest, Secrets};
use super::token_endpoint::request_token;
use crate::protocol::secret::AuthorizationCode;
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::Provider;
use crate::provider::dialect::TokenReply;
use crate::system::http::HttpClient;

/// Exchanges a code (RFC 6749 §4.1.3). `provider` includes the values that the callback carried.
pub fn exchange(
    http: &dyn HttpClient,
    provider: &Provider,
    login: &LoginRequest<'_>,
    secrets: Secrets,
    code: AuthorizationCode,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    let request = TokenRequest {
        client_id: login.client_id.clone(),
        client_secret: login.client_secret.clone(),
        grant: Grant::AuthorizationCode {
            code,
            redirect_uri: secrets.redirect_uri.as_str().to_owned(),
            code_verifier: secrets.code_verifier,
        },
        state: Some(secrets.state.as_str().to_owned()),
    };
    request_token(http, provider, &request, now)
}
