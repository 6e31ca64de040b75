//! One login: the token, where it may go, and what is known about it.
//!
//! * What the provider sent for the definition's parameters belongs to the login as it was when it was made
//!   (`provider::captured`).
//! * The end of a refresh token is what the reply said that brought it. A refresh that does not rotate keeps it; a rotated
//!   refresh token without an end has an unknown one. 0.1 keeps the member and knows nothing of it, so it carries the number
//!   of the refresh that it belongs to: after a refresh by 0.1 the end is unknown.
//! * An ID token is about the sign-in of the person, so a refresh that brings none keeps it (OpenID Connect Core §12.2). 0.1
//!   keeps the member as it is.
//! * A refresh token that has ended by our clock is still tried, because the clock may be wrong. But it does not count as a
//!   way to renew the login in what we report.

mod brought;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::AppName;
use super::earlier_tokens::EarlierTokens;
pub use super::expiry::Expiry;
use super::id_token::StoredIdToken;
use super::narrower_tokens::NarrowerTokens;
pub use super::obtained_by::ObtainedBy;
use crate::protocol::client::ClientId;
use crate::protocol::grant::GrantKind;
use crate::protocol::login_params::LoginParams;
use crate::protocol::login_secrets::Secrets;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AccessToken, RefreshToken, Secret};
use crate::protocol::time::Timestamp;
use crate::provider::dialect::TokenReply;
use crate::provider::{Dialect, Provider, RecordedOrigins};

/// How a login gets its next token.
#[derive(Clone, Copy, Debug)]
pub enum Renewal<'a> {
    /// RFC 6749 §6.
    RefreshToken(&'a RefreshToken),
    /// The access token itself is presented, for as long as it is valid.
    AccessToken,
    /// The grant that gave the token is run again: it needs no person.
    SameGrant(GrantKind),
    /// Only by a new login: there is no way, or the provider refused it for good.
    Never,
}

/// How long before its end a refresh token is worth a warning: people are away for some days.
const REFRESH_NOTICE: Duration = Duration::from_secs(7 * 86_400);

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
    /// The name under which the client was registered at the login. The client id counts more, and is all that 0.1 wrote.
    #[serde(default, skip_serializing_if = "AppName::is_default")]
    pub app: AppName,
    #[serde(rename = "origin")]
    pub obtained_by: ObtainedBy,
    /// What the login asked for beside its definition.
    #[serde(default, skip_serializing_if = "LoginParams::is_empty")]
    pub asked_for: LoginParams,
    /// A person's name for the account: `login --label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The absolute path of a file with certificate authorities that its servers need: `login --cacert`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cacert: Option<String>,
    pub access_token: AccessToken,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
    pub obtained_at: Timestamp,
    pub expiry: Expiry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_expiry: Option<RefreshExpiry>,
    pub asked: ScopeSet,
    /// The scopes in the reply. `None` if it said nothing, which means: as asked (RFC 6749 §5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<ScopeSet>,
    /// The provider renews a token by itself, without a refresh token (`refresh.with`). 0.1 did not write it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    renews_by_itself: bool,
    /// Further access tokens of the reply, by the names that the definition gives them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub further_tokens: BTreeMap<String, AccessToken>,
    /// Values of its secret parameters, which are sent beside the token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: Secrets,
    /// What the server said of the person, if `openid` was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<StoredIdToken>,
    /// The account by what the provider said when it was asked: see [`account`](super::account).
    #[serde(rename = "account", default, skip_serializing_if = "Option::is_none")]
    pub told_account: Option<String>,
    /// The provider's reply with its secrets masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Value>,
    /// Its access tokens with fewer scopes.
    #[serde(default, skip_serializing_if = "NarrowerTokens::is_empty")]
    pub narrower: NarrowerTokens,
    /// Its access tokens before this one.
    #[serde(default, skip_serializing_if = "EarlierTokens::is_empty")]
    earlier: EarlierTokens,
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

