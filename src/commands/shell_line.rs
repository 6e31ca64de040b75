//! A line that sets a variable in the reader's shell: for `eval`, or to be pasted.

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::shell::ShellKind;
use crate::system::shell;

/// The shell has no line for a value. The value is not shown, as it may be a secret.
#[derive(Debug, thiserror::Error)]
#[error(
    "the command prompt of Windows cannot set {name} to this value, which has a `\"`, several `%`, or a control character"
)]
pub struct NoShellLine {
    pub name: String,
}

impl Advice for NoShellLine {
    fn next_step(&self) -> NextStep {
        ExitCode::Usage
            .hint("use PowerShell and `--shell powershell`, or `oauthctl exec -- COMMAND`, which needs no line")
    }
}

/// Returns the line, with its end. Without a choice it is for the shell in use.
pub fn set_line(chosen: Option<ShellKind>, name: &str, value: &str) -> Result<String, NoShellLine> {
    let shell = chosen.unwrap_or_else(shell::in_use);
    let line = shell.set(name, value).ok_or_else(|| NoShellLine { name: name.to_owned() })?;
    Ok(line + "\n")
}
