//! A token of the client itself (RFC 6749 §4.4): which client can have one, and what it can ask for.

use std::collections::BTreeMap;

use super::{ActiveLogin, ClientRequest, Session, SessionError, emulator_profile};
use crate::flow::client::Client;
use crate::flow::client_credentials;
use crate::flow::token_source::{Wanted, check_lifetime};
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::grant::GrantKind;
use crate::protocol::id_token::OPENID;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;
use crate::provider::Provider;
use crate::provider::dialect::TokenReply;
use crate::store::stored_token::ObtainedBy;
use crate::store::token_cache::CacheName;
use crate::store::{AppName, StoredToken};

impl ClientRequest {
    /// Returns the login for a command that shows a request and sends nothing: its token is not needed.
    pub fn unused(&self, now: Timestamp) -> ActiveLogin {
        let provider = self.client.provider.with_client(Some(&self.client.client_id));
        let provider = provider.with_client_secret(self.client.client_secret.as_ref());
        let by = ObtainedBy::Grant(GrantKind::ClientCredentials);
        let client_id = Some(self.client.client_id.clone());
        let token = StoredToken::given(&provider, client_id, by, self.scope.clone(), AccessToken::new(""), now);
        ActiveLogin {
            profile: self.profile.clone(),
            token,
            provider,
            refreshed: false,
            alone: Some(self.clone()),
            which: None,
            narrower: None,
        }
    }
}

impl Session {
    /// Resolves a provider for a request without a login. Nobody is asked for a parameter.
    pub fn provider_alone(&self, id: &str, typed: &BTreeMap<String, String>) -> Result<Provider, SessionError> {
        if let Some(profile) = self.typed_profile() {
            let (provider, profile) = (sanitize::line(id), profile.to_string());
            return Err(SessionError::ProviderAndProfile { provider, profile });
        }
        self.check_emulator()?;
        let catalogue = self.catalogue()?;
        let id = &catalogue.id_of(id);
        let definition = catalogue.get(id)?;
        definition.refuse_typed_secrets(typed)?;
        let params = self.with_project(&definition, typed.clone())?;
        let provider = self.with_secrets_of_environment(&catalogue.resolve(id, &params)?)?;
        provider.check_secrets()?;
        self.check_client_credentials(&provider)?;
        Ok(provider)
    }

    /// Returns the request of the known client: the environment's, or the registered one.
    pub fn client_request(
        &self,
        provider: Provider,
        app: Option<&AppName>,
        typed: &[String],
        cached: bool,
    ) -> Result<ClientRequest, SessionError> {
        let scope = self.scopes_alone(&provider, typed)?;
        let no_client = || SessionError::NoClient { provider: provider.id().to_owned() };
        let client = self.client_for_login(&provider, app, None)?.client.ok_or_else(no_client)?.value;
        self.check_client_alone(&client)?;
        let profile = match provider.emulator {
            Some(_) => emulator_profile(provider.id()).parse()?,
            None => provider.id().parse()?,
        };
        let again = (format!("oauthctl token --provider {}", client.provider.id()), String::new());
        Ok(ClientRequest { client, scope, cached, profile, again })
    }

    /// Returns a token for the request: the cached one if it will do, else a new one. `tell` gets a new one's reply.
    pub fn client_login(
        &self,
        request: &ClientRequest,
        wanted: Wanted<'_>,
        tell: impl Fn(&TokenReply),
    ) -> Result<ActiveLogin, SessionError> {
        let issue = || self.issue(request, &tell);
        let (token, refreshed) = match &request.client.client_secret {
            Some(secret) if request.cached => {
                let name = CacheName::of(&client_credentials::fingerprint(&request.client, &request.scope)?);
                self.token_source()?.cached(&name, secret, wanted, issue)?
            }
            _ => (issue()?, true),
        };
        check_lifetime(&token, wanted, self.system.clock.now())?;
        let provider = &request.client.provider;
        let captured = token.params != provider.params;
        let provider = if captured { provider.with_captured(&token.params)? } else { provider.clone() };
        let provider = provider.with_client(token.client_id.as_ref());
        let provider = provider.with_client_secret(request.client.client_secret.as_ref());
        let (profile, alone) = (request.profile.clone(), Some(request.clone()));
        Ok(ActiveLogin { profile, token, provider, refreshed, alone, which: None, narrower: None })
    }

    fn issue(&self, request: &ClientRequest, tell: &impl Fn(&TokenReply)) -> Result<StoredToken, SessionError> {
        let ClientRequest { client, scope, .. } = request;
        let now = self.system.clock.now();
        let failed = |source| SessionError::NoClientToken {
            provider: client.provider.id().to_owned(),
            source: Box::new(source),
        };
        self.note_client(&request.profile, "client_credentials", client);
        let http = self.http(None)?;
        let (reply, provider) =
            client_credentials::obtain(http.as_ref(), client, scope.clone(), now).map_err(failed)?;
        tell(&reply);
        let by = ObtainedBy::Grant(GrantKind::ClientCredentials);
        Ok(StoredToken::from_reply(&provider, Some(client.client_id.clone()), by, scope.clone(), reply, now))
    }

    /// Checks that a definition offers the grant.
    pub fn check_client_credentials(&self, provider: &Provider) -> Result<(), SessionError> {
        let definition = &provider.definition;
        if !definition.offers(GrantKind::ClientCredentials) {
            return Err(SessionError::NoClientCredentials {
                provider: provider.id().to_owned(),
                offered: definition.grants().into_iter().map(GrantKind::as_str).collect(),
                file: definition.file.clone(),
            });
        }
        // RFC 6749 §4.4: the grant is for confidential clients only.
        if definition.client_auth() == ClientAuthMethod::None {
            return Err(SessionError::PublicClient { provider: provider.id().to_owned() });
        }
        Ok(())
    }

    /// Checks that a client has the secret that the grant is about.
    pub fn check_client_alone(&self, client: &Client) -> Result<(), SessionError> {
        match client.client_secret {
            Some(_) => Ok(()),
            None => Err(SessionError::NoClientSecret {
                provider: client.provider.id().to_owned(),
                client_id: sanitize::line(client.client_id.as_str()),
            }),
        }
    }

    /// Returns the scopes to request: the typed ones, else the definition's own without the one about a person.
    pub fn scopes_alone(&self, provider: &Provider, typed: &[String]) -> Result<ScopeSet, SessionError> {
        let openid = ScopeSet::parse(OPENID);
        if typed.is_empty() {
            return Ok(provider.definition.default_scope().difference(&openid));
        }
        let scope = ScopeSet::parse(&typed.join(" "));
        if scope.contains(OPENID) { Err(SessionError::OpenIdAlone) } else { Ok(scope) }
    }
}
