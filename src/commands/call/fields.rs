//! `-f`, `-F`, `--query` and `--input`: a request's parameters as `gh api` takes them.
//!
//! A key is a path: `a[b]` is a member of an object, `a[]` an element of an array, and `a[][b]` a member of the last
//! object in an array, or of a new one if that has it.

use std::io::Read;

use serde_json::{Map, Value};

use super::CallError;
use crate::protocol::json::MAX_DEPTH;
use crate::protocol::params::Params;
use crate::protocol::sanitize;

/// One `key=value` of the command line.
struct Field<'t> {
    text: &'t str,
    path: Vec<&'t str>,
    /// `a[]` alone is an empty array.
    value: Option<&'t str>,
}

impl<'t> Field<'t> {
    fn parse(text: &'t str) -> Result<Self, CallError> {
        let bad = |problem| CallError::BadField { text: sanitize::line(text), problem };
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None if text.ends_with("[]") => (text, None),
            None => return Err(bad("it has no `=`")),
        };
        let (name, mut rest) = key.split_at(key.find('[').unwrap_or(key.len()));
        if name.is_empty() {
            return Err(bad("it has no key"));
        }
        let mut path = vec![name];
        while !rest.is_empty() {
            if path.len() >= MAX_DEPTH {
                return Err(bad("its key is nested too deep"));
            }
            let step = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let Some((step, after)) = step else { return Err(bad("a key is written `a`, `a[b]` or `a[]`")) };
            path.push(step);
            rest = after;
        }
        Ok(Self { text, path, value })
    }

    fn put(&self, fields: &mut Map<String, Value>, value: Option<Value>) -> Result<(), CallError> {
        let clash = || CallError::BadField {
            text: sanitize::line(self.text),
            problem: "another field has put something else there",
        };
        put(fields, self.path[0], &self.path[1..], value).ok_or_else(clash)
    }
}

/// Puts a value below `object[name]`. `None` if something else is in the way.
fn put(object: &mut Map<String, Value>, name: &str, path: &[&str], value: Option<Value>) -> Option<()> {
    match path {
        [] => object.insert(name.to_owned(), value?).is_none().then_some(()),
        ["", rest @ ..] => {
            let empty = || Value::Array(Vec::new());
            let Value::Array(items) = object.entry(name).or_insert_with(empty) else { return None };
            match (rest, value) {
                ([], value) => items.extend(value),
                ([member, rest @ ..], value) => {
                    // The last object takes what it has not got yet, and more elements of an array that it has.
                    let takes = |item: &Value| item.is_object() && item.get(member).is_none_or(Value::is_array);
                    if !items.last().is_some_and(takes) {
                        items.push(Value::Object(Map::new()));
                    }
                    put(items.last_mut()?.as_object_mut()?, member, rest, value)?;
                }
            }
            Some(())
        }
        [member, rest @ ..] => {
            let empty = || Value::Object(Map::new());
            put(object.entry(name).or_insert_with(empty).as_object_mut()?, member, rest, value)
        }
    }
}

/// All fields of a command line, in the order in which they were given; `-f` before `-F`.
#[derive(Debug, Default)]
pub struct Fields(pub Map<String, Value>);

impl Fields {
    /// `-f` takes texts; `-F` numbers, `true`, `false`, `null` and `@file`, and texts where it is none of these.
    pub fn parse(texts: &[String], typed: &[String]) -> Result<Self, CallError> {
        let mut fields = Map::new();
        for text in texts {
            let field = Field::parse(text)?;
            field.put(&mut fields, field.value.map(Value::from))?;
        }
        for text in typed {
            let field = Field::parse(text)?;
            field.put(&mut fields, field.value.map(typed_value).transpose()?)?;
        }
        Ok(Self(fields))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For a query or a form: `a[b]=1`, `a[]=1`.
    pub fn to_params(&self) -> Params {
        let mut params = Params::new();
        for (name, value) in &self.0 {
            flatten(name, value, &mut params);
        }
        params
    }

    pub fn to_json(&self) -> Vec<u8> {
        Value::Object(self.0.clone()).to_string().into_bytes()
    }
}

fn flatten(name: &str, value: &Value, params: &mut Params) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(member, value)| flatten(&format!("{name}[{member}]"), value, params));
        }
        Value::Array(items) => items.iter().for_each(|item| flatten(&format!("{name}[]"), item, params)),
        Value::Null => params.push(name, ""),
        Value::String(text) => params.push(name, text),
        other => params.push(name, other.to_string()),
    }
}

