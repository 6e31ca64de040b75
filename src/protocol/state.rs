//! The value that ties a redirect to the login that started it (RFC 6749 §10.12, RFC 9700 §4.7).

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use subtle::ConstantTimeEq;

/// 256 random bits, base64url. RFC 6749 §10.10 asks that a guess succeed with a probability of at most 2^-160.
#[derive(Clone)]
pub struct State(String);

/// The number of random bytes in a state.
pub const STATE_BYTES: usize = 32;

impl State {
    pub fn from_random(bytes: [u8; STATE_BYTES]) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares in constant time, so that the value cannot be found by repeated guesses.
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_value_matches() {
        let state = State::from_random([7; STATE_BYTES]);
        assert_eq!(state.as_str().len(), 43);
        assert!(state.matches(state.as_str()));
        for wrong in ["", &state.as_str()[..42], &format!("{}A", state.as_str()), &state.as_str().to_lowercase()] {
            assert!(!state.matches(wrong), "{wrong}");
        }
    }
}
