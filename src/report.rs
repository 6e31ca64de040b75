//! Errors as people and scripts see them: one line that says what was tried, the causes, a hint that can be pasted, and
//! an exit code that says what to do next. It walks an error's chain and knows no command: code and hint are the error's
//! own, see [`Advice`].

use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error;
use std::fmt;
use std::process;

use crate::protocol::advice::{Advice, ExitCode, NextStep, causes};
use crate::protocol::sanitize::{self, Style, TerminalText};
use crate::system::{messages, terminal};

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
        terminal::complain(page(error.as_ref(), hint.as_deref()));
    }
    code.into()
}

/// A command line that was not understood, or a `--help`: clap words both.
pub fn usage(error: &clap::Error) -> process::ExitCode {
    // What a value's own parser says may repeat the value; all else that is foreign was cleaned by `cli::parse`.
    let is_clean = error.source().is_none_or(|source| sanitize::text(&source.to_string()) == source.to_string());
    let text = TerminalText::of_clap(&error.render(), is_clean);
    if error.use_stderr() {
        terminal::complain(text);
        return ExitCode::Usage.into();
    }
    end(terminal::answer(&text).map(|()| 0).map_err(|error| Box::new(error) as Box<dyn Advice>))
}

/// Panics on our own background threads are not reported: the code that waits for one says what has failed.
pub fn quiet_background_panics() {
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name() == Some("main") {
            let trace = Backtrace::capture();
            // It may repeat the text that it stumbled over.
            terminal::complain(TerminalText::of(&format_args!("thread 'main' {info}\n")));
            if trace.status() == BacktraceStatus::Captured {
                terminal::complain(TerminalText::of(&trace));
            }
            messages::flush();
        }
    }));
}

/// The whole message: error, causes, hint. A parser's cause shows the line that it could not read, with whatever is in it.
pub fn page(error: &dyn Error, hint: Option<&str>) -> TerminalText {
    let mut text = TerminalText::new();
    // A text takes whatever is written.
    let _ = write_page(&mut text, error, hint);
    text
}

fn write_page(text: &mut TerminalText, error: &dyn Error, hint: Option<&str>) -> fmt::Result {
    text.line(&[&Style::Failure.of("error:"), &" ", &sanitize::message(&error.to_string())])?;
    for cause in causes(error) {
        // A parser's cause has several lines, the last one empty.
        let cause = sanitize::message(cause.to_string().trim_end());
        text.line(&[&"  ", &Style::Faint.of("caused by:"), &" ", &cause])?;
    }
    if let Some(hint) = hint {
        text.line(&[&Style::Hint.of("hint:"), &" ", &hint])?;
    }
    Ok(())
}
