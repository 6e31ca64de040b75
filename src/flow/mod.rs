//! Floor 4, the client's side: one grant or one request a file.

pub mod api;
pub mod authorization;
pub mod authorization_code;
pub mod discovery;
#[cfg(test)]
mod doubles;
pub mod evidence;
pub mod implicit;
pub mod introspection;
pub mod launch;
pub mod pages;
pub mod paging;
pub mod pasted;
pub mod probe;
pub mod redirect;
pub mod refresh;
pub mod retry;
pub mod revoke;
pub mod token_endpoint;
pub mod token_source;

use crate::protocol::error_response::ErrorResponse;
use crate::provider::DefinitionError;
use crate::provider::dialect::TokenReplyError;
use crate::system::entropy::NoEntropy;
use crate::system::http::HttpError;
use crate::system::loopback::LoopbackError;

/// Why a flow did not get what it was for.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("cannot wait for the redirect")]
    Listen(#[source] LoopbackError),
    #[error("no answer came to the redirect URI within {waited}")]
    NoAnswer { redirect_uri: String, waited: String },
    #[error(
        "two programs asked for the address that the browser was started with, and which of them was the browser cannot be known"
    )]
    LaunchShared,
    /// Said to the callback with the right state; who really said it cannot be known (RFC 9207 §2.4).
    #[error("the authorization was refused")]
    Declined(#[source] ErrorResponse),
    #[error("the redirect URI `{redirect_uri}` does not lead to this machine")]
    NotLoopback { redirect_uri: String },
    #[error("`{provider}` gave no token")]
    TokenReply {
        provider: String,
        #[source]
        source: TokenReplyError,
    },
    #[error("the token request did not come through")]
    TokenRequest(#[source] HttpError),
    #[error("the issuer's metadata did not come through")]
    Discovery(#[source] HttpError),
    #[error(transparent)]
    Metadata(#[from] discovery::DiscoveryError),
    #[error("the revocation request did not come through")]
    RevocationRequest(#[source] HttpError),
    #[error("the {what} was not revoked; the provider answered with status {status} and {reply}")]
    NotRevoked {
        what: &'static str,
        status: u16,
        reply: String,
        #[source]
        refusal: Option<Box<ErrorResponse>>,
    },
    #[error("the API request did not come through")]
    ApiRequest(#[source] HttpError),
    #[error("`{url}` is not on the API of `{provider}`, and the token goes nowhere else")]
    ForeignUrl { url: String, provider: String, allowed: String },
    #[error("`{text}` is neither a path nor a URL")]
    NotAPath { text: String },
    #[error("the API redirects to {origin}, where the token must not go")]
    ForeignRedirect { origin: String },
    #[error("the API redirected more than {limit} times")]
    TooManyRedirects { limit: usize },
    #[error("`{{{name}}}` in the path is no parameter of this login")]
    UnknownPathParam { name: String, known: String },
    #[error("the API answered {status}, which asks for the body a second time, and it was too large to keep")]
    BodyNotRepeatable { status: u16 },
    #[error("there is no thread to ask for pages on")]
    NoThread(#[source] std::io::Error),
    #[error("the pages go in a circle: {what} came a second time")]
    PagesInACircle { what: &'static str },
    #[error("the definition of `{provider}` lists no `{wanted}` placement for the token")]
    NoSuchPlacement { provider: String, wanted: &'static str, known: String },
    #[error("a token in the body needs a body that is a JSON object")]
    BodyIsNotAnObject,
    /// 401 for a request that the token is good for: it is unknown, revoked or expired (RFC 6750 §3.1).
    #[error("the API does not take the token: {request} → 401{}", said.as_deref().map(|said| format!(" \"{said}\"")).unwrap_or_default())]
    TokenDead { provider: String, request: String, said: Option<String> },
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}
