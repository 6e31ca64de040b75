//! The exchange of a login's token for another one on request (RFC 8693), such as one that never ends for one that does.
//!
//! It goes the way of a refresh, under the lock and with the journal: the provider may drop the old token with its reply. A
//! refusal leaves the login as it was, since the token may still be good for the API.

use super::error::Failed;
use super::{TokenSource, TokenSourceError, TokenWarning, ValidToken};
use crate::flow::client::Client;
use crate::flow::refresh::Presented;
use crate::protocol::time::HumanDuration;
use crate::store::{AppName, Profile, StoredToken};

impl TokenSource<'_> {
    /// `None` if there is no such login. `client` is the one to exchange with, and the name that it is registered under.
    pub fn exchange<E: From<TokenSourceError>>(
        &self,
        profile: &Profile,
        client: impl FnOnce(&StoredToken) -> Result<(Client, AppName), E>,
    ) -> Result<Option<ValidToken<E>>, E> {
        let Some(seen) = self.load(profile)? else { return Ok(None) };
        let lock = self.store.lock(profile, seen.store, self.patience).map_err(TokenSourceError::Store)?;
        let busy = || TokenSourceError::Busy { profile: profile.to_string(), waited: HumanDuration(self.patience) };
        let lock = lock.ok_or_else(busy)?;
        let Some((mut found, unsaved)) = self.settled(profile, &lock).map_err(TokenSourceError::Store)? else {
            return Ok(None);
        };
        if found.record.refresh_token.is_some() {
            if seen.record.refresh_token.is_some() {
                return Err(TokenSourceError::NothingToExchange { profile: profile.to_string() }.into());
            }
            // Another process was faster, or an exchange that was broken off had its reply in the journal.
            let journal = || lock.journal().map(|journal| journal.place());
            let warning = unsaved.map(|error| TokenWarning::NotStored { error, journal: journal() });
            return Ok(Some(ValidToken { found, warning, refreshed: true }));
        }
        let (client, app) = client(&found.record)?;
        // From here on the token is this client's, which refreshes it.
        found.record.client_id = Some(client.client_id.clone());
        found.record.app = app;
        let sent = Presented::Exchange(found.record.access_token.clone());
        match self.spend(profile, found, &lock, &client, (sent, None)) {
            Ok(handed) => Ok(Some(handed)),
            Err(Failed::Before(error)) => Err(error),
            Err(Failed::After(error)) => Err(error.into()),
        }
    }
}
