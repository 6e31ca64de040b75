//! The outcome of `import`.

use std::fmt;

use serde::Serialize;

use crate::commands::view::{renewal, until};
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
    #[serde(skip)]
    renewal: String,
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
            expiry: token.end(),
            refreshable: token.renews_at(now),
            refresh_expires_at: token.refresh_ends(),
            renewal: renewal(token, now),
            now,
        }
    }
}

impl Render for ImportOutcome {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let provider = sanitize::line(&self.provider);
        text.line(&[&Style::Success.of("✓"), &format_args!(" Imported the login `{}` at {provider}", self.profile)])?;
        writeln!(text, "  until    {}{}", until(self.expiry, self.now), self.renewal)?;
        writeln!(text, "  kept in  {}", self.place)
    }
}
