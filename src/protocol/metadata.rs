//! The metadata of an authorization server (RFC 8414; OpenID Connect Discovery 1.0).

mod issuer;

pub use issuer::{Issuer, Named, NotAnIssuer, is_filled_in, issuer_in};

use std::collections::BTreeMap;

use serde_json::Value;

use super::client::ClientAuthMethod;
use super::member::{Members, WrongKind};

/// The members that a client can use; the others are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationServerMetadata {
    pub issuer: String,
    /// The issuer as the document writes it, where that is a template for many tenants.
    pub issuer_template: Option<String>,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    /// RFC 8628 §4.
    pub device_authorization_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
    pub introspection_endpoint: Option<String>,
    /// The issuer's public keys (OpenID Connect Discovery §3).
    pub jwks_uri: Option<String>,
    pub userinfo_endpoint: Option<String>,
    pub scopes_supported: Vec<String>,
    pub grant_types_supported: Option<Vec<String>>,
    /// `None` means `client_secret_basic` (RFC 8414 §2).
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// OpenID Connect Discovery §3.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// Initiating User Registration via OpenID Connect 1.0 §4.
    pub prompt_values_supported: Option<Vec<String>>,
    /// RFC 9207 §3.
    pub authorization_response_iss_parameter_supported: bool,
    /// RFC 9126 §5.
    pub pushed_authorization_request_endpoint: Option<String>,
    pub require_pushed_authorization_requests: bool,
    /// `None` means as at the token endpoint.
    pub revocation_endpoint_auth_methods_supported: Option<Vec<String>>,
    pub introspection_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 7591 §3.
    pub registration_endpoint: Option<String>,
    /// A client id may be the address of the client's own metadata (OAuth Client ID Metadata Document).
    pub client_id_metadata_document_supported: bool,
}

/// Every endpoint with the name of its member, borrowed in one way or the other.
macro_rules! endpoints {
    ($of:expr, $($borrow:tt)+) => {
        [
            ("authorization_endpoint", $($borrow)+ $of.authorization_endpoint),
            ("token_endpoint", $($borrow)+ $of.token_endpoint),
            ("device_authorization_endpoint", $($borrow)+ $of.device_authorization_endpoint),
            ("revocation_endpoint", $($borrow)+ $of.revocation_endpoint),
            ("introspection_endpoint", $($borrow)+ $of.introspection_endpoint),
            ("registration_endpoint", $($borrow)+ $of.registration_endpoint),
            ("jwks_uri", $($borrow)+ $of.jwks_uri),
            ("userinfo_endpoint", $($borrow)+ $of.userinfo_endpoint),
            ("pushed_authorization_request_endpoint", $($borrow)+ $of.pushed_authorization_request_endpoint),
        ]
    };
}

