//! The reasons why `status` fails.

use crate::commands::many::ManyError;
use crate::flow::FlowError;
use crate::flow::userinfo::NoUserinfo;
use crate::protocol::advice::{Advice, ExitCode, NextStep, login_command};
use crate::protocol::sanitize::ticked;
use crate::session::SessionError;
use crate::store::StoreError;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    #[error("{}", ending(profiles))]
    LoginsEnd {
        profiles: Vec<String>,
        provider: String,
        /// They end only for want of use.
        unused: bool,
    },
    #[error("the provider does not say who the login is")]
    Userinfo(#[from] NoUserinfo),
    #[error("the API rejected the token of `{profile}`: {request} → {status}{}", said.as_deref().map(|said| format!(" \"{said}\"")).unwrap_or_default())]
    Rejected { profile: String, request: String, status: u16, said: Option<String>, login: String },
    #[error("introspection says that the token of `{profile}` is not active")]
    Inactive { profile: String, login: String },
    #[error("no server says whether the token of `{profile}` works{}", asked.as_deref().map(|asked| format!(": {asked}")).unwrap_or_default())]
    CannotTell { profile: String, asked: Option<String> },
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Many(#[from] ManyError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for StatusError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::LoginsEnd { profiles, unused: true, .. } => ExitCode::LoginNeeded.hint(format!(
                "they would end for want of use: `oauthctl refresh --profiles '{}'` uses them, and from cron `oauthctl refresh --due`",
                profiles.join(",")
            )),
            Self::LoginsEnd { profiles, provider, .. } => {
                let profile = profiles.first().map_or(provider.as_str(), String::as_str);
                ExitCode::LoginNeeded.hint(format!("`{}` logs in again", login_command(provider, profile)))
            }
            Self::Userinfo(error) => error.next_step(),
            Self::Rejected { login, .. } | Self::Inactive { login, .. } => {
                ExitCode::LoginNeeded.hint(format!("`{login}` gets another token"))
            }
            Self::CannotTell { .. } => ExitCode::Network
                .hint("try again later, or ask with `oauthctl call` for something that needs the token"),
            Self::Flow(error) => error.next_step(),
            Self::Many(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

fn ending(profiles: &[String]) -> String {
    let names = ticked(profiles);
    match profiles {
        [_] => format!("the login {names} does not last"),
        _ => format!("these logins do not last: {names}"),
    }
}
