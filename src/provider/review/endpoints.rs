//! The addresses of a definition: those that a login needs, that can be filled in, and that are real.

use std::collections::BTreeMap;

use url::Url;

use super::finding::Findings;
use super::names::misspelt_braces;
use crate::protocol::authorization::ResponseType;
use crate::protocol::grant::GrantKind;
use crate::provider::check::RESERVED;
use crate::provider::endpoint::UrlTemplates;
use crate::provider::endpoints::Endpoints;
use crate::provider::param::Param;
use crate::provider::params::accept;
use crate::provider::template::names;
use crate::provider::{DefinitionError, ProviderDefinition};

pub(super) fn review(definition: &ProviderDefinition, findings: &mut Findings) {
    required(definition, findings);
    for (key, templates) in definition.addresses() {
        for (n, template) in templates.iter().enumerate() {
            let key = if templates.len() == 1 { key.to_owned() } else { format!("{key}[{n}]") };
            if let Some(why) = placeholder_in_url(template) {
                findings.fault(&key, format!("`{template}` is not a real address: {why}"));
            }
            if let Some(part) = misspelt_braces(template) {
                findings
                    .fault(&key, format!("`{part}` is not filled in; a name stands in single braces, without spaces"));
            }
        }
        if let Some(why) = unfillable(definition, key, &templates) {
            findings.fault(key, why);
        }
    }
    for (key, templates) in [
        ("authorize.url", &definition.authorize.url),
        ("token.url", &definition.token.url),
        ("device.url", &definition.device.url),
    ] {
        repeated(key, templates, findings);
    }
    let has_issuer = definition.openid.issuer.is_some() || definition.authorize.issuer.is_some();
    if definition.openid.jwks_url.is_some() && !has_issuer {
        let problem = "no ID token is verified with these keys, as neither `openid.issuer` nor `authorize.issuer` says whose they are";
        findings.fault("openid.jwks_url", problem);
    }
    for (name, param) in &definition.params {
        param_values(definition, name, param, findings);
    }
    if let Some(page) = definition.app.page.as_deref().and_then(placeholder_in_url) {
        findings.note("app.page", format!("it is not a real address: {page}"));
    }
}

/// What the grants need.
fn required(definition: &ProviderDefinition, findings: &mut Findings) {
    let has = |templates: &UrlTemplates| !templates.0.is_empty();
    let (authorize, token) = (has(&definition.authorize.url), has(&definition.token.url));
    if !authorize && !token {
        if has(&definition.api.base) {
            let problem =
                "there is no address to log in at; only a token from elsewhere can be used (`login --with-token`)";
            return findings.note("authorize.url", problem);
        }
        let problem =
            "nothing can be done with it: a login needs `authorize.url` and `token.url`, a call needs `api.base`";
        return findings.fault("authorize.url", problem);
    }
    for grant in definition.grants() {
        let needs_token = match grant {
            GrantKind::AuthorizationCode | GrantKind::DeviceCode | GrantKind::ClientCredentials => true,
            GrantKind::Implicit => false,
        };
        let needs_browser = ResponseType::of(grant).is_some();
        if needs_browser && !authorize {
            findings.fault("authorize.url", format!("it is missing, and the grant `{}` begins there", grant.as_str()));
        }
        if grant == GrantKind::DeviceCode && !has(&definition.device.url) {
            findings.fault("device.url", "it is missing, and the grant `device` begins there");
        }
        if needs_token && !token {
            findings
                .fault("token.url", format!("it is missing, and the grant `{}` gets its token there", grant.as_str()));
        }
        if needs_browser && !authorize {
            break;
        }
    }
    if has(&definition.api.base) {
        return;
    }
    findings.note("api.base", "it is missing, so `call` cannot be used");
}

/// Returns why none of the templates can be filled in when it is needed.
fn unfillable(definition: &ProviderDefinition, key: &str, templates: &[&str]) -> Option<String> {
    let is_known = |param: &Param| match key {
        "authorize.url" => param.default.is_some() || !param.is_captured(),
        // The callback comes first.
        "token.url" => param.default.is_some() || !param.comes_after_the_exchange(),
        // Nothing comes before the first, and no callback before the second.
        "device.url" | "device.token_url" => param.default.is_some() || !param.is_captured(),
        _ => true,
    };
    let missing = |template: &&str| {
        let mut used = names(template).into_iter();
        let later = used.find(|name| definition.params.get(*name).is_some_and(|param| !is_known(param)));
        later.map(str::to_owned)
    };
    let first = templates.first().and_then(missing)?;
    templates.iter().all(|template| missing(template).is_some()).then(|| {
        format!("`{{{first}}}` is known only from the provider's answer, which comes after this address is used")
    })
}

