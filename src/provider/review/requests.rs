//! The parameters and headers that a definition adds to requests: none twice, and none that cannot be sent.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};

use super::endpoints::placeholder;
use super::finding::Findings;
use super::members::{CLIENT_CREDENTIALS, DEVICE, EXCHANGE, REFRESH, REVOCATION};
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::grant::GrantKind;
use crate::provider::ProviderDefinition;
use crate::provider::departure::{Departure, value_of};
use crate::provider::quirks::{RefreshWith, TokenIn, TokenPlacement};
use crate::provider::sections::ClientCredentials;

type Texts = Departure<BTreeMap<String, String>>;

pub(super) fn review(definition: &ProviderDefinition, findings: &mut Findings) {
    parameters(definition, findings);
    headers(definition, findings);
    authentication(definition, findings);
    client_credentials(definition, findings);
    grants(definition, findings);
}

/// The names of grants, and what is of no use without an endpoint or another key.
fn grants(definition: &ProviderDefinition, findings: &mut Findings) {
    let (authorize, token) = (&definition.authorize, &definition.token);
    let (refresh, second) = (&definition.refresh, &definition.exchange);
    for (key, name) in [
        ("authorize.response_type", &authorize.response_type),
        ("token.grant_type", &token.grant_type),
        ("refresh.grant_type", &refresh.grant_type),
        ("exchange.grant_type", &second.grant_type),
    ] {
        if value_of(name).is_some_and(|name| name.trim().is_empty()) {
            findings.fault(key, "it is empty; `omit` leaves a parameter out");
        }
    }
    let is_described = second.grant_type.is_some()
        || second.method.is_some()
        || second.params.is_some()
        || second.names.is_some()
        || second.omit.is_some();
    if is_described && second.url.0.is_empty() {
        findings.fault("exchange.url", "it is missing, so the section `[exchange]` is not used");
    }
    if value_of(&refresh.extends) == Some(&true) && value_of(&refresh.with) != Some(&RefreshWith::Access) {
        findings.fault("refresh.extends", "only a presented access token can live on: it needs `with = \"access\"`");
    }
}

fn client_credentials(definition: &ProviderDefinition, findings: &mut Findings) {
    let ClientCredentials { grant_type, params, names } = &definition.client_credentials;
    let is_described = grant_type.is_some() || params.is_some() || names.is_some();
    if is_described && !definition.offers(GrantKind::ClientCredentials) {
        findings.fault("grants", "`client-credentials` is missing, so the section `[client_credentials]` is not used");
    }
    if definition.grants().contains(&GrantKind::ClientCredentials) && definition.client_auth() == ClientAuthMethod::None
    {
        findings.fault("token.auth", "the grant `client-credentials` needs a client with a secret (RFC 6749 §4.4)");
    }
    if value_of(grant_type).is_some_and(|name| name.trim().is_empty()) {
        findings.fault("client_credentials.grant_type", "the grant needs a name");
    }
}

/// The parameters of a poll (RFC 8628 §3.4).
const POLL: [&str; 4] = ["client_id", "client_secret", "device_code", "grant_type"];

fn parameters(definition: &ProviderDefinition, findings: &mut Findings) {
    let (authorize, token) = (&definition.authorize, &definition.token);
    let (refresh, revoke, api) = (&definition.refresh, &definition.revoke, &definition.api);
    let alone = &definition.client_credentials;
    let placements = definition.token_placements();
    let in_query = placements.iter().filter(|placement| placement.place == TokenIn::Query);
    let in_query: Vec<&str> = in_query.filter_map(|placement| placement.name.as_deref()).collect();
    // Those of `authorize.params` and `token.params` are refused when the definition is loaded.
    let device = &definition.device;
    let second = &definition.exchange;
    let sections: [(&str, &Texts, &[&str], &[&Texts]); 9] = [
        ("device.params", &device.params, &DEVICE, &[&device.names]),
        ("device.token_params", &device.token_params, &POLL, &[&token.names]),
        ("authorize.params", &authorize.params, &[], &[&authorize.names]),
        ("token.params", &token.params, &[], &[&token.names]),
        ("refresh.params", &refresh.params, &REFRESH[..4], &[&token.names, &refresh.names]),
        ("exchange.params", &second.params, &EXCHANGE[..4], &[&token.names, &second.names]),
        ("client_credentials.params", &alone.params, &CLIENT_CREDENTIALS, &[&token.names, &alone.names]),
        ("revoke.params", &revoke.params, &REVOCATION, &[&revoke.names]),
        ("api.query", &api.query, &in_query, &[]),
    ];
    for (key, params, reserved, names) in sections {
        for (name, value) in value_of(params).into_iter().flatten() {
            let at = format!("{key}.{name}");
            let renamed = names.iter().flat_map(|names| value_of(names).into_iter().flatten());
            let renamed = renamed.filter(|(_, theirs)| *theirs == name).map(|(ours, _)| ours).next();
            if name.trim().is_empty() {
                findings.fault(&at, "a parameter needs a name");
            } else if reserved.contains(&name.as_str()) {
                findings.fault(
                    &at,
                    format!("`{name}` is a parameter that oauthctl sends itself (RFC 6749 §3.1: no parameter twice)"),
                );
            } else if let Some(ours) = renamed {
                findings.fault(
                    &at,
                    format!("`{name}` is the name that `{ours}` is sent with (RFC 6749 §3.1: no parameter twice)"),
                );
            }
            if let Some(word) = placeholder(value) {
                findings.fault(&at, format!("`{word}` is to be filled in"));
            }
        }
    }
    for (key, names) in [
        ("authorize.names", &authorize.names),
        ("token.names", &token.names),
        ("device.names", &device.names),
        ("refresh.names", &refresh.names),
        ("client_credentials.names", &alone.names),
        ("exchange.names", &second.names),
        ("revoke.names", &revoke.names),
        ("callback.names", &definition.callback.names),
    ] {
        doubled_names(key, names, findings);
    }
}

