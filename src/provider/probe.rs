//! A request that shows whether a token has a scope. There is no standard for it. The scope that a request requires is
//! in the provider's documents, or is a guess that is marked as one. Or one request lists all scopes of the token.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::keys::{keys, words};
use super::template;
use crate::protocol::json;
use crate::protocol::resource_error::scopes_at;
use crate::protocol::scope::ScopeSet;

words!(ProbeMethod);

keys! {
    /// One `probe` of a known scope.
    #[derive(Default)]
    pub struct Probe {
        key method: ProbeMethod { help: "The request's method", absent: "GET", example: "\"GET\"" }
        key path: String {
            help: "The path, as for `call`: under the API's base, from its root with a leading `/`, or a URL on one of the API's origins. `{NAME}` is filled from `needs`",
            absent: "none, which is refused",
            example: "\"products?per_page=1\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key body: Option<String> {
            help: "A JSON body, for a write. It is sent as it is",
            absent: "no body",
            example: "'{\"dry_run\":true}'",
        }
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        key needs: BTreeMap<String, Need> {
            help: "Values to read from another reply first",
            absent: "none",
            example: "id",
        }
        #[serde(skip_serializing_if = "Vec::is_empty")]
        key proves: Vec<u16> {
            help: "Statuses beside 2xx that prove the scope, such as a 404 that only a token with the scope gets",
            absent: "none",
            example: "[404]",
        }
        #[serde(skip_serializing_if = "Vec::is_empty")]
        key any_of: Vec<String> {
            help: "Other scopes each of which opens the request too. A success proves this one only if they are denied",
            absent: "the request needs this scope",
            example: "[\"write_products\"]",
        }
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        key reads: bool {
            help: "A POST that only reads, such as a search. It is sent like a GET",
            absent: "false",
            example: "true",
        }
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        key harmless: bool {
            help: "A write that changes nothing. It is sent only with `--probe-writes`",
            absent: "false",
            example: "true",
        }
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        key guess: bool {
            help: "The path is inferred from others and is not documented",
            absent: "false",
            example: "true",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key source: Option<String> {
            help: "The source for the scope that this request requires",
            absent: "unknown",
            example: "\"https://shop.example/docs/api\"",
        }
    }
}

keys! {
    /// A value in the reply to another request: another scope's probe, or one that needs no scope.
    #[derive(Default, PartialEq, Eq)]
    pub struct Need {
        #[serde(skip_serializing_if = "Option::is_none")]
        key scope: Option<String> {
            help: "The scope of the other probe",
            absent: "`request`",
            example: "\"read_products\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key request: Option<String> {
            help: "The path of a GET that needs no scope, written as that of a probe",
            absent: "`scope`",
            example: "\"/me\"",
        }
        key path: String {
            help: "A dotted path into the JSON body of its reply",
            required,
            example: "\"products.0.id\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key otherwise: Option<String> {
            help: "The default if the reply has no value",
            absent: "the probe is not sent",
            example: "\"1\"",
        }
    }
}

keys! {
    /// A request whose reply lists the scopes of the token.
    #[derive(Default, PartialEq, Eq)]
    pub struct ScopesList {
        key path: String {
            help: "The path, as for `call`: under the API's base, from its root with a leading `/`, or a URL on one of the API's origins. `{token}` is the token itself",
            required,
            example: "\"/oauth/scopes\"",
        }
        #[serde(skip_serializing_if = "String::is_empty")]
        key names: String {
            help: "A dotted path to the scopes in the JSON body of its reply; `*` stands for every item of a list",
            absent: "`header`",
            example: "\"scopes.*.name\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key header: Option<String> {
            help: "The header of its reply that lists the scopes",
            absent: "`names`",
            example: "\"X-OAuth-Scopes\"",
        }
        #[serde(skip_serializing_if = "is_get")]
        key method: ProbeMethod { help: "The request's method", absent: "GET", example: "\"POST\"" }
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        key form: BTreeMap<String, String> {
            help: "Parameters of a form, for a POST. `{token}` is the token itself",
            absent: "no body",
            example: "{ token = \"{token}\" }",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key scheme: Option<String> {
            help: "The word before the token in the `Authorization` header of this request",
            absent: "as in every request",
            example: "\"OAuth\"",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ProbeMethod {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl ProbeMethod {
    /// Returns `true` if the method requests no change (RFC 9110 §9.2.1).
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }

    pub fn to_http(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Head => http::Method::HEAD,
            Self::Post => http::Method::POST,
            Self::Put => http::Method::PUT,
            Self::Patch => http::Method::PATCH,
            Self::Delete => http::Method::DELETE,
        }
    }
}

/// The error for a value that cannot be part of a path: it is empty or too long, or `.` or `..`, which lead elsewhere
/// (RFC 3986 §5.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnfitValue;

/// The maximum length of a value. An id has a few dozen characters at most.
const MAX_VALUE: usize = 200;

impl Probe {
    /// Returns the path with its values. They come from a server, so each stays inside its own segment or parameter:
    /// everything except letters, digits, `-`, `_` and `.` is percent-encoded.
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Result<String, UnfitValue> {
        let mut encoded = BTreeMap::new();
        for (name, value) in values {
            if value.is_empty() || value.len() > MAX_VALUE || matches!(value.as_str(), "." | "..") {
                return Err(UnfitValue);
            }
            encoded.insert(name.clone(), percent_encode(value));
        }
        template::fill(&self.path, &encoded).map_err(|_| UnfitValue)
    }

    /// Returns `true` if it requests no change.
    pub fn is_safe(&self) -> bool {
        self.method.is_safe() || (self.reads && self.method == ProbeMethod::Post)
    }

    /// Checks the rules that the types cannot express, except for the scopes in `needs`, which only their list knows.
    pub(super) fn check(&self) -> Result<(), String> {
        check_path(&self.path)?;
        if !self.is_safe() && !self.harmless {
            return Err(
                "a request that may change something cannot be a probe, unless `harmless = true` says that it does not, or \
                 `reads = true` of a POST that only reads"
                    .to_owned(),
            );
        }
        if self.reads && self.method != ProbeMethod::Post {
            return Err("`reads` is for a POST; GET and HEAD always read, and the others write".to_owned());
        }
        let names = template::names(&self.path);
        if let Some(name) = names.iter().find(|name| !self.needs.contains_key(**name)) {
            return Err(format!("`{{{name}}}` has no entry in `needs`"));
        }
        if let Some(name) = self.needs.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(format!("`needs.{name}` is not used in the path"));
        }
        // 401 means that the token is dead, 403 that it lacks permission, 429 that the client is rate-limited.
        if let Some(status) =
            self.proves.iter().find(|status| !(400..500).contains(*status) || [401, 403, 407, 429].contains(*status))
        {
            return Err(format!("{status} proves nothing; 2xx always does, and some of 4xx can"));
        }
        match &self.body {
            Some(body) if serde_json::from_str::<serde_json::Value>(body).is_err() => {
                Err("`body` is not JSON".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl ScopesList {
    /// Returns the path and the form with the token in them. In the path it is percent-encoded.
    pub fn fill(&self, token: &str) -> (String, Vec<(&str, String)>) {
        let form = self.form.iter().map(|(name, text)| (name.as_str(), text.replace(TOKEN, token))).collect();
        (self.path.replace(TOKEN, &percent_encode(token)), form)
    }

    /// Returns `true` if a path is that of the request, whatever the token in it.
    pub fn is_at(&self, own: &str, path: &str) -> bool {
        match own.split_once(TOKEN) {
            Some((before, after)) => path.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
            None => own == path,
        }
    }

    /// Returns the scopes in the reply, or `None` if there is no list of names in it.
    pub fn scopes_in(&self, body: &Value) -> Option<ScopeSet> {
        let Some((list, name)) = self.halves() else {
            return scopes_at(body, &self.names).map(|text| ScopeSet::parse(&text));
        };
        let at = |value, path: &str| if path.is_empty() { Some(value) } else { json::at(value, path) };
        at(body, list)?.as_array()?.iter().map(|item| at(item, name)?.as_str()).collect()
    }

    /// Returns a reply with these scopes.
    pub fn reply(&self, scopes: &ScopeSet) -> Value {
        let (list, name) = self.halves().unwrap_or((&self.names, ""));
        let within = |path: &str, value: Value| {
            let mut object = Map::new();
            json::put(&mut object, path, value);
            Value::Object(object)
        };
        let item = |scope: &str| if name.is_empty() { scope.into() } else { within(name, scope.into()) };
        let items: Vec<Value> = scopes.iter().map(item).collect();
        if list.is_empty() { items.into() } else { within(list, items.into()) }
    }

    /// Returns the path of the list, and that of a name in one of its items.
    fn halves(&self) -> Option<(&str, &str)> {
        let (list, name) = self.names.split_once('*')?;
        Some((list.trim_end_matches('.'), name.trim_start_matches('.')))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        check_path(&self.path)?;
        if let Some(name) = template::names(&self.path).into_iter().find(|name| *name != "token") {
            return Err(format!("`{{{name}}}` is not filled in; only `{{token}}` is"));
        }
        if !self.form.is_empty() && self.method != ProbeMethod::Post {
            return Err("a form is sent with `method = \"POST\"` only".to_owned());
        }
        if !matches!(self.method, ProbeMethod::Get | ProbeMethod::Post) {
            return Err("the list is asked for with GET or POST".to_owned());
        }
        if self.header.as_deref().is_some_and(|name| http::HeaderName::from_bytes(name.as_bytes()).is_err()) {
            return Err("a header's name has only letters, digits and hyphens".to_owned());
        }
        match self.names.split_once('*') {
            _ if self.names.is_empty() && self.header.is_some() => Ok(()),
            _ if self.names.is_empty() => Err("`names` is empty".to_owned()),
            _ if self.header.is_some() => Err("`names` and `header` are two places for the list".to_owned()),
            Some((list, name))
                if !(list.is_empty() || list.ends_with('.')) || !(name.is_empty() || name.starts_with('.')) =>
            {
                Err("in `names`, `*` stands alone between two dots".to_owned())
            }
            Some((_, name)) if name.contains('*') => Err("`names` may have one `*`".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Stands for the token in the request for the list of its scopes.
const TOKEN: &str = "{token}";

fn is_get(method: &ProbeMethod) -> bool {
    *method == ProbeMethod::Get
}

/// A URL that is written out must be on one of the API's origins, which only the whole definition knows.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    let plain = path.split(['?', '#']).next().unwrap_or_default();
    match path.is_empty() || path.starts_with("//") || path.contains('\\') {
        true => Err("`path` must be a path, or a URL on one of the API's origins".to_owned()),
        false if plain.contains("://") && !(plain.starts_with("https://") || plain.starts_with("http://")) => {
            Err("a URL begins with `https://`".to_owned())
        }
        false => Ok(()),
    }
}

/// Returns the origin of a request that is written as a whole URL, as it is written.
pub fn written_origin(path: &str) -> Option<&str> {
    let plain = path.split(['?', '#']).next()?;
    let host = plain.find("://")? + 3;
    Some(&path[..path[host..].find('/').map_or(plain.len(), |end| host + end)])
}

fn percent_encode(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => text.push(char::from(byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_scopes_is_read_as_it_is_made() {
        let scopes = ScopeSet::parse("read write");
        for (names, body) in [
            ("scopes.*.handle", r#"{"scopes":[{"handle":"read"},{"handle":"write"}]}"#),
            ("a.b.*", r#"{"a":{"b":["read","write"]}}"#),
            ("*.id.name", r#"[{"id":{"name":"read"}},{"id":{"name":"write"}}]"#),
            ("*", r#"["read","write"]"#),
            ("scopes", r#"{"scopes":["read","write"]}"#),
        ] {
            let list = ScopesList { path: "/scopes".into(), names: names.into(), ..ScopesList::default() };
            let body: Value = serde_json::from_str(body).unwrap();
            assert_eq!(
                (list.check(), list.reply(&scopes), list.scopes_in(&body)),
                (Ok(()), body, Some(scopes.clone()))
            );
            assert_eq!(list.scopes_in(&serde_json::json!({"errors": "no"})), None, "{names}");
        }
        let text = ScopesList { path: "/scopes".into(), names: "scope".into(), ..ScopesList::default() };
        assert_eq!(text.scopes_in(&serde_json::json!({"scope": "read write"})), Some(scopes));
        let problem = |path: &str, names: &str| {
            ScopesList { path: path.into(), names: names.into(), ..ScopesList::default() }.check().unwrap_err()
        };
        assert!(problem("//x.example/", "a").contains("must be a path"));
        assert!(problem("/a/{id}", "a").contains("only `{token}` is"));
        assert!(problem("/a", "").contains("empty") && problem("/a", "*.a.*").contains("one `*`"));
        assert!(problem("/a", "a*.b").contains("between two dots"));
    }

    #[test]
    fn a_value_from_a_server_stays_in_its_own_segment() {
        let probe = Probe { path: "reviewers/{id}?x=1".into(), ..Probe::default() };
        let fill = |value: &str| probe.fill(&BTreeMap::from([("id".to_owned(), value.to_owned())]));
        assert_eq!(fill("301").as_deref(), Ok("reviewers/301?x=1"));
        assert_eq!(fill("../a?b#c&d%2e ä").as_deref(), Ok("reviewers/..%2Fa%3Fb%23c%26d%252e%20%C3%A4?x=1"));
        for unfit in ["", ".", "..", &"1".repeat(MAX_VALUE + 1)] {
            assert_eq!(fill(unfit), Err(UnfitValue), "{unfit}");
        }
    }
}
