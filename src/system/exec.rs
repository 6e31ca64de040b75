//! Running a person's command in our place.
//!
//! On Unix the process becomes the command, so that signals, the terminal and the exit status are the command's own.
//! Elsewhere it is started and waited for, and Ctrl-C reaches it as it reaches us.

use std::ffi::OsString;
use std::io;
use std::process::Command;

/// A command, and the variables that it gets beside ours.
pub struct Replacement<'a> {
    pub program: &'a OsString,
    pub args: &'a [OsString],
    pub variables: &'a [(&'a str, &'a str)],
}

impl Replacement<'_> {
    /// Returns only with the exit code of an ended command, or when it could not be started.
    pub fn run(&self) -> io::Result<u8> {
        let mut command = Command::new(self.program);
        command.args(self.args).envs(self.variables.iter().copied());
        become_it(command)
    }
}

/// `exec` of std gives the command the default for SIGPIPE back, which Rust programs ignore.
#[cfg(unix)]
fn become_it(mut command: Command) -> io::Result<u8> {
    Err(std::os::unix::process::CommandExt::exec(&mut command))
}

#[cfg(not(unix))]
fn become_it(mut command: Command) -> io::Result<u8> {
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
