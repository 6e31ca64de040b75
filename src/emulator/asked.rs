//! The emulator's replies to the requests for values of parameters: the definition's examples, where it reads them.

use serde_json::{Map, Value};

use crate::provider::ProviderDefinition;
use crate::provider::param::Param;

/// Returns the reply with every value that the definition reads at these parameters.
pub fn reply<'a>(definition: &ProviderDefinition, names: impl Iterator<Item = &'a String>) -> Value {
    let mut body = Value::Null;
    for param in names.filter_map(|name| definition.params.get(name)) {
        if let Some((path, value)) = sample(param) {
            put(&mut body, path, value);
        }
    }
    body
}

fn sample(param: &Param) -> Option<(&str, &str)> {
    Some((param.from_api.as_ref()?.path.as_str(), param.example.as_deref()?))
}

/// Puts a text at a dotted path. A number is the place in a list.
fn put(body: &mut Value, path: &str, text: &str) {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let inner = match step.parse::<usize>() {
        Ok(place) if place < 100 => {
            if !body.is_array() {
                *body = Value::Array(Vec::new());
            }
            let Some(items) = body.as_array_mut() else { return };
            items.resize(items.len().max(place + 1), Value::Null);
            &mut items[place]
        }
        _ => {
            if !body.is_object() {
                *body = Value::Object(Map::new());
            }
            let Some(members) = body.as_object_mut() else { return };
            members.entry(step).or_insert(Value::Null)
        }
    };
    match rest {
        Some(rest) => put(inner, rest, text),
        None => *inner = text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_the_definition_reads_them() {
        let definition: ProviderDefinition = toml::from_str(
            "params.a = { example = 'x', from_api = { url = 'https://a.test/', path = '0.id' } }
             params.b = { example = 'y', from_api = { url = 'https://a.test/', path = '0.more.1' } }
             params.c.from_api = { url = 'https://a.test/', path = '7.id' }",
        )
        .unwrap();
        let body = reply(&definition, definition.params.keys());
        assert_eq!(body, serde_json::json!([{"id": "x", "more": [null, "y"]}]));
    }
}
