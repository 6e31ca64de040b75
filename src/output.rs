//! Every printed answer is a type: `Display` for people, `Serialize` for `--json`. No secret is in any of them.

use std::fmt;

use colored::Colorize;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::provider::definition::DepartureLine;
use crate::provider::endpoint::RecordedOrigins;
use crate::provider::{Provider, ProviderDefinition};
use crate::store::login_index::LoginEntry;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::token_store::Found;
use crate::store::{Profile, StoreKind};

/// A table as we print them: no lines, bold heads, as wide as the terminal.
fn table(width: usize, head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(head.iter().copied());
    table
}

/// The table without the blanks that pad its ends, its head in bold.
fn write_table(f: &mut fmt::Formatter<'_>, table: &mut Table) -> fmt::Result {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for (n, line) in table.lines().enumerate() {
        let line = line.trim_end();
        if n == 0 { writeln!(f, "{}", line.bold())? } else { writeln!(f, "{line}")? }
    }
    Ok(())
}

/// When a token ends, in words: `never`, `unknown`, `in 59m (2026-…)`, `since 3h (2026-…)`.
fn until(expiry: Expiry, now: Timestamp) -> String {
    match expiry {
        Expiry::Never => "permanent".to_owned(),
        Expiry::Unknown => "unknown".to_owned(),
        Expiry::At(end) if end > now => format!("{end} (in {})", HumanDuration(now.until(end))),
        Expiry::At(end) => format!("{end} (expired)"),
    }
}

/// What was understood of the provider's reply, in a line.
pub fn what_was_read(token: &StoredToken) -> String {
    let lifetime = match token.expiry {
        Expiry::At(end) => format!("valid for {}", HumanDuration(token.obtained_at.until(end))),
        Expiry::Never => "permanent".to_owned(),
        Expiry::Unknown => "no lifetime".to_owned(),
    };
    let refresh = if token.refresh_token.is_some() { "a refresh token" } else { "no refresh token" };
    let scope = match &token.granted {
        Some(granted) => format!("scopes `{}`", sanitize::line(&granted.to_string())),
        None => "no scopes".to_owned(),
    };
    format!("an access token, {lifetime}, {refresh}, {scope}")
}

#[derive(Debug, Serialize)]
pub struct LoginOutcome {
    pub profile: String,
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
            provider: provider.id().to_owned(),
            name: provider.definition.name.clone(),
            store,
            place,
            asked: token.asked.clone(),
            granted,
            denied,
            expiry: token.expiry,
            refreshable: token.refresh_token.is_some(),
            example: provider.definition.api.example.clone(),
            now,
        }
    }
}

impl fmt::Display for LoginOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} Logged in to {} as `{}`", "✓".green().bold(), self.name, self.profile)?;
        let granted =
            if self.granted.is_empty() { "not said".to_owned() } else { sanitize::line(&self.granted.to_string()) };
        writeln!(f, "  granted  {granted}")?;
        let refresh = if self.refreshable { ", renewed by itself" } else { "" };
        writeln!(f, "  until    {}{refresh}", until(self.expiry, self.now))?;
        writeln!(f, "  kept in  {}", self.place)?;
        match &self.example {
            Some(path) => writeln!(f, "  next     {}", format!("oauthctl call GET {path}").bold()),
            None => writeln!(f, "  next     {}", "oauthctl call GET PATH".bold()),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct AppOutcome {
    pub provider: String,
    pub client_id: String,
    pub secret: bool,
    pub store: StoreKind,
    pub place: String,
}

impl fmt::Display for AppOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = if self.secret { "with its secret" } else { "without a secret" };
        writeln!(
            f,
            "{} Client `{}` of `{}` is kept {secret} in {}",
            "✓".green().bold(),
            sanitize::line(&self.client_id),
            self.provider,
            self.place
        )?;
        writeln!(f, "  next     {}", format!("oauthctl login --provider {}", self.provider).bold())
    }
}

#[derive(Debug, Serialize)]
pub struct AppStatus {
    pub provider: String,
    pub client_id: String,
    pub secret: bool,
    pub store: StoreKind,
    pub registered_at: Timestamp,
    pub origins: Option<RecordedOrigins>,
}

