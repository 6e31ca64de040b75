//! The two streams to a person, and the questions put to one. Stdout is the answer, stderr is the talk.

use std::fmt::Display;
use std::io::{self, BufRead, IsTerminal, Write};

use super::messages::{self, Message};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::secret::Secret;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    #[error("stdout cannot be written")]
    Stdout(#[source] io::Error),
    #[error("stdin cannot be read")]
    Stdin(#[source] io::Error),
    #[error("the answer was cut short")]
    NoAnswer,
}

impl Advice for TerminalError {
    fn next_step(&self) -> NextStep {
        match self {
            // The reader has what it wanted, as in `oauthctl status | head -1`.
            Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::Success.no_hint(),
            Self::Stdout(_) => ExitCode::Unexpected.no_hint(),
            Self::Stdin(_) | Self::NoAnswer => ExitCode::Usage.no_hint(),
        }
    }
}

pub trait Terminal: Send + Sync {
    /// Writes to stdout, as it is.
    fn data(&self, bytes: &[u8]) -> Result<(), TerminalError>;

    /// One line of talk.
    fn note(&self, line: &dyn Display);

    /// One line that `--quiet` does not silence: it is like an error, but the command goes on.
    fn alarm(&self, line: &dyn Display);

    /// A line that the next one replaces: a countdown, a progress. Nothing where stderr is no terminal.
    fn progress(&self, line: Option<&str>);

    /// From now on no line waits for somebody to read it: see [`messages`].
    fn stop_waiting(&self);

    /// Whether somebody is there to be asked.
    fn is_interactive(&self) -> bool;

    fn stdout_is_terminal(&self) -> bool;

    /// Whether colour codes may go to stdout.
    fn stdout_shows_color(&self) -> bool;

    /// How many columns a table on stdout may take.
    fn width(&self) -> usize;

    /// Asks for a line.
    fn ask(&self, question: &str) -> Result<String, TerminalError>;

    /// Asks for a line that does not appear on the screen.
    fn ask_hidden(&self, question: &str) -> Result<Secret, TerminalError>;

    /// All of stdin as text, its last line break cut off.
    fn stdin_secret(&self) -> Result<Secret, TerminalError>;
}

/// How much of stdin is read as a secret.
const MAX_SECRET: u64 = 64 * 1024;

/// The width for a table that goes into a pipe.
const PIPE_WIDTH: usize = 120;

pub struct SystemTerminal {
    interactive: bool,
    stdout_terminal: bool,
    stderr_terminal: bool,
    quiet: bool,
}

impl SystemTerminal {
    /// Decides once about colour. `NO_COLOR` wins over everything but an explicit `--color always`.
    pub fn new(color: ColorChoice, quiet: bool) -> Self {
        let choice = match color {
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
            ColorChoice::Auto => anstream::ColorChoice::Auto,
        };
        choice.write_global();
        // `colored` looks at stdout only, so it always colours, and each stream strips what it must not show.
        colored::control::set_override(true);
        let (stdin, stderr) = (io::stdin().is_terminal(), io::stderr().is_terminal());
        Self {
            interactive: stdin && stderr,
            stdout_terminal: io::stdout().is_terminal(),
            stderr_terminal: stderr,
            quiet,
        }
    }
}

impl Terminal for SystemTerminal {
    fn data(&self, bytes: &[u8]) -> Result<(), TerminalError> {
        // What was said before stands before it.
        messages::flush();
        write_all(&mut io::stdout().lock(), bytes).map_err(TerminalError::Stdout)
    }

    fn note(&self, line: &dyn Display) {
        if !self.quiet {
            self.progress(None);
            messages::write(Message::Text(format!("{line}\n")));
        }
    }

    fn alarm(&self, line: &dyn Display) {
        self.progress(None);
        messages::write(Message::Text(format!("{line}\n")));
    }

    fn progress(&self, line: Option<&str>) {
        if self.stderr_terminal && !self.quiet {
            messages::write(Message::Progress(line.unwrap_or_default().to_owned()));
        }
    }

    fn stop_waiting(&self) {
        messages::stop_waiting();
    }

    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn stdout_is_terminal(&self) -> bool {
        self.stdout_terminal
    }

    fn stdout_shows_color(&self) -> bool {
        anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
    }

    fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        columns.or_else(|| terminal_width().filter(|_| self.stdout_terminal)).unwrap_or(PIPE_WIDTH)
    }

    fn ask(&self, question: &str) -> Result<String, TerminalError> {
        messages::flush();
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{question}: ");
        let _ = stderr.flush();
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) => Err(TerminalError::NoAnswer),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(TerminalError::Stdin(error)),
        }
    }

    fn ask_hidden(&self, question: &str) -> Result<Secret, TerminalError> {
        messages::flush();
        let line = hidden_line(|| drop(write!(io::stderr().lock(), "{question} (not shown): ")))?;
        Ok(Secret::new(line.trim().to_owned()))
    }

    fn stdin_secret(&self) -> Result<Secret, TerminalError> {
        let mut text = zeroize::Zeroizing::new(String::new());
        io::Read::read_to_string(&mut io::Read::take(io::stdin().lock(), MAX_SECRET), &mut text)
            .map_err(TerminalError::Stdin)?;
        Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
    }
}

/// Writes all of it, also to a pipe that somebody has set to be non-blocking: one that is full for a moment is waited
/// for, as for any other pipe.
fn write_all(stdout: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    loop {
        let result = match bytes {
            [] => stdout.flush().map(|()| 0),
            rest => stdout.write(rest),
        };
        match result {
            Ok(0) if bytes.is_empty() => return Ok(()),
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait_for_room()?,
            Err(error) => return Err(error),
        }
    }
}

/// Until stdout takes more, or its reader is gone.
#[cfg(unix)]
fn wait_for_room() -> io::Result<()> {
    let mut stdout = libc::pollfd { fd: libc::STDOUT_FILENO, events: libc::POLLOUT, revents: 0 };
    // SAFETY: the struct lives through the call, and it is one.
    match unsafe { libc::poll(&mut stdout, 1, -1) } {
        -1 => Err(io::Error::last_os_error()).or_else(|error| match error.kind() {
            io::ErrorKind::Interrupted => Ok(()),
            _ => Err(error),
        }),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn wait_for_room() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

#[cfg(unix)]
fn hidden_line(ask: impl FnOnce()) -> Result<zeroize::Zeroizing<String>, TerminalError> {
    super::paste::hidden_line(ask).ok_or(TerminalError::NoAnswer)
}

#[cfg(not(unix))]
fn hidden_line(ask: impl FnOnce()) -> Result<zeroize::Zeroizing<String>, TerminalError> {
    ask();
    rpassword::read_password().map(zeroize::Zeroizing::new).map_err(TerminalError::Stdin)
}

#[cfg(unix)]
fn terminal_width() -> Option<usize> {
    // SAFETY: the kernel fills a struct of the size it expects; on an error the zeroes stay.
    let size = unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &mut size);
        size
    };
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn terminal_width() -> Option<usize> {
    None
}
