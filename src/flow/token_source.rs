//! A valid token of a login: load → still valid? → lock → read again → refresh → save → hand over.
//!
//! A provider that rotates takes a refresh token once, and revokes the login when it comes a second time. So:
//!
//! 1. It is spent under the login's lock only, after reading again; whoever waited uses what the other one got.
//! 2. Before it is spent the record is written back with an intent: a store that is locked or full is found out then.
//! 3. The reply goes into a sealed journal, then into the store, then the journal goes. A run that finds an intent
//!    looks for its journal first and promotes it.
//! 4. Only `invalid_grant` for the very token that is stored marks it dead. It is never sent again. Everything else, a
//!    timeout, a 5xx, a proxy's page, keeps all there is.
//! 5. If the refresh fails and the access token still works, it is handed over with a warning.

mod error;

pub use error::TokenSourceError;

use std::time::Duration;

use super::FlowError;
use super::refresh::{self, Client, Meaning};
use crate::protocol::advice::with_causes;
use crate::protocol::member::WrongKind;
use crate::protocol::secret::Secret;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::provider::dialect::TokenReply;
use crate::store::stored_token::{Expiry, Intent};
use crate::store::token_store::Found;
use crate::store::{Journal, LoginLock, Profile, StoreError, StoredToken, TokenStore};
use crate::system::clock::Clock;
use crate::system::entropy::Entropy;
use crate::system::http::HttpClient;
use crate::system::signals::Unbroken;

/// How long a token must still be good for when nobody says: long enough for the request it is for.
pub const MIN_VALIDITY: Duration = Duration::from_secs(60);

/// What a caller wants of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Good for a while, as far as that can be had.
    Valid,
    /// Good for this long, or it is of no use.
    ValidFor(Duration),
    /// A new one.
    Refreshed,
}

/// A token, and what should be said about it.
#[derive(Debug)]
pub struct Handed<E> {
    pub found: Found<StoredToken>,
    pub trouble: Option<Trouble<E>>,
}

#[derive(Debug)]
pub enum Trouble<E> {
    /// The access token is the old one, which is good until then.
    NotRefreshed { until: Timestamp, error: E },
    /// The token is new, and the store does not have it. `journal`: where it is kept until the store takes it.
    NotStored { error: StoreError, journal: Option<String> },
    /// The token is new and stored, and something else in the reply could not be read.
    Malformed(WrongKind),
}

pub struct TokenSource<'a> {
    pub store: &'a TokenStore,
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    /// How long to wait for another process that refreshes.
    pub patience: Duration,
}

