//! The request that a person consents to, stored from the consent page until the answer.

use crate::protocol::authorization::ResponseType;
use crate::protocol::client::ClientId;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;

/// A valid authorization request.
#[derive(Clone, Debug)]
pub struct ConsentRequest {
    pub grantee: Grantee,
    /// The name that a registered client gave itself.
    pub client_name: Option<String>,
    pub back: RedirectTarget,
    pub scope: ScopeSet,
    pub challenge: Option<CodeChallenge>,
    /// OpenID Connect Core §3.1.2.1.
    pub nonce: Option<String>,
    /// RFC 6749 §4.1.3: the token request must repeat the redirect URI only if it was in this request.
    pub redirect_uri_sent: bool,
}

/// The client that a person consented to, and what its tokens are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grantee {
    pub client: ClientId,
    /// RFC 8707: the resources that were asked for. Without any, the tokens are for whatever takes them.
    pub resources: Vec<String>,
}

impl Grantee {
    /// Returns `true` if a token request for these resources asks for no more than was granted.
    pub fn covers(&self, resources: &[String]) -> bool {
        self.resources.is_empty() || resources.iter().all(|resource| self.resources.contains(resource))
    }
}

/// The destination of the answer, and the part of the URL that carries it.
#[derive(Clone, Debug)]
pub struct RedirectTarget {
    pub redirect_uri: RedirectUri,
    pub response_type: ResponseType,
    /// The part of the URL that was asked for, if it is not the usual one (OAuth 2.0 Multiple Response Types §2.1).
    pub in_fragment: bool,
    pub state: Option<String>,
}

impl RedirectTarget {
    /// Returns the number of its bytes that came from the request.
    pub fn size(&self) -> usize {
        self.redirect_uri.as_str().len() + self.state.as_ref().map_or(0, String::len)
    }
}
