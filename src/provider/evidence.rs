//! How each value of a definition is known.
//!
//! A departure from the RFCs carries its own source. Any other value has a table `[evidence."PATH"]`, and a path covers
//! everything below it: of several that fit, the longest counts, and `*` covers the whole definition. What none covers
//! is known from the definition's own `source`. A built-in definition has its tables at its end, where they are not read
//! unless they are asked for.
//!
//! There are four kinds of evidence, and they are not a scale: the provider's own document can be wrong, and what other
//! programs have can be copied from each other. Hence `agree`, the number of sources that have the same value. A value
//! that lost a conflict stays in `alternatives`, with its sources.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ProviderDefinition;
use super::departure::Seen;
use super::proof::{How, Proof, Sources};

/// One value with its evidence. `proof` is `None` for a value that nothing covers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueLine {
    pub key: String,
    pub value: Value,
    #[serde(flatten)]
    pub proof: Option<Proof>,
    /// The evidence stands beside the value.
    #[serde(skip)]
    is_own: bool,
}

impl ValueLine {
    /// Returns a value with this evidence, for the tests of the rules about evidence.
    pub fn known(key: &str, proof: Proof) -> Self {
        Self { key: key.to_owned(), value: Value::Null, proof: Some(proof), is_own: false }
    }

    /// Keeps only the evidence that stands beside the value, for one that the user's file sets.
    pub fn forget_evidence_of_others(&mut self) {
        self.proof = self.proof.take().filter(|_| self.is_own);
    }
}

/// Lists every value of a definition with its evidence, in the order of the keys.
pub fn values(definition: &ProviderDefinition) -> Vec<ValueLine> {
    let mut walk = Walk { definition, lines: Vec::new() };
    if let Ok(Value::Object(tree)) = serde_json::to_value(definition) {
        for (name, value) in tree.iter().filter(|(name, _)| !NO_VALUES.contains(&name.as_str())) {
            walk.value(name.clone(), value);
        }
    }
    walk.lines
}

/// Keys that say nothing of the provider, or that are evidence themselves.
const NO_VALUES: [&str; 9] =
    ["id", "source", "checked", "aliases", "words", "popularity", "alternative", "alternatives", "evidence"];

struct Walk<'d> {
    definition: &'d ProviderDefinition,
    lines: Vec<ValueLine>,
}

impl Walk<'_> {
    fn value(&mut self, path: String, value: &Value) {
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::String(text) if text.is_empty() => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Array(scopes) if path == "scope.known" => scopes.iter().for_each(|scope| self.scope(scope)),
            Value::Object(table) => match (table.get("value"), table.get("seen")) {
                (Some(value), Some(seen)) => {
                    let proof = own_proof(table, Seen::deserialize(seen).unwrap_or_default());
                    self.line(path, value.clone(), proof);
                }
                _ => table.iter().for_each(|(name, inner)| self.value(format!("{path}.{name}"), inner)),
            },
            other => self.line(path, other.clone(), None),
        }
    }

    /// A scope is one value, and its probe another.
    fn scope(&mut self, scope: &Value) {
        let Value::Object(mut scope) = scope.clone() else { return };
        let path = format!("scope.known.{}", scope.get("name").and_then(Value::as_str).unwrap_or_default());
        let probe = scope.remove("probe");
        let proof = own_proof(&scope, Seen::Documents);
        scope.remove("source");
        self.line(path.clone(), Value::Object(scope), proof);
        let Some(Value::Object(mut probe)) = probe else { return };
        let is_guess = probe.get("guess").and_then(Value::as_bool) == Some(true);
        let mut proof = own_proof(&probe, if is_guess { Seen::Inferred } else { Seen::Documents });
        // A guess says from what it is inferred, where others name a document.
        if let Some(proof) = proof.as_mut().filter(|_| is_guess) {
            proof.note = proof.source.0.pop();
        }
        probe.remove("source");
        self.line(format!("{path}.probe"), Value::Object(probe), proof);
    }

    fn line(&mut self, key: String, value: Value, own: Option<Proof>) {
        let is_own = own.is_some();
        let proof = own.map(|proof| self.dated(proof)).or_else(|| covering(self.definition, &key));
        self.lines.push(ValueLine { key, value, proof, is_own });
    }

    /// A source without a date was read with the others.
    fn dated(&self, proof: Proof) -> Proof {
        Proof { checked: proof.checked.or_else(|| self.definition.checked.clone()), ..proof }
    }
}

