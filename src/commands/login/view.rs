//! The outcome of `login`.

use std::fmt;

use serde::Serialize;

use crate::commands::next;
use crate::commands::view::{renewal, until};
use crate::flow::evidence::Evidence;
use crate::flow::last_page::LastPage;
use crate::flow::pages::BrowserPage;
use crate::protocol::advice::{Advice, causes, login_command};
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;
use crate::provider::Provider;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::{AppName, Profile, StoreKind};
use crate::system::shell::quoted;

#[derive(Debug, Serialize)]
pub struct LoginOutcome {
    pub profile: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Who it is, by its ID token or by what the provider said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    pub provider: String,
    #[serde(skip_serializing_if = "AppName::is_default")]
    pub app: AppName,
    #[serde(skip)]
    name: String,
    pub store: StoreKind,
    pub place: String,
    pub asked: ScopeSet,
    /// `None` if nothing is known of the token.
    pub granted: Option<ScopeSet>,
    /// Asked for and not granted.
    pub denied: Vec<String>,
    /// Granted by one source and not by another.
    #[serde(skip_serializing_if = "ScopeSet::is_empty")]
    pub disputed: ScopeSet,
    /// The names of further tokens in the reply, for `--which`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_tokens: Vec<String>,
    pub expiry: Expiry,
    pub refreshable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
    #[serde(skip)]
    renewal: String,
    /// The command that asks for a refresh token, where there is none and the provider has a scope for it.
    #[serde(skip)]
    renewed_by: Option<String>,
    /// True if the provider documents any.
    #[serde(skip)]
    has_scopes: bool,
    /// True if the provider documents that there are none.
    #[serde(skip)]
    is_without_scopes: bool,
    /// True if the reply named its scopes, perhaps none.
    #[serde(skip)]
    is_said: bool,
    #[serde(skip)]
    next: String,
    #[serde(skip)]
    now: Timestamp,
}

impl LoginOutcome {
    /// `shadow` is true if commands use another login than this one unless it is named.
    pub fn new(
        profile: &Profile,
        provider: &Provider,
        (token, found): (&StoredToken, &Evidence),
        (store, place): (StoreKind, String),
        shadow: bool,
        now: Timestamp,
    ) -> Self {
        Self {
            profile: profile.to_string(),
            label: token.label.clone(),
            account: token.account().map(|account| sanitize::line(&account.name)),
            provider: provider.id().to_owned(),
            app: token.app.clone(),
            name: provider.definition.name.clone(),
            store,
            place,
            asked: token.asked.clone(),
            granted: found.named(),
            denied: found.withheld().iter().map(sanitize::line).collect(),
            disputed: found.disputed(),
            further_tokens: token.further_tokens.keys().cloned().collect(),
            expiry: token.end(),
            refreshable: token.renews_at(now),
            refresh_expires_at: token.refresh_ends(),
            renewal: renewal(token, now),
            renewed_by: renewed_by(profile, provider, token, now),
            is_said: token.granted.is_some(),
            has_scopes: !provider.definition.scope.known.is_empty(),
            is_without_scopes: provider.definition.is_without_scopes(),
            next: next::suggested(&provider.definition, found.named().as_ref(), shadow.then(|| profile.as_str())),
            now,
        }
    }
}

fn renewed_by(profile: &Profile, provider: &Provider, token: &StoredToken, now: Timestamp) -> Option<String> {
    let ends = matches!(token.end(), Expiry::At(_)) && !token.renews_at(now);
    let scopes = provider.definition.with_refresh_token(&token.asked).filter(|_| ends)?;
    let login = login_command(provider.id(), profile.as_str());
    Some(format!("{login} --scope {}", quoted(&sanitize::line(&scopes.to_string()))))
}

/// Returns the page for a login that is kept: what the terminal says of it.
pub fn success_page(
    profile: &Profile,
    provider: &Provider,
    (token, found): (&StoredToken, &Evidence),
    shadow: bool,
    now: Timestamp,
) -> LastPage {
    let place = (StoreKind::Memory, String::new());
    let outcome = LoginOutcome::new(profile, provider, (token, found), place, shadow, now);
    let label = outcome.label.as_deref().map(|label| format!(" ({label})")).unwrap_or_default();
    LastPage::from(BrowserPage::LoggedIn)
        .with("Provider", &outcome.name)
        .with("Profile", format!("`{profile}`{label}"))
        .with("Account", outcome.account.clone().unwrap_or_default())
        .with("Granted", outcome.granted_words())
        .with("Asked for and not granted", outcome.denied.join(" "))
        .with("Valid until", format!("{}{}", until(outcome.expiry, now), outcome.renewal))
        .with("Next, in the terminal", format!("`{}`", outcome.next))
}

/// Returns the page for a login that failed: what the terminal says of it. The words of a refusal that came by the browser
/// are left out, as they are part of a request.
pub fn failure_page(page: BrowserPage, provider: &str, error: &dyn Advice) -> LastPage {
    let mut last = LastPage::from(page).with("Provider", provider);
    if page != BrowserPage::Declined {
        last = last.with("What happened", error.to_string());
        for cause in causes(error) {
            last = last.with("Because", cause.to_string());
        }
    }
    match error.next_step().hint {
        Some(hint) => last.with("What to do now", hint),
        None => last,
    }
}

impl LoginOutcome {
    fn granted_words(&self) -> String {
        match (&self.granted, self.has_scopes) {
            (None, _) => "unknown: `oauthctl scopes --probe` tests it".to_owned(),
            (Some(granted), true) if granted.is_empty() && self.is_said => "none".to_owned(),
            (Some(granted), true) if granted.is_empty() => "not said".to_owned(),
            (Some(granted), false) if granted.is_empty() && self.disputed.is_empty() => match self.is_without_scopes {
                true => format!("what its owner may do: {} names no scopes", self.name),
                false => format!("unknown: the definition of {} documents no scopes", self.name),
            },
            (Some(granted), _) => sanitize::line(&granted.to_string()),
        }
    }
}

impl Render for LoginOutcome {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let label = self.label.as_deref().map(|label| format!(" ({})", sanitize::line(label))).unwrap_or_default();
        let who = format_args!(" Logged in to {} as `{}`{label}", self.name, self.profile);
        text.line(&[&Style::Success.of("✓"), &who])?;
        if let Some(account) = &self.account {
            writeln!(text, "  account  {account}")?;
        }
        if let Some(app) = self.app.name() {
            writeln!(text, "  app      {app}")?;
        }
        let granted = self.granted_words();
        writeln!(text, "  granted  {granted}")?;
        if !self.disputed.is_empty() {
            writeln!(text, "  disputed {}", sanitize::line(&self.disputed.to_string()))?;
        }
        for name in &self.further_tokens {
            writeln!(text, "  further  the token `{name}`, for `--which {name}`")?;
        }
        writeln!(text, "  until    {}{}", until(self.expiry, self.now), self.renewal)?;
        if let Some(command) = &self.renewed_by {
            text.line(&[&"  renewal  none; asks for a refresh token: ", &Style::Strong.of(command)])?;
        }
        writeln!(text, "  kept in  {}", self.place)?;
        text.line(&[&"  next     ", &Style::Strong.of(&self.next)])
    }
}
