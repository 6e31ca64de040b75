//! The pieces of a record: values that are shown or hidden, addresses, bodies.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Ordered names and values; a name may repeat.
pub type Fields = Vec<(String, Value)>;

/// A value, as far as it may be shown. In JSON: a string, an object, or a list of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Shown(String),
    Hidden(Hidden),
    /// A text with hidden parts: `Basic my-app:[…]`, decoded.
    Mixed(Vec<Value>),
}

/// What is left of a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    /// In characters.
    pub length: usize,
    /// Equal for equal values of one record, else different.
    pub mark: String,
    /// If the value is a JWT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<Box<Decoded>>,
}

/// A JWT without its signature; personal claims are hidden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decoded {
    pub header: Tree,
    pub claims: Tree,
}

/// A JSON value whose texts are [`Value`]s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tree {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(Value),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// A URL in its parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// Scheme, host, port and path as they were sent. A part of the path that holds a secret is replaced.
    pub base: String,
    #[serde(default)]
    pub query: Fields,
    #[serde(default)]
    pub fragment: Fields,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A form.
    Fields(Fields),
    Json(Tree),
    /// HTML and anything else that can be read: cleaned, masked, and cut.
    Text(String),
    Other {
        bytes: usize,
    },
}

impl Value {
    pub fn shown(&self) -> Option<&str> {
        match self {
            Self::Shown(text) => Some(text),
            Self::Hidden(_) | Self::Mixed(_) => None,
        }
    }

    pub fn hidden(&self) -> Option<&Hidden> {
        match self {
            Self::Hidden(hidden) => Some(hidden),
            Self::Shown(_) | Self::Mixed(_) => None,
        }
    }

    /// Returns the JWT that the value is.
    pub fn jwt(&self) -> Option<&Decoded> {
        self.hidden()?.jwt.as_deref()
    }
}

/// `[43 characters, 1f0c9a2b]` stands for a secret.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown(text) => f.write_str(text),
            Self::Hidden(Hidden { length, mark, .. }) => write!(f, "[{length} characters, {mark}]"),
            Self::Mixed(parts) => parts.iter().try_for_each(|part| part.fmt(f)),
        }
    }
}

/// The address as it was sent, decoded, with what is hidden in brackets.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        for (sign, fields) in [('?', &self.query), ('#', &self.fragment)] {
            for (index, (name, value)) in fields.iter().enumerate() {
                write!(f, "{}{name}={value}", if index == 0 { sign } else { '&' })?;
            }
        }
        Ok(())
    }
}

impl Tree {
    /// Returns a member of an object.
    pub fn get(&self, name: &str) -> Option<&Tree> {
        match self {
            Self::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, tree)| tree),
            _ => None,
        }
    }

    /// Returns a leaf as text: what is shown, a number, `true`.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(value) => value.shown().map(str::to_owned),
            Self::Number(number) => Some(number.clone()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Text(value) => Some(value),
            _ => None,
        }
    }
}

impl Body {
    /// Returns the value of a form's field or of a JSON object's member, if it is a text.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Fields(fields) => field(fields, name),
            Self::Json(tree) => tree.get(name)?.value(),
            Self::Text(_) | Self::Other { .. } => None,
        }
    }

    /// Returns the same as a text that is shown; a number is one too.
    pub fn shown(&self, name: &str) -> Option<String> {
        match self {
            Self::Json(tree) => tree.get(name)?.text(),
            _ => self.field(name)?.shown().map(str::to_owned),
        }
    }
}

/// Returns the first value of a name. Names of headers are in lower case.
pub fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}
