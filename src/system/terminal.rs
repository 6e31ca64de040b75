//! The terminal: output and questions. Stdout has the answer, stderr the messages.
//!
//! A terminal receives only [`TerminalText`]: the functions that write to one accept no other type. Raw bytes go out
//! only through a [`Pipe`], which exists if stdout is not a terminal, or if the user explicitly asked for raw output.

mod captured;
mod error;
mod lists;

pub use self::captured::{Captured, Kept};
pub use self::error::TerminalError;

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use self::lists::LineMode;
use super::messages::{self, Message};
use super::paths::variable;
use super::screen::{self, Stream, can_erase, size_of};
use super::stdout::{self, Delivered};
use super::waiting;
use crate::protocol::sanitize::{Json, Pieces, Render, TerminalText};
use crate::protocol::secret::Secret;

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// Stdout for raw bytes, or what takes its place.
pub struct Pipe(Option<Kept>);

impl Pipe {
    pub fn write(&self, bytes: &[u8]) -> Result<(), TerminalError> {
        if let Some(kept) = &self.0 {
            kept.add(bytes);
            return Ok(());
        }
        check_stdout()?;
        let _still = waiting::still();
        // Earlier messages come first, and a line that was drawn on the same screen makes room.
        messages::flush();
        stdout::write_all(bytes).map_err(TerminalError::Stdout)?;
        messages::answered(bytes);
        Ok(())
    }
}

pub trait Terminal: Send + Sync {
    /// Writes an answer for people to stdout, with styles if stdout shows them.
    fn show(&self, answer: &dyn Render) -> Result<(), TerminalError>;

    /// Returns stdout if it is a pipe or a file, or `None` if it is a terminal.
    fn pipe(&self) -> Option<Pipe>;

    /// Returns stdout for raw output that the user explicitly asked for, whatever stdout is.
    fn verbatim(&self) -> Pipe;

    /// Writes an answer for programs to stdout: raw, or cleaned on a terminal.
    fn data(&self, bytes: &[u8]) -> Result<(), TerminalError> {
        match self.pipe() {
            Some(pipe) => pipe.write(bytes),
            None => self.show(&String::from_utf8_lossy(bytes)),
        }
    }

    /// Writes JSON to stdout. On a terminal it is cleaned, but remains the same value.
    fn json(&self, json: &str) -> Result<(), TerminalError> {
        match self.pipe() {
            Some(pipe) => pipe.write(json.as_bytes()),
            None => self.show(&Json(json)),
        }
    }

    /// Checks that stdout can be written to. A command that answers there checks before it does anything.
    fn check_stdout(&self) -> Result<(), TerminalError>;

    /// Writes a text to stdout and waits until it has arrived, as far as can be known.
    fn deliver(&self, text: &dyn Render) -> Result<Delivered, TerminalError>;

    /// Prints one message.
    fn note(&self, line: &dyn Render);

    /// Prints one message that `--quiet` does not suppress: as important as an error, but the command continues.
    fn alarm(&self, line: &dyn Render);

    /// Prints a line that the next one replaces, such as a countdown, if stderr is a terminal.
    fn progress(&self, line: Option<&dyn Render>);

    /// Returns the columns and lines of the terminal that shows messages, if they are shown on one.
    fn message_size(&self) -> Option<(usize, usize)>;

    /// Stops waiting for messages to be read: see [`messages`].
    fn stop_waiting(&self);

    /// Returns `true` if a user can be prompted.
    fn is_interactive(&self) -> bool;

    fn stdout_is_terminal(&self) -> bool;

    /// Returns the number of columns for a table on stdout.
    fn width(&self) -> usize;

    /// Prompts for a line.
    fn ask(&self, question: &dyn Render) -> Result<String, TerminalError>;

    /// Prompts for a line without showing it on the screen.
    fn ask_hidden(&self, question: &dyn Render) -> Result<Secret, TerminalError> {
        let line = self.ask_hidden_text(question, &|_| true)?;
        Ok(Secret::new(line.expose().trim()))
    }

    /// Prompts for a text without showing it on the screen: lines until they are whole.
    fn ask_hidden_text(&self, question: &dyn Render, is_whole: &dyn Fn(&str) -> bool) -> Result<Secret, TerminalError>;

    /// Asks the user to choose one of several lines, and returns its index. The first word of a line is its name. The last
    /// line is for what is not among the others: whatever is typed to filter them, it stays.
    fn choose(&self, question: &dyn Render, lines: &[String]) -> Result<usize, TerminalError>;

