//! The scopes of a token, combined from all sources: the request, the token reply, the token itself, introspection, and
//! what the API actually allowed.
//!
//! No source counts more than another. If two disagree, that is the result: such a scope is neither granted nor withheld.
//!
//! A token that the user brought along is any text until a source has spoken. Before that nothing is granted, not even
//! what the definition says every token has.

use std::fmt;

use serde::{Serialize, Serializer};

use super::probe::{Proof, Proofs, Verdict};
use crate::protocol::introspection::IntrospectionResponse;
use crate::protocol::jwt;
use crate::protocol::scope::ScopeSet;
use crate::provider::ProviderDefinition;
use crate::provider::dialect::ListedBy;
use crate::store::StoredToken;
use crate::store::stored_token::ObtainedBy;

/// A source that says which scopes are granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementSource {
    /// The token reply (RFC 6749 §5.1).
    Reply,
    /// The reply names no scopes, which means that the requested ones are granted (RFC 6749 §5.1).
    AsAsked,
    /// A claim of the token itself.
    Jwt(&'static str),
    /// The introspection endpoint (RFC 7662).
    Introspection,
    /// The introspection endpoint calls the token inactive, which denies every scope (RFC 7662 §2.2).
    Inactive,
    /// A header of the API's replies.
    Header(String),
    /// The API's reply to a request for the list.
    List(String),
}

impl fmt::Display for StatementSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply => f.write_str("the token reply"),
            Self::AsAsked => f.write_str("as asked, since the reply names none (RFC 6749 §5.1)"),
            Self::Jwt(claim) => write!(f, "the token's claim `{claim}`"),
            Self::Introspection => f.write_str("introspection"),
            Self::Inactive => f.write_str("introspection (not active)"),
            Self::Header(name) => write!(f, "the header `{name}`"),
            Self::List(request) => write!(f, "the reply to `{request}`"),
        }
    }
}

impl Serialize for StatementSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The statement of one source: exactly these scopes.
#[derive(Clone, Debug, Serialize)]
pub struct Statement {
    pub source: StatementSource,
    pub scopes: ScopeSet,
}

/// All that is known about a token's scopes.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub statements: Vec<Statement>,
    pub findings: Vec<Finding>,
    /// False if no source has said anything of a token that the user brought along.
    pub has_spoken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    Yes,
    No,
    /// One source says yes, and another says no.
    Disputed,
    /// No source says.
    Unknown,
}

/// All that is known about one scope.
#[derive(Clone, Debug)]
pub struct Finding {
    pub scope: String,
    pub asked: bool,
    /// Granted even if not requested.
    pub always: bool,
    pub granted: Granted,
    /// The statements that it is granted, or not.
    pub said: Vec<(String, bool)>,
    pub proof: Option<Proof>,
}

impl Finding {
    /// Returns true if the API contradicts the sources.
    pub fn is_contradicted(&self) -> bool {
        let verdict = self.proof.as_ref().map(|proof| proof.verdict);
        matches!((self.granted, verdict), (Granted::Yes, Some(Verdict::Denied)) | (Granted::No, Some(Verdict::Proven)))
    }

    /// Returns true if the scope can be relied on: proven if it was probed, else granted.
    pub fn is_good(&self) -> bool {
        match &self.proof {
            Some(proof) => proof.verdict == Verdict::Proven,
            None => self.granted == Granted::Yes,
        }
    }
}

