//! The list of logins.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::commands::view::{Table, shortly};
use crate::protocol::advice::login_command;
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;
use crate::session::Part;
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
    /// Who it is by its ID token, or by what the provider said: an email address, a user name, or the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// False if nothing shows that the issuer named it.
    #[serde(skip)]
    is_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<IdTokenRow>,
    /// `null` in it if nothing is known of the token's scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Option<ScopeSet>>,
    /// The names of its further tokens, for `--which`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_tokens: Vec<String>,
    /// Its tokens with fewer scopes that have not ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub narrower: Vec<NarrowerRow>,
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
    /// True if only a new login helps.
    #[serde(skip)]
    pub has_ended: bool,
}

/// A token with fewer scopes than its login has.
#[derive(Debug, Serialize)]
pub struct NarrowerRow {
    pub asked: ScopeSet,
    /// `None` if the reply said nothing.
    pub granted: Option<ScopeSet>,
    pub expiry: Expiry,
}

impl NarrowerRow {
    fn all(record: &StoredToken, now: Timestamp) -> Vec<Self> {
        let kept = record.narrower.living(now);
        kept.map(|token| Self { asked: token.asked.clone(), granted: token.granted.clone(), expiry: token.expiry })
            .collect()
    }
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
        let account = found.record.account();
        Self {
            profile: profile.to_string(),
            current,
            provider: found.record.provider.clone(),
            store: found.store,
            app: found.record.app.clone(),
            emulated: false,
            label: found.record.label.clone(),
            account: account.as_ref().map(|account| sanitize::line(&account.name)),
            is_verified: account.is_some_and(|account| account.is_verified),
            id_token: found
                .record
                .id_token
                .as_ref()
                .map(|kept| IdTokenRow { verified: kept.verified, expires_at: kept.expires_at() }),
            scopes: Some(known.scopes),
            further_tokens: found.record.further_tokens.keys().cloned().collect(),
            narrower: NarrowerRow::all(&found.record, now),
            disputed: known.disputed,
            since: Some(found.record.obtained_at),
            expiry: Some(known.expiry),
            refreshable: Some(found.record.renews_at(now)),
            refresh_expires_at: found.record.refresh_ends(),
            idle_until: found.record.idles_until(known.idle_limit),
            problem: None,
            has_ended: !found.record.lasts_unused(now, Duration::ZERO, known.idle_limit),
        }
    }

    /// Returns the account for people: its label, and who it is. One of which nothing shows that the issuer named it is
    /// marked.
    fn who(&self) -> String {
        let account = self.account.as_ref().map(|account| match self.is_verified {
            true => account.clone(),
            false => format!("{account} (not verified)"),
        });
        match (self.label.as_deref().map(sanitize::line), account) {
            (Some(label), Some(account)) => format!("{label}: {account}"),
            (label, account) => label.or(account).unwrap_or_default(),
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
            is_verified: false,
            id_token: None,
            scopes: None,
            further_tokens: Vec::new(),
            narrower: Vec::new(),
            disputed: ScopeSet::new(),
            since: None,
            expiry: None,
            refreshable: None,
            refresh_expires_at: None,
            idle_until: None,
            problem: Some(problem.to_owned()),
            has_ended: false,
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
        let stores: Vec<&StoreKind> = self.logins.iter().map(|row| &row.store).collect();
        let has_stores = stores.windows(2).any(|pair| pair[0] != pair[1]);
        let has_accounts = self.logins.iter().any(|row| !row.who().is_empty());
        let ends = self.logins.iter().any(|row| row.renewable_until().is_some());
        let mut head = vec!["", "PROFILE", "PROVIDER"];
        head.extend(has_accounts.then_some("ACCOUNT"));
        head.extend(has_stores.then_some("STORE"));
        head.extend(["SCOPES", "UNTIL"]);
        head.extend(ends.then_some("RENEWABLE UNTIL"));
        let mut table = Table::new(self.width, &head);
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
            ];
            cells.extend(has_accounts.then(|| row.who()));
            cells.extend(has_stores.then(|| row.store.to_string()));
            cells.extend([scopes, row.expiry.map(|expiry| shortly(expiry, self.now)).unwrap_or_default()]);
            if ends {
                cells.push(row.renewable_until().map(|end| shortly(Expiry::At(end), self.now)).unwrap_or_default());
            }
            table.add(cells);
        }
        table.write(text)?;
        for row in self.logins.iter().filter(|row| row.has_ended) {
            let again = login_command(&row.provider, &row.profile);
            let said = format_args!(" `{}` has ended. To log in again: ", row.profile);
            text.line(&[&Style::Warning.of("!"), &said, &Style::Strong.of(again)])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of three logins, at this width.
    fn shown(width: usize) -> String {
        let row = |name: &str, provider: &str| {
            let entry = LoginEntry::new(provider.to_owned(), StoreKind::File, Default::default());
            let row = StatusRow::unreadable(&name.parse().unwrap(), false, &entry, "");
            StatusRow { problem: None, scopes: Some(None), expiry: Some(Expiry::Never), ..row }
        };
        let now = Timestamp(1_800_000_000);
        let scopes = ScopeSet::parse("read_products read_orders write_products read_customers");
        let logins = vec![
            StatusRow {
                current: true,
                account: Some("owner@shop.example".to_owned()),
                scopes: Some(Some(scopes)),
                expiry: Some(Expiry::At(Timestamp(now.0 + 3 * 3600 + 5))),
                ..row("shop", "judgeme")
            },
            StatusRow { label: Some("Our other shop".to_owned()), ..row("a-shop-with-a-long-name", "goodsie") },
            StatusRow { expiry: Some(Expiry::At(Timestamp(now.0 - 86_400))), has_ended: true, ..row("old", "glu") },
        ];
        let view = StatusView { logins, sources: Vec::new(), width, now };
        TerminalText::of(&view).to_plain().to_string()
    }

    #[test]
    fn the_list_is_readable_at_each_width() {
        for width in [40, 50, 80, 120, 200] {
            let text = shown(width);
            for word in ["a-shop-with-a-long-name", "in 3 h", "ended 1 d ago", "oauthctl login glu --profile old"] {
                assert!(text.contains(word), "{word} at {width}:\n{text}");
            }
            let is_command = |line: &&str| line.contains("To log in again");
            let wide = text.lines().filter(|line| !is_command(line)).find(|line| line.chars().count() > width);
            assert_eq!(wide, None, "{width}:\n{text}");
        }
    }
}
