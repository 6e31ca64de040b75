//! The outcome of `login`.

use std::fmt;

use serde::Serialize;

use crate::commands::view::{renewal, until};
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;
use crate::provider::Provider;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::{Profile, StoreKind};

#[derive(Debug, Serialize)]
pub struct LoginOutcome {
    pub profile: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub provider: String,
    #[serde(skip)]
    name: String,
    pub store: StoreKind,
    pub place: String,
    pub asked: ScopeSet,
    pub granted: ScopeSet,
    /// Asked for and not granted.
    pub denied: Vec<String>,
    pub expiry: Expiry,
    pub refreshable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
    #[serde(skip)]
    renewal: String,
    /// True if the provider documents any.
    #[serde(skip)]
    has_scopes: bool,
    #[serde(skip)]
    example: Option<String>,
    #[serde(skip)]
    now: Timestamp,
}

impl LoginOutcome {
    pub fn new(
        profile: &Profile,
        provider: &Provider,
        token: &StoredToken,
        store: StoreKind,
        place: String,
        now: Timestamp,
    ) -> Self {
        let granted = token.scopes(&provider.definition.always_granted());
        let denied = match &token.granted {
            Some(_) => token.asked.difference(&granted).iter().map(sanitize::line).collect(),
            None => Vec::new(),
        };
        Self {
            profile: profile.to_string(),
            label: token.label.clone(),
            provider: provider.id().to_owned(),
            name: provider.definition.name.clone(),
            store,
            place,
            asked: token.asked.clone(),
            granted,
            denied,
            expiry: token.expiry,
            refreshable: token.renews_at(now),
            refresh_expires_at: token.refresh_ends(),
            renewal: renewal(token, now),
            has_scopes: !provider.definition.scope.known.is_empty(),
            example: provider.definition.api.example.clone(),
            now,
        }
    }
}

impl Render for LoginOutcome {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let label = self.label.as_deref().map(|label| format!(" ({})", sanitize::line(label))).unwrap_or_default();
        let who = format_args!(" Logged in to {} as `{}`{label}", self.name, self.profile);
        text.line(&[&Style::Success.of("✓"), &who])?;
        let granted = match (self.granted.is_empty(), self.has_scopes) {
            (true, true) => "not said".to_owned(),
            (true, false) => format!("what its owner may do: {} names no scopes", self.name),
            (false, _) => sanitize::line(&self.granted.to_string()),
        };
        writeln!(text, "  granted  {granted}")?;
        writeln!(text, "  until    {}{}", until(self.expiry, self.now), self.renewal)?;
        writeln!(text, "  kept in  {}", self.place)?;
        let path = self.example.as_deref().unwrap_or("PATH");
        text.line(&[&"  next     ", &Style::Strong.of(format_args!("oauthctl call GET {path}"))])
    }
}
