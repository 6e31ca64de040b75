//! The members of a JSON object from elsewhere: a server's reply, a token's claims, a stored record.
//!
//! A missing member and a member of the wrong kind are different. The first has a meaning in the RFCs. The second is a
//! fault, and is reported with the member's name. Many servers write `null` for a missing member.

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Value, error};

use super::json;
use super::scope::ScopeSet;

/// A member of another kind than expected. Its value is left out, because it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is malformed: expected {expected}, found {found}", super::sanitize::line(.member))]
pub struct WrongKind {
    pub member: String,
    pub found: &'static str,
    pub expected: &'static str,
}

impl WrongKind {
    pub fn new(member: impl Into<String>, found: &Value, expected: &'static str) -> Self {
        Self { member: member.into(), found: kind(found), expected }
    }
}

/// Names the kind of a value in words.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// An object's members by name, each read as its expected kind. `None` if it is missing or `null`.
#[derive(Clone, Copy)]
pub struct Members<'v>(pub &'v Value);

impl<'v> Members<'v> {
    pub fn get(self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub fn text(self, name: &str) -> Result<Option<&'v str>, WrongKind> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(WrongKind::new(name, other, "a string")),
        }
    }

    /// Reads a string, or a number as it is written: some servers identify accounts by numbers.
    pub fn text_or_number(self, name: &str) -> Result<Option<String>, WrongKind> {
        text_or_number(name, self.get(name))
    }

    pub fn flag(self, name: &str) -> Result<Option<bool>, WrongKind> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(WrongKind::new(name, other, "a boolean")),
        }
    }

    pub fn texts(self, name: &str) -> Result<Option<Vec<String>>, WrongKind> {
        let items = match self.get(name) {
            None => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(WrongKind::new(name, other, "an array of strings")),
        };
        let text = |(n, item): (usize, &Value)| match item {
            Value::String(text) => Ok(text.clone()),
            other => Err(WrongKind::new(format!("{name}.{n}"), other, "a string")),
        };
        items.iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// Reads scopes as servers send them: a string, or an array of strings.
    pub fn scopes(self, name: &str) -> Result<Option<ScopeSet>, WrongKind> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(ScopeSet::parse(text))),
            Some(Value::Array(_)) => Ok(self.texts(name)?.map(|names| ScopeSet::parse(&names.join(" ")))),
            Some(other) => Err(WrongKind::new(name, other, "a string or an array of strings")),
        }
    }

    /// Reads a time in seconds: a number, or a string with one in it. `None` if it is not a valid time, such as a
    /// negative number.
    pub fn seconds(self, name: &str) -> Result<Option<f64>, WrongKind> {
        match self.get(name) {
            None => Ok(None),
            Some(value @ (Value::Number(_) | Value::String(_))) => Ok(json::seconds(value)),
            Some(other) => Err(WrongKind::new(name, other, "a number of seconds")),
        }
    }
}

/// The same for a value found elsewhere.
pub fn text_or_number(name: &str, value: Option<&Value>) -> Result<Option<String>, WrongKind> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(other) => Err(WrongKind::new(name, other, "a string")),
    }
}

/// Reads a string, a number or a boolean as it is written: what a definition captures may be any of them.
pub fn scalar(name: &str, value: Option<&Value>) -> Result<Option<String>, WrongKind> {
    match value {
        Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
        value => text_or_number(name, value),
    }
}

/// Returns the value at a dotted path, as [`json::at`] finds it. A member on the way that is neither an object nor an
/// array is of the wrong kind.
pub fn at<'v>(value: &'v Value, path: &str) -> Result<Option<&'v Value>, WrongKind> {
    let mut here = value;
    let mut end = 0;
    for step in path.split('.') {
        let next = json::at(here, step);
        match (next, here) {
            (Some(inner), _) => here = inner,
            (None, Value::Object(_) | Value::Null) => return Ok(None),
            // An array may be too short.
            (None, Value::Array(_)) if step.parse::<usize>().is_ok() => return Ok(None),
            (None, other) => return Err(WrongKind::new(path[..end].trim_end_matches('.'), other, "an object")),
        }
        end += step.len() + 1;
    }
    Ok(Some(here))
}

/// Reads a record of a known type. An error names the member and quotes nothing of it.
pub fn typed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, error::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let record = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        without_values(&path, error.into_inner())
    })?;
    reader.end().map(|()| record)
}

