//! What `refresh` came to.

use std::fmt;

use colored::Colorize;
use serde::Serialize;

use super::until;
use crate::protocol::time::Timestamp;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::{Profile, StoreKind};

#[derive(Debug, Serialize)]
pub struct RefreshOutcome {
    pub profile: String,
    pub provider: String,
    pub store: StoreKind,
    pub expiry: Expiry,
    #[serde(skip)]
    now: Timestamp,
}

impl RefreshOutcome {
    pub fn new(profile: &Profile, token: &StoredToken, store: StoreKind, now: Timestamp) -> Self {
        Self { profile: profile.to_string(), provider: token.provider.clone(), store, expiry: token.expiry, now }
    }
}

impl fmt::Display for RefreshOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} Refreshed the login `{}`", "✓".green().bold(), self.profile)?;
        writeln!(f, "  until    {}", until(self.expiry, self.now))
    }
}
