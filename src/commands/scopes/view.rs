//! The permissions of a token: asked, granted, proven, and the evidence for each.

use std::fmt;

use serde::Serialize;

use crate::commands::view::Table;
use crate::flow::evidence::{Evidence, Finding, Granted, by_words, who_says_what};
use crate::flow::probe::{Proof, Verdict};
use crate::protocol::sanitize::{self, Render, TerminalText};
use crate::protocol::scope::ScopeSet;
use crate::provider::ProviderDefinition;
use crate::store::Profile;
use crate::store::scope_history::ScopeChanges;
use crate::store::stored_token::Expiry;

#[derive(Debug, Serialize)]
pub struct ScopesView {
    pub profile: String,
    pub provider: String,
    pub scopes: Vec<ScopeRow>,
    /// Everybody who said something.
    pub sources: Vec<String>,
    /// The sources that were asked and said nothing, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<String>,
    /// The changes since the last run; `null` in it if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<Option<ScopeChanges>>,
    #[serde(skip)]
    name: String,
    /// True if the provider's documents name any scopes.
    #[serde(skip)]
    documented: bool,
    /// True if the provider documents that there are none.
    #[serde(skip)]
    is_without_scopes: bool,
    #[serde(skip)]
    probed: bool,
    #[serde(skip)]
    width: usize,
}

#[derive(Debug, Serialize)]
pub struct ScopeRow {
    pub scope: String,
    pub about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub asked: bool,
    /// Granted whether asked for or not.
    pub always: bool,
    /// `None` if no source says, or if two sources disagree.
    pub granted: Option<bool>,
    pub disputed: bool,
    /// `None` if it could not be found out, or if nothing was probed.
    pub proven: Option<bool>,
    /// The API does something else than the sources say.
    pub contradicted: bool,
    pub evidence: Vec<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// One source's word about one scope.
#[derive(Debug, Serialize)]
pub struct Said {
    pub source: String,
    pub granted: bool,
}

impl ScopesView {
    pub fn new(profile: &Profile, definition: &ProviderDefinition, evidence: &Evidence, width: usize) -> Self {
        let scopes: Vec<ScopeRow> =
            evidence.findings.iter().map(|finding| ScopeRow::new(finding, definition)).collect();
        let probed = scopes.iter().any(|row| row.proof.is_some());
        let known = definition.scope.known.len();
        let documents = (known > 0).then(|| {
            let read = definition.checked.as_deref().map(|day| format!(", read {day}")).unwrap_or_default();
            format!("the documents of {} ({known} scopes{read})", definition.name)
        });
        let asked = scopes.iter().any(|row| row.asked).then(|| "what `login` asked for".to_owned());
        let statements = evidence.statements.iter().map(|statement| statement.source.to_string());
        let proofs =
            scopes.iter().filter(|row| row.proof.as_ref().is_some_and(|proof| proof.request.is_some())).count();
        let probes = probed.then(|| format!("probes ({proofs})"));
        Self {
            profile: profile.to_string(),
            provider: definition.id.clone(),
            name: definition.name.clone(),
            sources: documents.into_iter().chain(asked).chain(statements).chain(probes).collect(),
            documented: known > 0,
            is_without_scopes: definition.is_without_scopes(),
            silent: Vec::new(),
            diff: None,
            scopes,
            probed,
            width,
        }
    }
}

impl ScopeRow {
    fn new(finding: &Finding, definition: &ProviderDefinition) -> Self {
        let known = definition.scope.get(&finding.scope);
        Self {
            scope: sanitize::line(&finding.scope),
            about: known.map(|known| known.about.clone()).unwrap_or_default(),
            note: known.and_then(|known| known.note.clone()),
            asked: finding.asked,
            always: finding.always,
            granted: match finding.granted {
                Granted::Yes => Some(true),
                Granted::No => Some(false),
                Granted::Disputed | Granted::Unknown => None,
            },
            disputed: finding.granted == Granted::Disputed,
            proven: finding.proof.as_ref().and_then(|proof| match proof.verdict {
                Verdict::Proven => Some(true),
                Verdict::Denied => Some(false),
                Verdict::Unknown => None,
            }),
            contradicted: finding.is_contradicted(),
            evidence: finding
                .said
                .iter()
                .map(|(source, granted)| Said { source: source.clone(), granted: *granted })
                .collect(),
            proof: finding.proof.clone(),
        }
    }

    fn asked_cell(&self) -> &'static str {
        match (self.asked, self.always) {
            (true, _) => "yes",
            (false, true) => "–",
            (false, false) => "no",
        }
    }