/// Combines the token, its record, and the replies from the network, if any were requested.
pub fn gather(
    definition: &ProviderDefinition,
    token: &StoredToken,
    introspected: Option<&IntrospectionResponse>,
    proofs: Option<&Proofs>,
) -> Evidence {
    let statements = statements(token, introspected, proofs);
    let inactive = statements.iter().any(|statement| statement.source == StatementSource::Inactive);
    let always = definition.always_granted();
    let mut names = definition.known_scopes().union(&token.asked).union(&always);
    for statement in &statements {
        names = names.union(&statement.scopes);
    }
    let implied = |name: &str| {
        let holds = |implying: &&str| statements.iter().any(|statement| statement.scopes.contains(implying));
        definition.scope.implying(name).find(holds).map(str::to_owned)
    };
    let has_spoken = token.obtained_by != ObtainedBy::Given
        || !statements.is_empty()
        || proofs.is_some_and(|proofs| proofs.proofs.iter().any(|proof| proof.verdict == Verdict::Proven));
    let findings = names
        .iter()
        .map(|name| {
            let votes: Vec<bool> = statements.iter().map(|statement| statement.scopes.contains(name)).collect();
            let mut said: Vec<(String, bool)> =
                statements.iter().zip(&votes).map(|(statement, vote)| (statement.source.to_string(), *vote)).collect();
            let mut granted = match (votes.contains(&true), votes.contains(&false)) {
                (true, true) => Granted::Disputed,
                (true, false) => Granted::Yes,
                (false, true) => Granted::No,
                (false, false) => Granted::Unknown,
            };
            // A source may omit a scope that every token has, or that another scope implies. It does not deny it then.
            let without_saying = match (always.contains(name) && has_spoken, implied(name)) {
                _ if inactive => None,
                (true, _) => Some("always granted".to_owned()),
                (false, implied) => implied.map(|implying| format!("implied by {implying}")),
            };
            if let Some(why) = without_saying {
                granted = Granted::Yes;
                said.retain(|(_, vote)| *vote);
                said.push((why, true));
            }
            Finding {
                scope: name.to_owned(),
                asked: token.asked.contains(name),
                always: always.contains(name),
                granted,
                said,
                proof: proofs.map(|proofs| proof_of(name, proofs, definition)),
            }
        })
        .collect();
    Evidence { statements, findings, has_spoken }
}

fn statements(
    token: &StoredToken,
    introspected: Option<&IntrospectionResponse>,
    proofs: Option<&Proofs>,
) -> Vec<Statement> {
    let sources = [
        token.granted.clone().map(|scopes| (StatementSource::Reply, scopes)),
        jwt::scopes(token.access_token.expose())
            .ok()
            .flatten()
            .map(|(claim, scopes)| (StatementSource::Jwt(claim), scopes)),
        introspected.and_then(|response| match response.active {
            true => Some((StatementSource::Introspection, response.scope.clone()?)),
            false => Some((StatementSource::Inactive, ScopeSet::default())),
        }),
        proofs.and_then(|proofs| proofs.listed.clone()).map(|listed| match listed.by {
            ListedBy::Header(name) => (StatementSource::Header(name), listed.scopes),
            ListedBy::Request(request) => (StatementSource::List(request), listed.scopes),
        }),
    ];
    let mut statements: Vec<Statement> =
        sources.into_iter().flatten().map(|(source, scopes)| Statement { source, scopes }).collect();
    // A token that the user supplied has no request, and a server grants its own default if none is requested.
    let none_lists = statements.iter().all(|statement| statement.source == StatementSource::Inactive);
    if none_lists && token.obtained_by != ObtainedBy::Given && !token.asked.is_empty() {
        statements.push(Statement { source: StatementSource::AsAsked, scopes: token.asked.clone() });
    }
    statements
}

/// Returns the proof of a scope: its probe, or the API's own list if no probe was sent.
fn proof_of(name: &str, proofs: &Proofs, definition: &ProviderDefinition) -> Proof {
    let proof = proofs.proofs.iter().find(|proof| proof.scope == name).cloned().unwrap_or_else(|| Proof {
        scope: name.to_owned(),
        verdict: Verdict::Unknown,
        request: None,
        status: None,
        reason: Some("it is not in the definition".to_owned()),
        guess: false,
    });
    let Some(listed) = proofs.listed.as_ref().map(|listed| &listed.scopes) else { return proof };
    let is_listed = definition.scope.is_held(name, listed);
    let (verdict, reason) = match is_listed {
        true => (Verdict::Proven, "the API lists it"),
        false => (Verdict::Denied, "the API does not list it"),
    };
    let is_open = proof.verdict == Verdict::Unknown && proof.request.is_none();
    // A list may omit a scope that every token has.
    match is_open && (is_listed || !definition.always_granted().contains(name)) {
        true => Proof { verdict, reason: Some(reason.to_owned()), ..proof },
        false => proof,
    }
}

