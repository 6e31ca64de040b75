//! Foreign text on a terminal: control sequences, direction marks and invisible characters are removed.
//!
//! Every text from a server, a file or the command line passes here before a person sees it. An escape sequence in an
//! `error_description` could otherwise rewrite the screen, set the title or fill the clipboard.
//!
//! [`line`] and [`message`] shorten a text that becomes part of one of our messages. All terminal output is a
//! [`TerminalText`], which cleans whatever was forgotten on the way.

mod columns;
mod terminal_text;
mod wrap;

pub use columns::{columns, cut, padded, split_at_column};
pub use terminal_text::{Json, Pieces, Render, Style, Styled, TerminalText};
pub use wrap::{ascii, wrap};

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

/// The part of a foreign text that one message shows: enough for a sentence, too little to push our own words off the
/// screen.
const MAX_CHARS: usize = 200;

/// The same for what a server says of an error: libraries put the cause at the end of a long sentence, and some add a
/// trace id and a time.
const MAX_REASON_CHARS: usize = 560;

/// Returns one clean line of at most [`MAX_CHARS`] characters. A cut text ends with `…`.
pub fn line(text: &str) -> String {
    line_of(text, MAX_CHARS)
}

/// Returns a server's reason as one clean line, a longer one than others have.
pub fn reason(text: &str) -> String {
    line_of(text, MAX_REASON_CHARS)
}

fn line_of(text: &str, max: usize) -> String {
    let mut clean = String::new();
    let mut room = max;
    // The place to cut a text that does not fit: one character before the end.
    let mut cut = 0;
    let mut pending_space = false;
    for c in visible(text) {
        if c.is_whitespace() {
            pending_space = !clean.is_empty();
            continue;
        }
        let needed = if pending_space { 2 } else { 1 };
        if needed > room {
            clean.truncate(cut);
            clean.push('…');
            return clean;
        }
        if std::mem::take(&mut pending_space) {
            clean.push(' ');
        }
        clean.push(c);
        room -= needed;
        if room > 0 {
            cut = clean.len();
        }
    }
    clean
}

/// Names things in a sentence: `` `a`, `b` ``. Foreign names are to be cleaned before.
pub fn ticked<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The part of each line of our own messages that is shown. A path, an address and a sentence fit. A parser's message
/// may repeat a whole line of a file.
const MAX_LINE_CHARS: usize = 1000;

/// Returns a message of several lines, each of them cut: the last check after foreign text was inserted.
pub fn message(message: &str) -> String {
    let text = text(message);
    let mut lines = text.lines().map(|line| match line.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    });
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |all, line| all + "\n" + &line)
}

/// Returns a whole text with its line breaks and tabs: the form in which `call` shows a body on a terminal.
pub fn text(text: &str) -> String {
    visible(text).collect()
}

/// Splits a text into pieces of at most `limit` bytes, to avoid holding it twice. A piece ends with a line if possible,
/// so that a control sequence is seldom cut. Only letters are left of a cut one.
pub fn pieces(text: &str, limit: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let most = (0..=limit.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).filter(|at| *at > 0)?;
        let line_end = rest[..most].rfind('\n').map_or(most, |at| at + 1);
        let (piece, after) = rest.split_at(if most < rest.len() { line_end } else { most });
        rest = after;
        Some(piece)
    })
}

/// Returns a JSON text with its invisible characters escaped as `\u…`. Nothing is lost, and it parses to the same
/// value.
pub fn json(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || is_invisible(c);
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Returns the characters a person may see. A control sequence is removed with its payload, so that no half of it
/// stays.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            let c = chars.next()?;
            match c {
                '\u{1b}' => skip_escape(&mut chars),
                '\u{9b}' => skip_csi(&mut chars),
                '\u{9d}' | '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
                '\n' | '\t' => return Some(c),
                '\r' if chars.peek() == Some(&'\n') => {}
                c if c.is_control() || is_invisible(c) => {
                    return Some(if c == '\r' { ' ' } else { '\u{fffd}' });
                }
                c => return Some(c),
            }
        }
    })
}

/// Skips what follows an ESC (ECMA-35 §13): the opening of a longer sequence, or intermediate bytes and one final byte.
/// Anything else belongs to no sequence, and another ESC begins a new one.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars.next_if(|c| matches!(c, '\u{20}'..='\u{2f}')).is_some() {}
    match chars.next_if(|c| matches!(c, '\u{30}'..='\u{7e}')) {
        Some('[') => skip_csi(chars),
        // OSC, DCS, SOS, PM, APC: everything up to BEL or the string terminator.
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(chars),
        _ => {}
    }
}

