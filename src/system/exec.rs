//! Running a user's command in place of this process.
//!
//! On Unix the process becomes the command, so signals, the terminal and the exit status are the command's own.
//! Elsewhere it is started and waited for, and Ctrl-C reaches both.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;

/// A command, and the environment variables that it gets in addition to ours.
pub struct Replacement<'a> {
    pub program: &'a OsString,
    pub args: &'a [OsString],
    pub variables: &'a [(&'a OsStr, &'a OsStr)],
}

impl Replacement<'_> {
    /// Runs the command. Returns only with the exit code of a finished command, or if it could not be started.
    pub fn run(&self) -> io::Result<u8> {
        let mut command = Command::new(self.program);
        command.args(self.args).envs(self.variables.iter().copied());
        become_it(command)
    }
}

/// Replaces the process. `exec` of std restores the default for SIGPIPE, which Rust programs ignore.
#[cfg(unix)]
fn become_it(mut command: Command) -> io::Result<u8> {
    Err(std::os::unix::process::CommandExt::exec(&mut command))
}

#[cfg(not(unix))]
fn become_it(mut command: Command) -> io::Result<u8> {
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
