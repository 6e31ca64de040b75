//! Prints errors: one line that says what was tried, the causes, a hint to paste, and an exit code that says what to do
//! next. It walks an error's chain and knows no commands: each error defines its own code and hint, see [`Advice`].

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal as _, Write as _};
use std::process;

use crate::cli::NotRun;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::error_text::page;
use crate::protocol::sanitize::TerminalText;
use crate::system::screen::shows_unicode;
use crate::system::{messages, terminal, waiting};

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

/// Ends a command: prints its error, if any, and returns the exit code.
pub fn end(result: Result<u8, Box<dyn Advice>>) -> process::ExitCode {
    waiting::allow(false);
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

/// Ends a command line that runs no command: its error, or the help or version that it asks for.
pub fn not_run(why: NotRun) -> process::ExitCode {
    match why {
        NotRun::Wrong(error) => end(Err(error.into())),
        NotRun::Asked(text) => {
            let text = TerminalText::of_clap(&text.render(), true);
            let is_in_ascii = std::io::stdout().is_terminal() && !shows_unicode();
            let text = if is_in_ascii { text.in_ascii() } else { text };
            end(terminal::answer(&text).map(|()| 0).map_err(|error| Box::new(error) as Box<dyn Advice>))
        }
    }
}

/// Hands the words for a completion to the shell that asked. Without a reader nothing is lost.
pub fn complete(words: &str) -> process::ExitCode {
    let _ = std::io::stdout().write_all(words.as_bytes());
    ExitCode::Success.into()
}

/// Silences panics of our background threads: the code that waits for a thread reports its failure.
pub fn quiet_background_panics() {
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name() == Some("main") {
            let trace = Backtrace::capture();
            // It may repeat the text that caused it.
            terminal::complain(TerminalText::of(&format_args!("thread 'main' {info}\n")));
            if trace.status() == BacktraceStatus::Captured {
                terminal::complain(TerminalText::of(&trace));
            }
            messages::flush();
        }
    }));
}
