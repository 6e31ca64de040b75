//! `--trace FILE`: what a command sent and got, as a HAR file or as curl commands; and the end of the command's record.
//!
//! # Decision: a file is replaced only if it is a trace
//!
//! A trace is asked for again and again, with the same name. But a HAR file may also be a browser's, recorded by hand, and
//! a script somebody's own. So a file is replaced if it says that it is a trace of ours, and refused otherwise, before
//! anything is sent. It is made for this user alone, since `--show-secrets` may be on; a symbolic link is replaced, and not
//! followed.

mod har;
mod script;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;

use self::har::MARK;
use super::Context;
use super::explain::explained;
use crate::protocol::advice::{Advice, ExitCode, NextStep, causes, with_causes};
use crate::protocol::flow_record::{FlowRecord, Outcome, What};
use crate::protocol::sanitize;
use crate::system::private_file::{self, disk_hint};

/// How far into a file the mark is looked for.
const MARKED: u64 = 512;

#[derive(Args)]
pub struct TraceFile {
    /// Write all requests and replies to this file: FILE.har for any HAR viewer, FILE.sh for curl commands
    #[arg(long, value_name = "FILE", help_heading = "Trace")]
    pub trace: Option<PathBuf>,
}

#[derive(Args)]
pub struct TraceArgs {
    #[command(flatten)]
    pub file: TraceFile,

    /// Show the secrets in the trace instead of masking them
    #[arg(long, requires = "trace", help_heading = "Trace")]
    pub show_secrets: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("`{path}` ends with neither `.har` nor `.sh`, so the form of the trace is not known")]
    UnknownForm { path: String },
    #[error("`{path}` exists and is not a trace, so it is not replaced")]
    NotATrace { path: String },
    #[error("the trace cannot be written to `{path}`")]
    NotWritten {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl Advice for TraceError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::UnknownForm { .. } => {
                ExitCode::Usage.hint("name it FILE.har to open it in a HAR viewer, or FILE.sh for curl commands")
            }
            Self::NotATrace { .. } => ExitCode::Usage.hint("give another name, or move that file away"),
            Self::NotWritten { source, .. } => ExitCode::Unexpected.hint(disk_hint(source)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Har,
    Script,
}

/// A file that will get a trace.
#[derive(Debug)]
pub struct Target<'a> {
    path: &'a Path,
    form: Form,
}

impl<'a> Target<'a> {
    /// Checks a path before anything is sent.
    pub fn new(path: &'a Path) -> Result<Self, TraceError> {
        let shown = || sanitize::line(&path.to_string_lossy());
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        let form = match ending.as_deref() {
            Some("har") => Form::Har,
            Some("sh") => Form::Script,
            _ => return Err(TraceError::UnknownForm { path: shown() }),
        };
        let not_written = |source| TraceError::NotWritten { path: shown(), source };
        match std::fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                let mut begin = String::new();
                let file = std::fs::File::open(path).map_err(not_written)?;
                let is_text = file.take(MARKED).read_to_string(&mut begin).is_ok();
                // A character may be cut in two at the end of what is read.
                if !is_text && begin.is_empty() || !begin.contains(MARK) {
                    return Err(TraceError::NotATrace { path: shown() });
                }
            }
            Ok(_) => return Err(TraceError::NotATrace { path: shown() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                std::fs::metadata(folder).map_err(not_written)?;
            }
            Err(error) => return Err(not_written(error)),
        }
        Ok(Self { path, form })
    }

    fn write(&self, record: &FlowRecord) -> Result<(), TraceError> {
        let text = match self.form {
            Form::Har => har::text(record),
            Form::Script => script::text(record),
        };
        let not_written =
            |source| TraceError::NotWritten { path: sanitize::line(&self.path.to_string_lossy()), source };
        private_file::replace(self.path, text.as_bytes()).map_err(not_written)
    }
}

/// Ends the flow of a command: its record is written, and its trace. A record that cannot be written is told of at most.
/// A trace was asked for, so without one a command that did all else has failed.
pub fn end(
    result: Result<u8, Box<dyn Advice>>,
    target: Option<&Target<'_>>,
    context: &Context,
) -> Result<u8, Box<dyn Advice>> {
    let outcome = outcome_of(&result);
    let kept = context.session.keep_record(Some(&outcome)).unwrap_or_else(|error| {
        if context.is_verbose() {
            context.terminal().note(&format_args!("note: no record of this was kept: {}", with_causes(&error)));
        }
        None
    });
    let result = result.map_err(|error| match kept {
        Some(record) => explained(error, &record),
        None => error,
    });
    let Some(target) = target else { return result };
    let is_sent = |what: &What| matches!(what, What::Exchange(_) | What::Browser { .. });
    let traced = context.session.traced(Some(&outcome));
    let written = match traced.filter(|record| record.events.iter().any(|event| is_sent(&event.what))) {
        Some(record) => target.write(&record),
        None => {
            context.terminal().note(&"Nothing was sent, so there is no trace.");
            Ok(())
        }
    };
    match (result, written) {
        (Ok(_), Err(error)) => Err(error.into()),
        (Err(first), Err(error)) => {
            context.warn(&with_causes(&error));
            Err(first)
        }
        (result, Ok(())) => result,
    }
}

fn outcome_of(result: &Result<u8, Box<dyn Advice>>) -> Outcome {
    let error = match result {
        Ok(code) => return Outcome { exit_code: *code, ..Outcome::success() },
        Err(error) => error,
    };
    let NextStep { code, hint } = error.next_step();
    let said = std::iter::once(error.to_string()).chain(causes(error.as_ref()).map(ToString::to_string));
    Outcome { exit_code: code as u8, error: said.collect(), hint }
}
