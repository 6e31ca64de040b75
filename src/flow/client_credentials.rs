//! The client credentials grant (RFC 6749 §4.4): one request, for a token of the client itself.

use super::client::Client;
use super::token_endpoint::request_token;
use super::{FlowError, asked_value};
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::TokenReply;
use crate::provider::{DefinitionError, Dialect, Provider};
use crate::system::http::HttpClient;

/// Requests a token. It can be done again at any time: nothing is spent.
pub fn request(
    http: &dyn HttpClient,
    client: &Client,
    scope: ScopeSet,
    now: Timestamp,
) -> Result<TokenReply, FlowError> {
    request_token(http, &client.provider, &token_request(client, scope), now)
}

/// Requests the first token, and returns the provider with the values that came with it.
pub fn obtain(
    http: &dyn HttpClient,
    client: &Client,
    scope: ScopeSet,
    now: Timestamp,
) -> Result<(TokenReply, Provider), FlowError> {
    let reply = request(http, client, scope, now)?;
    let provider = client.provider.with_captured(&reply.captured)?;
    let provider = asked_value::complete(http, &provider, Some(&client.client_id), &reply.response.access_token);
    Ok((reply, provider))
}

/// Returns what a cached token is known by, without any secret: the request with its URL, client, parameters and scopes,
/// and the servers that its token may go to.
pub fn fingerprint(client: &Client, scope: &ScopeSet) -> Result<String, DefinitionError> {
    let public = Client { client_secret: None, ..client.clone() };
    let request = token_request(&public, scope.clone());
    let provider = &client.provider.with_marks(str::to_owned);
    let message = Dialect::new(provider).encode_token_request(&request)?;
    let origins = serde_json::to_string(&provider.recorded_origins()).unwrap_or_default();
    let headers =
        message.headers.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    let head: Vec<String> = headers.collect();
    let parts = [
        provider.id(),
        client.client_id.as_str(),
        message.url.as_str(),
        &head.join("\n"),
        &String::from_utf8_lossy(&message.body),
        &format!("{:?}", provider.params),
        &origins,
    ];
    Ok(parts.join("\n\n"))
}

/// Returns the request with the RFC's names.
pub fn token_request(client: &Client, scope: ScopeSet) -> TokenRequest {
    TokenRequest {
        client_id: client.client_id.clone(),
        client_secret: client.client_secret.clone(),
        grant: Grant::ClientCredentials { scope },
        state: None,
    }
}
