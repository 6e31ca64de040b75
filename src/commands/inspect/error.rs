//! The reasons why `inspect` fails.

use crate::flow::FlowError;
use crate::flow::jwks::NoKeys;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::given_token::NoGivenToken;
use crate::protocol::jws::NotAJws;
use crate::session::SessionError;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error("`{flag}` sends the token, and it is not said to which login's server")]
    NoServer { flag: &'static str },
    #[error("the variable `{name}` is not set")]
    NoVariable { name: String },
    #[error("{place} is not a valid token")]
    BadToken {
        place: String,
        #[source]
        source: NoGivenToken,
    },
    #[error("the login `{profile}` has no ID token")]
    NoIdToken { profile: String },
    #[error("the signature cannot be verified: {0}")]
    NotAJws(NotAJws),
    #[error("the signature cannot be verified: {problem}")]
    NotVerifiable { problem: String, hint: &'static str },
    #[error("the signature is not that of {issuer}: {problem}")]
    Forged { issuer: String, problem: &'static str },
    #[error("the signature cannot be verified")]
    NoKeys(#[source] NoKeys),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for InspectError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoServer { .. } => {
                ExitCode::Usage.hint("name the login whose server may see it, with `--profile`, or leave the flag out")
            }
            Self::NoVariable { .. } => {
                ExitCode::Usage.hint("export it, or pass the token on stdin: `oauthctl inspect -`")
            }
            Self::BadToken { .. } => ExitCode::Usage.hint("pass the token alone"),
            Self::NoIdToken { profile } => ExitCode::LoginNeeded.hint(format!(
                "`oauthctl login --profile {profile} --scope openid` asks for one, with other scopes as needed"
            )),
            Self::NotAJws(_) => {
                ExitCode::Usage.hint("leave out `--verify`; `--introspect` asks the server about any token")
            }
            Self::NotVerifiable { hint, .. } => ExitCode::Definition.hint(*hint),
            Self::Forged { .. } => ExitCode::Refused.hint("do not trust what it says; `--issuer` names another issuer"),
            Self::NoKeys(NoKeys::Status { status: 400..=428, .. }) => {
                ExitCode::Network.hint("compare `openid.jwks_url` with the issuer's metadata")
            }
            Self::NoKeys(NoKeys::Unreachable(_) | NoKeys::Status { .. }) => ExitCode::Network.hint("try again later"),
            Self::NoKeys(_) => ExitCode::Network.hint("compare `openid.jwks_url` with the issuer's metadata"),
            Self::Session(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}
