//! `inspect`: everything that can be known of a token, each fact with its source.
//!
//! Decisions:
//!
//! * Nothing is sent without a flag, and with one only to the servers of a login that the command line means. A token from
//!   stdin or a variable belongs to no login unless `--profile` or OAUTHCTL_PROFILE says so.
//! * What a token says of itself is shown and never acted on: no key is fetched from its `iss`, `jku` or `x5u`, and no claim
//!   decides where anything goes. That is also why the facts have sources, and why two that differ are both shown.
//! * An ID token's claims about the person are shown whole: the person asks. The token itself, its signature and its key are
//!   never shown.
//! * A source that does not answer is told, and ends nothing. Only `--verify` is a question with a yes or no: a signature
//!   that is not the issuer's is exit 5.

mod args;
mod contradictions;
mod error;
mod known;
mod online;
mod report;
mod subject;
mod view;

pub use args::InspectArgs;
pub use error::InspectError;

use self::online::Answers;
use self::report::Report;
use self::subject::Subject;
use super::Context;
use crate::protocol::sanitize::{self, TerminalText};
use crate::protocol::time::Timestamp;
use crate::store::Profile;
use crate::store::token_look::TokenLooks;

pub fn run(args: &InspectArgs, context: &Context) -> Result<(), InspectError> {
    let subject = Subject::find(args, context)?;
    if let Some(wrapping) = &subject.wrapping {
        context.terminal().note(&format_args!("note: the token was taken from {wrapping}"));
    }
    let answers = Answers::ask(args, &subject, context)?;
    let (now, width) = (context.system.clock.now(), context.terminal().width());
    let mut report = Report::new(&subject, &answers, now, width);
    if let Some(profile) = subject.profile_of_look() {
        report.changes = changes(profile, &subject, context);
    }
    context.answer(&report)?;
    answers.verdict()
}

/// Returns the report on a token that belongs to no login, as a terminal gets it and as JSON.
pub fn page(token: &str, now: Timestamp, width: usize) -> (String, String) {
    let report = Report::new(&Subject::alone(token), &Answers::default(), now, width);
    let json = serde_json::to_string(&report).unwrap_or_default();
    (TerminalText::of(&report).as_str().to_owned(), sanitize::json(&json).into_owned())
}

/// Compares this look with the last one, and keeps it. A disk that cannot be written is no reason to fail.
fn changes(profile: &Profile, subject: &Subject, context: &Context) -> Option<report::Changes> {
    let looks = TokenLooks::new(&context.session.paths().ok()?.data);
    let look = known::look(subject, context.system.clock.now());
    let last = looks.last(profile).ok().flatten().filter(|last| last.provider == look.provider);
    if !context.session.keeps_nothing()
        && let Err(error) = looks.keep(profile, &look)
    {
        context.warn(&format!("this look at the token cannot be kept: {error}"));
    }
    let last = last?;
    Some(report::Changes { since: last.at, changed: look.changes_since(&last) })
}
