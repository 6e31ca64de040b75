//! A Swagger 2.0 document, read as the OpenAPI document that says the same: one server instead of a host, a path and schemes,
//! flows under their new names, and parameters in the place where they stand since 3.0.

use serde_json::{Map, Value, json};

use super::model::{Components, Document, Lenient};

/// The flows and their names since OpenAPI 3.0.
const FLOWS: [(&str, &str); 4] = [
    ("accessCode", "authorizationCode"),
    ("implicit", "implicit"),
    ("application", "clientCredentials"),
    ("password", "password"),
];

impl Document {
    /// Returns the same in the terms of OpenAPI 3.
    pub(super) fn of_swagger(mut self) -> Self {
        let text = |value: &Option<Value>| {
            value.as_ref().and_then(Value::as_str).map(str::trim).unwrap_or_default().to_owned()
        };
        let (host, base_path) = (text(&self.host), text(&self.base_path));
        let names: Vec<&str> =
            self.schemes.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect();
        let scheme = if names.is_empty() || names.contains(&"https") { "https" } else { names[0] };
        let url = if host.is_empty() { base_path } else { format!("{scheme}://{host}{base_path}") };
        if !url.is_empty() {
            self.servers = Some(json!([{ "url": url }]));
        }
        let schemes = self.security_definitions.as_ref().and_then(Value::as_object).into_iter().flatten();
        let schemes: Map<String, Value> = schemes.map(|(name, scheme)| (name.clone(), of_scheme(scheme))).collect();
        let parameters = self.parameters.take();
        self.components = Some(Lenient::It(Components { schemes: Some(Value::Object(schemes)), parameters }));
        self
    }
}

fn of_scheme(scheme: &Value) -> Value {
    if scheme.get("type").and_then(Value::as_str) != Some("oauth2") {
        return scheme.clone();
    }
    let flow = scheme.get("flow").and_then(Value::as_str).unwrap_or_default();
    let name = FLOWS.iter().find(|(old, _)| *old == flow).map_or(flow, |(_, new)| new);
    json!({ "type": "oauth2", "flows": { name: scheme } })
}