/// When a refresh token ends, as the reply said that brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RefreshExpiry {
    at: Timestamp,
    since: Timestamp,
    /// The number of refreshes at which it was known.
    generation: u64,
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
        let TokenReply { response, masked, further, .. } = reply;
        let expiry = match response.expires_in {
            Some(lifetime) => Expiry::At(now.plus(lifetime)),
            None if provider.definition.never_expires() => Expiry::Never,
            None => Expiry::Unknown,
        };
        let refresh_expiry = response.refresh_expires_in.filter(|_| response.refresh_token.is_some());
        Self {
            refresh_token: response.refresh_token,
            renews_by_itself: Dialect::new(provider).refreshes_with_access_token(),
            expiry,
            refresh_expiry: refresh_expiry.map(|life| RefreshExpiry { at: now.plus(life), since: now, generation: 0 }),
            granted: response.scope,
            reply: Some(masked),
            further_tokens: further,
            ..Self::given(provider, client_id, obtained_by, asked, response.access_token, now)
        }
    }

    /// A token of which nothing is known yet. The definition's word on lifetimes and scopes is about the provider's own
    /// replies. What the user brought may be any text.
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
            app: AppName::default(),
            obtained_by,
            asked_for: provider.asked_for.clone(),
            label: None,
            cacert: None,
            access_token,
            refresh_token: None,
            obtained_at: now,
            expiry: Expiry::Unknown,
            refresh_expiry: None,
            asked,
            granted: None,
            renews_by_itself: false,
            further_tokens: BTreeMap::new(),
            secrets: provider.secrets.clone(),
            id_token: None,
            told_account: None,
            reply: None,
            narrower: NarrowerTokens::default(),
            earlier: EarlierTokens::default(),
            generation: 0,
            restored: false,
            intent: None,
            dead_since: None,
            unknown: Map::new(),
        }
    }

    /// The same login after a refresh. What the reply leaves out stays as it was: the refresh token (RFC 6749 §6), and
    /// the scopes (§5.1). Of the values for parameters only those are taken that the login lacks.
    pub fn refreshed(&self, provider: &Provider, reply: TokenReply, now: Timestamp) -> Self {
        let params = provider.completed(&reply.captured);
        let end = reply.response.refresh_expires_in.map(|life| (now.plus(life), now));
        let new = Self::from_reply(provider, self.client_id.clone(), self.obtained_by, self.asked.clone(), reply, now);
        let is_rotated = new.refresh_token.is_some() && new.refresh_token != self.refresh_token;
        let kept = self.refresh_expiry().filter(|_| !is_rotated).map(|known| (known.at, known.since));
        let generation = self.generation + 1;
        Self {
            params,
            access_token: new.access_token,
            refresh_token: new.refresh_token.or_else(|| self.refresh_token.clone()),
            obtained_at: now,
            expiry: new.expiry,
            refresh_expiry: end.or(kept).map(|(at, since)| RefreshExpiry { at, since, generation }),
            granted: new.granted.or_else(|| self.granted.clone()),
            further_tokens: self.further_tokens.clone().into_iter().chain(new.further_tokens).collect(),
            reply: new.reply,
            renews_by_itself: new.renews_by_itself,
            earlier: self.earlier.clone().with(&self.access_token),
            generation,
            restored: false,
            intent: None,
            dead_since: None,
            ..self.clone()
        }
    }

    /// Returns the login with one of its further tokens in place of its own, or `None` if it has none of that name. When such
    /// a token ends is not known.
    pub fn with_further(&self, name: &str) -> Option<Self> {
        let access_token = self.further_tokens.get(name)?.clone();
        Some(Self { access_token, expiry: Expiry::Unknown, ..self.clone() })
    }

    /// Returns the login as the successor of the one that it replaces: whoever holds a token of that one, and the servers are
    /// the same, gets its own.
    pub fn in_place_of(self, before: &Self) -> Self {
        let is_same =
            (&self.provider, &self.params, &self.origins) == (&before.provider, &before.params, &before.origins);
        let earlier = if is_same { before.earlier.clone().with(&before.access_token) } else { self.earlier };
        Self { earlier, ..self }
    }

    /// Returns `true` if the access token is this login's: the present one, a narrower one, or one of those before.
    pub fn has_had(&self, token: &AccessToken) -> bool {
        let is_narrower = self.narrower.iter().any(|narrower| narrower.access_token == *token);
        self.access_token == *token || is_narrower || self.earlier.contains(token)
    }

    fn refresh_expiry(&self) -> Option<RefreshExpiry> {
        // A refresh token that comes beside a client's own token (RFC 6749 §4.4.3: it should not) is not used.
        let is_used = !matches!(self.renewal(), Renewal::SameGrant(_));
        self.refresh_expiry
            .filter(|known| is_used && self.refresh_token.is_some() && known.generation == self.generation)
    }

    /// Returns when the refresh token ends, as far as is known.
    pub fn refresh_ends(&self) -> Option<Timestamp> {
        self.refresh_expiry().map(|known| known.at)
    }

    /// Returns when a refresh token ends that is not used from now on: by its own date, and by the provider's `limit` since
    /// its last use. An access token that renews itself ends by its own date.
    pub fn ends_unused(&self, limit: Option<Duration>) -> Option<Timestamp> {
        match (self.renewal(), self.expiry) {
            (Renewal::RefreshToken(_), _) => self.idles_until(limit).into_iter().chain(self.refresh_ends()).min(),
            (Renewal::AccessToken, Expiry::At(end)) => Some(end),
            _ => None,
        }
    }

    /// Returns when the refresh token dies if it is not used, where the provider has such a limit.
    pub fn idles_until(&self, limit: Option<Duration>) -> Option<Timestamp> {
        let is_used = matches!(self.renewal(), Renewal::RefreshToken(_));
        limit.filter(|_| is_used).map(|limit| self.obtained_at.plus(limit))
    }

    /// Returns when the refresh token ends if a person should hear of it: in a week, or for short-lived ones in a tenth
    /// of their life.
    pub fn refresh_ends_soon(&self, now: Timestamp) -> Option<Timestamp> {
        let RefreshExpiry { at, since, .. } = self.refresh_expiry()?;
        let notice = (since.until(at) / 10).min(REFRESH_NOTICE);
        (self.is_renewable() && now.plus(notice) >= at).then_some(at)
    }

    /// How the next token is obtained, as far as the record tells.
    pub fn renewal(&self) -> Renewal<'_> {
        match (&self.refresh_token, self.obtained_by) {
            _ if self.dead_since.is_some() || self.awaits_client() => Renewal::Never,
            (_, ObtainedBy::Grant(kind)) if kind.runs_alone() => Renewal::SameGrant(kind),
            (_, ObtainedBy::Grant(_)) if self.renews_by_itself => Renewal::AccessToken,
            (Some(token), _) => Renewal::RefreshToken(token),
            (None, ObtainedBy::Grant(_) | ObtainedBy::Given) => Renewal::Never,
        }
    }

    /// Returns `true` if the next token needs no person at that time, as far as is known.
    pub fn renews_at(&self, time: Timestamp) -> bool {
        let is_over = matches!(self.renewal(), Renewal::AccessToken) && !self.is_fresh(time, Duration::ZERO);
        self.is_renewable() && !is_over && self.refresh_ends().is_none_or(|end| time < end)
    }

    /// Returns `true` if the next token needs no person, or may need none: a refresh token that has ended is tried.
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
        self.renews_at(now.plus(within)) || self.is_fresh(now, within)
    }

    /// Returns whether it does so unused, too: without a refresh until then.
    pub fn lasts_unused(&self, now: Timestamp, within: Duration, limit: Option<Duration>) -> bool {
        let is_alive = |end: Timestamp| now.plus(within) < end;
        self.is_fresh(now, within) || self.lasts(now, within) && self.idles_until(limit).is_none_or(is_alive)
    }

    /// Returns how long the access token lives from its beginning to its end, if that is known.
    pub fn lifetime(&self) -> Option<Duration> {
        self.expiry.at().map(|end| self.obtained_at.until(end))
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

mod narrowed;

#[cfg(test)]
mod tests;
