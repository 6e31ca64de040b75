//! The rest of what a token came in, where that is the reply of a token endpoint or what a program has kept of one.
//!
//! Programs write the members of a reply in their own spelling (`refreshToken`, `scopes`). Here they have the RFC's names, at
//! the top. When a token ends is read by `provider::dialect`, which knows the names for that.

use std::fmt;

use serde_json::{Map, Value};

use super::copied::bare;
use super::json;
use super::secret::{RefreshToken, is_vschar};

/// The object around a token, with the RFC's names.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenReply(Map<String, Value>);

/// It has tokens.
impl fmt::Debug for GivenReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivenReply([redacted])")
    }
}

/// Names without `_`, `-` and capitals, and the RFC's name for each.
const NAMES: [(&str, &str); 7] = [
    ("accesstoken", "access_token"),
    ("refreshtoken", "refresh_token"),
    ("idtoken", "id_token"),
    ("tokentype", "token_type"),
    ("clientid", "client_id"),
    ("scope", "scope"),
    ("scopes", "scope"),
];

impl GivenReply {
    /// Returns the object around a token.
    pub fn around(object: &Value, token: Option<&str>) -> Self {
        let given = object.as_object().cloned().unwrap_or_default();
        let mut members = given.clone();
        for (name, value) in given {
            let letters = letters_of(&name);
            if let Some((_, standard)) = NAMES.iter().find(|(known, _)| *known == letters) {
                members.entry(*standard).or_insert(value);
            }
        }
        if let Some(token) = token {
            members.entry("access_token").or_insert_with(|| token.into());
        }
        Self(members)
    }

    /// Finds the one refresh token in a JSON text that has no access token.
    pub fn of_refresh_token(text: &str) -> Option<Self> {
        let value = json::parse(bare(text).as_bytes()).ok()?;
        let mut found = Vec::new();
        search(&value, "", &["refreshtoken"], &mut found);
        match found.as_slice() {
            [one] => Some(Self::around(one.parent, None)),
            _ => None,
        }
    }

    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    pub fn refresh_token(&self) -> Option<RefreshToken> {
        let token = self.0.get("refresh_token")?.as_str()?;
        is_vschar(token).then(|| RefreshToken::new(token))
    }

    /// Returns the client that the token was issued to, if it is named.
    pub fn client_id(&self) -> Option<&str> {
        self.0.get("client_id")?.as_str().filter(|id| !id.is_empty())
    }
}

/// A text in a JSON value.
#[derive(Clone)]
pub(super) struct FoundText<'v> {
    pub path: String,
    pub text: &'v str,
    /// The object that has it.
    pub parent: &'v Value,
}

/// Collects the texts under members with one of these names, however they are spelled.
pub(super) fn search<'v>(value: &'v Value, path: &str, names: &[&str], found: &mut Vec<FoundText<'v>>) {
    let inside = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                match inner {
                    Value::String(text) if names.contains(&letters_of(name).as_str()) && !text.is_empty() => {
                        found.push(FoundText { path: inside(name), text, parent: value });
                    }
                    inner => search(inner, &inside(name), names, found),
                }
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| search(item, &inside(&n.to_string()), names, found));
        }
        _ => {}
    }
}

fn letters_of(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '-'], "")
}
