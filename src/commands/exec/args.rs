//! The arguments of `exec`, and the command in them.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Args;

use super::error::{ChildNotStarted, ExecError};
use crate::commands::narrower::{NarrowerArgs, SCOPES_HELP};
use crate::commands::without_login::WithoutLogin;
use crate::protocol::time::HumanDuration;
use crate::system::command_signal::CommandSignal;
use crate::system::exec::Replacement;

/// The variable that holds the token if no other is named.
pub const TOKEN_VARIABLE: &str = "OAUTHCTL_TOKEN";

#[derive(Args)]
#[command(mut_arg("scopes", |scopes| scopes.help(SCOPES_HELP).help_heading("Fewer scopes")))]
pub struct ExecArgs {
    /// Minimum remaining lifetime: seconds, or with s, m, h, d [default: 60s, or a tenth of a shorter life]
    #[arg(long, value_name = "TIME")]
    pub min_validity: Option<HumanDuration>,

    /// The variable that holds the token [default: OAUTHCTL_TOKEN; none with --token-file or --proxy]
    #[arg(long, value_name = "NAME", value_parser = parse_variable)]
    pub env: Option<String>,

    /// Use a further token of the login, which came in the same reply: the name that its definition gives it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["min_validity", "provider", "scopes"])]
    pub which: Option<String>,

    /// Keep the token in a file, replaced before the token ends; OAUTHCTL_TOKEN_FILE is its path [default: a file of
    /// the command's own]
    #[arg(long, value_name = "FILE", help_heading = "Commands that run for long")]
    pub token_file: Option<Option<PathBuf>>,

    /// Send the command this signal when the file was replaced
    #[arg(
        long,
        value_name = "SIGNAL",
        ignore_case = true,
        requires = "token_file",
        help_heading = "Commands that run for long"
    )]
    pub on_renew: Option<CommandSignal>,

    /// Run a proxy for the command that adds the token to requests to the provider's API: the command asks for
    /// http://HOST/, and does not see the token
    #[arg(long, conflicts_with_all = ["token_file", "env"], help_heading = "Commands that run for long")]
    pub proxy: bool,

    /// Also let the proxy send the token to this origin, such as `https://api.example.com`
    #[arg(long, value_name = "ORIGIN", requires = "proxy", help_heading = "Commands that run for long")]
    pub allow_origin: Vec<String>,

    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND", required = true)]
    pub command: Vec<OsString>,

    #[command(flatten, next_help_heading = "Fewer scopes")]
    pub narrower: NarrowerArgs,

    #[command(flatten, next_help_heading = "Without a login")]
    pub without_login: WithoutLogin,
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

/// The variable that selects the login in the command.
pub const PROFILE_VARIABLE: &str = "OAUTHCTL_PROFILE";

/// Becomes the command. Elsewhere than on Unix, runs it.
pub fn become_command(args: &ExecArgs, variables: &[(&OsStr, &OsStr)]) -> Result<u8, ExecError> {
    let Some((program, rest)) = args.command.split_first() else { return Ok(0) };
    let ended = Replacement { program, args: rest, variables }.run();
    Ok(ended.map_err(|source| ChildNotStarted::new(program, source))?)
}
