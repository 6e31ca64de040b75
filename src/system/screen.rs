//! What the terminals behind stdout and stderr can show: their size, and their characters.

use std::io::{self, IsTerminal};

use super::paths::variable;
use crate::protocol::sanitize::TerminalText;

#[derive(Clone, Copy)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// Returns `true` if the locale of this process has more than ASCII characters (POSIX XBD §8.2).
pub fn shows_unicode() -> bool {
    if cfg!(any(windows, target_vendor = "apple")) {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Returns `true` unless the terminal says that it cannot erase a line, as the one in an editor may.
pub fn can_erase() -> bool {
    cfg!(windows) || variable("TERM").is_none_or(|term| term != "dumb")
}

/// Returns a text in the lines and the characters that the terminal at a stream has.
pub fn fitted(text: TerminalText, stream: Stream) -> TerminalText {
    let text = match size_of(stream) {
        Some((columns, _)) => text.wrapped(columns),
        None => text,
    };
    if shows_unicode() { text } else { text.in_ascii() }
}

/// Returns `true` if a terminal is at a stream, whether or not it tells its size.
pub fn is_terminal(stream: Stream) -> bool {
    match stream {
        Stream::Stdout => io::stdout().is_terminal(),
        Stream::Stderr => io::stderr().is_terminal(),
    }
}

/// Returns the columns and lines of the terminal at a stream.
pub fn size_of(stream: Stream) -> Option<(usize, usize)> {
    use terminal_size::{Height, Width, terminal_size_of};
    let (Width(columns), Height(lines)) = match stream {
        Stream::Stdout => terminal_size_of(io::stdout()),
        Stream::Stderr => terminal_size_of(io::stderr()),
    }?;
    (columns > 0 && lines > 0).then_some((usize::from(columns), usize::from(lines)))
}
