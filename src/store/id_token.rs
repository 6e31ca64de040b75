//! The ID token of a login, as it is kept: what the server said of the person (OpenID Connect Core §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::protocol::secret::IdToken;
use crate::protocol::time::Timestamp;
use crate::protocol::{id_token, jwt};

/// An ID token whose claims were checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredIdToken {
    pub token: IdToken,
    /// True if its signature was verified with the issuer's keys.
    pub verified: bool,
    /// Fields that a newer program wrote.
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl StoredIdToken {
    pub fn new(token: IdToken, verified: bool) -> Self {
        Self { token, verified, unknown: Map::new() }
    }

    /// Returns what it says.
    pub fn claims(&self) -> Option<Value> {
        jwt::claims(self.token.expose())
    }

    /// Returns when it ends.
    pub fn expires_at(&self) -> Option<Timestamp> {
        id_token::expiry(&self.claims()?).ok().flatten()
    }

    /// Returns the account, as its owner recognizes it.
    pub fn account(&self) -> Option<String> {
        id_token::account(&self.claims()?)
    }
}
