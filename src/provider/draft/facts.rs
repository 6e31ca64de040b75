//! What a server's metadata says of the keys of a definition: values that are in use, and notes beside keys.
//!
//! A key is in use only with a value that is known. An example in its place would be sent to a server that is not there,
//! and the draft would look finished. The one exception is `token.auth`, which is always in use: without the key the
//! secret goes into the body, as 0.1 did, and RFC 8414 §2 says that a server which is silent takes Basic.

use std::collections::BTreeMap;

use url::form_urlencoded;

use crate::protocol::client::ClientAuthMethod;
use crate::protocol::metadata::AuthorizationServerMetadata;
use crate::protocol::sanitize;
use crate::protocol::signing_algorithm::Algorithm;

/// The facts and notes of a draft, by the paths of their keys.
#[derive(Default)]
pub struct Facts {
    /// The keys in use, in TOML.
    pub values: BTreeMap<&'static str, String>,
    /// Notes on a key beside its help.
    pub notes: BTreeMap<&'static str, Vec<String>>,
}

/// The word for a method in a definition.
pub(super) fn word(method: ClientAuthMethod) -> &'static str {
    match method {
        ClientAuthMethod::Basic => "basic",
        ClientAuthMethod::Body => "body",
        ClientAuthMethod::None => "none",
    }
}

impl Facts {
    /// Returns the facts of a definition that stands alone.
    pub fn of_new(id: &str, metadata: Option<&AuthorizationServerMetadata>) -> Self {
        let mut facts = Self::of_overlay(metadata);
        facts.set("name", id);
        match metadata {
            Some(metadata) => facts.set("source", &metadata.issuer),
            None => facts.client_auth(None),
        }
        facts
    }

    /// Returns the facts of a file over a built-in definition, which is right about all that is not known.
    pub fn of_overlay(metadata: Option<&AuthorizationServerMetadata>) -> Self {
        let mut facts = Self::default();
        if let Some(metadata) = metadata {
            facts.endpoints(metadata);
            facts.issuer(metadata);
            facts.openid(metadata);
            facts.client_auth(Some(metadata));
            facts.grants(metadata);
            facts.other_endpoints(metadata);
            facts.pkce(metadata);
            facts.scopes(metadata);
        }
        facts
    }

    pub(super) fn set(&mut self, key: &'static str, value: &str) {
        self.values.insert(key, toml_text(value));
    }

    /// Adds a note. It becomes a comment, so nothing of a server's may end its line.
    pub(super) fn note(&mut self, key: &'static str, note: impl AsRef<str>) {
        let clean = sanitize::text(note.as_ref()).replace(['\r', '\n'], " ");
        self.notes.entry(key).or_default().push(clean);
    }

    fn endpoints(&mut self, metadata: &AuthorizationServerMetadata) {
        let endpoints = [
            ("authorize.url", "authorization_endpoint", &metadata.authorization_endpoint),
            ("token.url", "token_endpoint", &metadata.token_endpoint),
            ("par.url", "pushed_authorization_request_endpoint", &metadata.pushed_authorization_request_endpoint),
            ("device.url", "device_authorization_endpoint", &metadata.device_authorization_endpoint),
            ("revoke.url", "revocation_endpoint", &metadata.revocation_endpoint),
            ("introspect.url", "introspection_endpoint", &metadata.introspection_endpoint),
        ];
        for (key, member, url) in endpoints {
            match url {
                Some(url) => self.set(key, url),
                None => self.note(key, format!("The server's metadata has no `{member}`.")),
            }
        }
        self.consent(metadata);
    }

    /// What differs at the endpoints beside the token's.
    fn other_endpoints(&mut self, metadata: &AuthorizationServerMetadata) {
        if metadata.require_pushed_authorization_requests {
            self.values.insert("par.required", "true".to_owned());
        }
        for (key, methods) in [
            ("revoke.auth", &metadata.revocation_endpoint_auth_methods_supported),
            ("introspect.auth", &metadata.introspection_endpoint_auth_methods_supported),
        ] {
            let Some(own) = methods.as_ref().and_then(|methods| metadata.own_method(methods)) else { continue };
            self.set(key, word(own));
        }
    }

