//! The client that sends a request. A new login uses the environment's client, then the registered one. An existing
//! login always uses the client it was made with.

use super::environment::CLIENT_ID;
use super::{Session, SessionError, Source, Sourced};
use crate::flow::refresh::Client;
use crate::protocol::client::ClientId;
use crate::protocol::sanitize;
use crate::protocol::secret::ClientSecret;
use crate::provider::Provider;
use crate::store::token_store::Found;
use crate::store::{Profile, Registration, StoredToken};

impl Session {
    /// Returns the client for a new login at this provider, if one is known: the environment's, or the registered one.
    pub fn client_for(&self, provider: &Provider) -> Result<Option<Sourced<Client>>, SessionError> {
        let client = |client_id, client_secret| Client { provider: provider.clone(), client_id, client_secret };
        if let Some(id) = self.environment.variable(CLIENT_ID) {
            let client = client(ClientId::parse(&id)?, self.secret_of_environment());
            return Ok(Some(Sourced::new(client, Source::Variable(CLIENT_ID))));
        }
        let Some(Found { record, store, .. }) = self.store()?.load_app(provider.id())? else { return Ok(None) };
        check_registration(&record, provider)?;
        let client = client(record.client_id, record.client_secret);
        Ok(Some(Sourced::new(client, Source::Store(store.to_string()))))
    }

    /// Returns the client that a login was made with, at the login's servers. A token is bound to its client
    /// (RFC 6749 §6), so a client registered or set since then does not help.
    pub fn client_of(&self, profile: &Profile, record: &StoredToken) -> Result<Sourced<Client>, SessionError> {
        let provider = self.provider_of(profile, record)?;
        let Some(client_id) = record.client_id.clone() else {
            // The token was given by the user, so there is no client and no refresh token.
            let client = Client { provider, client_id: ClientId::new(""), client_secret: None };
            return Ok(Sourced::new(client, Source::Login(profile.to_string())));
        };
        if self.environment.variable(CLIENT_ID).is_some_and(|id| id.trim() == client_id.as_str()) {
            let client = Client { provider, client_id, client_secret: self.secret_of_environment() };
            return Ok(Sourced::new(client, Source::Variable(CLIENT_ID)));
        }
        let registered = self.store()?.load_app(provider.id())?.filter(|found| found.record.client_id == client_id);
        let Some(Found { record, store, .. }) = registered else {
            return Err(SessionError::OtherClient {
                profile: profile.to_string(),
                provider: provider.id().to_owned(),
                client_id: sanitize::line(client_id.as_str()),
            });
        };
        check_registration(&record, &provider)?;
        let client = Client { provider, client_id, client_secret: record.client_secret };
        Ok(Sourced::new(client, Source::Store(store.to_string())))
    }

    /// Returns the client secret in OAUTHCTL_CLIENT_SECRET.
    pub fn secret_of_environment(&self) -> Option<ClientSecret> {
        self.system.secrets.client_secret.clone()
    }
}

/// Checks that the secret goes only to the servers it was registered for.
fn check_registration(registration: &Registration, provider: &Provider) -> Result<(), SessionError> {
    match &registration.origins {
        Some(origins) => Ok(provider.check_registration(origins, &format!("oauthctl app set {}", provider.id()))?),
        None => Ok(()),
    }
}
