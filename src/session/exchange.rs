//! The exchange of the selected login's token for another one (RFC 8693).

use std::sync::Arc;

use super::client::LoginClient;
use super::network::LoginNetwork;
use super::token::ValidLogin;
use super::{Session, SessionError};
use crate::flow::token_source::ValidToken;
use crate::store::{AppName, StoredToken};

impl Session {
    /// Exchanges the selected login's token for another one. A token that the user brought along has no client yet, and
    /// gets the one that a new login would use.
    pub fn exchanged_login(&self, app: Option<&AppName>) -> Result<ValidLogin, SessionError> {
        let profile = self.profile()?.value;
        let network = LoginNetwork::new(Arc::clone(&self.system.http));
        let client = |record: &StoredToken| {
            network.choose(self.http(Some(record))?);
            if record.client_id.is_some() && app.is_none() {
                return Ok((self.client_of(&profile, record)?.value, record.app.clone()));
            }
            let provider = self.provider_of(&profile, record)?;
            let LoginClient { key, client, .. } = self.client_for_login(&provider, app, None)?;
            let no_client = || SessionError::NoClient { provider: provider.id().to_owned() };
            Ok((client.ok_or_else(no_client)?.value, key.app))
        };
        match self.token_source_over(&network)?.exchange(&profile, client)? {
            Some(ValidToken { found, warning, refreshed }) => Ok(ValidLogin { profile, found, warning, refreshed }),
            None => Err(self.no_such_login(&profile)?),
        }
    }
}
