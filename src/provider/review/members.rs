//! The names on the RFCs' side of a definition, which must be the RFCs', and the paths into replies.

use std::collections::BTreeMap;

use super::finding::{Findings, meant};
use crate::protocol::json_path::JsonPath;
use crate::provider::ProviderDefinition;
use crate::provider::departure::{Departure, value_of};
use crate::provider::quirks::Paging;

/// The members of a token reply that are read (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3), and the ends of the two
/// lifetimes.
const REPLY: [&str; 9] = [
    "access_token",
    "expires_at",
    "expires_in",
    "id_token",
    "refresh_token",
    "refresh_token_expires_at",
    "refresh_token_expires_in",
    "scope",
    "token_type",
];

/// The parameters of an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1, OpenID Connect Core
/// §3.1.2.1).
const AUTHORIZATION: [&str; 9] = [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "redirect_uri",
    "resource",
    "response_type",
    "scope",
    "state",
];

/// The parameters of a callback (RFC 6749 §4.1.2, §4.2.2, RFC 9207 §2).
const CALLBACK: [&str; 11] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "iss",
    "refresh_token",
    "scope",
    "state",
    "token_type",
];

/// The parameters of a token request (RFC 6749 §4.1.3, §4.4.2, §6, RFC 7636 §4.5, RFC 8628 §3.4, RFC 8707 §2.2).
const TOKEN: [&str; 11] = [
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "resource",
    "scope",
    "state",
];

/// The parameters of RFC 8693 §2.1 that are sent. The type, at the end, is the one that a definition may replace.
pub(super) const EXCHANGE: [&str; 5] =
    ["client_id", "client_secret", "grant_type", "subject_token", "subject_token_type"];

/// The parameters of a refresh (RFC 6749 §6) that can be left out. Its scope is not sent, so a definition may add one.
pub(super) const REFRESH: [&str; 5] = ["client_id", "client_secret", "grant_type", "refresh_token", "scope"];

/// The parameters of RFC 6749 §4.4.2.
pub(super) const CLIENT_CREDENTIALS: [&str; 4] = ["client_id", "client_secret", "grant_type", "scope"];

/// The parameters of a request for device codes (RFC 8628 §3.1).
pub(super) const DEVICE: [&str; 3] = ["client_id", "client_secret", "scope"];

/// The members of the reply with them (RFC 8628 §3.2).
const DEVICE_REPLY: [&str; 6] =
    ["device_code", "expires_in", "interval", "user_code", "verification_uri", "verification_uri_complete"];

/// The codes of a poll's errors (RFC 8628 §3.5).
const POLL: [&str; 4] = ["access_denied", "authorization_pending", "expired_token", "slow_down"];

/// The parameters of a revocation (RFC 7009 §2.1).
pub(super) const REVOCATION: [&str; 4] = ["client_id", "client_secret", "token", "token_type_hint"];

type Texts = Departure<BTreeMap<String, String>>;

/// A message of an RFC: what it is, its names, and what the definition adds to it.
#[derive(Clone, Copy)]
struct Message<'a> {
    is: &'static str,
    known: &'static [&'static str],
    added: Option<&'a Texts>,
}

pub(super) fn review(definition: &ProviderDefinition, findings: &mut Findings) {
    let ProviderDefinition {
        authorize,
        callback,
        token,
        device,
        refresh,
        exchange: second,
        revoke,
        client_credentials: alone,
        ..
    } = definition;
    let message = |is, known, added| Message { is, known, added };
    let request = message("a parameter of an authorization request", &AUTHORIZATION, Some(&authorize.params));
    let exchange = message("a parameter of a token request", &TOKEN, Some(&token.params));
    for (key, table, message) in [
        ("authorize.names", &authorize.names, request),
        ("callback.names", &callback.names, message("a parameter of a callback", &CALLBACK, None)),
        ("token.names", &token.names, exchange),
        ("device.names", &device.names, message("a parameter of a request for codes", &DEVICE, Some(&device.params))),
        ("device.response", &device.response, message("a member of the reply with the codes", &DEVICE_REPLY, None)),
        ("device.errors", &device.errors, message("a code of a poll's error (RFC 8628 §3.5)", &POLL, None)),
        (
            "client_credentials.names",
            &alone.names,
            message("a parameter of the client's own request", &CLIENT_CREDENTIALS, Some(&alone.params)),
        ),
        ("refresh.names", &refresh.names, message("a parameter of a refresh", &TOKEN, Some(&refresh.params))),
        ("exchange.names", &second.names, message("a parameter of a token exchange", &EXCHANGE, Some(&second.params))),
        ("revoke.names", &revoke.names, message("a parameter of a revocation", &REVOCATION, Some(&revoke.params))),
        ("token.response", &token.response, message("a member of a token reply that is read", &REPLY, None)),
    ] {
        for name in value_of(table).into_iter().flatten().map(|(name, _)| name) {
            message.expect(name, format!("{key}.{name}"), findings);
        }
    }
    for (key, omitted, message) in [
        ("authorize.omit", &authorize.omit, request),
        ("token.omit", &token.omit, exchange),
        ("refresh.omit", &refresh.omit, message("a parameter of a refresh", &REFRESH[..4], Some(&refresh.params))),
        ("exchange.omit", &second.omit, message("a parameter of a token exchange", &EXCHANGE, Some(&second.params))),
    ] {
        for (n, name) in value_of(omitted).into_iter().flatten().enumerate() {
            message.expect(name, format!("{key}[{n}]"), findings);
        }
    }
    paths(definition, findings);
}

