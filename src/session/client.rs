//! The client that sends a request.
//!
//! A new login uses the app that was typed; else the environment's client; else the app of the login that it replaces,
//! since a login keeps its client until told otherwise; else the default app, or the only one that is registered. Of
//! several named apps none is chosen.
//!
//! An existing login always uses the client it was made with, as a token is bound to its client (RFC 6749 §6). The client
//! id identifies it. It is looked for under the app that the record names, then under the default one, then under the
//! others: a record of 0.1 names none, and a client can be registered again under another name.

use super::environment::CLIENT_ID;
use super::{ActiveLogin, Session, SessionError, Source, Sourced};
use crate::flow::client::Client;
use crate::protocol::client::ClientId;
use crate::protocol::sanitize;
use crate::protocol::secret::ClientSecret;
use crate::provider::{Dialect, Provider};
use crate::store::token_store::Found;
use crate::store::{AppName, ClientKey, LoginIndex, Profile, Registration, StoredToken};

/// The client of a new login.
pub struct LoginClient {
    /// The registration that it is, or becomes if there is none yet.
    pub key: ClientKey,
    /// `None` if it is not registered.
    pub client: Option<Sourced<Client>>,
    /// This program registered it, with its redirect URI (RFC 7591).
    pub is_self_registered: bool,
}

impl Session {
    /// Returns the client for a new login at this provider. `typed` is the app on the command line, `before` the login at
    /// this provider that is replaced.
    pub fn client_for_login(
        &self,
        provider: &Provider,
        typed: Option<&AppName>,
        before: Option<&StoredToken>,
    ) -> Result<LoginClient, SessionError> {
        let id = provider.definition.clients_id();
        if typed.is_none()
            && let Some(client) = self.client_of_environment(provider)?
        {
            let key = ClientKey::new(id, AppName::default());
            return Ok(LoginClient { key, client: Some(client), is_self_registered: false });
        }
        let app = match typed.cloned().or_else(|| self.app_so_far(before?)) {
            Some(app) => app,
            None => self.only_app(id)?,
        };
        let key = ClientKey::new(id, app);
        let Some(found) = self.store()?.load_app(&key)? else {
            return Ok(LoginClient { key, client: None, is_self_registered: false });
        };
        let is_self_registered = found.record.dynamic.is_some();
        let client = registered(found, &key, provider.clone())?;
        Ok(LoginClient { key, client: Some(client), is_self_registered })
    }

