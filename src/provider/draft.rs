//! A definition to start from: every key, commented, with values from a server's metadata if known.
//!
//! A line of prose starts with `# `, an unused key with `#` alone. Removing that one character activates the key.

use std::collections::BTreeMap;

use super::ProviderDefinition;
use super::keys::{Absent, Form, Key};
use super::manual::evidence_example;
use crate::protocol::metadata::AuthorizationServerMetadata;

/// Returns the text of a new definition. A test reads it back, so that it is always usable.
pub fn draft(id: &str, metadata: Option<&AuthorizationServerMetadata>) -> String {
    let mut draft = Draft { text: String::new(), facts: facts(id, metadata), notes: notes(metadata) };
    draft.prose(&format!(
        "The provider `{id}`. A key that is left out means the behavior of the RFCs. `oauthctl man definition` explains each key."
    ));
    draft.prose("To use a key, remove the `#` in front of it and in front of its `#[section]`.");
    draft.prose("`oauthctl providers check FILE` validates the file.");
    draft.prose("For completion in editors, run `oauthctl providers schema > definition.json` and add the first line `#:schema ./definition.json`.");
    draft.prose("A key with an RFC default can carry the source of its value:");
    draft.prose(&evidence_example());
    draft.table("", ProviderDefinition::KEYS, true);
    draft.text
}

struct Draft {
    text: String,
    /// The active keys by their paths, in TOML.
    facts: BTreeMap<&'static str, String>,
    /// Notes on a key beside its help.
    notes: BTreeMap<&'static str, &'static str>,
}

