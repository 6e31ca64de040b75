//! The definition of a provider: one TOML file, read into these types. Unknown keys are refused, with line and column.
//!
//! A key that is left out means the behavior of the RFCs. A value that departs from them is [`Documented`]: it can be
//! written alone, and in a built-in definition it carries its source and date.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::DefinitionError;
use super::departure::{Departure, Seen, value_of};
use super::endpoint::UrlTemplates;
use super::keys::{Absent, entries, keys};
use super::param::Param;
use super::proof::Proofs;
use super::quirks::{Lifetime, Pkce, TokenPlacement};
use super::scopes::Scopes;
use super::sections::{
    Alternative, Api, App, Authorize, Callback, ClientCredentials, Device, Exchange, Introspect, OpenId, Par, Redirect,
    Refresh, Revoke, Sample, Token,
};
use super::token_prefix::{self, TokenPrefix};
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::grant::GrantKind;
use crate::protocol::scope::ScopeSet;

/// The scope of a refresh token.
const OFFLINE: &str = "offline_access";

keys! {
    /// The definition of a provider, as it stands in its file.
    #[derive(Default)]
    pub struct ProviderDefinition {
        beside {
            /// The id that people type after `--provider`. It is the file's name.
            #[serde(skip_deserializing)]
            pub id: String,
            /// The user's file that makes or changes it. An error names it.
            #[serde(skip)]
            pub file: Option<String>,
        }
        key name: String { help: "The provider's display name", absent: "its id", example: "\"My shop API\"" }
        #[serde(skip_serializing_if = "Option::is_none")]
        key about: Option<String> {
            help: "What the provider is, in a few words",
            absent: "unknown",
            example: "\"product reviews for shops\"",
        }
        #[serde(skip_serializing_if = "Vec::is_empty")]
        key aliases: Vec<String> {
            help: "In a built-in definition: other ids that people may type",
            absent: "none",
            example: "[\"shp\"]",
        }
        #[serde(skip_serializing_if = "Vec::is_empty")]
        key words: Vec<String> {
            help: "Further words to find it by",
            absent: "none",
            example: "[\"shop\", \"e-commerce\"]",
        }
        #[serde(skip_serializing_if = "is_zero")]
        key popularity: u16 {
            help: "Its rank in lists: the higher, the earlier",
            absent: "0",
            example: "50",
        }
        #[serde(skip_serializing)]
        key since: Option<String> {
            help: "In a built-in definition: the version whose files of this name lie over it, even if they have all addresses",
            absent: "a file that has all addresses stands for itself",
            example: "\"0.1\"",
        }
        key source: Option<String> {
            help: "The documents that the definition is based on",
            absent: "unknown",
            example: "\"https://shop.example/docs/oauth\"",
        }
        key checked: Option<String> {
            help: "The date they were read",
            absent: "unknown",
            example: "\"2026-01-31\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key alternative: Option<String> {
            help: "In a file over a built-in definition: the alternative to use",
            absent: "none",
            example: "\"app-hosts\"",
        }
        departure grants: Vec<GrantKind> {
            help: "The supported grants, the preferred one first",
            rfc: "authorization-code (RFC 6749 §4.1; RFC 9700 §2.1.2)",
            example: "[\"authorization-code\"]",
        }
        key app: App { help: "Instructions to register an app at the provider", absent: "nothing" }
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        key params: BTreeMap<String, Param> {
            help: "Parts of the URLs that differ from shop to shop, written `{NAME}` in a URL",
            absent: "none",
            example: "store",
        }
        key authorize: Authorize { help: "The authorization endpoint (RFC 6749 §4.1.1)", absent: "none" }
        key par: Par { help: "Pushed authorization requests (RFC 9126)", absent: "none" }
        key callback: Callback { help: "The authorization response (RFC 6749 §4.1.2)", absent: "as in the RFC" }
        key redirect: Redirect {
            help: "The redirect URIs that can be registered (RFC 6749 §3.1.2, RFC 8252 §7)",
            absent: "as in the RFCs",
        }
        key token: Token { help: "The token endpoint (RFC 6749 §4.1.3, §5)", absent: "none" }
        key device: Device { help: "Device authorization (RFC 8628)", absent: "none" }
        key exchange: Exchange {
            help: "A second exchange: the login's token for another one (RFC 8693)",
            absent: "the login keeps its first token",
        }
        key refresh: Refresh { help: "The refresh request (RFC 6749 §6)", absent: "as in the RFC" }
        key client_credentials: ClientCredentials {
            help: "The request for a token of the client itself (RFC 6749 §4.4)",
            absent: "as in the RFC",
        }
        key revoke: Revoke { help: "The revocation endpoint (RFC 7009)", absent: "none" }
        key introspect: Introspect { help: "The introspection endpoint (RFC 7662)", absent: "none" }
        key openid: OpenId { help: "ID tokens (OpenID Connect Core)", absent: "an ID token is kept without being verified" }
        key scope: Scopes { help: "The scopes and their notation (RFC 6749 §3.3)", absent: "none" }
        key api: Api { help: "The API that the token is for", absent: "none" }
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        key alternatives: BTreeMap<String, Alternative> {
            help: "Other documented values. A file over this one selects them with `alternative = \"NAME\"`",
            absent: "none",
            example: "app-hosts",
        }
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        key evidence: Proofs {
            help: "How values are known that have no source beside them, by their key; a key covers everything below it, the longest counts, and `*` covers all",
            absent: "by `source`",
            example: "\"authorize.url\"",
        }
        #[serde(skip_serializing)]
        key demo: bool {
            help: "Use this provider for `oauthctl demo` if none is named",
            absent: "false",
            example: "true",
        }
        #[serde(skip_serializing)]
        key samples: Vec<Sample> { help: "The emulator's replies to API requests", absent: "none, so every path answers 404" }
        #[serde(skip_serializing)]
        key sample_reply: toml::Table {
            help: "Members that the emulator adds to its token reply",
            absent: "none",
            example: "{ shop = \"example-shop\" }",
        }
    }
}

