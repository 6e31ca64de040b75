//! The lines of a dotenv file that set a variable. What is written here is read again here.

use super::copied::{bare, unquoted};

/// A line that sets a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// `export` stands before it, for shells.
    pub is_exported: bool,
    pub name: &'a str,
    /// As it stands there.
    value: &'a str,
}

impl<'a> Assignment<'a> {
    /// Reads a line. `None` if it is a comment or sets nothing.
    pub fn of(line: &'a str) -> Option<Self> {
        let line = bare(line);
        let rest = line.strip_prefix("export ");
        let (name, value) = rest.unwrap_or(line).split_once('=')?;
        let name = name.trim();
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_name.then_some(Self { is_exported: rest.is_some(), name, value: value.trim() })
    }

    /// Returns the value. A quoted one is what is between the quotes; another one ends before a comment.
    pub fn value(&self) -> String {
        let quoted = match self.value.chars().next() {
            Some('\'') => self.value[1..].split_once('\'').map(|(value, _)| value.to_owned()),
            Some('"') => unescaped(&self.value[1..]),
            _ => None,
        };
        quoted.unwrap_or_else(|| {
            let value = self.value.split_once(" #").map_or(self.value, |(value, _)| value).trim();
            unquoted(value).unwrap_or(value).to_owned()
        })
    }
}

/// Returns what stands before the next double quote that has no backslash. `None` if there is none.
fn unescaped(text: &str) -> Option<String> {
    let (mut value, mut letters) = (String::new(), text.chars().peekable());
    while let Some(c) = letters.next() {
        match (c, letters.peek()) {
            ('"', _) => return Some(value),
            ('\\', Some('"' | '\\' | '$')) => value.extend(letters.next()),
            _ => value.push(c),
        }
    }
    None
}

/// Quotes a value for dotenv readers, of which all take single quotes literally.
pub fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.~+/:=".contains(c);
    match value.chars().all(plain) {
        true => value.to_owned(),
        false if !value.contains('\'') => format!("'{value}'"),
        false => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Option<String> {
        Assignment::of(line).map(|set| set.value())
    }

    #[test]
    fn a_line_sets_a_variable_or_nothing() {
        for (line, expected) in [
            ("A=b", Some("b")),
            (" export A = 'b c' # d", Some("b c")),
            ("A=\"b\" c", Some("b")),
            ("A=b # c", Some("b")),
            ("A=b#c", Some("b#c")),
            ("A='b", Some("'b")),
            ("A=", Some("")),
            ("# A=b", None),
            ("1A=b", None),
            ("A B=c", None),
            ("A", None),
            ("", None),
        ] {
            assert_eq!(value(line).as_deref(), expected, "{line}");
        }
        assert!(Assignment::of("export A=b").unwrap().is_exported && !Assignment::of("A=b").unwrap().is_exported);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for token in ["a.b-c", "a$b c", "it's \"$1\"", "'\\", "\\\"'$", "a # b", "a'#"] {
            assert_eq!(value(&format!("T={}", quoted(token))).as_deref(), Some(token), "{}", quoted(token));
        }
        assert_eq!(quoted("a$b c"), "'a$b c'");
    }
}
