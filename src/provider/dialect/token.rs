//! Requests to the token endpoint (RFC 6749 §4.1.3, §6) in a provider's own dialect, and the emulator's side of them.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::Method;
use http::header::ACCEPT;
use serde_json::{Map, Value};
use url::Url;

use super::beside_token::{RANDOM, RANDOM_MARK};
use super::grants::Form;
use super::{Dialect, JSON, omits, rename, rename_back};
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::json;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::Timestamp;
use crate::protocol::token::{Grant, TokenRequest, TokenResponse};
use crate::provider::DefinitionError;
use crate::provider::departure::value_of;
use crate::provider::quirks::{ExpiryUnit, RefreshWith, TokenBody, TokenMethod};
use crate::provider::template;

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// The client's side.
impl Dialect<'_> {
    /// Builds the request to the token endpoint (RFC 6749 §4.1.3, §6; credentials: §2.3.1).
    pub fn encode_token_request(&self, request: &TokenRequest) -> Result<HttpRequest, DefinitionError> {
        let definition = &self.provider.definition;
        let own = self.own_rules(request.grant.grant_type());
        let mut params = Params::new();
        let mut auth = self.begin_with_credentials(&mut params, &request.client_id, request.client_secret.as_ref());
        for (name, value) in request.to_params(definition.separator()).iter() {
            let own = own.grant_type.filter(|_| name == "grant_type");
            params.push(name, own.unwrap_or(value));
        }
        let state = request.state.as_deref().unwrap_or_default();
        let context = [("client_id", request.client_id.as_str()), ("state", state)];
        match own.params {
            Some(extra) => {
                // A type of its own for the presented token takes the place of the RFC's.
                for name in value_of(extra).into_iter().flatten().map(|(name, _)| name) {
                    params.remove(name);
                }
                self.add_extra(&mut params, extra, own.params_key, &context)?;
            }
            None => self.add_token_params(&mut params, request.state.is_some(), &context)?,
        }
        self.add_resource(&mut params);
        for name in &own.omit {
            params.remove(name);
        }
        if own.omit.contains(&"client_secret") {
            auth = ClientAuthMethod::None;
        }
        if let Some(names) = own.names {
            rename(&mut params, names);
        }
        rename(&mut params, &definition.token.names);
        self.add_token_asked_for(&mut params);
        let url = match own.endpoint {
            Some(endpoint) => endpoint.url().clone(),
            None => self.provider.token_endpoint()?.url().clone(),
        };
        let form = own.form.unwrap_or_else(|| self.form());
        let leg = match request.grant {
            Grant::RefreshToken(_) | Grant::NarrowerToken { .. } => Leg::Refresh,
            _ => Leg::Token,
        };
        let secret = request.client_secret.as_ref();
        Ok(self.message_in(form, url, &params, auth, &request.client_id, secret)?.for_leg(leg))
    }

    /// Adds what this login asks for, in place of the definition's own parameters of the same names.
    pub(super) fn add_token_asked_for(&self, params: &mut Params) {
        for (name, value) in &self.provider.asked_for.token {
            params.remove(name);
            params.push(name, value);
        }
    }

    /// Builds a request with a form, to an endpoint where the definition's way with token requests does not count.
    pub(super) fn form_message(
        &self,
        url: Url,
        params: &Params,
        auth: ClientAuthMethod,
        client_id: &ClientId,
        secret: Option<&ClientSecret>,
    ) -> Result<HttpRequest, DefinitionError> {
        let mut message = HttpRequest::new(Method::POST, url).with_body(FORM, params.to_form());
        message.headers.insert(ACCEPT, http::HeaderValue::from_static(JSON));
        self.authenticate(&mut message, auth, client_id, secret)?;
        Ok(message)
    }

    /// Returns `true` if a refresh presents the access token.
    pub fn refreshes_with_access_token(&self) -> bool {
        value_of(&self.provider.definition.refresh.with) == Some(&RefreshWith::Access)
    }

    /// Chooses the authentication method, and starts the body with its parameters.
    pub(super) fn begin_with_credentials(
        &self,
        params: &mut Params,
        client_id: &ClientId,
        secret: Option<&ClientSecret>,
    ) -> ClientAuthMethod {
        self.begin_with_credentials_as(params, client_id, secret, None)
    }

    /// The same at an endpoint that may have a method of its own.
    pub(super) fn begin_with_credentials_as(
        &self,
        params: &mut Params,
        client_id: &ClientId,
        secret: Option<&ClientSecret>,
        own: Option<ClientAuthMethod>,
    ) -> ClientAuthMethod {
        let method = own.unwrap_or_else(|| self.provider.definition.client_auth());
        let auth = secret.map_or(ClientAuthMethod::None, |_| method);
        // A provider's own form of the Basic header may leave out the client id.
        let halves = value_of(&self.provider.definition.token.basic);
        let named = halves.is_none_or(|halves| template::names(&halves.user).contains(&"client_id"));
        if (auth != ClientAuthMethod::Basic || !named) && !client_id.as_str().is_empty() {
            params.push("client_id", client_id.as_str());
        }
        if let (ClientAuthMethod::Body, Some(secret)) = (auth, secret) {
            params.push("client_secret", secret.expose());
        }
        auth
    }

    pub(super) fn credentialed_message(
        &self,
        url: Url,
        params: &Params,
        auth: ClientAuthMethod,
        client_id: &ClientId,
        secret: Option<&ClientSecret>,
    ) -> Result<HttpRequest, DefinitionError> {
        self.message_in(self.form(), url, params, auth, client_id, secret)
    }

    /// Writes a message in the form of its section.
    fn message_in(
        &self,
        (method, body): Form,
        url: Url,
        params: &Params,
        auth: ClientAuthMethod,
        client_id: &ClientId,
        secret: Option<&ClientSecret>,
    ) -> Result<HttpRequest, DefinitionError> {
        let rules = &self.provider.definition.token;
        let method = match method {
            TokenMethod::Post => Method::POST,
            TokenMethod::Get => Method::GET,
        };
        let mut message = HttpRequest::new(method, url);
        message = match body {
            TokenBody::Form => message.with_body(FORM, params.to_form()),
            TokenBody::Json => message.with_body(JSON, params.to_json().to_string()),
            TokenBody::Query => {
                message.url.query_pairs_mut().extend_pairs(params.iter());
                message
            }
        };
        message.headers.insert(ACCEPT, http::HeaderValue::from_static(JSON));
        self.authenticate(&mut message, auth, client_id, secret)?;
        for (name, text) in value_of(&rules.headers).into_iter().flatten() {
            let context = [("client_id", client_id.as_str()), (RANDOM, RANDOM_MARK)];
            if let Some(value) = self.fill_if_known(text, "token.headers", &context)? {
                self.header(&mut message, name, &value, self.is_secret_text(text))?;
            }
        }
        Ok(message)
    }

    pub(super) fn authenticate(
        &self,
        message: &mut HttpRequest,
        auth: ClientAuthMethod,
        client_id: &ClientId,
        secret: Option<&ClientSecret>,
    ) -> Result<(), DefinitionError> {
        let (ClientAuthMethod::Basic, Some(secret)) = (auth, secret) else { return Ok(()) };
        let pair = match value_of(&self.provider.definition.token.basic) {
            Some(halves) => {
                let context = [("client_id", client_id.as_str()), ("client_secret", secret.expose())];
                let half = |text: &str| self.fill(text, "token.basic", &context);
                format!("{}:{}", half(&halves.user)?, half(&halves.password)?)
            }
            None => {
                // Form-encoded before Basic: RFC 6749 §2.3.1 requires it, curl does not do it.
                let half = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                format!("{}:{}", half(client_id.as_str()), half(secret.expose()))
            }
        };
        self.header(message, "Authorization", &format!("Basic {}", BASE64_STANDARD.encode(pair)), true)
    }
}

