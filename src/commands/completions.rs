//! `completions` and `man`: what a shell and a reader of manuals want, made from the command line itself.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Context;
use crate::cli::Cli;

#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell; for zsh, write the output to a file called _oauthctl on your fpath
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub fn run(args: &CompletionsArgs, context: &Context) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "oauthctl", &mut script);
    Ok(context.terminal().data(&script)?)
}

#[derive(Args)]
pub struct ManArgs {
    /// A command, such as `login`; the whole program if left out
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub fn run_man(args: &ManArgs, context: &Context) -> anyhow::Result<()> {
    let mut program = Cli::command();
    program.build();
    let command = match &args.command {
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| {
            let problem = format!("no command is called `{}`", crate::protocol::sanitize::line(name));
            Cli::command().error(clap::error::ErrorKind::InvalidSubcommand, problem)
        })?,
        None => program,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(context.terminal().data(&page)?)
}
