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
    #[cfg(not(unix))]
    _console: super::signals::WithoutEcho,
}

impl PasteReader {
    /// Starts to read stdin if it is a terminal. Every line goes to `deliver`, without its line break.
    #[cfg(unix)]
    pub fn start(mut deliver: impl FnMut(Zeroizing<String>) -> bool + Send + 'static) -> Option<Self> {
        let terminal = ChangedTerminal::enter(without_echo)?;
        in_background("paste", move || {
            let mut stdin = std::io::stdin().lock();
            while let Some(line) = read_line(&mut stdin, EndKey::Ignored) {
                let text = Zeroizing::new(line.trim().to_owned());
                if !text.is_empty() && !deliver(text) {
                    return;
                }
            }
        })
        .ok()?;
        Some(Self { _terminal: terminal })
    }

    /// Starts to read. On Windows, lines are read in the console's own line mode, which has no short limit.
    #[cfg(not(unix))]
    pub fn start(mut deliver: impl FnMut(Zeroizing<String>) -> bool + Send + 'static) -> Option<Self> {
        use std::io::BufRead;
        let console = super::signals::WithoutEcho::enter()?;
        in_background("paste", move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let text = Zeroizing::new(line.chars().take(MAX_PASTE).collect::<String>().trim().to_owned());
                if !text.is_empty() && !deliver(text) {
                    return;
                }
            }
        })
        .ok()?;
        Some(Self { _console: console })
    }
}

/// Reads lines with echo off until they are whole, and ends the screen's line. `ask` is called once echo is off. Returns
/// `None` if stdin is not a terminal, or ends. Line mode is off too: a token may be longer than a line of it.
#[cfg(unix)]
pub fn hidden_text(ask: impl FnOnce(), is_whole: &dyn Fn(&str) -> bool) -> Option<Zeroizing<String>> {
    let _terminal = ChangedTerminal::enter(without_echo)?;
    ask();
    let (mut stdin, mut text) = (std::io::stdin().lock(), Zeroizing::new(String::new()));
    loop {
        text.push_str(&read_line(&mut stdin, EndKey::Ends)?);
        if is_whole(&text) || text.len() > MAX_PASTE {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), b"\n");
            return Some(text);
        }
        text.push('\n');
    }
}

/// Signals stay on, so that Ctrl-C and Ctrl-Z work as usual.
#[cfg(unix)]
fn without_echo(settings: &mut libc::termios) {
    settings.c_lflag &= !(libc::ECHO | libc::ICANON);
    settings.c_cc[libc::VMIN] = 1;
    settings.c_cc[libc::VTIME] = 0;
}

/// The meaning of Ctrl-D at the beginning of a line.
#[cfg(unix)]
#[derive(Clone, Copy, PartialEq, Eq)]
enum EndKey {
    Ends,
    Ignored,
}

/// Reads up to a line break, which is left out.
#[cfg(unix)]
fn read_line(stdin: &mut impl std::io::Read, end_key: EndKey) -> Option<Zeroizing<String>> {
    let mut line = Zeroizing::new(Vec::new());
    let mut byte = [0];
    while stdin.read(&mut byte).is_ok_and(|n| n == 1) {
        match byte[0] {
            b'\n' | b'\r' => return Some(Zeroizing::new(String::from_utf8_lossy(&line).into_owned())),
            // Ctrl-D and Ctrl-U, as in line mode.
            0x04 if line.is_empty() && end_key == EndKey::Ends => return None,
            0x04 => {}
            0x15 => line.clear(),
            // Backspace, and the end of an overlong paste.
            0x7f | 0x08 => drop(line.pop()),
            byte if line.len() < MAX_PASTE => line.push(byte),
            _ => {}
        }
    }
    None
}