    fn issuer(&mut self, metadata: &AuthorizationServerMetadata) {
        if let Some(template) = &metadata.issuer_template {
            let note =
                format!("The server names its issuer for many tenants: {template}. It differs in each callback.");
            self.note("authorize.issuer", note);
            return;
        }
        self.set("authorize.issuer", &metadata.issuer);
        if !metadata.authorization_response_iss_parameter_supported {
            self.set("callback.iss", "may-be-missing");
        }
    }

    /// Without its keys nothing of an ID token is verified, so then no key of the section is in use.
    fn openid(&mut self, metadata: &AuthorizationServerMetadata) {
        let Some(jwks) = &metadata.jwks_uri else { return };
        self.set("openid.jwks_url", jwks);
        if let Some(template) = &metadata.issuer_template {
            self.set("openid.issuer", template);
        }
        if let Some(userinfo) = &metadata.userinfo_endpoint {
            self.set("openid.userinfo_url", userinfo);
        }
        let names = metadata.id_token_signing_alg_values_supported.iter();
        let known: Vec<String> =
            names.filter(|name| Algorithm::named(name).is_some()).map(|name| toml_text(name)).collect();
        if !known.is_empty() {
            self.values.insert("openid.algorithms", format!("[{}]", known.join(", ")));
        }
    }

    fn client_auth(&mut self, metadata: Option<&AuthorizationServerMetadata>) {
        let methods = metadata.and_then(|metadata| metadata.token_endpoint_auth_methods_supported.as_deref());
        // In our order of preference: RFC 6749 §2.3.1 asks servers for Basic, and advises against the body.
        let known = [("client_secret_basic", "basic"), ("client_secret_post", "body"), ("none", "none")];
        let is_offered = |method: &str| methods.is_none_or(|methods| methods.iter().any(|offered| offered == method));
        let offered = known.into_iter().find(|(method, _)| is_offered(method));
        self.set("token.auth", offered.map_or("basic", |(_, word)| word));
        self.note(
            "token.auth",
            match (methods, offered) {
                (None, _) if metadata.is_some() => {
                    "The server's metadata does not say, which means Basic (RFC 8414 §2).".to_owned()
                }
                (None, _) => "If the provider wants the secret in the body: \"body\".".to_owned(),
                (Some(methods), Some(_)) => format!("The server takes {}.", methods.join(", ")),
                (Some(methods), None) => {
                    format!("The server takes only {}, which oauthctl does not have.", methods.join(", "))
                }
            },
        );
        self.note("token.auth", "A client without a secret sends its id alone, whatever stands here.");
    }

    fn grants(&mut self, metadata: &AuthorizationServerMetadata) {
        let Some(grants) = &metadata.grant_types_supported else { return };
        let is_offered = |grant: &str| grants.iter().any(|offered| offered == grant);
        match (is_offered("authorization_code"), is_offered("implicit")) {
            (true, _) => {}
            (false, true) => drop(self.values.insert("grants", "[\"implicit\"]".to_owned())),
            (false, false) if metadata.device_authorization_endpoint.is_some() => {
                self.values.insert("grants", "[\"device\"]".to_owned());
            }
            (false, false) => {
                self.note("grants", format!("The server offers no login in a browser, only {}.", grants.join(", ")));
            }
        }
    }

    fn pkce(&mut self, metadata: &AuthorizationServerMetadata) {
        let methods = metadata.code_challenge_methods_supported.as_ref();
        let Some(methods) = methods else { return };
        match methods.iter().any(|method| method == "S256") {
            true => self.set("authorize.pkce", "S256"),
            false => {
                self.note("authorize.pkce", "The server does not announce S256 (RFC 7636). If it refuses the login:");
            }
        }
    }

    fn scopes(&mut self, metadata: &AuthorizationServerMetadata) {
        if !metadata.scopes_supported.is_empty() {
            let scopes =
                metadata.scopes_supported.iter().map(|scope| format!("    {{ name = {} }},\n", toml_text(scope)));
            self.values.insert("scope.known", format!("[\n{}]", scopes.collect::<String>()));
        }
        if gives_offline_access(metadata) {
            self.note("scope.default", "For a refresh token: default = [\"openid\", \"offline_access\"].");
        }
    }

