//! Who asks: the client's identity at the authorization server (RFC 6749 §2).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The public name of a client (RFC 6749 §2.2). Not a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the client shows who it is at the token endpoint (RFC 6749 §2.3; names of RFC 7591 §2 in words).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuthMethod {
    /// `client_id` and `client_secret` in the body (`client_secret_post`).
    #[default]
    Body,
    /// An `Authorization: Basic` header (`client_secret_basic`).
    Basic,
    /// `client_id` only: a public client.
    None,
}