    /// Returns the client that a login was made with, at the login's servers.
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
        match self.registration_of(provider.definition.clients_id(), &record.app, &client_id)? {
            Some((key, found)) => registered(found, &key, provider),
            None => Err(match self.forgetful_issuer(provider.definition.clients_id(), &record.app, &client_id)? {
                Some(issuer) => SessionError::ClientForgotten {
                    profile: profile.to_string(),
                    provider: provider.id().to_owned(),
                    issuer,
                },
                None => SessionError::OtherClient {
                    profile: profile.to_string(),
                    provider: provider.id().to_owned(),
                    client_id: sanitize::line(client_id.as_str()),
                },
            }),
        }
    }

    /// Returns the client for a refresh token that was brought along without one: the one that a new login would use.
    pub(super) fn client_for_awaiting(&self, profile: &Profile, record: &StoredToken) -> Result<Client, SessionError> {
        let provider = self.provider_of(profile, record)?;
        let id = provider.definition.clients_id().to_owned();
        let client = self.client_for_login(&provider, None, None)?.client;
        Ok(client.ok_or(SessionError::NoClient { provider: id })?.value)
    }

    /// Returns the client of a login, if this program registered it itself.
    pub fn dynamic_client_of(&self, record: &StoredToken) -> Result<Option<(ClientKey, Registration)>, SessionError> {
        let Some(client_id) = &record.client_id else { return Ok(None) };
        let found = self.registration_of(&self.clients_id(&record.provider)?, &record.app, client_id)?;
        Ok(found.map(|(key, found)| (key, found.record)).filter(|(_, record)| record.dynamic.is_some()))
    }

    /// Returns the issuer that has forgotten this client, if another one took its place.
    fn forgetful_issuer(
        &self,
        provider: &str,
        app: &AppName,
        client_id: &ClientId,
    ) -> Result<Option<String>, SessionError> {
        let store = self.store()?;
        for key in candidates(&store.index()?, provider, app) {
            let Some(found) = store.load_app(&key)? else { continue };
            let forgotten = found.record.dynamic.map(|dynamic| dynamic.forgotten).unwrap_or_default();
            if forgotten.contains(client_id) {
                return Ok(found.record.issuer.map(|issuer| sanitize::line(&issuer)));
            }
        }
        Ok(None)
    }

    /// Returns the client to ask about a login's token: the one that the definition names for it, else the environment's,
    /// else the login's own, else the one that a new login would use.
    pub fn client_to_introspect(&self, login: &ActiveLogin) -> Result<Option<Sourced<Client>>, SessionError> {
        if let Some(app) = Dialect::new(&login.provider).introspection_app() {
            let wrong =
                || SessionError::NoIntrospectionApp { provider: login.provider.id().to_owned(), app: app.to_owned() };
            let key = ClientKey::new(login.provider.definition.clients_id(), app.parse().map_err(|_| wrong())?);
            let found = self.store()?.load_app(&key)?.ok_or_else(wrong)?;
            return registered(found, &key, login.provider.clone()).map(Some);
        }
        if let Some(client) = self.client_of_environment(&login.provider)? {
            return Ok(Some(client));
        }
        if login.token.client_id.is_some() {
            match self.client_of(&login.profile, &login.token) {
                Err(SessionError::OtherClient { .. }) => {}
                client => return client.map(Some),
            }
        }
        Ok(self.client_for_login(&login.provider, None, None)?.client)
    }

    /// Returns `true` if any client of the provider is listed as registered.
    pub fn has_clients(&self, provider: &str) -> bool {
        let index = self.store().ok().and_then(|store| store.index().ok());
        index.is_some_and(|index| !apps_of(&index, provider).is_empty())
    }

    /// Returns the client secret in OAUTHCTL_CLIENT_SECRET.
    pub fn secret_of_environment(&self) -> Option<ClientSecret> {
        self.system.secrets.client_secret.clone()
    }

    /// Returns the client id in OAUTHCTL_CLIENT_ID.
    pub fn client_id_of_environment(&self) -> Option<String> {
        self.environment.variable(CLIENT_ID)
    }

    fn client_of_environment(&self, provider: &Provider) -> Result<Option<Sourced<Client>>, SessionError> {
        let Some(id) = self.environment.variable(CLIENT_ID) else { return Ok(None) };
        let (client_id, client_secret) = (ClientId::parse(&id)?, self.secret_of_environment());
        let client = Client { provider: provider.clone(), client_id, client_secret };
        Ok(Some(Sourced::new(client, Source::Variable(CLIENT_ID))))
    }

    /// Returns the app of a login that is made anew.
    fn app_so_far(&self, before: &StoredToken) -> Option<AppName> {
        let client_id = before.client_id.as_ref()?;
        let id = self.clients_id(&before.provider).ok()?;
        let registered = self.registration_of(&id, &before.app, client_id).ok().flatten();
        registered.map(|(key, _)| key.app).or_else(|| Some(before.app.clone()).filter(|app| !app.is_default()))
    }

    /// Returns the default app, or the only one that is registered.
    fn only_app(&self, provider: &str) -> Result<AppName, SessionError> {
        match apps_of(&self.store()?.index()?, provider).as_slice() {
            [] => Ok(AppName::default()),
            [app] => Ok(app.clone()),
            // The default one comes first.
            [app, ..] if app.is_default() => Ok(app.clone()),
            apps => Err(SessionError::SeveralApps { provider: provider.to_owned(), apps: apps.to_vec() }),
        }
    }

    /// Returns the registration of a login's client.
    fn registration_of(
        &self,
        provider: &str,
        app: &AppName,
        client_id: &ClientId,
    ) -> Result<Option<(ClientKey, Found<Registration>)>, SessionError> {
        let store = self.store()?;
        let mut doubt = None;
        for key in candidates(&store.index()?, provider, app) {
            match store.load_app(&key) {
                Ok(Some(found)) if found.record.client_id == *client_id => return Ok(Some((key, found))),
                Ok(_) => {}
                // If no other is the client, this one may have been it.
                Err(error) => doubt = doubt.or(Some(error)),
            }
        }
        doubt.map_or(Ok(None), |error| Err(error.into()))
    }
}

/// Lists the registrations that may be a login's client, in the order in which they are asked.
pub(super) fn candidates(index: &LoginIndex, provider: &str, app: &AppName) -> Vec<ClientKey> {
    let mut apps = vec![app.clone(), AppName::default()];
    apps.extend(apps_of(index, provider));
    let mut keys: Vec<ClientKey> = Vec::new();
    for key in apps.into_iter().map(|app| ClientKey::new(provider, app)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Lists the apps that are registered at a provider, the default one first.
fn apps_of(index: &LoginIndex, provider: &str) -> Vec<AppName> {
    let listed = index.apps.iter().filter(|(_, entry)| !entry.ending).filter_map(|(text, _)| ClientKey::parse(text));
    let mut apps: Vec<AppName> = listed.filter(|key| key.provider == provider).map(|key| key.app).collect();
    apps.sort();
    apps
}

/// Returns the registered client, whose secret goes only to the servers it was registered for.
fn registered(
    found: Found<Registration>,
    key: &ClientKey,
    provider: Provider,
) -> Result<Sourced<Client>, SessionError> {
    let Found { record, store, .. } = found;
    let remedy = || format!("oauthctl app set {}", key.arguments());
    match (&record.issuer, &record.origins) {
        // The resources of one issuer share its clients, each with an API of its own.
        (Some(issuer), origins) => {
            let now = provider.definition.authorize.issuer.as_deref();
            if now.is_some_and(|now| now != issuer) {
                return Err(SessionError::OtherIssuer {
                    client: key.words(),
                    issuer: sanitize::line(issuer),
                    now: sanitize::line(now.unwrap_or_default()),
                });
            }
            if let Some(origins) = origins {
                provider.check_servers(origins, &remedy())?;
            }
        }
        (None, Some(origins)) => provider.check_registration(origins, &remedy())?,
        (None, None) => {}
    }
    let provider = provider.with_app(key.app.name());
    let client = Client { provider, client_id: record.client_id, client_secret: record.client_secret };
    Ok(Sourced::new(client, Source::Store(store.to_string())))
}
