//! An error from a server (RFC 6749 §4.1.2.1 and §5.2), in the shapes that servers use.

use std::fmt;

use serde_json::Value;

use super::member::{Members, WrongKind};
use super::{json, sanitize};

/// An error as the server worded it. `Display` marks the words as the server's and cleans them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ErrorResponse {
    /// `error`: one of the RFC's codes, or the provider's substitute.
    pub code: String,
    /// `error_description`, or the provider's own sentence.
    pub description: Option<String>,
    /// An extra member that several servers send. league/oauth2-server puts the cause there.
    pub hint: Option<String>,
    /// `error_uri`. Shown only if it is https; never opened.
    pub uri: Option<String>,
    /// A member of the wrong kind. The reply is still an error.
    pub malformed: Option<Box<WrongKind>>,
}

impl ErrorResponse {
    /// Creates an error without a description.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), description: None, hint: None, uri: None, malformed: None }
    }

    /// Reads the error from a JSON reply: `error` as a string (the RFC), an array of strings or an object. `None` if
    /// there is no error member, or an empty one.
    pub fn from_json(reply: &Value) -> Option<Self> {
        let error = reply.get("error").filter(|error| !is_nothing(error))?;
        let mut malformed = None;
        let mut text = |key: &str| match Members(reply).text(key) {
            Ok(text) => text.map(str::to_owned),
            Err(wrong) => {
                malformed.get_or_insert(wrong);
                // Its content is shown all the same.
                reply.get(key).map(plain)
            }
        };
        let mut response = Self::new("");
        (response.hint, response.uri) = (text("hint"), text("error_uri"));
        let worded = text("error_description").or_else(|| Members(reply).text("message").ok()?.map(str::to_owned));
        match error {
            Value::Array(items) => response.code = items.iter().map(plain).collect::<Vec<_>>().join(", "),
            Value::Object(object) => {
                let first =
                    |keys: &[&str]| keys.iter().find_map(|key| object.get(*key)).filter(|v| !is_nothing(v)).map(plain);
                response.description = first(&["message", "error_description", "description", "detail"]);
                response.code = first(&["code", "type", "error"]).unwrap_or_else(|| "error".to_owned());
            }
            other => response.code = plain(other),
        }
        response.description = response.description.or(worded);
        response.malformed = malformed.map(Box::new);
        Some(response)
    }

    /// Reads an error status's reply that has no `error`, in the shapes that servers have of their own. What has no shape is
    /// all its texts.
    pub fn from_own_json(reply: &Value) -> Self {
        let description = Self::sentence_in(reply);
        let code = first_at(reply, &OWN_CODES).filter(|code| Some(code) != description.as_ref());
        match (code, description) {
            (code, Some(description)) => Self { description: Some(description), ..Self::new(code.unwrap_or_default()) },
            (_, None) => {
                let words = texts(reply).join(" ");
                Self { description: Some(words).filter(|words| !words.is_empty()), ..Self::new("") }
            }
        }
    }

    /// Returns the sentence of a reply, under any of the names that servers have for it.
    pub fn sentence_in(reply: &Value) -> Option<String> {
        first_at(reply, &OWN_WORDS)
    }

    /// Removes secrets that the server repeated.
    pub fn without(self, secrets: &[&str]) -> Self {
        let clean = |text: String| super::mask::text(&text, secrets);
        Self {
            code: clean(self.code),
            description: self.description.map(clean),
            hint: self.hint.map(clean),
            uri: self.uri.map(clean),
            malformed: self.malformed,
        }
    }

    /// Returns what a reply has beside this error, such as a trace id, or `None` if that is nothing.
    pub fn unsaid(&self, reply: &Value) -> Option<Value> {
        let said = [Some(&self.code), self.description.as_ref(), self.hint.as_ref(), self.uri.as_ref()];
        match reply {
            Value::Object(members) => {
                let unsaid = members.iter().filter_map(|(name, value)| Some((name.clone(), self.unsaid(value)?)));
                Some(unsaid.collect::<serde_json::Map<_, _>>()).filter(|unsaid| !unsaid.is_empty()).map(Value::Object)
            }
            Value::Array(items) => {
                let unsaid: Vec<_> = items.iter().filter_map(|item| self.unsaid(item)).collect();
                Some(unsaid).filter(|unsaid| !unsaid.is_empty()).map(Value::Array)
            }
            nothing if is_nothing(nothing) => None,
            leaf => Some(leaf).filter(|leaf| !said.into_iter().flatten().any(|text| *text == plain(leaf))).cloned(),
        }
    }

    /// Writes the error as RFC 6749 §5.2 sends it, with `hint` where there is one.
    pub fn to_json(&self) -> Value {
        let mut object = serde_json::Map::new();
        object.insert("error".into(), self.code.clone().into());
        let optional = [("error_description", &self.description), ("hint", &self.hint), ("error_uri", &self.uri)];
        for (key, value) in optional {
            if let Some(value) = value {
                object.insert(key.into(), value.clone().into());
            }
        }
        Value::Object(object)
    }
}

