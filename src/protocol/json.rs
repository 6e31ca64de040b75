//! JSON from an untrusted server. A repeated member is an error, because two readers could take two different values.
//!
//! The reader of the bytes limits their size, but the size says little about the cost of a text. A pair of brackets
//! becomes a value of a hundred bytes. A level costs a stack frame in everything that walks over it. The digits of a
//! number are multiplied with each other. So every text is [checked](check) for depth, number of values and length of
//! numbers before it is parsed. The check itself stores nothing. RFC 8259 §9 lets a reader set such limits.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The maximum depth: as many levels as serde_json reads. APIs use about ten.
pub const MAX_DEPTH: usize = 127;

/// The maximum number of values in a text that is read whole: a token reply, an error, metadata. Those have about
/// twenty, and the longest lists of scopes a few thousand. A tree of that many values, of the costliest kind, takes
/// about 30 MiB.
pub const MAX_VALUES: usize = 50_000;

/// The maximum length of a number. The longest meaningful one has a few hundred digits.
pub const MAX_DIGITS: usize = 4096;

/// The reason why a JSON text is not read, whatever its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    #[error("it is nested more than {} levels deep", MAX_DEPTH)]
    Depth,
    #[error("it has more than {limit} values")]
    Values { limit: usize },
    #[error("it has a number of more than {} characters", MAX_DIGITS)]
    Digits,
}

/// Checks the cost of a text, whether or not it is JSON. Comments count as comments, as they do for the filter's
/// reader.
pub fn check(text: &[u8], max_values: usize) -> Result<(), TooMuch> {
    let (mut depth, mut values, mut digits) = (0_usize, 1_usize, 0_usize);
    // `true` if the last byte opened a bracket: what follows is a value unless it closes the bracket.
    let mut opened = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if !byte.is_ascii_whitespace() {
            values += usize::from(std::mem::take(&mut opened) && !matches!(byte, b']' | b'}'));
        }
        match byte {
            b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E' => {
                digits += 1;
                if digits > MAX_DIGITS {
                    return Err(TooMuch::Digits);
                }
                continue;
            }
            b'"' => skip_text(&mut bytes),
            b'#' => drop(bytes.find(|byte| **byte == b'\n')),
            b'[' | b'{' => (depth, opened) = (depth + 1, true),
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        digits = 0;
        if depth > MAX_DEPTH {
            return Err(TooMuch::Depth);
        }
        if values > max_values {
            break;
        }
    }
    if values > max_values { Err(TooMuch::Values { limit: max_values }) } else { Ok(()) }
}

/// Skips to the end of a string whose opening quote was read.
fn skip_text(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

/// Returns `true` if a text is JSON, with or without a byte order mark. Nothing is built, and nothing recurses.
pub fn is_json(text: &[u8]) -> bool {
    // The reader that skips a value does not check that its strings are UTF-8.
    std::str::from_utf8(text).is_ok() && serde_json::from_slice::<IgnoredAny>(without_mark(text)).is_ok()
}

/// The byte order mark in UTF-8.
pub const MARK: &[u8] = b"\xef\xbb\xbf";

/// Removes a byte order mark. It is not JSON (RFC 8259 §8.1), but a reader may ignore it, and some servers on Windows
/// send one.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// Parses one JSON text of at most [`MAX_VALUES`] values. Numbers keep their digits.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let bytes = without_mark(bytes);
    check(bytes, MAX_VALUES).map_err(de::Error::custom)?;
    // serde_json passes a number with its exact spelling as a one-member map. Parsing once alone and once with the
    // check for repeats keeps that detail out of here.
    let value: Value = serde_json::from_slice(bytes)?;
    serde_json::from_slice::<NoRepeats>(bytes)?;
    Ok(value)
}

/// Walks a JSON text and stores only the names of the enclosing members.
struct NoRepeats;

impl<'de> Deserialize<'de> for NoRepeats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = NoRepeats;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_unit<E: de::Error>(self) -> Result<NoRepeats, E> {
        Ok(NoRepeats)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<NoRepeats, A::Error> {
        while items.next_element::<NoRepeats>()?.is_some() {}
        Ok(NoRepeats)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<NoRepeats, A::Error> {
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value::<NoRepeats>()?;
            if !seen.insert(name.clone()) {
                return Err(de::Error::custom(format_args!(
                    "the member `{}` appears twice",
                    super::sanitize::line(&name)
                )));
            }
        }
        Ok(NoRepeats)
    }
}

