//! What `import` came to.

use std::fmt;

use colored::Colorize;
use serde::Serialize;

use super::until;
use crate::protocol::sanitize;
use crate::protocol::time::Timestamp;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::{Profile, StoreKind};

#[derive(Debug, Serialize)]
pub struct ImportOutcome {
    pub profile: String,
    pub provider: String,
    pub store: StoreKind,
    pub place: String,
    pub expiry: Expiry,
    pub refreshable: bool,
    #[serde(skip)]
    now: Timestamp,
}

impl ImportOutcome {
    pub fn new(profile: &Profile, token: &StoredToken, store: StoreKind, place: String, now: Timestamp) -> Self {
        Self {
            profile: profile.to_string(),
            provider: token.provider.clone(),
            store,
            place,
            expiry: token.expiry,
            refreshable: token.is_renewable(),
            now,
        }
    }
}

impl fmt::Display for ImportOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = sanitize::line(&self.provider);
        writeln!(f, "{} Took in the login `{}` at {provider}", "✓".green().bold(), self.profile)?;
        let refresh = if self.refreshable { ", renewed by itself" } else { "" };
        writeln!(f, "  until    {}{refresh}", until(self.expiry, self.now))?;
        writeln!(f, "  kept in  {}", self.place)
    }
}
