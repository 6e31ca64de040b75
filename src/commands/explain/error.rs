//! The errors of `explain`.

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::session::SessionError;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    #[error("no flow is recorded")]
    NothingRecorded,
    #[error("no flow of the login `{profile}` is recorded")]
    NothingOf { profile: String },
    #[error("there is no recorded flow `{id}`")]
    NoSuchFlow { id: String },
    #[error("only {count} {} recorded", if *.count == 1 { "flow is" } else { "flows are" })]
    NotSoMany { count: usize },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl ExplainError {
    pub fn no_such(id: &str) -> Self {
        Self::NoSuchFlow { id: sanitize::line(id) }
    }
}

impl Advice for ExplainError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NothingRecorded => ExitCode::Usage
                .hint("run the command that fails again, without `--no-record` and without OAUTHCTL_RECORD=off"),
            Self::NothingOf { .. } | Self::NoSuchFlow { .. } | Self::NotSoMany { .. } => {
                ExitCode::Usage.hint("`oauthctl explain --list` shows the recorded flows")
            }
            Self::Session(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}
