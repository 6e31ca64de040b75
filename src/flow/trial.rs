//! Whether a token that was brought along works: the definition's example request is sent with it, once.
//!
//! Only a person who typed a token is told so. What a script pipes in is kept as it is: nothing is sent anywhere for it.

use super::FlowError;
use super::ask_api::{self, Word};
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;
use crate::provider::Provider;
use crate::system::http::HttpClient;

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
    let request = format!("GET {example}");
    let answer = match ask_api::ask(http, provider, token, now) {
        Ok(answer) => answer,
        Err(error @ FlowError::Definition(_)) => return Err(error),
        Err(error) => return Ok(Some(Trial::Unknown { request, reason: error.to_string() })),
    };
    let status = answer.status;
    match answer.word {
        Word::Rejected => {
            Err(FlowError::TokenDead { provider: provider.id().to_owned(), request, status, said: answer.said })
        }
        Word::Accepted | Word::Denied => Ok(Some(Trial::Works { request, status })),
        Word::Unclear => Ok(Some(Trial::Unknown { request, reason: format!("the API answered {status}") })),
    }
}
