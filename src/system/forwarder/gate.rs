//! What a forwarder asks about each request, and is answered.

use std::sync::Arc;

use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, StatusCode};

use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::system::http::Upstream;

/// Takes a token, or hears that there is none.
pub type Give = Box<dyn FnOnce(Option<AccessToken>) + Send>;

/// The rules of a forwarder.
pub trait Gate: Send + Sync + 'static {
    /// Judges a request by its head, and returns it as it is to be sent, but for the token and the body.
    fn admit(&self, head: &Parts) -> Result<HttpRequest, Turned>;
    /// Judges a request for a tunnel (CONNECT), in which plain http will be spoken. Returns the host of its requests.
    fn open(&self, head: &Parts) -> Result<Authority, Turned>;
    /// Judges a request that came in such a tunnel, with its whole address.
    fn admit_inside(&self, head: &Parts) -> Result<HttpRequest, Turned>;
    /// Puts the token into a request.
    fn authorize(&self, request: &HttpRequest, token: &AccessToken) -> Result<HttpRequest, Turned>;
    /// Gives the current token, as soon as there is one that is good.
    fn token(&self, give: Give);
    /// Gives another token for one that was rejected, if there can be one.
    fn instead_of(&self, rejected: &AccessToken, give: Give);
    /// Returns `true` if the beginning of a reply with this status must be read to know whether it rejects the token.
    fn may_reject(&self, status: u16) -> bool;
    fn rejects(&self, status: u16, headers: &HeaderMap, beginning: &[u8]) -> bool;
    /// Prepares the headers of a reply for the program.
    fn clean(&self, headers: &mut HeaderMap, token: &AccessToken);
}

/// The reason why a request was turned away, for the program.
#[derive(Debug, PartialEq, Eq)]
pub struct Turned {
    pub status: StatusCode,
    pub why: String,
}

impl Turned {
    pub fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into() }
    }
}

/// What all exchanges share.
pub(super) struct Shared {
    pub gate: Arc<dyn Gate>,
    pub upstream: Upstream,
}
