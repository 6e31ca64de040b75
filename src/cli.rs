//! The command line: global flags and the subcommands.

mod cleaned;
mod other_words;
mod recorded;
mod several;
mod usage_error;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::cleaned::cleaned;
pub use self::usage_error::UsageError;
use crate::commands::many::{self, ManyArgs};
use crate::commands::trace::Target;
use crate::commands::{self, Context};
use crate::protocol::advice::Advice;
use crate::session::project::Ignored;
use crate::session::{Choices, ProcessEnvironment, Recording, Session, Source, Sourced};
use crate::store::{Profile, StoreKind};
use crate::system::System;
use crate::system::screen::can_erase;
use crate::system::terminal::{ColorChoice, SystemTerminal, Terminal};
use crate::system::waiting;

const EXIT_CODES: &str = "Exit codes: 0 done · 1 unexpected · 2 usage · 3 provider or registration · 4 login needed · 5 refused · \
6 no redirect in time · 7 store · 8 network or server fault · 9 the API answered 4xx or 5xx · 10 scope missing · 11 busy";

/// Get an OAuth 2.0 token from a provider, keep it safely, and find out what it can do
#[derive(Parser)]
#[command(name = "oauthctl", version, disable_version_flag = true, after_help = EXIT_CODES, max_term_width = commands::help::WIDEST)]
pub struct Cli {
    /// Print the version; with --verbose also commit, date and target of the build
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(flatten)]
    global: GlobalArgs,
    /// The values of the global flags and their variables.
    #[arg(skip)]
    choices: Choices,
    /// A fault in the environment that stops no front page.
    #[arg(skip)]
    problem: Option<String>,
    /// Without one, the front page is shown.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
#[command(next_help_heading = "Options for every command")]
struct GlobalArgs {
    /// The login to use; `oauthctl use NAME` changes the default
    #[arg(long, global = true, value_name = "NAME", env = "OAUTHCTL_PROFILE", hide_env_values = true)]
    profile: Option<Profile>,

    /// The store for logins and registrations
    #[arg(long, global = true, value_name = "STORE", env = "OAUTHCTL_STORE", hide_env_values = true)]
    store: Option<StoreKind>,

    /// Also trust the certificate authorities in this PEM file; `login` remembers it
    #[arg(long, global = true, value_name = "FILE")]
    cacert: Option<PathBuf>,

    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,

    /// Print more details; secrets stay masked
    // There is one level, but `-vvv` is accepted too.
    #[arg(short, long, global = true, overrides_with = "verbose")]
    verbose: bool,

    /// Print only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Keep no record of this command for `oauthctl explain`; OAUTHCTL_RECORD=off keeps none at all
    #[arg(long, global = true)]
    no_record: bool,

