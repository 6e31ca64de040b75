//! What a provider is: one TOML file, read into these types. Unknown keys are refused, with line and column.
//!
//! Everything that a definition leaves out is as the RFCs say. A value that departs from them is [`Documented`]: it can
//! stand bare, and in a built-in definition it carries its source and date.

use std::collections::BTreeMap;

use serde::Serialize;

use super::departure::{Departure, Seen, value_of};
use super::keys::{Absent, entries, keys};
use super::quirks::{Lifetime, Pkce, TokenPlacement};
use super::scopes::Scopes;
use super::sections::{
    Alternative, Api, App, Authorize, Callback, Introspect, Redirect, Refresh, Revoke, Sample, Token,
};
use super::template::Param;
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;

keys! {
    /// A provider, as its file has it.
    #[derive(Default)]
    pub struct ProviderDefinition {
        beside {
            /// What people type after `--provider`. Given by the file's name.
            #[serde(skip_deserializing)]
            pub id: String,
        }
        key name: String { help: "What people call the provider", absent: "its id", example: "\"My shop API\"" }
        key source: Option<String> {
            help: "The documents that the definition was made from",
            absent: "not known",
            example: "\"https://shop.example/docs/oauth\"",
        }
        key checked: Option<String> {
            help: "The day on which they were read",
            absent: "not known",
            example: "\"2026-01-31\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key alternative: Option<String> {
            help: "In a file over a built-in definition: which of its alternatives to take",
            absent: "none of them",
            example: "\"app-hosts\"",
        }
        departure grants: Vec<GrantKind> {
            help: "The ways to a token, the preferred one first",
            rfc: "authorization-code (RFC 6749 §4.1; RFC 9700 §2.1.2)",
            example: "[\"authorization-code\"]",
        }
        key app: App { help: "How a person registers an app at the provider", absent: "nothing" }
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        key params: BTreeMap<String, Param> {
            help: "Parts of the URLs that differ from shop to shop; `{NAME}` stands for one of them",
            absent: "none",
            example: "store",
        }
        key authorize: Authorize { help: "The authorization endpoint (RFC 6749 §4.1.1)", absent: "none" }
        key callback: Callback { help: "What the browser brings back (RFC 6749 §4.1.2)", absent: "as the RFC has it" }
        key redirect: Redirect {
            help: "Which redirect URIs can be registered (RFC 6749 §3.1.2, RFC 8252 §7)",
            absent: "as the RFCs have it",
        }
        key token: Token { help: "The token endpoint (RFC 6749 §4.1.3, §5)", absent: "none" }
        key refresh: Refresh { help: "How a token is refreshed (RFC 6749 §6)", absent: "as the RFC has it" }
        key revoke: Revoke { help: "The revocation endpoint (RFC 7009)", absent: "none" }
        key introspect: Introspect { help: "The introspection endpoint (RFC 7662)", absent: "none" }
        key scope: Scopes { help: "The scopes, and how they are written (RFC 6749 §3.3)", absent: "none" }
        key api: Api { help: "The API that the token is for", absent: "none" }
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        key alternatives: BTreeMap<String, Alternative> {
            help: "Other values that are documented somewhere; `alternative = \"NAME\"` in a file over this one takes them",
            absent: "none",
            example: "app-hosts",
        }
        #[serde(skip_serializing)]
        key demo: bool {
            help: "Whether `oauthctl demo` shows this provider where none is named",
            absent: "false",
            example: "true",
        }
        #[serde(skip_serializing)]
        key samples: Vec<Sample> { help: "What the emulator answers to API requests", absent: "none; it knows no path" }
        #[serde(skip_serializing)]
        key sample_reply: toml::Table {
            help: "Members that the emulator adds to its token reply",
            absent: "none",
            example: "{ shop = \"example-shop\" }",
        }
    }
}

/// One line of `providers show`: where the provider departs from the RFC, and how one knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DepartureLine {
    pub key: String,
    pub value: serde_json::Value,
    pub rfc: &'static str,
    pub source: Option<String>,
    pub checked: Option<String>,
    pub seen: String,
    pub note: Option<String>,
}

impl ProviderDefinition {
    pub fn separator(&self) -> &str {
        value_of(&self.scope.separator).map_or(" ", String::as_str)
    }

    pub fn pkce(&self) -> Pkce {
        value_of(&self.authorize.pkce).copied().unwrap_or_default()
    }

    pub fn always_granted(&self) -> ScopeSet {
        value_of(&self.scope.always).into_iter().flatten().map(String::as_str).collect()
    }

    pub fn default_scope(&self) -> ScopeSet {
        self.scope.default.iter().map(String::as_str).collect()
    }

    pub fn known_scopes(&self) -> ScopeSet {
        self.scope.known.iter().map(|scope| scope.name.as_str()).collect()
    }

    /// The ways to a token, the preferred one first; never empty.
    pub fn grants(&self) -> Vec<GrantKind> {
        match value_of(&self.grants) {
            Some(grants) if !grants.is_empty() => grants.clone(),
            _ => vec![GrantKind::AuthorizationCode],
        }
    }

    pub fn never_expires(&self) -> bool {
        value_of(&self.token.lifetime) == Some(&Lifetime::Never)
    }

    pub fn client_auth(&self) -> ClientAuthMethod {
        value_of(&self.token.auth).copied().unwrap_or_default()
    }

    /// Ways to present the token, the preferred one first; never empty.
    pub fn token_placements(&self) -> Vec<TokenPlacement> {
        match value_of(&self.api.token) {
            Some(placements) if !placements.is_empty() => placements.clone(),
            _ => vec![TokenPlacement::bearer()],
        }
    }

    /// Every departure from the RFCs, in the order of the keys.
    pub fn departures(&self) -> Vec<DepartureLine> {
        let mut lines = Vec::new();
        // The types above decide what is a departure, so their serialized form is what is searched.
        if let Ok(tree) = serde_json::to_value(self) {
            collect_departures(&tree, String::new(), &rfc_defaults(), &mut lines);
        }
        lines
    }
}

/// The RFCs' behaviour for each key that can depart from it, by its path.
pub fn rfc_defaults() -> BTreeMap<String, &'static str> {
    let rows = entries(ProviderDefinition::KEYS).into_iter();
    rows.filter_map(|entry| match entry.key.absent {
        Absent::Rfc(words) => Some((entry.path, words)),
        _ => None,
    })
    .collect()
}

fn collect_departures(
    tree: &serde_json::Value,
    path: String,
    defaults: &BTreeMap<String, &'static str>,
    lines: &mut Vec<DepartureLine>,
) {
    let Some(object) = tree.as_object() else { return };
    let text = |key: &str| object.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    if let (Some(value), Some(seen)) = (object.get("value"), object.get("seen")) {
        let rfc = defaults.get(&path).copied().unwrap_or_default();
        let seen: Seen = serde_json::from_value(seen.clone()).unwrap_or_default();
        lines.push(DepartureLine {
            value: value.clone(),
            rfc,
            source: text("source"),
            checked: text("checked"),
            seen: seen.in_words().to_owned(),
            note: text("note"),
            key: path,
        });
        return;
    }
    for (key, inner) in object.iter().filter(|(key, _)| *key != "alternatives") {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        collect_departures(inner, path, defaults, lines);
    }
}
