//! What is offered at one place.

/// One word to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word.
    pub value: String,
    pub help: String,
}

impl Candidate {
    pub fn new(value: impl Into<String>, help: impl Into<String>) -> Self {
        Self { value: value.into(), help: help.into() }
    }
}

/// What the shell completes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Native {
    #[default]
    Nothing,
    Files,
    Folders,
    Commands,
}

/// The words that fit where the cursor is.
#[derive(Debug, Default)]
pub struct Fitting {
    pub native: Native,
    pub candidates: Vec<Candidate>,
}

/// Returns one of clap's texts, plain.
pub fn words(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}
