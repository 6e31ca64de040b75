//! The introspection endpoint (RFC 7662): what is known about a token.

use serde_json::{Map, Value, json};

use super::claims;
use super::site::Site;
use super::token::{error, refuse};
use super::wire::{Incoming, Reply};
use crate::provider::Dialect;

/// The path of the endpoint, unless the definition names its own.
pub const PATH: &str = "/emulated/introspect";

pub fn answer(site: &Site, incoming: &Incoming) -> Reply {
    if incoming.method != "POST" {
        return Reply::method_not_allowed("POST");
    }
    let (dialect, authorization) = (Dialect::new(&site.provider), incoming.header("Authorization"));
    let Some(params) = dialect.read_introspection(authorization.as_deref(), &incoming.body) else {
        return refuse(400, error("invalid_request", Some("the body is not a form"), None));
    };
    let value = |name: &str| params.single(name).ok().flatten().unwrap_or_default();
    if let Err(refusal) = site.authenticate(&params, authorization.is_some(), dialect.introspection_auth()) {
        return refusal;
    }
    if value("token").is_empty() {
        return refuse(400, error("invalid_request", Some("`token` is missing"), None));
    }
    Reply::json(200, &Value::Object(about(site, value("token"))))
}

/// Returns the members of RFC 7662 §2.2. Of a token that is not valid, only that is said.
fn about(site: &Site, token: &str) -> Map<String, Value> {
    let Ok(issued) = site.ledger.access_token(token, site.clock.now()) else {
        return Map::from_iter([("active".to_owned(), false.into())]);
    };
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("active", true.into());
    put("scope", issued.scope.join(" ").into());
    put("token_type", "Bearer".into());
    put("iss", site.issuer().into());
    if let Some(end) = issued.expires_at {
        put("exp", end.0.into());
    }
    if let Some(grantee) = site.ledger.grantee(issued.family) {
        put("client_id", grantee.client.as_str().into());
        match grantee.resources.as_slice() {
            [] => None,
            [one] => put("aud", one.as_str().into()),
            several => put("aud", json!(several)),
        };
    }
    for (name, value) in claims::introspected(site) {
        members.entry(name).or_insert(value);
    }
    members
}
