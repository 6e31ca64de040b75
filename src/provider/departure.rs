//! A value that departs from the RFCs, with its source, its date and the kind of evidence.

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize};

use super::keys::{Form, Keyed, keys, read, words};

/// The departure, or `None` for the RFC's behavior.
pub type Departure<T> = Option<Documented<T>>;

/// Returns the value of a departure, if there is one.
pub(super) fn value_of<T>(departure: &Departure<T>) -> Option<&T> {
    departure.as_ref().map(|sourced| &sourced.value)
}

/// The kind of evidence for a fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// Read in documents. The server has not been observed to do it.
    #[default]
    Documents,
    /// Found in a recorded reply of the live service.
    Recorded,
    /// Concluded from something else; the note names it.
    Inferred,
    /// Tried against the live service.
    Live,
}

impl Seen {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Documents => "seen in documents only",
            Self::Recorded => "seen in a recorded reply",
            Self::Inferred => "inferred",
            Self::Live => "tried live",
        }
    }
}

/// A value with its evidence. In TOML either the bare value or `{ value = …, source = "…", checked = "2026-11-20" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Documented<T> {
    pub value: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
    pub seen: Seen,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl<T> Documented<T> {
    pub fn bare(value: T) -> Self {
        Self { value, source: None, checked: None, seen: Seen::default(), note: None }
    }
}

keys! {
    /// The fields beside the value of a departure.
    #[derive(Default)]
    pub struct Evidence {
        key source: Option<String> {
            help: "The source of the value",
            absent: "unknown",
            example: "\"https://shop.example/docs/oauth\"",
        }
        key checked: Option<String> {
            help: "The date it was read",
            absent: "unknown",
            example: "\"2026-01-31\"",
        }
        key seen: Seen {
            help: "The kind of evidence: read in documents, seen in a recorded reply, inferred (explain in the note), or tried live",
            absent: "documents",
            example: "\"documents\"",
        }
        key note: Option<String> {
            help: "Further remarks",
            absent: "nothing",
            example: "\"it is in the guide's example\"",
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Documented<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        if is_evidence(&value) {
            let (value, evidence) = apart(value);
            let value = T::deserialize(value).map_err(plain)?;
            let Evidence { source, checked, seen, note } = Evidence::deserialize(evidence).map_err(plain)?;
            return Ok(Self { value, source, checked, seen, note });
        }
        T::deserialize(value).map(Self::bare).map_err(plain)
    }
}

/// Returns `true` if a TOML value is a value with its evidence. An overlay replaces such a table as a whole.
fn is_evidence(value: &toml::Value) -> bool {
    value.as_table().is_some_and(|table| table.contains_key("value"))
}

fn apart(value: toml::Value) -> (toml::Value, toml::Table) {
    let toml::Value::Table(mut table) = value else { return (value, toml::Table::new()) };
    (table.remove("value").unwrap_or_else(|| toml::Value::Table(toml::Table::new())), table)
}

/// Converts an error without a place in the file; the outer reader adds the place.
fn plain<E: de::Error>(error: toml::de::Error) -> E {
    E::custom(error.message())
}

words!(Seen);

impl<T: Keyed + DeserializeOwned> Keyed for Documented<T> {
    const FORM: Form = Form::Departure(&T::FORM, read::<T>);
}
