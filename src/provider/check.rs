//! Rules for a definition beyond its types. Nothing here needs the network.

use std::collections::BTreeMap;

use super::departure::value_of;
use super::endpoints::Endpoints;
use super::id::is_id;
use super::param::{Param, ParamKind};
use super::params::{accept, is_in_a_host, is_in_a_url};
use super::probe::{ScopesList, written_origin};
use super::quirks::{Rate, TokenIn};
use super::refusal::Refusal;
use super::template::names;
use super::{DefinitionError, ProviderDefinition, printable};
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::signing_algorithm::Algorithm;

/// Checks the rules that the types cannot express. Nothing here needs the network.
pub fn check(definition: &ProviderDefinition) -> Result<(), DefinitionError> {
    let wrong = |key: &str, problem: String| definition.wrong(key, problem);
    // A definition is shown in tables, questions and hints, and a stranger may have written it.
    let tree = serde_json::to_value(definition).unwrap_or_default();
    if let Some(key) = printable::offence(&tree) {
        return Err(wrong(&key, "it contains characters that a terminal cannot show".into()));
    }
    for (key, params) in
        [("authorize.params", &definition.authorize.params), ("token.params", &definition.token.params)]
    {
        for name in value_of(params).into_iter().flatten().map(|(name, _)| name) {
            // What the other request sends may be added to this one.
            let own = match key {
                "token.params" => ["state", "response_type"].contains(&name.as_str()),
                _ => name == "grant_type",
            };
            let reserved = RESERVED.contains(&name.as_str()) && !own;
            if reserved {
                return Err(wrong(
                    &format!("{key}.{name}"),
                    format!("`{name}` is a parameter that oauthctl sends itself (RFC 6749 §3.1: no parameter twice)"),
                ));
            }
        }
    }
    // Every URL is tried with sample values, so that its faults are found now and not at a login.
    let mut samples = BTreeMap::new();
    for (name, param) in &definition.params {
        check_param(definition, name, param)?;
        let refused = |error| match error {
            DefinitionError::ParamRefused { problem, .. } => {
                wrong(&format!("params.{name}"), format!("its example is not a valid value: {problem}"))
            }
            other => other,
        };
        samples.insert(name.clone(), accept(definition, name, &param.sample()).map_err(refused)?);
    }
    let endpoints = Endpoints::resolve(definition, &samples)?;
    if let Some((name, at)) = endpoints.asked.iter().find(|(_, at)| !endpoints.serve(at.url())) {
        let problem = format!("`{}` is not a server of the login or the API; add it to `api.origins`", at.origin());
        return Err(wrong(&format!("params.{name}.from_api.url"), problem));
    }
    for (n, placement) in definition.token_placements().iter().enumerate() {
        if placement.name.is_none() && placement.place != TokenIn::Bearer {
            return Err(wrong(&format!("api.token[{n}]"), "a header, query or body placement needs a `name`".into()));
        }
    }
    for (n, sample) in definition.samples.iter().enumerate() {
        let body = if sample.body.is_empty() { "null" } else { &sample.body };
        serde_json::from_str::<serde_json::Value>(body)
            .map_err(|error| wrong(&format!("samples[{n}].body"), format!("this is not JSON: {error}")))?;
    }
    for (n, name) in definition.openid.algorithms.iter().enumerate() {
        if Algorithm::named(name).is_none() {
            let known: Vec<&str> = Algorithm::ALL.into_iter().map(Algorithm::as_str).collect();
            let problem = format!("`{name}` is not an algorithm that oauthctl verifies; it knows {}", known.join(", "));
            return Err(wrong(&format!("openid.algorithms[{n}]"), problem));
        }
    }
    check_api(definition)?;
    check_own_urls(definition)
}

/// A request that the definition itself writes as a whole URL is for an origin that may have the token.
fn check_own_urls(definition: &ProviderDefinition) -> Result<(), DefinitionError> {
    let (api, scope) = (&definition.api, &definition.scope);
    let list = value_of(&api.scopes_list).map(|list| ("api.scopes_list.path".to_owned(), list.path.as_str()));
    let account = scope.account.as_ref().and_then(|need| need.request.as_deref());
    let mut paths: Vec<(String, &str)> = list.into_iter().collect();
    paths.extend(account.map(|path| ("scope.account.request".to_owned(), path)));
    for (n, probe) in scope.known.iter().enumerate().filter_map(|(n, known)| Some((n, known.probe.as_ref()?))) {
        paths.push((format!("scope.known[{n}].probe.path"), &probe.path));
        for (name, path) in probe.needs.iter().filter_map(|(name, need)| Some((name, need.request.as_deref()?))) {
            paths.push((format!("scope.known[{n}].probe.needs.{name}.request"), path));
        }
    }
    let known: Vec<&str> = api.base.0.iter().chain(&api.origins).filter_map(|url| written_origin(url)).collect();
    for (key, path) in paths {
        if let Some(origin) = written_origin(path).filter(|origin| !known.contains(origin)) {
            let problem = format!("`{origin}` is not an origin of the API; add it to `api.origins`");
            return Err(definition.wrong(&key, problem));
        }
    }
    Ok(())
}

