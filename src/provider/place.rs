//! The place of a key in a definition's text, for an error that is found only when the text has been read.

use std::fmt;
use std::ops::Range;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A line and a column, counted from 1, as the reader of TOML counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Returns the place of a key, written as `token.params.scope` or `scope.known[2].probe`. If it is not there, the place
/// of the innermost table around it, if there is one.
pub fn place(text: &str, key: &str) -> Option<Place> {
    span_of(text, key).map(|span| at(text, span.start))
}

/// Returns the part of the text that [`place`] is the beginning of.
pub fn span_of(text: &str, key: &str) -> Option<Range<usize>> {
    in_table(DeTable::parse(text).ok()?.get_ref(), key)
}

/// Returns the innermost key at an offset of the text, written as for [`place`].
pub fn key_at(text: &str, offset: usize) -> Option<String> {
    key_in_table(DeTable::parse(text).ok()?.get_ref(), offset, "")
}

impl Place {
    /// The place of what is not there.
    pub const BEGINNING: Self = Self { line: 1, column: 1 };
}

/// Returns the line and column of an offset.
fn at(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Place { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

fn in_table(table: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    // A name may contain dots, so the longest one that fits is meant.
    let fits = |name: &str| key.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let found = table.iter().filter_map(|(name, value)| Some((name, value, fits(name.get_ref())?)));
    match found.max_by_key(|(name, ..)| name.get_ref().len()) {
        Some((name, value, rest)) => Some(in_value(value, rest).unwrap_or_else(|| name.span())),
        // A value with its evidence.
        None => table.get("value").and_then(|value| in_value(value, &format!(".{key}"))),
    }
}

fn in_value(value: &Spanned<DeValue<'_>>, rest: &str) -> Option<Range<usize>> {
    if let Some(name) = rest.strip_prefix('.') {
        return value.get_ref().as_table().and_then(|table| in_table(table, name));
    }
    let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
    let index: usize = index.parse().ok()?;
    match value.get_ref() {
        DeValue::Array(items) => {
            let item = items.get(index)?;
            Some(in_value(item, rest).unwrap_or_else(|| item.span()))
        }
        DeValue::Table(table) => in_value(table.get("value")?, &format!("[{index}]{rest}")),
        _ => None,
    }
}

fn key_in_table(table: &DeTable<'_>, offset: usize, above: &str) -> Option<String> {
    // The text of a table may stand in several places, so its own span says nothing of what is in it.
    table.iter().find_map(|(name, value)| {
        let key = if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
        let is_here = name.span().contains(&offset) || value.span().contains(&offset);
        key_in_value(value, offset, &key).or_else(|| is_here.then_some(key))
    })
}

fn key_in_value(value: &Spanned<DeValue<'_>>, offset: usize, key: &str) -> Option<String> {
    match value.get_ref() {
        DeValue::Table(table) => key_in_table(table, offset, key),
        DeValue::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let key = format!("{key}[{index}]");
            key_in_value(item, offset, &key).or_else(|| item.span().contains(&offset).then_some(key))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {

    #[test]
    fn a_key_is_found_in_every_notation_and_at_every_offset() {
        let text = "name = 'ä'\n\
                    token.params = { a = 'b', scope = 'x' }\n\
                    [api.headers]\n\
                    value = { 'X.Y' = 'b', X = 'c' }\n\
                    source = 'x'\n\
                    [[scope.known]]\n\
                    name = 'a'\n\
                    [[scope.known]]\n\
                    name = 'ö' # ä\n\
                    probe = { path = 'x', proves = [404, 401] }\n\
                    [api.denied]\n\
                    value = [{ path = 'a' }]\n";
        for (key, place) in [
            ("name", "line 1, column 1"),
            ("token.params.scope", "line 2, column 27"),
            ("token.params.none", "line 2, column 7"),
            ("token.url", "line 2, column 1"),
            ("api.headers.X.Y", "line 4, column 11"),
            ("api.headers.X", "line 4, column 24"),
            ("scope.known[1].name", "line 9, column 1"),
            ("scope.known[1].probe.proves[1]", "line 10, column 38"),
            ("scope.known[7].name", "line 6, column 9"),
            ("api.denied[0].path", "line 12, column 12"),
        ] {
            assert_eq!(super::place(text, key).unwrap().to_string(), place, "{key}");
        }
        for (part, key) in [
            ("x' }\n[api.h", "token.params.scope"),
            ("X = 'c'", "api.headers.value.X"),
            ("'ö'", "scope.known[1].name"),
            ("401", "scope.known[1].probe.proves[1]"),
            ("api.denied", "api.denied"),
            ("path = 'a'", "api.denied.value[0].path"),
        ] {
            assert_eq!(super::key_at(text, text.find(part).unwrap()).as_deref(), Some(key), "{part}");
        }
        for (text, key) in [(text, "revoke.url"), ("[token", "token"), ("", "token")] {
            assert_eq!(super::place(text, key), None);
        }
    }
}