fn is_zero(number: &u16) -> bool {
    *number == 0
}

/// One line of `providers show`: a departure from the RFC, and the evidence for it.
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

    /// Returns these scopes with the one for a refresh token (OpenID Connect Core §11), if the provider knows it and it is not
    /// among them.
    pub fn with_refresh_token(&self, asked: &ScopeSet) -> Option<ScopeSet> {
        let is_known = self.scope.known.iter().any(|scope| scope.name == OFFLINE);
        (is_known && !asked.contains(OFFLINE)).then(|| asked.union(&ScopeSet::parse(OFFLINE)))
    }

    pub fn default_scope(&self) -> ScopeSet {
        self.scope.default.iter().map(String::as_str).collect()
    }

    /// Returns `true` if the provider's documents say that there are no scopes: the request never names any.
    pub fn is_without_scopes(&self) -> bool {
        let omitted = value_of(&self.authorize.omit).is_some_and(|omitted| omitted.iter().any(|name| name == "scope"));
        omitted && self.scope.known.is_empty()
    }

    pub fn known_scopes(&self) -> ScopeSet {
        self.scope.known.iter().map(|scope| scope.name.as_str()).collect()
    }

    /// Returns the supported grants, the preferred one first; never empty. Where there are device codes to be had, they
    /// are offered.
    pub fn grants(&self) -> Vec<GrantKind> {
        let has_device = !self.device.url.0.is_empty();
        let mut grants = match value_of(&self.grants) {
            Some(grants) if !grants.is_empty() => grants.clone(),
            _ if has_device && self.authorize.url.0.is_empty() => Vec::new(),
            _ => vec![GrantKind::AuthorizationCode],
        };
        if has_device && !grants.contains(&GrantKind::DeviceCode) {
            grants.push(GrantKind::DeviceCode);
        }
        grants
    }

    /// Lists the parameters that a person has to give.
    pub fn needed_params(&self) -> impl Iterator<Item = &str> {
        let needed =
            self.params.iter().filter(|(_, param)| !param.secret && !param.optional && param.default.is_none());
        needed.filter(|(_, param)| !param.is_captured()).map(|(name, _)| name.as_str())
    }

    /// Returns `true` if a token can be requested by this grant. A user's file that does not list its grants says nothing
    /// about the client's own: then it is up to the provider.
    pub fn offers(&self, grant: GrantKind) -> bool {
        let is_silent = self.grants.is_none() && self.file.is_some() && !self.token.url.0.is_empty();
        self.grants().contains(&grant) || (is_silent && grant == GrantKind::ClientCredentials)
    }

    pub fn never_expires(&self) -> bool {
        value_of(&self.token.lifetime) == Some(&Lifetime::Never)
    }

    /// Returns how long a refresh token lives that is not used, if it dies of that.
    pub fn idle_limit(&self) -> Option<Duration> {
        value_of(&self.refresh.idle).map(|limit| limit.0)
    }

    pub fn client_auth(&self) -> ClientAuthMethod {
        value_of(&self.token.auth).copied().unwrap_or_default()
    }

    /// Returns the id under which the provider's clients are registered.
    pub fn clients_id(&self) -> &str {
        self.app.clients_of.as_deref().unwrap_or(&self.id)
    }

    /// Returns what the prefix of a token tells about it.
    pub fn token_prefix(&self, token: &str) -> Option<&TokenPrefix> {
        token_prefix::of(token, self.token_prefixes().iter())
    }

    /// Returns the prefixes of the provider's tokens.
    pub fn token_prefixes(&self) -> &[TokenPrefix] {
        value_of(&self.token.prefixes).map_or(&[], Vec::as_slice)
    }

    /// Returns the ways to present the token, the preferred one first; never empty.
    pub fn token_placements(&self) -> Vec<TokenPlacement> {
        match value_of(&self.api.token) {
            Some(placements) if !placements.is_empty() => placements.clone(),
            _ => vec![TokenPlacement::bearer()],
        }
    }

    /// Lists the addresses of a definition with their keys, before they are filled in.
    pub fn addresses(&self) -> Vec<(&'static str, Vec<&str>)> {
        fn many(templates: &UrlTemplates) -> Vec<&str> {
            templates.0.iter().map(String::as_str).collect()
        }
        fn one(template: &Departure<String>) -> Vec<&str> {
            value_of(template).into_iter().map(String::as_str).collect()
        }
        vec![
            ("authorize.url", many(&self.authorize.url)),
            ("par.url", one(&self.par.url)),
            ("token.url", many(&self.token.url)),
            ("device.url", many(&self.device.url)),
            ("device.token_url", one(&self.device.token_url)),
            ("exchange.url", many(&self.exchange.url)),
            ("refresh.url", one(&self.refresh.url)),
            ("revoke.url", one(&self.revoke.url)),
            ("introspect.url", one(&self.introspect.url)),
            ("openid.jwks_url", one(&self.openid.jwks_url)),
            ("openid.userinfo_url", one(&self.openid.userinfo_url)),
            ("api.base", many(&self.api.base)),
            ("params.from_api", self.params.values().filter_map(|p| Some(p.from_api.as_ref()?.url.as_str())).collect()),
            ("api.origins", self.api.origins.iter().map(String::as_str).collect()),
        ]
    }

    /// Returns the error for a wrong value of this key.
    pub fn wrong(&self, key: &str, problem: impl Into<String>) -> DefinitionError {
        DefinitionError::Wrong {
            id: self.id.clone(),
            file: self.file.clone(),
            place: None,
            key: key.to_owned(),
            problem: problem.into(),
        }
    }

    /// Lists every departure from the RFCs, in the order of the keys.
    pub fn departures(&self) -> Vec<DepartureLine> {
        let mut lines = Vec::new();
        // The types above decide what counts as a departure, so their serialized form is searched.
        if let Ok(tree) = serde_json::to_value(self) {
            collect_departures(&tree, String::new(), &rfc_defaults(), &mut lines);
        }
        lines
    }
}

/// Returns the RFCs' behavior for each key that can depart from it, by its path.
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
    for (key, inner) in object.iter().filter(|(key, _)| !["alternatives", "evidence"].contains(&key.as_str())) {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        collect_departures(inner, path, defaults, lines);
    }
}
