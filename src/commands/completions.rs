//! `completions` and `man`: completion scripts and manual pages, generated from the command line's definition. That is
//! passed in, because it belongs to a higher floor.

use clap::{Args, Command};
use clap_complete::Shell;

use super::Context;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::provider::manual::manual;
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell; for zsh, write the output to a file called _oauthctl on your fpath
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub fn run(args: &CompletionsArgs, mut program: Command, context: &Context) -> Result<(), TerminalError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "oauthctl", &mut script);
    context.terminal().data(&script)
}

#[derive(Args)]
pub struct ManArgs {
    /// A command such as `login`, or `definition` for the keys of a provider definition [default: the whole program]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ManError {
    #[error("there is no command `{name}`")]
    NoSuchCommand { name: String },
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for ManError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoSuchCommand { .. } => ExitCode::Usage.hint("run `oauthctl --help` for a list of commands"),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run_man(args: &ManArgs, mut program: Command, context: &Context) -> Result<(), ManError> {
    program.build();
    let command = match &args.command {
        Some(name) if name == "definition" => return Ok(context.terminal().data(manual().as_bytes())?),
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            found.ok_or_else(|| ManError::NoSuchCommand { name: sanitize::line(name) })?
        }
        None => program,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(TerminalError::Stdout)?;
    Ok(context.terminal().data(&page)?)
}
