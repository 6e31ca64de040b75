//! A client's registration at one provider: the id, and the secret where there is one (RFC 6749 §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::record::VERSION;
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::secret::{ClientSecret, Secret};
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
    /// The issuer that the client was registered with: its credentials are for no other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What only the server's reply to a dynamic registration says (RFC 7591).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dynamic: Option<DynamicRegistration>,
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
        Self {
            version: VERSION,
            client_id,
            client_secret,
            origins,
            registered_at: now,
            issuer: None,
            dynamic: None,
            unknown: Map::new(),
        }
    }

    /// The same client, as that of one issuer.
    pub fn at_issuer(self, issuer: &str, dynamic: Option<DynamicRegistration>) -> Self {
        Self { issuer: Some(issuer.to_owned()), dynamic, ..self }
    }

    /// The same client with a new secret.
    pub fn renewed(&self, secret: ClientSecret, dynamic: DynamicRegistration) -> Self {
        Self { client_secret: Some(secret), dynamic: Some(dynamic), ..self.clone() }
    }

    /// Returns `true` if its secret has ended, by our clock.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        let end = self.dynamic.as_ref().and_then(|dynamic| dynamic.secret_expires_at);
        self.client_secret.is_some() && end.is_some_and(|end| end <= now)
    }
}

/// A client that this program registered itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DynamicRegistration {
    pub auth: ClientAuthMethod,
    /// The redirect URIs that the server knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_expires_at: Option<Timestamp>,
    /// The registration's own address, and the token for it (RFC 7592 §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// The ids of its predecessors, which the server had forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<ClientId>,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

impl DynamicRegistration {
    /// Returns the registration's own address and the token for it, if the server gave them.
    pub fn management(&self) -> Option<(Url, &Secret)> {
        Some((Url::parse(self.client_uri.as_deref()?).ok()?, self.access_token.as_ref()?))
    }
}
