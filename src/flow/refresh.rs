//! The refresh grant (RFC 6749 §6): one request. When it may be sent, and what becomes of the reply, says
//! `token_source.rs`.

use super::FlowError;
use super::token_endpoint::request_token;
use crate::protocol::client::ClientId;
use crate::protocol::secret::{ClientSecret, RefreshToken};
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::{TokenReply, TokenReplyError};
use crate::provider::{Dialect, Provider};
use crate::store::StoredToken;
use crate::system::http::{HttpClient, HttpError};

/// The client that a login was made with, at the servers of that login.
#[derive(Clone, Debug)]
pub struct Client {
    pub provider: Provider,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
}

/// What a refresh of this login presents: its refresh token, or the access token where the provider takes that.
pub fn presented(provider: &Provider, record: &StoredToken) -> Option<RefreshToken> {
    match Dialect::new(provider).refreshes_with_access_token() {
        true => Some(RefreshToken::new(record.access_token.expose())),
        false => record.refresh_token.clone(),
    }
}

/// Sent once. Whether to ask again is for the next run: if the reply was lost, the provider may have rotated, and then
/// a second request would look like a thief's.
pub fn refresh(
    http: &dyn HttpClient,
    client: &Client,
    token: RefreshToken,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    let request = TokenRequest {
        client_id: client.client_id.clone(),
        client_secret: client.client_secret.clone(),
        grant: Grant::RefreshToken(token),
        state: None,
    };
    request_token(http, &client.provider, &request, now)
}

/// What a failed refresh says about the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is dead: the server said so in the RFC's word (RFC 6749 §5.2), and no other word counts.
    Dead,
    /// It was not taken in.
    Untouched,
    /// The answer was lost, or came from somebody else than the token endpoint: nobody can tell.
    Unclear,
}

pub fn meaning(error: &FlowError) -> Meaning {
    match error {
        FlowError::TokenReply { source: TokenReplyError::Refused { error, .. }, .. } => match error.code.as_str() {
            "invalid_grant" => Meaning::Dead,
            _ => Meaning::Untouched,
        },
        FlowError::TokenReply { source: TokenReplyError::TooOften { .. }, .. } => Meaning::Untouched,
        FlowError::TokenReply { .. } => Meaning::Unclear,
        FlowError::TokenRequest(HttpError::Connect { .. } | HttpError::Setup(_)) => Meaning::Untouched,
        FlowError::TokenRequest(_) => Meaning::Unclear,
        // Nothing was sent.
        _ => Meaning::Untouched,
    }
}
