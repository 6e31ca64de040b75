//! The process that works for the command, on Unix: see `system/companion.rs`.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt;

use super::args::{ExecArgs, become_command};
use super::error::ExecError;
use crate::system::command_signal::CommandSignal;
use crate::system::companion::{self, Companion, Handed, RunningCommand, end_like};

/// What this process is after the split.
pub enum Side {
    /// It could not become the command, or its companion has told why there is none: the exit code.
    Command(u8),
    Companion(Beside),
}

pub struct Beside(Companion);

/// The command, as this process sees it.
pub struct Running(RunningCommand);

/// Splits this process. One of the two becomes the command, with the environment that the other one hands over.
pub fn split(args: &ExecArgs) -> Result<Side, ExecError> {
    let start = match companion::split().map_err(ExecError::NoCompanion)? {
        companion::Side::Companion(companion) => return Ok(Side::Companion(Beside(companion))),
        companion::Side::Command(start) => start,
    };
    match start.wait().map_err(ExecError::NoCompanion)? {
        Handed::Environment(variables) => {
            let variables: Vec<(&OsStr, &OsStr)> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
            become_command(args, &variables).map(Side::Command)
        }
        Handed::Ended(status) if status.signal().is_some() => end_like(status),
        Handed::Ended(status) => Ok(Side::Command(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))),
    }
}

impl Beside {
    /// Lets the command begin.
    pub fn begin(self, environment: &[(&str, OsString)], _: &ExecArgs) -> Result<Running, ExecError> {
        self.0.begin(environment).map(Running).map_err(ExecError::NoCompanion)
    }
}

impl Running {
    /// Waits for its end. Its exit code is told by the process that is the command.
    pub fn wait(&self) -> u8 {
        self.0.wait();
        0
    }

    pub fn signal(&self, signal: CommandSignal) {
        self.0.signal(signal.into());
    }
}