/// Returns the evidence that stands beside a value.
fn own_proof(beside: &serde_json::Map<String, Value>, seen: Seen) -> Option<Proof> {
    let text = |key: &str| beside.get(key).and_then(Value::as_str).map(str::to_owned);
    // A text can name several.
    let source = Sources(text("source")?.split("; ").map(str::to_owned).collect());
    Some(Proof { how: seen.into(), source, checked: text("checked"), agree: None, note: text("note") })
}

fn covers(path: &str, key: &str) -> bool {
    key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns the evidence of the longest path that covers the key.
fn covering(definition: &ProviderDefinition, key: &str) -> Option<Proof> {
    let tables = definition.evidence.iter().filter(|(path, _)| covers(path, key));
    let table = tables.max_by_key(|(path, _)| path.len()).map(|(_, proof)| proof).or(definition.evidence.get("*"));
    let whole = || {
        let source = Sources(vec![definition.source.clone()?]);
        Some(Proof { source, checked: definition.checked.clone(), ..Proof::default() })
    };
    table.cloned().or_else(whole)
}

/// How sure a whole definition is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sureness {
    pub values: usize,
    pub document: usize,
    pub recorded: usize,
    pub inferred: usize,
    pub live: usize,
    pub unknown: usize,
    /// The addresses that receive a secret and are not from the provider's documents.
    pub unsure_addresses: Vec<String>,
    /// The oldest and the newest date.
    pub checked: Option<(String, String)>,
}

impl Sureness {
    pub fn of(lines: &[ValueLine]) -> Self {
        let mut sure = Self { values: lines.len(), ..Self::default() };
        for line in lines {
            let how = line.proof.as_ref().map(|proof| proof.how);
            *match how {
                Some(How::Document) => &mut sure.document,
                Some(How::Recorded) => &mut sure.recorded,
                Some(How::Inferred) => &mut sure.inferred,
                Some(How::Live) => &mut sure.live,
                None => &mut sure.unknown,
            } += 1;
            let is_known = matches!(how, Some(How::Document | How::Live));
            if !is_known && ADDRESSES.contains(&line.key.as_str()) {
                sure.unsure_addresses.push(line.key.clone());
            }
        }
        let mut days: Vec<&String> = lines.iter().filter_map(|line| line.proof.as_ref()?.checked.as_ref()).collect();
        days.sort_unstable();
        sure.checked = days.first().zip(days.last()).map(|(first, last)| ((*first).clone(), (*last).clone()));
        sure
    }
}

/// The keys of the addresses that receive a secret or a token.
const ADDRESSES: [&str; 4] = ["authorize.url", "token.url", "device.url", "api.base"];

/// One line: `41 values: 30 from the provider's documents, 11 from other programs or recorded replies; read 2026-11-27`.
impl fmt::Display for Sureness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.document, "from the provider's documents"),
            (self.recorded, "from other programs or recorded replies"),
            (self.inferred, "inferred"),
            (self.live, "tried live"),
            (self.unknown, "without a source"),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(
                |(count, words)| {
                    if *count == self.values { format!("all {words}") } else { format!("{count} {words}") }
                },
            )
            .collect();
        write!(f, "{} values, {}", self.values, counts.join(", "))?;
        if !self.unsure_addresses.is_empty() {
            write!(f, " (not from its documents: {})", self.unsure_addresses.join(", "))?;
        }
        match &self.checked {
            Some((first, last)) if first == last => write!(f, "; read {first}"),
            Some((first, last)) => write!(f, "; read {first} to {last}"),
            None => Ok(()),
        }
    }
}

/// Returns the paths of evidence that cover no value.
pub fn idle_paths(definition: &ProviderDefinition) -> Vec<String> {
    let lines = values(definition);
    let is_idle = |path: &&String| *path != "*" && !lines.iter().any(|line| covers(path, &line.key));
    definition.evidence.keys().filter(is_idle).cloned().collect()
}
