//! OpenID Connect in a provider's own dialect: what its ID tokens are checked with, and the request for the claims about
//! a person.

use http::Method;
use http::header::ACCEPT;

use super::{Dialect, JSON};
use crate::protocol::id_token::OPENID;
use crate::protocol::jws::Algorithm;
use crate::protocol::message::HttpRequest;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::provider::{DefinitionError, Endpoint};

impl Dialect<'_> {
    /// Returns `true` if a request for these scopes has a nonce (OpenID Connect Core §3.1.2.1).
    pub fn sends_nonce(&self, scope: &ScopeSet) -> bool {
        scope.contains(OPENID) && !self.authorization_request_omits("nonce")
    }

    /// Returns the issuer that an ID token must name, with the definition's own parameters filled in.
    pub fn id_token_issuer(&self) -> Option<String> {
        let definition = &self.provider.definition;
        let issuer = definition.openid.issuer.as_ref().or(definition.authorize.issuer.as_ref())?;
        let fill = |text: String, (name, value): (&String, &String)| text.replace(&format!("{{{name}}}"), value);
        Some(self.provider.params.iter().fold(issuer.clone(), fill))
    }

    /// Returns the algorithms that an ID token may be signed with.
    pub fn id_token_algorithms(&self) -> Vec<Algorithm> {
        let listed = &self.provider.definition.openid.algorithms;
        match listed.is_empty() {
            true => Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != Algorithm::Hs256).collect(),
            false => listed.iter().filter_map(|name| Algorithm::named(name)).collect(),
        }
    }

    /// Returns where the issuer's keys are.
    pub fn jwks_endpoint(&self) -> Option<&Endpoint> {
        self.provider.endpoints.jwks.as_ref()
    }

    /// Builds the request for the claims about a person (OpenID Connect Core §5.3.1), or returns `None` if the provider
    /// has no endpoint for it.
    pub fn encode_userinfo(&self, token: &AccessToken) -> Result<Option<HttpRequest>, DefinitionError> {
        let Some(endpoint) = &self.provider.endpoints.userinfo else { return Ok(None) };
        let mut message = HttpRequest::new(Method::GET, endpoint.url().clone());
        message.headers.insert(ACCEPT, http::HeaderValue::from_static(JSON));
        self.header(&mut message, "Authorization", &format!("Bearer {}", token.expose()), true)?;
        Ok(Some(message))
    }
}
