//! `completions`: prints the script with which a shell completes command lines, or installs it. The scripts are the files
//! in `completions/`; [`super::complete`] answers what they ask.

use std::fmt;

use clap::Args;

use super::Context;
use super::complete::{InstallError, Installed, Shell, install};
use crate::protocol::advice::{Advice, NextStep};
use crate::protocol::sanitize::{Render, TerminalText};
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell; with `--install`, the one in use if none is named
    #[arg(value_name = "SHELL", required_unless_present = "install")]
    shell: Option<Shell>,

    /// Put the script where the shell finds it, and say what was changed
    #[arg(long)]
    install: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum CompletionsError {
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for CompletionsError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Install(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(args: &CompletionsArgs, context: &Context) -> Result<(), CompletionsError> {
    match args.shell {
        Some(shell) if !args.install => Ok(context.terminal().data(shell.script().as_bytes())?),
        shell => Ok(context.answer(&install(shell)?)?),
    }
}

impl Render for Installed {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let script = match self.script_changed {
            true => "Wrote",
            false => "Nothing to change in",
        };
        writeln!(text, "{script} {}", self.script)?;
        match (&self.startup_file, &self.line_to_add) {
            (Some(file), Some(line)) => {
                writeln!(text, "{file} is a link, so it is yours to change. Add this line at its end:\n{line}")?;
            }
            (Some(file), None) if self.startup_file_changed => {
                writeln!(text, "Added a line to {file}, which loads it")?
            }
            (Some(file), None) => writeln!(text, "Nothing to change in {file}, which loads it")?,
            (None, _) => {}
        }
        if let Some(note) = self.note {
            writeln!(text, "Note: {note}")?;
        }
        writeln!(text, "A new {} completes `oauthctl`.", self.shell)
    }
}
