//! One refresh: from what must be ready before a refresh token is spent to what becomes of the reply.

use super::error::Failed;
use super::{ReplyNote, TokenSource, TokenSourceError, TokenWarning, ValidToken};
use crate::flow::FlowError;
use crate::flow::client::Client;
use crate::flow::id_token::{self, CheckedIdToken, IdTokenRefused, RefreshedIdToken, Unverified};
use crate::flow::refresh::{self, Meaning, Presented};
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::Secret;
use crate::protocol::time::Timestamp;
use crate::protocol::token::TokenResponse;
use crate::provider::Dialect;
use crate::provider::dialect::TokenReply;
use crate::store::entry::Listing;
use crate::store::id_token::StoredIdToken;
use crate::store::journal::OpenJournal;
use crate::store::stored_token::{Expiry, Intent};
use crate::store::token_store::Found;
use crate::store::{Journal, LoginLock, Profile, StoreError, StoredToken};
use crate::system::signals::SignalGrace;

/// A refresh that is under way.
struct Refreshing<'a> {
    profile: &'a Profile,
    lock: &'a LoginLock,
    client: &'a Client,
    /// The record with its intent, as the store has it.
    found: Found<StoredToken>,
    sent: Presented,
    /// The scopes of the token that is to come, if it is not the login's own.
    narrower: Option<ScopeSet>,
    /// The key of the journal, by which the record is known again.
    key: Secret,
    /// True if the login was listed in its store: only then can a removal be seen.
    was_listed: bool,
    /// When an earlier refresh was begun whose end is not known.
    interrupted: Option<Timestamp>,
    begun_at: Timestamp,
}

/// The state of the store when the provider has answered.
enum Standing {
    /// The record that the refresh began with.
    Ours,
    /// A newer one, or none since it was removed: a login, an import or a logout had waited for too long, and went ahead
    /// without the lock. What it did counts.
    Replaced,
    /// It was not found, or only an older state of it was, and it has not been removed.
    Lost,
    Unknown(StoreError),
}