/// Skips a CSI sequence: parameter and intermediate bytes, then one final byte from `@` to `~`.
fn skip_csi(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.peek() {
        match c {
            '\u{20}'..='\u{3f}' => {
                chars.next();
            }
            '\u{40}'..='\u{7e}' => {
                chars.next();
                return;
            }
            _ => return,
        }
    }
}

fn skip_string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if chars.peek() == Some(&'\\') => {
                chars.next();
                return;
            }
            _ => {}
        }
    }
}

/// Returns `true` for marks that reorder or hide text: bidi controls, characters without width (Unicode's
/// Default_Ignorable_Code_Point: zero-width characters, fillers, tags, variation selectors), and the separators of
/// lines and of annotations.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_keeps_its_lines_and_each_is_cut() {
        let long = "x".repeat(MAX_LINE_CHARS);
        assert_eq!(message(&format!("a\u{1b}[2Jb\n{long}\nc")), format!("ab\n{long}\nc"));
        assert_eq!(message(&format!("{long}y\nc")), format!("{long}…\nc"));
    }

    #[test]
    fn escape_sequences_are_removed_with_their_payload() {
        let cases = [
            ("a\u{1b}[31mb\u{1b}[0m", "ab"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]52;c;ZXZpbA==\u{1b}\\b", "ab"),
            ("a\u{1b}Pq payload\u{1b}\\b", "ab"),
            ("a\u{9b}2Jb", "ab"),
            ("a\u{9d}0;t\u{9c}b", "ab"),
            ("a\u{1b}(B\u{1b}7b", "ab"),
            ("a\u{1b}\u{1b}[31mb\u{1b}", "ab"),
            ("a\u{1b}\nb", "a b"),
            ("a\u{202e}b", "a\u{fffd}b"),
            ("joined\u{34f}tag\u{e0041}", "joined\u{fffd}tag\u{fffd}"),
            ("zero\u{200b}width", "zero\u{fffd}width"),
            ("two\r\nlines\tand  blanks ", "two lines and blanks"),
            ("back\u{8}space", "back\u{fffd}space"),
        ];
        for (dirty, clean) in cases {
            assert_eq!(line(dirty), clean, "{dirty:?}");
        }
    }

    #[test]
    fn a_text_keeps_its_lines() {
        assert_eq!(text("one\r\ntwo\rover\tit\n"), "one\ntwo over\tit\n");
        assert_eq!(text("a\u{1b}]0;title\u{1b}b\u{1b}\\c"), "ac", "a title ends with ESC and a backslash only");
    }

    #[test]
    fn the_pieces_of_a_text_add_up_to_the_text() {
        let of = |text| pieces(text, 4).collect::<Vec<_>>();
        assert_eq!(of("ab\ncdefgh\n"), ["ab\n", "cdef", "gh\n"]);
        assert_eq!(of("ééé€€"), ["éé", "é", "€", "€"]);
        assert_eq!(of("abcd"), ["abcd"]);
        assert!(of("").is_empty());
    }

    #[test]
    fn a_long_text_is_cut() {
        let cut = |n| format!("{}…", "x".repeat(n));
        assert_eq!(line(&"x".repeat(MAX_CHARS)), "x".repeat(MAX_CHARS));
        assert_eq!(line(&"x".repeat(MAX_CHARS + 1)), cut(MAX_CHARS - 1));
        assert_eq!(line(&format!("{} yz", "x".repeat(MAX_CHARS - 1))), cut(MAX_CHARS - 1));
        assert_eq!(line(&format!("{} yz", "x".repeat(MAX_CHARS - 2))), cut(MAX_CHARS - 2));
        let lines_of_a_terminal = line(&"x".repeat(100_000)).chars().count().div_ceil(80);
        assert!(lines_of_a_terminal <= 3, "it pushes ours off the screen");
        let reason_on_a_terminal = reason(&"x".repeat(100_000)).chars().count().div_ceil(80);
        assert!(reason_on_a_terminal <= 7, "it pushes ours off the screen");
    }

    proptest! {
        #[test]
        fn nothing_that_moves_the_cursor_is_left(dirty in any::<String>()) {
            prop_assert!(line(&dirty).chars().all(|c| !c.is_control() && !is_invisible(c)));
            prop_assert!(text(&dirty).chars().all(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_invisible(c)));
        }
    }
}
