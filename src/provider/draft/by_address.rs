//! The definition of a login by address: what the servers' metadata says, in few lines, for a person to read and change.
//!
//! The file says by its first line that it is made again at the next login by the same address. A person who changes it
//! removes that line.

use url::Url;

use super::facts::{Facts, toml_text, word};
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::metadata::AuthorizationServerMetadata;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::catalogue::is_id;

/// The beginning of a file that a login by address may write again.
pub const MARK: &str = "# Written by `oauthctl login";

/// The longest id that a file name and a keychain's account take. A suffix has to fit behind it.
const MAX_ID: usize = 56;

/// The most scopes that are written down. A server may have thousands, one for each of its resources.
const MAX_SCOPES: usize = 500;

/// What is known of a server and of the login there.
pub struct AddressFacts<'a> {
    /// The address that was typed.
    pub address: &'a str,
    pub name: &'a str,
    pub metadata: &'a AuthorizationServerMetadata,
    /// Where the metadata is.
    pub source: &'a str,
    /// The day on which it was read.
    pub date: &'a str,
    pub base: &'a str,
    pub resource: Option<&'a str>,
    pub known_scopes: &'a [String],
    pub scope: &'a ScopeSet,
    /// The id under which the clients of the issuer are registered.
    pub clients_of: &'a str,
    pub auth: ClientAuthMethod,
    pub redirect_uri: Option<&'a str>,
    pub without_pkce: bool,
}

impl AddressFacts<'_> {
    /// Returns the definition of the provider `id`.
    pub fn definition(&self, id: &str) -> String {
        let mut facts = Facts::of_new(id, Some(self.metadata));
        facts.set("name", &sanitize::line(self.name));
        facts.set("source", self.source);
        facts.set("checked", self.date);
        facts.set("api.base", self.base);
        facts.set("token.auth", word(self.auth));
        let optional = [
            ("api.resource", self.resource),
            ("app.clients_of", Some(self.clients_of).filter(|clients| *clients != id)),
            ("redirect.uri", self.redirect_uri),
            ("authorize.pkce", Some("off").filter(|_| self.without_pkce)),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                facts.set(key, value);
            }
        }
        let known: Vec<&String> = self.known_scopes.iter().filter(|scope| is_scope(scope)).take(MAX_SCOPES).collect();
        facts.values.remove("scope.known");
        if !known.is_empty() {
            let rows: String = known.iter().map(|scope| format!("    {{ name = {} }},\n", toml_text(scope))).collect();
            facts.values.insert("scope.known", format!("[\n{rows}]"));
        }
        if !self.scope.is_empty() {
            let scopes: Vec<String> = self.scope.iter().map(toml_text).collect();
            facts.values.insert("scope.default", format!("[{}]", scopes.join(", ")));
        }
        // OpenID Connect Core §11: only a refresh token that is asked for needs a consent.
        if !self.scope.contains("offline_access")
            && facts.values.remove("authorize.params").is_some()
            && let Some(url) = &self.metadata.authorization_endpoint
        {
            facts.set("authorize.url", url);
        }
        self.written(&facts)
    }

    fn written(&self, facts: &Facts) -> String {
        let address = sanitize::line(self.address);
        let mut text = format!(
            "{MARK} {address}`, which writes it again. Remove this line to keep what you change.\n\
             # `oauthctl man definition` explains each key.\n"
        );
        let first = ["name", "source", "checked"];
        let rest = facts.values.iter().filter(|(key, _)| !first.contains(key));
        let first = first.iter().filter_map(|key| Some((key, facts.values.get(key)?)));
        for (key, value) in first.chain(rest) {
            text.push_str(&format!("{key} = {value}\n"));
        }
        text
    }
}

