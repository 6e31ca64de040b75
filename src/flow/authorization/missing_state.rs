//! What becomes of an answer without a state.

/// The treatment of an answer without a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingState {
    /// It is accepted: `--allow-missing-state` was given.
    Accept,
    /// The user is asked at the terminal, if the provider may omit the state.
    Confirm,
    /// It is refused.
    Refuse,
}