    /// Asks the user which of several lines apply, and returns their indices in order. `ticked` are ticked at first.
    fn tick(&self, question: &dyn Render, lines: &[String], ticked: &[usize]) -> Result<Vec<usize>, TerminalError>;

    /// Takes questions to the terminal that this process belongs to, once stdin was read to its end: a pipe has the input,
    /// and a person the answers. Returns `false` if there is none that shows messages.
    fn reach_person(&self) -> bool;

    /// Reads all of stdin, of at most this many bytes.
    fn stdin_secret(&self, limit: u64) -> Result<Zeroizing<Vec<u8>>, TerminalError>;

    /// Reads a secret that is promised on stdin, of at most this many bytes. A person at a terminal is asked for it.
    fn promised_secret(&self, question: &dyn Render, limit: u64) -> Result<Zeroizing<Vec<u8>>, TerminalError> {
        match self.is_interactive() {
            true => Ok(self.ask_hidden(question)?.expose().as_bytes().to_vec().into()),
            false => self.stdin_secret(limit),
        }
    }
}

/// Writes an error to stderr, even when there is no [`Terminal`] yet.
pub fn complain(text: TerminalText) {
    messages::write(Message::Text(text));
}

fn check_stdout() -> Result<(), TerminalError> {
    if stdout::is_closed() {
        return Err(TerminalError::StdoutClosed);
    }
    stdout::check().map_err(TerminalError::Stdout)
}

/// Writes a help text to stdout.
pub fn answer(text: &TerminalText) -> Result<(), TerminalError> {
    let shows_color = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let pipe = Pipe(None);
    if shows_color { pipe.write(text.as_str().as_bytes()) } else { pipe.write(text.to_plain().as_bytes()) }
}

/// The largest secret read from stdin or a file. Secrets have a few dozen characters, tokens a few KiB.
pub const MAX_SECRET: u64 = 64 * 1024;

/// The size of a terminal that does not tell its own.
const COMMON_SIZE: (usize, usize) = (80, 24);

/// The width of a table that goes into a pipe.
const PIPE_WIDTH: usize = 120;

pub struct SystemTerminal {
    interactive: bool,
    stdout_terminal: bool,
    stderr_terminal: bool,
    quiet: bool,
    /// What a terminal that cannot erase is told of a wait.
    has_told: AtomicBool,
}

impl SystemTerminal {
    /// Decides whether to use colors. `NO_COLOR` wins over everything but an explicit `--color always`.
    pub fn new(color: ColorChoice, quiet: bool) -> Self {
        let choice = match color {
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
            ColorChoice::Auto => anstream::ColorChoice::Auto,
        };
        choice.write_global();
        let (stdin, stderr) = (io::stdin().is_terminal(), io::stderr().is_terminal());
        Self {
            interactive: stdin && stderr && !is_ci(),
            stdout_terminal: io::stdout().is_terminal(),
            stderr_terminal: stderr,
            quiet,
            has_told: AtomicBool::new(false),
        }
    }
}

impl SystemTerminal {
    fn line_mode(&self) -> LineMode<'_> {
        LineMode { say: Box::new(|line| self.alarm(line)), ask: Box::new(|question| self.ask(question)) }
    }
}

impl Terminal for SystemTerminal {
    fn show(&self, shown: &dyn Render) -> Result<(), TerminalError> {
        answer(&TerminalText::of(shown))
    }

    fn check_stdout(&self) -> Result<(), TerminalError> {
        check_stdout()
    }

    fn deliver(&self, text: &dyn Render) -> Result<Delivered, TerminalError> {
        check_stdout()?;
        let _still = waiting::still();
        messages::flush();
        let text = TerminalText::of(text).to_plain();
        stdout::deliver(text.as_bytes()).map_err(TerminalError::Stdout)
    }

    fn pipe(&self) -> Option<Pipe> {
        (!self.stdout_terminal).then_some(Pipe(None))
    }

    fn verbatim(&self) -> Pipe {
        Pipe(None)
    }

    fn note(&self, line: &dyn Render) {
        if !self.quiet {
            self.alarm(line);
        }
    }

    fn alarm(&self, line: &dyn Render) {
        self.has_told.store(false, Ordering::SeqCst);
        self.progress(None);
        messages::write(Message::Text(TerminalText::of(&Pieces(&[line, &"\n"]))));
    }

