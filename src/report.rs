//! Errors as people and scripts see them: one line that says what was tried, the causes, a hint that can be pasted, and
//! an exit code that says what to do next. The only place that knows every error type.

mod commands;
mod definition;
mod flow;
mod store;

use std::error::Error;
use std::io::Write;
use std::process;

use colored::Colorize;

use self::commands::{of_call, of_command, of_emulator, of_paths, of_project, of_terminal};
use self::definition::of_definition;
use self::flow::{of_flow, of_http, of_token_source};
use self::store::of_store;
use crate::commands::CommandError;
use crate::commands::call::CallError;
use crate::commands::emulate::CommandEnded;
use crate::emulator::EmulatorError;
use crate::flow::FlowError;
use crate::flow::token_source::TokenSourceError;
use crate::protocol::sanitize;
use crate::provider::DefinitionError;
use crate::store::StoreError;
use crate::system::certificate::CertificateError;
use crate::system::entropy::NoEntropy;
use crate::system::http::HttpError;
use crate::system::paths::PathsError;
use crate::system::project::ProjectError;
use crate::system::terminal::TerminalError;

/// What a script may do next. `oauthctl --help` and the README list the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    Success = 0,
    /// A bug, or unforeseen input or output.
    Unexpected = 1,
    /// The command line was not understood.
    Usage = 2,
    /// Unknown provider, bad definition, no client registered.
    Definition = 3,
    /// Nothing stored, or the refresh was refused.
    LoginNeeded = 4,
    /// The user or the server said no, or our origin rule refused.
    Refused = 5,
    /// No redirect in time.
    NoAnswer = 6,
    /// The keychain is missing, locked, hanging, too small.
    Store = 7,
    /// DNS, TLS, connect, timeout, 5xx, unreadable reply.
    Network = 8,
    /// `call` got 4xx or 5xx; the body is on stdout.
    ApiStatus = 9,
    /// The token is valid, its scope is not enough.
    ScopeMissing = 10,
    /// Another process holds the login, and no valid token is left.
    Busy = 11,
}

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
    if let Some(error) = error.downcast_ref::<CommandError>() {
        return Some(of_command(error));
    }
    if let Some(error) = error.downcast_ref::<CallError>() {
        return Some(of_call(error));
    }
    if let Some(error) = error.downcast_ref::<TokenSourceError>() {
        return Some(of_token_source(error));
    }
    if let Some(error) = error.downcast_ref::<FlowError>() {
        return Some(of_flow(error));
    }
    if let Some(error) = error.downcast_ref::<StoreError>() {
        return Some(of_store(error));
    }
    if let Some(error) = error.downcast_ref::<DefinitionError>() {
        return Some(of_definition(error));
    }
    if let Some(error) = error.downcast_ref::<EmulatorError>() {
        return Some(of_emulator(error));
    }
    if let Some(error) = error.downcast_ref::<HttpError>() {
        return Some(of_http(error));
    }
    if let Some(error) = error.downcast_ref::<PathsError>() {
        return Some(of_paths(error));
    }
    if let Some(error) = error.downcast_ref::<TerminalError>() {
        return Some(of_terminal(error));
    }
    if let Some(error) = error.downcast_ref::<ProjectError>() {
        return Some(of_project(error));
    }
    if error.is::<CertificateError>() {
        return Some((ExitCode::Unexpected, None));
    }
    error.downcast_ref::<NoEntropy>().map(|_| (ExitCode::Unexpected, None))
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(TerminalError::Stdout(io)) if io.kind() == std::io::ErrorKind::BrokenPipe)
}
