//! `call --print`: the request as a command or a program, for other tools.
//!
//! One model of the request, and a printer for each language. Decisions:
//!
//! * The token is a variable of the environment, `TOKEN`, and its value is nowhere in the text (but for `--show-secrets`).
//! * What is printed sends the same method, address, headers and body as `call`. `User-Agent` and the headers about the
//!   connection are the tool's own: it is the tool that asks then. A header that a tool would add and `call` does not send
//!   is taken away where the tool lets it.
//! * No redirect is followed, because most tools send a token in a header of its own along, wherever it leads; and no
//!   `.netrc` adds a password to it or takes its place.
//! * What a tool cannot send is an error that names one that can. Nothing is printed that would send something else.
//! * A body that is text stands in the command. One that is not, and one that is too large to be held, is read from its file
//!   by a command; a program has the bytes.

mod curl;
mod github_actions;
mod httpie;
mod javascript;
mod literal;
mod model;
mod powershell;
mod python;
mod rust;
mod shell_words;
mod target;
mod wget;

pub use target::Target;

use clap::{Args, ValueEnum};

use self::model::{CannotPrint, Request, Text};
use super::CallError;
use super::request::RequestView;
use crate::protocol::shell::ShellKind;
use crate::system::shell::in_use;

#[derive(Args)]
pub struct PrintArgs {
    /// Print the request as a command or a program for another tool, with the token as the variable TOKEN, and send nothing
    #[arg(long, value_name = "LANGUAGE", conflicts_with = "dry_run")]
    print: Option<Target>,

    /// The same as `--print curl`
    #[arg(long, conflicts_with_all = ["dry_run", "print"])]
    curl: bool,

    /// The shell to quote a printed command for [default: the one in use]
    #[arg(long, value_name = "SHELL")]
    shell: Option<ShellKind>,
}

impl PrintArgs {
    pub fn target(&self) -> Option<Target> {
        self.print.or(self.curl.then_some(Target::Curl))
    }

    /// Prints the request, if that is asked for.
    pub fn print(&self, view: &RequestView<'_>) -> Result<Option<(Target, String)>, CallError> {
        let Some(target) = self.target() else { return Ok(None) };
        let language = || target.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let cannot =
            |CannotPrint { problem, instead }| CallError::CannotPrint { language: language(), problem, instead };
        Ok(Some((target, print(view, target, self.shell.unwrap_or_else(in_use)).map_err(cannot)?)))
    }
}

/// Prints a request with the mark of the token in it, or with the token.
fn print(view: &RequestView<'_>, target: Target, shell: ShellKind) -> Text {
    let request = Request::new(view);
    let text = match target {
        Target::Curl => curl::print(&request, shell, &[])?,
        Target::Httpie => httpie::print(&request, shell)?,
        Target::Wget => wget::print(&request, shell)?,
        Target::Python => python::print(&request),
        Target::Javascript => javascript::print(&request)?,
        Target::Rust => rust::print(&request),
        Target::Powershell => powershell::print(&request)?,
        Target::GithubActions => github_actions::print(&request)?,
    };
    Ok(text + "\n")
}

#[cfg(test)]
mod tests;