    fn granted_cell(&self) -> &'static str {
        if self.disputed { "yes/no" } else { yes_no(self.granted) }
    }

    fn last_cell(&self) -> String {
        let text = self.proof.as_ref().map_or_else(|| self.about.clone(), how);
        match &self.note {
            Some(note) => format!("{text} ({note})"),
            None => text,
        }
    }

    /// Describes what the cells do not show: which sources disagree.
    fn conflict(&self) -> Option<String> {
        if self.disputed {
            let said = self.evidence.iter().map(|said| (said.source.clone(), said.granted)).collect::<Vec<_>>();
            return Some(who_says_what(&said));
        }
        let (granted, done) = match self.granted {
            _ if !self.contradicted => return None,
            Some(true) => ("granted", "refuses"),
            _ => ("not granted", "allows"),
        };
        Some(format!("{granted}, and the API {done} it all the same"))
    }
}

fn yes_no(value: Option<bool>) -> &'static str {
    match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    }
}

/// `GET /api/v1/reviews?per_page=1 → 403 "You don't have access to the resource"`
fn how(proof: &Proof) -> String {
    let reason = proof.reason.as_deref().unwrap_or_default();
    let guess = if proof.guess { " (the path is a guess)" } else { "" };
    match (&proof.request, proof.status) {
        (None, _) => reason.to_owned(),
        (Some(request), None) => format!("{request}: {reason}{guess}"),
        (Some(request), Some(status)) if reason.is_empty() => format!("{request} → {status}{guess}"),
        // The API's words follow the status, ours explain it.
        (Some(request), Some(status)) => {
            let colon = if reason.starts_with('"') { "" } else { ":" };
            format!("{request} → {status}{colon} {reason}{guess}")
        }
    }
}

impl Render for ScopesView {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        if self.scopes.is_empty() {
            match self.is_without_scopes {
                true => writeln!(text, "{} names no scopes: a token may do whatever its owner may.", self.name)?,
                false => writeln!(text, "The definition of {} documents no scopes.", self.name)?,
            }
        } else {
            let head: &[&str] = match self.probed {
                true => &["SCOPE", "ASKED", "GRANTED", "PROVEN", "HOW"],
                false => &["SCOPE", "ASKED", "GRANTED", "ABOUT"],
            };
            let mut table = Table::new(self.width, head);
            for row in &self.scopes {
                let mut cells = vec![row.scope.clone(), row.asked_cell().to_owned(), row.granted_cell().to_owned()];
                cells.extend(self.probed.then(|| yes_no(row.proven).to_owned()));
                cells.push(row.last_cell());
                table.add(cells);
            }
            table.write(text)?;
            if !self.documented {
                writeln!(text, "\nThe documents of {} name no scopes: these are from the login alone.", self.name)?;
            }
        }
        writeln!(text)?;
        let conflicts = self.scopes.iter().filter_map(|row| Some((row.scope.as_str(), row.conflict()?)));
        for conflict in by_words(conflicts) {
            writeln!(text, "Disagreement  {conflict}")?;
        }
        if !self.sources.is_empty() {
            writeln!(text, "Sources       {}", self.sources.join("; "))?;
        }
        for silent in &self.silent {
            writeln!(text, "No answer     {silent}")?;
        }
        match &self.diff {
            None => Ok(()),
            Some(None) => writeln!(text, "Changes       this is the first look at this login"),
            Some(Some(changes)) => write_changes(text, changes),
        }
    }
}

fn write_changes(text: &mut TerminalText, changes: &ScopeChanges) -> fmt::Result {
    let mut lines = Vec::new();
    let lists: [(&str, &ScopeSet); 4] = [
        ("gained", &changes.gained),
        ("lost", &changes.lost),
        ("proven now", &changes.newly_proven),
        ("proven no more", &changes.no_longer_proven),
    ];
    for (what, scopes) in lists {
        if !scopes.is_empty() {
            lines.push(format!("{what}: {}", sanitize::line(&scopes.join(", "))));
        }
    }
    if let Some((then, now)) = changes.expiry {
        // Both as exact dates: what counts is that they differ.
        let date = |expiry| match expiry {
            Expiry::At(end) => end.to_string(),
            Expiry::Never => "never".to_owned(),
            Expiry::Unknown => "unknown".to_owned(),
        };
        lines.push(format!("ends: {}, before: {}", date(now), date(then)));
    }
    if changes.other_account {
        lines.push("it is another account".to_owned());
    }
    if lines.is_empty() {
        lines.push("none".to_owned());
    }
    writeln!(text, "Changes       since {}: {}", changes.since, lines.join("; "))
}
