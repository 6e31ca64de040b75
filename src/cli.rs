//! The command line: global flags and the subcommands.

use std::ffi::OsString;
use std::sync::Arc;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{self, Context};
use crate::store::{Profile, StoreKind};
use crate::system::System;
use crate::system::terminal::{ColorChoice, SystemTerminal};

const EXIT_CODES: &str = "Exit codes: 0 done · 1 unexpected · 2 usage · 3 provider or registration · 4 login needed · 5 refused · \
6 no redirect in time · 7 store · 8 network or server fault · 9 the API answered 4xx or 5xx · 10 scope missing · 11 busy";

/// Get an OAuth 2.0 token from a provider, keep it safely, and find out what it can do
#[derive(Parser)]
#[command(name = "oauthctl", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options for every command")]
pub struct GlobalArgs {
    /// The login to use; `oauthctl use NAME` changes the default
    #[arg(long, global = true, value_name = "NAME", env = "OAUTHCTL_PROFILE", hide_env_values = true)]
    pub profile: Option<Profile>,

    /// Where to keep logins and registrations
    #[arg(long, global = true, value_name = "STORE", env = "OAUTHCTL_STORE", hide_env_values = true)]
    pub store: Option<StoreKind>,

    /// What of these came from the command line, and not from the environment.
    #[arg(skip)]
    pub typed: Typed,

    /// Print the answer as JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// Say more; secrets stay masked
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// When to colour; NO_COLOR is obeyed
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

/// Whether a global option was typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typed {
    pub profile: bool,
    pub store: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Register your app's client id and secret for a provider
    App(commands::app::AppArgs),
    /// Log in to a provider in the browser and keep the token
    Login(commands::login::LoginArgs),
    /// Send one request to the provider's API with the token in it
    Call(commands::call::CallArgs),
    /// Print the access token and nothing else
    Token(commands::token::TokenArgs),
    /// Get a new access token with the refresh token, now
    Refresh(commands::refresh::RefreshArgs),
    /// List the logins: provider, store, scopes, since when, until when
    Status(commands::status::StatusArgs),
    /// Show what a token may do: asked for, granted, and with --probe proven
    Scopes(commands::scopes::ScopesArgs),
    /// Make a login the current one
    Use(commands::use_login::UseArgs),
    /// Revoke a login's tokens where the provider can, and forget it
    Logout(commands::logout::LogoutArgs),
    /// Run a command with the access token in its environment
    Exec(commands::exec::ExecArgs),
    /// Seal a login under a passphrase and print it, to be taken to another machine
    Export(commands::export::ExportArgs),
    /// Take in a login that `export` sealed on another machine
    Import(commands::import::ImportArgs),
    /// List the providers, or show one's definition
    Providers(commands::providers::ProvidersArgs),
    /// Stand in for a provider on this machine
    Emulate(commands::emulate::EmulateArgs),
    /// Do the whole round against an emulator, and keep no login
    Demo(commands::demo::DemoArgs),
    /// Print a completion script for your shell
    Completions(commands::completions::CompletionsArgs),
    /// Print the manual page
    Man(commands::completions::ManArgs),
}

/// Reads the command line; an error is clap's own message, with foreign words cleaned.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(args)?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    let typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
    cli.global.typed = Typed { profile: typed("profile"), store: typed("store") };
    Ok(cli)
}

impl Cli {
    pub fn run(self, system: System) -> anyhow::Result<()> {
        let terminal = SystemTerminal::new(self.global.color, self.global.quiet);
        let context = Context::new(system, Arc::new(terminal), self.global);
        match &self.command {
            Command::App(args) => commands::app::run(args, &context),
            Command::Login(args) => commands::login::run(args, &context),
            Command::Call(args) => commands::call::run(args, &context),
            Command::Token(args) => commands::token::run(args, &context),
            Command::Refresh(args) => commands::refresh::run(args, &context),
            Command::Status(args) => commands::status::run(args, &context),
            Command::Scopes(args) => commands::scopes::run(args, &context),
            Command::Use(args) => commands::use_login::run(args, &context),
            Command::Logout(args) => commands::logout::run(args, &context),
            Command::Exec(args) => commands::exec::run(args, &context),
            Command::Export(args) => commands::export::run(args, &context),
            Command::Import(args) => commands::import::run(args, &context),
            Command::Providers(args) => commands::providers::run(args, &context),
            Command::Emulate(args) => commands::emulate::run(args, &context),
            Command::Demo(args) => commands::demo::run(args, &context),
            Command::Completions(args) => commands::completions::run(args, &context),
            Command::Man(args) => commands::completions::run_man(args, &context),
        }
    }
}