    /// When to use colors; NO_COLOR is honored
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

impl GlobalArgs {
    /// Returns each value with its source: the login that stands beside the command, the flag, or the variable if
    /// neither was typed.
    fn choices(&self, matches: &ArgMatches, login: Option<&Profile>) -> Choices {
        let typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        let from = |id, flag, variable| if typed(id) { Source::Flag(flag) } else { Source::Variable(variable) };
        let argument = login.map(|login| Sourced::new(login.clone(), Source::Argument("PROFILE")));
        let other = || Some(Sourced::new(self.profile.clone()?, from("profile", "--profile", "OAUTHCTL_PROFILE")));
        Choices {
            profile: argument.or_else(other),
            store: self.store.map(|store| Sourced::new(store, from("store", "--store", "OAUTHCTL_STORE"))),
            cacert: self.cacert.clone(),
            json: self.json,
            verbose: self.verbose,
            quiet: self.quiet,
            color: self.color,
            recording: None,
            is_one_of_many: false,
            command_line: Vec::new(),
        }
    }
}

#[derive(Subcommand)]
enum Command {
    /// Register your app's client id and secret for a provider
    App(commands::app::AppArgs),
    /// Log in to a provider and store the token
    Login(Box<commands::login::LoginArgs>),
    /// Send a request to the provider's API with the access token
    Call(Box<commands::call::CallArgs>),
    /// Print the access token and nothing else
    Token(commands::token::TokenArgs),
    /// Refresh the access token now
    Refresh(commands::refresh::RefreshArgs),
    /// Exchange a login's token for another one, where the provider has that
    Exchange(commands::exchange::ExchangeArgs),
    /// List the logins with their provider, store, scopes and lifetime
    Status(commands::status::StatusArgs),
    /// Show a token's scopes: requested, granted and, with --probe, proven
    Scopes(commands::scopes::ScopesArgs),
    /// Show everything that can be known of a token, each fact with its source
    Inspect(commands::inspect::InspectArgs),
    /// Explain why the last login, refresh or call failed
    Explain(commands::explain::ExplainArgs),
    /// Make a login the current one
    Use(commands::use_login::UseArgs),
    /// Revoke a login's tokens, if the provider can, and delete the login
    Logout(commands::logout::LogoutArgs),
    /// Run a command with the access token in its environment
    Exec(commands::exec::ExecArgs),
    /// Export a login, encrypted with a passphrase
    Export(commands::export::ExportArgs),
    /// Import an exported login
    Import(commands::import::ImportArgs),
    /// Check this machine and a provider's registration, and say what mends each problem
    Doctor(commands::doctor::DoctorArgs),
    /// List the providers, and show, create or validate definitions
    Providers(commands::providers::ProvidersArgs),
    /// Run a local mock of a provider
    Emulate(commands::emulate::EmulateArgs),
    /// Try the full login flow against a local emulator; saves no login
    Demo(commands::demo::DemoArgs),
    /// Print or install a completion script for your shell
    Completions(commands::completions::CompletionsArgs),
    /// Print a manual page, or write all of them
    Man(commands::man::ManArgs),
}

impl Command {
    /// Returns the login that stands beside the command: `token work` is `token --profile work`.
    fn login(&self) -> Option<&Profile> {
        match self {
            Self::Token(args) => args.login(),
            Self::Refresh(args) => args.login.as_ref(),
            Self::Exchange(args) => args.login.as_ref(),
            Self::Scopes(args) => args.login.as_ref(),
            Self::Export(args) => args.login.as_ref(),
            Self::Status(args) => args.login.as_ref(),
            Self::Inspect(args) => args.login(),
            Self::Use(args) => args.login.as_ref(),
            Self::Logout(args) => args.login.as_ref(),
            _ => None,
        }
    }

    /// Returns `true` if it answers on stdout. Such a command starts only if stdout can be written to: losing a token
    /// or the reply to a request is worse than not starting.
    fn answers(&self) -> bool {
        match self {
            Self::Man(args) => args.answers(),
            Self::Use(_) | Self::Logout(_) | Self::Exec(_) => false,
            Self::App(args) => args.answers(),
            Self::Call(args) => args.answers(),
            Self::Export(args) => args.answers(),
            Self::Providers(args) => args.answers(),
            Self::Emulate(args) => args.answers(),
            _ => true,
        }
    }

    /// Returns `true` if it answers on stdout with `--json`. Stdout is another program's for `exec`, and for `emulate` with
    /// a command.
    fn has_outcome(&self) -> bool {
        !matches!(self, Self::Exec(_) | Self::Call(_) | Self::Emulate(_))
    }

