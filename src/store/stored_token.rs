//! One login: the token, where it may go, and what is known about it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::record;
use crate::protocol::client::ClientId;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, RefreshToken, Secret};
use crate::protocol::time::Timestamp;
use crate::provider::Provider;
use crate::provider::RecordedOrigins;
use crate::provider::dialect::TokenReply;

/// How a login's first token was obtained. A record names it under the key `origin`: `authorization_code`, `given`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObtainedBy {
    Grant(GrantKind),
    /// The user had it already: `login --with-token`.
    Given,
}

impl ObtainedBy {
    const GIVEN: &str = "given";

    /// The version of the record: one that 0.1 could not honour takes a higher number than its own (see `record.rs`).
    fn record_version(self) -> u64 {
        match self {
            Self::Given | Self::Grant(GrantKind::AuthorizationCode | GrantKind::Implicit) => record::VERSION,
        }
    }
}

impl Serialize for ObtainedBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Grant(kind) => serializer.serialize_str(&kind.as_str().replace('-', "_")),
            Self::Given => serializer.serialize_str(Self::GIVEN),
        }
    }
}

impl<'de> Deserialize<'de> for ObtainedBy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == Self::GIVEN {
            return Ok(Self::Given);
        }
        let kind = GrantKind::named(&name.replace('_', "-"));
        kind.map(Self::Grant).ok_or_else(|| D::Error::custom("this grant is not known"))
    }
}

/// How a login gets its next token.
#[derive(Clone, Copy, Debug)]
pub enum Renewal<'a> {
    /// RFC 6749 §6.
    RefreshToken(&'a RefreshToken),
    /// The grant that gave the token is run again: it needs no person.
    SameGrant(GrantKind),
    /// Only by a new login: there is no way, or the provider refused it for good.
    Never,
}

/// When the token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    At(Timestamp),
    /// The provider's documents say that it does not end.
    Never,
    /// No source says.
    Unknown,
}

/// By how much clocks differ, or are corrected, without anything being wrong with them.
const CLOCK_STEP: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredToken {
    version: u64,
    pub provider: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The servers as they were at the login; compared at each use.
    pub origins: RecordedOrigins,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    #[serde(rename = "origin")]
    pub obtained_by: ObtainedBy,
    /// A person's name for the account: `login --label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub access_token: AccessToken,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
    pub obtained_at: Timestamp,
    pub expiry: Expiry,
    pub asked: ScopeSet,
    /// The scopes in the reply. `None` if it said nothing, which means: as asked (RFC 6749 §5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<ScopeSet>,
    /// The provider's reply with its secrets masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Value>,
    /// How often the token was refreshed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u64,
    /// True if it was taken out of the journal of a refresh that was broken off. A process that waited for the lock has
    /// not waited for that refresh.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
    /// A refresh that was begun, and has not come to a known end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// When the provider refused the refresh token for good. It is never sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_since: Option<Timestamp>,
    /// Fields that a newer program wrote.
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// Written before the refresh token is spent: that the store takes it proves that it will take the new token too.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Intent {
    pub begun_at: Timestamp,
    /// The key that the journal of this refresh is sealed with. `None` once it is known that there is no journal; what
    /// remains says that a refresh was interrupted, and the provider may have taken the refresh token in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_key: Option<Secret>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Intent {
    pub fn new(begun_at: Timestamp, journal_key: Option<Secret>) -> Self {
        Self { begun_at, journal_key, unknown: Map::new() }
    }
}

impl StoredToken {
    pub fn from_reply(
        provider: &Provider,
        client_id: Option<ClientId>,
        obtained_by: ObtainedBy,
        asked: ScopeSet,
        reply: TokenReply,
        now: Timestamp,
    ) -> Self {
        let TokenReply { response, masked, .. } = reply;
        let expiry = match response.expires_in {
            Some(lifetime) => Expiry::At(now.plus(lifetime)),
            None if provider.definition.never_expires() => Expiry::Never,
            None => Expiry::Unknown,
        };
        Self {
            refresh_token: response.refresh_token,
            expiry,
            granted: response.scope,
            reply: Some(masked),
            ..Self::given(provider, client_id, obtained_by, asked, response.access_token, now)
        }
    }

