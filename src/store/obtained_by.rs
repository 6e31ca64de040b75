//! How a login's first token was obtained.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::record;
use crate::protocol::grant::GrantKind;

/// How a login's first token was obtained. A record names it under the key `origin`: `authorization_code`, `given`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObtainedBy {
    Grant(GrantKind),
    /// The user had it already: `login --with-token`.
    Given,
}

impl ObtainedBy {
    const GIVEN: &str = "given";

    /// The version of the record: one that 0.1 could not honour takes a higher number than its own (see `record.rs`).
    pub fn record_version(self) -> u64 {
        match self {
            Self::Grant(GrantKind::DeviceCode | GrantKind::ClientCredentials) => record::VERSION + 1,
            Self::Given | Self::Grant(GrantKind::AuthorizationCode | GrantKind::Implicit) => record::VERSION,
        }
    }
}

impl Serialize for ObtainedBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Grant(kind) => serializer.serialize_str(&kind.as_str().replace('-', "_")),
            Self::Given => serializer.serialize_str(Self::GIVEN),
        }
    }
}

impl<'de> Deserialize<'de> for ObtainedBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == Self::GIVEN {
            return Ok(Self::Given);
        }
        let kind = GrantKind::named(&name.replace('_', "-"));
        kind.map(Self::Grant).ok_or_else(|| D::Error::custom("this grant is not known"))
    }
}
