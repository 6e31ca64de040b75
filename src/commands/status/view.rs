//! The list of logins.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::commands::view::{add_row, table, until, write_table};
use crate::protocol::sanitize::{self, Render, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;
use crate::session::Part;
use crate::store::id_token::StoredIdToken;
use crate::store::login_index::LoginEntry;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::token_store::Found;
use crate::store::{AppName, Profile, StoreKind};

#[derive(Debug, Serialize)]
pub struct StatusView {
    pub logins: Vec<StatusRow>,
    /// Said with `-v`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Part>,
    #[serde(skip)]
    pub width: usize,
    #[serde(skip)]
    pub now: Timestamp,
}

/// What is known of a login's token.
pub struct Known {
    /// `None` if no source has said anything.
    pub scopes: Option<ScopeSet>,
    pub disputed: ScopeSet,
    pub expiry: Expiry,
    /// After which time without use the login ends.
    pub idle_limit: Option<Duration>,
}

#[derive(Debug, Serialize)]
pub struct StatusRow {
    pub profile: String,
    pub current: bool,
    pub provider: String,
    pub store: StoreKind,
    /// The app that it was made with, where the provider has several.
    #[serde(skip_serializing_if = "AppName::is_default")]
    pub app: AppName,
    /// True if it was made at an emulator.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub emulated: bool,
    /// The person's name for the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Who it is by its ID token: an email address, a user name, or the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<IdTokenRow>,
    /// `null` in it if nothing is known of the token's scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Option<ScopeSet>>,
    /// The names of its further tokens, for `--which`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_tokens: Vec<String>,
    /// Granted by one source and not by another.
    #[serde(skip_serializing_if = "ScopeSet::is_empty")]
    pub disputed: ScopeSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refreshable: Option<bool>,
    /// When the refresh token ends, and with it the login, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
    /// When the refresh token dies if it is not used, where the provider has such a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What is known of a login's ID token.
#[derive(Debug, Serialize)]
pub struct IdTokenRow {
    /// Its signature was verified.
    pub verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl StatusRow {
    pub fn new(profile: &Profile, current: bool, found: &Found<StoredToken>, known: Known, now: Timestamp) -> Self {
        Self {
            profile: profile.to_string(),
            current,
            provider: found.record.provider.clone(),
            store: found.store,
            app: found.record.app.clone(),
            emulated: false,
            label: found.record.label.clone(),
            account: found
                .record
                .id_token
                .as_ref()
                .and_then(StoredIdToken::account)
                .map(|account| sanitize::line(&account)),
            id_token: found
                .record
                .id_token
                .as_ref()
                .map(|kept| IdTokenRow { verified: kept.verified, expires_at: kept.expires_at() }),
            scopes: Some(known.scopes),
            further_tokens: found.record.further_tokens.keys().cloned().collect(),
            disputed: known.disputed,
            since: Some(found.record.obtained_at),
            expiry: Some(known.expiry),
            refreshable: Some(found.record.renews_at(now)),
            refresh_expires_at: found.record.refresh_ends(),
            idle_until: found.record.idles_until(known.idle_limit),
            problem: None,
        }
    }

    /// Returns the account for people. One of which nothing shows that the issuer named it is marked.
    fn who(&self) -> String {
        let is_verified = self.id_token.as_ref().is_some_and(|kept| kept.verified);
        match &self.account {
            Some(account) if is_verified => account.clone(),
            Some(account) => format!("{account} (not verified)"),
            None => String::new(),
        }
    }

    /// Returns when the login ends unless it is used before, as far as is known.
    fn renewable_until(&self) -> Option<Timestamp> {
        self.refresh_expires_at.into_iter().chain(self.idle_until).min()
    }

    pub fn emulated(self, emulated: bool) -> Self {
        Self { emulated, ..self }
    }

    pub fn unreadable(profile: &Profile, current: bool, entry: &LoginEntry, problem: &str) -> Self {
        Self {
            profile: profile.to_string(),
            current,
            provider: entry.provider.clone(),
            store: entry.store,
            app: AppName::default(),
            emulated: false,
            label: None,
            account: None,
            id_token: None,
            scopes: None,
            further_tokens: Vec::new(),
            disputed: ScopeSet::new(),
            since: None,
            expiry: None,
            refreshable: None,
            refresh_expires_at: None,
            idle_until: None,
            problem: Some(problem.to_owned()),
        }
    }
}

impl Render for StatusView {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        if self.logins.is_empty() {
            return writeln!(
                text,
                "No logins. `oauthctl login ID` makes one; `oauthctl providers list` shows the providers."
            );
        }
        let labelled = self.logins.iter().any(|row| row.label.is_some());
        let mut head = vec!["", "PROFILE", "PROVIDER", "STORE", "SCOPES", "SINCE", "UNTIL"];
        if labelled {
            head.insert(2, "LABEL");
        }
        let known = self.logins.iter().any(|row| row.account.is_some());
        if known {
            head.insert(if labelled { 3 } else { 2 }, "ACCOUNT");
        }
        let ends = self.logins.iter().any(|row| row.renewable_until().is_some());
        if ends {
            head.push("RENEWABLE UNTIL");
        }
        let mut table = table(self.width, &head);
        for row in &self.logins {
            let scopes = match (&row.problem, &row.scopes) {
                (Some(problem), _) => problem.clone(),
                (None, Some(Some(scopes))) if scopes.is_empty() && row.disputed.is_empty() => "–".to_owned(),
                (None, Some(Some(scopes))) => {
                    let disputed = format!(" (disputed: {})", row.disputed);
                    let disputed = Some(disputed).filter(|_| !row.disputed.is_empty()).unwrap_or_default();
                    sanitize::line(&format!("{scopes}{disputed}"))
                }
                (None, Some(None)) => "unknown".to_owned(),
                (None, None) => String::new(),
            };
            let mut cells = vec![
                if row.current { "*" } else { "" }.to_owned(),
                row.profile.clone(),
                format!("{}{}", row.provider, if row.emulated { " (emulated)" } else { "" }),
                row.store.to_string(),
                scopes,
                row.since.map(|since| since.to_string()).unwrap_or_default(),
                row.expiry.map(|expiry| until(expiry, self.now)).unwrap_or_default(),
            ];
            if ends {
                cells.push(row.renewable_until().map(|end| until(Expiry::At(end), self.now)).unwrap_or_default());
            }
            if known {
                cells.insert(2, row.who());
            }
            if labelled {
                cells.insert(2, row.label.as_deref().map(sanitize::line).unwrap_or_default());
            }
            add_row(&mut table, cells);
        }
        write_table(text, &mut table)
    }
}
