//! The tables `[evidence."KEY"]` of a definition: how values are known. `evidence` says which table counts for a value.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::departure::Seen;
use super::keys::{Form, Keyed, keys, words};

/// The tables of a definition.
pub type Proofs = BTreeMap<String, Proof>;

/// How a value is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The provider's own documents say so.
    #[default]
    Document,
    /// Other programs' published sources have it, or a recorded reply.
    Recorded,
    /// It follows from something else; the note names it.
    Inferred,
    /// It was tried at the provider.
    Live,
}

words!(How);

impl How {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Document => "the provider's documents",
            Self::Recorded => "other programs or recorded replies",
            Self::Inferred => "inferred",
            Self::Live => "tried live",
        }
    }
}

impl From<Seen> for How {
    fn from(seen: Seen) -> Self {
        match seen {
            Seen::Documents => Self::Document,
            Seen::Recorded => Self::Recorded,
            Seen::Inferred => Self::Inferred,
            Seen::Live => Self::Live,
        }
    }
}

/// One source, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(pub Vec<String>);

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(one) => Ok(Self(vec![one])),
            many => {
                Vec::deserialize(many).map(Self).map_err(|_| de::Error::custom("write a source, or a list of them"))
            }
        }
    }
}

impl Serialize for Sources {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Keyed for Sources {
    const FORM: Form = Form::Urls;
}

keys! {
    /// One `[evidence."PATH"]` of a definition.
    #[derive(Default, PartialEq, Eq)]
    pub struct Proof {
        key how: How {
            help: "How the values are known: by the provider's own document, recorded in other programs or in replies, inferred (explain in the note), or tried live",
            absent: "document",
            example: "\"document\"",
        }
        key source: Sources {
            help: "The documents, or the programs that have the same value",
            absent: "unknown",
            example: "\"https://shop.example/docs/oauth\"",
        }
        key checked: Option<String> {
            help: "The date they were read",
            absent: "unknown",
            example: "\"2026-01-31\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key agree: Option<u16> {
            help: "The number of sources that have the same value",
            absent: "the number of sources that are listed",
            example: "2",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key note: Option<String> {
            help: "Further remarks",
            absent: "nothing",
            example: "\"the sandbox has other hosts\"",
        }
    }
}

/// One line: `other programs or recorded replies: nango, allauth; 2026-11-27; 8 agree; a remark`.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.source.0.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.how.in_words(), self.source.0.join(", "))?;
        write!(f, "; {}", self.checked.as_deref().unwrap_or("no date"))?;
        if let Some(agree) = self.agree {
            write!(f, "; {agree} agree")?;
        }
        self.note.as_ref().map_or(Ok(()), |note| write!(f, "; {note}"))
    }
}
