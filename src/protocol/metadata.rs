//! What an authorization server says of itself (RFC 8414; OpenID Connect Discovery 1.0).

use serde::Deserialize;
use url::Url;

/// The members that a client can use; the others are left alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AuthorizationServerMetadata {
    pub issuer: String,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
    pub introspection_endpoint: Option<String>,
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// Where the metadata of an issuer may be: RFC 8414 §3.1 puts the well-known segment between host and path, OpenID
/// Connect Discovery §4 behind the path. `None` if the text is no issuer: https, no query, no fragment (RFC 8414 §2).
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
    use super::*;

    #[test]
    fn the_well_known_segment_goes_before_or_behind_the_path() {
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
