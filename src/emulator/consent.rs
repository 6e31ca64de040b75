//! The request that a person consents to, stored from the consent page until the answer.

use crate::protocol::authorization::ResponseType;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;

/// A valid authorization request.
#[derive(Clone, Debug)]
pub struct ConsentRequest {
    pub back: RedirectTarget,
    pub scope: ScopeSet,
    pub challenge: Option<CodeChallenge>,
    /// OpenID Connect Core §3.1.2.1.
    pub nonce: Option<String>,
    /// RFC 6749 §4.1.3: the token request must repeat the redirect URI only if it was in this request.
    pub redirect_uri_sent: bool,
}

/// The destination of the answer, and the part of the URL that carries it.
#[derive(Clone, Debug)]
pub struct RedirectTarget {
    pub redirect_uri: RedirectUri,
    pub response_type: ResponseType,
    pub state: Option<String>,
}

impl RedirectTarget {
    /// Returns the number of its bytes that came from the request.
    pub fn size(&self) -> usize {
        self.redirect_uri.as_str().len() + self.state.as_ref().map_or(0, String::len)
    }
}
