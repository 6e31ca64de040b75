//! The value that ties a redirect to the login that started it (RFC 6749 §10.12, RFC 9700 §4.7).

use std::borrow::Cow;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

/// 256 random bits, base64url. RFC 6749 §10.10 asks that a guess succeed with a probability of at most 2^-160.
#[derive(Clone)]
pub struct State(String);

/// The number of random bytes in a state.
pub const STATE_BYTES: usize = 32;

impl State {
    pub fn from_random(bytes: [u8; STATE_BYTES]) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Takes the state of an earlier process.
    pub fn restored(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares in constant time, so that the value cannot be found by repeated guesses.
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }

    /// Returns `true` if the state is a word of a text, as it is or percent-encoded, once or twice: whoever wrote the
    /// text has seen the state, however wrong the rest is. Each word of the right length is compared in constant time.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let mut text = Cow::Borrowed(text);
        for _ in 0..=ENCODINGS {
            let mut words = text.split(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_'));
            if words.any(|word| word.len() == self.0.len() && bool::from(self.0.as_bytes().ct_eq(word))) {
                return true;
            }
            if !text.contains(&b'%') {
                return false;
            }
            let pairs = form_urlencoded::parse(&text);
            let decoded: String = pairs.flat_map(|(name, value)| [name, "=".into(), value, "&".into()]).collect();
            text = Cow::Owned(decoded.into_bytes());
        }
        false
    }
}

/// How often a text may be percent-encoded: an answer inside of another one's parameter is encoded twice.
const ENCODINGS: usize = 2;

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

    #[test]
    fn the_state_is_found_in_whatever_carries_it() {
        let state = State::from_random([0xfb; STATE_BYTES]);
        let text = state.as_str();
        let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        for carrier in [
            text.to_owned(),
            format!("code=c&amp;state={text}"),
            format!("code=c;state={text}#_=_"),
            format!("state={text}&state={text}"),
            format!("{{\"state\":\"{text}\"}}"),
            format!("/callback/{text}/x"),
            format!("to=%2Fcallback%3Fcode%3Dc%26state%3D{text}"),
            format!("state={}", percent(text)),
            percent(&format!("state={}", percent(text))),
        ] {
            assert!(state.is_in(carrier.as_bytes()), "{carrier}");
        }
        for other in ["".to_owned(), format!("{text}A"), format!("A{text}"), text[..42].to_owned(), text.to_uppercase()]
        {
            assert!(!state.is_in(format!("code=c&state={other}").as_bytes()), "{other}");
        }
    }
}
