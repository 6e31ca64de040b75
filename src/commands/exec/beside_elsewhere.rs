//! The command as a child, where no process can become another one. Ctrl-C reaches both.
//!
//! Compiled for Windows and not run there: that a killed parent takes its proxy along is certain, that its child ends with
//! it is not.

use std::ffi::OsString;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};

use super::args::ExecArgs;
use super::error::{ChildNotStarted, ExecError};
use crate::system::command_signal::CommandSignal;

/// What this process is: there is no other one.
pub enum Side {
    #[expect(dead_code, reason = "only on Unix does a process become the command")]
    Command(u8),
    Companion(Beside),
}

pub struct Beside;

/// The command, as this process sees it.
pub struct Running(Mutex<Child>);

pub fn split(args: &ExecArgs) -> Result<Side, ExecError> {
    match args.on_renew {
        Some(_) => Err(ExecError::NoSignals),
        None => Ok(Side::Companion(Beside)),
    }
}

impl Beside {
    /// Starts the command.
    pub fn begin(self, environment: &[(&str, OsString)], args: &ExecArgs) -> Result<Running, ExecError> {
        let (program, rest) = args.command.split_first().expect("the command is not empty");
        let variables = environment.iter().map(|(name, value)| (name, value));
        let child = Command::new(program).args(rest).envs(variables).spawn();
        Ok(Running(Mutex::new(child.map_err(|source| ChildNotStarted::new(program, source))?)))
    }
}

impl Running {
    /// Waits for its end, and returns its exit code.
    pub fn wait(&self) -> u8 {
        let status = self.0.lock().unwrap_or_else(PoisonError::into_inner).wait();
        status.ok().and_then(|status| status.code()).and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
    }

    pub fn signal(&self, _: CommandSignal) {}
}
