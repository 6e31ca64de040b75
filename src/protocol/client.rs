//! The client's identity at the authorization server (RFC 6749 §2).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::advice::{Advice, ExitCode, NextStep};
use super::secret::is_vschar;

/// The public name of a client (RFC 6749 §2.2). It is not a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Reads a client id from a person or a script (RFC 6749 appendix A.1, and not empty).
    pub fn parse(text: &str) -> Result<Self, BadClientId> {
        let id = text.trim();
        if is_vschar(id) { Ok(Self::new(id)) } else { Err(BadClientId) }
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

#[derive(Debug, thiserror::Error)]
#[error("no usable client id was given")]
pub struct BadClientId;

impl Advice for BadClientId {
    fn next_step(&self) -> NextStep {
        ExitCode::Usage.hint("give it as the provider shows it where the app is registered")
    }
}

/// The client's way to authenticate at the token endpoint (RFC 6749 §2.3; the names of RFC 7591 §2 in words).
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

impl ClientAuthMethod {
    /// Returns the method's name in metadata and registrations (RFC 7591 §2).
    pub fn registered_name(self) -> &'static str {
        match self {
            Self::Body => "client_secret_post",
            Self::Basic => "client_secret_basic",
            Self::None => "none",
        }
    }

    /// Returns the method of this name, or `None` for one that we do not have.
    pub fn registered_as(name: &str) -> Option<Self> {
        [Self::Basic, Self::Body, Self::None].into_iter().find(|method| method.registered_name() == name)
    }
}
