//! A finding: what a rule says, with the lines of the record that show it.

use serde::Serialize;

use super::compare::Comparison;
use super::facts::Facts;
use super::line::{headline, seconds};
use crate::protocol::sanitize;

/// How sure a finding is, the most certain first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The record proves it.
    High,
    /// The server names the area, and nothing else of the record fits.
    Medium,
    /// Nothing speaks against it.
    Low,
}

impl Confidence {
    pub fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub id: &'static str,
    pub title: String,
    pub confidence: Confidence,
    /// The section of the specification that it goes by.
    pub section: &'static str,
    /// The lines of the record that show it, each with its time.
    pub evidence: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// One action or command.
    pub next: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// True if it knows more than the hint of the command's error.
    #[serde(skip)]
    pub is_wider_than_the_error: bool,
}

/// What a rule returns.
pub struct Found {
    confidence: Confidence,
    title: String,
    next: String,
    /// Indices of events, and what is to be seen there beside their headline.
    seen: Vec<(usize, Option<String>)>,
    comparison: Option<Comparison>,
    details: Vec<String>,
}

impl Found {
    pub fn new(confidence: Confidence, title: impl Into<String>, next: impl Into<String>) -> Self {
        let (title, next) = (title.into(), next.into());
        Self { confidence, title, next, seen: Vec::new(), comparison: None, details: Vec::new() }
    }

    pub fn high(title: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Confidence::High, title, next)
    }

    pub fn medium(title: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Confidence::Medium, title, next)
    }

    pub fn low(title: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Confidence::Low, title, next)
    }

    /// Adds a line of the record.
    pub fn seen(mut self, event: usize) -> Self {
        self.seen.push((event, None));
        self
    }

    /// Adds a line of the record, and what is to be seen in it.
    pub fn seen_in(mut self, event: usize, what: impl Into<String>) -> Self {
        self.seen.push((event, Some(what.into())));
        self
    }

    pub fn comparing(mut self, comparison: Comparison) -> Self {
        self.comparison = Some(comparison);
        self
    }

    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.details.push(text.into());
        self
    }
}

impl Finding {
    pub fn new(id: &'static str, section: &'static str, is_wider: bool, found: Found, facts: &Facts<'_>) -> Self {
        let line = |(index, what): &(usize, Option<String>)| {
            let event = facts.record.events.get(*index)?;
            let what = what.as_ref().map(|what| format!(": {what}")).unwrap_or_default();
            Some(sanitize::message(&format!("{} s  {}{what}", seconds(event.at), headline(event))))
        };
        Self {
            id,
            title: found.title,
            confidence: found.confidence,
            section,
            evidence: found.seen.iter().filter_map(line).collect(),
            comparison: found.comparison,
            next: found.next,
            details: found.details,
            is_wider_than_the_error: is_wider,
        }
    }
}

/// What a rule looks for.
pub type Check = fn(&Facts<'_>) -> Option<Found>;

/// Returns `true` if one of these rules knows more of it, so that a wider one has nothing to add.
pub fn one_speaks(narrower: &[Check], facts: &Facts<'_>) -> bool {
    narrower.iter().any(|check| check(facts).is_some())
}
