//! The documents of a login by address: a resource speaks for itself only, a client id has visible characters, and what
//! becomes a definition says nothing but what the document says.

use oauthctl::testing::{
    AddressFacts, AuthorizationServerMetadata, ClientAuthMethod, ClientDocument, Match, ProtectedResourceMetadata,
    RegistrationResponse, ScopeSet, is_vschar, json,
};
use url::Url;

use super::choice;

/// The resource that is asked.
const ASKED: &str = "https://rs.example/a/mcp";

/// Which document, and the document.
pub fn holds(data: &[u8]) {
    let Some((which, text)) = choice(data) else { return };
    let Ok(value) = json::parse(text) else { return };
    match which {
        0 => server(&value),
        1 => resource(&value),
        2 => registration(&value),
        _ => drop(ClientDocument::from_json(&value)),
    }
}

fn resource(value: &serde_json::Value) {
    let Ok(Some(metadata)) = ProtectedResourceMetadata::from_json(value) else { return };
    assert_eq!(ProtectedResourceMetadata::from_json(&metadata.to_json()), Ok(Some(metadata.clone())));
    let (asked, is_match) = (Url::parse(ASKED).unwrap(), |found| matches!(found, Match::Same | Match::Prefix));
    if is_match(metadata.matches(&asked, None)) {
        let said = Url::parse(&metadata.resource).unwrap();
        assert_eq!((said.scheme(), said.host_str(), said.port()), ("https", Some("rs.example"), None));
        assert!(["", "/a", "/a/mcp"].contains(&said.path().trim_end_matches('/')), "{said}");
        assert!(said.fragment().is_none() && said.username().is_empty() && said.query().is_none(), "{said}");
    }
}

fn registration(value: &serde_json::Value) {
    let Ok(reply) = RegistrationResponse::read(value) else { return };
    assert!(is_vschar(reply.client_id.as_str()));
    let method = reply.method(ClientAuthMethod::None);
    assert!(method == ClientAuthMethod::None || reply.client_secret.is_some());
    for secret in reply.client_secret.iter().map(|secret| secret.expose()) {
        assert!(is_vschar(secret));
        assert!(
            secret.len() < 20
                || reply.client_id.as_str().contains(secret)
                || !format!("{:?}", reply.client_secret).contains(secret)
        );
    }
}

fn server(value: &serde_json::Value) {
    let Ok(Some(metadata)) = AuthorizationServerMetadata::from_json(value) else { return };
    let scope = ScopeSet::parse("read");
    let facts = AddressFacts {
        address: ASKED,
        name: metadata.issuer.as_str(),
        metadata: &metadata,
        source: ASKED,
        date: "2026-11-27",
        base: ASKED,
        resource: Some(ASKED),
        known_scopes: &metadata.scopes_supported,
        scope: &scope,
        clients_of: "as.example",
        auth: ClientAuthMethod::None,
        redirect_uri: None,
        without_pkce: false,
    };
    let text = facts.definition("rs.example-a-mcp");
    let table: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let url = |section: &str| table.get(section).and_then(|table| table.get("url")).and_then(toml::Value::as_str);
    assert_eq!(url("token"), metadata.token_endpoint.as_deref());
    assert_eq!(url("revoke"), metadata.revocation_endpoint.as_deref());
    assert_eq!(table["api"]["base"].as_str(), Some(ASKED));
    assert_eq!(table["scope"]["default"].as_array().map(Vec::len), Some(1));
    let known = [
        "name",
        "source",
        "checked",
        "api",
        "app",
        "authorize",
        "callback",
        "device",
        "grants",
        "introspect",
        "revoke",
        "scope",
        "token",
    ];
    assert!(table.keys().all(|key| known.contains(&key.as_str())), "{text}");
}