/// Parameters in an endpoint's own query that are sent again.
fn repeated(key: &str, templates: &UrlTemplates, findings: &mut Findings) {
    for template in &templates.0 {
        let Ok(url) = Url::parse(&template.replace(['{', '}'], "")) else { continue };
        let found = url.query_pairs().find(|(name, _)| RESERVED.contains(&name.as_ref()));
        if let Some((name, _)) = found {
            findings.fault(
                key,
                format!("its query has `{name}`, which oauthctl sends itself (RFC 6749 §3.1: no parameter twice)"),
            );
        }
    }
}

fn param_values(definition: &ProviderDefinition, name: &str, param: &Param, findings: &mut Findings) {
    if ["state", "client_id", "client_secret", "random", "redirect_uri"].contains(&name) {
        let problem = format!("`{{{name}}}` stands for a value of the request itself; choose another name");
        findings.fault(format!("params.{name}"), problem);
    }
    let refused = param.default.as_deref().and_then(|default| accept(definition, name, default).err());
    if let Some(DefinitionError::ParamRefused { problem, .. }) = refused {
        findings.fault(format!("params.{name}.default"), format!("it is not a valid value: {problem}"));
    }
    for (n, value) in param.values.iter().enumerate() {
        let with_it = samples(definition).map(|mut samples| {
            samples.insert(name.to_owned(), value.clone());
            Endpoints::resolve(definition, &samples)
        });
        if let Some(Err(DefinitionError::Wrong { key, problem, .. })) = with_it {
            findings.fault(format!("params.{name}.values[{n}]"), format!("it spoils `{key}`: {problem}"));
        }
    }
}

/// Returns a value to try for each parameter. `None` if one of them has no valid one, which is told elsewhere.
fn samples(definition: &ProviderDefinition) -> Option<BTreeMap<String, String>> {
    let sample =
        |(name, param): (&String, &Param)| Some((name.clone(), accept(definition, name, &param.sample()).ok()?));
    definition.params.iter().map(sample).collect()
}

/// Returns why an address cannot be a real one. The names are those of RFC 2606 and RFC 6761, which lead nowhere, and
/// the words that guides write for a reader's own.
fn placeholder_in_url(template: &str) -> Option<String> {
    let after_scheme = template.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_ascii_lowercase();
    let is_reserved = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    if let Some(name) =
        ["example", "invalid", "example.com", "example.net", "example.org"].into_iter().find(|n| is_reserved(n))
    {
        return Some(format!("`{name}` is a name for examples (RFC 2606)"));
    }
    let word = host.split('.').find(|label| is_yours(label)).map(str::to_owned);
    word.or_else(|| placeholder(template)).map(|word| format!("`{word}` is to be filled in"))
}

fn is_yours(label: &str) -> bool {
    const OWN: [&str; 13] = [
        "app",
        "company",
        "domain",
        "host",
        "instance",
        "org",
        "server",
        "shop",
        "site",
        "store",
        "subdomain",
        "team",
        "tenant",
    ];
    let rest = label.strip_prefix("your");
    rest.is_some_and(|rest| rest.starts_with(['-', '_']) || OWN.contains(&rest))
}

/// Returns the first word of a text that a person has to fill in.
pub(super) fn placeholder(text: &str) -> Option<String> {
    let marks =
        ["CHANGEME", "CHANGE_ME", "CHANGE-ME", "REPLACE_ME", "REPLACEME", "REPLACE-ME", "FILL_ME", "FIXME", "TODO"];
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let words = || text.split(|c| !is_word(c));
    let own = words().find(|word| {
        let upper = word.to_ascii_uppercase();
        marks.contains(&upper.as_str()) || (*word == upper && (word.starts_with("YOUR_") || word.starts_with("YOUR-")))
    });
    own.map(str::to_owned).or_else(|| {
        let start = text.find('<')?;
        let end = text[start..].find('>')?;
        let inner = &text[start + 1..start + end];
        let is_name = !inner.is_empty() && inner.chars().all(|c| is_word(c) || c == ' ');
        is_name.then(|| text[start..=start + end].to_owned())
    })
}