impl AuthorizationServerMetadata {
    /// Returns the metadata of a server that says nothing but its name.
    pub fn bare(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            issuer_template: None,
            authorization_endpoint: None,
            token_endpoint: None,
            device_authorization_endpoint: None,
            revocation_endpoint: None,
            introspection_endpoint: None,
            jwks_uri: None,
            userinfo_endpoint: None,
            scopes_supported: Vec::new(),
            grant_types_supported: None,
            token_endpoint_auth_methods_supported: None,
            code_challenge_methods_supported: None,
            id_token_signing_alg_values_supported: Vec::new(),
            prompt_values_supported: None,
            authorization_response_iss_parameter_supported: false,
            pushed_authorization_request_endpoint: None,
            require_pushed_authorization_requests: false,
            revocation_endpoint_auth_methods_supported: None,
            introspection_endpoint_auth_methods_supported: None,
            registration_endpoint: None,
            client_id_metadata_document_supported: false,
        }
    }

    /// Reads the metadata. `None` if it names no issuer, and so is not metadata.
    ///
    /// A member without a value must be left out (RFC 8414 §3.2). Servers write `null`, an empty text or an empty list
    /// for it, and `null` among the items of a list. All of these are absent.
    pub fn from_json(value: &Value) -> Result<Option<Self>, WrongKind> {
        let value = &without_nothing(value);
        let members = Members(value);
        let text = |name| Ok(members.text(name)?.map(str::to_owned));
        let texts = |name| members.texts(name);
        let Some(issuer) = text("issuer")? else { return Ok(None) };
        Ok(Some(Self {
            issuer,
            issuer_template: None,
            authorization_endpoint: text("authorization_endpoint")?,
            token_endpoint: text("token_endpoint")?,
            device_authorization_endpoint: text("device_authorization_endpoint")?,
            revocation_endpoint: text("revocation_endpoint")?,
            introspection_endpoint: text("introspection_endpoint")?,
            jwks_uri: text("jwks_uri")?,
            userinfo_endpoint: text("userinfo_endpoint")?,
            scopes_supported: texts("scopes_supported")?.unwrap_or_default(),
            grant_types_supported: texts("grant_types_supported")?,
            token_endpoint_auth_methods_supported: texts("token_endpoint_auth_methods_supported")?,
            code_challenge_methods_supported: texts("code_challenge_methods_supported")?,
            id_token_signing_alg_values_supported: texts("id_token_signing_alg_values_supported")?.unwrap_or_default(),
            prompt_values_supported: texts("prompt_values_supported")?,
            authorization_response_iss_parameter_supported: members
                .flag("authorization_response_iss_parameter_supported")?
                .unwrap_or_default(),
            pushed_authorization_request_endpoint: text("pushed_authorization_request_endpoint")?,
            require_pushed_authorization_requests: members
                .flag("require_pushed_authorization_requests")?
                .unwrap_or_default(),
            revocation_endpoint_auth_methods_supported: texts("revocation_endpoint_auth_methods_supported")?,
            introspection_endpoint_auth_methods_supported: texts("introspection_endpoint_auth_methods_supported")?,
            registration_endpoint: text("registration_endpoint")?,
            client_id_metadata_document_supported: members
                .flag("client_id_metadata_document_supported")?
                .unwrap_or_default(),
        }))
    }

    /// Returns the method for an endpoint that lists these, if the one for the token endpoint is not among them. `None` also
    /// if we have none of them.
    pub fn own_method(&self, methods: &[String]) -> Option<ClientAuthMethod> {
        let has =
            |methods: &[String], method: ClientAuthMethod| methods.iter().any(|name| name == method.registered_name());
        let secret = [ClientAuthMethod::Basic, ClientAuthMethod::Body];
        let at_token = match &self.token_endpoint_auth_methods_supported {
            None => Some(ClientAuthMethod::Basic),
            Some(methods) => secret.into_iter().find(|method| has(methods, *method)),
        };
        let own = secret.into_iter().find(|method| has(methods, *method));
        own.filter(|_| at_token.is_none_or(|method| !has(methods, method)))
    }

    /// Returns the endpoints with the names of their members, to change them.
    pub fn endpoints_mut(&mut self) -> [(&'static str, &mut Option<String>); 9] {
        endpoints!(self, &mut)
    }

    /// Returns the endpoints that are named, with the names of their members.
    pub fn endpoints(&self) -> Vec<(&'static str, &str)> {
        endpoints!(self, &).into_iter().filter_map(|(name, endpoint)| Some((name, endpoint.as_deref()?))).collect()
    }

    /// Puts a tenant's values into the endpoints of a document that is written for many.
    pub fn for_tenant(mut self, values: &BTreeMap<String, String>) -> Self {
        for endpoint in self.endpoints_mut().into_iter().filter_map(|(_, endpoint)| endpoint.as_mut()) {
            for (name, value) in values {
                *endpoint = endpoint.replace(&format!("{{{name}}}"), value);
            }
        }
        self
    }
}

