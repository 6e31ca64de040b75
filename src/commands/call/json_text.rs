//! JSON for people: indented and coloured. It is rewritten from its text, not from values, so every number and every
//! repeated member stays as it came.
//!
//! It is written piece by piece, so that a large text is not held a second time, and what is added is bounded: a text of
//! a hundred levels with one digit in each line would become a hundred times as long.

use std::fmt;

use crate::protocol::sanitize::{self, Render, Style, TerminalText};

/// A text that was checked to be JSON.
pub struct JsonText<'t> {
    pub text: &'t str,
    /// How many levels deep it stands in something else.
    pub level: usize,
}

/// How many blanks a text may become longer by, for each of its bytes: more than any that people write needs. Where
/// they are used up, lines begin at the left.
const BLANKS: usize = 16;

/// How much of a text is cleaned and coloured at once.
const PIECE: usize = 4096;

/// As many blanks as are written at once.
const SOME_BLANKS: &str = "                                                                ";

type Put<'p, E> = &'p mut dyn FnMut(&dyn Render) -> Result<(), E>;

impl JsonText<'_> {
    /// Hands it on in pieces.
    pub fn write<E>(&self, put: Put<'_, E>) -> Result<(), E> {
        let mut blanks = BLANKS * self.text.len();
        let mut rest = self.text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        let mut inside: Vec<char> = Vec::new();
        let mut at_key = false;
        while let Some(c) = rest.chars().next() {
            let length = token_length(rest, c);
            let (token, after) = rest.split_at(length);
            rest = after.trim_start();
            match c {
                '{' | '[' => {
                    let end = if c == '{' { "}" } else { "]" };
                    put(&token)?;
                    if let Some(after) = rest.strip_prefix(end) {
                        put(&end)?;
                        rest = after.trim_start();
                        continue;
                    }
                    inside.push(c);
                    at_key = c == '{';
                    self.new_line(put, inside.len(), &mut blanks)?;
                }
                '}' | ']' => {
                    inside.pop();
                    self.new_line(put, inside.len(), &mut blanks)?;
                    put(&token)?;
                }
                ',' => {
                    at_key = inside.last() == Some(&'{');
                    put(&token)?;
                    self.new_line(put, inside.len(), &mut blanks)?;
                }
                ':' => {
                    at_key = false;
                    put(&": ")?;
                }
                '"' if at_key => paint(put, token, Style::Key)?,
                '"' => paint(put, token, Style::Text)?,
                _ if token == "null" => paint(put, token, Style::Faint)?,
                't' | 'f' => paint(put, token, Style::Word)?,
                _ => paint(put, token, Style::Number)?,
            }
        }
        Ok(())
    }

    fn new_line<E>(&self, put: Put<'_, E>, depth: usize, blanks: &mut usize) -> Result<(), E> {
        let mut wanted = (self.level + depth) * 2;
        put(&"\n")?;
        if wanted > *blanks {
            return Ok(());
        }
        *blanks -= wanted;
        while wanted > 0 {
            let some = wanted.min(SOME_BLANKS.len());
            put(&&SOME_BLANKS[..some])?;
            wanted -= some;
        }
        Ok(())
    }
}

fn paint<E>(put: Put<'_, E>, token: &str, style: Style) -> Result<(), E> {
    sanitize::pieces(token, PIECE).try_for_each(|piece| put(&style.of(sanitize::json(piece))))
}

impl Render for JsonText<'_> {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        self.write(&mut |piece| text.add(piece))
    }
}

/// How many bytes the token has that begins with `c`.
fn token_length(text: &str, c: char) -> usize {
    match c {
        '{' | '}' | '[' | ']' | ',' | ':' => 1,
        '"' => {
            let mut escaped = false;
            let end = text.char_indices().skip(1).find(|(_, c)| match c {
                _ if escaped => {
                    escaped = false;
                    false
                }
                '\\' => {
                    escaped = true;
                    false
                }
                c => *c == '"',
            });
            end.map_or(text.len(), |(at, _)| at + 1)
        }
        c => {
            let ends = |c: char| matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"') || c.is_ascii_whitespace();
            text[c.len_utf8()..].find(ends).map_or(text.len(), |at| at + c.len_utf8())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> String {
        TerminalText::of(&JsonText { text, level: 0 }).to_plain().to_string()
    }

    #[test]
    fn numbers_and_repeats_stay_as_they_came() {
        let text = "{\"n\": 1.10, \"n\":12345678901234567890123,\n\"e\":1E400,\"o\":{ },\"l\":[\"a\\\"]\",null,[ ]]}";
        let shown = "{\n  \"n\": 1.10,\n  \"n\": 12345678901234567890123,\n  \"e\": 1E400,\n  \"o\": {},\n  \"l\": [\n    \"a\\\"]\",\n    null,\n    []\n  ]\n}";
        assert_eq!(plain(text), shown);
        assert_eq!(plain(" \"x\" "), "\"x\"");
    }

    #[test]
    fn a_text_cannot_reach_the_terminal() {
        assert_eq!(plain("[\"a\u{9b}2Jb\u{202e}c\"]"), "[\n  \"a\\u009b2Jb\\u202ec\"\n]");
    }

    #[test]
    fn what_is_added_grows_with_the_text_and_not_with_its_square() {
        let rows = format!("{}{}{}", "[".repeat(100), vec!["1"; 20_000].join(","), "]".repeat(100));
        for text in [rows, "[".repeat(40_000), format!("{}{}", "{\"a\":".repeat(70_000), "}".repeat(70_000))] {
            let shown = plain(&text);
            assert!(shown.len() <= 20 * text.len(), "{} bytes became {}", text.len(), shown.len());
            assert_eq!(shown.replace(['\n', ' '], ""), text);
        }
    }

    #[test]
    fn a_long_text_is_cleaned_and_coloured_in_pieces() {
        let long = format!("\"{}\"", "é\u{9b}2Jü".repeat(PIECE));
        let shown = TerminalText::of(&JsonText { text: &long, level: 0 });
        assert!(shown.as_str().starts_with("\u{1b}[32m\"") && shown.as_str().matches("\u{1b}[32m").count() > 1);
        assert_eq!(plain(&long), format!("\"{}\"", "é\\u009b2Jü".repeat(PIECE)));
    }

    proptest! {
        #[test]
        fn any_text_is_written_without_a_panic(text in any::<String>()) {
            plain(&text);
        }

        #[test]
        fn what_is_shown_is_the_same_json(text in "[a-z0-9\\\\\"{}:, ]{0,20}", n in any::<f64>(), list in prop::collection::vec(any::<i64>(), 0..4)) {
            let value = serde_json::json!({"text": text, "list": list, "deep": [{"n": n.to_string()}, [], {}]});
            let again: serde_json::Value = serde_json::from_str(&plain(&value.to_string())).unwrap();
            prop_assert_eq!(again, value);
        }
    }
}
