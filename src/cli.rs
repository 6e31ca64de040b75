//! The command line: global flags and the subcommands.

use std::ffi::OsString;
use std::sync::Arc;

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
    /// Show what the provider knows, what was asked for, what was granted
    Scopes(commands::scopes::ScopesArgs),
    /// Make a login the current one
    Use(commands::use_login::UseArgs),
    /// Revoke a login's tokens where the provider can, and forget it
    Logout(commands::logout::LogoutArgs),
    /// List the providers, or show one's definition
    Providers(commands::providers::ProvidersArgs),
    /// Stand in for a provider on this machine
    Emulate(commands::emulate::EmulateArgs),
    /// Do the whole round against an emulator, and leave nothing behind
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
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
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
            Command::Providers(args) => commands::providers::run(args, &context),
            Command::Emulate(args) => commands::emulate::run(args, &context),
            Command::Demo(args) => commands::demo::run(args, &context),
            Command::Completions(args) => commands::completions::run(args, &context),
            Command::Man(args) => commands::completions::run_man(args, &context),
        }
    }
}
