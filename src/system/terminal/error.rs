//! The faults of a terminal, and of what stands in its place.

use std::io;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::system::remedy;

#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    #[error("cannot write to stdout")]
    Stdout(#[source] io::Error),
    #[error("stdout is closed, so the answer cannot be written")]
    StdoutClosed,
    #[error("cannot read stdin")]
    Stdin(#[source] io::Error),
    #[error("the input ended before the answer was complete")]
    NoAnswer,
    /// With Esc.
    #[error("the question was not answered, and nothing was done")]
    Canceled,
}

impl Advice for TerminalError {
    fn next_step(&self) -> NextStep {
        match self {
            // The reader has read enough, as in `oauthctl status | head -1`.
            Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::Success.no_hint(),
            Self::Stdout(_) => ExitCode::Unexpected.no_hint(),
            Self::StdoutClosed => ExitCode::Unexpected.hint(format!(
                "redirect stdout to a file or a pipe, or to {} if you need no answer",
                remedy::NULL_DEVICE
            )),
            Self::Stdin(_) | Self::NoAnswer | Self::Canceled => ExitCode::Usage.no_hint(),
        }
    }
}
