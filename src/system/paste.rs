//! Text that the user pastes while we wait for the redirect: the address that the browser ended at, or a bare code.
//!
//! The terminal is read without line mode, which would cut a line at 4,095 bytes, and without echo, as the text holds a
//! code or a token. Its old settings are restored on every exit, including signals: see [`super::signals`].

use zeroize::Zeroizing;

use super::process::in_background;
#[cfg(unix)]
use super::signals::ChangedTerminal;

/// The length limit of a line. A pasted address with a token in it has a few KiB.
const MAX_PASTE: usize = 256 * 1024;

/// A reader of lines from the terminal. It stops when it is dropped.
pub struct PasteReader {
    #[cfg(unix)]
    _terminal: ChangedTerminal,
}

impl PasteReader {
    /// Starts to read stdin if it is a terminal. Every line goes to `deliver`, without its line break.
    #[cfg(unix)]
    pub fn start(mut deliver: impl FnMut(Zeroizing<String>) -> bool + Send + 'static) -> Option<Self> {
        // Signals stay on, so that Ctrl-C and Ctrl-Z work as usual.
        let terminal = ChangedTerminal::enter(|settings| {
            settings.c_lflag &= !(libc::ECHO | libc::ICANON);
            settings.c_cc[libc::VMIN] = 1;
            settings.c_cc[libc::VTIME] = 0;
        })?;
        in_background("paste", move || {
            let mut stdin = std::io::stdin().lock();
            while let Some(line) = read_line(&mut stdin) {
                let text = Zeroizing::new(line.trim().to_owned());
                if !text.is_empty() && !deliver(text) {
                    return;
                }
            }
        })
        .ok()?;
        Some(Self { _terminal: terminal })
    }

    /// Starts to read. Off Unix, lines are read in the terminal's own line mode.
    #[cfg(not(unix))]
    pub fn start(mut deliver: impl FnMut(Zeroizing<String>) -> bool + Send + 'static) -> Option<Self> {
        use std::io::{BufRead, IsTerminal};
        if !std::io::stdin().is_terminal() {
            return None;
        }
        in_background("paste", move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let text = Zeroizing::new(line.chars().take(MAX_PASTE).collect::<String>().trim().to_owned());
                if !text.is_empty() && !deliver(text) {
                    return;
                }
            }
        })
        .ok()?;
        Some(Self {})
    }
}

/// Reads a line with echo off, except for its end. `ask` is called once echo is off. Returns `None` if stdin is not a
/// terminal, or ends.
#[cfg(unix)]
pub fn hidden_line(ask: impl FnOnce()) -> Option<Zeroizing<String>> {
    let _terminal = ChangedTerminal::enter(|settings| {
        settings.c_lflag &= !libc::ECHO;
        settings.c_lflag |= libc::ECHONL;
    })?;
    ask();
    read_line(&mut std::io::stdin().lock())
}

/// Reads up to a line break, which is left out.
#[cfg(unix)]
fn read_line(stdin: &mut impl std::io::Read) -> Option<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::new());
    let mut byte = [0];
    while stdin.read(&mut byte).is_ok_and(|n| n == 1) {
        match byte[0] {
            b'\n' | b'\r' => return Some(Zeroizing::new(String::from_utf8_lossy(&line).into_owned())),
            // Backspace, and the end of an overlong paste.
            0x7f | 0x08 => drop(line.pop()),
            byte if line.len() < MAX_PASTE => line.push(byte),
            _ => {}
        }
    }
    None
}
