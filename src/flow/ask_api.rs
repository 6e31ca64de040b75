//! Asks an API about a token by one cheap request that changes nothing: the definition's example, or the API's address
//! itself. No redirect is followed to another origin.

use http::Method;

use super::FlowError;
use super::api::Api;
use super::judge::{ApiAnswer, LOOK_INTO, Ruling};
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;
use crate::provider::{Dialect, Provider};
use crate::system::http::{Brief, HttpClient};

/// What the API did with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Accepted,
    /// The token is good, and may not do this.
    Denied,
    Rejected,
    /// The answer says nothing of the token.
    Unclear,
}

/// The API's answer.
#[derive(Debug)]
pub struct ApiWord {
    /// `GET /api/v1/products`
    pub request: String,
    pub status: u16,
    pub word: Word,
    pub said: Option<String>,
}

/// Sends it.
pub fn ask(
    http: &dyn HttpClient,
    provider: &Provider,
    token: &AccessToken,
    now: Timestamp,
) -> Result<ApiWord, FlowError> {
    let api = Api::new(provider, None)?;
    let request = request(&api)?;
    // Such a request asks for little, so its reply has a total limit of time.
    let reply = api.send(&Brief(http), token, &request, None)?;
    let (status, headers) = (reply.status, reply.headers.clone());
    let body = reply.beginning(LOOK_INTO as u64).map_err(FlowError::ApiRequest)?;
    let (answer, dialect) = (ApiAnswer::new(status, &headers, &body), Dialect::new(provider));
    let has_example = provider.definition.api.example.is_some();
    let word = match answer.judge(dialect, has_example, now) {
        Ruling::Rejected => Word::Rejected,
        // A missing scope is said by an API that has read the token.
        Ruling::Denied { .. } => Word::Denied,
        // The address of an API may answer anybody.
        Ruling::Other if has_example && (200..300).contains(&status) && !answer.is_page() => Word::Accepted,
        Ruling::Other | Ruling::ProofWanted | Ruling::StrongerLoginWanted | Ruling::Busy { .. } => Word::Unclear,
    };
    let request = format!("{} {}", request.method, request.url.path());
    Ok(ApiWord { request, status, word, said: answer.said(dialect, token) })
}

/// Returns the request. An example with a parameter that nothing fills is of no use.
fn request(api: &Api<'_>) -> Result<HttpRequest, FlowError> {
    let example = api.provider.definition.api.example.as_deref();
    let url = match example.and_then(|example| api.resolve_own(example).ok()) {
        Some(url) => url,
        None => api.resolve(".")?,
    };
    api.request(Method::GET, url)
}
