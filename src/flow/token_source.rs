//! A valid token of a login: load → still valid? → lock → read again → refresh → save → hand over.
//!
//! A provider that rotates takes a refresh token once, and revokes the login when it comes a second time. So:
//!
//! 1. It is spent under the login's lock only, after reading again; a process that waited uses what the other one got.
//! 2. Before it is spent the journal is opened, and the record is written back with an intent: a disk that is full and a
//!    store that is locked are found out then.
//! 3. The reply goes into a sealed journal, then into the store, then the journal goes. A run that finds an intent
//!    looks for its journal first and restores it. What it restores is judged like any other token: it may end too soon.
//! 4. Only `invalid_grant` for the very token that is stored marks it dead. It is never sent again. Everything else, a
//!    timeout, a 5xx, a proxy's page, keeps all there is.
//! 5. If the refresh fails and the access token still works, it is handed over with a warning. Once the provider has
//!    rotated, the old one is not handed over any more.
//! 6. A token that the API rejected may have been replaced by another process: what is stored is looked at first, and
//!    again under the lock.
//! 7. A journal goes when the store has its token, or when the login was seen to be replaced or removed. A record that is
//!    not found is neither: the journal stays, and the run that finds the record again restores it.
//! 7. Without a wish for a certain time a token is good enough until a minute before its end, or until the last tenth of a
//!    life shorter than ten minutes: a minute's margin would renew a token of 30 s for each command.
//! 8. A refresh token that has ended by our clock is sent all the same, since it is the clock that may be wrong; how that
//!    ended is said with its date.
//!
//! The outcome of one refresh stands in `refreshing.rs`; a token with fewer scopes than the login has, in `narrowing.rs`.

mod cached;
mod error;
mod exchanging;
mod narrowing;
mod refreshing;
mod which;

pub use error::TokenSourceError;

use std::time::Duration;

use self::error::Failed;
use self::which::Which;
use super::client::Client;
use crate::protocol::advice::with_causes;
use crate::protocol::id_token::BadIdToken;
use crate::protocol::lifetime::Oddity;
use crate::protocol::member::WrongKind;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::protocol::token_type::OddTokenType;
use crate::provider::ChangedValue;
use crate::store::stored_token::Expiry;
use crate::store::token_store::Found;
use crate::store::{Journal, LoginLock, Profile, StoreError, StoredToken, TokenStore};
use crate::system::clock::Clock;
use crate::system::entropy::Entropy;
use crate::system::http::HttpClient;

/// How long a token must still be good for by default: long enough for the request it is for.
const MIN_VALIDITY: Duration = Duration::from_secs(60);

/// The part of its life that a short-lived token must still have.
const MIN_PART: u32 = 10;

/// A caller's demand on a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Good for a while, as far as that can be had.
    Valid,
    /// Good for this long, or it is of no use.
    ValidFor(Duration),
    /// A new one.
    Refreshed,
    /// Another than this one, which the API rejected: one that another process has stored, or a new one.
    InsteadOf(&'a AccessToken),
}

/// A token, and what should be said about it.
#[derive(Debug)]
pub struct ValidToken<E> {
    pub found: Found<StoredToken>,
    pub warning: Option<TokenWarning<E>>,
    /// It was refreshed meanwhile, here or by a process that this one has waited for.
    pub refreshed: bool,
}

#[derive(Debug)]
pub enum TokenWarning<E> {
    /// The access token is the old one, which is good until then.
    NotRefreshed { until: Timestamp, error: E },
    /// The token is new, and the store does not have it. `journal`: where it is kept until the store takes it.
    NotStored { error: StoreError, journal: Option<String> },
    /// The token is new and stored, and this should be known of the reply.
    Noted(Vec<ReplyNote>),
}

/// Something to be known of the reply to a refresh.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReplyNote {
    /// A member beside the token could not be read.
    #[error("in the reply {0}")]
    Malformed(WrongKind),
    #[error("in the reply {0}")]
    Oddity(Oddity),
    #[error("in the reply {0}")]
    TokenType(OddTokenType),
    /// A value that belongs to the login is another one now.
    #[error("in the reply {0}")]
    Changed(ChangedValue),
    /// The new ID token is not kept.
    #[error("its new ID token is not kept: {0}")]
    OldIdToken(BadIdToken),
    #[error("the signature of its new ID token was not verified: {0}")]
    UnverifiedIdToken(String),
    /// The refresh token had ended by our clock, and was taken.
    #[error("its refresh token had ended at {0} by this machine's clock, which may be wrong")]
    Revived(Timestamp),
}

pub struct TokenSource<'a> {
    pub store: &'a TokenStore,
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    /// How long to wait for another process that refreshes.
    pub patience: Duration,
    /// Called before what may take its time: another process's refresh, or one of our own. A valid token is handed out
    /// without it.
    pub waits: &'a dyn Fn(),
}

