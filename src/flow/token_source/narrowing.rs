//! A token of a login with fewer scopes than the login has (RFC 6749 §6), for a program that is to do no more.
//!
//! It goes the way of a refresh, under the lock and with the journal, since it spends the refresh token: what is rotated is
//! kept in the same record and by the same write. The login's own token stays as it was. (A provider that lets an access
//! token die with the next refresh takes it back all the same; `call` then refreshes, as for every token that is rejected.)
//!
//! One is kept for each set of scopes until it ends: see `store/narrower_tokens.rs`. Where nothing says when it ends it is
//! used for as long as a token without a login is.
//!
//! A refusal with scopes never marks the refresh token dead: some servers say `invalid_grant` of a scope.
//!
//! What the provider made of the scopes is for the caller to judge (`session/narrower.rs`): here one gets what came.

use super::which::Which;
use super::{TokenSource, TokenSourceError, ValidToken, Wanted};
use crate::flow::client::Client;
use crate::protocol::scope::ScopeSet;
use crate::store::token_store::Found;
use crate::store::{Profile, StoredToken};

impl TokenSource<'_> {
    /// Returns the login with a token in it that was asked for with these scopes. `None` if there is no such login.
    pub fn narrower_token<E: From<TokenSourceError> + std::error::Error>(
        &self,
        profile: &Profile,
        scopes: &ScopeSet,
        wanted: Wanted<'_>,
        client: impl FnOnce(&StoredToken) -> Result<Client, E>,
    ) -> Result<Option<ValidToken<E>>, E> {
        self.token_of(Which::Narrower(scopes), profile, wanted, client)
    }

    /// Returns the login with the token that is meant, if it has one.
    pub(super) fn held(&self, found: &Found<StoredToken>, which: Which<'_>) -> Option<Found<StoredToken>> {
        let record = match which {
            Which::Own => found.record.clone(),
            Which::Narrower(scopes) => {
                found.record.with_narrower(scopes).filter(|narrower| self.is_believed(narrower))?
            }
        };
        Some(Found { record, store: found.store, place: found.place.clone() })
    }

    /// Puts the token that is meant into what a refresh brought.
    pub(super) fn handed<E>(&self, brought: ValidToken<E>, which: Which<'_>) -> ValidToken<E> {
        match self.held(&brought.found, which) {
            Some(found) => ValidToken { found, ..brought },
            None => brought,
        }
    }
}