    /// Runs it and returns its exit code, which is another program's for `exec` and `emulate`.
    fn run(&self, context: &Context) -> Result<u8, Box<dyn Advice>> {
        match self {
            Self::App(args) => commands::app::run(args, context)?,
            Self::Login(args) => commands::login::run(args, context)?,
            Self::Call(args) => commands::call::run(args, context)?,
            Self::Token(args) => commands::token::run(args, context)?,
            Self::Refresh(args) => commands::refresh::run(args, context)?,
            Self::Exchange(args) => commands::exchange::run(args, context)?,
            Self::Status(args) => commands::status::run(args, context)?,
            Self::Scopes(args) => commands::scopes::run(args, context)?,
            Self::Inspect(args) => commands::inspect::run(args, context)?,
            Self::Explain(args) => commands::explain::run(args, context)?,
            Self::Use(_) => commands::use_login::run(context)?,
            Self::Logout(args) => commands::logout::run(args, context)?,
            Self::Exec(args) => return Ok(commands::exec::run(args, context)?),
            Self::Export(args) => commands::export::run(args, context)?,
            Self::Import(args) => commands::import::run(args, context)?,
            Self::Doctor(args) => commands::doctor::run(args, context)?,
            Self::Providers(args) => commands::providers::run(args, context)?,
            Self::Emulate(args) => return Ok(commands::emulate::run(args, context)?),
            Self::Demo(args) => commands::demo::run(args, context)?,
            Self::Completions(args) => commands::completions::run(args, context)?,
            Self::Man(args) => commands::man::run(args, Cli::command(), context)?,
        }
        Ok(0)
    }
}

/// A command line that runs no command.
pub enum NotRun {
    /// It asks for the help or the version, which clap writes.
    Asked(clap::Error),
    Wrong(UsageError),
}

/// Parses the command line.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, NotRun> {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut command = Cli::command();
    let wrong =
        |error: clap::Error, command: &mut clap::Command| NotRun::Wrong(UsageError::new(&error, command, &args));
    let mut problem = None;
    let matches = match command.try_get_matches_from_mut(&args) {
        Ok(matches) => matches,
        Err(error) if is_help(&error) => return Err(NotRun::Asked(explained_help(&args).unwrap_or(error))),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            return Err(NotRun::Asked(explained_version(&args).unwrap_or(error)));
        }
        Err(error) => {
            // The same command line without the variables: it shows what is due to them.
            let mut typed = without_variables(Cli::command());
            match typed.try_get_matches_from_mut(&args) {
                Ok(matches) if matches.subcommand_name().is_none() => {
                    let error = cleaned(error, &mut command, &args).to_string();
                    let line = error.lines().next().unwrap_or_default();
                    // It was the variable, not the flag.
                    let named =
                        ["--store <STORE>", "--profile <NAME>"].into_iter().zip(["OAUTHCTL_STORE", "OAUTHCTL_PROFILE"]);
                    let line =
                        named.fold(line.to_owned(), |line, (flag, name)| line.replace(&format!("'{flag}'"), name));
                    problem = Some(line.trim_start_matches("error: ").to_owned());
                    matches
                }
                // It names no flags that were not typed.
                Err(same) if same.kind() == error.kind() => {
                    return Err(wrong(cleaned(same, &mut typed, &args), &mut command));
                }
                _ => return Err(wrong(cleaned(error, &mut command, &args), &mut command)),
            }
        }
    };
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| wrong(error.format(&mut command), &mut command))?;
    let is_typed = matches.value_source("profile") == Some(ValueSource::CommandLine);
    let flag = cli.global.profile.as_ref().filter(|_| is_typed);
    if let Some(problem) = cli.command.as_ref().and_then(|command| command.contradiction(flag)) {
        let of = matches.subcommand_name().and_then(|name| command.find_subcommand_mut(name));
        let error = of.unwrap_or(&mut Cli::command()).error(ErrorKind::ArgumentConflict, problem);
        return Err(wrong(error, &mut command));
    }
    cli.choices = cli.global.choices(&matches, cli.command.as_ref().and_then(Command::login));
    cli.choices.recording = cli.command.as_ref().and_then(|command| {
        let (trace, shows_secrets) = command.trace();
        let (traces, is_off) = (trace.is_some(), cli.global.no_record);
        command.flow().map(|flow| Recording { flow, is_off, traces, reveals: traces && shows_secrets })
    });
    if cli.command.as_ref().is_some_and(|command| command.many().is_some()) {
        // The variable is a default for commands that mean one login.
        cli.choices.profile = None;
    }
    cli.choices.command_line = args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    cli.problem = problem;
    // Hundreds of small pieces, which the end of the process frees at once.
    std::mem::forget((command, matches));
    Ok(cli)
}