impl TokenSource<'_> {
    /// `None` if there is no such login. `client` is asked only if there is something to refresh.
    pub fn token<E: From<TokenSourceError> + std::error::Error>(
        &self,
        profile: &Profile,
        wanted: Wanted<'_>,
        client: impl FnOnce(&StoredToken) -> Result<Client, E>,
    ) -> Result<Option<ValidToken<E>>, E> {
        self.token_of(Which::Own, profile, wanted, client)
    }

    fn token_of<E: From<TokenSourceError> + std::error::Error>(
        &self,
        which: Which<'_>,
        profile: &Profile,
        wanted: Wanted<'_>,
        client: impl FnOnce(&StoredToken) -> Result<Client, E>,
    ) -> Result<Option<ValidToken<E>>, E> {
        let is_enough = |held: &Found<StoredToken>| self.is_enough(&held.record, wanted);
        let Some(seen) = self.load(profile)? else { return Ok(None) };
        if let Some(held) = self.held(&seen, which).filter(is_enough) {
            return Ok(Some(ValidToken { found: held, warning: None, refreshed: false }));
        }
        (self.waits)();
        let lock = match self.store.lock(profile, seen.store, self.patience) {
            Ok(Some(lock)) => lock,
            Ok(None) => {
                let busy =
                    TokenSourceError::Busy { profile: profile.to_string(), waited: HumanDuration(self.patience) };
                let Some(found) = self.load(profile)? else { return Ok(None) };
                return self.or_the_old_one(self.held(&found, which), wanted, busy.into()).map(Some);
            }
            Err(error) => {
                let error = TokenSourceError::Store(error).into();
                return self.or_the_old_one(self.held(&seen, which), wanted, error).map(Some);
            }
        };
        let (found, unsaved) = match self.settled(profile, &lock) {
            Ok(Some(settled)) => settled,
            Ok(None) => return Ok(None),
            Err(error) => {
                let error = TokenSourceError::Store(error).into();
                return self.or_the_old_one(self.held(&seen, which), wanted, error).map(Some);
            }
        };
        // Another process refreshed while we waited: that is the refresh that we wanted, even if it was asked for by
        // name. One that was broken off before is not.
        let is_newer = found.record.renewals() > seen.record.renewals() && !found.record.restored;
        let renewed = which == Which::Own && is_newer && self.is_valid(&found.record);
        let mut old = self.held(&found, which);
        if let Some(held) = old.take_if(|held| renewed || is_enough(held)) {
            let journal = || lock.journal().map(|journal| journal.place());
            let warning = unsaved.map(|error| TokenWarning::NotStored { error, journal: journal() });
            return self.checked(ValidToken { found: held, warning, refreshed: renewed }, wanted).map(Some);
        }
        match self.refresh(profile, found, &lock, which.narrower(), client) {
            Ok(handed) => self.checked(self.handed(handed, which), wanted).map(Some),
            Err(Failed::Before(error)) => self.or_the_old_one(old, wanted, error).map(Some),
            Err(Failed::After(error)) => Err(error.into()),
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
            Some(mut record) => {
                record.restored = true;
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

    /// The old access token with a warning, if it still works and that will do; without one if another process has renewed
    /// it.
    fn or_the_old_one<E: From<TokenSourceError> + std::error::Error>(
        &self,
        held: Option<Found<StoredToken>>,
        wanted: Wanted<'_>,
        error: E,
    ) -> Result<ValidToken<E>, E> {
        let Some(found) = held else { return Err(error) };
        // Another process was faster than we could see.
        if self.is_enough(&found.record, wanted) {
            return Ok(ValidToken { found, warning: None, refreshed: true });
        }
        let now = self.clock.now();
        let until = match found.record.expiry {
            Expiry::At(end) if end > now => end,
            _ => return Err(error),
        };
        match wanted {
            Wanted::Refreshed | Wanted::InsteadOf(_) => Err(error),
            Wanted::ValidFor(time) if !found.record.is_fresh(now, time) => {
                let why = with_causes(&error);
                let (left, wanted) = (HumanDuration(now.until(until)), HumanDuration(time));
                Err(TokenSourceError::TooShort { left, wanted, why }.into())
            }
            // It works by its date, which `is_enough` does not believe, or not for as long as we like.
            Wanted::ValidFor(_) | Wanted::Valid => {
                let warning = Some(TokenWarning::NotRefreshed { until, error });
                Ok(ValidToken { found, warning, refreshed: false })
            }
        }
    }

    /// A new token that does not live as long as it must is an error, unless no other caller has it yet.
    fn checked<E: From<TokenSourceError>>(
        &self,
        handed: ValidToken<E>,
        wanted: Wanted<'_>,
    ) -> Result<ValidToken<E>, E> {
        if handed.warning.is_none() {
            check_lifetime(&handed.found.record, wanted, self.clock.now())?;
        }
        Ok(handed)
    }

    /// A record with an open intent is never enough: a newer token may lie in its journal. Neither is one that was
    /// written under a clock that went ahead, if it can be renewed: its token might seem valid for years.
    fn is_enough(&self, record: &StoredToken, wanted: Wanted<'_>) -> bool {
        let now = self.clock.now();
        let misdated =
            record.is_renewable() && matches!(record.expiry, Expiry::At(_)) && record.is_from_the_future(now);
        record.journal_key().is_none()
            && !misdated
            && match wanted {
                Wanted::Valid => record.is_fresh(now, margin(record)),
                Wanted::ValidFor(time) => record.is_fresh(now, time),
                Wanted::Refreshed => false,
                Wanted::InsteadOf(rejected) => record.access_token != *rejected && record.is_fresh(now, Duration::ZERO),
            }
    }

    fn is_valid(&self, record: &StoredToken) -> bool {
        record.is_fresh(self.clock.now(), Duration::ZERO)
    }
}

/// Returns how long a token must still be good for if the caller does not say.
fn margin(record: &StoredToken) -> Duration {
    record.lifetime().map_or(MIN_VALIDITY, |lifetime| MIN_VALIDITY.min(lifetime / MIN_PART))
}

/// Refuses a new token that does not live as long as it must.
pub fn check_lifetime(record: &StoredToken, wanted: Wanted<'_>, now: Timestamp) -> Result<(), TokenSourceError> {
    match (wanted, record.expiry) {
        (Wanted::ValidFor(time), Expiry::At(end)) if !record.is_fresh(now, time) => {
            let (left, wanted) = (HumanDuration(now.until(end)), HumanDuration(time));
            let why = format!("`{}` gives no longer ones", record.provider);
            Err(TokenSourceError::TooShort { left, wanted, why })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
