//! Foreign words on a terminal: control sequences, direction marks and invisible characters removed.
//!
//! Every text that came from a server, a file or the command line passes here before a person sees it. An escape
//! sequence in an `error_description` could otherwise rewrite the screen, set the title or fill the clipboard.

/// How much of a foreign text one message shows: enough for a sentence, too little to push ours off the screen.
const MAX_CHARS: usize = 200;

/// One clean line of at most [`MAX_CHARS`] characters.
pub fn line(text: &str) -> String {
    let mut clean = String::new();
    let mut count = 0;
    let mut pending_space = false;
    for c in visible(text) {
        if c.is_whitespace() {
            pending_space = !clean.is_empty();
            continue;
        }
        if count >= MAX_CHARS {
            clean.push('…');
            return clean;
        }
        if std::mem::take(&mut pending_space) {
            clean.push(' ');
            count += 1;
        }
        clean.push(c);
        count += 1;
    }
    clean
}

/// All of a text, its line breaks and tabs kept: what `call` shows of a body on a terminal.
pub fn text(text: &str) -> String {
    visible(text).collect()
}

/// The characters a person may see. A control sequence goes together with its payload, so that no half of one stays.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            let c = chars.next()?;
            match c {
                '\u{1b}' => match chars.next() {
                    Some('[') => skip_csi(&mut chars),
                    // OSC, DCS, SOS, PM, APC: everything up to BEL or the string terminator.
                    Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut chars),
                    _ => {}
                },
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

/// CSI: parameter and intermediate bytes, then one final byte from `@` to `~`.
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

/// Marks that reorder or hide text: bidi controls, zero-width characters, tags, variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escape_sequences_go_with_their_payload() {
        let cases = [
            ("a\u{1b}[31mb\u{1b}[0m", "ab"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]52;c;ZXZpbA==\u{1b}\\b", "ab"),
            ("a\u{1b}Pq payload\u{1b}\\b", "ab"),
            ("a\u{9b}2Jb", "ab"),
            ("a\u{9d}0;t\u{9c}b", "ab"),
            ("a\u{202e}b", "a\u{fffd}b"),
            ("zero\u{200b}width", "zero\u{fffd}width"),
            ("two\r\nlines\tand  blanks ", "two lines and blanks"),
            ("back\u{8}space", "back\u{fffd}space"),
        ];
        for (dirty, clean) in cases {
            assert_eq!(line(dirty), clean, "{dirty:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(line(&"x".repeat(1000)).chars().count(), MAX_CHARS + 1);
    }

    proptest! {
        #[test]
        fn nothing_that_moves_the_cursor_is_left(dirty in any::<String>()) {
            prop_assert!(line(&dirty).chars().all(|c| !c.is_control() && !is_invisible(c)));
            prop_assert!(text(&dirty).chars().all(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_invisible(c)));
        }
    }
}
