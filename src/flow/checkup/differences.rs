//! The provider's own metadata (RFC 8414) beside the definition: what differs, and what of it makes a login fail.

use crate::protocol::client::ClientAuthMethod;
use crate::protocol::grant::GrantKind;
use crate::protocol::metadata::AuthorizationServerMetadata;
use crate::protocol::token::DEVICE_CODE;
use crate::provider::quirks::Pkce;
use crate::provider::{Dialect, Endpoint, Provider};

/// One key of the definition that says something else than the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub key: &'static str,
    /// `None` if the definition has nothing there.
    pub ours: Option<String>,
    pub theirs: String,
    /// True if a login fails by it.
    pub is_grave: bool,
}

/// Compares them. `has_secret` says whether the client authenticates.
pub fn between(provider: &Provider, metadata: &AuthorizationServerMetadata, has_secret: bool) -> Vec<Difference> {
    let mut found = endpoints(provider, metadata);
    found.extend(authentication(provider, metadata, has_secret));
    found.extend(pushing(provider, metadata));
    found.extend(issuer_in_answers(provider, metadata));
    found
}

fn endpoints(provider: &Provider, metadata: &AuthorizationServerMetadata) -> Vec<Difference> {
    let ours = &provider.endpoints;
    let pairs: [(&'static str, &Option<Endpoint>, &Option<String>); 8] = [
        ("authorize.url", &ours.authorize, &metadata.authorization_endpoint),
        ("token.url", &ours.token, &metadata.token_endpoint),
        ("par.url", &ours.par, &metadata.pushed_authorization_request_endpoint),
        ("device.url", &ours.device, &metadata.device_authorization_endpoint),
        ("revoke.url", &ours.revoke, &metadata.revocation_endpoint),
        ("introspect.url", &ours.introspect, &metadata.introspection_endpoint),
        ("openid.jwks_url", &ours.jwks, &metadata.jwks_uri),
        ("openid.userinfo_url", &ours.userinfo, &metadata.userinfo_endpoint),
    ];
    let differ = |(key, ours, theirs): (&'static str, &Option<Endpoint>, &Option<String>)| {
        // What the metadata does not name may exist all the same.
        let theirs = theirs.as_deref()?;
        let is_same = ours.as_ref().is_some_and(|ours| is_same_place(ours, theirs));
        let ours = ours.as_ref().map(ToString::to_string);
        (!is_same).then(|| Difference { key, ours, theirs: theirs.to_owned(), is_grave: false })
    };
    pairs.into_iter().filter_map(differ).collect()
}

/// The query of ours may have more in it, such as a prompt.
fn is_same_place(ours: &Endpoint, theirs: &str) -> bool {
    Endpoint::parse(theirs).is_ok_and(|theirs| {
        let place = |at: &Endpoint| at.url()[..url::Position::AfterPath].trim_end_matches('/').to_owned();
        place(ours) == place(&theirs)
    })
}

fn authentication(provider: &Provider, metadata: &AuthorizationServerMetadata, has_secret: bool) -> Option<Difference> {
    let ours = if has_secret { provider.definition.client_auth() } else { ClientAuthMethod::None };
    let methods = metadata.token_endpoint_auth_methods_supported.as_ref()?;
    let is_offered = methods.iter().any(|method| method == ours.registered_name());
    (!is_offered).then(|| Difference {
        key: "token.auth",
        ours: Some(ours.registered_name().to_owned()),
        theirs: methods.join(", "),
        is_grave: true,
    })
}

fn pushing(provider: &Provider, metadata: &AuthorizationServerMetadata) -> Option<Difference> {
    let is_missing =
        metadata.require_pushed_authorization_requests && !Dialect::new(provider).requires_pushed_requests();
    is_missing.then(|| Difference {
        key: "par.required",
        ours: Some("false".to_owned()),
        theirs: "true".to_owned(),
        is_grave: !provider.asked_for.push,
    })
}

fn issuer_in_answers(provider: &Provider, metadata: &AuthorizationServerMetadata) -> Option<Difference> {
    let ours = provider.issuer()?;
    let is_expected = !Dialect::new(provider).issuer_may_be_missing();
    let is_sent = metadata.authorization_response_iss_parameter_supported;
    // An emulator answers as the definition says.
    (is_expected && !is_sent && provider.emulator.is_none()).then(|| Difference {
        key: "callback.iss",
        ours: Some(format!("every answer names `{ours}`")),
        theirs: "it is not announced that answers name the issuer (RFC 9207)".to_owned(),
        is_grave: false,
    })
}

/// How an ability of the provider stands in the definition and in the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// In both, or in the definition while the metadata does not say.
    Known(String),
    /// In the metadata only, with the line that the definition lacks.
    Unused(String, String),
    /// In the definition, and the metadata says otherwise.
    Contradicted(String),
    Absent(String),
}

