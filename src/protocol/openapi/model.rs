//! The parts of a document that are kept. All else is skipped while it is read, so that a large one costs little.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::error::NotAnApiDescription;
use crate::protocol::sanitize;

/// References lead to references at most this often.
const MAX_REFERENCES: usize = 8;

#[derive(Deserialize)]
pub(super) struct Document {
    pub openapi: Option<Value>,
    pub swagger: Option<Value>,
    pub info: Option<Value>,
    pub servers: Option<Value>,
    pub components: Option<Lenient<Components>>,
    pub security: Option<Value>,
    paths: Option<Lenient<BTreeMap<String, Lenient<PathItem>>>>,
    /// These and the next ones are of Swagger 2.0.
    pub host: Option<Value>,
    #[serde(rename = "basePath")]
    pub base_path: Option<Value>,
    pub schemes: Option<Value>,
    #[serde(rename = "securityDefinitions")]
    pub security_definitions: Option<Value>,
    pub parameters: Option<Value>,
}

#[derive(Default, Deserialize)]
pub(super) struct Components {
    #[serde(rename = "securitySchemes")]
    pub schemes: Option<Value>,
    pub parameters: Option<Value>,
}

/// OpenAPI §4.8.9.
#[derive(Deserialize)]
pub(super) struct PathItem {
    pub get: Option<Lenient<Operation>>,
    pub parameters: Option<Value>,
}

/// OpenAPI §4.8.10.
#[derive(Deserialize)]
pub(super) struct Operation {
    pub security: Option<Value>,
    pub parameters: Option<Value>,
    pub deprecated: Option<Value>,
}

/// A part that may be of the wrong kind.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Lenient<T> {
    It(T),
    Other(IgnoredAny),
}

impl<T> Lenient<T> {
    pub fn it(&self) -> Option<&T> {
        match self {
            Self::It(it) => Some(it),
            Self::Other(_) => None,
        }
    }
}

/// Reads JSON, or else YAML. Aliases of YAML are expanded within limits.
pub(super) fn parse(text: &str) -> Result<Document, NotAnApiDescription> {
    let unreadable = |problem: String| {
        let line = problem.lines().next().unwrap_or_default();
        NotAnApiDescription::Unreadable { problem: sanitize::line(line) }
    };
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{')
        && let Ok(document) = serde_json::from_str(text)
    {
        return Ok(document);
    }
    let options = serde_saphyr::options! {
        // Some documents repeat one part by hundreds of aliases; what these become is counted with the nodes.
        budget: serde_saphyr::budget! {
            max_nodes: 2_000_000, max_events: 4_000_000, max_documents: 1, enforce_alias_anchor_ratio: false
        },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| unreadable(error.to_string()))
}

impl Document {
    pub fn schemes(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.component(|components| components.schemes.as_ref()).into_iter().flatten()
    }

    pub fn paths(&self) -> impl Iterator<Item = (&String, &PathItem)> {
        let paths = self.paths.as_ref().and_then(Lenient::it).into_iter().flatten();
        paths.filter_map(|(path, item)| Some((path, item.it()?)))
    }

    /// Follows a reference to a component, such as `#/components/parameters/Limit`. One that leads elsewhere stays.
    pub fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        let mut value = value;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
            let named =
                |prefix: &str| reference.strip_prefix(prefix).map(|name| name.replace("~1", "/").replace("~0", "~"));
            let found = named("#/components/securitySchemes/")
                .and_then(|name| self.component(|components| components.schemes.as_ref())?.get(&name))
                .or_else(|| {
                    let name = named("#/components/parameters/").or_else(|| named("#/parameters/"))?;
                    self.component(|components| components.parameters.as_ref())?.get(&name)
                });
            let Some(found) = found else { return value };
            value = found;
        }
        value
    }

    fn component(&self, part: impl Fn(&Components) -> Option<&Value>) -> Option<&Map<String, Value>> {
        part(self.components.as_ref()?.it()?)?.as_object()
    }
}
