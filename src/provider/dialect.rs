//! The one place where a quirk acts: between the RFCs' values and what a provider wants to see.
//!
//! The client builds with it what the emulator reads with it, and the other way round. That both agree proves only
//! that we agree with ourselves; what is right is shown by recorded replies in `tests/fixtures/`.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::Method;
use http::header::ACCEPT;
use serde_json::{Map, Value};
use url::Url;

use super::DefinitionError;
use super::definition::{Departure, value_of};
use super::endpoint::Provider;
use super::quirks::{ScopeEncoding, TokenBody, TokenIn, TokenPlacement};
use super::template;
use crate::protocol::authorization::AuthorizationRequest;
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::message::{BadHeader, HttpRequest};
use crate::protocol::params::Params;
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::secret::AccessToken;
use crate::protocol::token::{NotATokenResponse, TokenRequest, TokenResponse};
use crate::protocol::{json, mask};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Translates for one provider.
#[derive(Clone, Copy)]
pub struct Dialect<'a> {
    provider: &'a Provider,
}

/// What a token endpoint answered, understood, and the masked reply for those who want to see it.
#[derive(Clone, Debug)]
pub struct TokenReply {
    pub response: TokenResponse,
    pub masked: Value,
}

/// A reply of the token endpoint that is no token. `reply` is masked and cleaned.
#[derive(Debug, thiserror::Error)]
pub enum TokenReplyError {
    /// The server understood, and said no (RFC 6749 §5.2), whatever the status below 500.
    #[error("the token endpoint refused, with status {status} and {reply}")]
    Refused {
        status: u16,
        reply: String,
        #[source]
        error: ErrorResponse,
    },
    /// The server has a fault of its own.
    #[error("the token endpoint answered with status {status} and {reply}")]
    ServerFault { status: u16, reply: String },
    /// A redirect is not followed: it would carry the client's secret to wherever it points.
    #[error(
        "the token endpoint answered with a redirect (status {status}), which is not followed as it would move the client's secret"
    )]
    Redirected { status: u16 },
    /// Neither a token nor an error.
    #[error("the token endpoint's reply, status {status}, was not understood: {reply}")]
    Unreadable {
        status: u16,
        reply: String,
        #[source]
        source: Option<serde_json::Error>,
    },
    /// JSON, but no token that can be used.
    #[error("the token endpoint's reply, status {status}, holds no usable token: {reply}")]
    Unusable {
        status: u16,
        reply: String,
        #[source]
        source: NotATokenResponse,
    },
}

impl<'a> Dialect<'a> {
    pub fn new(provider: &'a Provider) -> Self {
        Self { provider }
    }

    // The client's side.

    /// The URL for the browser (RFC 6749 §4.1.1, §4.2.1); an existing query of the endpoint is kept.
    pub fn authorization_url(&self, request: &AuthorizationRequest) -> Result<Url, DefinitionError> {
        let definition = &self.provider.definition;
        let mut params = Params::new()
            .with("client_id", request.client_id.as_str())
            .with("redirect_uri", request.redirect_uri.as_str())
            .with("response_type", request.response_type.as_str());
        if !request.scope.is_empty() {
            params.push("scope", request.scope.join(definition.separator()));
        }
        params.push("state", &request.state);
        if let Some(challenge) = &request.code_challenge {
            params.push("code_challenge", challenge.as_str());
            params.push("code_challenge_method", CodeChallenge::METHOD);
        }
        let context = BTreeMap::from([
            ("state".to_owned(), request.state.clone()),
            ("client_id".to_owned(), request.client_id.as_str().to_owned()),
        ]);
        self.add_extra(&mut params, &definition.authorize.params, "authorize.params", &context)?;
        omit_and_rename(&mut params, &definition.authorize.omit, &definition.authorize.names);

        let mut url = self.provider.authorize_endpoint()?.url().clone();
        let query = match url.query().filter(|query| !query.is_empty()) {
            Some(existing) => format!("{existing}&{}", self.write_query(&params)),
            None => self.write_query(&params),
        };
        url.set_query(Some(&query));
        Ok(url)
    }

