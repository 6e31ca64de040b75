//! The result for one scope.

use serde::Serialize;

use super::judge::Verdict;
use crate::provider::scopes::KnownScope;

/// The result for one scope after the run.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    pub scope: String,
    pub verdict: Verdict,
    /// The request, such as `GET /api/v1/products?per_page=1`, without the token. `None` if nothing was sent.
    pub request: Option<String>,
    pub status: Option<u16>,
    /// The API's own words, sanitized, or ours. Always set if the verdict is [`Verdict::Unknown`].
    pub reason: Option<String>,
    /// The path is not documented.
    pub guess: bool,
}

impl Proof {
    /// Returns a result that no request of its own brought.
    pub(super) fn without_request(scope: &KnownScope, verdict: Verdict, reason: String) -> Self {
        Self { scope: scope.name.clone(), verdict, request: None, status: None, reason: Some(reason), guess: false }
    }
}
