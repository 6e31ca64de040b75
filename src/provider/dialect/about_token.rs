//! Requests about a token: revocation (RFC 7009) and introspection (RFC 7662), and the emulator's side of them.
//!
//! Both authenticate the client as the token endpoint does, unless the definition has another method for them.

use http::Method;

use super::token::FORM;
use super::{Dialect, rename, rename_back};
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::secret::{AccessToken, ClientSecret};
use crate::provider::DefinitionError;
use crate::provider::departure::value_of;
use crate::provider::token_prefix::{TokenKind, TokenPrefix};

/// The client's side.
impl Dialect<'_> {
    /// Builds the request to the revocation endpoint (RFC 7009 §2.1), or returns `None` if the provider has none.
    pub fn encode_revocation(
        &self,
        token: &str,
        hint: &str,
        client_id: Option<&ClientId>,
        secret: Option<&ClientSecret>,
    ) -> Result<Option<HttpRequest>, DefinitionError> {
        let Some(endpoint) = &self.provider.endpoints.revoke else { return Ok(None) };
        let rules = &self.provider.definition.revoke;
        let client_id = client_id.cloned().unwrap_or_else(|| ClientId::new(""));
        let mut params = Params::new();
        let auth = self.begin_with_credentials_as(&mut params, &client_id, secret, self.revocation_auth());
        params.push("token", token);
        params.push("token_type_hint", hint);
        self.add_extra(&mut params, &rules.params, "revoke.params", &[("client_id", client_id.as_str())])?;
        rename(&mut params, &rules.names);
        let mut message = HttpRequest::new(Method::POST, endpoint.url().clone()).with_body(FORM, params.to_form());
        self.authenticate(&mut message, auth, &client_id, secret)?;
        Ok(Some(message.for_leg(Leg::Revocation)))
    }

    /// Builds the request to the introspection endpoint (RFC 7662 §2.1), or returns `None` if the provider has none.
    pub fn encode_introspection(
        &self,
        token: &AccessToken,
        client_id: &ClientId,
        secret: Option<&ClientSecret>,
    ) -> Result<Option<HttpRequest>, DefinitionError> {
        let Some(endpoint) = &self.provider.endpoints.introspect else { return Ok(None) };
        let mut params = Params::new();
        let auth = self.begin_with_credentials_as(&mut params, client_id, secret, self.introspection_auth());
        params.push("token", token.expose());
        params.push("token_type_hint", "access_token");
        let message = self.form_message(endpoint.url().clone(), &params, auth, client_id, secret)?;
        Ok(Some(message.for_leg(Leg::Introspection)))
    }

    /// Returns the revocation endpoint's own method, if it has one.
    pub fn revocation_auth(&self) -> Option<ClientAuthMethod> {
        value_of(&self.provider.definition.revoke.auth).copied()
    }

    /// Returns the introspection endpoint's own method, if it has one.
    pub fn introspection_auth(&self) -> Option<ClientAuthMethod> {
        value_of(&self.provider.definition.introspect.auth).copied()
    }

    /// Returns the app whose credentials an introspection needs, if it is not the login's own.
    pub fn introspection_app(&self) -> Option<&str> {
        value_of(&self.provider.definition.introspect.app).map(String::as_str)
    }
}

impl<'a> Dialect<'a> {
    /// Returns what the prefix of a token tells about it.
    pub fn token_prefix(&self, token: &str) -> Option<&'a TokenPrefix> {
        self.provider.definition.token_prefix(token)
    }

    /// Returns how the tokens of this kind begin.
    pub fn issued_prefix(&self, kind: TokenKind) -> &'a str {
        // A made-up token has a length of its own.
        let fits = |prefix: &&TokenPrefix| prefix.kind == kind && prefix.length.is_none();
        self.provider.definition.token_prefixes().iter().find(fits).map_or("", |prefix| prefix.begins.as_str())
    }
}

/// The server's side, for the emulator.
impl Dialect<'_> {
    /// Reads a revocation request's parameters with the RFC's names, including the credentials of a Basic header.
    pub fn read_revocation(&self, authorization: Option<&str>, body: &[u8]) -> Option<Params> {
        let mut params = Params::from_urlencoded(std::str::from_utf8(body).ok()?);
        rename_back(&mut params, &self.provider.definition.revoke.names);
        self.add_basic(&mut params, authorization)?;
        Some(params)
    }

    /// Reads an introspection request's parameters, including the credentials of a Basic header.
    pub fn read_introspection(&self, authorization: Option<&str>, body: &[u8]) -> Option<Params> {
        let mut params = Params::from_urlencoded(std::str::from_utf8(body).ok()?);
        self.add_basic(&mut params, authorization)?;
        Some(params)
    }
}
