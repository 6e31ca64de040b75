//! A client's registration at one provider: the id, and the secret where there is one (RFC 6749 §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::record::VERSION;
use crate::protocol::client::ClientId;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::Timestamp;
use crate::provider::RecordedOrigins;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registration {
    version: u64,
    pub client_id: ClientId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<ClientSecret>,
    /// The origins that the secret may be sent to. `None` if they depend on parameters of the login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<RecordedOrigins>,
    pub registered_at: Timestamp,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Registration {
    pub fn new(
        client_id: ClientId,
        client_secret: Option<ClientSecret>,
        origins: Option<RecordedOrigins>,
        now: Timestamp,
    ) -> Self {
        Self { version: VERSION, client_id, client_secret, origins, registered_at: now, unknown: Map::new() }
    }
}
