//! `emulate`: runs a local mock of a provider, and optionally a command against it.
//!
//! In the command's environment the provider is the emulator, and whatever is stored there goes to a store of the
//! emulator's own: see `session/emulation.rs`. The default profile there has a separate name all the same, and the origins
//! recorded with a login keep its token from the emulator, for programs that use OAUTHCTL_EMULATOR alone.

mod end;
pub mod own_store;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitStatus;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;

use self::end::End;
use self::own_store::{OwnStore, clear_left};
use super::Context;
use super::exec::ChildNotStarted;
use super::shell_line::{NoShellLine, set_line};
use crate::emulator::{self, Claim, ConsentScript, Emulator, EmulatorError, Fault, Options, Person};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize::{Pieces, Style};
use crate::protocol::shell::ShellKind;
use crate::protocol::time::HumanDuration;
use crate::provider::{DefinitionError, ProviderDefinition};
use crate::session::{SessionError, of_emulated_address, of_emulator};
use crate::system::own_folder::OwnFolderError;
use crate::system::screen::{self, Stream};
use crate::system::shell::word;
use crate::system::signals::EndSignals;
use crate::system::terminal::TerminalError;
use crate::system::{exec, program, remedy};

/// What stands for an MCP server: it is no provider, and clients know it by its address alone.
const MCP: &str = "mcp";

/// The variable with the address of the emulated MCP server.
const MCP_URL: &str = "MCP_SERVER_URL";

#[derive(Args)]
pub struct EmulateArgs {
    /// The provider's id, or `mcp` for an MCP server, which has its address in MCP_SERVER_URL
    #[arg(value_name = "PROVIDER")]
    provider: String,

    /// The port to listen on [default: a free one]
    #[arg(long, value_name = "PORT", default_value = "0", hide_default_value = true)]
    port: u16,

    /// Consent automatically, without the page
    #[arg(long)]
    approve: bool,

    /// Answer each request for consent as these steps say, such as `approve,deny`; the last one goes on
    ///
    /// Steps: `approve`, `approve SCOPE SCOPE`, `deny`, `error CODE`, `page`.
    #[arg(long, value_name = "SCRIPT", conflicts_with = "approve")]
    consent: Option<ConsentScript>,

    /// The name of the person who logs in, as the subject of tokens
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    user: Option<String>,

    /// A claim of all tokens, as JSON or text, such as `role=admin`; access tokens become JWTs
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<Claim>,

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

