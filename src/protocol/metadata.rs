//! The metadata of an authorization server (RFC 8414; OpenID Connect Discovery 1.0).

use serde_json::Value;
use url::Url;

use super::member::{Members, WrongKind};

/// The members that a client can use; the others are ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationServerMetadata {
    pub issuer: String,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
    pub introspection_endpoint: Option<String>,
    pub scopes_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: Vec<String>,
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// RFC 9207 §3.
    pub authorization_response_iss_parameter_supported: bool,
}

impl AuthorizationServerMetadata {
    /// Reads the metadata. `None` if it names no issuer, and so is not metadata.
    pub fn from_json(value: &Value) -> Result<Option<Self>, WrongKind> {
        let members = Members(value);
        let text = |name| Ok(members.text(name)?.map(str::to_owned));
        let texts = |name| members.texts(name);
        let Some(issuer) = text("issuer")? else { return Ok(None) };
        Ok(Some(Self {
            issuer,
            authorization_endpoint: text("authorization_endpoint")?,
            token_endpoint: text("token_endpoint")?,
            revocation_endpoint: text("revocation_endpoint")?,
            introspection_endpoint: text("introspection_endpoint")?,
            scopes_supported: texts("scopes_supported")?.unwrap_or_default(),
            token_endpoint_auth_methods_supported: texts("token_endpoint_auth_methods_supported")?.unwrap_or_default(),
            code_challenge_methods_supported: texts("code_challenge_methods_supported")?,
            authorization_response_iss_parameter_supported: members
                .flag("authorization_response_iss_parameter_supported")?
                .unwrap_or_default(),
        }))
    }
}

/// Returns the possible locations of an issuer's metadata. RFC 8414 §3.1 puts the well-known segment between host and
/// path, OpenID Connect Discovery §4 after the path. `None` if the text is not a valid issuer: https, no query, no
/// fragment (RFC 8414 §2).
pub fn locations(issuer: &str) -> Option<[Url; 2]> {
    let url =
        Url::parse(issuer).ok().filter(|url| url.has_host() && url.query().is_none() && url.fragment().is_none())?;
    let path = url.path().trim_end_matches('/');
    let at = |path: String| {
        let mut location = url.clone();
        location.set_path(&path);
        location
    };
    Some([
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("{path}/.well-known/openid-configuration")),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
    fn the_well_known_segment_goes_before_or_after_the_path() {
        let of = |issuer| locations(issuer).map(|urls| urls.map(|url| url.to_string()));
        assert_eq!(
            of("https://as.example/tenant"),
            Some([
                "https://as.example/.well-known/oauth-authorization-server/tenant".to_owned(),
                "https://as.example/tenant/.well-known/openid-configuration".to_owned(),
            ])
        );
        assert_eq!(
            of("https://as.example").map(|urls| urls[0].clone()).as_deref(),
            Some("https://as.example/.well-known/oauth-authorization-server")
        );
        for no_issuer in ["as.example", "https://as.example?x", "https://as.example#x", "mailto:a@b"] {
            assert_eq!(of(no_issuer), None, "{no_issuer}");
        }
    }
}
