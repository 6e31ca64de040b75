//! When a token ends.

use serde::{Deserialize, Serialize};

use crate::protocol::time::Timestamp;

/// When the token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    At(Timestamp),
    /// The provider's documents say that it does not end.
    Never,
    /// No source says.
    Unknown,
}

impl Expiry {
    /// Returns the point in time, if it is known.
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(end) => Some(end),
            Self::Never | Self::Unknown => None,
        }
    }
}