/// PKCE (RFC 7636).
pub fn pkce(provider: &Provider, metadata: Option<&AuthorizationServerMetadata>) -> Agreement {
    let announced = metadata.and_then(|metadata| metadata.code_challenge_methods_supported.as_ref());
    let has_s256 = announced.map(|methods| methods.iter().any(|method| method == "S256"));
    match (provider.definition.pkce(), has_s256) {
        (Pkce::S256, Some(true)) => Agreement::Known("S256, which the provider announces".to_owned()),
        (Pkce::S256, None) => {
            Agreement::Known("S256 is sent; the provider announces nothing, and may ignore it".to_owned())
        }
        (Pkce::S256, Some(false)) => {
            Agreement::Contradicted(format!("S256 is sent, and the provider announces {}", joined(announced)))
        }
        (Pkce::Off, Some(true)) => {
            let line = "authorize.pkce = \"S256\"".to_owned();
            Agreement::Unused("it is off, and the provider announces S256".to_owned(), line)
        }
        (Pkce::Off, _) => Agreement::Absent("it is off in the definition".to_owned()),
    }
}

/// The grants of the definition.
pub fn grants(provider: &Provider, metadata: Option<&AuthorizationServerMetadata>) -> Agreement {
    let ours = provider.definition.grants();
    let shown = ours.iter().map(|grant| grant.as_str()).collect::<Vec<_>>().join(", ");
    // RFC 8414 §2 has a default, which too many servers rely on that have more.
    let Some(offered) = metadata.and_then(|metadata| metadata.grant_types_supported.as_ref()) else {
        return Agreement::Known(format!("{shown}; the provider announces none"));
    };
    let is_offered = |grant: &&GrantKind| offered.iter().any(|name| name == registered_name(**grant));
    let missing: Vec<&str> = ours.iter().filter(|grant| !is_offered(grant)).map(|grant| grant.as_str()).collect();
    match missing.is_empty() {
        true => Agreement::Known(format!("{shown}, which the provider announces")),
        false => Agreement::Contradicted(format!(
            "{} is in the definition, and the provider announces {}",
            missing.join(", "),
            offered.join(", ")
        )),
    }
}

fn registered_name(grant: GrantKind) -> &'static str {
    match grant {
        GrantKind::AuthorizationCode => "authorization_code",
        GrantKind::Implicit => "implicit",
        GrantKind::DeviceCode => DEVICE_CODE,
        GrantKind::ClientCredentials => "client_credentials",
    }
}

/// Revocation (RFC 7009).
pub fn revocation(provider: &Provider, metadata: Option<&AuthorizationServerMetadata>) -> Agreement {
    let theirs = metadata.and_then(|metadata| metadata.revocation_endpoint.as_deref());
    endpoint("revoke.url", &provider.endpoints.revoke, theirs, "no token can be revoked: it stays valid after `logout`")
}

/// Introspection (RFC 7662).
pub fn introspection(provider: &Provider, metadata: Option<&AuthorizationServerMetadata>) -> Agreement {
    let theirs = metadata.and_then(|metadata| metadata.introspection_endpoint.as_deref());
    endpoint("introspect.url", &provider.endpoints.introspect, theirs, "the provider cannot be asked about a token")
}