impl Evidence {
    /// Returns which of these scopes are missing, each with the reason.
    pub fn missing(&self, required: &ScopeSet) -> Vec<Missing> {
        let missing =
            required.iter().filter_map(|name| match self.findings.iter().find(|finding| finding.scope == name) {
                Some(finding) if finding.is_good() => None,
                finding => {
                    Some(Missing { scope: name.to_owned(), why: finding.map_or("it is unknown".to_owned(), why) })
                }
            });
        missing.collect()
    }

    /// Returns the scopes that are granted according to all sources.
    pub fn granted(&self) -> ScopeSet {
        self.findings
            .iter()
            .filter(|finding| finding.granted == Granted::Yes)
            .map(|finding| finding.scope.as_str())
            .collect()
    }

    /// Returns the granted scopes that a source names, and those that every token has. Scopes that are only implied by
    /// others are left out. `None` if nothing is known.
    pub fn named(&self) -> Option<ScopeSet> {
        let is_named = |name: &str| self.statements.iter().any(|statement| statement.scopes.contains(name));
        let counts = |finding: &&Finding| {
            finding.granted == Granted::Yes && (finding.always || finding.asked || is_named(&finding.scope))
        };
        self.has_spoken.then(|| self.findings.iter().filter(counts).map(|finding| finding.scope.as_str()).collect())
    }

    /// Returns the requested scopes that are not granted.
    pub fn withheld(&self) -> ScopeSet {
        let withheld = |finding: &&Finding| finding.asked && finding.granted == Granted::No;
        self.findings.iter().filter(withheld).map(|finding| finding.scope.as_str()).collect()
    }

    /// Returns the scopes on which two sources disagree.
    pub fn disputed(&self) -> ScopeSet {
        let disputed = |finding: &&Finding| finding.granted == Granted::Disputed;
        self.findings.iter().filter(disputed).map(|finding| finding.scope.as_str()).collect()
    }

    /// Describes each disagreement once, with all scopes that it is about.
    pub fn disagreements(&self) -> Vec<String> {
        let disputed = self.findings.iter().filter(|finding| finding.granted == Granted::Disputed);
        by_words(disputed.map(|finding| (finding.scope.as_str(), who_says_what(&finding.said))))
    }
}

/// Describes what each source says about a scope.
pub fn who_says_what(said: &[(String, bool)]) -> String {
    let word = |granted: bool| if granted { "yes" } else { "no" };
    said.iter().map(|(source, granted)| format!("{source} says {}", word(*granted))).collect::<Vec<_>>().join(", ")
}

/// Puts scopes of which the same is to be said into one line: `a, b: the token reply says yes, introspection says no`.
pub fn by_words<'s>(told: impl Iterator<Item = (&'s str, String)>) -> Vec<String> {
    let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
    for (scope, words) in told {
        match lines.iter_mut().find(|(_, known)| *known == words) {
            Some((scopes, _)) => scopes.push(scope),
            None => lines.push((vec![scope], words)),
        }
    }
    lines.into_iter().map(|(scopes, words)| format!("{}: {words}", scopes.join(", "))).collect()
}

/// A required scope that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub scope: String,
    pub why: String,
}

fn why(finding: &Finding) -> String {
    if let Some(proof) = &finding.proof {
        let request = match (&proof.request, proof.status) {
            (Some(request), Some(status)) => format!("{request} → {status}"),
            (Some(request), None) => request.clone(),
            (None, _) => String::new(),
        };
        return [request, proof.reason.clone().unwrap_or_default()].join(" ").trim().to_owned();
    }
    match finding.granted {
        Granted::Yes => "granted".to_owned(),
        Granted::No if finding.asked => "asked for and not granted".to_owned(),
        Granted::No => "not granted".to_owned(),
        Granted::Disputed => "the sources disagree".to_owned(),
        Granted::Unknown => "no source says whether it is granted; `oauthctl scopes --probe` tests it".to_owned(),
    }
}

#[cfg(test)]
mod tests;
