//! A token that is kept without a login: load → still valid? → lock → read again → request → save → hand over.
//!
//! Nothing is spent by the request, so it needs no journal. The lock is there for the provider's sake: a hundred jobs that
//! begin at once send one request. A store that cannot be read ends the command before anything is requested.

use std::time::Duration;

use super::{TokenSource, TokenSourceError, Wanted};
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::HumanDuration;
use crate::store::StoredToken;
use crate::store::stored_token::Expiry;
use crate::store::token_cache::{CacheName, new_key};

/// How long a token without a known end is kept: a script's run, and not much more.
const UNKNOWN: Duration = Duration::from_secs(600);

impl TokenSource<'_> {
    /// Returns `false` if nothing says when a token ends and it is old: a command that only prints it never hears of its end.
    pub(super) fn is_believed(&self, token: &StoredToken) -> bool {
        token.expiry != Expiry::Unknown || token.obtained_at.plus(UNKNOWN) > self.clock.now()
    }

    /// Returns the token, and whether it was requested by this command.
    pub fn cached<E: From<TokenSourceError>>(
        &self,
        name: &CacheName,
        secret: &ClientSecret,
        wanted: Wanted<'_>,
        request: impl FnOnce() -> Result<StoredToken, E>,
    ) -> Result<(StoredToken, bool), E> {
        let usable = || -> Result<Option<StoredToken>, TokenSourceError> {
            let kept = self.store.load_cached(name, secret)?;
            Ok(kept.filter(|token| self.is_believed(token) && self.is_enough(token, wanted)))
        };
        if let Some(token) = usable()? {
            return Ok((token, false));
        }
        let kind = self.store.kind_for_new();
        let lock = self.store.lock(name.lock(), kind, self.patience).map_err(TokenSourceError::Store)?;
        let busy = || {
            let (profile, waited) = (name.lock().to_string(), HumanDuration(self.patience));
            TokenSourceError::Busy { profile, waited }
        };
        let _lock = lock.ok_or_else(busy)?;
        if let Some(token) = usable()? {
            return Ok((token, false));
        }
        // If no other token comes, a later command must not take this one.
        if let Wanted::InsteadOf(_) = wanted {
            self.store.forget_cached(name).map_err(TokenSourceError::Store)?;
        }
        let token = request()?;
        let key = new_key(self.entropy).map_err(TokenSourceError::Entropy)?;
        self.store.save_cached(name, secret, &token, key).map_err(TokenSourceError::Store)?;
        Ok((token, true))
    }
}