fn endpoint(key: &str, ours: &Option<Endpoint>, theirs: Option<&str>, without: &str) -> Agreement {
    match (ours, theirs) {
        (Some(ours), _) => Agreement::Known(format!("at {}", ours.url())),
        (None, Some(theirs)) => Agreement::Unused(
            format!("not in the definition; the provider has it at {theirs}"),
            format!("{key} = \"{theirs}\""),
        ),
        (None, None) => Agreement::Absent(without.to_owned()),
    }
}

fn joined(names: Option<&Vec<String>>) -> String {
    names.map(|names| names.join(", ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::flow::doubles::provider_of;

    const OURS: &str = "authorize.url = 'https://as.example/auth?x=1'\ntoken.url = 'https://as.example/token'\n\
                        token.auth = 'basic'";

    fn metadata(members: &Value) -> AuthorizationServerMetadata {
        let mut document = json!({"issuer": "https://as.example"});
        for (name, value) in members.as_object().unwrap() {
            document[name] = value.clone();
        }
        AuthorizationServerMetadata::from_json(&document).unwrap().unwrap()
    }

    fn keys(more: &str, members: &Value) -> Vec<(&'static str, bool)> {
        let found = between(&provider_of(&format!("{OURS}\n{more}"), &[]), &metadata(members), true);
        found.into_iter().map(|difference| (difference.key, difference.is_grave)).collect()
    }

    #[test]
    fn each_difference_is_found_with_its_weight() {
        let none: Vec<(&str, bool)> = Vec::new();
        for (more, members, expected) in [
            ("", json!({}), none.clone()),
            ("", json!({"authorization_endpoint": "https://as.example/auth"}), none.clone()),
            ("", json!({"authorization_endpoint": "https://as.example/authorize"}), vec![("authorize.url", false)]),
            ("", json!({"revocation_endpoint": "https://as.example/r"}), vec![("revoke.url", false)]),
            ("", json!({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}), none.clone()),
            ("", json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}), vec![("token.auth", true)]),
            ("", json!({"require_pushed_authorization_requests": true}), vec![("par.required", true)]),
            ("authorize.issuer = 'https://as.example'", json!({}), vec![("callback.iss", false)]),
            (
                "authorize.issuer = 'https://as.example'",
                json!({"authorization_response_iss_parameter_supported": true}),
                none.clone(),
            ),
        ] {
            assert_eq!(keys(more, &members), expected, "{more} {members}");
        }
    }

    #[test]
    fn abilities_are_compared() {
        let of =
            |more: &str, members: Value, what: fn(&Provider, Option<&AuthorizationServerMetadata>) -> Agreement| {
                what(&provider_of(&format!("{OURS}\n{more}"), &[]), Some(&metadata(&members)))
            };
        let s256 = json!({"code_challenge_methods_supported": ["S256"]});
        assert!(matches!(of("", s256.clone(), pkce), Agreement::Known(_)));
        assert!(matches!(of("authorize.pkce = 'off'", s256, pkce), Agreement::Unused(..)));
        let plain = json!({"code_challenge_methods_supported": ["plain"]});
        assert!(matches!(of("", plain, pkce), Agreement::Contradicted(_)));
        assert!(matches!(of("", json!({}), pkce), Agreement::Known(_)));
        assert!(matches!(of("", json!({}), grants), Agreement::Known(_)));
        let others = json!({"grant_types_supported": ["client_credentials"]});
        assert!(matches!(of("", others.clone(), grants), Agreement::Contradicted(_)));
        assert!(matches!(of("grants = ['client-credentials']", others, grants), Agreement::Known(_)));
        let revokes = json!({"revocation_endpoint": "https://as.example/r"});
        assert!(matches!(of("", revokes, revocation), Agreement::Unused(..)));
        assert!(matches!(of("", json!({}), introspection), Agreement::Absent(_)));
        let ours = "introspect.url = 'https://as.example/i'";
        assert!(matches!(of(ours, json!({}), introspection), Agreement::Known(_)));
    }
}