fn typed_value(text: &str) -> Result<Value, CallError> {
    if let Some(path) = text.strip_prefix('@') {
        let bytes = read(path, u64::MAX)?;
        let not_text = |_| CallError::BadField {
            text: sanitize::line(text),
            problem: "the file is no UTF-8 text; `--input` sends it as it is",
        };
        return Ok(String::from_utf8(bytes).map_err(not_text)?.into());
    }
    // A text in quotes, an object or an array is meant as it is written.
    match serde_json::from_str(text) {
        Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) if text.trim() == text => Ok(value),
        _ => Ok(text.into()),
    }
}

/// A file, or stdin for `-`; of at most `limit` bytes.
fn read(path: &str, limit: u64) -> Result<Vec<u8>, CallError> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(limit).read_to_end(&mut bytes);
    read.map_err(|source| CallError::Input { path: sanitize::line(path), source })?;
    Ok(bytes)
}

/// A file, or stdin for `-`.
pub fn open(path: &str) -> Result<Box<dyn Read + Send>, CallError> {
    if path == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = std::fs::File::open(path);
    Ok(Box::new(file.map_err(|source| CallError::Input { path: sanitize::line(path), source })?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(texts: &[&str], typed: &[&str]) -> Result<String, CallError> {
        let owned = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
        let fields = Fields::parse(&owned(texts), &owned(typed))?;
        Ok(String::from_utf8(fields.to_json()).unwrap())
    }

    #[test]
    fn a_key_is_a_path() {
        for (fields, expected) in [
            (&["a=1", "b=x=y", "c="][..], r#"{"a":"1","b":"x=y","c":""}"#),
            (&["a[b]=1", "a[c][d]=2"], r#"{"a":{"b":"1","c":{"d":"2"}}}"#),
            (&["a[]=1", "a[]=2", "b[]"], r#"{"a":["1","2"],"b":[]}"#),
            (&["a[][n]=1", "a[][v]=2", "a[][n]=3"], r#"{"a":[{"n":"1","v":"2"},{"n":"3"}]}"#),
            (&["a[][n][]=1", "a[][n][]=2"], r#"{"a":[{"n":["1","2"]}]}"#),
            (&["a[][x][y]=1", "a[][x][z]=2"], r#"{"a":[{"x":{"y":"1"}},{"x":{"z":"2"}}]}"#),
        ] {
            assert_eq!(json(fields, &[]).unwrap(), expected);
        }
    }

    #[test]
    fn typed_values_are_what_they_look_like() {
        for (text, expected) in [
            ("1", "1"),
            ("-1.50", "-1.50"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1e400", "1e+400"),
            ("true", "true"),
            ("null", "null"),
            ("", "\"\""),
            (" 1", "\" 1\""),
            ("007", "\"007\""),
            ("\"x\"", "\"\\\"x\\\"\""),
            ("[1]", "\"[1]\""),
            ("True", "\"True\""),
        ] {
            assert_eq!(json(&[], &[&format!("a={text}")]).unwrap(), format!("{{\"a\":{expected}}}"));
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let deep = format!("a{}=1", "[b]".repeat(40_000));
        for bad in [
            &["a"][..],
            &["=1"],
            &["[a]=1"],
            &["a[b=1"],
            &["a[b]c=1"],
            &["a=1", "a=2"],
            &["a=1", "a[]=2"],
            &[deep.as_str()],
        ] {
            assert!(matches!(json(bad, &[]), Err(CallError::BadField { .. })), "{bad:?}");
        }
        for bad in [&["a[]=1", "a[b]=2"][..], &["a[b]=1", "a[b][c]=2"], &["a[b]=1", "a=2"]] {
            assert!(matches!(json(bad, &[]), Err(CallError::BadField { .. })), "{bad:?}");
        }
        assert!(matches!(json(&[], &["a=@/nowhere/x"]), Err(CallError::Input { .. })));
    }

    #[test]
    fn a_query_keeps_the_whole_path() {
        let fields = Fields::parse(&["a[b]=x y".into(), "l[]=1".into(), "l[]=2".into()], &["n=null".into()]).unwrap();
        assert_eq!(fields.to_params().to_query(), "a%5Bb%5D=x%20y&l%5B%5D=1&l%5B%5D=2&n=");
    }
}
