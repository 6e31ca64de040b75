//! A definition to start from: every key, commented, with values from a server's metadata if known.
//!
//! A line of prose starts with `# `, an unused key with `#` alone. Removing that one character activates the key.

mod api;
mod by_address;
mod facts;

pub use api::ApiFacts;
pub use by_address::{AddressFacts, MARK, id_of};

use self::facts::Facts;
use super::ProviderDefinition;
use super::keys::{Absent, Form, Key};
use super::manual::evidence_example;
use crate::protocol::metadata::AuthorizationServerMetadata;

/// Returns the text of a new definition, or of a file over a built-in one, with all that the metadata and the API's
/// document say. A test reads it back.
pub fn draft(
    id: &str,
    is_overlay: bool,
    metadata: Option<&AuthorizationServerMetadata>,
    api: Option<&ApiFacts<'_>>,
) -> String {
    draft_with(id, is_overlay, metadata, api, &[])
}

/// The same, with keys that a person typed.
pub fn draft_with(
    id: &str,
    is_overlay: bool,
    metadata: Option<&AuthorizationServerMetadata>,
    api: Option<&ApiFacts<'_>>,
    typed: &[(&'static str, &str)],
) -> String {
    let mut facts = if is_overlay { Facts::of_overlay(metadata) } else { Facts::of_new(id, metadata) };
    if let Some(api) = api {
        facts.add_api(api, is_overlay);
    }
    typed.iter().for_each(|(key, value)| facts.set(key, value));
    let mut draft = Draft { text: String::new(), facts };
    draft.prose(&match is_overlay {
        true => format!("Changes to the built-in provider `{id}`, key by key. What is left out stays as `oauthctl providers show {id}` says. `oauthctl man definition` explains each key."),
        false => format!("The provider `{id}`. A key that is left out means the behavior of the RFCs. `oauthctl man definition` explains each key."),
    });
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
    facts: Facts,
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
            if section(key.form).is_none() || self.facts.values.contains_key(path.as_str()) {
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
            match self.facts.values.contains_key(path.as_str()) {
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
        for note in self.facts.notes.get(path).cloned().unwrap_or_default() {
            self.prose(&note);
        }
        if let Some(fact) = self.facts.values.get(path) {
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

#[cfg(test)]
mod api_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Catalogue;
    use crate::provider::catalogue::NoFiles;
    use crate::provider::keys::entries;

    fn compose(id: &str, text: &str) -> ProviderDefinition {
        Catalogue::new(&NoFiles, None).compose(id, Some((text, "mine.toml"))).unwrap()
    }

    #[test]
    fn a_draft_loads_and_has_no_made_up_value_in_use() {
        let definition = compose("mine", &draft("mine", false, None, None));
        assert!(definition.authorize.url.0.is_empty() && definition.token.url.0.is_empty());
        assert!(definition.api.base.0.is_empty() && definition.source.is_none());
        let keys: Vec<String> = definition.departures().into_iter().map(|line| line.key).collect();
        assert_eq!(keys, ["token.auth"]);
    }

    #[test]
    fn an_overlay_draft_changes_nothing_of_the_built_in_one() {
        for (id, _) in crate::provider::builtin::texts() {
            let value = |definition: ProviderDefinition| serde_json::to_value(definition).unwrap();
            let built_in = Catalogue::new(&NoFiles, None).get(id).unwrap();
            assert_eq!(value(compose(id, &draft(id, true, None, None))), value(built_in), "{id}");
        }
    }

    #[test]
    fn a_draft_has_every_key_and_each_can_be_activated() {
        let text = draft("mine", false, None, None);
        for entry in entries(ProviderDefinition::KEYS) {
            let name = entry.key.name;
            let stands =
                [format!("\n#{name} = "), format!("\n{name} = "), format!("{{ {name} = "), format!(", {name} = ")];
            let header = entry.path.replace("[]", "").replace("params.NAME", "params.store");
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
        let text = draft("mine", false, Some(&metadata), None);
        let definition = compose("mine", &text);
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
        let definition = compose("mine", &draft("mine", false, Some(&metadata), None));
        // RFC 9207 §2.4: an issuer that is not announced may come, and is compared then.
        assert_eq!(definition.authorize.issuer.as_deref(), Some("https://as.example"));
        assert_eq!(definition.callback.iss.unwrap().value, crate::provider::quirks::IssuerEcho::MayBeMissing);
        assert!(definition.authorize.pkce.is_none());
    }
}
