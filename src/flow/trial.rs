//! Whether a token that was brought along works: the definition's example request is sent with it, once.
//!
//! Only a person who typed a token is told so. What a script pipes in is kept as it is: nothing is sent anywhere for it.

use http::Method;

use super::FlowError;
use super::api::Api;
use super::judge::{ApiAnswer, LOOK_INTO, Ruling};
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;
use crate::provider::{Dialect, Provider};
use crate::system::http::{Brief, HttpClient};

/// What the API said to the example request.
#[derive(Debug, PartialEq, Eq)]
pub enum Trial {
    /// The API took the token.
    Works { request: String, status: u16 },
    /// It may be valid: the answer, or its absence, does not say.
    Unknown { request: String, reason: String },
}

/// Sends the example request, if the definition has one. A token that the API rejects is an error.
pub fn try_token(
    provider: &Provider,
    token: &AccessToken,
    http: &dyn HttpClient,
    now: Timestamp,
) -> Result<Option<Trial>, FlowError> {
    let lacks_secret = provider.definition.sends_client_secret_to_api() && provider.client_secret.is_none();
    let Some(example) = provider.definition.api.example.as_deref().filter(|_| !lacks_secret) else { return Ok(None) };
    let api = Api::new(provider, None)?;
    let request = api.request(Method::GET, api.resolve_own(example)?)?;
    let shown = format!("GET {example}");
    let unknown = |reason: String| Ok(Some(Trial::Unknown { request: shown.clone(), reason }));
    // Such a request asks for little, so its reply has a total limit of time.
    let reply = match api.send(&Brief(http), token, &request, None) {
        Ok(reply) => reply,
        Err(error @ FlowError::Definition(_)) => return Err(error),
        Err(error) => return unknown(error.to_string()),
    };
    let (status, headers) = (reply.status, reply.headers.clone());
    let body = match reply.beginning(LOOK_INTO as u64) {
        Ok(body) => body,
        Err(error) => return unknown(error.to_string()),
    };
    let (answer, dialect) = (ApiAnswer::new(status, &headers, &body), Dialect::new(provider));
    match answer.judge(dialect, true, now) {
        Ruling::Rejected => {
            let said = answer.said(dialect, token);
            Err(FlowError::TokenDead { provider: provider.id().to_owned(), request: shown, status, said })
        }
        // A missing scope is said by an API that has read the token.
        Ruling::Denied { .. } => Ok(Some(Trial::Works { request: shown, status })),
        Ruling::Other if (200..300).contains(&status) && !answer.is_page() => {
            Ok(Some(Trial::Works { request: shown, status }))
        }
        _ => unknown(format!("the API answered {status}")),
    }
}
