//! What a flow goes by, as its record says it.

use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::flow_record::{Fields, Masker, Settings};
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::ClientSecret;
use crate::provider::{Dialect, Provider};

pub struct Purpose<'a> {
    pub provider: &'a Provider,
    /// `authorization_code`, `device_code`, `client_credentials`, `implicit`, `refresh_token`.
    pub grant: Option<&'a str>,
    pub client_id: Option<&'a ClientId>,
    pub client_secret: Option<&'a ClientSecret>,
    pub redirect_uri: Option<&'a str>,
    pub scope: Option<&'a ScopeSet>,
    pub pkce: bool,
}

impl<'a> Purpose<'a> {
    /// Describes a flow without a browser.
    pub fn new(provider: &'a Provider) -> Self {
        Self {
            provider,
            grant: None,
            client_id: None,
            client_secret: None,
            redirect_uri: None,
            scope: None,
            pkce: false,
        }
    }

    /// Tells the masker what is public and how the provider calls things, and returns what is shown.
    pub(super) fn settings(&self, masker: &mut Masker) -> Settings {
        let Self { provider, client_id, client_secret, .. } = self;
        let dialect = Dialect::new(provider);
        dialect.aliases().iter().for_each(|(theirs, ours)| masker.alias(theirs, ours));
        let addresses = dialect.addresses();
        let api_base = provider.endpoints.api_base.as_ref().map(ToString::to_string);
        let public = addresses.values().chain(&api_base).map(String::as_str);
        let public = public.chain(self.redirect_uri).chain(client_id.map(ClientId::as_str));
        public.for_each(|text| masker.publish(text));
        // Wherever they are sent, and under whatever name.
        for secret in provider.secrets.values() {
            masker.value("client_secret", secret.expose());
        }
        let definition = &provider.definition;
        let method = client_secret.map_or(ClientAuthMethod::None, |_| definition.client_auth());
        Settings {
            grant: self.grant.map(str::to_owned),
            client_id: client_id.map(|id| masker.value("client_id", id.as_str())),
            client_secret: client_secret.map(|secret| masker.value("client_secret", secret.expose())),
            client_authentication: client_id.map(|_| method.registered_name().to_owned()),
            redirect_uri: self.redirect_uri.map(|uri| masker.text(uri)),
            scopes: self.scope.into_iter().flat_map(ScopeSet::iter).map(|scope| masker.text(scope)).collect(),
            pkce: self.pkce,
            issuer: provider.issuer().map(|issuer| masker.text(&issuer)),
            endpoints: addresses.into_iter().map(|(name, url)| (name, masker.text(&url))).collect(),
            api_base: api_base.map(|url| masker.text(&url)),
            params: self.params(masker),
            app_page: definition.app.page.clone(),
            definition: Some(definition.file.clone().unwrap_or_else(|| "built-in".to_owned())),
            supported: dialect.supported(),
        }
    }

    /// The definition's parameters are parts of addresses; what the command line adds counts by its name.
    fn params(&self, masker: &mut Masker) -> Fields {
        let own = self.provider.params.iter().map(|(name, value)| (name.clone(), masker.shown(value)));
        let own: Vec<_> = own.collect();
        let asked = &self.provider.asked_for;
        let added = asked.authorization.iter().chain(&asked.token);
        let added: Vec<_> = added.map(|(name, value)| (name.clone(), masker.value(name, value))).collect();
        own.into_iter().chain(added).collect()
    }
}
