//! The table of keys as a JSON Schema (draft 2020-12), for editors with completion and validation.

use serde_json::{Map, Value, json};

use super::ProviderDefinition;
use super::departure::Evidence;
use super::keys::{Absent, Form, Key};

/// Returns the schema of a definition's file.
pub fn schema() -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "An oauthctl provider definition".into());
    schema.insert("description".into(), "A key that is left out means the behavior of the OAuth 2.0 RFCs.".into());
    schema.extend(table(ProviderDefinition::KEYS, None));
    schema.insert("$defs".into(), json!({"evidence": table(Evidence::KEYS, None)}));
    Value::Object(schema)
}

/// Returns a table with only these keys, and with a tag if it has kinds.
fn table(keys: &[Key], tag: Option<(&str, &str)>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    if let Some((tag, kind)) = tag {
        properties.insert(tag.to_owned(), json!({"const": kind}));
        required.push(tag);
    }
    for key in keys {
        properties.insert(key.name.to_owned(), property(key));
        if key.absent == Absent::Refused {
            required.push(key.name);
        }
    }
    let mut table = Map::new();
    table.insert("type".into(), "object".into());
    table.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        table.insert("required".into(), required.into());
    }
    table.insert("additionalProperties".into(), false.into());
    table
}

fn property(key: &Key) -> Value {
    let mut property = Map::new();
    property.insert("description".into(), format!("{}. {}", key.help, key.otherwise()).into());
    let examples: Vec<Value> = key.examples().iter().filter_map(|example| parsed(example)).collect();
    if !examples.is_empty() {
        property.insert("examples".into(), examples.into());
    }
    if let Value::Object(form) = of_form(key.form) {
        property.extend(form);
    }
    Value::Object(property)
}

fn of_form(form: Form) -> Value {
    match form {
        Form::Text => json!({"type": "string"}),
        Form::Bool => json!({"type": "boolean"}),
        Form::Number { max } => json!({"type": "integer", "minimum": 0, "maximum": max}),
        Form::Word(words) => json!({"enum": words()}),
        Form::Urls => json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
        Form::List(inner) => json!({"type": "array", "items": of_form(*inner)}),
        Form::Names(inner) => json!({"type": "object", "additionalProperties": of_form(*inner)}),
        Form::Table(keys) => Value::Object(table(keys, None)),
        Form::Kinds { tag, kinds } => {
            let kinds = kinds.iter().map(|kind| {
                let mut one = table(kind.keys, Some((tag, kind.name)));
                one.insert("description".into(), kind.help.into());
                Value::Object(one)
            });
            json!({"oneOf": kinds.collect::<Vec<_>>()})
        }
        Form::Departure(inner, _) => json!({"anyOf": [bare(*inner), with_evidence(*inner)]}),
        Form::Anything => json!({"type": "object"}),
        Form::Overlay => json!({"$ref": "#"}),
    }
}

/// Returns the schema of a plain value. A table that has a `value` is one with evidence, whatever else it could be.
fn bare(form: Form) -> Value {
    let mut value = of_form(form);
    if let (Form::Names(_), Value::Object(names)) = (form, &mut value) {
        names.insert("propertyNames".into(), json!({"not": {"const": "value"}}));
    }
    value
}

fn with_evidence(form: Form) -> Value {
    let mut evidence = table(Evidence::KEYS, None);
    if let Some(Value::Object(properties)) = evidence.get_mut("properties") {
        // The description is written once, not with each key.
        for (name, property) in properties.iter_mut() {
            *property = json!({"$ref": format!("#/$defs/evidence/properties/{name}")});
        }
        properties.insert("value".into(), of_form(form));
    }
    evidence.insert("required".into(), json!(["value"]));
    evidence.insert("description".into(), "The value and its evidence".into());
    Value::Object(evidence)
}

/// Converts an example to JSON.
fn parsed(example: &str) -> Option<Value> {
    let table: toml::Table = toml::from_str(&format!("example = {example}")).ok()?;
    serde_json::to_value(table.get("example")?).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use boon::{Compiler, SchemaIndex, Schemas};

    use super::*;
    use crate::provider::builtin::texts;
    use crate::provider::keys::entries;

    fn compiled(schema: Value) -> Result<(Schemas, SchemaIndex), String> {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("definition.json", schema).map_err(|error| error.to_string())?;
        let index = compiler.compile("definition.json", &mut schemas).map_err(|error| error.to_string())?;
        Ok((schemas, index))
    }

    /// Returns a check of a text against the schema.
    fn judge() -> impl Fn(&str) -> bool {
        let (schemas, index) = compiled(schema()).unwrap();
        move |text| {
            let definition: toml::Table = toml::from_str(text).expect(text);
            schemas.validate(&serde_json::to_value(definition).unwrap(), index).is_ok()
        }
    }

    #[test]
    fn the_schema_is_valid_in_its_draft() {
        assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(compiled(schema()).err(), None);
        let mut broken = schema();
        broken["properties"]["name"]["type"] = "strng".into();
        assert!(compiled(broken).is_err(), "the test can fail");
    }

    #[test]
    fn the_schema_accepts_every_existing_definition() {
        let takes = judge();
        for (id, text) in texts() {
            assert!(takes(&text), "{id}");
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/definitions");
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(takes(&fs::read_to_string(&path).unwrap()), "{}", path.display());
        }
    }

    #[test]
    fn the_schema_accepts_examples_and_refuses_as_the_reader_does() {
        let takes = judge();
        for (text, good) in [
            ("token.body = 'json'", true),
            ("token.body = { value = 'json', source = 'x', seen = 'live' }", true),
            ("token.body = 'xml'", false),
            ("token.body = { value = 'json', sorce = 'x' }", false),
            ("token.body = { source = 'x' }", false),
            ("nmae = 'x'", false),
            ("authorize.ulr = 'https://a.example/'", false),
            ("authorize.url = ['https://a.example/']", true),
            ("authorize.params = { a = 'b' }", true),
            ("authorize.params = { value = 'b' }", false),
            ("token.basic = { password = 'b' }", false),
            ("api.paging = { kind = 'page', param = 'p' }", true),
            ("api.paging = { kind = 'page', param = 'p', sise = 's' }", false),
            ("api.paging = { kind = 'page' }", false),
            ("api.paging = { kind = 'book', param = 'p' }", false),
            ("samples = [{ path = '/', status = 70000 }]", false),
            ("scope.known = [{ about = 'x' }]", false),
            ("scope.known = [{ name = 'x', probe = { path = 'x', pth = 'y' } }]", false),
            ("alternatives.x = { note = 'a', source = 'b', checked = 'c', set = { token = { ulr = 'x' } } }", false),
        ] {
            assert_eq!(takes(text), good, "{text}");
        }
        for entry in entries(ProviderDefinition::KEYS).iter().filter(|entry| !entry.path.contains(['[', 'N'])) {
            for example in entry.key.examples().iter().filter(|_| entry.kind.is_none()) {
                let text = format!("{} = {example}", entry.path);
                // A key of a departure is part of its value.
                let stands_alone = crate::provider::reader::read(&text, "mine.toml").is_ok();
                assert_eq!(takes(&text), stands_alone, "{text}");
            }
        }
    }
}
