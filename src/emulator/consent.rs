//! What a person is asked to consent to, from the page that asks until the answer comes.

use crate::protocol::authorization::ResponseType;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;

/// An authorization request that was found in order.
#[derive(Clone, Debug)]
pub struct ConsentRequest {
    pub back: RedirectTarget,
    pub scope: ScopeSet,
    pub challenge: Option<CodeChallenge>,
    /// RFC 6749 §4.1.3: the token request has to repeat the redirect URI only if it was in this request.
    pub redirect_uri_sent: bool,
}

/// Where the answer goes, and in which part of the URL.
#[derive(Clone, Debug)]
pub struct RedirectTarget {
    pub redirect_uri: RedirectUri,
    pub response_type: ResponseType,
    pub state: Option<String>,
}

impl RedirectTarget {
    /// How many bytes of it came from the request.
    pub fn size(&self) -> usize {
        self.redirect_uri.as_str().len() + self.state.as_ref().map_or(0, String::len)
    }
}