/// Two parameters that get one name: two that are renamed to it, or one that is renamed to another's own.
fn doubled_names(key: &str, names: &Texts, findings: &mut Findings) {
    let Some(names) = value_of(names) else { return };
    for (ours, theirs) in names {
        let at = format!("{key}.{ours}");
        if theirs.trim().is_empty() {
            findings.fault(at, "the provider's name is empty");
        } else if names.iter().any(|(other, same)| other < ours && same == theirs) {
            findings.fault(
                at,
                format!("`{theirs}` is the name of another parameter too (RFC 6749 §3.1: no parameter twice)"),
            );
        }
    }
}

fn headers(definition: &ProviderDefinition, findings: &mut Findings) {
    let (token, api) = (&definition.token, &definition.api);
    let is_basic = definition.client_auth() == ClientAuthMethod::Basic;
    let placements = definition.token_placements();
    let names_a_header = |placement: &&TokenPlacement| matches!(placement.place, TokenIn::Bearer | TokenIn::Header);
    let of_token: Vec<String> = placements
        .iter()
        .filter(names_a_header)
        .map(|placement| placement.name.as_deref().unwrap_or("Authorization").to_ascii_lowercase())
        .collect();
    let of_basic: Vec<String> = if is_basic { vec!["authorization".to_owned()] } else { Vec::new() };
    for (key, headers, taken, by) in [
        ("token.headers", &token.headers, &of_basic, "the client's credentials (`token.auth`)"),
        ("api.headers", &api.headers, &of_token, "the token (`api.token`)"),
    ] {
        for (name, value) in value_of(headers).into_iter().flatten() {
            let at = format!("{key}.{name}");
            let lower = name.to_ascii_lowercase();
            if let Some(problem) = not_a_name(name) {
                findings.fault(&at, problem);
            } else if taken.contains(&lower) {
                findings.fault(&at, format!("`{name}` is the header of {by}"));
            } else if ["content-length", "transfer-encoding", "connection"].contains(&lower.as_str()) {
                findings.fault(&at, format!("`{name}` belongs to the connection, and is sent as HTTP demands"));
            }
            if HeaderValue::from_str(value).is_err() {
                findings.fault(
                    &at,
                    "its value cannot be sent in a header: it has a line break or another control character",
                );
            }
            if let Some(word) = placeholder(value) {
                findings.fault(&at, format!("`{word}` is to be filled in"));
            }
        }
    }
    for (n, placement) in placements.iter().enumerate().filter(|(_, placement)| names_a_header(placement)) {
        if let Some(problem) = placement.name.as_deref().and_then(not_a_name) {
            findings.fault(format!("api.token[{n}].name"), problem);
        }
        let is_word = |scheme: &str| !scheme.is_empty() && HeaderName::from_bytes(scheme.as_bytes()).is_ok();
        if placement.scheme.as_deref().is_some_and(|scheme| !is_word(scheme)) {
            findings.fault(
                format!("api.token[{n}].scheme"),
                "a scheme is one word, without spaces or a colon (RFC 9110 §11.1)",
            );
        }
    }
}

fn not_a_name(name: &str) -> Option<String> {
    HeaderName::from_bytes(name.as_bytes()).is_err().then(|| {
        let bare = name.trim().trim_end_matches(':').trim();
        let meant = HeaderName::from_bytes(bare.as_bytes()).is_ok().then(|| format!("; did you mean `{bare}`?"));
        format!(
            "`{name}` is not the name of a header: it has only letters, digits and hyphens{}",
            meant.unwrap_or_default()
        )
    })
}

fn authentication(definition: &ProviderDefinition, findings: &mut Findings) {
    let token = &definition.token;
    if token.basic.is_some() && definition.client_auth() != ClientAuthMethod::Basic {
        findings.fault("token.basic", "it is used with `token.auth = \"basic\"` only");
    }
    if token.auth.is_none() && !token.url.0.is_empty() {
        findings.note(
            "token.auth",
            "it is missing, so the client secret goes into the body, as in 0.1; from 1.0 on it will go into a Basic header \
             (RFC 6749 §2.3.1). Write `auth = \"body\"` under `[token]` to keep it, or `auth = \"basic\"` to change it now",
        );
    }
}
