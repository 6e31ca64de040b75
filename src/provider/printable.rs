//! Characters that a definition must not contain: it is shown in tables, questions and hints, and a stranger may have
//! written it.

use serde_json::Value;

use crate::protocol::sanitize;

/// Returns the first key whose text or name would act on a terminal instead of being shown.
pub fn offence(definition: &Value) -> Option<String> {
    find(definition, "")
}

fn find(tree: &Value, path: &str) -> Option<String> {
    let is_clean = |text: &str| sanitize::text(text) == text;
    match tree {
        Value::String(text) => (!is_clean(text)).then(|| path.to_owned()),
        Value::Array(items) => items.iter().find_map(|item| find(item, path)),
        Value::Object(object) => object.iter().find_map(|(key, inner)| {
            let shown = sanitize::line(key);
            let path = if path.is_empty() { shown } else { format!("{path}.{shown}") };
            if is_clean(key) { find(inner, &path) } else { Some(path) }
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_with_control_characters_is_named_by_its_key() {
        assert_eq!(offence(&json!({"name": "Ännchen's shop", "app": {"steps": ["one\ntwo", "\tthree"]}})), None);
        for (definition, key) in [
            (json!({"name": "a\u{1b}]0;title\u{7}"}), "name"),
            (json!({"app": {"steps": ["one", "two\u{202e}"]}}), "app.steps"),
            (json!({"params": {"a\u{9b}2J": {"example": "x"}}}), "params.a"),
            (json!({"params": {"a": {"example": "\u{7f}"}}}), "params.a.example"),
        ] {
            assert_eq!(offence(&definition).as_deref(), Some(key));
        }
    }
}