/// Returns the value at a dotted path, such as `data.access_token`. Numbers index arrays.
pub fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| match value {
        Value::Object(object) => object.get(step),
        Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    })
}

/// Puts a value at a dotted path of object members, and creates the objects on the way.
pub fn put(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = object.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Reads seconds as servers write them: a number, a float, or either as a string. Negative and absurd values are
/// `None`.
pub fn seconds(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number_as_f64(number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    (number.is_finite() && (0.0..=1e13).contains(&number)).then_some(number)
}

fn number_as_f64(number: &Number) -> Option<f64> {
    number.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_repeated_member_is_refused_at_any_depth() {
        assert!(parse(br#"{"a":1,"b":{"a":[1,2.5,"x",null,true]}}"#).is_ok());
        for bad in [r#"{"a":1,"a":2}"#, r#"{"x":[{"a":1,"a":1}]}"#, r#"{"a":1,"\u0061":2}"#] {
            assert!(parse(bad.as_bytes()).unwrap_err().to_string().contains("twice"), "{bad}");
        }
    }

    #[test]
    fn deep_nesting_and_broken_text_are_errors_not_panics() {
        for bad in ["[".repeat(100_000), "{\"a\":".repeat(10_000), "{".into(), String::new(), "\u{0}".into()] {
            assert!(parse(bad.as_bytes()).is_err());
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
        assert!(!is_json(b"{\"a\":\"\xff\"}") && is_json(b"\xef\xbb\xbf[]") && !is_json(b"[1,]"));
    }

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn the_cost_of_a_text_is_known_before_it_is_read() {
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        let deep = parse(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
        assert_eq!(deep.to_string(), "it is nested more than 127 levels deep");
        let list = |values: usize| format!("[0{}]", ",0".repeat(values - 2));
        assert!(parse(list(MAX_VALUES).as_bytes()).is_ok());
        for (text, values) in [("0", 1), ("[]", 1), ("[ ]", 1), ("[{},[ 1]]", 4), (r#"{"a":{"b":[]}, "c":0}"#, 4)] {
            assert_eq!(check(text.as_bytes(), values), Ok(()), "{text}");
            assert_eq!(check(text.as_bytes(), values - 1), Err(TooMuch::Values { limit: values - 1 }), "{text}");
        }
        let many = parse(list(MAX_VALUES + 1).as_bytes()).unwrap_err();
        assert_eq!(many.to_string(), "it has more than 50000 values");
        let number = |digits: usize| check("7".repeat(digits).as_bytes(), 1);
        assert_eq!((number(MAX_DIGITS), number(MAX_DIGITS + 1)), (Ok(()), Err(TooMuch::Digits)));
    }

    #[test]
    fn brackets_in_strings_are_not_levels() {
        let brackets = "[".repeat(1000);
        for text in [format!(r#"["{brackets}"]"#), format!(r#"["\"{brackets}"]"#), format!("# \"\n[]#{brackets}\n")] {
            assert_eq!(check(text.as_bytes(), 2), Ok(()), "{text}");
        }
        for text in [format!(r#"["\\"{brackets}"#), format!("#\n{brackets}"), format!("\"#\"{brackets}")] {
            assert_eq!(check(text.as_bytes(), 2000), Err(TooMuch::Depth), "{text}");
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(parse(b"[12345678901234567890123, 1.10]").unwrap().to_string(), "[12345678901234567890123,1.10]");
    }

    #[test]
    fn paths_reach_into_objects_and_arrays() {
        let value = json!({"data": {"tokens": [{"value": "x"}]}});
        assert_eq!(at(&value, "data.tokens.0.value"), Some(&json!("x")));
        assert_eq!(at(&value, "data.none"), None);
        let mut object = Map::new();
        put(&mut object, "data.access_token", json!("t"));
        assert_eq!(Value::Object(object), json!({"data": {"access_token": "t"}}));
    }

    #[test]
    fn seconds_are_read_from_numbers_floats_and_strings() {
        for (value, seconds_read) in
            [(json!(3600), 3600.0), (json!("3600"), 3600.0), (json!(3600.5), 3600.5), (json!(0), 0.0)]
        {
            assert_eq!(seconds(&value), Some(seconds_read));
        }
        for bad in [json!(-1), json!("soon"), json!(null), json!(1e18), json!([1])] {
            assert_eq!(seconds(&bad), None, "{bad}");
        }
    }
}