/// Returns `true` if a shell asks, whose user completes a command line.
pub fn asks_for_completion(args: &[OsString]) -> bool {
    args.get(1).is_some_and(|first| first == commands::ASKED)
}

/// Returns the words that such a line can go on with, as the shell wants them.
pub fn completion(args: &[OsString], system: System) -> String {
    commands::answer_shell(&args[2..], Cli::command(), system)
}

fn is_help(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

/// Returns the help again, with examples. They are not there before help is asked for.
fn explained_help(args: &[OsString]) -> Option<clap::Error> {
    commands::help::explained(Cli::command()).try_get_matches_from(args).err().filter(is_help)
}

/// Returns the version with what it was built from, if `--verbose` is there too.
fn explained_version(args: &[OsString]) -> Option<clap::Error> {
    args.iter().skip(1).filter_map(|arg| arg.to_str()).find(|arg| commands::version::asks_for_details(arg))?;
    commands::version::explained(Cli::command()).try_get_matches_from(args).err()
}

/// Returns the command line as it is without its variables. clap counts a variable as an argument: in a usage line, for
/// example.
fn without_variables(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| arg.env(None)).mut_subcommands(without_variables)
}

impl Cli {
    /// Runs the command and returns its exit code, which is another program's for `exec` and `emulate`.
    pub fn run(self, system: System) -> Result<u8, Box<dyn Advice>> {
        let terminal = SystemTerminal::new(self.choices.color, self.choices.quiet);
        // With `--json` a program is at the terminal.
        waiting::allow(!self.choices.json && terminal.message_size().is_some() && can_erase());
        if let Some(Command::Login(_)) = self.command {
            // A browser waits for it, so it must not wait for its messages to be read.
            terminal.stop_waiting();
        }
        let system = Arc::new(system);
        let terminal: Arc<dyn Terminal> = Arc::new(terminal);
        let is_answer = |command: &Command| command.answers() || self.choices.json && command.has_outcome();
        if self.command.as_ref().is_none_or(is_answer) {
            terminal.check_stdout()?;
        }
        let teller = Arc::clone(&terminal);
        let environment = ProcessEnvironment { tell: move |ignored: &Ignored| teller.note(ignored) };
        let session = match Session::new(self.choices, Arc::clone(&system), environment) {
            Err(error) if self.command.is_none() => {
                return Ok(commands::front::run_without_session(&error, terminal.as_ref()).map(|()| 0)?);
            }
            session => session?,
        };
        if session.choices.verbose && !system.hardened {
            terminal.note(&"note: this system allows your other processes to read the memory of this one");
        }
        let context = Context::new(system, session, terminal);
        let Some(command) = &self.command else {
            return Ok(commands::front::run(self.problem, &context).map(|()| 0)?);
        };
        // Each login's flow has its own record, and its end.
        let one = |context: &Context| commands::trace::end(command.run(context), None, context);
        if let Command::Refresh(args) = command
            && let Some(due) = args.due()
        {
            let logins = commands::refresh::due_logins(&due, &context)?;
            return Ok(many::run(logins, &context, &one).map(|()| 0)?);
        }
        let several = command.many().and_then(ManyArgs::patterns).filter(|_| !matches!(command, Command::Status(_)));
        if let Some(patterns) = several {
            let logins = many::selected(patterns, &context)?;
            return Ok(many::run(logins, &context, &one).map(|()| 0)?);
        }
        let target = command.trace().0.map(Target::new).transpose()?;
        let result = command.run(&context);
        commands::trace::end(result, target.as_ref(), &context)
    }
}