impl fmt::Display for AppStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "provider   {}", self.provider)?;
        writeln!(f, "client id  {}", sanitize::line(&self.client_id))?;
        writeln!(f, "secret     {}", if self.secret { "kept" } else { "none" })?;
        writeln!(f, "store      {}", self.store)?;
        writeln!(f, "since      {}", self.registered_at)?;
        match self.origins.as_ref().and_then(|origins| origins.token.as_deref()) {
            Some(origin) => writeln!(f, "goes to    {origin}"),
            None => writeln!(f, "goes to    depends on the login's parameters"),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct StatusView {
    pub logins: Vec<StatusRow>,
    #[serde(skip)]
    pub width: usize,
    #[serde(skip)]
    pub now: Timestamp,
}

#[derive(Debug, Serialize)]
pub struct StatusRow {
    pub profile: String,
    pub current: bool,
    pub provider: String,
    pub store: StoreKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<ScopeSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl StatusRow {
    pub fn new(profile: &Profile, current: bool, found: &Found<StoredToken>, always: &ScopeSet) -> Self {
        Self {
            profile: profile.to_string(),
            current,
            provider: found.record.provider.clone(),
            store: found.store,
            scopes: Some(found.record.scopes(always)),
            since: Some(found.record.obtained_at),
            expiry: Some(found.record.expiry),
            problem: None,
        }
    }

    pub fn unreadable(profile: &Profile, current: bool, entry: &LoginEntry, problem: &str) -> Self {
        Self {
            profile: profile.to_string(),
            current,
            provider: entry.provider.clone(),
            store: entry.store,
            scopes: None,
            since: None,
            expiry: None,
            problem: Some(problem.to_owned()),
        }
    }
}

impl fmt::Display for StatusView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.logins.is_empty() {
            return writeln!(
                f,
                "No logins. `oauthctl login --provider ID` makes one; `oauthctl providers list` shows the providers."
            );
        }
        let mut table = table(self.width, &["", "PROFILE", "PROVIDER", "STORE", "SCOPES", "SINCE", "UNTIL"]);
        for row in &self.logins {
            let scopes = match (&row.problem, &row.scopes) {
                (Some(problem), _) => problem.clone(),
                (None, Some(scopes)) => sanitize::line(&scopes.to_string()),
                (None, None) => String::new(),
            };
            table.add_row([
                if row.current { "*" } else { "" }.to_owned(),
                row.profile.clone(),
                row.provider.clone(),
                row.store.to_string(),
                scopes,
                row.since.map(|since| since.to_string()).unwrap_or_default(),
                row.expiry.map(|expiry| until(expiry, self.now)).unwrap_or_default(),
            ]);
        }
        write_table(f, &mut table)
    }
}

#[derive(Debug, Serialize)]
pub struct ScopesView {
    pub profile: String,
    pub provider: String,
    pub scopes: Vec<ScopeRow>,
    #[serde(skip)]
    width: usize,
}

#[derive(Debug, Serialize)]
pub struct ScopeRow {
    pub scope: String,
    pub asked: bool,
    /// `None` if the provider did not say what it granted.
    pub granted: Option<bool>,
    pub about: String,
}

impl ScopesView {
    pub fn new(profile: &Profile, definition: &ProviderDefinition, token: &StoredToken, width: usize) -> Self {
        let always = definition.always_granted();
        let granted = token.scopes(&always);
        let names = definition.known_scopes().union(&token.asked).union(&granted);
        let said = token.granted.is_some();
        let scopes = names
            .iter()
            .map(|name| ScopeRow {
                scope: sanitize::line(name),
                asked: token.asked.contains(name),
                granted: (said || always.contains(name)).then(|| granted.contains(name)),
                about: definition
                    .scope
                    .known
                    .iter()
                    .find(|known| known.name == name)
                    .map(|known| known.about.clone())
                    .unwrap_or_default(),
            })
            .collect();
        Self { profile: profile.to_string(), provider: definition.id.clone(), scopes, width }
    }
}

impl fmt::Display for ScopesView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = table(self.width, &["SCOPE", "ASKED", "GRANTED", "ABOUT"]);
        for row in &self.scopes {
            let asked = if row.asked { "yes" } else { "–" };
            let granted = match row.granted {
                Some(true) => "yes",
                Some(false) if row.asked => "no",
                Some(false) => "–",
                None => "?",
            };
            table.add_row([row.scope.as_str(), asked, granted, row.about.as_str()]);
        }
        write_table(f, &mut table)
    }
}

