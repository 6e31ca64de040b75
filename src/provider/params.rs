//! The values of a definition's parameters: which are given, and how each is written.
//!
//! A parameter's kind says what its value may be, and its list or pattern which of those there are. The kinds that keep
//! their case stand in no host, and a text in no URL at all, which is checked when the definition is loaded. A label that the provider sends and that no URL has in its host is an
//! identifier, as `acct_1A` is: it keeps its case, and may have every character that a URL takes as it is. In a host
//! it stays a DNS label, whoever sends it.

use std::collections::BTreeMap;

use super::param::{ParamKind, identifier};
use super::template;
use super::{DefinitionError, ProviderDefinition};
use crate::protocol::sanitize;

/// Returns a value for each parameter: the given one, the default or, if the provider is emulated, the example.
pub fn fill_params(
    definition: &ProviderDefinition,
    given: &BTreeMap<String, String>,
    emulated: bool,
) -> Result<BTreeMap<String, String>, DefinitionError> {
    let id = || definition.id.clone();
    if let Some(unknown) = given.keys().find(|name| !definition.params.contains_key(*name)) {
        let known = definition.params.keys().cloned().collect();
        return Err(DefinitionError::UnknownParam { id: id(), param: unknown.clone(), known });
    }
    let mut values = BTreeMap::new();
    for (name, param) in &definition.params {
        // See `login_secrets`.
        if param.secret {
            continue;
        }
        let example = param.example.as_ref().filter(|_| emulated);
        let example = example.filter(|_| !param.is_captured());
        let Some(value) = given.get(name).or(param.default.as_ref()).or(example) else {
            if param.optional || param.is_captured() {
                continue;
            }
            let example = param.example.clone().unwrap_or_else(|| "VALUE".to_owned());
            return Err(DefinitionError::ParamNeeded { id: id(), param: name.clone(), example });
        };
        values.insert(name.clone(), accept(definition, name, value)?);
    }
    Ok(values)
}

/// Returns a value for a parameter of the definition in its one spelling.
pub fn accept(definition: &ProviderDefinition, name: &str, value: &str) -> Result<String, DefinitionError> {
    let is_secret = definition.params.get(name).is_some_and(|param| param.secret);
    let refused = |problem| DefinitionError::ParamRefused {
        id: definition.id.clone(),
        param: name.to_owned(),
        value: if is_secret { "[hidden]".to_owned() } else { sanitize::line(value) },
        problem,
    };
    let Some(param) = definition.params.get(name) else {
        let known = definition.params.keys().cloned().collect();
        return Err(DefinitionError::UnknownParam { id: definition.id.clone(), param: name.to_owned(), known });
    };
    let is_identifier = param.is_captured() && param.kind == ParamKind::Label && param.strip_suffix.is_none();
    let is_identifier = is_identifier && param.values.is_empty();
    let accepted = match is_identifier && !is_in_a_host(definition, name) {
        true => identifier(value.trim()).and_then(|id| match param.matches(&id) {
            true => Ok(id),
            false => param.normalize(value),
        }),
        false => param.normalize(value),
    };
    accepted.map_err(refused)
}

/// Returns `true` if a URL of the definition has the parameter before its path.
pub fn is_in_a_host(definition: &ProviderDefinition, name: &str) -> bool {
    definition.addresses().into_iter().flat_map(|(_, urls)| urls).any(|url| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A scheme that is a parameter is read as a host too: better too strict.
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        [scheme, host].iter().any(|part| template::names(part).contains(&name))
    })
}

/// Returns `true` if an address of the definition has the parameter.
pub fn is_in_a_url(definition: &ProviderDefinition, name: &str) -> bool {
    definition.addresses().into_iter().flat_map(|(_, urls)| urls).any(|url| template::names(url).contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_sends_keeps_its_case_outside_of_a_host() {
        let accepted = |urls: &str, value: &str| {
            let definition = toml::from_str(&format!("params.x.from_token = 'x'\n{urls}")).unwrap();
            accept(&definition, "x", value).ok()
        };
        let path = "api.base = 'https://api.example/{x}/v1'";
        for value in ["acct_1A", "T012AB3CD", "9130347", "true", "8f14e45f-CEEA", "a.b~c"] {
            assert_eq!(accepted(path, value).as_deref(), Some(value));
        }
        for hostile in ["", ".", "..", "...", "a/b", "a?b", "a#b", "a%2Fb", "a b", "a@b", "{x}", "é", &"a".repeat(201)]
        {
            assert_eq!(accepted(path, hostile), None, "{hostile}");
        }
        for host in [
            "api.base = 'https://{x}.example'",
            "token.url = 'https://{x}.example/t'",
            "api.origins = ['https://{x}.a']",
            "device.url = 'https://{x}.example/d'",
            "device.token_url = 'https://{x}.example/d'",
        ] {
            assert_eq!(
                accepted(&format!("{host}\nauthorize.url = 'https://a.example/{{x}}'"), "T0A").as_deref(),
                Some("t0a")
            );
            for hostile in ["acct_1", "a.b", "-a"] {
                assert_eq!(accepted(host, hostile), None, "{host}: {hostile}");
            }
        }
    }
}
