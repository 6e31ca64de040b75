//! Why there is no token with fewer scopes than a login has.

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize::ticked;

#[derive(Debug, thiserror::Error)]
pub enum NotNarrower {
    #[error("`--scope` names no scope")]
    NoScope,
    #[error("`{provider}` has no scope called {}, as far as its definition knows", ticked(scopes))]
    Unknown { provider: String, scopes: Vec<String>, known: Vec<String> },
    /// `login` asks for them beside those that it has.
    #[error("the login `{profile}` does not have {}: it has {}", ticked(scopes), has(granted))]
    NotGranted { profile: String, scopes: Vec<String>, granted: Vec<String>, login: String },
    #[error("the login `{profile}` cannot get a token with fewer scopes: {}", reason(*why, provider))]
    Impossible { profile: String, provider: String, why: NoWay, login: String },
    #[error("`{provider}` did not make the token narrower: beside what was asked for it has {}", ticked(beyond))]
    Wider { provider: String, beyond: Vec<String>, login: String },
    #[error("`{provider}` does not say which scopes the new token has, so it may have more than {}", ticked(asked))]
    Unsaid { provider: String, asked: Vec<String>, login: String },
}

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    NoRefreshToken,
    /// By its definition.
    Provider,
    /// The token is that of OAUTHCTL_TOKEN.
    Variable,
}

impl Advice for NotNarrower {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoScope => ExitCode::Usage.hint("name one, or leave `--scope` out"),
            Self::Unknown { known, .. } => {
                ExitCode::Usage.hint(format!("the login has {}; `oauthctl scopes` says what they are for", has(known)))
            }
            Self::NotGranted { login, .. } => ExitCode::ScopeMissing.hint(format!("`{login}` asks for it")),
            Self::Impossible { why: NoWay::Variable, .. } => {
                ExitCode::Refused.hint("remove OAUTHCTL_TOKEN to use a stored login, or set it to a narrower token")
            }
            Self::Impossible { login, .. } => {
                ExitCode::Refused.hint(format!("`{login}` makes a login of its own that has no more"))
            }
            Self::Wider { login, .. } | Self::Unsaid { login, .. } => ExitCode::Refused.hint(format!(
                "`{login}` makes a login of its own that has no more; `--allow-wider` takes the token as it is"
            )),
        }
    }
}

fn reason(why: NoWay, provider: &str) -> String {
    match why {
        NoWay::NoRefreshToken => format!("`{provider}` gave it no refresh token"),
        NoWay::Provider => format!("a refresh at `{provider}` does not change them"),
        NoWay::Variable => "its token is that of OAUTHCTL_TOKEN, which cannot be refreshed".to_owned(),
    }
}

fn has(names: &[String]) -> String {
    if names.is_empty() { "none that is known".to_owned() } else { ticked(names) }
}