#[derive(Debug, Serialize)]
pub struct ProvidersView {
    pub providers: Vec<ProviderRow>,
    #[serde(skip)]
    pub width: usize,
}

#[derive(Debug, Serialize)]
pub struct ProviderRow {
    pub id: String,
    pub name: String,
    pub params: Vec<String>,
    pub scopes: usize,
    pub checked: Option<String>,
    /// Changed or made by a file of the user's.
    pub overlaid: bool,
}

impl ProvidersView {
    pub fn push(&mut self, definition: &ProviderDefinition, overlaid: bool) {
        self.providers.push(ProviderRow {
            id: definition.id.clone(),
            name: definition.name.clone(),
            params: definition.params.keys().cloned().collect(),
            scopes: definition.scope.known.len(),
            checked: definition.checked.clone(),
            overlaid,
        });
    }
}

impl fmt::Display for ProvidersView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = table(self.width, &["ID", "NAME", "NEEDS", "SCOPES", "CHECKED", ""]);
        for row in &self.providers {
            table.add_row([
                row.id.clone(),
                row.name.clone(),
                if row.params.is_empty() { "–".to_owned() } else { row.params.join(", ") },
                row.scopes.to_string(),
                row.checked.clone().unwrap_or_else(|| "–".to_owned()),
                if row.overlaid { "your file" } else { "" }.to_owned(),
            ]);
        }
        write_table(f, &mut table)
    }
}

/// A definition as data.
#[derive(Debug, Serialize)]
pub struct ProviderView {
    id: String,
    overlaid: bool,
    definition: ProviderDefinition,
    departures: Vec<DepartureLine>,
}

impl ProviderView {
    pub fn new(definition: ProviderDefinition, overlaid: bool) -> Self {
        Self { id: definition.id.clone(), overlaid, departures: definition.departures(), definition }
    }
}

impl fmt::Display for ProviderView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let definition = &self.definition;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, value: &str| writeln!(f, "{name:<11}{value}");
        writeln!(f, "{} ({})", definition.name.bold(), self.id)?;
        if self.overlaid {
            line(f, "changed by", "your own file in the configuration directory")?;
        }
        let source = definition.source.as_deref().unwrap_or("no source");
        line(
            f,
            "source",
            &format!("{source}, read {}", definition.checked.as_deref().unwrap_or("at an unknown date")),
        )?;
        let optional = [
            ("authorize", definition.authorize.url.first()),
            ("token", definition.token.url.first()),
            ("API", definition.api.base.first()),
            ("app page", definition.app.page.as_deref()),
            ("redirect", definition.redirect.note.as_deref()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                line(f, name, value)?;
            }
        }
        for (name, param) in &definition.params {
            line(f, "parameter", &format!("{{{name}}}, such as {}", param.example.as_deref().unwrap_or("?")))?;
        }
        writeln!(f, "\n{}", "Scopes".bold())?;
        let longest = definition.scope.known.iter().map(|scope| scope.name.len()).max().unwrap_or(0);
        for scope in &definition.scope.known {
            let note = scope.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            writeln!(f, "  {:<longest$}  {}{note}", scope.name, scope.about)?;
        }
        writeln!(f, "\n{}", "Departures from the RFCs".bold())?;
        if self.departures.is_empty() {
            writeln!(f, "  none")?;
        }
        for departure in &self.departures {
            writeln!(f, "  {} = {}", departure.key.bold(), departure.value)?;
            writeln!(f, "    RFC: {}", departure.rfc)?;
            let source = departure.source.as_deref().unwrap_or("no source");
            writeln!(f, "    {source}, {}, {}", departure.checked.as_deref().unwrap_or("no date"), departure.seen)?;
            if let Some(note) = &departure.note {
                writeln!(f, "    {note}")?;
            }
        }
        if !definition.alternatives.is_empty() {
            writeln!(f, "\n{}", "Alternatives: `alternative = \"NAME\"` in your own file chooses one".bold())?;
        }
        for (name, alternative) in &definition.alternatives {
            writeln!(
                f,
                "  {}  {}\n    {}, {}",
                name.bold(),
                alternative.note,
                alternative.source,
                alternative.checked
            )?;
        }
        Ok(())
    }
}