    /// OpenID Connect Core §11: without `prompt=consent` a server ignores `offline_access`. A parameter may be sent only
    /// once (RFC 6749 §3.1), so a prompt in the endpoint's own query is taken into ours. `none` forbids any other.
    fn consent(&mut self, metadata: &AuthorizationServerMetadata) {
        let takes = |prompt: &str| {
            metadata.prompt_values_supported.as_ref().is_none_or(|known| known.iter().any(|known| known == prompt))
        };
        let Some(url) = metadata.authorization_endpoint.as_deref().filter(|_| gives_offline_access(metadata)) else {
            return;
        };
        let (url, mut prompts) = without_prompts(url);
        if !takes("consent") || prompts.iter().any(|prompt| prompt == "none" || prompt == "consent") {
            return;
        }
        prompts.push("consent".to_owned());
        self.set("authorize.url", &url);
        self.values.insert("authorize.params", format!("{{ prompt = {} }}", toml_text(&prompts.join(" "))));
        self.note(
            "authorize.params",
            "With `offline_access` the server gives a refresh token only to who was asked (OpenID Connect Core §11). \
             Without it, remove `prompt`.",
        );
    }
}

fn gives_offline_access(metadata: &AuthorizationServerMetadata) -> bool {
    let is_known = |scope: &str| metadata.scopes_supported.iter().any(|known| known == scope);
    is_known("openid") && is_known("offline_access")
}

/// Returns a URL without its `prompt`, and the values of it. The rest stays as it is written.
fn without_prompts(url: &str) -> (String, Vec<String>) {
    let Some((base, query)) = url.split_once('?') else { return (url.to_owned(), Vec::new()) };
    let mut prompts = Vec::new();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let found = form_urlencoded::parse(pair.as_bytes()).find(|(name, _)| name == "prompt");
            prompts.extend(found.iter().flat_map(|(_, value)| value.split_whitespace().map(str::to_owned)));
            found.is_none()
        })
        .collect();
    let url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    (url, prompts)
}

