//! The lines of a dotenv file that set a variable. What is written here is read again here.
//!
//! A quoted value may have several lines. One whose quote nothing closes ends with its line.

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

    /// Returns what follows the value in its line: a comment, or nothing.
    pub fn comment(&self) -> &'a str {
        let after = match self.quote() {
            Some((quote, inner)) => match end_of(quote, inner) {
                Some(end) => inner[end + 1..].trim(),
                None => "",
            },
            None => self.value.find(" #").map_or("", |at| self.value[at..].trim()),
        };
        if after.starts_with('#') { after } else { "" }
    }

    /// Returns `true` if a shell or a dotenv reader would put something else in the place of the value, or of a part of it.
    pub fn is_reference(&self) -> bool {
        let text = match self.quote() {
            Some(('\'', _)) => return false,
            Some((_, inner)) => inner,
            None => self.value,
        };
        let is_name = |c: char| c.is_ascii_alphabetic() || c == '_';
        let begins = |at: usize| at == 0 || !text[..at].ends_with('\\');
        text.starts_with('$') && text[1..].starts_with(is_name)
            || ["${", "$("].iter().any(|sign| text.match_indices(sign).any(|(at, _)| begins(at)))
    }

    /// Returns the quote with which the value begins, and what is after it.
    fn quote(&self) -> Option<(char, &'a str)> {
        let quote = self.value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        Some((quote, &self.value[1..]))
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

/// A part of a dotenv file: the line or the lines that set a variable, or a line that sets none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// As it stands there, with the line break at its end.
    pub text: &'a str,
    pub set: Option<Assignment<'a>>,
}

/// Returns the parts of a file. Together they are the whole text.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let line = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let length = Assignment::of(&rest[..line]).and_then(|set| further_lines(&set, rest, line)).unwrap_or(line);
        let (text, after) = rest.split_at(length);
        parts.push(Part { text, set: Assignment::of(text) });
        rest = after;
    }
    parts
}

/// Returns the length of a variable that goes on after its first line.
fn further_lines(set: &Assignment<'_>, rest: &str, line: usize) -> Option<usize> {
    let (quote, inner) = set.quote()?;
    if end_of(quote, inner).is_some() {
        return None;
    }
    // It is a part of that line.
    let begin = (inner.as_ptr() as usize).checked_sub(rest.as_ptr() as usize).filter(|begin| *begin <= line)?;
    let end = begin + end_of(quote, &rest[begin..])?;
    Some(rest[end..].find('\n').map_or(rest.len(), |at| end + at + 1))
}

/// Returns where a quoted text ends: at the next quote, of double ones at one that has no backslash.
fn end_of(quote: char, text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let is_end = c == quote && !is_escaped;
        is_escaped = quote == '"' && c == '\\' && !is_escaped;
        is_end.then_some(at)
    })
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
    fn a_quoted_value_may_have_several_lines() {
        let text = "\u{feff}# A='\nKEY=\"-----BEGIN\nA=inside\n\\\"x\n-----END\" # ours\r\nA='b\nB='c\nd'\nC=\"\ne\"";
        let parts = parts(text);
        assert_eq!(parts.iter().map(|part| part.text).collect::<String>(), text);
        let set: Vec<_> =
            parts.iter().filter_map(|part| part.set).map(|set| (set.name, set.value(), set.comment())).collect();
        assert_eq!(
            set,
            [
                ("KEY", "-----BEGIN\nA=inside\n\"x\n-----END".to_owned(), "# ours"),
                ("A", "b\nB=".to_owned(), ""),
                ("C", "\ne".to_owned(), "")
            ]
        );
        // Nothing closes it.
        assert_eq!(super::parts("A=\"b\nB=c\n").len(), 2);
    }

    #[test]
    fn a_reference_is_not_a_value() {
        for line in ["A=${B}", "A=\"x${B}\"", "A=$(pass show b)", "A=$B", "A=\"$B\""] {
            assert!(Assignment::of(line).unwrap().is_reference(), "{line}");
        }
        for line in ["A='${B}'", "A=a$b", "A=\"\\${B}\"", "A=$", "A=$5", "A=b"] {
            assert!(!Assignment::of(line).unwrap().is_reference(), "{line}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for token in ["a.b-c", "a$b c", "it's \"$1\"", "'\\", "\\\"'$", "a # b", "a'#"] {
            assert_eq!(value(&format!("T={}", quoted(token))).as_deref(), Some(token), "{}", quoted(token));
        }
        assert_eq!(quoted("a$b c"), "'a$b c'");
    }
}
