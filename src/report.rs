//! Errors as people and scripts see them: one line that says what was tried, the causes, a hint that can be pasted, and
//! an exit code that says what to do next. The only place that knows every error type.

mod commands;

use std::error::Error;
use std::io::Write;
use std::process;

use colored::Colorize;

use self::commands::{of_call, of_command};
use crate::commands::CommandError;
use crate::commands::call::CallError;
use crate::commands::emulate::CommandEnded;
use crate::emulator::EmulatorError;
use crate::flow::FlowError;
use crate::flow::token_source::TokenSourceError;
use crate::protocol::advice::{Advice, NextStep};
use crate::protocol::sanitize;
use crate::provider::DefinitionError;
use crate::store::StoreError;
use crate::system::certificate::CertificateError;
use crate::system::entropy::NoEntropy;
use crate::system::http::HttpError;
use crate::system::paths::PathsError;
use crate::system::project::ProjectError;
use crate::system::terminal::TerminalError;

pub use crate::protocol::advice::ExitCode;

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// An exit code and, where something can be done, a hint.
type Verdict = (ExitCode, Option<String>);

/// Ends a command: prints its error, if it has one, and says the exit code.
pub fn end(result: anyhow::Result<()>) -> process::ExitCode {
    let Err(error) = result else { return ExitCode::Success.into() };
    if let Some(CommandEnded(code)) = error.downcast_ref() {
        return process::ExitCode::from(*code);
    }
    if is_broken_pipe(error.as_ref()) {
        // The reader has what it wanted, as in `oauthctl status | head -1`.
        return ExitCode::Success.into();
    }
    let (code, hint) = verdict(error.as_ref());
    anstream::eprint!("{}", page(error.as_ref(), hint.as_deref()));
    code.into()
}

/// A command line that was not understood, or a `--help`: clap words both.
pub fn usage(error: &clap::Error) -> process::ExitCode {
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    match printed {
        // Nobody can be told that stderr is gone.
        _ if error.use_stderr() => ExitCode::Usage.into(),
        Ok(()) => ExitCode::Success.into(),
        Err(error) => end(Err(TerminalError::Stdout(error).into())),
    }
}

/// Panics on our own background threads concern nobody: tiny_http's workers panic when a peer hangs up.
pub fn quiet_background_panics() {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() == Some("main") {
            show(info);
        }
    }));
}

/// The whole message: error, causes, hint. A parser's cause shows the line that it could not read, with whatever is in it.
pub fn page(error: &(dyn Error + 'static), hint: Option<&str>) -> String {
    let mut text = format!("{} {}\n", "error:".red().bold(), sanitize::message(&error.to_string()));
    let mut cause = error.source();
    while let Some(inner) = cause {
        // A parser's cause has several lines, the last one empty.
        let inner_text = sanitize::message(inner.to_string().trim_end());
        text.push_str(&format!("  {} {inner_text}\n", "caused by:".dimmed()));
        cause = inner.source();
    }
    if let Some(hint) = hint {
        text.push_str(&format!("{} {}\n", "hint:".cyan().bold(), sanitize::text(hint)));
    }
    text
}

/// Exit code and hint of the first error in the chain that is one of ours.
pub fn verdict(error: &(dyn Error + 'static)) -> Verdict {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(verdict) = verdict_of(error) {
            return verdict;
        }
        next = error.source();
    }
    (ExitCode::Unexpected, None)
}

fn verdict_of(error: &(dyn Error + 'static)) -> Option<Verdict> {
    fn of<E: Advice + 'static>(error: &(dyn Error + 'static)) -> Option<Verdict> {
        let NextStep { code, hint } = error.downcast_ref::<E>()?.next_step();
        Some((code, hint))
    }
    (error.downcast_ref::<CommandError>().map(of_command))
        .or_else(|| error.downcast_ref::<CallError>().map(of_call))
        .or_else(|| of::<TokenSourceError>(error))
        .or_else(|| of::<FlowError>(error))
        .or_else(|| of::<StoreError>(error))
        .or_else(|| of::<DefinitionError>(error))
        .or_else(|| of::<EmulatorError>(error))
        .or_else(|| of::<HttpError>(error))
        .or_else(|| of::<PathsError>(error))
        .or_else(|| of::<TerminalError>(error))
        .or_else(|| of::<ProjectError>(error))
        .or_else(|| of::<CertificateError>(error))
        .or_else(|| of::<NoEntropy>(error))
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(TerminalError::Stdout(io)) if io.kind() == std::io::ErrorKind::BrokenPipe)
}