    /// A token of which nothing is known but what the definition says.
    pub fn given(
        provider: &Provider,
        client_id: Option<ClientId>,
        obtained_by: ObtainedBy,
        asked: ScopeSet,
        access_token: AccessToken,
        now: Timestamp,
    ) -> Self {
        Self {
            version: obtained_by.record_version(),
            provider: provider.id().to_owned(),
            params: provider.params.clone(),
            origins: provider.recorded_origins(),
            client_id,
            obtained_by,
            label: None,
            access_token,
            refresh_token: None,
            obtained_at: now,
            expiry: if provider.definition.never_expires() { Expiry::Never } else { Expiry::Unknown },
            asked,
            granted: None,
            reply: None,
            generation: 0,
            restored: false,
            intent: None,
            dead_since: None,
            unknown: Map::new(),
        }
    }

    /// The same login after a refresh. What the reply leaves out stays as it was: the refresh token (RFC 6749 §6), and
    /// the scopes (§5.1). Values for parameters in the reply are not taken: the servers are those of the login.
    pub fn refreshed(&self, provider: &Provider, reply: TokenReply, now: Timestamp) -> Self {
        let new = Self::from_reply(provider, self.client_id.clone(), self.obtained_by, self.asked.clone(), reply, now);
        Self {
            access_token: new.access_token,
            refresh_token: new.refresh_token.or_else(|| self.refresh_token.clone()),
            obtained_at: now,
            expiry: new.expiry,
            granted: new.granted.or_else(|| self.granted.clone()),
            reply: new.reply,
            generation: self.generation + 1,
            restored: false,
            intent: None,
            dead_since: None,
            ..self.clone()
        }
    }

    /// How the next token is obtained, as far as the record tells.
    pub fn renewal(&self) -> Renewal<'_> {
        match (&self.refresh_token, self.obtained_by) {
            _ if self.dead_since.is_some() => Renewal::Never,
            (Some(token), _) => Renewal::RefreshToken(token),
            (None, ObtainedBy::Grant(kind)) if kind.runs_alone() => Renewal::SameGrant(kind),
            (None, ObtainedBy::Grant(_) | ObtainedBy::Given) => Renewal::Never,
        }
    }

    /// Returns `true` if the next token needs no person.
    pub fn is_renewable(&self) -> bool {
        !matches!(self.renewal(), Renewal::Never)
    }

    /// The key of a journal that may lie beside the record.
    pub fn journal_key(&self) -> Option<&Secret> {
        self.intent.as_ref()?.journal_key.as_ref()
    }

    /// The scopes to go by: what the reply said, or else what was asked, and what is always granted. Nothing is known
    /// of a token that the user brought along.
    pub fn scopes(&self, always: &ScopeSet) -> ScopeSet {
        self.granted.clone().unwrap_or_else(|| self.asked.clone()).union(always)
    }

    /// Returns whether the login serves until `within` from `now` on without a person, as far as is known.
    pub fn lasts(&self, now: Timestamp, within: Duration) -> bool {
        self.is_renewable() || self.is_fresh(now, within)
    }

    /// Returns whether the clock was set back since the token came: then it is not known how much of its lifetime is
    /// over.
    pub fn is_from_the_future(&self, now: Timestamp) -> bool {
        self.obtained_at > now.plus(CLOCK_STEP)
    }

    /// Returns whether the token is good for at least `leeway` from `now` on, as far as is known.
    pub fn is_fresh(&self, now: Timestamp, leeway: Duration) -> bool {
        match self.expiry {
            Expiry::At(end) => now.plus(leeway) < end,
            Expiry::Never | Expiry::Unknown => true,
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests;
