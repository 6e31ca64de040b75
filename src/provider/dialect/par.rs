//! Pushed authorization requests (RFC 9126), and the emulator's side of them.

use url::Url;

use super::Dialect;
use crate::protocol::authorization::AuthorizationRequest;
use crate::protocol::client::ClientId;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::secret::ClientSecret;
use crate::provider::DefinitionError;
use crate::provider::departure::value_of;

/// Both sides.
impl Dialect<'_> {
    /// Returns `true` if every authorization request must be pushed.
    pub fn requires_pushed_requests(&self) -> bool {
        value_of(&self.provider.definition.par.required) == Some(&true)
    }
}

/// The client's side.
impl Dialect<'_> {
    /// Builds the request that pushes the parameters (RFC 9126 §2.1): those of the authorization request, and the client's
    /// credentials as at the token endpoint.
    pub fn encode_pushed_request(
        &self,
        request: &AuthorizationRequest,
        secret: Option<&ClientSecret>,
    ) -> Result<HttpRequest, DefinitionError> {
        let url = self.provider.par_endpoint()?.url().clone();
        let mut params = self.authorization_params(request)?;
        let mut credentials = Params::new();
        let auth = self.begin_with_credentials(&mut credentials, &request.client_id, secret);
        for (name, value) in credentials.iter().filter(|(name, _)| *name != "client_id") {
            params.push(name, value);
        }
        Ok(self.form_message(url, &params, auth, &request.client_id, secret)?.for_leg(Leg::PushedRequest))
    }

    /// Returns the URL that refers to a pushed request (RFC 9126 §4).
    pub fn pushed_url(&self, client_id: &ClientId, request_uri: &str) -> Result<Url, DefinitionError> {
        let mut params = Params::new().with("client_id", client_id.as_str());
        super::rename(&mut params, &self.provider.definition.authorize.names);
        self.browser_url(&params.with("request_uri", request_uri))
    }
}

/// The server's side, for the emulator.
impl Dialect<'_> {
    /// Reads a pushed request's parameters with the RFCs' names, including the credentials of a Basic header.
    pub fn read_pushed_request(&self, authorization: Option<&str>, body: &[u8]) -> Option<Params> {
        let params = Params::from_urlencoded(std::str::from_utf8(body).ok()?);
        let mut params = self.read_authorization_request(params);
        self.add_basic(&mut params, authorization)?;
        Some(params)
    }
}