    /// A callback's parameters with the RFC's names.
    pub fn read_callback(&self, mut params: Params) -> Params {
        for (ours, theirs) in value_of(&self.provider.definition.callback.names).into_iter().flatten() {
            params.rename(theirs, ours);
        }
        params
    }

    /// The request to the token endpoint (RFC 6749 §4.1.3, §6; credentials: §2.3.1).
    pub fn encode_token_request(&self, request: &TokenRequest) -> Result<HttpRequest, DefinitionError> {
        let definition = &self.provider.definition;
        let rules = &definition.token;
        let mut params = Params::new();
        let auth = match &request.client_secret {
            Some(_) => definition.client_auth(),
            None => ClientAuthMethod::None,
        };
        if auth != ClientAuthMethod::Basic {
            params.push("client_id", request.client_id.as_str());
        }
        if let (ClientAuthMethod::Body, Some(secret)) = (auth, &request.client_secret) {
            params.push("client_secret", secret.expose());
        }
        for (name, value) in request.to_params(definition.separator()).iter() {
            params.push(name, value);
        }
        let mut context = BTreeMap::from([("client_id".to_owned(), request.client_id.as_str().to_owned())]);
        context.extend(request.state.iter().map(|state| ("state".to_owned(), state.clone())));
        // A refresh has no state to repeat, so a parameter that needs one is left out of it.
        let with_state = request.state.is_some();
        let extra = value_of(&rules.params).map(|extra| {
            extra.iter().filter(|(_, t)| with_state || !template::names(t).contains(&"state")).map(own).collect()
        });
        self.add_extra(&mut params, &extra.map(super::quirks::Sourced::bare), "token.params", &context)?;
        omit_and_rename(&mut params, &rules.omit, &rules.names);

        let url = self.provider.token_endpoint()?.url().clone();
        let mut message = HttpRequest::new(Method::POST, url);
        message = match value_of(&rules.body).copied().unwrap_or_default() {
            TokenBody::Form => message.with_body(FORM, params.to_form()),
            TokenBody::Json => message.with_body(JSON, params.to_json().to_string()),
            TokenBody::Query => {
                for (name, value) in params.iter() {
                    message.url.query_pairs_mut().append_pair(name, value);
                }
                message
            }
        };
        message.headers.insert(ACCEPT, http::HeaderValue::from_static(JSON));
        if let (ClientAuthMethod::Basic, Some(secret)) = (auth, &request.client_secret) {
            // Form-encoded before Basic: RFC 6749 §2.3.1 asks for it, curl does not do it.
            let half = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", half(request.client_id.as_str()), half(secret.expose()));
            self.header(&mut message, "Authorization", &format!("Basic {}", BASE64_STANDARD.encode(pair)), true)?;
        }
        for (name, value) in value_of(&rules.headers).into_iter().flatten() {
            self.header(&mut message, name, value, false)?;
        }
        Ok(message)
    }

    /// Reads what came back. `secrets` are those of the request, so that a reply that repeats them can be shown.
    pub fn decode_token_reply(
        &self,
        status: u16,
        content_type: Option<&str>,
        body: &[u8],
        secrets: &[&str],
    ) -> Result<TokenReply, TokenReplyError> {
        let shown = || match mask::reply(body, secrets) {
            empty if empty.is_empty() => "an empty body".to_owned(),
            text => text,
        };
        match status {
            500.. => return Err(TokenReplyError::ServerFault { status, reply: shown() }),
            300..=399 => return Err(TokenReplyError::Redirected { status }),
            _ => {}
        }
        let value = read_reply(content_type, body).map_err(|source| TokenReplyError::Unreadable {
            status,
            reply: shown(),
            source,
        })?;
        if let Some(error) = ErrorResponse::from_json(&value) {
            return Err(TokenReplyError::Refused { status, reply: shown(), error });
        }
        if !(200..=299).contains(&status) {
            return Err(TokenReplyError::Unreadable { status, reply: shown(), source: None });
        }
        let mut response = TokenResponse::from_json(&self.with_rfc_names(&value))
            .map_err(|source| TokenReplyError::Unusable { status, reply: shown(), source })?;
        if self.provider.definition.never_expires() {
            response.expires_in = None;
            response.refresh_token = None;
        }
        Ok(TokenReply { response, masked: mask::json(&value) })
    }

