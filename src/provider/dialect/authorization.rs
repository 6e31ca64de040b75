//! The authorization request and the callback (RFC 6749 §4.1.1, §4.1.2), in a provider's own dialect.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use super::{Dialect, omit_and_rename, omits, rename, rename_back};
use crate::protocol::authorization::{AuthorizationRequest, ResponseType};
use crate::protocol::login_params::ParamFor;
use crate::protocol::params::Params;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::secret::ClientSecret;
use crate::provider::DefinitionError;
use crate::provider::departure::value_of;
use crate::provider::quirks::{IssuerEcho, Pkce, ScopeEncoding, StateEcho};

/// The client's side.
impl Dialect<'_> {
    /// Builds the URL for the browser (RFC 6749 §4.1.1, §4.2.1). An existing query of the endpoint is kept.
    pub fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Url, DefinitionError> {
        self.browser_url(&self.authorization_params(request)?)
    }

    /// Returns the parameters of the request with the provider's names.
    pub(super) fn authorization_params(&self, request: &AuthorizationRequest) -> Result<Params, DefinitionError> {
        let definition = &self.provider.definition;
        let rules = &definition.authorize;
        let mut params = Params::new()
            .with("client_id", request.client_id.as_str())
            .with("redirect_uri", request.redirect_uri.as_str())
            .with("response_type", self.response_type(request.response_type));
        if !request.scope.is_empty() {
            params.push("scope", request.scope.join(definition.separator()));
        }
        params.push("state", &request.state);
        if let Some(challenge) = &request.code_challenge {
            params.push("code_challenge", challenge.as_str());
            params.push("code_challenge_method", CodeChallenge::METHOD);
        }
        if let Some(nonce) = &request.nonce {
            params.push("nonce", nonce);
        }
        // It is as random as the state, and does not reveal it.
        let random = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("random:{}", request.state)));
        let context =
            [("state", request.state.as_str()), ("client_id", request.client_id.as_str()), ("random", &random)];
        let nonce = params.single("nonce").ok().flatten().map(str::to_owned);
        self.add_extra(&mut params, &rules.params, "authorize.params", &context)?;
        self.add_resource(&mut params);
        if let Some(nonce) = nonce {
            // One of the definition's own could not be checked.
            params.remove("nonce");
            params.push("nonce", nonce);
        }
        omit_and_rename(&mut params, &rules.omit, &rules.names);
        self.add_asked_for(&mut params, &random);
        Ok(params)
    }

    /// Adds what this login asks for, in place of the definition's own parameters of the same names.
    fn add_asked_for(&self, params: &mut Params, random: &str) {
        let asked = &self.provider.asked_for;
        let mode = asked.response_mode.map(|mode| ("response_mode", mode.as_str().to_owned()));
        let typed = asked.authorization.iter().map(|(name, value)| (name.as_str(), value.replace("{random}", random)));
        for (name, value) in mode.into_iter().chain(typed) {
            params.remove(name);
            params.push(name, value);
        }
    }

    /// Puts parameters into the URL for the browser.
    pub(super) fn browser_url(&self, params: &Params) -> Result<Url, DefinitionError> {
        let rules = &self.provider.definition.authorize;
        let mut url = self.provider.authorize_endpoint()?.url().clone();
        let query = self.write_query(params);
        if let Some(route) = value_of(&rules.route) {
            // The page reads its parameters after the route, where a server does not see them.
            url.set_fragment(Some(&format!("{}?{query}", route.trim_start_matches('#'))));
            return Ok(url);
        }
        let query = match url.query().filter(|query| !query.is_empty()) {
            Some(existing) => format!("{existing}&{query}"),
            None => query,
        };
        url.set_query(Some(&query));
        Ok(url)
    }

    /// Returns `true` if a page of the provider's reads the request in the browser, so that the server does not see it.
    pub fn is_read_by_a_page(&self) -> bool {
        value_of(&self.provider.definition.authorize.route).is_some()
    }

    /// Returns the provider's name of a response type. Its own is that of the preferred grant.
    fn response_type(&self, wanted: ResponseType) -> &str {
        let own = value_of(&self.provider.definition.authorize.response_type);
        own.filter(|_| self.preferred_response_type() == Some(wanted)).map_or(wanted.as_str(), String::as_str)
    }

    fn preferred_response_type(&self) -> Option<ResponseType> {
        self.provider.definition.grants().into_iter().find_map(ResponseType::of)
    }

    /// Returns the RFCs' name of a parameter that a person typed.
    pub fn rfc_name(&self, of: ParamFor, typed: &str) -> String {
        let names = match of {
            ParamFor::Authorization => &self.provider.definition.authorize.names,
            ParamFor::Token => &self.provider.definition.token.names,
        };
        let mut names = value_of(names).into_iter().flatten();
        names.find(|(_, theirs)| *theirs == typed).map_or(typed, |(ours, _)| ours).to_owned()
    }

    /// Renames a callback's parameters to the RFC's names.
    pub fn read_callback(&self, mut params: Params) -> Params {
        rename_back(&mut params, &self.provider.definition.callback.names);
        params
    }

    /// Returns the values for the definition's parameters that are in a callback.
    pub fn captured_from_callback(&self, params: &Params) -> BTreeMap<String, String> {
        let value = |name: &String| params.single(name).ok().flatten().map(str::to_owned);
        let known = &self.provider.definition.params;
        known.iter().filter_map(|(name, param)| Some((name.clone(), value(param.from_callback.as_ref()?)?))).collect()
    }

    /// Returns `true` if the provider may leave the state out of its callback.
    pub fn state_may_be_missing(&self) -> bool {
        value_of(&self.provider.definition.callback.state) == Some(&StateEcho::MayBeMissing)
    }

    /// Returns `true` if the answer of the definition's issuer may leave the issuer out (RFC 9207 §2.4).
    pub fn issuer_may_be_missing(&self) -> bool {
        value_of(&self.provider.definition.callback.iss) == Some(&IssuerEcho::MayBeMissing)
    }

    /// Returns `true` if it is known, and not only assumed, that the provider verifies PKCE with S256.
    pub fn is_known_to_verify_s256(&self) -> bool {
        value_of(&self.provider.definition.authorize.pkce) == Some(&Pkce::S256)
    }

    /// Verifies the callback's signature, and returns the parameter for it if it is missing or wrong. The signed text is
    /// every other parameter, sorted by name, as in a query.
    pub fn bad_signature(&self, params: &Params, secret: Option<&ClientSecret>) -> Option<&str> {
        let rule = value_of(&self.provider.definition.callback.signature)?;
        let (Ok(Some(given)), Some(secret)) = (params.single(&rule.param), secret) else { return Some(&rule.param) };
        let expected = signature(params, &rule.param, secret);
        let is_right: bool = expected.as_bytes().ct_eq(given.as_bytes()).into();
        (!is_right).then_some(&rule.param)
    }

    fn write_query(&self, params: &Params) -> String {
        let separator = self.provider.definition.separator();
        match value_of(&self.provider.definition.scope.encoding).copied().unwrap_or_default() {
            ScopeEncoding::Percent => params.to_query(),
            ScopeEncoding::Plus => params.to_form(),
            ScopeEncoding::Raw => {
                let encoded: String = url::form_urlencoded::byte_serialize(separator.as_bytes()).collect();
                params.to_query().replace(&encoded, separator)
            }
        }
    }
}

