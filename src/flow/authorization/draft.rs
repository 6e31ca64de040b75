//! An authorization request before anything is bound or opened.

use url::Url;

use super::Secrets;
use crate::flow::FlowError;
use crate::protocol::authorization::{AuthorizationRequest, ResponseType};
use crate::protocol::client::ClientId;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::state::State;
use crate::provider::quirks::Pkce;
use crate::provider::{Dialect, Provider};
use crate::system::entropy::{Entropy, random};

pub struct Draft {
    pub asked: AuthorizationRequest,
    pub secrets: Secrets,
    /// The address for the browser, if the request is not pushed.
    pub url: Url,
}

impl Draft {
    /// Creates the secrets of a login, and builds the URL.
    pub fn new(
        provider: &Provider,
        response_type: ResponseType,
        client_id: &ClientId,
        scope: &ScopeSet,
        redirect_uri: RedirectUri,
        entropy: &dyn Entropy,
    ) -> Result<Self, FlowError> {
        let pkce = match response_type {
            ResponseType::Code => provider.definition.pkce(),
            ResponseType::Token => Pkce::Off,
        };
        let state = State::from_random(random(entropy)?);
        let code_verifier = match pkce {
            Pkce::S256 => Some(CodeVerifier::from_random(random(entropy)?)),
            Pkce::Off => None,
        };
        let sends_nonce = Dialect::new(provider).sends_nonce(scope);
        let nonce = sends_nonce.then(|| random(entropy).map(State::from_random)).transpose()?;
        let secrets = Secrets { redirect_uri, state, code_verifier, nonce };
        Self::with(provider, response_type, client_id, scope, secrets)
    }

    /// Builds the URL from the secrets of a login that another process began.
    pub fn with(
        provider: &Provider,
        response_type: ResponseType,
        client_id: &ClientId,
        scope: &ScopeSet,
        secrets: Secrets,
    ) -> Result<Self, FlowError> {
        let asked = AuthorizationRequest {
            response_type,
            client_id: client_id.clone(),
            redirect_uri: secrets.redirect_uri.clone(),
            scope: scope.clone(),
            state: secrets.state.as_str().to_owned(),
            code_challenge: secrets.code_verifier.as_ref().map(CodeVerifier::challenge),
            nonce: secrets.nonce.as_ref().map(|nonce| nonce.as_str().to_owned()),
        };
        let url = Dialect::new(provider).authorization_url(&asked)?;
        Ok(Self { asked, secrets, url })
    }
}