/// What the API answers, and what it is asked.
fn check_api(definition: &ProviderDefinition) -> Result<(), DefinitionError> {
    let wrong = |key: &str, problem: String| definition.wrong(key, problem);
    let api = &definition.api;
    for (key, refusals) in [("api.denied", &api.denied), ("api.invalid_token", &api.invalid_token)] {
        for (n, refusal) in value_of(refusals).into_iter().flatten().enumerate() {
            refusal.check().map_err(|problem| wrong(&format!("{key}[{n}]"), problem))?;
        }
    }
    if let Some(n) = value_of(&api.invalid_token).and_then(|refusals| refusals.iter().position(Refusal::is_too_wide)) {
        let problem = "it would take every success for a rejected token; name a status from 400 to 499, or a text";
        return Err(wrong(&format!("api.invalid_token[{n}]"), problem.into()));
    }
    // RFC 8707 §2.
    if let Some(resource) = &api.resource
        && !url::Url::parse(resource).is_ok_and(|url| url.fragment().is_none())
    {
        return Err(wrong("api.resource", "a resource is an absolute URI without a fragment (RFC 8707 §2)".into()));
    }
    if let Some(Err(error)) = definition.redirect.uri.as_deref().map(RedirectUri::parse) {
        return Err(wrong("redirect.uri", error.to_string()));
    }
    if definition.app.clients_of.as_deref().is_some_and(|id| !is_id(id)) {
        return Err(wrong("app.clients_of", "it is not a provider's id".into()));
    }
    if let Some(name) = value_of(&api.scopes_header)
        && http::HeaderName::from_bytes(name.as_bytes()).is_err()
    {
        return Err(wrong("api.scopes_header", "a header's name has only letters, digits and hyphens".into()));
    }
    if let Some(Err(problem)) = value_of(&api.scopes_list).map(ScopesList::check) {
        return Err(wrong("api.scopes_list", problem));
    }
    if let Some(Err(problem)) = value_of(&api.rate).map(Rate::check) {
        return Err(wrong("api.rate", problem));
    }
    definition.scope.check().map_err(|(key, problem)| wrong(&key, problem))
}

/// A parameter's own rules, and where it may stand.
fn check_param(definition: &ProviderDefinition, name: &str, param: &Param) -> Result<(), DefinitionError> {
    let wrong = |key: &str, problem: String| definition.wrong(&format!("params.{name}.{key}"), problem);
    param.check().map_err(|(key, problem)| wrong(key, problem))?;
    if !param.kind.fits_a_host() && is_in_a_host(definition, name) {
        let problem = "its value stands before the path of a URL, where only a label, a host or an origin can be";
        return Err(wrong("kind", problem.into()));
    }
    if param.kind == ParamKind::Text && is_in_a_url(definition, name) {
        return Err(wrong("kind", "any text is for parameters and headers; in a URL it is an `id` or a `path`".into()));
    }
    if param.secret {
        let at = |part: &str| definition.wrong(&format!("params.{name}.secret"), not_in(part));
        if is_in_a_url(definition, name) {
            return Err(at("an address: servers and proxies write addresses into their logs"));
        }
        let in_browser = value_of(&definition.authorize.params).into_iter().flatten();
        if in_browser.into_iter().any(|(_, text)| names(text).contains(&name)) {
            return Err(at("`authorize.params`: the browser shows and remembers them"));
        }
    }
    match param.lacks_a_sample() {
        true => Err(wrong("pattern", "write an `example` that matches, to show and to try it with".into())),
        false => Ok(()),
    }
}

fn not_in(part: &str) -> String {
    format!("a secret may not stand in {part}")
}

/// Parameters that a definition may not add, because the flow sends them itself (RFC 6749 §3.1, §3.2).
pub(super) const RESERVED: [&str; 12] = [
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
    "state",
];
