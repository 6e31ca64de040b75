//! The context of every command: the machine, the terminal, and the session, which resolves the command line.

use std::sync::Arc;

use crate::protocol::sanitize::{Pieces, Render, Style, TerminalText};
use crate::provider::DefinitionError;
use crate::provider::dialect::TokenReply;
use crate::session::Session;
use crate::system::System;
use crate::system::screen::{Stream, fitted};
use crate::system::terminal::{Terminal, TerminalError};

pub struct Context {
    pub system: Arc<System>,
    pub session: Session,
    terminal: Arc<dyn Terminal>,
}

impl Context {
    pub fn new(system: Arc<System>, session: Session, terminal: Arc<dyn Terminal>) -> Self {
        Self { system, session, terminal }
    }

    pub fn terminal(&self) -> &dyn Terminal {
        self.terminal.as_ref()
    }

    /// Returns the terminal for use in another thread.
    pub fn terminal_handle(&self) -> Arc<dyn Terminal> {
        Arc::clone(&self.terminal)
    }

    /// Says why a provider is missing where several are looked at: one broken file must not hide the others.
    pub fn leave_out(&self, id: &str, error: &DefinitionError) {
        self.terminal.note(&format_args!("`{id}` is skipped: {}", error.in_one_line()));
    }

    /// Returns `true` with `--verbose`.
    pub fn is_verbose(&self) -> bool {
        self.session.choices.verbose
    }

    /// Returns `true` if the user can be asked for more than what the command cannot do without: with `--json` or `--quiet`
    /// a program is at the terminal.
    pub fn may_ask(&self) -> bool {
        self.terminal.is_interactive() && !self.session.choices.json && !self.session.choices.quiet
    }

    /// Asks a question of yes or no; Enter alone is `usual`. What is neither is no consent where no is usual, and is asked
    /// again where yes is. Where the input ends, the answer is no.
    pub fn agrees(&self, question: &dyn Render, usual: bool) -> bool {
        let choice = if usual { " [Y/n]" } else { " [y/N]" };
        loop {
            let Ok(answer) = self.terminal.ask(&Pieces(&[question, &choice])) else { return false };
            match answer.to_lowercase().as_str() {
                "" => return usual,
                "y" | "yes" => return true,
                "n" | "no" => return false,
                _ if !usual => return false,
                // Shown even with `--quiet`: without it the question would just be repeated.
                _ => self.terminal.alarm(&"Type y for yes or n for no."),
            }
        }
    }

    /// Says that what was stored inside an emulator ends with it. `what` is the subject.
    pub fn tell_inside(&self, what: &str) {
        if let Some(provider) = self.session.inside_emulator_of() {
            self.terminal.note(&format_args!(
                "{what} is in the emulator of `{provider}`, and is deleted when that ends; your own store is not touched."
            ));
        }
    }

    /// Prints a warning on stderr.
    pub fn warn(&self, what: &dyn Render) {
        self.terminal.note(&Pieces(&[&Style::Warning.of("warning:"), &" ", what]));
    }

    /// Tells what is odd about the provider's reply.
    pub fn tell_oddities(&self, reply: &TokenReply) {
        if let Some(odd) = &reply.odd_type {
            self.terminal.note(&format_args!("note: in the provider's reply {odd}"));
        }
        for oddity in &reply.oddities {
            self.warn(&format_args!("in the provider's reply {oddity}"));
        }
    }

    /// Prints one line of an answer that is printed line by line.
    pub fn say(&self, line: &dyn Render) -> Result<(), TerminalError> {
        self.show(&Pieces(&[line, &"\n"]))
    }

    /// Prints an answer for people, in the lines and the characters that their terminal has.
    fn show(&self, answer: &dyn Render) -> Result<(), TerminalError> {
        match self.terminal.stdout_is_terminal() {
            true => self.terminal.show(&fitted(TerminalText::of(answer), Stream::Stdout)),
            false => self.terminal.show(answer),
        }
    }

    /// Prints the outcome of a command that has nothing to answer: a message for people, or an answer as JSON.
    pub fn report<T: Render + serde::Serialize>(&self, outcome: &T) -> Result<(), TerminalError> {
        match self.session.choices.json {
            true => self.answer(outcome),
            false => {
                self.terminal.note(outcome);
                Ok(())
            }
        }
    }

    /// Prints an answer: for people, or as JSON.
    pub fn answer<T: Render + serde::Serialize>(&self, answer: &T) -> Result<(), TerminalError> {
        if !self.session.choices.json {
            return self.show(answer);
        }
        self.answer_json(answer)
    }

    /// Prints an answer that people are told in another way.
    pub fn answer_json<T: serde::Serialize>(&self, answer: &T) -> Result<(), TerminalError> {
        let json = serde_json::to_string_pretty(answer).map_err(|error| TerminalError::Stdout(error.into()))?;
        self.terminal.json(&format!("{json}\n"))
    }
}
