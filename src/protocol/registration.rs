//! Dynamic client registration (RFC 7591), and the registration's own address (RFC 7592).

use serde_json::{Map, Value, json};

use super::client::{ClientAuthMethod, ClientId};
use super::member::{Members, WrongKind};
use super::scope::ScopeSet;
use super::secret::{ClientSecret, Secret, is_vschar};
use super::time::Timestamp;

/// What a client says of itself (RFC 7591 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationRequest {
    pub client_name: String,
    pub redirect_uris: Vec<String>,
    pub grant_types: Vec<String>,
    pub response_types: Vec<String>,
    pub token_endpoint_auth_method: ClientAuthMethod,
    /// `native` for a program on a person's machine (OpenID Connect Registration §2). Without it a server takes the
    /// client for a web site, and may refuse a redirect to loopback.
    pub application_type: Option<String>,
    pub scope: Option<ScopeSet>,
}

impl RegistrationRequest {
    pub fn to_json(&self) -> Value {
        let mut members = json!({
            "client_name": self.client_name,
            "redirect_uris": self.redirect_uris,
            "grant_types": self.grant_types,
            "response_types": self.response_types,
            "token_endpoint_auth_method": self.token_endpoint_auth_method.registered_name(),
        });
        if let Some(kind) = &self.application_type {
            members["application_type"] = kind.clone().into();
        }
        if let Some(scope) = &self.scope {
            members["scope"] = scope.join(" ").into();
        }
        members
    }

    /// Reads a request as a server does: what is left out has the RFC's value.
    pub fn from_json(value: &Value) -> Result<Self, NotARegistration> {
        let members = Members(value);
        let texts = |name, default: &[&str]| -> Result<Vec<String>, WrongKind> {
            Ok(members.texts(name)?.unwrap_or_else(|| default.iter().map(|text| (*text).to_owned()).collect()))
        };
        let method = members.text("token_endpoint_auth_method")?;
        let method = method.map_or(Some(ClientAuthMethod::Basic), ClientAuthMethod::registered_as);
        Ok(Self {
            client_name: members.text("client_name")?.unwrap_or_default().to_owned(),
            redirect_uris: texts("redirect_uris", &[])?,
            grant_types: texts("grant_types", &["authorization_code"])?,
            response_types: texts("response_types", &["code"])?,
            token_endpoint_auth_method: method.ok_or(NotARegistration::Unusable("token_endpoint_auth_method"))?,
            application_type: members.text("application_type")?.map(str::to_owned),
            scope: members.scopes("scope")?,
        })
    }
}

