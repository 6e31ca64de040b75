//! Running a user's command in place of this process.
//!
//! On Unix the process becomes the command, so signals, the terminal and the exit status are the command's own.
//! Elsewhere it is started and waited for: Ctrl-C reaches both, the command decides what it means, and its whole exit code
//! becomes ours.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Command, ExitStatus};

use super::program;

/// A command, and the environment variables that it gets in addition to ours.
pub struct Replacement<'a> {
    pub program: &'a OsString,
    pub args: &'a [OsString],
    pub variables: &'a [(&'a OsStr, &'a OsStr)],
}

impl Replacement<'_> {
    /// Runs the command. Returns only if it could not be started, or, elsewhere than on Unix, with the exit code of a
    /// finished one.
    pub fn run(&self) -> io::Result<u8> {
        let mut command = program::command(self.program);
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
    let _left_to_it = super::signals::LeftToChild::begin();
    Ok(code_like(command.status()?))
}

/// Returns the exit code of a child as a shell reports it: 128 plus the number of a signal.
#[cfg(unix)]
pub fn code_like(status: ExitStatus) -> u8 {
    match std::os::unix::process::ExitStatusExt::signal(&status) {
        Some(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
        None => status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
    }
}

/// Returns the exit code of a child. One that is larger than a byte, such as that of a program that Ctrl-C ended, ends
/// this process here.
#[cfg(not(unix))]
pub fn code_like(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or(1);
    u8::try_from(code).unwrap_or_else(|_| {
        super::messages::flush();
        std::process::exit(code)
    })
}
