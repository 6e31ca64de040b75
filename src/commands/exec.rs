//! `exec`: runs a command with the access token in its environment, and nowhere else: not on a screen, not in a log.

use std::ffi::{OsStr, OsString};
use std::io;

use clap::Args;

use super::Context;
use super::valid_token::{valid_login, wanted};
use super::without_login::{WithoutLogin, client_login};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::protocol::time::HumanDuration;
use crate::session::{SessionError, further};
use crate::system::exec::Replacement;

#[derive(Args)]
pub struct ExecArgs {
    /// Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]
    #[arg(long, value_name = "TIME")]
    min_validity: Option<HumanDuration>,

    /// The variable that holds the token
    #[arg(long, value_name = "NAME", default_value = "OAUTHCTL_TOKEN", value_parser = parse_variable)]
    env: String,

    /// Use a further token of the login, which came in the same reply: the name that its definition gives it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["min_validity", "provider"])]
    which: Option<String>,

    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND", required = true)]
    command: Vec<OsString>,

    #[command(flatten, next_help_heading = "Without a login")]
    without_login: WithoutLogin,
}

/// Parses an environment variable's name in the form that every shell accepts.
pub fn parse_variable(text: &str) -> Result<String, &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let begins = text.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if begins && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("use letters, digits and `_`, and do not begin with a digit")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    #[error(transparent)]
    NotStarted(#[from] ChildNotStarted),
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl Advice for ExecError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NotStarted(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
        }
    }
}

/// The user's command does not exist or cannot be run.
#[derive(Debug, thiserror::Error)]
#[error("`{program}` could not be started")]
pub struct ChildNotStarted {
    pub program: String,
    #[source]
    pub source: io::Error,
}

impl ChildNotStarted {
    pub fn new(program: &OsStr, source: io::Error) -> Self {
        Self { program: sanitize::line(&program.to_string_lossy()), source }
    }
}

impl Advice for ChildNotStarted {
    fn next_step(&self) -> NextStep {
        ExitCode::Usage.no_hint()
    }
}

/// Runs the command and returns its exit code, which becomes ours.
pub fn run(args: &ExecArgs, context: &Context) -> Result<u8, ExecError> {
    let wanted = wanted(args.min_validity);
    let (profile, record) = match args.without_login.request(("exec", " -- COMMAND"), context)? {
        Some(request) => {
            let login = client_login(&request, wanted, context)?;
            (login.profile, login.token)
        }
        None => {
            let (profile, found) = valid_login(wanted, context)?;
            let record = further(found.record, args.which.as_deref(), &profile)?;
            (profile, record)
        }
    };
    let Some((program, rest)) = args.command.split_first() else { return Ok(0) };
    let variables = [(args.env.as_str(), record.access_token.expose()), ("OAUTHCTL_PROFILE", profile.as_str())];
    let ended = Replacement { program, args: rest, variables: &variables }.run();
    Ok(ended.map_err(|source| ChildNotStarted::new(program, source))?)
}
