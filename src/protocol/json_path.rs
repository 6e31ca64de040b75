//! A path to a value in a JSON text, as jq and the definitions write it: `.data.items`, `data.items`, `rows[-1].id`,
//! `."a.b"`. The page itself is `.`.
//!
//! Values are found in the text. As a tree, a page takes many times its size. Of members with one name the last counts.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::json;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath {
    text: String,
    steps: Vec<String>,
}

/// A text that is not a path.
#[derive(Debug, thiserror::Error)]
#[error("a path is written `.data.items`, `.rows[-1].id` or `.\"a.b\"`")]
pub struct NotAPath;

impl FromStr for JsonPath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let mut rest = text.trim();
        let mut steps = Vec::new();
        rest = rest.strip_prefix('$').unwrap_or(rest);
        rest = rest.strip_prefix('.').unwrap_or(rest);
        while !rest.is_empty() {
            let step;
            (step, rest) = match rest.strip_prefix('[') {
                Some(inside) => bracketed(inside).ok_or(NotAPath)?,
                None => plain_or_quoted(rest).ok_or(NotAPath)?,
            };
            // jq's `.rows[]` means the rows.
            match step.is_empty() {
                true if !rest.is_empty() => return Err(NotAPath),
                true => {}
                false => steps.push(step),
            }
            rest = match rest.strip_prefix('.') {
                Some("") => return Err(NotAPath),
                Some(after) => after,
                None if rest.is_empty() || rest.starts_with('[') => rest,
                None => return Err(NotAPath),
            };
        }
        Ok(Self { text: text.trim().to_owned(), steps })
    }
}

fn bracketed(inside: &str) -> Option<(String, &str)> {
    if inside.starts_with(['"', '\'']) {
        let (step, rest) = plain_or_quoted(inside)?;
        return Some((step, rest.strip_prefix(']')?));
    }
    let (index, rest) = inside.split_once(']')?;
    let is_index = index.is_empty() || index.parse::<i64>().is_ok();
    is_index.then(|| (index.to_owned(), rest))
}

fn plain_or_quoted(text: &str) -> Option<(String, &str)> {
    if let Some(quote) = text.chars().next().filter(|c| ['"', '\''].contains(c)) {
        let (step, rest) = text[1..].split_once(quote)?;
        return (!step.is_empty()).then(|| (step.to_owned(), rest));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl JsonPath {
    /// Reads a path of a definition. One that cannot be read is the name of a member.
    pub fn of(text: &str) -> Self {
        text.parse().unwrap_or_else(|NotAPath| Self { text: text.to_owned(), steps: vec![text.to_owned()] })
    }

    /// Makes a path of names.
    pub fn of_names(names: &[String]) -> Self {
        Self { text: format!(".{}", names.join(".")), steps: names.to_vec() }
    }

    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// Returns the text of the value, or `None` if there is none.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        find(&self.steps, text)
    }
}

fn find<'t>(steps: &[String], text: &'t str) -> Option<&'t str> {
    let Some(step) = steps.first() else { return Some(text) };
    let mut found = None;
    if text.starts_with('[') {
        let index: i64 = step.parse().ok()?;
        let mut n = 0;
        items(text, &mut |item| {
            if index == n || index == -1 {
                found = Some(item);
            }
            n += 1;
        })?;
        return find(&steps[1..], found?);
    }
    members(text, &mut |name, value| {
        if let Some(rest) = after(steps, name) {
            found = find(rest, value);
        }
    })?;
    found
}

/// Returns the steps below this name. A name may have dots: `@odata.nextLink`.
fn after<'s>(steps: &'s [String], name: &str) -> Option<&'s [String]> {
    let mut tail = name;
    for (n, step) in steps.iter().enumerate() {
        tail = tail.strip_prefix(step.as_str())?;
        if tail.is_empty() {
            return Some(&steps[n + 1..]);
        }
        tail = tail.strip_prefix('.')?;
    }
    None
}

