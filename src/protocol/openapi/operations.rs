//! The requests that show whether a token has a scope: a GET that names exactly one, and can be sent as it is.

use std::collections::BTreeSet;

use serde_json::Value;
use url::form_urlencoded;

use super::model::{Document, Lenient, Operation};
use super::{ApiDescription, written};

/// Parameters that keep a reply short.
const LIMITS: [&str; 10] =
    ["limit", "per_page", "perPage", "page_size", "pageSize", "max_results", "maxResults", "first", "count", "size"];

/// A request that needs one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiProbe {
    pub scope: String,
    /// Under the server's address, without a slash before it.
    pub path: String,
    /// Other scopes each of which opens it, too.
    pub any_of: Vec<String>,
}

impl ApiDescription {
    pub(super) fn operations(&mut self, document: &Document) {
        let of_oauth: BTreeSet<&String> = document
            .schemes()
            .filter(|(_, scheme)| {
                let kind = document.resolve(scheme).get("type").and_then(Value::as_str);
                matches!(kind, Some("oauth2" | "openIdConnect"))
            })
            .map(|(name, _)| name)
            .collect();
        // The best one comes first: needed by one scope alone, and short.
        let mut found: Vec<(bool, usize, ApiProbe)> = Vec::new();
        for (path, item) in document.paths() {
            let Some(get) = item.get.as_ref().and_then(Lenient::it) else { continue };
            let security = get.security.as_ref().or(document.security.as_ref());
            let Some(scopes) = security.and_then(|security| alternatives(security, &of_oauth)) else { continue };
            scopes.iter().for_each(|scope| self.add_scope(scope, ""));
            let Some(query) = query(document, [item.parameters.as_ref(), get.parameters.as_ref()], path) else {
                continue;
            };
            if is_deprecated(get) {
                continue;
            }
            let path = format!("{}{query}", path.trim_start_matches('/'));
            for scope in &scopes {
                let any_of: Vec<String> = scopes.iter().filter(|other| *other != scope).cloned().collect();
                let probe = ApiProbe { scope: scope.clone(), path: path.clone(), any_of };
                found.push((scopes.len() > 1, path.len(), probe));
            }
        }
        found.sort_by(|a, b| (a.0, a.1, &a.2.path).cmp(&(b.0, b.1, &b.2.path)));
        for (_, _, probe) in found {
            if !self.probes.iter().any(|known| known.scope == probe.scope) {
                self.probes.push(probe);
            }
        }
    }
}

fn is_deprecated(get: &Operation) -> bool {
    get.deprecated.as_ref().and_then(Value::as_bool) == Some(true)
}

/// Returns the scopes of which each one alone opens a request (OpenAPI §4.8.30). `None` if no scope is needed, or
/// several together.
fn alternatives(security: &Value, of_oauth: &BTreeSet<&String>) -> Option<Vec<String>> {
    let mut scopes = Vec::new();
    for requirement in security.as_array()? {
        let requirement = requirement.as_object()?;
        if requirement.is_empty() {
            return None;
        }
        // With a key beside the token, or with a key alone, it is not the token that opens it.
        if requirement.keys().any(|scheme| !of_oauth.contains(scheme)) {
            continue;
        }
        let mut named = requirement.values().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        match (named.next(), named.next()) {
            (Some(scope), None) if !scopes.iter().any(|known| known == scope) => scopes.push(scope.to_owned()),
            (Some(_), None) => {}
            _ => return None,
        }
    }
    Some(scopes).filter(|scopes| !scopes.is_empty())
}

/// Returns the query to send, or `None` if the request needs something that the document does not say.
fn query(document: &Document, parameters: [Option<&Value>; 2], path: &str) -> Option<String> {
    if path.contains(['{', '}']) {
        return None;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut is_limited = false;
    for parameter in parameters.into_iter().flatten().filter_map(Value::as_array).flatten() {
        let parameter = document.resolve(parameter);
        let text = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, is_required) = (text("name"), parameter.get("required").and_then(Value::as_bool) == Some(true));
        // Swagger 2.0 has the type and its like in the parameter itself.
        let schema = parameter.get("schema").or(Some(parameter));
        match (text("in"), is_required) {
            ("query", true) => {
                let said = [parameter.get("example"), schema.and_then(|schema| schema.get("default"))];
                let listed = schema.and_then(|schema| schema.get("enum")?.get(0));
                let value =
                    said.into_iter().flatten().chain(listed).find(|value| !value.is_object() && !value.is_array());
                query.append_pair(name, &written(value?));
            }
            ("query", false) if LIMITS.contains(&name) && !is_limited && takes_one(schema) => {
                query.append_pair(name, "1");
                is_limited = true;
            }
            (_, true) => return None,
            _ => {}
        }
    }
    let query = query.finish();
    Some(if query.is_empty() { query } else { format!("?{query}") })
}

fn takes_one(schema: Option<&Value>) -> bool {
    let number = |name: &str| schema?.get(name)?.as_i64();
    schema.and_then(|schema| schema.get("type")).and_then(Value::as_str) == Some("integer")
        && number("minimum").is_none_or(|minimum| minimum <= 1)
        && schema.is_some_and(|schema| schema.get("enum").is_none())
}
