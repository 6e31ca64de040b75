//! The reasons why a command for many logins fails.

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize::{self, ticked};
use crate::session::SessionError;
use crate::store::StoreError;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum ManyError {
    #[error("no login matches `{}`; there {}", sanitize::line(pattern), listed(logins))]
    NoMatch { pattern: String, logins: Vec<String> },
    /// Each has been told already.
    #[error("{} of {of} logins failed: {}", failed.len(), each(failed))]
    Failed { of: usize, failed: Vec<(String, ExitCode)>, code: ExitCode },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Terminal(TerminalError),
}

impl Advice for ManyError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoMatch { .. } => ExitCode::LoginNeeded
                .hint("`oauthctl status` lists the logins; quote the pattern, so that the shell does not read it"),
            Self::Failed { code, .. } => code.no_hint(),
            Self::Session(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

/// How many names an error lists.
const FEW: usize = 10;

fn listed(logins: &[String]) -> String {
    let shown = ticked(logins.iter().take(FEW));
    let verb = if logins.len() == 1 { "is" } else { "are" };
    match logins.len().saturating_sub(FEW) {
        0 => format!("{verb} {shown}"),
        more => format!("{verb} {shown} and {more} more"),
    }
}

fn each(failed: &[(String, ExitCode)]) -> String {
    let shown: Vec<String> =
        failed.iter().take(FEW).map(|(name, code)| format!("`{name}` (exit code {})", *code as u8)).collect();
    match failed.len().saturating_sub(FEW) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