/// Returns `true` for a scope as RFC 6749 §3.3 writes it. Another one cannot be asked for.
fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// Returns an id for an address: host, port and path, in the characters that an id has.
pub fn id_of(address: &Url) -> String {
    let port = address.port().map(|port| format!("-{port}")).unwrap_or_default();
    let text = format!("{}{port}{}", address.host_str().unwrap_or_default().trim_matches(['[', ']']), address.path())
        .to_ascii_lowercase();
    let mut id = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || ".-_".contains(c) => id.push(c),
            _ if id.ends_with('-') => {}
            _ => id.push('-'),
        }
    }
    id.truncate(MAX_ID);
    let id = id.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    if is_id(&id) { id } else { "server".to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::Catalogue;
    use crate::provider::catalogue::NoFiles;

    fn metadata(more: &[(&str, serde_json::Value)]) -> AuthorizationServerMetadata {
        let mut members = json!({
            "issuer": "https://as.example",
            "authorization_endpoint": "https://as.example/authorize?prompt=login",
            "token_endpoint": "https://as.example/token",
            "code_challenge_methods_supported": ["S256"],
        });
        for (name, value) in more {
            members[*name] = value.clone();
        }
        AuthorizationServerMetadata::from_json(&members).unwrap().unwrap()
    }

    fn facts<'a>(
        metadata: &'a AuthorizationServerMetadata,
        known: &'a [String],
        scope: &'a ScopeSet,
    ) -> AddressFacts<'a> {
        AddressFacts {
            address: "https://rs.example/mcp",
            name: "Shop\n[token]",
            metadata,
            source: "https://rs.example/.well-known/oauth-protected-resource/mcp",
            date: "2026-11-27",
            base: "https://rs.example/mcp",
            resource: Some("https://rs.example/mcp"),
            known_scopes: known,
            scope,
            clients_of: "as.example",
            auth: ClientAuthMethod::None,
            redirect_uri: None,
            without_pkce: false,
        }
    }

    #[test]
    fn a_definition_says_what_the_servers_say() {
        let (metadata, scope) = (metadata(&[]), ScopeSet::parse("read"));
        let known = ["read".to_owned(), "odd\"\nscope".to_owned()];
        let text = facts(&metadata, &known, &scope).definition("rs.example-mcp");
        assert!(text.starts_with(MARK), "{text}");
        let definition = Catalogue::new(&NoFiles, None).compose("rs.example-mcp", Some((&text, "x.toml"))).unwrap();
        assert_eq!(definition.api.resource.as_deref(), Some("https://rs.example/mcp"));
        assert_eq!((definition.clients_id(), definition.client_auth()), ("as.example", ClientAuthMethod::None));
        assert_eq!((definition.default_scope(), definition.known_scopes()), (scope.clone(), scope));
        assert_eq!(definition.checked.as_deref(), Some("2026-11-27"));
        assert!(!definition.name.contains('\n'));
    }

    #[test]
    fn consent_is_forced_only_for_offline_access() {
        let metadata = metadata(&[("scopes_supported", json!(["openid", "offline_access"]))]);
        for (scope, prompt) in [("openid", None), ("openid offline_access", Some("login consent"))] {
            let text = facts(&metadata, &[], &ScopeSet::parse(scope)).definition("x");
            let table: toml::Table = toml::from_str(&text).unwrap();
            let authorize = table["authorize"].as_table().unwrap();
            let found = authorize.get("params").and_then(|params| params.get("prompt")?.as_str());
            assert_eq!(found, prompt, "{text}");
            assert_eq!(authorize["url"].as_str().unwrap().contains("prompt=login"), prompt.is_none());
        }
    }

    #[test]
    fn an_address_becomes_an_id() {
        for (address, id) in [
            ("https://mcp.example.com/mcp", "mcp.example.com-mcp"),
            ("https://id.example.com", "id.example.com"),
            ("https://ID.example.com/Realms/My%20Shop/", "id.example.com-realms-my-20shop"),
            ("http://127.0.0.1:8080/", "127.0.0.1-8080"),
            ("http://[::1]:8080/mcp", "1-8080-mcp"),
        ] {
            assert_eq!(id_of(&Url::parse(address).unwrap()), id);
        }
        let long = id_of(&Url::parse(&format!("https://a.example/{}", "x/".repeat(60))).unwrap());
        assert!(is_id(&long) && long.len() <= MAX_ID, "{long}");
    }
}