/// Removes the values that serde quotes: one may be a token in the wrong place.
fn without_values(path: &str, error: error::Error) -> error::Error {
    if error.classify() != Category::Data {
        return error;
    }
    let (line, column, words) = (error.line(), error.column(), error.to_string());
    let place = format!("line {line} column {column}");
    // The name of a missing member comes from our own type.
    let missing = words.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let member = match (path, missing) {
        ("." | "?", None) => "the record".to_owned(),
        ("." | "?", Some(name)) => format!("`{name}`"),
        (path, None) => format!("`{}`", super::sanitize::line(path)),
        (path, Some(name)) => format!("`{}.{name}`", super::sanitize::line(path)),
    };
    let found = found_in(&words);
    serde::de::Error::custom(match (missing, found) {
        (Some(_), _) => format!("{member} is missing at {place}"),
        (None, Some(found)) => format!("{member} is malformed: unexpected {found} at {place}"),
        (None, None) => format!("{member} is malformed at {place}"),
    })
}

/// Returns the kind of value that serde reports.
fn found_in(words: &str) -> Option<&'static str> {
    let found = words.strip_prefix("invalid type: ")?;
    let kinds = [
        ("null", "null"),
        ("unit", "null"),
        ("boolean", "boolean"),
        ("integer", "number"),
        ("floating point", "number"),
        ("number", "number"),
        ("string", "string"),
        ("sequence", "array"),
        ("map", "object"),
    ];
    kinds.into_iter().find(|(begin, _)| found.starts_with(begin)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_member_is_not_one_of_the_wrong_kind() {
        let value = json!({"t": "x", "n": 7, "l": ["a", "b"], "m": ["a", 1], "o": {}, "z": null, "f": true});
        let members = Members(&value);
        for absent in ["z", "none"] {
            assert_eq!((members.text(absent), members.seconds(absent)), (Ok(None), Ok(None)));
            assert_eq!((members.scopes(absent), members.flag(absent)), (Ok(None), Ok(None)));
            assert_eq!((members.texts(absent), members.text_or_number(absent)), (Ok(None), Ok(None)));
        }
        assert_eq!((members.text("t"), members.text_or_number("n")), (Ok(Some("x")), Ok(Some("7".to_owned()))));
        assert_eq!(members.scopes("l").unwrap().unwrap().to_string(), "a b");
        let told = |error: WrongKind| error.to_string();
        assert_eq!(told(members.text("l").unwrap_err()), "`l` is malformed: expected a string, found an array");
        assert_eq!(told(members.scopes("m").unwrap_err()), "`m.1` is malformed: expected a string, found a number");
        for wrong in ["n", "l", "o", "f"] {
            assert!(members.text(wrong).is_err(), "{wrong}");
        }
        for wrong in ["l", "o", "f"] {
            assert!(members.seconds(wrong).is_err() && members.text_or_number(wrong).is_err(), "{wrong}");
        }
        assert_eq!(scalar("f", members.get("f")), Ok(Some("true".to_owned())));
        assert_eq!(scalar("n", members.get("n")), Ok(Some("7".to_owned())));
        assert!(scalar("o", members.get("o")).is_err());
        assert!(members.flag("t").is_err() && members.texts("t").is_err() && members.scopes("n").is_err());
    }

    #[test]
    fn a_path_ends_at_a_value_without_members() {
        let value = json!({"data": [{"token": "t"}], "text": "x", "z": null});
        assert_eq!(at(&value, "data.0.token"), Ok(Some(&json!("t"))));
        for absent in ["data.1.token", "none.token", "z.token", "data.0.none"] {
            assert_eq!(at(&value, absent), Ok(None), "{absent}");
        }
        for (path, member) in [("data.token", "data"), ("text.token", "text"), ("data.0.token.x", "data.0.token")] {
            assert_eq!(at(&value, path).unwrap_err().member, member, "{path}");
        }
    }

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)] // only deserialized
    struct Record {
        name: String,
        inner: std::collections::BTreeMap<String, u64>,
    }

    #[test]
    fn a_record_names_the_member_and_quotes_nothing() {
        for (bytes, told) in [
            (r#"{"name":["canary"],"inner":{}}"#, "`name` is malformed: unexpected array at line 1"),
            (r#"{"name":"x","inner":{"a":"canary"}}"#, "`inner.a` is malformed: unexpected string at"),
            (r#"{"name":"x","inner":{"a":-1}}"#, "`inner.a` is malformed at line 1"),
            (r#"{"name":"x"}"#, "`inner` is missing"),
            (r#""canary""#, "the record is malformed: unexpected string"),
            (r#"{"name":"x","inner":{}}canary"#, "trailing characters"),
        ] {
            let error = typed::<Record>(bytes.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains("canary"), "{bytes}: {error}");
        }
        assert!(typed::<Record>(br#" {"name":"x","inner":{}} "#).is_ok());
    }
}
