//! Placeholders `{name}` in the texts of a definition, and their values.

use std::collections::BTreeMap;

/// Replaces each `{name}` by its value. A name without a value is an error for the caller.
///
/// A name has letters, digits, `_`, `-` and `.`. Braces around anything else stay as they are, so that a parameter can be
/// JSON, such as the `claims` of OpenID Connect Core §5.5.
pub fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, MissingValue> {
    let mut filled = String::new();
    for part in parts(template) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Name(name) => match values.get(name) {
                Some(value) => filled.push_str(value),
                None => return Err(MissingValue(name.to_owned())),
            },
        }
    }
    Ok(filled)
}

/// Returns the names between braces.
pub fn names(template: &str) -> Vec<&str> {
    let name = |part| match part {
        Part::Name(name) => Some(name),
        Part::Text(_) => None,
    };
    parts(template).into_iter().filter_map(name).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    Text(&'t str),
    Name(&'t str),
}

/// Splits a template into its texts and names.
pub fn parts(template: &str) -> Vec<Part<'_>> {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let (mut parts, mut text, mut at) = (Vec::new(), 0, 0);
    while let Some(open) = template[at..].find('{').map(|open| at + open) {
        let rest = &template[open + 1..];
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        at = open + 1;
        if end == 0 || !rest[end..].starts_with('}') {
            continue;
        }
        if text < open {
            parts.push(Part::Text(&template[text..open]));
        }
        parts.push(Part::Name(&rest[..end]));
        at = open + end + 2;
        text = at;
    }
    if text < template.len() {
        parts.push(Part::Text(&template[text..]));
    }
    parts
}

#[derive(Debug, PartialEq, Eq)]
pub struct MissingValue(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_filled_or_named() {
        let values = BTreeMap::from([("store".to_owned(), "x".to_owned())]);
        assert_eq!(fill("https://{store}.example/{store}", &values).as_deref(), Ok("https://x.example/x"));
        assert_eq!(fill("{nothing}", &values), Err(MissingValue("nothing".into())));
        assert_eq!(names("https://{a}.x/{b}"), ["a", "b"]);
        // JSON is not a name.
        for text in [r#"{"id_token":{"acr":null}}"#, "{}", "{ store }", "a { b", "{", "}{"] {
            assert_eq!((fill(text, &values).as_deref(), names(text)), (Ok(text), vec![]), "{text}");
        }
        assert_eq!(fill(r#"{"shop":"{store}"}"#, &values).as_deref(), Ok(r#"{"shop":"x"}"#));
    }
}
