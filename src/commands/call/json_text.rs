//! JSON for people: indented and coloured. It is rewritten from its text, not from values, so every number and every
//! repeated member stays as it came.

use std::fmt;

use colored::Colorize;

use crate::protocol::sanitize;

/// A text that was checked to be JSON.
pub struct JsonText<'t> {
    pub text: &'t str,
    /// How many levels deep it stands in something else.
    pub level: usize,
}

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        let mut inside: Vec<char> = Vec::new();
        let mut at_key = false;
        while let Some(c) = rest.chars().next() {
            let length = token_length(rest, c);
            let (token, after) = rest.split_at(length);
            rest = after.trim_start();
            match c {
                '{' | '[' => {
                    f.write_str(token)?;
                    if let Some(after) = rest.strip_prefix(if c == '{' { '}' } else { ']' }) {
                        write!(f, "{}", if c == '{' { '}' } else { ']' })?;
                        rest = after.trim_start();
                        continue;
                    }
                    inside.push(c);
                    at_key = c == '{';
                    self.new_line(f, inside.len())?;
                }
                '}' | ']' => {
                    inside.pop();
                    self.new_line(f, inside.len())?;
                    f.write_str(token)?;
                }
                ',' => {
                    at_key = inside.last() == Some(&'{');
                    f.write_str(token)?;
                    self.new_line(f, inside.len())?;
                }
                ':' => {
                    at_key = false;
                    f.write_str(": ")?;
                }
                '"' if at_key => write!(f, "{}", sanitize::text(token).blue().bold())?,
                '"' => write!(f, "{}", sanitize::text(token).green())?,
                _ if token == "null" => write!(f, "{}", token.dimmed())?,
                't' | 'f' => write!(f, "{}", token.yellow())?,
                _ => write!(f, "{}", token.cyan())?,
            }
        }
        Ok(())
    }
}

impl JsonText<'_> {
    fn new_line(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        write!(f, "\n{:1$}", "", (self.level + depth) * 2)
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
        anstream::adapter::strip_str(&JsonText { text, level: 0 }.to_string()).to_string()
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
        assert_eq!(plain("[\"a\u{9b}2Jb\u{202e}c\"]"), "[\n  \"ab\u{fffd}c\"\n]");
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
