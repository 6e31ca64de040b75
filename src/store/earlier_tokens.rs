//! The marks of a login's earlier access tokens: by them a token that was rejected is known as this login's, although a
//! newer one has replaced it.
//!
//! A mark is the beginning of the token's digest. It tells tokens apart, and nobody gets a token from it. The last ones are
//! kept: whoever comes with an older token has held it for a long time, and takes a new one by name.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::protocol::secret::AccessToken;

/// How many marks are kept. A record has to fit into keychains that take 2.5 KiB.
const KEPT: usize = 16;

/// The length of a mark in bytes.
const LENGTH: usize = 12;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EarlierTokens(Vec<String>);

impl EarlierTokens {
    /// Adds a token, and drops the oldest ones.
    pub fn with(mut self, token: &AccessToken) -> Self {
        let mark = mark(token);
        self.0.retain(|known| *known != mark);
        self.0.push(mark);
        self.0.drain(..self.0.len().saturating_sub(KEPT));
        self
    }

    pub fn contains(&self, token: &AccessToken) -> bool {
        self.0.contains(&mark(token))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn mark(token: &AccessToken) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(token.expose())[..LENGTH])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tokens_are_known_again_and_none_can_be_read() {
        let token = |n: usize| AccessToken::new(format!("made-up-{n}"));
        let earlier = (0..40).fold(EarlierTokens::default(), |earlier, n| earlier.with(&token(n)));
        assert!((24..40).all(|n| earlier.contains(&token(n))));
        assert!(!earlier.contains(&token(23)) && !earlier.contains(&token(40)));
        let text = serde_json::to_string(&earlier).unwrap();
        assert!(!text.contains("made-up") && text.len() < 320, "{text}");
    }
}
