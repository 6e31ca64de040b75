//! The questions of a login at a terminal: what is missing, and nothing else.
//!
//! The order is the promise: a provider that was named is checked, then the store is proven, and only then is anything
//! asked: the provider, its parameters, the app, the scopes. A value is checked as soon as it is typed, and asked again
//! until it is one. The app is stored at once, and every other answer has a flag: the command that needs no questions is
//! printed at the end, also of a login that failed. So nothing is typed twice.
//!
//! Nothing is asked where no user can be: see [`Context::may_ask`](crate::commands::Context::may_ask). There the errors
//! name the flags.

mod questions;

use super::super::Context;
use crate::protocol::sanitize::{Pieces, Style};
use crate::system::shell;

pub use questions::{params, provider, scopes};

/// What was answered, as the arguments that say the same.
#[derive(Default)]
pub struct Answers {
    arguments: Vec<String>,
    /// Variables that give what has no flag.
    variables: Vec<String>,
    /// True if something was asked, even if it has no flag.
    pub is_asked: bool,
}

impl Answers {
    fn add(&mut self, arguments: impl IntoIterator<Item = String>) {
        self.arguments.extend(arguments);
        self.is_asked = true;
    }

    /// Notes a secret that was asked for, by the variable that gives it.
    pub fn add_variable(&mut self, name: String) {
        self.variables.push(name);
        self.is_asked = true;
    }

    /// Prints the command that does the same without questions.
    pub fn tell(&self, is_done: bool, context: &Context) {
        if !self.is_asked || !context.may_ask() {
            return;
        }
        let typed = &context.session.choices.command_line;
        let words = typed.iter().chain(&self.arguments).map(String::as_str);
        let command = shell::command(std::iter::once("oauthctl").chain(words));
        let what =
            if is_done { "The same without questions: " } else { "Your answers are not lost. To go on from here: " };
        // A secret of a login that was made is kept.
        let variables = match self.variables.as_slice() {
            [] => String::new(),
            names => format!(" (another login needs {})", names.join(" and ")),
        };
        context.terminal().note(&Pieces(&[&what, &Style::Strong.of(command), &variables]));
    }
}