impl Message<'_> {
    fn expect(self, name: &str, key: String, findings: &mut Findings) {
        let is_added = self.added.and_then(value_of).is_some_and(|added| added.contains_key(name));
        if !self.known.contains(&name) && !is_added {
            let meant = meant(name, self.known);
            findings.fault(key, format!("`{name}` is not {}, so this has no effect{meant}", self.is));
        }
    }
}

fn paths(definition: &ProviderDefinition, findings: &mut Findings) {
    let (token, api, scope) = (&definition.token, &definition.api, &definition.scope);
    let mut found: Vec<(String, &str)> = Vec::new();
    for (name, path) in value_of(&token.response).into_iter().flatten() {
        found.push((format!("token.response.{name}"), path));
    }
    for (name, path) in value_of(&definition.device.response).into_iter().flatten() {
        found.push((format!("device.response.{name}"), path));
    }
    for (key, paths) in
        [("token.error", &token.error), ("device.error", &definition.device.error), ("api.error", &api.error)]
    {
        for (n, path) in value_of(paths).into_iter().flatten().enumerate() {
            found.push((format!("{key}[{n}]"), path));
        }
    }
    for (name, path) in value_of(&token.further).into_iter().flatten() {
        let key = format!("token.further.{name}");
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            findings.fault(
                &key,
                "a name that people type after `--which` has only letters, digits, hyphens and underscores",
            );
        }
        found.push((key, path));
    }
    if let Some(mark) = value_of(&token.ok) {
        found.push(("token.ok.path".to_owned(), &mark.path));
    }
    for (key, refusals) in [("api.denied", &api.denied), ("api.invalid_token", &api.invalid_token)] {
        for (n, refusal) in value_of(refusals).into_iter().flatten().enumerate() {
            found.extend(refusal.path.as_deref().map(|path| (format!("{key}[{n}].path"), path)));
            found.extend(refusal.scope.as_deref().map(|path| (format!("{key}[{n}].scope"), path)));
        }
    }
    if let Some(Paging::Cursor { path, .. } | Paging::Url { path }) = value_of(&api.paging) {
        page_path("api.paging.path".to_owned(), path, findings);
    }
    for (n, path) in api.rows.iter().enumerate() {
        page_path(format!("api.rows[{n}]"), path, findings);
    }
    for (name, param) in &definition.params {
        found.extend(param.from_api.as_ref().map(|from| (format!("params.{name}.from_api.path"), from.path.as_str())));
        found.extend(param.from_token.as_deref().map(|path| (format!("params.{name}.from_token"), path)));
    }
    if let Some(account) = &scope.account {
        found.push(("scope.account.path".to_owned(), &account.path));
    }
    for (n, known) in scope.known.iter().enumerate() {
        for (name, need) in known.probe.iter().flat_map(|probe| &probe.needs) {
            found.push((format!("scope.known[{n}].probe.needs.{name}.path"), &need.path));
        }
    }
    for (key, path) in found {
        if let Some(problem) = not_a_path(path) {
            findings.fault(key, problem);
        }
    }
}

/// A path into a page may be in jq's notation.
fn page_path(key: String, path: &str, findings: &mut Findings) {
    match path.parse::<JsonPath>() {
        Ok(_) if !path.trim().is_empty() => {}
        Ok(_) => findings.fault(key, "the path is empty; the page itself is `.`"),
        Err(error) => findings.fault(key, error.to_string()),
    }
}

/// Returns what is wrong with a dotted path: it is empty, or in the notation of another tool.
fn not_a_path(path: &str) -> Option<String> {
    let dotted = path.trim().trim_start_matches('$').replace(['[', '/'], ".").replace([']', '"', '\''], "");
    let dotted: Vec<&str> = dotted.split('.').filter(|step| !step.is_empty()).collect();
    let is_foreign = path.starts_with('$') || path.starts_with('/') || path.contains('[');
    let is_broken = path.trim() != path || path.split('.').any(str::is_empty);
    if !is_foreign && !is_broken {
        return None;
    }
    let meant = if dotted.is_empty() { String::new() } else { format!("; did you mean `{}`?", dotted.join(".")) };
    Some(format!("`{path}` is not a dotted path such as `data.0.id`{meant}"))
}