/// The places of a code in replies that have no `error`.
const OWN_CODES: [&str; 9] =
    ["errorCode", "error_code", "code", "status", "name", "type", "errors.0.code", "errors.0.type", "data.error_code"];

/// The places of a sentence.
const OWN_WORDS: [&str; 16] = [
    "error_description",
    "message",
    "reason",
    "detail",
    "error_message",
    "errorMessage",
    "errorSummary",
    "error_summary",
    "errors.0.message",
    "errors.0.detail",
    "errors.0.title",
    "errors.0",
    "data.description",
    "description",
    "title",
    "error_description.code.0",
];

fn first_at(reply: &Value, paths: &[&str]) -> Option<String> {
    let texts = paths.iter().filter_map(|path| json::at(reply, path));
    texts.filter_map(Value::as_str).find(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if !text.is_empty() => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// `false`, `null` and the empty string are how some servers say that nothing went wrong.
fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || value.as_str() == Some("")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `the server said: invalid_grant: "the code has expired" (Authorization code has expired)`
impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server said")?;
        if !self.code.is_empty() {
            write!(f, ": {}", sanitize::line(&self.code))?;
        }
        if let Some(description) = &self.description {
            write!(f, ": \"{}\"", sanitize::reason(description))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, " ({})", sanitize::reason(hint))?;
        }
        match &self.uri {
            Some(uri) if uri.starts_with("https://") => write!(f, ", see {}", sanitize::line(uri))?,
            _ => {}
        }
        self.malformed.as_ref().map_or(Ok(()), |wrong| write!(f, "; {wrong}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_read_as_string_array_or_object() {
        let cases = [
            (
                json!({"error": "invalid_grant", "error_description": "used", "hint": "twice"}),
                "the server said: invalid_grant: \"used\" (twice)",
            ),
            (json!({"error": ["Key and Url duplicated", "x"]}), "the server said: Key and Url duplicated, x"),
            (json!({"error": {"code": 190, "message": "expired"}}), "the server said: 190: \"expired\""),
            (json!({"error": {"nothing": "known"}}), "the server said: error"),
            (json!({"error": true, "message": "no"}), "the server said: true: \"no\""),
            (
                json!({"error": "no", "error_description": ["a", 1]}),
                "the server said: no: \"[\"a\",1]\"; `error_description` is malformed: expected a string, found an array",
            ),
            (
                json!({"error": "no", "error_uri": {"a": 1}, "message": 7}),
                "the server said: no; `error_uri` is malformed: expected a string, found an object",
            ),
        ];
        for (reply, shown) in cases {
            assert_eq!(ErrorResponse::from_json(&reply).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_a_reply_has_beside_its_error_is_told_apart() {
        for (reply, unsaid) in [
            (json!({"error": "no", "error_description": "used", "error_uri": "https://x.example"}), None),
            (json!({"error": {"code": 190, "message": "expired", "sub": 7}}), Some(json!({"error": {"sub": 7}}))),
            (
                json!({"error": "no", "trace_id": "t-1", "codes": [70, "no"]}),
                Some(json!({"trace_id": "t-1", "codes": [70]})),
            ),
            (json!({"error": "no", "extra": null}), None),
        ] {
            assert_eq!(ErrorResponse::from_json(&reply).unwrap().unsaid(&reply), unsaid);
        }
    }

    #[test]
    fn what_a_server_says_cannot_reach_the_terminal() {
        let dirty = "a\u{1b}]0;title\u{7}b\u{202e}\nc";
        let reply = json!({"error": dirty, "error_description": dirty, "hint": dirty, "error_uri": "file:///etc/x"});
        let shown = ErrorResponse::from_json(&reply).unwrap().to_string();
        let clean = "ab\u{fffd} c";
        assert_eq!(shown, format!("the server said: {clean}: \"{clean}\" ({clean})"));
    }

    #[test]
    fn only_an_https_page_is_linked() {
        let shown = |uri| ErrorResponse::from_json(&json!({"error": "no", "error_uri": uri})).unwrap().to_string();
        assert_eq!(shown("https://as.example/why"), "the server said: no, see https://as.example/why");
        for other in ["http://as.example/why", "file:///etc/x", "javascript:x"] {
            assert_eq!(shown(other), "the server said: no", "{other}");
        }
    }

    #[test]
    fn an_absent_or_empty_error_is_not_an_error() {
        for reply in [json!({}), json!({"error": null}), json!({"error": false}), json!({"error": ""}), json!([1])] {
            assert_eq!(ErrorResponse::from_json(&reply), None);
        }
    }
}