    /// Puts the token where the provider wants to see it, once (RFC 6750 §2).
    pub fn place_token(
        &self,
        request: &mut HttpRequest,
        placement: &TokenPlacement,
        token: &AccessToken,
    ) -> Result<(), DefinitionError> {
        let name = placement.name.as_deref().unwrap_or("Authorization");
        match placement.place {
            TokenIn::Bearer => {
                let scheme = placement.scheme.as_deref().unwrap_or("Bearer");
                self.header(request, name, &format!("{scheme} {}", token.expose()), true)
            }
            TokenIn::Header => {
                let value = match &placement.scheme {
                    Some(scheme) => format!("{scheme} {}", token.expose()),
                    None => token.expose().to_owned(),
                };
                self.header(request, name, &value, true)
            }
            TokenIn::Query => {
                request.url.query_pairs_mut().append_pair(name, token.expose());
                // RFC 6750 §2.3: the reply to such a request must not be kept by a cache.
                self.header(request, "Cache-Control", "no-store", false)
            }
            TokenIn::Body => {
                let mut object = match serde_json::from_slice(&request.body) {
                    Ok(Value::Object(object)) => object,
                    _ if request.body.is_empty() => Map::new(),
                    _ => {
                        return Err(DefinitionError::Wrong {
                            id: self.provider.id().to_owned(),
                            key: "api.token".to_owned(),
                            problem: "a token in the body needs a body that is a JSON object".to_owned(),
                        });
                    }
                };
                object.insert(name.to_owned(), token.expose().into());
                request.body = Value::Object(object).to_string().into_bytes();
                self.header(request, "Content-Type", JSON, false)
            }
        }
    }

    /// Whether an API reply is the provider's way to say that the token may not do this.
    pub fn is_denial(&self, status: u16, body: &[u8]) -> bool {
        let Some(denials) = value_of(&self.provider.definition.api.denied) else { return false };
        let value = json::parse(body).unwrap_or(Value::Null);
        denials.iter().any(|denial| {
            let text = denial.path.as_deref().and_then(|path| json::at(&value, path)).and_then(Value::as_str);
            (denial.status.is_empty() || denial.status.contains(&status))
                && (denial.path.is_none() || text.is_some())
                && (denial.equals.is_none() || text == denial.equals.as_deref())
        })
    }

    // The server's side, for the emulator.

    /// An authorization request's parameters with the RFC's names.
    pub fn read_authorization_request(&self, mut params: Params) -> Params {
        let rules = &self.provider.definition.authorize;
        for (ours, theirs) in value_of(&rules.names).into_iter().flatten() {
            params.rename(theirs, ours);
        }
        // A client that sends it all the same is not made to say it twice.
        if self.authorization_request_omits("response_type") && !params.contains("response_type") {
            params.push("response_type", "code");
        }
        params
    }

    /// Whether the provider's clients leave a parameter (RFC name) out of the authorization request.
    pub fn authorization_request_omits(&self, name: &str) -> bool {
        omits(&self.provider.definition.authorize.omit, name)
    }

    /// Whether the provider's clients leave a parameter (RFC name) out of the token request.
    pub fn token_request_omits(&self, name: &str) -> bool {
        omits(&self.provider.definition.token.omit, name)
    }

    /// A callback's parameters with the provider's names.
    pub fn write_callback(&self, mut params: Params) -> Params {
        for (ours, theirs) in value_of(&self.provider.definition.callback.names).into_iter().flatten() {
            params.rename(ours, theirs);
        }
        params
    }

