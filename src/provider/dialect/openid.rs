//! OpenID Connect in a provider's own dialect: what its ID tokens are checked with, and the request for the claims about
//! a person.

use http::Method;
use http::header::ACCEPT;

use super::{Dialect, JSON};
use crate::protocol::id_token::OPENID;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::protocol::signing_algorithm::Algorithm;
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
        let mut message = HttpRequest::new(Method::GET, endpoint.url().clone()).for_leg(Leg::Userinfo);
        message.headers.insert(ACCEPT, http::HeaderValue::from_static(JSON));
        self.header(&mut message, "Authorization", &format!("Bearer {}", token.expose()), true)?;
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::protocol::authorization::{AuthorizationRequest, ResponseType};
    use crate::protocol::client::ClientId;
    use crate::protocol::redirect_uri::RedirectUri;
    use crate::provider::{Provider, ProviderDefinition};

    fn provider(keys: &str) -> Provider {
        let urls = "authorize.url = 'https://id.example/a'\ntoken.url = 'https://id.example/t'\n";
        let definition: ProviderDefinition = toml::from_str(&format!("{urls}{keys}")).unwrap();
        Provider::new(definition, BTreeMap::from([("tenant".to_owned(), "our".to_owned())]), None).unwrap()
    }

    /// Returns the nonces in the URL of a request that has one.
    fn nonces(keys: &str) -> Vec<(String, String)> {
        let request = AuthorizationRequest {
            response_type: ResponseType::Code,
            client_id: ClientId::new("app"),
            redirect_uri: RedirectUri::parse("http://127.0.0.1:1/cb").unwrap(),
            scope: ScopeSet::parse("openid"),
            state: "s".to_owned(),
            code_challenge: None,
            nonce: Some("ours".to_owned()),
        };
        let url = Dialect::new(&provider(keys)).authorization_url(&request).unwrap();
        let pairs = url.query_pairs().into_owned();
        pairs.filter(|(name, _)| ["nonce", "n"].contains(&name.as_str())).collect()
    }

    #[test]
    fn a_nonce_is_sent_once_and_under_the_providers_name() {
        let ours = |name: &str| vec![(name.to_owned(), "ours".to_owned())];
        assert_eq!(nonces(""), ours("nonce"));
        // One of the definition's own could not be compared.
        assert_eq!(nonces("authorize.params = { nonce = '{random}' }"), ours("nonce"));
        assert_eq!(nonces("authorize.names = { nonce = 'n' }"), ours("n"));
        let sends = |keys: &str, scope: &str| Dialect::new(&provider(keys)).sends_nonce(&ScopeSet::parse(scope));
        assert!(sends("", "read openid") && !sends("", "read") && !sends("", "openid.read"));
        assert!(!sends("authorize.omit = ['nonce']", "openid"));
    }

    #[test]
    fn the_issuer_is_the_definitions_with_its_parameters() {
        let issuer = |keys: &str| Dialect::new(&provider(keys)).id_token_issuer();
        assert_eq!(issuer(""), None);
        assert_eq!(issuer("authorize.issuer = 'https://a.example'").as_deref(), Some("https://a.example"));
        let both = "authorize.issuer = 'https://a.example'\nopenid.issuer = 'https://b.example/{tenant}/{other}'";
        assert_eq!(issuer(both).as_deref(), Some("https://b.example/our/{other}"));
    }

    #[test]
    fn hs256_is_taken_only_where_it_is_listed() {
        let algorithms = |keys: &str| Dialect::new(&provider(keys)).id_token_algorithms();
        assert!(!algorithms("").contains(&Algorithm::Hs256) && algorithms("").contains(&Algorithm::EdDsa));
        assert_eq!(algorithms("openid.algorithms = ['HS256', 'RS256']"), [Algorithm::Hs256, Algorithm::Rs256]);
        let definition = toml::from_str("openid.algorithms = ['none']").unwrap();
        let refused = crate::provider::check::check(&definition).unwrap_err().to_string();
        assert!(refused.contains("openid.algorithms[0]"), "{refused}");
    }

    #[test]
    fn the_claims_are_requested_with_the_token_in_a_header() {
        let token = AccessToken::new("made-up");
        let userinfo = provider("openid.userinfo_url = 'https://id.example/me'");
        let request = Dialect::new(&userinfo).encode_userinfo(&token).unwrap().unwrap();
        assert_eq!((request.method, request.url.as_str()), (Method::GET, "https://id.example/me"));
        assert!(
            request.headers["authorization"] == "Bearer made-up" && request.headers["authorization"].is_sensitive()
        );
        assert!(Dialect::new(&provider("")).encode_userinfo(&token).unwrap().is_none());
    }
}