pub(super) fn toml_text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn facts(members: &Value) -> Facts {
        let mut metadata = json!({
            "issuer": "https://as.example",
            "authorization_endpoint": "https://as.example/authorize",
            "token_endpoint": "https://as.example/token",
        });
        for (name, value) in members.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        Facts::of_new("mine", AuthorizationServerMetadata::from_json(&metadata).unwrap().as_ref())
    }

    #[test]
    fn the_client_authentication_is_always_in_use() {
        for (methods, auth) in [
            (json!(null), "basic"),
            (json!([]), "basic"),
            (json!(["client_secret_basic"]), "basic"),
            (json!(["client_secret_post", "client_secret_basic"]), "basic"),
            (json!(["none", "client_secret_post"]), "body"),
            (json!(["client_secret_post", "private_key_jwt"]), "body"),
            (json!(["none"]), "none"),
            (json!(["none", "client_secret_basic"]), "basic"),
            (json!(["private_key_jwt"]), "basic"),
        ] {
            let facts = facts(&json!({ "token_endpoint_auth_methods_supported": methods }));
            assert_eq!(facts.values["token.auth"], format!("\"{auth}\""), "{methods}");
            let has_none = facts.notes["token.auth"].iter().any(|note| note.contains("does not have"));
            assert_eq!(has_none, methods == json!(["private_key_jwt"]), "{methods}");
        }
        assert_eq!(Facts::of_new("mine", None).values["token.auth"], "\"basic\"");
        assert!(Facts::of_overlay(None).values.is_empty());
    }

    #[test]
    fn only_what_the_server_names_is_in_use() {
        let only_token = facts(&json!({"authorization_endpoint": null, "revocation_endpoint": null}));
        let keys: Vec<&str> = only_token.values.keys().copied().collect();
        assert_eq!(keys, ["authorize.issuer", "callback.iss", "name", "source", "token.auth", "token.url"]);
        assert_eq!(only_token.notes["authorize.url"], ["The server's metadata has no `authorization_endpoint`."]);
    }

    #[test]
    fn offline_access_needs_consent_which_joins_another_prompt() {
        let scopes = json!(["openid", "offline_access"]);
        for (url, drafted, prompt) in [
            ("https://as.example/a", "https://as.example/a", Some("consent")),
            ("https://as.example/a?prompt=login", "https://as.example/a", Some("login consent")),
            (
                "https://as.example/a?x=%20y&prompt=select_account+login&z",
                "https://as.example/a?x=%20y&z",
                Some("select_account login consent"),
            ),
            ("https://as.example/a?prompt=none", "https://as.example/a?prompt=none", None),
            ("https://as.example/a?prompt=consent&x=1", "https://as.example/a?prompt=consent&x=1", None),
        ] {
            let facts = facts(&json!({"authorization_endpoint": url, "scopes_supported": scopes}));
            assert_eq!(facts.values["authorize.url"], toml_text(drafted));
            let expected = prompt.map(|prompt| format!("{{ prompt = \"{prompt}\" }}"));
            assert_eq!(facts.values.get("authorize.params"), expected.as_ref(), "{url}");
        }
        for members in [
            json!({}),
            json!({"scopes_supported": ["offline_access"]}),
            json!({"scopes_supported": ["openid", "email"]}),
            json!({"scopes_supported": scopes, "prompt_values_supported": ["none", "login"]}),
            json!({"scopes_supported": scopes, "authorization_endpoint": null}),
        ] {
            assert!(!facts(&members).values.contains_key("authorize.params"), "{members}");
        }
        let consents = json!({"scopes_supported": scopes, "prompt_values_supported": ["none", "consent"]});
        assert!(facts(&consents).values.contains_key("authorize.params"));
    }

    #[test]
    fn the_issuer_of_many_tenants_is_expected_of_no_callback() {
        let announced = json!({"authorization_response_iss_parameter_supported": true});
        assert_eq!(facts(&announced).values["authorize.issuer"], "\"https://as.example\"");
        assert!(!facts(&announced).values.contains_key("callback.iss"));
        let metadata = json!({"issuer": "x", "authorization_response_iss_parameter_supported": true});
        let mut metadata = AuthorizationServerMetadata::from_json(&metadata).unwrap().unwrap();
        metadata.issuer_template = Some("https://as.example/{tenantid}".to_owned());
        assert!(!Facts::of_new("mine", Some(&metadata)).values.contains_key("authorize.issuer"));
    }

    #[test]
    fn id_tokens_are_checked_with_what_the_server_publishes() {
        let members = json!({
            "jwks_uri": "https://as.example/keys",
            "userinfo_endpoint": "https://as.example/me",
            "id_token_signing_alg_values_supported": ["none", "RS256", "ES512", "EdDSA"],
        });
        let drafted = facts(&members);
        assert_eq!(drafted.values["openid.jwks_url"], "\"https://as.example/keys\"");
        assert_eq!(drafted.values["openid.userinfo_url"], "\"https://as.example/me\"");
        assert_eq!(drafted.values["openid.algorithms"], "[\"RS256\", \"EdDSA\"]");
        assert!(!drafted.values.contains_key("openid.issuer"), "it is that of `authorize.issuer`");
        let without = facts(&json!({"userinfo_endpoint": "https://as.example/me"}));
        assert!(without.values.keys().all(|key| !key.starts_with("openid.")));
    }

    #[test]
    fn the_grants_are_those_that_are_offered() {
        let of = |grants: Value| facts(&json!({ "grant_types_supported": grants }));
        assert!(!of(json!(null)).values.contains_key("grants"));
        assert!(!of(json!(["implicit", "authorization_code"])).values.contains_key("grants"));
        assert_eq!(of(json!(["implicit"])).values["grants"], "[\"implicit\"]");
        let alone = of(json!(["client_credentials", "x\ntoken.url = 'https://evil.example'"]));
        assert!(!alone.notes["grants"][0].contains('\n'));
        assert!(!alone.values.contains_key("grants") && alone.notes["grants"][0].contains("client_credentials"));
    }
}
