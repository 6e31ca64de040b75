//! A login and its narrower tokens (RFC 6749 §6): see `narrower_tokens.rs`.

use std::collections::BTreeMap;

use serde_json::Map;

use super::StoredToken;
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::Timestamp;
use crate::provider::Provider;
use crate::provider::dialect::TokenReply;
use crate::store::narrower_tokens::NarrowerToken;

impl StoredToken {
    /// The same login after a refresh that brought a narrower token. The login's own token, its end and its scopes stay as
    /// they were; a rotated refresh token takes the place of the one that was spent.
    pub fn narrowed(&self, asked: &ScopeSet, provider: &Provider, reply: TokenReply, now: Timestamp) -> Self {
        let granted = reply.response.scope.clone();
        let new = self.refreshed(provider, reply, now);
        let replaced = self.narrower.of(asked).map(|token| &token.access_token);
        let earlier = replaced.map_or_else(|| self.earlier.clone(), |token| self.earlier.clone().with(token));
        let token = NarrowerToken {
            asked: asked.clone(),
            granted,
            access_token: new.access_token.clone(),
            obtained_at: now,
            expiry: new.expiry,
            unknown: Map::new(),
        };
        Self {
            access_token: self.access_token.clone(),
            obtained_at: self.obtained_at,
            expiry: self.expiry,
            granted: self.granted.clone(),
            further_tokens: self.further_tokens.clone(),
            reply: self.reply.clone(),
            narrower: self.narrower.clone().with(token),
            earlier,
            ..new
        }
    }

    /// Returns the login with the narrower token of these scopes in place of its own, or `None` if there is none. What else
    /// came with its own token may do more, and is not in it. It is not to be stored.
    pub fn with_narrower(&self, asked: &ScopeSet) -> Option<Self> {
        let token = self.narrower.of(asked)?.clone();
        Some(Self {
            access_token: token.access_token,
            obtained_at: token.obtained_at,
            expiry: token.expiry,
            asked: token.asked,
            granted: token.granted,
            further_tokens: BTreeMap::new(),
            id_token: None,
            reply: None,
            ..self.clone()
        })
    }

    /// Returns how often the login's own token was renewed.
    pub fn renewals(&self) -> u64 {
        self.generation.saturating_sub(self.narrower.refreshes)
    }
}