impl Draft {
    fn prose(&mut self, line: &str) {
        self.text.push_str("# ");
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Writes a table: values first, as TOML requires, because what follows a header belongs to it.
    fn table(&mut self, path: &str, keys: &'static [Key], in_use: bool) {
        let inner = |key: &Key| if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        for key in keys {
            let path = inner(key);
            if section(key.form).is_none() || self.facts.contains_key(path.as_str()) {
                self.value(&path, key);
            }
        }
        for key in keys {
            let Some((keys, shape)) = section(key.form) else { continue };
            let path = inner(key);
            // An empty section has no effect, unless a key in it is required.
            let can_be_empty = keys.iter().all(|key| key.absent != Absent::Refused);
            let in_use = in_use && shape == Shape::Table && can_be_empty;
            let path = if shape == Shape::Named { format!("{path}.{}", key.sample_name()) } else { path };
            let mark = if in_use { "" } else { "#" };
            let (open, close) = if shape == Shape::List { ("[[", "]]") } else { ("[", "]") };
            self.text.push('\n');
            match self.facts.contains_key(path.as_str()) {
                true => self.prose(&format!("Instead of the list `{}`, for each entry:", key.name)),
                false => self.prose(&format!("{}.", key.help)),
            }
            self.text.push_str(&format!("{mark}{open}{path}{close}\n"));
            self.table(&path, keys, in_use);
        }
    }

    fn value(&mut self, path: &str, key: &Key) {
        self.text.push('\n');
        self.prose(&format!("{}. {}", key.help, key.otherwise()));
        if let Some(note) = self.notes.get(path) {
            self.prose(note);
        }
        if let Some(fact) = self.facts.get(path) {
            self.text.push_str(&format!("{} = {fact}\n", key.name));
            return;
        }
        for (n, example) in key.examples().iter().enumerate() {
            // One of several kinds is enough, and a key may appear only once.
            let mark = if n == 0 { "#" } else { "# or: " };
            self.text.push_str(&format!("{mark}{} = {example}\n", key.name));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Table,
    Named,
    List,
}

/// Returns the keys of a form that has a header of its own. A key that can have evidence is one value.
fn section(form: Form) -> Option<(&'static [Key], Shape)> {
    match form {
        Form::Table(keys) => Some((keys, Shape::Table)),
        Form::Names(Form::Table(keys)) => Some((keys, Shape::Named)),
        Form::List(Form::Table(keys)) => Some((keys, Shape::List)),
        _ => None,
    }
}

fn toml_text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn facts(id: &str, metadata: Option<&AuthorizationServerMetadata>) -> BTreeMap<&'static str, String> {
    let of = |url: Option<&String>, example: &str| toml_text(url.map_or(example, String::as_str));
    let mut facts = BTreeMap::from([
        ("name", toml_text(id)),
        ("source", toml_text(metadata.map_or("the document you read", |m| &m.issuer))),
        (
            "authorize.url",
            of(metadata.and_then(|m| m.authorization_endpoint.as_ref()), "https://shop.example/oauth/authorize"),
        ),
        ("token.url", of(metadata.and_then(|m| m.token_endpoint.as_ref()), "https://shop.example/oauth/token")),
        ("api.base", toml_text("https://shop.example/api")),
    ]);
    let Some(metadata) = metadata else { return facts };
    facts.insert("authorize.issuer", toml_text(&metadata.issuer));
    if !metadata.authorization_response_iss_parameter_supported {
        facts.insert("callback.iss", toml_text("may-be-missing"));
    }
    let methods = metadata.code_challenge_methods_supported.as_deref().unwrap_or_default();
    if methods.iter().any(|method| method == "S256") {
        facts.insert("authorize.pkce", toml_text("S256"));
    }
    let methods = &metadata.token_endpoint_auth_methods_supported;
    let offers = |method: &str| methods.iter().any(|offered| offered == method);
    if offers("client_secret_basic") && !offers("client_secret_post") {
        facts.insert("token.auth", toml_text("basic"));
    }
    for (path, url) in
        [("revoke.url", &metadata.revocation_endpoint), ("introspect.url", &metadata.introspection_endpoint)]
    {
        if let Some(url) = url {
            facts.insert(path, toml_text(url));
        }
    }
    if !metadata.scopes_supported.is_empty() {
        let scopes = metadata.scopes_supported.iter().map(|scope| format!("    {{ name = {} }},\n", toml_text(scope)));
        facts.insert("scope.known", format!("[\n{}]", scopes.collect::<String>()));
    }
    facts
}

fn notes(metadata: Option<&AuthorizationServerMetadata>) -> BTreeMap<&'static str, &'static str> {
    let methods = metadata.and_then(|metadata| metadata.code_challenge_methods_supported.as_ref());
    let mut notes = BTreeMap::new();
    if methods.is_some_and(|methods| !methods.iter().any(|method| method == "S256")) {
        notes.insert("authorize.pkce", "The server does not announce S256 (RFC 7636). If it refuses the login:");
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Catalogue;
    use crate::provider::catalogue::NoFiles;
    use crate::provider::keys::entries;

    #[test]
    fn a_draft_is_usable_as_it_is() {
        let definition =
            Catalogue::new(&NoFiles, None).compose("mine", Some((&draft("mine", None), "mine.toml"))).unwrap();
        assert_eq!(definition.token.url.first(), Some("https://shop.example/oauth/token"));
    }

    #[test]
    fn a_draft_has_every_key_and_each_can_be_activated() {
        let text = draft("mine", None);
        for entry in entries(ProviderDefinition::KEYS) {
            let name = entry.key.name;
            let stands =
                [format!("\n#{name} = "), format!("\n{name} = "), format!("{{ {name} = "), format!(", {name} = ")];
            let header = entry.path.replace("[]", "");
            assert!(stands.iter().any(|key| text.contains(key)) || text.contains(&header), "{}", entry.path);
        }
        let in_use: String = text
            .lines()
            .map(|line| line.strip_prefix('#').filter(|key| !key.starts_with([' ', ':'])).unwrap_or(line))
            .flat_map(|line| [line, "\n"])
            .collect();
        crate::provider::reader::read(&in_use, "mine.toml").unwrap_or_else(|error| panic!("{error:?}\n{in_use}"));
        let unused = in_use.lines().filter(|line| line.starts_with("# or: "));
        for line in unused {
            let paging = format!("[api]\n{}", line.trim_start_matches("# or: "));
            crate::provider::reader::read(&paging, "mine.toml").unwrap();
        }
    }

    #[test]
    fn a_draft_contains_and_quotes_the_servers_metadata() {
        let metadata = AuthorizationServerMetadata::from_json(&serde_json::json!({
            "issuer": "https://as.example",
            "authorization_endpoint": "https://as.example/authorize",
            "token_endpoint": "https://as.example/token",
            "revocation_endpoint": "https://as.example/revoke",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "scopes_supported": ["openid", "odd\"\nname"],
            "authorization_response_iss_parameter_supported": true,
            "code_challenge_methods_supported": ["plain", "S256"],
        }))
        .unwrap()
        .unwrap();
        let text = draft("mine", Some(&metadata));
        let definition = Catalogue::new(&NoFiles, None).compose("mine", Some((&text, "mine.toml"))).unwrap();
        assert_eq!(definition.authorize.issuer.as_deref(), Some("https://as.example"));
        assert!(definition.callback.iss.is_none() && definition.authorize.pkce.is_some());
        assert_eq!(definition.client_auth(), crate::protocol::client::ClientAuthMethod::Basic);
        assert_eq!(definition.revoke.url.unwrap().value, "https://as.example/revoke");
        assert_eq!(definition.scope.known[1].name, "odd\"\nname");
    }

    #[test]
    fn a_draft_says_only_what_the_server_announces() {
        let metadata = serde_json::json!({"issuer": "https://as.example"});
        let metadata = AuthorizationServerMetadata::from_json(&metadata).unwrap().unwrap();
        let text = draft("mine", Some(&metadata));
        let definition = Catalogue::new(&NoFiles, None).compose("mine", Some((&text, "mine.toml"))).unwrap();
        // RFC 9207 §2.4: an issuer that is not announced may come, and is compared then.
        assert_eq!(definition.authorize.issuer.as_deref(), Some("https://as.example"));
        assert_eq!(definition.callback.iss.unwrap().value, crate::provider::quirks::IssuerEcho::MayBeMissing);
        assert!(definition.authorize.pkce.is_none());
    }
}