/// Returns a text without its byte order mark and the whitespace around it, or `None` if it is not UTF-8.
pub fn text_of(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(json::without_mark(body).trim_ascii()).ok()
}

/// Calls back for each member of an object. Returns `None` if the text is not an object.
pub fn members<'t>(text: &'t str, each: &mut dyn FnMut(&str, &'t str)) -> Option<()> {
    // A number is a map with one member to serde_json.
    text.starts_with('{').then_some(())?;
    Each(&mut |name, value| each(name.unwrap_or_default(), value))
        .deserialize(&mut serde_json::Deserializer::from_str(text))
        .ok()
}

/// Calls back for each element of an array. Returns `None` if the text is not an array.
pub fn items<'t>(text: &'t str, each: &mut dyn FnMut(&'t str)) -> Option<()> {
    text.starts_with('[').then_some(())?;
    Each(&mut |_, value| each(value)).deserialize(&mut serde_json::Deserializer::from_str(text)).ok()
}

/// Returns how many elements an array has, or `None` if the text is not an array.
pub fn count(text: &str) -> Option<usize> {
    text.starts_with('[').then_some(())?;
    Count.deserialize(&mut serde_json::Deserializer::from_str(text)).ok()
}

struct Count;

impl<'t> DeserializeSeed<'t> for Count {
    type Value = usize;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'t> Visitor<'t> for Count {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut elements: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while elements.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

/// A walk over one level of a value: the name of each member and its text.
struct Each<'f, 't>(&'f mut dyn FnMut(Option<&str>, &'t str));

/// A member's name, not copied if it has no escapes.
#[derive(Deserialize)]
struct Name<'t>(#[serde(borrow)] Cow<'t, str>);

impl<'t> DeserializeSeed<'t> for Each<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Each<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(value) = elements.next_element::<&RawValue>()? {
            (self.0)(None, value.get());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = members.next_key()? {
            (self.0)(Some(&name), members.next_value::<&RawValue>()?.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_without_a_tree() {
        for (body, path, value) in [
            (r#"{"next":"a\u0062"}"#, "next", Some(r#""a\u0062""#)),
            (r#"{"n\u0065xt":1}"#, ".next", Some("1")),
            (r#"{"meta":{"next":12345678901234567890123}}"#, "meta.next", Some("12345678901234567890123")),
            (r#"{"l":[0,{"c":-1.50}]}"#, "l.1.c", Some("-1.50")),
            (r#"{"l":[{"c":1},{"c":2}]}"#, ".l[-1].c", Some("2")),
            (r#"{"l":[{"c":1},{"c":2}]}"#, "l.0.c", Some("1")),
            (r#"{"l":[]}"#, "l.-1.c", None),
            (r#"{"next":"a","next":"b"}"#, "$.next", Some(r#""b""#)),
            (r#"{"@odata.nextLink":1}"#, "@odata.nextLink", Some("1")),
            (r#"{"d":{"a.b":{"c":1}}}"#, ".d.a.b.c", Some("1")),
            (r#"{"a":{"b":1}}"#, r#".["a"]."b""#, Some("1")),
            (r#"{"a":[1]}"#, ".a[]", Some("[1]")),
            ("[1]", ".", Some("[1]")),
            (r#"{"a":7}"#, "a.$serde_json::private::Number", None),
            (r#"{"meta":7}"#, "meta.next", None),
            (r#"{"l":[0]}"#, "l.1", None),
            (r#"{"ab":1}"#, "a", None),
        ] {
            assert_eq!(path.parse::<JsonPath>().unwrap().find(body), value, "{path} in {body}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_and_a_name_in_a_definition() {
        for bad in ["a..b", "a.", ".a[x]", "a[0", "a[]b", "a[].b", "\"a", "a[0]b"] {
            assert!(bad.parse::<JsonPath>().is_err(), "{bad}");
            assert_eq!(JsonPath::of(bad).steps, [bad]);
        }
    }
}
