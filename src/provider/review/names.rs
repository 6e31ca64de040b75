//! The names in braces: each must be known in its place, and be filled in there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::finding::{Findings, meant};
use crate::provider::ProviderDefinition;
use crate::provider::departure::{Departure, value_of};
use crate::provider::param::Param;
use crate::provider::template::{Part, names, parts};

pub(super) fn review(definition: &ProviderDefinition, findings: &mut Findings) {
    let mut check = |key: &str, texts: &Departure<BTreeMap<String, String>>, known: &[&str], when: When| {
        for (name, text) in value_of(texts).into_iter().flatten() {
            template(definition, &format!("{key}.{name}"), text, known, when, findings);
        }
    };
    let (authorize, token, api) = (&definition.authorize, &definition.token, &definition.api);
    check("authorize.params", &authorize.params, &["state", "client_id", "random"], When::Authorizing);
    check("token.params", &token.params, &["state", "client_id"], When::Exchanging);
    check("token.headers", &token.headers, &["client_id", "random"], When::Exchanging);
    check("device.params", &definition.device.params, &["client_id"], When::Authorizing);
    let of_a_poll = ["client_id", "user_code", "scope"];
    check("device.token_params", &definition.device.token_params, &of_a_poll, When::Authorizing);
    let alone = &definition.client_credentials;
    check("client_credentials.params", &alone.params, &["client_id"], When::Authorizing);
    // A refresh has no state.
    check("refresh.params", &definition.refresh.params, &["client_id"], When::Later);
    check("exchange.params", &definition.exchange.params, &["client_id"], When::Later);
    check("revoke.params", &definition.revoke.params, &["client_id"], When::Later);
    check("api.headers", &api.headers, &["client_id", "client_secret", "random"], When::Later);
    check("api.query", &api.query, &["client_id"], When::Later);
    if let Some(halves) = value_of(&token.basic) {
        for (key, text) in [("token.basic.user", &halves.user), ("token.basic.password", &halves.password)] {
            template(definition, key, text, &["client_id", "client_secret"], When::Exchanging, findings);
        }
    }
    for (n, step) in definition.app.steps.iter().enumerate() {
        if let Some(name) = names(step).into_iter().find(|name| *name != "redirect_uri") {
            findings.note(
                format!("app.steps[{n}]"),
                format!("`{{{name}}}` is shown as it is; only `{{redirect_uri}}` is filled in"),
            );
        }
    }
    for (n, scope) in definition.scope.known.iter().enumerate() {
        let body = scope.probe.as_ref().and_then(|probe| serde_json::from_str(probe.body.as_deref()?).ok());
        if let Some(name) = body.as_ref().and_then(name_in_body) {
            findings.fault(
                format!("scope.known[{n}].probe.body"),
                format!("`{{{name}}}` is sent as it is: only the path of a probe is filled in"),
            );
        }
    }
}

/// The time at which a text is filled in, which decides what the provider has told by then.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// Before the callback.
    Authorizing,
    /// Before the token reply.
    Exchanging,
    Later,
}

fn template(
    definition: &ProviderDefinition,
    key: &str,
    text: &str,
    known: &[&str],
    when: When,
    findings: &mut Findings,
) {
    for name in names(text) {
        if known.contains(&name) {
            continue;
        }
        let Some(param) = definition.params.get(name) else {
            let all: Vec<&str> = known.iter().copied().chain(definition.params.keys().map(String::as_str)).collect();
            let there = match all.as_slice() {
                [] => "nothing is filled in here".to_owned(),
                all => format!("here there are `{{{}}}`", all.join("}`, `{")),
            };
            findings.fault(key, format!("`{{{name}}}` is not known: {there}{}", meant(name, &all)));
            continue;
        };
        let comes_later = param.default.is_none()
            && match when {
                When::Authorizing => param.is_captured(),
                When::Exchanging => param.comes_after_the_exchange(),
                When::Later => false,
            };
        if comes_later {
            findings.fault(
                key,
                format!("`{{{name}}}` is known only from the provider's answer, which comes after it is used"),
            );
        } else if is_missing_at_times(param) && key.starts_with("token.basic") {
            findings.note(key, format!("`{{{name}}}` is optional, and without a value the request fails"));
        }
    }
    if let Some(part) = misspelt_braces(text) {
        findings.fault(key, format!("`{part}` is sent as it is; a name stands in single braces, without spaces"));
    }
}

fn is_missing_at_times(param: &Param) -> bool {
    param.optional && param.default.is_none() && !param.is_captured()
}

/// Returns braces that were probably meant for a name: `{ store }`, `{{store}}`, `${store}`, `{store` at the end.
pub(super) fn misspelt_braces(text: &str) -> Option<String> {
    let is_name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let split = parts(text);
    for (n, part) in split.iter().enumerate() {
        match part {
            Part::Name(name) => {
                let before = n.checked_sub(1).map(|before| split[before]);
                let dollar = matches!(before, Some(Part::Text(text)) if text.ends_with('$'));
                let doubled = matches!(before, Some(Part::Text(text)) if text.ends_with('{'))
                    && matches!(split.get(n + 1), Some(Part::Text(text)) if text.starts_with('}'));
                if dollar {
                    return Some(format!("${{{name}}}"));
                }
                if doubled {
                    return Some(format!("{{{{{name}}}}}"));
                }
            }
            Part::Text(text) => {
                for (open, _) in text.match_indices('{') {
                    let inner = &text[open + 1..];
                    match inner.split_once('}') {
                        Some((inner, _)) if is_name(inner.trim()) => return Some(format!("{{{inner}}}")),
                        None if is_name(inner) => return Some(format!("{{{inner}")),
                        _ => {}
                    }
                }
            }
        }
    }
    None
}

/// Returns a name in the texts of a JSON body. Braces in a `query` are GraphQL's own.
fn name_in_body(body: &Value) -> Option<String> {
    match body {
        Value::String(text) => names(text).first().map(|name| (*name).to_owned()),
        Value::Array(items) => items.iter().find_map(name_in_body),
        Value::Object(members) => {
            members.iter().filter(|(name, _)| *name != "query").find_map(|(_, value)| name_in_body(value))
        }
        _ => None,
    }
}