impl TokenSource<'_> {
    /// `None` if there is no such login. `client` is asked only if there is something to refresh.
    pub fn token<E: From<TokenSourceError> + std::error::Error>(
        &self,
        profile: &Profile,
        wanted: Wanted,
        client: impl FnOnce(&StoredToken) -> Result<Client, E>,
    ) -> Result<Option<Handed<E>>, E> {
        let Some(seen) = self.load(profile)? else { return Ok(None) };
        if self.is_enough(&seen.record, wanted) {
            return Ok(Some(Handed { found: seen, trouble: None }));
        }
        let lock = match self.store.lock(profile, seen.store, self.patience) {
            Ok(Some(lock)) => lock,
            Ok(None) => {
                let busy =
                    TokenSourceError::Busy { profile: profile.to_string(), waited: HumanDuration(self.patience) };
                let Some(found) = self.load(profile)? else { return Ok(None) };
                return self.or_the_old_one(found, wanted, busy.into()).map(Some);
            }
            Err(error) => {
                return self.or_the_old_one(seen, wanted, TokenSourceError::Store(error).into()).map(Some);
            }
        };
        let (found, unsaved) = match self.settled(profile, &lock) {
            Ok(Some(settled)) => settled,
            Ok(None) => return Ok(None),
            Err(error) => {
                return self.or_the_old_one(seen, wanted, TokenSourceError::Store(error).into()).map(Some);
            }
        };
        // Somebody refreshed while we waited: that is the refresh that we wanted, even if it was asked for by name.
        let renewed = found.record.generation > seen.record.generation && self.is_valid(&found.record);
        if renewed || self.is_enough(&found.record, wanted) {
            let journal = || lock.journal().map(|journal| journal.place());
            let trouble = unsaved.map(|error| Trouble::NotStored { error, journal: journal() });
            return self.checked(Handed { found, trouble }, wanted).map(Some);
        }
        let old = Found { record: found.record.clone(), store: found.store, place: found.place.clone() };
        match self.refresh(profile, found, &lock, client) {
            Ok(handed) => self.checked(handed, wanted).map(Some),
            Err(error) => self.or_the_old_one(old, wanted, error).map(Some),
        }
    }

    /// The login with the end of an earlier refresh taken in, as far as a journal has it. With the error of a store
    /// that did not take it. To be called by the holder of the lock.
    #[allow(clippy::type_complexity)] // a name for it would say no more
    pub fn settled(
        &self,
        profile: &Profile,
        lock: &LoginLock,
    ) -> Result<Option<(Found<StoredToken>, Option<StoreError>)>, StoreError> {
        let Some(mut found) = self.store.load(profile)? else { return Ok(None) };
        if found.record.journal_key().is_none() {
            return Ok(Some((found, None)));
        }
        let journal = lock.journal();
        let promoted = journal.as_ref().map(|journal| journal.read(&found.record)).transpose();
        match promoted.map_err(StoreError::Journal)?.flatten() {
            Some(record) => {
                let saved = self.store.replace(profile, found.store, &record);
                found.record = record;
                match saved {
                    Ok(()) => journal.iter().for_each(Journal::remove),
                    Err(error) => return Ok(Some((found, Some(error)))),
                }
            }
            None => {
                // No later run needs to look again; when it was begun stays known.
                found.record.intent.iter_mut().for_each(|intent| intent.journal_key = None);
                self.store.replace(profile, found.store, &found.record)?;
            }
        }
        Ok(Some((found, None)))
    }

    fn load(&self, profile: &Profile) -> Result<Option<Found<StoredToken>>, TokenSourceError> {
        Ok(self.store.load(profile)?)
    }

    fn refresh<E: From<TokenSourceError>>(
        &self,
        profile: &Profile,
        found: Found<StoredToken>,
        lock: &LoginLock,
        client: impl FnOnce(&StoredToken) -> Result<Client, E>,
    ) -> Result<Handed<E>, E> {
        let Found { record, store, place } = found;
        let (name, provider) = (profile.to_string(), record.provider.clone());
        if let Some(since) = record.dead_since {
            return Err(TokenSourceError::Dead { profile: name, provider, since }.into());
        }
        let client = client(&record)?;
        let now = self.clock.now();
        let Some(token) = refresh::presented(&client.provider, &record) else {
            let expired_at = match record.expiry {
                Expiry::At(end) if end <= now => Some(end),
                _ => None,
            };
            return Err(TokenSourceError::NoRefreshToken { profile: name, provider, expired_at }.into());
        };
        let interrupted = record.intent.as_ref().map(|intent| intent.begun_at);
        let key = Journal::new_key(self.entropy).map_err(TokenSourceError::from)?;
        let intent = Intent::new(interrupted.unwrap_or(now), Some(key.clone()));
        let mut record = record;
        record.intent = Some(intent);
        self.store.replace(profile, store, &record).map_err(TokenSourceError::from)?;
        let found = Found { record, store, place };
        // A provider that rotates may have dropped the old token already, so a reply that is under way is waited for a
        // moment, and then kept.
        let _unbroken = Unbroken::begin();
        match refresh::refresh(self.http, &client, token, now) {
            Ok(reply) => Ok(self.keep(profile, found, lock, &client, &key, reply, now)?),
            Err(error) => Err(self.give_up(profile, found, &client, interrupted, error, now).into()),
        }
    }

    /// From the reply to the store. What was rotated is lost from here to the end of the journal's write, and no longer.
    #[allow(clippy::too_many_arguments)] // all of one refresh
    fn keep<E>(
        &self,
        profile: &Profile,
        found: Found<StoredToken>,
        lock: &LoginLock,
        client: &Client,
        key: &Secret,
        reply: TokenReply,
        now: Timestamp,
    ) -> Result<Handed<E>, TokenSourceError> {
        let malformed = reply.malformed.clone();
        let record = found.record.refreshed(&client.provider, reply, now);
        let journal = lock.journal();
        // If it cannot be written there is still the store: two chances that do not depend on each other.
        let journalled = journal.as_ref().filter(|journal| journal.write(key, &record, self.entropy).is_ok());
        // A login or logout that had waited for too long went ahead without the lock, and what it did counts.
        let stored = self.store.load(profile).and_then(|current| {
            let ours = current.is_some_and(|current| current.record.journal_key() == Some(key));
            ours.then(|| self.store.replace(profile, found.store, &record)).transpose()
        });
        let found = Found { record, ..found };
        match stored {
            Ok(Some(())) => {
                journal.iter().for_each(Journal::remove);
                Ok(Handed { found, trouble: malformed.map(Trouble::Malformed) })
            }
            Ok(None) => {
                journal.iter().for_each(Journal::remove);
                Err(TokenSourceError::Replaced { profile: profile.to_string() })
            }
            Err(error) => {
                let journal = journalled.map(Journal::place);
                Ok(Handed { found, trouble: Some(Trouble::NotStored { error, journal }) })
            }
        }
    }

    /// Notes in the record what a failure means, and says it.
    fn give_up(
        &self,
        profile: &Profile,
        found: Found<StoredToken>,
        client: &Client,
        interrupted: Option<Timestamp>,
        error: FlowError,
        now: Timestamp,
    ) -> TokenSourceError {
        let Found { mut record, store, .. } = found;
        let sent = refresh::presented(&client.provider, &record);
        let in_doubt = |begun_at| Intent::new(begun_at, None);
        let meaning = refresh::meaning(&error);
        if meaning == Meaning::Dead {
            let current = self.store.load(profile).ok().flatten();
            let stored = current.and_then(|current| refresh::presented(&client.provider, &current.record));
            if stored != sent {
                return TokenSourceError::Replaced { profile: profile.to_string() };
            }
        }
        let (intent, dead_since) = match meaning {
            Meaning::Dead => (None, Some(now)),
            Meaning::Untouched => (interrupted.map(in_doubt), None),
            Meaning::Unclear => (Some(in_doubt(interrupted.unwrap_or(now))), None),
        };
        let provider = record.provider.clone();
        // If the store does not take it now, the next run finds an intent without a journal and comes here again.
        (record.intent, record.dead_since) = (intent, dead_since);
        let _ = self.store.replace(profile, store, &record);
        let profile = profile.to_string();
        match meaning {
            Meaning::Dead => TokenSourceError::Refused { profile, provider, interrupted, source: error.into() },
            Meaning::Untouched | Meaning::Unclear => TokenSourceError::Failed { profile, source: error.into() },
        }
    }

    /// The old access token with a warning, if it still works and that will do; without one if another process has renewed
    /// it.
    fn or_the_old_one<E: From<TokenSourceError> + std::error::Error>(
        &self,
        found: Found<StoredToken>,
        wanted: Wanted,
        error: E,
    ) -> Result<Handed<E>, E> {
        // Another process was faster than we could see.
        if self.is_enough(&found.record, wanted) {
            return Ok(Handed { found, trouble: None });
        }
        let now = self.clock.now();
        let until = match found.record.expiry {
            Expiry::At(end) if end > now => end,
            _ => return Err(error),
        };
        match wanted {
            Wanted::Refreshed => Err(error),
            Wanted::ValidFor(time) if !found.record.is_fresh(now, time) => {
                let why = with_causes(&error);
                let (left, wanted) = (HumanDuration(now.until(until)), HumanDuration(time));
                Err(TokenSourceError::TooShort { left, wanted, why }.into())
            }
            // It works by its date, which `is_enough` does not believe, or not for as long as we like.
            Wanted::ValidFor(_) | Wanted::Valid => {
                Ok(Handed { found, trouble: Some(Trouble::NotRefreshed { until, error }) })
            }
        }
    }

    /// A new token that does not live as long as it must is an error, unless nobody else has it yet.
    fn checked<E: From<TokenSourceError>>(&self, handed: Handed<E>, wanted: Wanted) -> Result<Handed<E>, E> {
        let (record, now) = (&handed.found.record, self.clock.now());
        match (wanted, record.expiry, &handed.trouble) {
            (Wanted::ValidFor(time), Expiry::At(end), None) if !record.is_fresh(now, time) => {
                let (left, wanted) = (HumanDuration(now.until(end)), HumanDuration(time));
                let why = format!("`{}` gives no longer ones", record.provider);
                Err(TokenSourceError::TooShort { left, wanted, why }.into())
            }
            _ => Ok(handed),
        }
    }

    /// A record with an open intent is never enough: a newer token may lie in its journal. Neither is one that was
    /// written under a clock that went ahead, if it can be renewed: its token might seem valid for years.
    fn is_enough(&self, record: &StoredToken, wanted: Wanted) -> bool {
        let now = self.clock.now();
        let misdated =
            record.is_renewable() && matches!(record.expiry, Expiry::At(_)) && record.is_from_the_future(now);
        record.journal_key().is_none()
            && !misdated
            && match wanted {
                Wanted::Valid => record.is_fresh(now, MIN_VALIDITY),
                Wanted::ValidFor(time) => record.is_fresh(now, time),
                Wanted::Refreshed => false,
            }
    }

    fn is_valid(&self, record: &StoredToken) -> bool {
        record.is_fresh(self.clock.now(), Duration::ZERO)
    }
}

#[cfg(test)]
mod tests;