/// The server's side, for the emulator.
impl Dialect<'_> {
    /// Renames an authorization request's parameters to the RFC's names.
    pub fn read_authorization_request(&self, mut params: Params) -> Params {
        rename_back(&mut params, &self.provider.definition.authorize.names);
        if let (Some(own), Some(preferred)) =
            (value_of(&self.provider.definition.authorize.response_type), self.preferred_response_type())
            && params.single("response_type").ok().flatten() == Some(own.as_str())
        {
            params.remove("response_type");
            params.push("response_type", preferred.as_str());
        }
        // A client that sends it anyway need not send it twice.
        if self.authorization_request_omits("response_type") && !params.contains("response_type") {
            params.push("response_type", "code");
        }
        params
    }

    /// Returns `true` if the provider's clients leave a parameter (RFC name) out of the authorization request.
    pub fn authorization_request_omits(&self, name: &str) -> bool {
        omits(&self.provider.definition.authorize.omit, name)
    }

    /// Names the issuer in a callback, renames its parameters to the provider's names, and signs them, if the provider
    /// does.
    pub fn write_callback(&self, mut params: Params, secret: &ClientSecret, issuer: Option<&str>) -> Params {
        if let Some(issuer) = issuer {
            params.push("iss", issuer);
        }
        rename(&mut params, &self.provider.definition.callback.names);
        for (name, param) in &self.provider.definition.params {
            // The emulator's callback includes everything that a definition reads from a callback.
            if let (Some(their_name), Some(example)) = (&param.from_callback, &param.example) {
                debug_assert!(!params.contains(their_name), "{name}");
                params.push(their_name, example);
            }
        }
        if let Some(rule) = value_of(&self.provider.definition.callback.signature) {
            let signature = signature(&params, &rule.param, secret);
            params.push(&rule.param, signature);
        }
        params
    }
}

/// Computes HMAC-SHA256 in hex over every parameter except the signature itself.
fn signature(params: &Params, param: &str, secret: &ClientSecret) -> String {
    let mut signed: Vec<(&str, &str)> = params.iter().filter(|(name, _)| *name != param).collect();
    signed.sort_unstable();
    let text = signed.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    let code = mac.chain_update(text).finalize().into_bytes();
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}
