//! `exec`: a command with the access token in its environment, and nowhere else: not on a screen, not in a log.

use std::ffi::OsString;

use clap::Args;

use super::emulate::CommandEnded;
use super::valid_token::{valid_login, wanted};
use super::{CommandError, Context};
use crate::protocol::sanitize;
use crate::protocol::time::HumanDuration;
use crate::system::exec::Replacement;

#[derive(Args)]
pub struct ExecArgs {
    /// How long the token must still be good for: seconds, or with s, m, h, d [default: 60s, or as long as there is]
    #[arg(long, value_name = "TIME")]
    min_validity: Option<HumanDuration>,

    /// The variable that holds the token
    #[arg(long, value_name = "NAME", default_value = "OAUTHCTL_TOKEN", value_parser = parse_variable)]
    env: String,

    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND", required = true)]
    command: Vec<OsString>,
}

/// The name of a variable as every shell takes it.
pub fn parse_variable(text: &str) -> Result<String, &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let begins = text.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if begins && text.bytes().all(plain) { Ok(text.to_owned()) } else { Err("write letters, digits and `_`") }
}

pub fn run(args: &ExecArgs, context: &Context) -> anyhow::Result<()> {
    let (profile, found) = valid_login(wanted(args.min_validity), context)?;
    let Some((program, rest)) = args.command.split_first() else { return Ok(()) };
    let variables = [(args.env.as_str(), found.record.access_token.expose()), ("OAUTHCTL_PROFILE", profile.as_str())];
    let failed = |source| CommandError::ChildNotStarted { program: sanitize::line(&program.to_string_lossy()), source };
    match (Replacement { program, args: rest, variables: &variables }).run().map_err(failed)? {
        0 => Ok(()),
        code => Err(CommandEnded(code).into()),
    }
}