pub(super) fn without_nothing(value: &Value) -> Value {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(Value::is_null),
        _ => false,
    };
    let Value::Object(members) = value else { return value.clone() };
    let members = members.iter().filter(|(_, value)| !is_nothing(value)).map(|(name, value)| {
        let value = match value {
            Value::Array(items) => items.iter().filter(|item| !item.is_null()).cloned().collect(),
            other => other.clone(),
        };
        (name.clone(), value)
    });
    Value::Object(members.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_endpoint_of_a_document_is_listed() {
        let names = AuthorizationServerMetadata::bare("https://as.example").endpoints_mut().map(|(name, _)| name);
        let mut document = serde_json::Map::from_iter([("issuer".to_owned(), json!("https://as.example"))]);
        document.extend(names.map(|name| (name.to_owned(), json!(format!("https://as.example/{name}")))));
        let read = AuthorizationServerMetadata::from_json(&Value::Object(document)).unwrap().unwrap();
        assert_eq!(read.endpoints().into_iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
        for (name, endpoint) in read.endpoints() {
            assert_eq!(endpoint, format!("https://as.example/{name}"));
        }
    }

    #[test]
    fn a_member_of_the_wrong_kind_is_not_taken_as_missing() {
        let read = |value: Value| AuthorizationServerMetadata::from_json(&value);
        assert_eq!(read(json!({"token_endpoint": "https://as.example/t"})), Ok(None));
        assert!(read(json!({"issuer": "x", "token_endpoint": null, "scopes_supported": null})).unwrap().is_some());
        for (member, value) in [
            ("issuer", json!({"issuer": ["x"]})),
            ("token_endpoint", json!({"issuer": "x", "token_endpoint": ["x"]})),
            ("scopes_supported", json!({"issuer": "x", "scopes_supported": "a b"})),
            ("scopes_supported.0", json!({"issuer": "x", "scopes_supported": [1]})),
            (
                "authorization_response_iss_parameter_supported",
                json!({"issuer": "x", "authorization_response_iss_parameter_supported": "true"}),
            ),
        ] {
            assert_eq!(read(value).unwrap_err().member, member);
        }
    }

    #[test]
    fn a_member_without_a_value_is_absent() {
        let of = |value: Value| AuthorizationServerMetadata::from_json(&value).unwrap().unwrap();
        let bare = of(json!({"issuer": "x"}));
        let names = [
            "token_endpoint",
            "revocation_endpoint",
            "scopes_supported",
            "grant_types_supported",
            "token_endpoint_auth_methods_supported",
            "code_challenge_methods_supported",
            "prompt_values_supported",
            "authorization_response_iss_parameter_supported",
            "pushed_authorization_request_endpoint",
            "require_pushed_authorization_requests",
            "introspection_endpoint_auth_methods_supported",
            "registration_endpoint",
            "client_id_metadata_document_supported",
        ];
        for name in names {
            for nothing in [json!(null), json!(""), json!([]), json!([null])] {
                assert_eq!(of(json!({"issuer": "x", name: nothing})), bare, "{name}: {nothing}");
            }
        }
        for none in [json!(null), json!("")] {
            assert_eq!(AuthorizationServerMetadata::from_json(&json!({ "issuer": none })), Ok(None));
        }
        let metadata = of(json!({"issuer": "x", "scopes_supported": [null, "a", null, "b"]}));
        assert_eq!(metadata.scopes_supported, ["a", "b"]);
    }

    #[test]
    fn a_tenant_is_put_into_the_endpoints() {
        let metadata = AuthorizationServerMetadata::from_json(
            &json!({"issuer": "x", "token_endpoint": "https://as.example/{t}/token", "revocation_endpoint": "https://as.example/r"}),
        );
        let metadata = metadata.unwrap().unwrap().for_tenant(&BTreeMap::from([("t".to_owned(), "our".to_owned())]));
        assert_eq!(metadata.token_endpoint.as_deref(), Some("https://as.example/our/token"));
        assert_eq!(metadata.revocation_endpoint.as_deref(), Some("https://as.example/r"));
    }
}
