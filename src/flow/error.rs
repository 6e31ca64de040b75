//! The errors of the flows: the port, the servers, the refusals.

use super::authorization::Unanswered;
use super::id_token::IdTokenRefused;
use super::not_followed::NotFollowed;
use super::redirect::Unusable;
use super::refusal::{NoCode, NoToken, Refusal};
use super::rows_missing::RowsMissing;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::member::WrongKind;
use crate::protocol::time::HumanDuration;
use crate::provider::{DefinitionError, Endpoint};
use crate::system::entropy::NoEntropy;
use crate::system::http::HttpError;
use crate::system::loopback::LoopbackError;

/// A flow that failed.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("cannot wait for the redirect")]
    Listen(#[source] LoopbackError),
    #[error(transparent)]
    NoAnswer(Box<Unanswered>),
    #[error("the answer to this login came and cannot be used: {0}")]
    Unusable(Box<Unusable>),
    /// An error at the callback with the right state. Its real sender cannot be known (RFC 9207 §2.4).
    #[error("the authorization was refused")]
    Declined(#[source] Box<Refusal>),
    #[error("another process has taken the answer")]
    TakenElsewhere,
    #[error("the redirect URI `{redirect_uri}` does not lead to this machine")]
    NotLoopback { redirect_uri: String },
    #[error(transparent)]
    TokenReply(Box<NoToken>),
    #[error(transparent)]
    IdToken(Box<IdTokenRefused>),
    #[error("the authorization request could not be pushed")]
    PushRequest(#[source] HttpError),
    #[error("the endpoint for pushed authorization requests answered with status {status}, and {reply}")]
    PushReply { status: u16, reply: String },
    #[error("the token request failed")]
    TokenRequest(#[source] HttpError),
    #[error("the request for a device code failed")]
    DeviceRequest(#[source] HttpError),
    #[error(transparent)]
    DeviceReply(Box<NoCode>),
    #[error("the code was not confirmed within {waited}{}", if *.has_ended { ", and is no longer valid" } else { "" })]
    NotConfirmed { waited: HumanDuration, has_ended: bool },
    #[error("the issuer's metadata could not be fetched")]
    Discovery(#[source] HttpError),
    #[error(transparent)]
    Metadata(#[from] DiscoveryError),
    #[error("the revocation request failed")]
    RevocationRequest(#[source] HttpError),
    #[error("the {what} was not revoked; the provider answered with status {status}{}", unless(refusal.is_some(), reply))]
    NotRevoked {
        what: &'static str,
        status: u16,
        reply: String,
        #[source]
        refusal: Option<Box<Refusal>>,
    },
    #[error("the API request failed")]
    ApiRequest(#[source] HttpError),
    #[error("`{url}` is outside the API of `{provider}`, so the token is not sent there")]
    ForeignUrl { url: String, provider: String, allowed: String },
    #[error("`{text}` is neither a path nor a URL")]
    NotAPath { text: String },
    #[error("the API redirects to {origin}, where the token must not go")]
    ForeignRedirect { origin: String },
    #[error("the next page is at {origin}, where the token must not go")]
    ForeignPage { origin: String },
    #[error("the API redirects to {origin}, {why}")]
    NotFollowed { origin: String, why: NotFollowed },
    #[error("the API redirected to another server, and nothing came from there")]
    Download(#[source] HttpError),
    #[error("the API redirected more than {limit} times")]
    TooManyRedirects { limit: usize },
    #[error("`{{{name}}}` in the path is not a parameter of this login")]
    UnknownPathParam { name: String, known: String },
    #[error("the API answered {status}, which requires sending the body again, and it was too large to keep")]
    BodyNotRepeatable { status: u16 },
    #[error("no thread could be started to fetch pages")]
    NoThread(#[source] std::io::Error),
    #[error("pagination loops: {what} came a second time")]
    PagesInACircle { what: &'static str },
    #[error("rows could be missing")]
    Rows(#[from] RowsMissing),
    #[error("the cursor for the next page has more than {limit} bytes, which is too long for a URL")]
    LongCursor { limit: usize },
    #[error("the definition of `{provider}` lists no `{wanted}` placement for the token")]
    NoSuchPlacement { provider: String, wanted: &'static str, known: String },
    #[error("a token in the body needs a body that is a JSON object")]
    BodyIsNotAnObject,
    /// An answer that is not about a missing scope: the token is unknown, revoked or expired (RFC 6750 §3.1).
    #[error("the API rejected the token: {request} → {status}{}", said.as_deref().map(|said| format!(" \"{said}\"")).unwrap_or_default())]
    TokenDead { provider: String, request: String, status: u16, said: Option<String> },
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl FlowError {
    /// Returns `true` if the machine's own settings are in the way: no attempt helps before they are changed.
    pub fn is_settled_here(&self) -> bool {
        matches!(
            self,
            Self::TokenRequest(error) | Self::ApiRequest(error) | Self::RevocationRequest(error) | Self::Discovery(error)
                if error.is_settled_here()
        )
    }
}

impl From<NoToken> for FlowError {
    fn from(error: NoToken) -> Self {
        Self::TokenReply(Box::new(error))
    }
}

impl From<IdTokenRefused> for FlowError {
    fn from(refused: IdTokenRefused) -> Self {
        Self::IdToken(Box::new(refused))
    }
}

/// Returns a reply if nothing else tells what is in it.
fn unless(is_told: bool, reply: &str) -> String {
    if is_told { String::new() } else { format!(" and {reply}") }
}

/// The hint after a failed revocation.
const LOCAL_LOGOUT: &str =
    "the login is kept, so that `oauthctl logout` can try again; `oauthctl logout --local` only forgets it here";

impl Advice for FlowError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Listen(error) => error.next_step(),
            Self::NoAnswer(unanswered) => ExitCode::NoAnswer.hint(unanswered.hint()),
            Self::Unusable(unusable) => ExitCode::Refused.hint(unusable.hint()),
            Self::Declined(refusal) => refusal.next_step(),
            Self::TakenElsewhere => ExitCode::LoginNeeded.hint("`oauthctl status` shows whether the login is there"),
            Self::NotLoopback { .. } => ExitCode::Usage.hint(
                "use `--listen 127.0.0.1:8765` if a tunnel leads from there to here; on a terminal, you can paste the final \
                 address",
            ),
            Self::TokenReply(no_token) => no_token.next_step(),
            Self::IdToken(refused) => refused.next_step(),
            Self::NotConfirmed { has_ended: true, .. } => {
                ExitCode::NoAnswer.hint("log in again, and type the new code while it is valid")
            }
            Self::NotConfirmed { has_ended: false, .. } => {
                ExitCode::NoAnswer.hint("log in again with a longer `--timeout`, or without it")
            }
            Self::DeviceReply(no_code) => no_code.next_step(),
            // Only pages are read as a whole here.
            Self::ApiRequest(HttpError::TooLarge { .. }) => ExitCode::Network
                .hint("ask for smaller pages; without `--paginate`, `--raw` passes on a reply of any size"),
            Self::PushReply { .. } => ExitCode::Network.hint(
                "compare `par.url` in the definition with the provider's guide; a fault of the server may pass",
            ),
            Self::PushRequest(error) | Self::TokenRequest(error) | Self::DeviceRequest(error) | Self::ApiRequest(error) | Self::Discovery(error) => error.next_step(),
            Self::Metadata(error) => error.next_step(),
            Self::RevocationRequest(error) if error.is_settled_here() => error.next_step(),
            Self::RevocationRequest(error) => error.next_step().code.hint(LOCAL_LOGOUT),
            Self::NotRevoked { status: 500.., .. } | Self::NotRevoked { refusal: None, .. } => {
                ExitCode::Network.hint(LOCAL_LOGOUT)
            }
            Self::NotRevoked { refusal: Some(refusal), .. } => match refusal.next_step().hint {
                Some(hint) if refusal.is_about_the_client() => ExitCode::Refused.hint(format!("{hint}; {LOCAL_LOGOUT}")),
                _ => ExitCode::Refused.hint(LOCAL_LOGOUT),
            },
            Self::ForeignUrl { url, provider, allowed } if allowed.is_empty() => ExitCode::Refused.hint(format!(
                "the definition of `{provider}` names no API: add `--allow-origin {url}` if you trust that server, or \
                 `base` under `[api]`"
            )),
            Self::ForeignUrl { url, allowed, .. } => ExitCode::Refused.hint(format!(
                "the token may be sent to {allowed}; add `--allow-origin {url}` if you trust that one too"
            )),
            Self::NotAPath { .. } => ExitCode::Usage.hint("write a path such as `/api/v1/products`"),
            Self::ForeignRedirect { .. } | Self::ForeignPage { .. } => ExitCode::Refused.hint(
                "if the token may go there, call that address itself: with `--allow-origin`, or with `api.origins` in the \
                 definition",
            ),
            Self::NotFollowed { why, .. } => ExitCode::Refused.hint(why.hint()),
            Self::Download(error) => error.next_step(),
            Self::TooManyRedirects { .. } => ExitCode::Refused.no_hint(),
            Self::UnknownPathParam { known, .. } if known.is_empty() => {
                ExitCode::Usage.hint("it has none; write `%7B` for a brace")
            }
            Self::UnknownPathParam { known, .. } => ExitCode::Usage.hint(format!("it has {known}")),
            Self::BodyNotRepeatable { .. } => ExitCode::Refused.hint("send it directly to the address in `Location`"),
            Self::NoThread(_) => ExitCode::Unexpected.hint("leave out `--jobs`; then no further thread is needed"),
            Self::LongCursor { .. } => ExitCode::Network
                .hint("stop earlier with `--max-pages N`; without `--paginate` the page is shown as it is"),
            Self::Rows(missing) => missing.next_step(),
            Self::PagesInACircle { .. } => ExitCode::Network.hint("stop earlier with `--max-pages N`"),
            Self::NoSuchPlacement { known, .. } => ExitCode::Usage.hint(format!("it lists {known}")),
            Self::BodyIsNotAnObject => ExitCode::Usage.hint("choose another placement with `--token-in`"),
            Self::TokenDead { provider, .. } => {
                ExitCode::LoginNeeded.hint(format!("get a new one with `oauthctl login {provider}`"))
            }
            Self::Definition(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

/// Metadata of an issuer that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    #[error("`{issuer}` is not an issuer: it must be an https URL without query and fragment (RFC 8414 §2)")]
    NotAnIssuer {
        issuer: String,
        /// The issuer that was probably meant.
        meant: Option<String>,
    },
    #[error("`{issuer}` has a part to fill in: `{part}`")]
    Placeholder { issuer: String, part: String },
    #[error("`{issuer}` publishes no metadata: {tried}")]
    NotFound { issuer: String, tried: String },
    #[error("`{issuer}` publishes no metadata: {location} redirects to {target}, which cannot speak for it")]
    Redirected {
        issuer: String,
        location: String,
        target: String,
        /// The issuer whose metadata is at the target, if its address says so.
        issuer_there: Option<String>,
    },
    #[error("the metadata at {location} cannot be used")]
    Malformed {
        location: String,
        #[source]
        source: WrongKind,
    },
    #[error("the metadata names the issuer `{said}`, but `{asked}` was requested (RFC 8414 §3.3)")]
    OtherIssuer { asked: String, said: String },
    #[error("the metadata names `{url}` as its `{member}`, an endpoint that must not see secrets: {problem}")]
    UnsafeEndpoint { member: &'static str, url: String, problem: &'static str },
}

impl DiscoveryError {
    /// Returns the issuer that may work instead, in characters that a shell takes as they are.
    pub fn issuer_to_try(&self) -> Option<String> {
        let issuer = match self {
            Self::NotAnIssuer { meant, .. } => meant.as_deref()?,
            Self::Redirected { issuer_there, .. } => issuer_there.as_deref()?,
            Self::OtherIssuer { said, .. } => said,
            Self::Placeholder { .. } | Self::NotFound { .. } | Self::Malformed { .. } | Self::UnsafeEndpoint { .. } => {
                return None;
            }
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/%".contains(c);
        (issuer.chars().all(is_plain) && Endpoint::parse(issuer).is_ok()).then(|| issuer.to_owned())
    }

    /// Returns the next step. `command` begins the one that asks for metadata: the issuer follows it.
    pub fn next_step_with(&self, command: &str) -> NextStep {
        if let Some(issuer) = self.issuer_to_try() {
            let hint = format!("run `{command} {issuer}`");
            return match self {
                Self::OtherIssuer { .. } | Self::Redirected { .. } => {
                    ExitCode::Refused.hint(format!("if that is the server you mean, {hint}"))
                }
                _ => ExitCode::Usage.hint(hint),
            };
        }
        match self {
            Self::NotAnIssuer { .. } => {
                ExitCode::Usage.hint("write a URL such as `--issuer https://login.shop.example`")
            }
            Self::Placeholder { issuer, part } => {
                let filled = issuer.replace(part.as_str(), "TENANT");
                ExitCode::Usage.hint(format!("write your own value there: `{command} {filled}`"))
            }
            Self::NotFound { .. } | Self::Malformed { .. } => {
                ExitCode::Network.hint("leave `--issuer` out for a skeleton to fill in by hand")
            }
            Self::OtherIssuer { said, .. } if said.contains('{') => ExitCode::Refused.hint(format!(
                "it serves many tenants; ask for yours: `{command} URL`, where the URL is `{said}` filled in"
            )),
            Self::OtherIssuer { .. } | Self::Redirected { .. } => {
                ExitCode::Refused.hint("ask the server's documents for its issuer")
            }
            Self::UnsafeEndpoint { .. } => {
                ExitCode::Refused.hint("leave `--issuer` out, and fill in the addresses of the server's documents")
            }
        }
    }
}

impl Advice for DiscoveryError {
    fn next_step(&self) -> NextStep {
        self.next_step_with("oauthctl providers new ID --issuer")
    }
}