impl TokenSource<'_> {
    pub(super) fn refresh<E: From<TokenSourceError>>(
        &self,
        profile: &Profile,
        found: Found<StoredToken>,
        lock: &LoginLock,
        narrower: Option<&ScopeSet>,
        client: impl FnOnce(&StoredToken) -> Result<Client, E>,
    ) -> Result<ValidToken<E>, Failed<E>> {
        let before = |error: TokenSourceError| Failed::Before(error.into());
        let (name, provider) = (profile.to_string(), found.record.provider.clone());
        if let Some(since) = found.record.dead_since {
            return Err(before(TokenSourceError::Dead { profile: name, provider, since }));
        }
        let client = client(&found.record).map_err(Failed::Before)?;
        let now = self.clock.now();
        let Some(sent) = refresh::presented(&client.provider, &found.record) else {
            let expired_at = match found.record.expiry {
                Expiry::At(end) if end <= now => Some(end),
                _ => None,
            };
            let renewable_with = client.provider.definition.with_refresh_token(&found.record.asked);
            let renewable_with = renewable_with.map(|scopes| sanitize::line(&scopes.to_string()));
            let missing = TokenSourceError::NoRefreshToken { profile: name, provider, expired_at, renewable_with };
            return Err(before(missing));
        };
        self.spend(profile, found, lock, &client, (sent, narrower))
    }

    /// Sends what brings the next token, and keeps what comes.
    pub(super) fn spend<E: From<TokenSourceError>>(
        &self,
        profile: &Profile,
        found: Found<StoredToken>,
        lock: &LoginLock,
        client: &Client,
        (sent, narrower): (Presented, Option<&ScopeSet>),
    ) -> Result<ValidToken<E>, Failed<E>> {
        let before = |error: TokenSourceError| Failed::Before(error.into());
        let now = self.clock.now();
        let (refreshing, journal) = self.begin(profile, found, lock, client, (sent, narrower), now).map_err(before)?;
        // A provider that rotates may have dropped the old token already, so a reply that is under way is waited for a
        // moment, and then kept.
        let _grace = SignalGrace::begin();
        match refresh::refresh(self.http, client, refreshing.sent.clone(), narrower, now) {
            Ok(reply) => self.keep(refreshing, journal, reply).map_err(Failed::After),
            Err(error) => Err(before(self.give_up(refreshing, error))),
        }
    }

    /// Makes all ready: after this the refresh token may be spent.
    fn begin<'a>(
        &self,
        profile: &'a Profile,
        mut found: Found<StoredToken>,
        lock: &'a LoginLock,
        client: &'a Client,
        (sent, narrower): (Presented, Option<&ScopeSet>),
        now: Timestamp,
    ) -> Result<(Refreshing<'a>, Option<OpenJournal>), TokenSourceError> {
        let key = Journal::new_key(self.entropy)?;
        let journal = lock.journal().map(|journal| journal.open(&key)).transpose().map_err(StoreError::Journal)?;
        let interrupted = found.record.intent.as_ref().map(|intent| intent.begun_at);
        found.record.intent = Some(Intent::new(interrupted.unwrap_or(now), Some(key.clone())));
        let was_listed = self.store.listing(profile)? == Some(Listing::In(found.store));
        self.store.replace(profile, found.store, &found.record)?;
        let (narrower, begun_at) = (narrower.cloned(), now);
        let begun = Refreshing { profile, lock, client, found, sent, narrower, key, was_listed, interrupted, begun_at };
        Ok((begun, journal))
    }

    /// From the reply to the store. What was rotated is lost from here until the journal has its name, and no longer.
    fn keep<E>(
        &self,
        mut refreshing: Refreshing<'_>,
        journal: Option<OpenJournal>,
        reply: TokenReply,
    ) -> Result<ValidToken<E>, TokenSourceError> {
        let provider = &refreshing.client.provider;
        let mut notes = notes(&refreshing, &reply);
        let response = reply.response.id_token.is_some().then(|| reply.response.clone());
        let before = &refreshing.found.record;
        let mut record = match &refreshing.narrower {
            None => before.refreshed(provider, reply, refreshing.begun_at),
            Some(asked) => before.narrowed(asked, provider, reply, refreshing.begun_at),
        };
        // If it cannot be written there is still the store: two chances that do not depend on each other.
        let is_kept = journal.is_some_and(|journal| journal.write(&record, self.entropy).is_ok());
        let standing = self.standing(&refreshing);
        let (profile, kind, journal) = (refreshing.profile, refreshing.found.store, refreshing.lock.journal());
        let (name, place) = (profile.to_string(), journal.as_ref().map(Journal::place).filter(|_| is_kept));
        let goes_on = !matches!((&standing, &place), (Standing::Lost, Some(_)) | (Standing::Replaced, _));
        if let Some(response) = response.filter(|_| goes_on) {
            match self.id_token(&refreshing, &response, &mut notes) {
                Ok(Some(new)) => record.id_token = Some(new),
                Ok(None) => {}
                Err(refused) => return Err(self.end(refreshing, &standing, refused)),
            }
        }
        let unsaved = match (standing, place) {
            (Standing::Lost, Some(journal)) => {
                let (provider, place) = (record.provider, refreshing.found.place);
                return Err(TokenSourceError::Unsettled { profile: name, provider, place, journal });
            }
            (Standing::Replaced, _) => {
                journal.iter().for_each(Journal::remove);
                return Err(TokenSourceError::Replaced { profile: name });
            }
            (Standing::Unknown(error), place) => Some((error, place)),
            // Nothing else has it: better in a store that may not be the one that it was than nowhere.
            (Standing::Ours | Standing::Lost, place) => {
                self.store.replace(profile, kind, &record).err().map(|error| (error, place))
            }
        };
        refreshing.found.record = record;
        let warning = match unsaved {
            None => {
                journal.iter().for_each(Journal::remove);
                Some(notes).filter(|notes| !notes.is_empty()).map(TokenWarning::Noted)
            }
            Some((error, journal)) => Some(TokenWarning::NotStored { error, journal }),
        };
        Ok(ValidToken { found: refreshing.found, warning, refreshed: true })
    }

    /// Returns the ID token to keep. It is checked when the new tokens are safe in the journal, as that may take requests.
    fn id_token(
        &self,
        refreshing: &Refreshing<'_>,
        response: &TokenResponse,
        notes: &mut Vec<ReplyNote>,
    ) -> Result<Option<StoredIdToken>, IdTokenRefused> {
        let Refreshing { client, found, begun_at, .. } = refreshing;
        match id_token::accept_refreshed(self.http, client, &found.record, response, *begun_at)? {
            RefreshedIdToken::None => Ok(None),
            RefreshedIdToken::Dropped(problem) => {
                notes.push(ReplyNote::OldIdToken(problem));
                Ok(None)
            }
            RefreshedIdToken::Checked(CheckedIdToken { token, unverified }) => {
                if let Some(Unverified::Keys(why)) = unverified {
                    notes.push(ReplyNote::UnverifiedIdToken(why.to_string()));
                }
                Ok(Some(token))
            }
        }
    }

    /// Ends a login whose new tokens may be another person's: they are revoked by now, and are not kept.
    fn end(&self, refreshing: Refreshing<'_>, standing: &Standing, refused: IdTokenRefused) -> TokenSourceError {
        let Refreshing { profile, lock, found, begun_at, .. } = refreshing;
        let Found { mut record, store, .. } = found;
        (record.intent, record.dead_since) = (None, Some(begun_at));
        let provider = record.provider.clone();
        // If the store does not take it now, the next run finds an intent whose journal is gone, and sends a spent token.
        // A record that is gone, or that nobody can read, is not brought back.
        if matches!(standing, Standing::Ours) {
            let _ = self.store.replace(profile, store, &record);
        }
        lock.journal().iter().for_each(Journal::remove);
        TokenSourceError::IdToken { profile: profile.to_string(), provider, source: Box::new(refused) }
    }

    fn standing(&self, refreshing: &Refreshing<'_>) -> Standing {
        let (profile, ours) = (refreshing.profile, &refreshing.found);
        // A list that is gone, or cannot be read, says nothing.
        let listing = self.store.listing(profile).ok().flatten().filter(|_| refreshing.was_listed);
        let current = match (self.store.load_in(profile, ours.store), listing) {
            (_, Some(Listing::Ending(_))) => return Standing::Replaced,
            (_, Some(Listing::In(elsewhere))) if elsewhere != ours.store => return Standing::Replaced,
            // Who removes a login deletes the record before its entry: with its record there it is a new list.
            (Ok(None), Some(Listing::Nowhere)) => return Standing::Replaced,
            (Ok(None), _) => return Standing::Lost,
            (Err(error), _) => return Standing::Unknown(error),
            (Ok(Some(current)), _) => current.record,
        };
        // A store that was started anew may have the state before the intent.
        let is_same = || {
            let presented = match &refreshing.sent {
                Presented::Exchange(_) => Some(Presented::Exchange(current.access_token.clone())),
                _ => refresh::presented(&refreshing.client.provider, &current),
            };
            presented.as_ref() == Some(&refreshing.sent) && current.generation == ours.record.generation
        };
        if current.journal_key() == Some(&refreshing.key) || is_same() {
            return Standing::Ours;
        }
        match current.obtained_at >= ours.record.obtained_at {
            true => Standing::Replaced,
            false => Standing::Lost,
        }
    }

    /// Notes in the record what a failure means, and says it.
    fn give_up(&self, refreshing: Refreshing<'_>, error: FlowError) -> TokenSourceError {
        let (standing, meaning) = (self.standing(&refreshing), refresh::meaning(&error));
        let Refreshing { profile, found, client, sent, narrower, interrupted, begun_at: now, .. } = refreshing;
        // The client's credentials are not spent, so that nothing is in doubt; a refusal can be mended at the provider.
        let is_alone = matches!(sent, Presented::Client(_));
        let (meaning, interrupted) = if is_alone { (Meaning::Untouched, None) } else { (meaning, interrupted) };
        // A token that is not exchanged is no dead refresh token, and may still be good for the API.
        let is_exchange = matches!(sent, Presented::Exchange(_));
        // Some servers say `invalid_grant` of scopes, too: whether the token is dead is for a request without them.
        let is_open = is_exchange || narrower.is_some();
        let meaning = if is_open && meaning == Meaning::Dead { Meaning::Untouched } else { meaning };
        let Found { mut record, store, .. } = found;
        let in_doubt = |begun_at| Intent::new(begun_at, None);
        (record.intent, record.dead_since) = match meaning {
            Meaning::Dead => (None, Some(now)),
            Meaning::Untouched => (interrupted.map(in_doubt), None),
            Meaning::Unclear => (Some(in_doubt(interrupted.unwrap_or(now))), None),
        };
        let (name, provider) = (profile.to_string(), record.provider.clone());
        match (meaning, standing) {
            (Meaning::Dead, Standing::Replaced) => return TokenSourceError::Replaced { profile: name },
            // Whether it is the stored token that was refused is for a run that can read it.
            (Meaning::Dead, Standing::Unknown(error)) => return error.into(),
            // If the store does not take it now, the next run finds an intent without a journal and comes here again.
            (_, Standing::Ours) => drop(self.store.replace(profile, store, &record)),
            // It is not brought back.
            (_, Standing::Replaced | Standing::Lost | Standing::Unknown(_)) => {}
        }
        match meaning {
            Meaning::Dead => {
                let ended = record.refresh_ends().filter(|end| *end <= now);
                TokenSourceError::Refused { profile: name, provider, interrupted, ended, source: error.into() }
            }
            _ if is_alone => TokenSourceError::NotIssued { profile: name, provider, source: error.into() },
            _ if is_exchange => TokenSourceError::NotExchanged {
                profile: name,
                provider,
                may_be_spent: meaning == Meaning::Unclear,
                repeatable_days: Dialect::new(&client.provider).exchange_repeats_for(),
                source: error.into(),
            },
            Meaning::Untouched | Meaning::Unclear => {
                let may_be_spent = meaning == Meaning::Unclear;
                TokenSourceError::Failed { profile: name, provider, may_be_spent, source: error.into() }
            }
        }
    }
}

/// Returns what a person should know of a reply.
fn notes(refreshing: &Refreshing<'_>, reply: &TokenReply) -> Vec<ReplyNote> {
    let ended = refreshing.found.record.refresh_ends().filter(|end| *end <= refreshing.begun_at);
    let malformed = reply.malformed.iter().cloned().map(ReplyNote::Malformed);
    let oddities = reply.oddities.iter().cloned().map(ReplyNote::Oddity);
    let changed = refreshing.client.provider.changed(&reply.captured).into_iter().map(ReplyNote::Changed);
    let odd_type = reply.odd_type.iter().cloned().map(ReplyNote::TokenType);
    malformed.chain(oddities).chain(odd_type).chain(changed).chain(ended.map(ReplyNote::Revived)).collect()
}
