//! What a flow meets: the port, the servers, the refusals.

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::member::WrongKind;
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
    Metadata(#[from] DiscoveryError),
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
    #[error("the cursor for the next page has more than {limit} bytes, and goes into no address")]
    LongCursor { limit: usize },
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

/// After a revocation that failed.
const LOCAL_LOGOUT: &str =
    "the login is kept, so that `oauthctl logout` can try again; `oauthctl logout --local` only forgets it here";

impl Advice for FlowError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Listen(error) => error.next_step(),
            Self::NoAnswer { redirect_uri, .. } => ExitCode::NoAnswer.hint(format!(
                "if the provider showed an error page, compare what is registered there with what was sent, character by \
                 character: {redirect_uri}"
            )),
            Self::Declined(_) => ExitCode::Refused.hint("ask for less with `--scope`, or log in again and approve"),
            Self::NotLoopback { .. } => ExitCode::Usage.hint(
                "`--listen 127.0.0.1:8765` says that a tunnel from there ends here; on a terminal the final address can be \
                 pasted",
            ),
            Self::TokenReply { provider, source } => source.next_step(provider),
            // Only pages are read whole here.
            Self::ApiRequest(HttpError::TooLarge { .. }) => ExitCode::Network
                .hint("ask for smaller pages; without `--paginate`, `--raw` passes on a reply of any size"),
            Self::TokenRequest(error) | Self::ApiRequest(error) | Self::Discovery(error) => error.next_step(),
            Self::Metadata(error) => error.next_step(),
            Self::RevocationRequest(error) => error.next_step().code.hint(LOCAL_LOGOUT),
            Self::NotRevoked { status: 500.., .. } | Self::NotRevoked { refusal: None, .. } => {
                ExitCode::Network.hint(LOCAL_LOGOUT)
            }
            Self::NotRevoked { refusal: Some(_), .. } => ExitCode::Refused.hint(LOCAL_LOGOUT),
            Self::ForeignUrl { url, allowed, .. } => ExitCode::Refused.hint(format!(
                "the token may go to {allowed}; `--allow-origin {url}` adds that one, if it is yours to trust"
            )),
            Self::NotAPath { .. } => ExitCode::Usage.hint("write a path such as `/api/v1/products`"),
            Self::ForeignRedirect { .. } => ExitCode::Refused.hint(
                "if the token may go there, call that address itself: with `--allow-origin`, or with `api.origins` in the \
                 definition",
            ),
            Self::TooManyRedirects { .. } => ExitCode::Refused.no_hint(),
            Self::UnknownPathParam { known, .. } if known.is_empty() => {
                ExitCode::Usage.hint("it has none; write `%7B` for a brace")
            }
            Self::UnknownPathParam { known, .. } => ExitCode::Usage.hint(format!("it has {known}")),
            Self::BodyNotRepeatable { .. } => ExitCode::Refused.hint("send it to the address in `Location` itself"),
            Self::NoThread(_) => ExitCode::Unexpected.hint("without `--jobs` no further thread is needed"),
            Self::LongCursor { .. } => ExitCode::Network
                .hint("`--max-pages N` ends the walk before; without `--paginate` the page is shown as it is"),
            Self::PagesInACircle { .. } => ExitCode::Network.hint("`--max-pages N` ends the walk before"),
            Self::NoSuchPlacement { known, .. } => ExitCode::Usage.hint(format!("it lists {known}")),
            Self::BodyIsNotAnObject => ExitCode::Usage.hint("choose another placement with `--token-in`"),
            Self::TokenDead { provider, .. } => {
                ExitCode::LoginNeeded.hint(format!("`oauthctl login --provider {provider}` gets another one"))
            }
            Self::Definition(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

/// Why an issuer's metadata is of no use.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    #[error("`{issuer}` is no issuer: it takes an https URL without query and fragment (RFC 8414 §2)")]
    NotAnIssuer { issuer: String },
    #[error("`{issuer}` publishes no metadata: {tried}")]
    NotFound { issuer: String, tried: String },
    #[error("the metadata at {location} cannot be used")]
    Malformed {
        location: String,
        #[source]
        source: WrongKind,
    },
    #[error("the metadata names the issuer `{said}`, and `{asked}` was asked (RFC 8414 §3.3)")]
    OtherIssuer { asked: String, said: String },
    #[error("the metadata names `{url}`, an endpoint that must not see secrets: {problem}")]
    UnsafeEndpoint { url: String, problem: &'static str },
}

impl Advice for DiscoveryError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotAnIssuer { .. } => ExitCode::Usage.hint("such as `--issuer https://login.shop.example`"),
            Self::NotFound { .. } | Self::Malformed { .. } => {
                ExitCode::Network.hint("leave `--issuer` out for a skeleton to fill in by hand")
            }
            Self::OtherIssuer { .. } | Self::UnsafeEndpoint { .. } => {
                ExitCode::Refused.hint("do not use this server's metadata")
            }
        }
    }
}
