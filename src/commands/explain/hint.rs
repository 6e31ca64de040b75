//! The hint of a command that failed, with what its record says.
//!
//! # Decision: an error is told once
//!
//! An error's own hint goes by the request that failed. A finding takes its place only if it goes by more than that (two
//! requests, the clocks, the server's metadata), and is at least of medium confidence. Else it would say the same in other
//! words. The rest of the findings are what `explain` is for, and one line says so.

use std::error::Error;
use std::fmt;

use crate::flow::explain::{Confidence, UNEXPLAINED, diagnose};
use crate::protocol::advice::{Advice, NextStep};
use crate::protocol::flow_record::{FlowKind, FlowRecord};

/// The line below a hint.
const MORE: &str = "`oauthctl explain` shows what was sent and what came";

/// An error with the hint that its record gives.
#[derive(Debug)]
pub struct Explained {
    pub error: Box<dyn Advice>,
    /// With the line that names the command, if there was a hint before it.
    pub hint: String,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Explained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl Advice for Explained {
    fn next_step(&self) -> NextStep {
        self.error.next_step().code.hint(self.hint.clone())
    }
}

/// Returns the error with the first finding as its hint, if that knows more than the error itself.
pub fn explained(error: Box<dyn Advice>, record: &FlowRecord) -> Box<dyn Advice> {
    let Some(finding) = diagnose(record, None).into_iter().next() else { return error };
    let knows_more = finding.is_wider_than_the_error && finding.confidence <= Confidence::Medium;
    let own = error.next_step().hint;
    // What an API refuses for a reason of its own, such as a 404, is told by its answer.
    let is_told = finding.id == UNEXPLAINED && record.flow == FlowKind::Call;
    let hint = match (own, knows_more) {
        (None, false) if is_told => return error,
        (_, true) => format!("{}: {}", finding.title, finding.next),
        (Some(own), false) => own,
        (None, false) => return Box::new(Explained { error, hint: MORE.to_owned() }),
    };
    Box::new(Explained { error, hint: format!("{hint}\n{MORE}") })
}
