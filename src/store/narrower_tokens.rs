//! The narrower tokens of a login: access tokens with fewer scopes than the login has (RFC 6749 §6).
//!
//! # Decision: they are kept in the login's record, each under the scopes that were asked for
//!
//! * A token with fewer scopes costs a refresh. At a provider that rotates, a script that asks in a loop would spend one
//!   refresh token after the other, and a provider that limits how often it is asked would stop it. So one is kept until it
//!   ends, like the login's own.
//! * The reply may rotate the refresh token. With both in one record there is one write under one lock, one journal, and
//!   nothing that could be lost between two places.
//! * One that the provider did not make narrower is kept too, as what it is: the next command is refused without another
//!   refresh.
//! * A few are kept. A record has to fit into keychains that take 2.5 KiB.
//!
//! 0.1 does not know the member, and keeps it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::expiry::Expiry;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;

/// How many are kept: programs of one login share a few sets of scopes.
const KEPT: usize = 4;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NarrowerToken {
    pub asked: ScopeSet,
    /// The scopes in the reply. `None` if it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<ScopeSet>,
    pub access_token: AccessToken,
    pub obtained_at: Timestamp,
    pub expiry: Expiry,
    /// Fields that a newer program wrote.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

impl NarrowerToken {
    fn has_ended(&self, now: Timestamp) -> bool {
        matches!(self.expiry, Expiry::At(end) if end <= now)
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NarrowerTokens {
    /// The newest one last.
    tokens: Vec<NarrowerToken>,
    /// How many refreshes of the login brought such a token, and no other one for the login itself.
    pub refreshes: u64,
    /// Fields that a newer program wrote.
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl NarrowerTokens {
    /// Returns the token that was asked for with these scopes, in whatever order.
    pub fn of(&self, asked: &ScopeSet) -> Option<&NarrowerToken> {
        self.tokens.iter().find(|token| is_same(&token.asked, asked))
    }

    /// Adds a token in place of the one with its scopes, and drops those that have ended, and the oldest.
    pub fn with(mut self, new: NarrowerToken) -> Self {
        let now = new.obtained_at;
        self.tokens.retain(|token| !is_same(&token.asked, &new.asked) && !token.has_ended(now));
        self.tokens.push(new);
        self.tokens.drain(..self.tokens.len().saturating_sub(KEPT));
        self.refreshes += 1;
        self
    }

    /// Returns those that have not ended.
    pub fn living(&self, now: Timestamp) -> impl Iterator<Item = &NarrowerToken> {
        self.tokens.iter().filter(move |token| !token.has_ended(now))
    }

    pub fn iter(&self) -> impl Iterator<Item = &NarrowerToken> {
        self.tokens.iter()
    }

    /// Returns `true` if there never was one.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.refreshes == 0
    }
}

fn is_same(one: &ScopeSet, other: &ScopeSet) -> bool {
    one.difference(other).is_empty() && other.difference(one).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(asked: &str, at: i64, expiry: Expiry) -> NarrowerToken {
        NarrowerToken {
            asked: ScopeSet::parse(asked),
            granted: None,
            access_token: AccessToken::new(format!("made-up-{at}")),
            obtained_at: Timestamp(at),
            expiry,
            unknown: Map::new(),
        }
    }

    #[test]
    fn one_is_kept_for_each_set_of_scopes_and_a_few_in_all() {
        let kept =
            |tokens: &NarrowerTokens, asked: &str| tokens.of(&ScopeSet::parse(asked)).map(|token| token.obtained_at.0);
        let tokens = NarrowerTokens::default()
            .with(token("a b", 1, Expiry::Unknown))
            .with(token("a", 2, Expiry::At(Timestamp(4))))
            .with(token("b a", 3, Expiry::Unknown));
        assert_eq!((kept(&tokens, "a b"), kept(&tokens, "a"), kept(&tokens, "b")), (Some(3), Some(2), None));
        let tokens = tokens.with(token("b", 4, Expiry::Never));
        assert_eq!((kept(&tokens, "a"), tokens.refreshes), (None, 4), "it has ended");
        let tokens = (5..9).fold(tokens, |tokens, n| tokens.with(token(&format!("s{n}"), n, Expiry::Never)));
        assert_eq!((kept(&tokens, "a b"), kept(&tokens, "s5"), tokens.iter().count()), (None, Some(5), KEPT));
    }
}
