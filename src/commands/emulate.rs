//! `emulate`: runs a local mock of a provider, and optionally a command against it.
//!
//! In the command's environment the provider is the emulator. The default profile there has a separate name, so that a
//! real login of the provider is never touched. The origins recorded with a real login keep its token from the
//! emulator.

use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use clap::Args;

use super::Context;
use super::exec::ChildNotStarted;
use crate::emulator::{Emulator, EmulatorError, Fault, Options};
use crate::protocol::advice::{Advice, NextStep};
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize::{Pieces, Style};
use crate::protocol::shell::quoted;
use crate::protocol::time::HumanDuration;
use crate::provider::{DefinitionError, ProviderDefinition};
use crate::session::{SessionError, of_emulator};
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct EmulateArgs {
    /// The provider's id
    #[arg(value_name = "PROVIDER")]
    provider: String,

    /// The port to listen on [default: a free one]
    #[arg(long, value_name = "PORT", default_value = "0", hide_default_value = true)]
    port: u16,

    /// Consent automatically, without the page
    #[arg(long)]
    approve: bool,

    /// Refuse a redirect URI whose port is not the registered one
    #[arg(long)]
    exact_port: bool,

    /// Register another redirect URI besides http://127.0.0.1:8765/callback
    #[arg(long = "redirect-uri", value_name = "URI", value_parser = RedirectUri::parse)]
    redirect_uris: Vec<RedirectUri>,

    /// Simulate a fault
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,

    /// Access token lifetime; a list such as `5s,1h` sets it for a login's first token, the next, and so on
    #[arg(long = "token-lifetime", value_name = "TIME", value_delimiter = ',')]
    token_lifetimes: Vec<HumanDuration>,

    /// Delay before each answer of the token endpoint
    #[arg(long, value_name = "MILLISECONDS", default_value = "0", hide_default_value = true)]
    latency: u64,

    /// A command to run against the emulator; the emulator stops when it ends
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl EmulateArgs {
    /// Returns `true` if it answers on stdout: without a command, it prints lines to paste.
    pub fn answers(&self) -> bool {
        self.command.is_empty()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EmulateError {
    #[error(transparent)]
    NotStarted(#[from] ChildNotStarted),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for EmulateError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotStarted(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Emulator(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

/// Runs the emulator and returns the exit code of the command that ran against it, which becomes ours.
pub fn run(args: &EmulateArgs, context: &Context) -> Result<u8, EmulateError> {
    let catalogue = context.session.catalogue()?;
    let definition = catalogue.get(&catalogue.id_of(&args.provider))?;
    let options = Options {
        port: args.port,
        approve: args.approve,
        exact_port: args.exact_port,
        faults: args.faults.clone(),
        redirect_uris: args.redirect_uris.clone(),
        token_lifetimes: args.token_lifetimes.iter().map(|time| time.0).collect(),
        latency: Duration::from_millis(args.latency),
    };
    let emulator = start(&definition, options, context)?;
    let origin = emulator.origin().to_string();
    let environment = of_emulator(&definition.id, &origin, emulator.client_id(), emulator.client_secret());
    let terminal = context.terminal();
    let what = format_args!(" {} at {}", definition.name, emulator.origin());
    terminal.note(&Pieces(&[&Style::Success.of("Emulating"), &what]));
    if !args.command.is_empty() {
        return Ok(run_command(&args.command, &environment)?);
    }
    terminal.note(&"Paste these lines into another terminal; Ctrl-C here stops the emulator.");
    for (name, value) in &environment {
        terminal.data(format!("export {name}={}\n", quoted(value)).as_bytes())?;
    }
    loop {
        std::thread::park();
    }
}

/// Starts an emulator that prints a message for each request.
pub fn start(definition: &ProviderDefinition, options: Options, context: &Context) -> Result<Emulator, EmulatorError> {
    let terminal = context.terminal_handle();
    let (clock, entropy) = (context.system.clock.clone(), context.system.entropy.clone());
    let log = move |line: &str| terminal.note(&Pieces(&[&Style::Faint.of("emulator:"), &" ", &line]));
    Emulator::start(definition, options, clock, entropy, log)
}

fn run_command(command: &[OsString], environment: &[(&str, String)]) -> Result<u8, ChildNotStarted> {
    let (program, args) = command.split_first().expect("the command is not empty");
    let mut child = Command::new(program);
    child.args(args).envs(environment.iter().map(|(name, value)| (name, value)));
    if let Some(path) = path_with_us() {
        child.env("PATH", path);
    }
    child.status().map(exit_code).map_err(|source| ChildNotStarted::new(program, source))
}

/// Returns PATH with our own folder appended, so that `cargo run -- emulate judgeme -- oauthctl …` finds us.
fn path_with_us() -> Option<OsString> {
    let folder = std::env::current_exe().ok()?.parent()?.to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&path).chain([folder])).ok()
}

/// Returns the exit code as a shell reports it: 128 plus the number of a signal.
fn exit_code(status: std::process::ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
