//! Errors as people and scripts see them: one line that says what was tried, the causes, a hint that can be pasted, and
//! an exit code that says what to do next. It walks an error's chain and knows no command: code and hint are the error's
//! own, see [`Advice`].

use std::error::Error;
use std::io::Write;
use std::process;

use colored::Colorize;

use crate::protocol::advice::{Advice, ExitCode, NextStep, causes};
use crate::protocol::sanitize;
use crate::system::messages::{self, Message};
use crate::system::terminal::TerminalError;

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// Ends a command: prints its error, if it has one, and says the exit code.
pub fn end(result: Result<u8, Box<dyn Advice>>) -> process::ExitCode {
    let code = tell(result);
    messages::flush();
    code
}

fn tell(result: Result<u8, Box<dyn Advice>>) -> process::ExitCode {
    let error = match result {
        Ok(code) => return code.into(),
        Err(error) => error,
    };
    let NextStep { code, hint } = error.next_step();
    if code != ExitCode::Success {
        messages::write(Message::Text(page(error.as_ref(), hint.as_deref())));
    }
    code.into()
}

/// A command line that was not understood, or a `--help`: clap words both.
pub fn usage(error: &clap::Error) -> process::ExitCode {
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    match printed {
        // Nobody can be told that stderr is gone.
        _ if error.use_stderr() => ExitCode::Usage.into(),
        Ok(()) => ExitCode::Success.into(),
        Err(error) => end(Err(TerminalError::Stdout(error).into())),
    }
}

/// Panics on our own background threads concern nobody: whoever waits for one says what has failed.
pub fn quiet_background_panics() {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() == Some("main") {
            show(info);
        }
    }));
}

/// The whole message: error, causes, hint. A parser's cause shows the line that it could not read, with whatever is in it.
pub fn page(error: &dyn Error, hint: Option<&str>) -> String {
    let mut text = format!("{} {}\n", "error:".red().bold(), sanitize::message(&error.to_string()));
    for cause in causes(error) {
        // A parser's cause has several lines, the last one empty.
        let cause = sanitize::message(cause.to_string().trim_end());
        text.push_str(&format!("  {} {cause}\n", "caused by:".dimmed()));
    }
    if let Some(hint) = hint {
        text.push_str(&format!("{} {}\n", "hint:".cyan().bold(), sanitize::text(hint)));
    }
    text
}
