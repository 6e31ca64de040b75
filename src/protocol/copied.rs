//! What a copied text brings along: whitespace, invisible characters, quotes, and a terminal's paste marks.

/// Invisible characters that pages and editors leave around a text, and the marks of bracketed paste, also without the
/// escape character that a terminal may have taken.
const AROUND: &[&str] = &["\u{feff}", "\u{200b}", "\u{2060}", "\u{1b}[200~", "\u{1b}[201~", "[200~", "[201~"];

/// The pairs of quotes and brackets that people write around a text.
const QUOTES: &[(char, char)] = &[
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('<', '>'),
    ('\u{201c}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{ab}', '\u{bb}'),
];

/// Removes whitespace, invisible characters and paste marks around a text.
pub fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(rest) = AROUND.iter().find_map(|mark| text.strip_prefix(mark).or_else(|| text.strip_suffix(mark))) {
        text = rest.trim();
    }
    text
}

/// Removes one pair of quotes or brackets around a text.
pub fn unquoted(text: &str) -> Option<&str> {
    QUOTES.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close)).map(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_copied_text_is_removed() {
        for text in ["x", " x\r\n", "\u{feff}x", "\u{200b} x\u{2060}", "\u{1b}[200~x\u{1b}[201~", "[200~x[201~\n"] {
            assert_eq!(bare(text), "x", "{text:?}");
        }
        for text in ["\"x\"", "'x'", "<x>", "` x `", "\u{201c}x\u{201d}", "\u{ab}x\u{bb}"] {
            assert_eq!(unquoted(text), Some("x"), "{text}");
        }
        for text in ["x", "\"", "\"x", "'x\"", "", "[x]"] {
            assert_eq!(unquoted(text), None, "{text}");
        }
    }
}
