//! The terminal of a command that runs for one of several logins: its answer is kept, to be printed whole, and its
//! messages bear the login's name. Nobody is asked anything there.

use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::{Pipe, Terminal, TerminalError};
use crate::protocol::sanitize::{Pieces, Render, TerminalText};
use crate::protocol::secret::Secret;
use crate::system::screen::{Stream, size_of};
use crate::system::stdout::Delivered;

/// What was written to stdout.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Zeroizing<Vec<u8>>>>);

impl Kept {
    pub(super) fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }

    /// Returns all of it, which may be a secret.
    pub fn take(&self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub struct Captured {
    name: String,
    below: Arc<dyn Terminal>,
    kept: Kept,
    /// The answer is read by a program, wherever it goes.
    is_data: bool,
}

impl Captured {
    /// Writes messages to the terminal `below`, each with this name before it.
    pub fn new(name: &str, below: Arc<dyn Terminal>, is_data: bool) -> (Self, Kept) {
        let kept = Kept::default();
        (Self { name: name.to_owned(), below, kept: kept.clone(), is_data }, kept)
    }

    fn keep(&self, bytes: &[u8]) -> Result<(), TerminalError> {
        self.kept.add(bytes);
        Ok(())
    }
}

impl Terminal for Captured {
    fn show(&self, answer: &dyn Render) -> Result<(), TerminalError> {
        let text = TerminalText::of(answer);
        // As [`screen::fitted`](crate::system::screen::fitted), in the room that the name leaves.
        let is_shown = self.stdout_is_terminal() && size_of(Stream::Stdout).is_some();
        let text = if is_shown { text.wrapped(self.width()) } else { text };
        self.keep(text.to_plain().as_bytes())
    }

    fn pipe(&self) -> Option<Pipe> {
        (!self.stdout_is_terminal()).then(|| self.verbatim())
    }

    fn verbatim(&self) -> Pipe {
        Pipe(Some(self.kept.clone()))
    }

    fn check_stdout(&self) -> Result<(), TerminalError> {
        self.below.check_stdout()
    }

    fn deliver(&self, text: &dyn Render) -> Result<Delivered, TerminalError> {
        self.show(text).map(|()| Delivered::There)
    }

    fn note(&self, line: &dyn Render) {
        self.below.note(&Pieces(&[&self.name, &": ", line]));
    }

    fn alarm(&self, line: &dyn Render) {
        self.below.alarm(&Pieces(&[&self.name, &": ", line]));
    }

    fn progress(&self, _: Option<&dyn Render>) {}

    fn message_size(&self) -> Option<(usize, usize)> {
        None
    }

    fn stop_waiting(&self) {
        self.below.stop_waiting();
    }

    fn is_interactive(&self) -> bool {
        false
    }

    fn stdout_is_terminal(&self) -> bool {
        !self.is_data && self.below.stdout_is_terminal()
    }

    fn width(&self) -> usize {
        // The name and a tab stand before each line.
        self.below.width().saturating_sub(self.name.len() / 8 * 8 + 8)
    }

    fn ask(&self, _: &dyn Render) -> Result<String, TerminalError> {
        Err(TerminalError::NoAnswer)
    }

    fn ask_hidden_text(&self, _: &dyn Render, _: &dyn Fn(&str) -> bool) -> Result<Secret, TerminalError> {
        Err(TerminalError::NoAnswer)
    }

    fn choose(&self, _: &dyn Render, _: &[String]) -> Result<usize, TerminalError> {
        Err(TerminalError::NoAnswer)
    }

    fn tick(&self, _: &dyn Render, _: &[String], _: &[usize]) -> Result<Vec<usize>, TerminalError> {
        Err(TerminalError::NoAnswer)
    }

    fn reach_person(&self) -> bool {
        false
    }

    fn stdin_secret(&self, _: u64) -> Result<Zeroizing<Vec<u8>>, TerminalError> {
        Err(TerminalError::NoAnswer)
    }
}
