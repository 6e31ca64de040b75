//! What a flow meets: the port, the servers, the refusals.

use super::definition::of_definition;
use super::store::of_store;
use super::{ExitCode, Verdict};
use crate::commands::login_command;
use crate::flow::FlowError;
use crate::flow::discovery::DiscoveryError;
use crate::flow::token_source::TokenSourceError;
use crate::provider::dialect::TokenReplyError;
use crate::system::http::HttpError;
use crate::system::loopback::LoopbackError;

pub(super) fn of_flow(error: &FlowError) -> Verdict {
    match error {
        FlowError::Listen(LoopbackError::Taken { port }) => (
            ExitCode::Network,
            Some(format!(
                "find the program with `ss -ltnp 'sport = :{port}'` (or `lsof -i :{port}`) and end it, or choose another port with \
                 `--port N` and register that redirect URI; `--port 0` takes any free one where the provider allows it"
            )),
        ),
        FlowError::Listen(LoopbackError::NotAllowed { .. }) => (
            ExitCode::Network,
            Some("ports below 1024 are for root on most systems: choose a higher one with `--port N`".into()),
        ),
        FlowError::Listen(LoopbackError::Other(_)) => (ExitCode::Network, None),
        FlowError::NoAnswer { redirect_uri, .. } => (
            ExitCode::NoAnswer,
            Some(format!(
                "if the provider showed an error page, compare what is registered there with what was sent, character by character: \
                 {redirect_uri}"
            )),
        ),
        FlowError::LaunchShared => (
            ExitCode::Refused,
            Some("another user of this machine may have read the request: log in again; with `--no-browser` no program is started, and the address is only shown".into()),
        ),
        FlowError::Declined(_) => {
            (ExitCode::Refused, Some("ask for less with `--scope`, or log in again and approve".into()))
        }
        FlowError::NotLoopback { .. } => (
            ExitCode::Usage,
            Some("`--listen 127.0.0.1:8765` says that a tunnel from there ends here; on a terminal the final address can be pasted".into()),
        ),
        FlowError::TokenReply { provider, source } => of_token_reply(provider, source),
        FlowError::TokenRequest(error) | FlowError::ApiRequest(error) | FlowError::Discovery(error) => of_http(error),
        FlowError::Metadata(DiscoveryError::NotFound { .. }) => {
            (ExitCode::Network, Some("leave `--issuer` out for a skeleton to fill in by hand".into()))
        }
        FlowError::Metadata(DiscoveryError::NotAnIssuer { .. }) => (ExitCode::Usage, Some("such as `--issuer https://login.shop.example`".into())),
        FlowError::Metadata(_) => (ExitCode::Refused, Some("do not use this server's metadata".into())),
        FlowError::ForeignUrl { url, allowed, .. } => {
            (ExitCode::Refused, Some(format!("the token may go to {allowed}; `--allow-origin {url}` adds that one, if it is yours to trust")))
        }
        FlowError::RevocationRequest(error) => (of_http(error).0, Some(LOCAL_LOGOUT.to_owned())),
        FlowError::NotRevoked { status: 500.., .. } => (ExitCode::Network, Some(LOCAL_LOGOUT.to_owned())),
        FlowError::NotRevoked { refusal: Some(_), .. } => (ExitCode::Refused, Some(LOCAL_LOGOUT.to_owned())),
        FlowError::NotRevoked { refusal: None, .. } => (ExitCode::Network, Some(LOCAL_LOGOUT.to_owned())),
        FlowError::ForeignRedirect { .. } => (
            ExitCode::Refused,
            Some("if the token may go there, call that address itself: with `--allow-origin`, or with `api.origins` in the definition".into()),
        ),
        FlowError::TooManyRedirects { .. } => (ExitCode::Refused, None),
        FlowError::UnknownPathParam { known, .. } if known.is_empty() => (ExitCode::Usage, Some("it has none; write `%7B` for a brace".into())),
        FlowError::UnknownPathParam { known, .. } => (ExitCode::Usage, Some(format!("it has {known}"))),
        FlowError::BodyNotRepeatable { .. } => (ExitCode::Refused, Some("send it to the address in `Location` itself".into())),
        FlowError::NoThread(_) => (ExitCode::Unexpected, Some("without `--jobs` no further thread is needed".into())),
        FlowError::PagesInACircle { .. } => (ExitCode::Network, Some("`--max-pages N` ends the walk before".into())),
        FlowError::NotAPath { .. } => (ExitCode::Usage, Some("write a path such as `/api/v1/products`".into())),
        FlowError::NoSuchPlacement { known, .. } => (ExitCode::Usage, Some(format!("it lists {known}"))),
        FlowError::BodyIsNotAnObject => (ExitCode::Usage, Some("choose another placement with `--token-in`".into())),
        FlowError::TokenDead { provider, .. } => {
            (ExitCode::LoginNeeded, Some(format!("`oauthctl login --provider {provider}` gets another one")))
        }
        FlowError::Definition(error) => of_definition(error),
        FlowError::Entropy(_) => (ExitCode::Unexpected, None),
    }
}