    /// A token request's parameters with the RFC's names. Form and JSON are both read, as servers do; the credentials
    /// of a Basic header are added to them.
    pub fn read_token_request(
        &self,
        query: &str,
        content_type: &str,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Option<Params> {
        let rules = &self.provider.definition.token;
        let mut params = match (value_of(&rules.body), HttpRequest::media_type(Some(content_type)).as_str()) {
            (Some(TokenBody::Query), _) => Params::from_urlencoded(query),
            (_, JSON) => json_params(body)?,
            _ => Params::from_urlencoded(std::str::from_utf8(body).ok()?),
        };
        for (ours, theirs) in value_of(&rules.names).into_iter().flatten() {
            params.rename(theirs, ours);
        }
        if let Some(pair) = authorization.and_then(|value| value.strip_prefix("Basic ")) {
            let pair = String::from_utf8(BASE64_STANDARD.decode(pair.trim()).ok()?).ok()?;
            let (id, secret) = pair.split_once(':')?;
            let decode = |half: &str| {
                Params::from_urlencoded(&format!("x={half}")).single("x").ok().flatten().map(str::to_owned)
            };
            params.push("client_id", decode(id)?);
            params.push("client_secret", decode(secret)?);
        }
        if self.token_request_omits("grant_type") && !params.contains("grant_type") {
            params.push("grant_type", "authorization_code");
        }
        Some(params)
    }

    /// A token reply as the provider words it.
    pub fn encode_token_reply(&self, response: &TokenResponse, created_at: i64) -> Value {
        let rules = &self.provider.definition.token;
        let mut standard = response.to_json(self.provider.definition.separator());
        standard.insert("created_at".into(), created_at.into());
        let Some(paths) = value_of(&rules.response) else { return Value::Object(standard) };
        let mut theirs = Map::new();
        for (name, value) in standard {
            let path = paths.get(&name).unwrap_or(&name);
            json::put(&mut theirs, path, value);
        }
        Value::Object(theirs)
    }

    /// The token of an API request, in whichever of the provider's places it stands. More than one is refused
    /// (RFC 6750 §2).
    pub fn find_token(&self, header: impl Fn(&str) -> Option<String>, query: &str, body: &[u8]) -> Option<String> {
        let found: Vec<String> = self
            .provider
            .definition
            .token_placements()
            .iter()
            .filter_map(|placement| {
                let name = placement.name.as_deref().unwrap_or("Authorization");
                match placement.place {
                    TokenIn::Bearer => strip_scheme(&header(name)?, placement.scheme.as_deref().unwrap_or("Bearer")),
                    TokenIn::Header => match &placement.scheme {
                        Some(scheme) => strip_scheme(&header(name)?, scheme),
                        None => header(name),
                    },
                    TokenIn::Query => Params::from_urlencoded(query).single(name).ok()?.map(str::to_owned),
                    TokenIn::Body => json::parse(body).ok()?.get(name)?.as_str().map(str::to_owned),
                }
            })
            .collect();
        match <[String; 1]>::try_from(found) {
            Ok([token]) => Some(token),
            Err(_) => None,
        }
    }

    /// How the provider words a denial: status and JSON body.
    pub fn denial(&self) -> (u16, Value) {
        let Some(denial) = value_of(&self.provider.definition.api.denied).and_then(|denials| denials.first()) else {
            return (403, serde_json::json!({"error": "insufficient_scope"}));
        };
        let mut body = Map::new();
        if let Some(path) = &denial.path {
            json::put(&mut body, path, denial.equals.clone().unwrap_or_else(|| "denied".to_owned()).into());
        }
        (denial.status.first().copied().unwrap_or(403), Value::Object(body))
    }

    // What both sides use.

    fn add_extra(
        &self,
        params: &mut Params,
        extra: &Departure<BTreeMap<String, String>>,
        key: &str,
        context: &BTreeMap<String, String>,
    ) -> Result<(), DefinitionError> {
        let mut values = self.provider.params.clone();
        values.extend(context.clone());
        for (name, text) in value_of(extra).into_iter().flatten() {
            let value = template::fill(text, &values).map_err(|missing| DefinitionError::Wrong {
                id: self.provider.id().to_owned(),
                key: key.to_owned(),
                problem: format!("`{{{}}}` is no parameter", missing.0),
            })?;
            params.push(name, value);
        }
        Ok(())
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

    /// The reply with the RFC's member names at its top level.
    fn with_rfc_names(&self, value: &Value) -> Value {
        let Some(paths) = value_of(&self.provider.definition.token.response) else { return value.clone() };
        let mut standard = value.as_object().cloned().unwrap_or_default();
        for (name, path) in paths {
            if let Some(inner) = json::at(value, path) {
                standard.insert(name.clone(), inner.clone());
            }
        }
        Value::Object(standard)
    }

    fn header(&self, message: &mut HttpRequest, name: &str, value: &str, secret: bool) -> Result<(), DefinitionError> {
        let set = if secret { message.set_secret_header(name, value) } else { message.set_header(name, value) };
        set.map_err(|BadHeader(name)| DefinitionError::Wrong {
            id: self.provider.id().to_owned(),
            key: "headers".to_owned(),
            problem: format!("`{name}` cannot be sent as a header"),
        })
    }
}

fn own((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

fn omits(omit: &Departure<Vec<String>>, name: &str) -> bool {
    value_of(omit).is_some_and(|omit| omit.iter().any(|omitted| omitted == name))
}

fn omit_and_rename(params: &mut Params, omit: &Departure<Vec<String>>, names: &Departure<BTreeMap<String, String>>) {
    for name in value_of(omit).into_iter().flatten() {
        params.remove(name);
    }
    for (ours, theirs) in value_of(names).into_iter().flatten() {
        params.rename(ours, theirs);
    }
}

fn strip_scheme(value: &str, scheme: &str) -> Option<String> {
    let (word, token) = value.split_once(' ')?;
    word.eq_ignore_ascii_case(scheme).then(|| token.trim().to_owned())
}

fn json_params(body: &[u8]) -> Option<Params> {
    let value = json::parse(body).ok()?;
    let mut params = Params::new();
    for (name, value) in value.as_object()? {
        params.push(name, value.as_str()?);
    }
    Some(params)
}

/// A reply by its content type, or, where that is missing or wrong, by its looks.
fn read_reply(content_type: Option<&str>, body: &[u8]) -> Result<Value, Option<serde_json::Error>> {
    let media_type = HttpRequest::media_type(content_type);
    let text = std::str::from_utf8(body).unwrap_or_default().trim_start();
    let looks_like_form =
        !text.starts_with(['{', '[', '<', '"']) && (text.contains("access_token=") || text.starts_with("error="));
    if media_type != JSON && looks_like_form {
        return Ok(Params::from_urlencoded(text.trim_end()).to_json());
    }
    match json::parse(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(None),
        Err(error) => Err(Some(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::authorization::ResponseType;
    use crate::protocol::client::ClientId;
    use crate::protocol::redirect_uri::RedirectUri;
    use crate::protocol::scope::ScopeSet;
    use crate::protocol::secret::{AuthorizationCode, ClientSecret};
    use crate::protocol::token::Grant;
    use crate::provider::ProviderDefinition;

    fn provider(toml: &str) -> Provider {
        let definition: ProviderDefinition = toml::from_str(toml).unwrap();
        Provider::new(ProviderDefinition { id: "mine".into(), ..definition }, BTreeMap::new(), None).unwrap()
    }

    fn authorize(toml: &str) -> String {
        let provider = provider(toml);
        let request = AuthorizationRequest {
            response_type: ResponseType::Code,
            client_id: ClientId::new("id"),
            redirect_uri: RedirectUri::parse("http://127.0.0.1:1/cb").unwrap(),
            scope: ScopeSet::parse("a b"),
            state: "s".into(),
            code_challenge: None,
        };
        Dialect::new(&provider).authorization_url(&request).unwrap().to_string()
    }

    fn token_request(toml: &str) -> HttpRequest {
        let provider = provider(toml);
        let request = TokenRequest {
            client_id: ClientId::new("id:1"),
            client_secret: Some(ClientSecret::new("p w")),
            grant: Grant::AuthorizationCode {
                code: AuthorizationCode::new("c"),
                redirect_uri: "http://127.0.0.1:1/cb".into(),
                code_verifier: None,
            },
            state: Some("s".into()),
        };
        Dialect::new(&provider).encode_token_request(&request).unwrap()
    }

    fn body(toml: &str) -> String {
        String::from_utf8(token_request(toml).body).unwrap()
    }

    const URLS: &str = "authorize.url = 'https://a.example/auth?tenant=x'\ntoken.url = 'https://a.example/token'\n";

    #[test]
    fn the_authorize_url_follows_the_rfc_and_then_the_quirks() {
        let standard = "https://a.example/auth?tenant=x&client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&response_type=code";
        assert_eq!(authorize(URLS), format!("{standard}&scope=a%20b&state=s"));
        assert_eq!(authorize(&format!("{URLS}scope.separator = ','")), format!("{standard}&scope=a%2Cb&state=s"));
        assert_eq!(
            authorize(&format!("{URLS}scope.separator = ','\nscope.encoding = 'raw'")),
            format!("{standard}&scope=a,b&state=s")
        );
        assert_eq!(authorize(&format!("{URLS}scope.encoding = 'plus'")), format!("{standard}&scope=a+b&state=s"));
        let renamed = authorize(&format!(
            "{URLS}authorize.names = {{ client_id = 'client_key' }}\nauthorize.omit = ['response_type']\nauthorize.params = {{ owner = 'user' }}"
        ));
        assert_eq!(
            renamed,
            "https://a.example/auth?tenant=x&client_key=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&scope=a%20b&state=s&owner=user"
        );
    }

    #[test]
    fn the_token_request_is_a_form_unless_the_definition_says_otherwise() {
        assert_eq!(
            body(URLS),
            "client_id=id%3A1&client_secret=p+w&grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb"
        );
        assert_eq!(
            body(&format!(
                "{URLS}token.body = 'json'\ntoken.params = {{ state = '{{state}}' }}\ntoken.omit = ['redirect_uri']"
            )),
            r#"{"client_id":"id:1","client_secret":"p w","grant_type":"authorization_code","code":"c","state":"s"}"#
        );
    }

    #[test]
    fn basic_credentials_are_form_encoded_and_never_in_the_body_too() {
        let message = token_request(&format!("{URLS}token.auth = 'basic'"));
        assert_eq!(message.headers["authorization"], format!("Basic {}", BASE64_STANDARD.encode("id%3A1:p+w")));
        let body = String::from_utf8(message.body).unwrap();
        assert!(!body.contains("client_id") && !body.contains("client_secret"), "{body}");
    }

    #[test]
    fn what_the_client_writes_the_server_reads() {
        for quirks in [
            "",
            "token.body = 'json'",
            "token.auth = 'basic'",
            "token.names = { client_id = 'appId', code = 'auth_code' }",
            "token.body = 'query'",
        ] {
            let provider = provider(&format!("{URLS}{quirks}"));
            let message = token_request(&format!("{URLS}{quirks}"));
            let header = |name: &str| message.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let params = Dialect::new(&provider)
                .read_token_request(
                    message.url.query().unwrap_or_default(),
                    &header("content-type").unwrap_or_default(),
                    header("authorization").as_deref(),
                    &message.body,
                )
                .unwrap();
            let request = TokenRequest::parse(&params).unwrap();
            assert_eq!(request.client_id.as_str(), "id:1", "{quirks}");
            assert_eq!(request.client_secret.unwrap().expose(), "p w", "{quirks}");
        }
    }

    #[test]
    fn a_nested_reply_is_read_and_written() {
        let provider = provider(&format!("{URLS}token.response = {{ access_token = 'data.accessToken' }}"));
        let dialect = Dialect::new(&provider);
        let reply = dialect.decode_token_reply(201, None, br#"{"ok":true,"data":{"accessToken":"tok"}}"#, &[]).unwrap();
        assert_eq!(reply.response.access_token.expose(), "tok");
        assert_eq!(reply.masked.to_string(), r#"{"ok":true,"data":{"accessToken":"[3 characters]"}}"#);
        assert_eq!(dialect.encode_token_reply(&reply.response, 7)["data"]["accessToken"], "tok");
    }

    #[test]
    fn replies_are_sorted_into_refusals_faults_and_riddles() {
        let provider = provider(URLS);
        let decode = |status, kind: &str, body: &str| {
            Dialect::new(&provider).decode_token_reply(status, Some(kind), body.as_bytes(), &["s3cret-s3cret"])
        };
        use TokenReplyError::{Redirected, Refused, ServerFault, Unreadable, Unusable};
        assert!(decode(200, FORM, "access_token=t&scope=a").is_ok());
        assert!(decode(200, "text/plain", "access_token=t").is_ok());
        assert!(decode(200, "text/html", r#"{"access_token":"t"}"#).is_ok());
        assert!(matches!(decode(400, JSON, r#"{"error":"invalid_grant"}"#), Err(Refused { .. })));
        assert!(matches!(decode(200, JSON, r#"{"error":["a"]}"#), Err(Refused { .. })));
        assert!(matches!(decode(200, FORM, "error=bad_verification_code"), Err(Refused { .. })));
        assert!(matches!(decode(503, JSON, r#"{"error":"busy"}"#), Err(ServerFault { .. })));
        assert!(matches!(decode(307, JSON, ""), Err(Redirected { .. })));
        assert!(matches!(decode(403, "text/html", "<html>blocked</html>"), Err(Unreadable { .. })));
        assert!(matches!(decode(200, JSON, ""), Err(Unreadable { .. })));
        assert!(matches!(decode(200, JSON, "[]"), Err(Unreadable { .. })));
        assert!(matches!(decode(200, JSON, r#"{"token_type":"bearer"}"#), Err(Unusable { .. })));
        let error = decode(400, JSON, r#"{"error":"x","echo":"s3cret-s3cret"}"#).unwrap_err().to_string();
        assert!(!error.contains("s3cret-s3cret"), "{error}");
    }

    #[test]
    fn a_token_stands_in_one_place_and_is_found_there() {
        let toml = "api.base = 'https://a.example'\napi.token = [{in='header', name='X-Api-Token'}, {in='bearer', scheme='BEARER'}, {in='query', name='t'}, {in='body', name='api_token'}]";
        let provider = provider(toml);
        let dialect = Dialect::new(&provider);
        for placement in provider.definition.token_placements() {
            let mut request = HttpRequest::new(Method::GET, Url::parse("https://a.example/x?y=1").unwrap());
            dialect.place_token(&mut request, &placement, &AccessToken::new("canary")).unwrap();
            let whole = format!(
                "{} {:?} {}",
                request.url,
                request.headers.values().map(|v| v.to_str().unwrap()).collect::<Vec<_>>(),
                String::from_utf8_lossy(&request.body)
            );
            assert_eq!(whole.matches("canary").count(), 1, "{placement}: {whole}");
            let header = |name: &str| request.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
            assert_eq!(
                dialect.find_token(header, request.url.query().unwrap(), &request.body).as_deref(),
                Some("canary"),
                "{placement}"
            );
        }
        let both = |name: &str| matches!(name, "X-Api-Token" | "Authorization").then(|| "BEARER x".to_owned());
        assert_eq!(dialect.find_token(both, "", b""), None);
    }
}
