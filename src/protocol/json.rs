//! JSON from a server that may lie: a repeated member is an error, as two readers could believe two different things.
//!
//! Depth is bounded by serde_json (128 levels), size by whoever reads the bytes.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Parses one JSON text. Numbers keep their digits.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    // A byte order mark is no JSON (RFC 8259 §8.1), but a reader may ignore it, and some servers on Windows send one.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // serde_json hands a number with its exact spelling to us as a one-member map; parsing it once on its own and once
    // with the check for repeats keeps that detail out of here.
    let value: Value = serde_json::from_slice(bytes)?;
    serde_json::from_slice::<NoRepeats>(bytes)?;
    Ok(value)
}

/// Walks a JSON text and keeps nothing but the names of the members it is inside of.
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
                    "the member `{}` is there twice",
                    super::sanitize::line(&name)
                )));
            }
        }
        Ok(NoRepeats)
    }
}

/// The value at a dotted path, such as `data.access_token`; numbers index arrays.
pub fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| match value {
        Value::Object(object) => object.get(step),
        Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    })
}

/// Puts a value at a dotted path of object members, making the objects on the way.
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

/// Seconds as servers write them: a number, a float, or either as text. Negative and absurd values are `None`.
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
    fn seconds_are_read_from_numbers_floats_and_texts() {
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