/// What the server says of the new client (RFC 7591 §3.2.1), or of one that it knows (RFC 7592 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationResponse {
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    /// `None` for a secret that does not end.
    pub client_secret_expires_at: Option<Timestamp>,
    /// `None` if the reply does not say.
    pub token_endpoint_auth_method: Option<ClientAuthMethod>,
    pub registration_access_token: Option<Secret>,
    pub registration_client_uri: Option<String>,
    /// Empty if the reply does not say.
    pub redirect_uris: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARegistration {
    #[error("the reply has no `{0}`")]
    Missing(&'static str),
    #[error("the `{0}` in the reply cannot be used")]
    Unusable(&'static str),
    #[error(transparent)]
    Malformed(#[from] WrongKind),
}

impl RegistrationResponse {
    pub fn read(reply: &Value) -> Result<Self, NotARegistration> {
        let members = Members(reply);
        let text = |name: &'static str| -> Result<Option<&str>, NotARegistration> {
            match members.text(name)?.filter(|text| !text.is_empty()) {
                Some(text) if !is_vschar(text) => Err(NotARegistration::Unusable(name)),
                text => Ok(text),
            }
        };
        let client_id = text("client_id")?.ok_or(NotARegistration::Missing("client_id"))?;
        let method = match text("token_endpoint_auth_method")? {
            None => None,
            Some(name) => match ClientAuthMethod::registered_as(name) {
                None => return Err(NotARegistration::Unusable("token_endpoint_auth_method")),
                known => known,
            },
        };
        let client_secret = text("client_secret")?.map(ClientSecret::new);
        if client_secret.is_none() && method.is_some_and(|method| method != ClientAuthMethod::None) {
            return Err(NotARegistration::Missing("client_secret"));
        }
        // RFC 7591 §3.2.1: zero is never.
        let end = members.seconds("client_secret_expires_at")?.filter(|end| *end > 0.0);
        Ok(Self {
            client_id: ClientId::new(client_id),
            client_secret,
            client_secret_expires_at: end.map(|end| Timestamp(end as i64)),
            token_endpoint_auth_method: method,
            registration_access_token: text("registration_access_token")?.map(Secret::new),
            registration_client_uri: text("registration_client_uri")?.map(str::to_owned),
            redirect_uris: members.texts("redirect_uris")?.unwrap_or_default(),
        })
    }

    /// Writes the reply to a request.
    pub fn to_json(&self, request: &RegistrationRequest) -> Value {
        let mut members = request.to_json().as_object().cloned().unwrap_or_default();
        let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        put("client_id", self.client_id.as_str().into());
        if let Some(secret) = &self.client_secret {
            put("client_secret", secret.expose().into());
            put("client_secret_expires_at", self.client_secret_expires_at.map_or(0, |end| end.0).into());
        }
        if let Some(method) = self.token_endpoint_auth_method {
            put("token_endpoint_auth_method", method.registered_name().into());
        }
        if let Some(token) = &self.registration_access_token {
            put("registration_access_token", token.expose().into());
        }
        if let Some(uri) = &self.registration_client_uri {
            put("registration_client_uri", uri.clone().into());
        }
        if !self.redirect_uris.is_empty() {
            put("redirect_uris", json!(self.redirect_uris));
        }
        Value::Object(Map::from_iter(members))
    }

    /// Returns the way in which the client authenticates. The reply's own word counts; then what was asked for, if the
    /// reply fits it; then what the RFC says of a client with a secret.
    pub fn method(&self, asked: ClientAuthMethod) -> ClientAuthMethod {
        match (self.token_endpoint_auth_method, &self.client_secret) {
            (Some(method), _) => method,
            (None, None) => ClientAuthMethod::None,
            (None, Some(_)) => asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RegistrationRequest {
        RegistrationRequest {
            client_name: "oauthctl".into(),
            redirect_uris: vec!["http://127.0.0.1:8765/callback".into()],
            grant_types: vec!["authorization_code".into(), "refresh_token".into()],
            response_types: vec!["code".into()],
            token_endpoint_auth_method: ClientAuthMethod::None,
            application_type: Some("native".into()),
            scope: Some(ScopeSet::parse("read write")),
        }
    }

    #[test]
    fn a_request_is_read_as_it_is_written() {
        assert_eq!(RegistrationRequest::from_json(&request().to_json()), Ok(request()));
        let bare = RegistrationRequest::from_json(&json!({"redirect_uris": ["https://a.example"]})).unwrap();
        assert_eq!(bare.token_endpoint_auth_method, ClientAuthMethod::Basic);
        assert_eq!((bare.grant_types, bare.response_types), (vec!["authorization_code".into()], vec!["code".into()]));
    }

    #[test]
    fn a_reply_is_read_as_it_is_written() {
        let whole = RegistrationResponse {
            client_id: ClientId::new("c"),
            client_secret: Some(ClientSecret::new("made-up")),
            client_secret_expires_at: Some(Timestamp(1_800_000_000)),
            token_endpoint_auth_method: Some(ClientAuthMethod::Body),
            registration_access_token: Some(Secret::new("made-up-too")),
            registration_client_uri: Some("https://as.example/register/c".into()),
            redirect_uris: vec!["http://127.0.0.1:8765/callback".into()],
        };
        assert_eq!(RegistrationResponse::read(&whole.to_json(&request())), Ok(whole.clone()));
        assert_eq!(whole.method(ClientAuthMethod::Basic), ClientAuthMethod::Body);
        let read = |value: Value| RegistrationResponse::read(&value);
        let bare = read(json!({"client_id": "c", "client_secret_expires_at": 0})).unwrap();
        assert_eq!(
            (bare.client_secret_expires_at, bare.method(ClientAuthMethod::Basic)),
            (None, ClientAuthMethod::None)
        );
        let silent = read(json!({"client_id": "c", "client_secret": "s"})).unwrap();
        assert_eq!(silent.method(ClientAuthMethod::Body), ClientAuthMethod::Body);
    }

    #[test]
    fn a_reply_that_cannot_be_used_is_refused_by_its_member() {
        use NotARegistration::{Malformed, Missing, Unusable};
        let refusal = |value: Value| RegistrationResponse::read(&value).unwrap_err();
        assert_eq!(refusal(json!({})), Missing("client_id"));
        assert_eq!(refusal(json!({"client_id": ""})), Missing("client_id"));
        assert_eq!(refusal(json!({"client_id": "a\nb"})), Unusable("client_id"));
        let method = |name: &str| json!({"client_id": "c", "token_endpoint_auth_method": name});
        assert_eq!(refusal(method("private_key_jwt")), Unusable("token_endpoint_auth_method"));
        assert_eq!(refusal(method("client_secret_basic")), Missing("client_secret"));
        assert!(matches!(refusal(json!({"client_id": 1})), Malformed(wrong) if wrong.member == "client_id"));
    }
}
