//! Texts as programming languages write them.

use std::fmt::Write as _;

use super::model::{Piece, TOKEN, pieces};

/// Joins the pieces of a text with `+`, the token as `token` and another secret as `variable` writes it.
pub fn joined(text: &str, quote: impl Fn(&str) -> String, variable: impl Fn(&str) -> String) -> String {
    let parts = pieces(text).into_iter().map(|piece| match piece {
        Piece::Text(text) => quote(text),
        Piece::Variable(name) if name == TOKEN => "token".to_owned(),
        Piece::Variable(name) => variable(&name),
    });
    parts.collect::<Vec<_>>().join(" + ")
}

/// Writes a text between double quotes. `unicode` writes a character that is not ASCII.
pub fn in_quotes(text: &str, unicode: impl Fn(char) -> String) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c => quoted.push_str(&unicode(c)),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes bytes between double quotes, each that is not plain as `\xNN`.
pub fn bytes(bytes: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' => quoted.push_str("\\\""),
            b'\\' => quoted.push_str("\\\\"),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            byte => drop(write!(quoted, "\\x{byte:02x}")),
        }
    }
    quoted.push('"');
    quoted
}
