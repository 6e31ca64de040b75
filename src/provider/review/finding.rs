//! What a review collects.

use serde::Serialize;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The key, as `token.params.scope` or `scope.known[2].probe`.
    pub key: String,
    pub problem: String,
    /// `false` for a note.
    #[serde(skip)]
    pub is_fault: bool,
}

#[derive(Default)]
pub(in crate::provider) struct Findings(pub Vec<Finding>);

impl Findings {
    pub fn fault(&mut self, key: impl Into<String>, problem: impl Into<String>) {
        self.0.push(Finding { key: key.into(), problem: problem.into(), is_fault: true });
    }

    pub fn note(&mut self, key: impl Into<String>, problem: impl Into<String>) {
        self.0.push(Finding { key: key.into(), problem: problem.into(), is_fault: false });
    }
}

/// Returns the known word that is probably meant, as the end of a sentence.
pub(in crate::provider) fn meant(unknown: &str, known: &[&str]) -> String {
    let plain = |word: &str| word.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let likeness = |word: &&&str| strsim::normalized_damerau_levenshtein(&plain(unknown), &plain(word));
    let near = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|word| likeness(word) >= 0.6);
    near.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}