/// The server's side, for the emulator.
impl Dialect<'_> {
    /// Returns `true` if the provider's clients leave a parameter (RFC name) out of the token request.
    pub fn token_request_omits(&self, name: &str) -> bool {
        omits(&self.provider.definition.token.omit, name)
    }

    /// Returns `true` if the provider's clients request a token with GET.
    pub fn token_request_is_get(&self) -> bool {
        self.form().0 == TokenMethod::Get
    }

    /// Reads a token request's parameters with the RFC's names. Form and JSON are both read, as servers do. The
    /// credentials of a Basic header are added.
    pub fn read_token_request(
        &self,
        query: &str,
        content_type: &str,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Option<Params> {
        let rules = &self.provider.definition.token;
        let mut params = match value_of(&rules.body) {
            Some(TokenBody::Query) => Params::from_urlencoded(query),
            // A request with GET, whatever the token endpoint takes.
            _ if body.is_empty() => Params::from_urlencoded(query),
            _ => read_body(content_type, body)?,
        };
        rename_back(&mut params, &rules.names);
        self.read_own_grant(&mut params);
        self.read_device_grant(&mut params);
        self.add_basic(&mut params, authorization)?;
        if self.token_request_omits("grant_type") && !params.contains("grant_type") {
            params.push("grant_type", "authorization_code");
        }
        Some(params)
    }

    /// Adds the credentials of a Basic header, if there is one.
    pub(super) fn add_basic(&self, params: &mut Params, authorization: Option<&str>) -> Option<()> {
        let Some(pair) = authorization.and_then(|value| value.strip_prefix("Basic ")) else { return Some(()) };
        let pair = String::from_utf8(BASE64_STANDARD.decode(pair.trim()).ok()?).ok()?;
        self.read_basic(params, &pair)
    }

    fn read_basic(&self, params: &mut Params, pair: &str) -> Option<()> {
        let (user, password) = pair.split_once(':')?;
        if let Some(halves) = value_of(&self.provider.definition.token.basic) {
            for (template, value) in [(&halves.user, user), (&halves.password, password)] {
                if let [name @ ("client_id" | "client_secret")] = template::names(template).as_slice() {
                    params.remove(name);
                    params.push(*name, value);
                }
            }
            return Some(());
        }
        let decode =
            |half: &str| Params::from_urlencoded(&format!("x={half}")).single("x").ok().flatten().map(str::to_owned);
        params.push("client_id", decode(user)?);
        params.push("client_secret", decode(password)?);
        Some(())
    }

    /// Returns `true` if the definition says where a reply has the end of its refresh token.
    pub fn says_when_refresh_tokens_end(&self) -> bool {
        let named = |paths: &BTreeMap<String, String>| {
            ["refresh_token_expires_in", "refresh_token_expires_at"].iter().any(|name| paths.contains_key(*name))
        };
        value_of(&self.provider.definition.token.response).is_some_and(named)
    }

    /// Writes a token reply in the provider's format.
    pub fn encode_token_reply(&self, response: &TokenResponse, created_at: Timestamp) -> Value {
        let definition = &self.provider.definition;
        let rules = &definition.token;
        let mut standard = response.to_json(definition.separator());
        standard.insert("created_at".into(), created_at.0.into());
        let paths = value_of(&rules.response).cloned().unwrap_or_default();
        let millis = value_of(&rules.expires_unit) == Some(&ExpiryUnit::Milliseconds);
        for (lifetime, moment, time) in [
            ("expires_in", "expires_at", response.expires_in),
            ("refresh_token_expires_in", "refresh_token_expires_at", response.refresh_expires_in),
        ] {
            let Some(time) = time else { continue };
            if millis {
                standard.insert(lifetime.into(), (time.as_secs() * 1000).into());
            }
            if paths.contains_key(moment) {
                standard.remove(lifetime);
                standard.insert(moment.into(), created_at.plus(time).to_string().into());
            }
        }
        let mut theirs = Map::new();
        for (name, value) in standard {
            json::put(&mut theirs, paths.get(&name).unwrap_or(&name), value);
        }
        if let Some(mark) = value_of(&rules.ok) {
            let value = serde_json::from_str(&mark.equals).unwrap_or_else(|_| Value::from(mark.equals.clone()));
            json::put(&mut theirs, &mark.path, value);
        }
        for param in definition.params.values() {
            if let (Some(path), Some(example)) = (&param.from_token, &param.example) {
                json::put(&mut theirs, path, example.clone().into());
            }
        }
        for (name, value) in &definition.sample_reply {
            if let Ok(value) = serde_json::to_value(value) {
                theirs.insert(name.clone(), value);
            }
        }
        Value::Object(theirs)
    }
}

/// The maximum number of members in a request. Each is compared with each.
const MAX_MEMBERS: usize = 1000;

/// Reads the parameters in a body, a form or JSON.
pub(super) fn read_body(content_type: &str, body: &[u8]) -> Option<Params> {
    match HttpRequest::media_type(Some(content_type)).as_str() {
        JSON => json_params(body),
        _ => Some(Params::from_urlencoded(std::str::from_utf8(body).ok()?)),
    }
}

fn json_params(body: &[u8]) -> Option<Params> {
    let value = json::parse(body).ok()?;
    let mut params = Params::new();
    for (name, value) in value.as_object().filter(|object| object.len() <= MAX_MEMBERS)? {
        params.push(name, value.as_str()?);
    }
    Some(params)
}