    /// The shell that the printed lines are for [default: the one in use]
    #[arg(long, value_name = "SHELL", conflicts_with = "command")]
    shell: Option<ShellKind>,

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
    NoShellLine(#[from] NoShellLine),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    #[error("the emulator has no folder for its logins")]
    OwnStore(#[from] OwnFolderError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for EmulateError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotStarted(error) => error.next_step(),
            Self::NoShellLine(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Definition(error) => error.next_step(),
            Self::Emulator(error) => error.next_step(),
            Self::OwnStore(OwnFolderError::Folder { source, .. }) => {
                ExitCode::Store.hint(format!("{}, or set {} to a folder of your own", source.hint(), remedy::TEMPORARY))
            }
            Self::OwnStore(OwnFolderError::Entropy(error)) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

/// Runs the emulator and returns the exit code of the command that ran against it, which becomes ours.
pub fn run(args: &EmulateArgs, context: &Context) -> Result<u8, EmulateError> {
    let catalogue = context.session.catalogue()?;
    let is_mcp = args.provider == MCP && !catalogue.ids().iter().any(|id| id == MCP);
    let definition = match is_mcp {
        true => catalogue.compose(MCP, Some((emulator::MCP_DEFINITION, MCP)))?,
        false => catalogue.get(&catalogue.id_of(&args.provider))?,
    };
    let options = Options {
        port: args.port,
        approve: args.approve,
        consent: args.consent.clone().unwrap_or_default(),
        person: Person { user: args.user.clone(), claims: args.claims.clone() },
        exact_port: args.exact_port,
        faults: args.faults.clone(),
        redirect_uris: args.redirect_uris.clone(),
        token_lifetimes: args.token_lifetimes.iter().map(|time| time.0).collect(),
        latency: Duration::from_millis(args.latency),
        mcp: is_mcp,
    };
    let has_terminal = !args.command.is_empty() && screen::is_terminal(Stream::Stderr);
    let emulator = start(&definition, options, has_terminal, context)?;
    let terminal = context.terminal();
    if let Some(left) = clear_left() {
        terminal.note(&left);
    }
    // From here on a signal must not end the process before the store is deleted.
    let signals = EndSignals::receive().ok();
    let store = OwnStore::create(&definition.id, context.system.entropy.as_ref())?;
    let origin = emulator.origin().to_string();
    let (id, secret) = (emulator.client_id(), emulator.client_secret());
    let environment = match is_mcp {
        true => of_emulated_address(MCP_URL, &emulator.resource(), store.folder()),
        false => of_emulator(&definition.id, &origin, store.folder(), id, secret),
    };
    let end = End::new(store, signals, context.terminal_handle());
    let what = format_args!(" {} at {origin}", definition.name);
    terminal.note(&Pieces(&[&Style::Success.of("Emulating"), &what]));
    if is_mcp {
        terminal.note(&format_args!("`oauthctl login {} --yes` logs in to it by its address.", emulator.resource()));
    }
    let result = match args.command.is_empty() {
        false => run_command(&args.command, &environment, &definition, &end, context).map_err(EmulateError::from),
        true => show_lines(&environment, &definition, &origin, args, context).map(|()| {
            loop {
                std::thread::park();
            }
        }),
    };
    end.reach();
    Ok(exec::code_like(result?))
}

/// Prints the variables for another terminal.
fn show_lines(
    environment: &[(&'static str, String)],
    definition: &ProviderDefinition,
    origin: &str,
    args: &EmulateArgs,
    context: &Context,
) -> Result<(), EmulateError> {
    let (terminal, id) = (context.terminal(), &definition.id);
    if context.session.choices.json {
        let environment = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let view = EmulatorView { provider: id, name: &definition.name, origin, environment };
        return Ok(context.answer_json(&view)?);
    }
    terminal.note(&format_args!(
        "Paste these lines into another terminal, and type `oauthctl login {id}` there. Logins and clients go to a store \
         of the emulator's own there; yours are not touched."
    ));
    for (name, value) in environment {
        terminal.data(set_line(args.shell, name, value)?.as_bytes())?;
    }
    let port = origin.rsplit_once(':').map(|(_, port)| port).filter(|_| args.port == 0);
    if let Some(port) = port {
        terminal.note(&format_args!("`--port {port}` would keep this address for the next time."));
    }
    terminal.note(&"Ctrl-C here stops the emulator and deletes that store.");
    Ok(())
}

/// The answer of an emulator without a command.
#[derive(Serialize)]
struct EmulatorView<'a> {
    provider: &'a str,
    name: &'a str,
    origin: &'a str,
    /// The variables with which other commands use the emulator. The secret in it is made up.
    environment: BTreeMap<&'static str, &'a str>,
}

/// Starts an emulator that prints a message for each request.
/// Starts the emulator. `has_terminal` is true if a command of the user's will have the terminal.
pub fn start(
    definition: &ProviderDefinition,
    options: Options,
    has_terminal: bool,
    context: &Context,
) -> Result<Emulator, EmulatorError> {
    let terminal = context.terminal_handle();
    let (clock, entropy) = (context.system.clock.clone(), context.system.entropy.clone());
    // On a terminal its lines would run into those of the command, which does not know of them.
    let is_shown = context.is_verbose() || !has_terminal;
    let log = move |line: &str| {
        if is_shown {
            terminal.note(&Pieces(&[&Style::Faint.of("emulator:"), &" ", &line]))
        }
    };
    Emulator::start(definition, options, clock, entropy, log)
}

fn run_command(
    command: &[OsString],
    environment: &[(&'static str, String)],
    definition: &ProviderDefinition,
    end: &End,
    context: &Context,
) -> Result<ExitStatus, ChildNotStarted> {
    let (program, args) = command.split_first().expect("the command is not empty");
    if context.terminal().is_interactive() {
        tell_how(definition, context);
    }
    let mut child = program::command(program);
    child.args(args).envs(environment.iter().map(|(name, value)| (name, value)));
    if let Some(path) = path_with_us() {
        child.env("PATH", path);
    }
    let mut child = child.spawn().map_err(|source| ChildNotStarted::new(program, source))?;
    end.set_child(child.id());
    child.wait().map_err(|source| ChildNotStarted::new(program, source))
}

/// Tells a person what to type inside, and how to leave.
fn tell_how(definition: &ProviderDefinition, context: &Context) {
    let terminal = context.terminal();
    terminal.note(&"  Logins and clients go to a store of the emulator's own here; yours are not touched.");
    let login = Style::Strong.of(format!("oauthctl login {}", definition.id));
    terminal.note(&Pieces(&[&"  log in   ", &login]));
    let path = definition.api.example.as_deref().unwrap_or("PATH");
    terminal.note(&Pieces(&[&"  call     ", &Style::Strong.of(format!("oauthctl call GET {}", word(path)))]));
    terminal.note(&Pieces(&[&"  leave    ", &Style::Strong.of("exit"), &", which deletes that store"]));
}

/// Returns PATH with our own folder appended, so that `cargo run -- emulate judgeme -- oauthctl …` finds us.
fn path_with_us() -> Option<OsString> {
    let folder = std::env::current_exe().ok()?.parent()?.to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&path).chain([folder])).ok()
}
