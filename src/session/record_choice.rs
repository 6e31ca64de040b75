//! Whether the flow of a command is recorded: `--no-record`, OAUTHCTL_RECORD, `--trace`.

use std::sync::Arc;

use crate::flow::recording::Recorder;
use crate::protocol::flow_record::FlowKind;
use crate::system::System;

/// The variable that says whether records are kept.
pub const RECORD: &str = "OAUTHCTL_RECORD";

/// What the command line says about the record of its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    pub flow: FlowKind,
    /// `--no-record`.
    pub is_off: bool,
    /// A file gets the record too: `--trace`.
    pub traces: bool,
    /// Without masks: `--show-secrets`.
    pub reveals: bool,
}

pub fn recorder(recording: Option<Recording>, keeps: bool, system: &System) -> Arc<Recorder> {
    let (clock, entropy) = (Arc::clone(&system.clock), Arc::clone(&system.entropy));
    Arc::new(match recording {
        Some(recording) if keeps || recording.traces => {
            Recorder::new(recording.flow, recording.reveals, clock, entropy)
        }
        _ => Recorder::off(clock, entropy),
    })
}

/// Returns `true` if the variable leaves records on. A word that is not known leaves them off: it was set for a
/// reason, and a record that is missing does no harm.
pub fn is_on(variable: Option<&str>) -> bool {
    variable.is_none_or(|word| ["on", "1", "yes", "true"].contains(&word.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_leaves_records_off() {
        for (word, on) in
            [(None, true), (Some("on"), true), (Some("off"), false), (Some("OFF"), false), (Some("never"), false)]
        {
            assert_eq!(is_on(word), on, "{word:?}");
        }
    }
}