    fn progress(&self, line: Option<&dyn Render>) {
        if !self.stderr_terminal || self.quiet {
            return;
        }
        if !can_erase() {
            // It is told once, as a line.
            if let Some(line) = line.filter(|_| !self.has_told.swap(true, Ordering::SeqCst)) {
                messages::write(Message::Text(TerminalText::of(&Pieces(&[line, &"\n"]))));
            }
        } else {
            // At the last column some terminals wrap already.
            let columns = self.message_size().map_or(usize::MAX, |(columns, _)| columns.saturating_sub(1));
            let line = line.map(|line| TerminalText::of(line).on_one_line().within(columns)).unwrap_or_default();
            messages::write(Message::Progress(line));
        }
    }

    fn message_size(&self) -> Option<(usize, usize)> {
        let is_shown = self.stderr_terminal && !self.quiet;
        is_shown.then(|| size_of(Stream::Stderr).unwrap_or(COMMON_SIZE))
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

    fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let of_stdout = || size_of(Stream::Stdout).filter(|_| self.stdout_terminal).map(|(columns, _)| columns);
        columns.or_else(of_stdout).unwrap_or(PIPE_WIDTH)
    }

    fn ask(&self, question: &dyn Render) -> Result<String, TerminalError> {
        let _still = waiting::still();
        put_question(question, "");
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) => Err(TerminalError::NoAnswer),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(TerminalError::Stdin(error)),
        }
    }

    fn ask_hidden_text(&self, question: &dyn Render, is_whole: &dyn Fn(&str) -> bool) -> Result<Secret, TerminalError> {
        let _still = waiting::still();
        let text = hidden_text(|| put_question(question, " (not shown)"), is_whole)?;
        Ok(Secret::new(text.as_str()))
    }

    fn choose(&self, question: &dyn Render, lines: &[String]) -> Result<usize, TerminalError> {
        let _still = waiting::still();
        messages::flush();
        lists::choose(&self.line_mode(), question, lines)
    }

    fn tick(&self, question: &dyn Render, lines: &[String], ticked: &[usize]) -> Result<Vec<usize>, TerminalError> {
        let _still = waiting::still();
        messages::flush();
        lists::tick(&self.line_mode(), question, lines, ticked)
    }

    fn reach_person(&self) -> bool {
        self.interactive || self.stderr_terminal && stdin_to_terminal()
    }

    fn stdin_secret(&self, limit: u64) -> Result<Zeroizing<Vec<u8>>, TerminalError> {
        let _still = waiting::still();
        let mut bytes = Zeroizing::new(Vec::new());
        io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).map_err(TerminalError::Stdin)?;
        if bytes.len() as u64 > limit {
            let too_large = io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes"));
            return Err(TerminalError::Stdin(too_large));
        }
        Ok(bytes)
    }
}

/// Returns `true` on a build machine, where some terminals have no one who answers.
fn is_ci() -> bool {
    variable("CI").is_some_and(|value| !["false", "0"].contains(&value.as_str()))
}

/// Prints a question, to be answered on the same line.
fn put_question(question: &dyn Render, remark: &str) {
    messages::flush();
    let mut stderr = io::stderr().lock();
    let question = TerminalText::of(&format_args!("{}{remark}:", *TerminalText::of(question).on_one_line().to_plain()));
    let _ = write!(stderr, "{} ", *screen::fitted(question, Stream::Stderr).to_plain());
    let _ = stderr.flush();
}

/// Replaces stdin by the terminal of this process, so that it is read and restored like any other.
#[cfg(unix)]
fn stdin_to_terminal() -> bool {
    use std::os::fd::AsRawFd;
    let Ok(terminal) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty") else { return false };
    // SAFETY: both are descriptors, and nothing else holds stdin's.
    unsafe { libc::dup2(terminal.as_raw_fd(), libc::STDIN_FILENO) >= 0 }
}

/// A console is read whatever stdin is.
#[cfg(not(unix))]
fn stdin_to_terminal() -> bool {
    true
}

#[cfg(unix)]
fn hidden_text(ask: impl FnOnce(), is_whole: &dyn Fn(&str) -> bool) -> Result<Zeroizing<String>, TerminalError> {
    super::paste::hidden_text(ask, is_whole).ok_or(TerminalError::NoAnswer)
}

#[cfg(not(unix))]
fn hidden_text(ask: impl FnOnce(), is_whole: &dyn Fn(&str) -> bool) -> Result<Zeroizing<String>, TerminalError> {
    // The library turns the echo off, too, but Ctrl-C would leave it so.
    let _echo = super::signals::WithoutEcho::enter();
    ask();
    let mut text = Zeroizing::new(String::new());
    loop {
        text.push_str(&Zeroizing::new(rpassword::read_password().map_err(TerminalError::Stdin)?));
        if is_whole(&text) {
            return Ok(text);
        }
        text.push('\n');
    }
}