/// After a revocation that failed.
const LOCAL_LOGOUT: &str =
    "the login is kept, so that `oauthctl logout` can try again; `oauthctl logout --local` only forgets it here";

pub(super) fn of_token_source(error: &TokenSourceError) -> Verdict {
    match error {
        TokenSourceError::NoRefreshToken { profile, provider, .. }
        | TokenSourceError::Dead { profile, provider, .. }
        | TokenSourceError::Refused { profile, provider, .. } => {
            (ExitCode::LoginNeeded, Some(format!("`{}` makes a new login", login_command(provider, profile))))
        }
        TokenSourceError::Failed { source, .. } => match of_flow(source) {
            (ExitCode::Network, _) => {
                (ExitCode::Network, Some("try again later; the refresh token is kept as it was".to_owned()))
            }
            other => other,
        },
        TokenSourceError::TooShort { .. } => {
            (ExitCode::Network, Some("ask for less with `--min-validity`, or try again later".to_owned()))
        }
        TokenSourceError::Busy { .. } => {
            (ExitCode::Busy, Some("try again when it is done; a process that hangs may be ended".to_owned()))
        }
        TokenSourceError::Replaced { .. } => (ExitCode::Busy, Some("try again".to_owned())),
        TokenSourceError::Store(error) => of_store(error),
        TokenSourceError::Entropy(_) => (ExitCode::Unexpected, None),
    }
}

fn of_token_reply(provider: &str, error: &TokenReplyError) -> Verdict {
    let show = format!("`oauthctl providers show {provider}`");
    let (code, hint) = match error {
        TokenReplyError::Refused { error, .. } => (
            ExitCode::Refused,
            match error.code.as_str() {
                "invalid_client" | "unauthorized_client" => {
                    format!("check the client id and secret: `oauthctl app set {provider}` replaces them")
                }
                "invalid_grant" => format!(
                    "run `oauthctl login --provider {provider}` again: a code works once and soon expires, and the redirect URI must be the registered one"
                ),
                _ => format!("{show} shows what was sent and why"),
            },
        ),
        TokenReplyError::Redirected { .. } => {
            (ExitCode::Refused, format!("the token URL has probably moved: compare {show} with the provider's guide"))
        }
        TokenReplyError::TooOften { .. } => {
            (ExitCode::Network, "nothing is wrong with what was sent; wait a while, then try again".to_owned())
        }
        TokenReplyError::ServerFault { .. } => {
            (ExitCode::Network, "the provider has a fault of its own; log in again later".to_owned())
        }
        TokenReplyError::Unreadable { .. }
        | TokenReplyError::Unusable { .. }
        | TokenReplyError::UnusableFragment { .. } => (
            ExitCode::Network,
            format!("a proxy or a login page may have answered in the provider's place; else compare with {show}"),
        ),
    };
    (code, Some(hint))
}

pub(super) fn of_http(error: &HttpError) -> Verdict {
    let hint = match error {
        HttpError::Connect { .. } => {
            Some("check the network, the proxy variables, and that the address is right".to_owned())
        }
        HttpError::Timeout { .. } | HttpError::Broken { .. } => Some("try again; nothing was changed here".to_owned()),
        HttpError::TooLarge { .. } | HttpError::Setup(_) => None,
    };
    (ExitCode::Network, hint)
}
