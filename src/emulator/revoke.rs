//! The revocation endpoint (RFC 7009): it invalidates a token.

use serde_json::json;

use super::fault::Fault;
use super::site::Site;
use super::token::{error, refuse};
use super::wire::{Incoming, Reply};
use crate::provider::Dialect;

/// The path of the endpoint, unless the definition names its own.
pub const PATH: &str = "/emulated/revoke";

pub fn answer(site: &Site, incoming: &Incoming) -> Reply {
    if incoming.method != "POST" {
        return Reply::method_not_allowed("POST");
    }
    if site.has(Fault::RevokeUnavailable) {
        return Reply::json(503, &json!({"error": "temporarily_unavailable"})).with("Retry-After", "60");
    }
    let authorization = incoming.header("Authorization");
    let Some(params) = Dialect::new(&site.provider).read_revocation(authorization.as_deref(), &incoming.body) else {
        return refuse(400, error("invalid_request", Some("the body is not a form"), None));
    };
    let value = |name: &str| params.single(name).ok().flatten().unwrap_or_default();
    if let Err(refusal) =
        site.authenticate(&params, authorization.is_some(), Dialect::new(&site.provider).revocation_auth())
    {
        return refusal;
    }
    if value("token").is_empty() {
        return refuse(400, error("invalid_request", Some("`token` is missing"), None));
    }
    site.ledger.revoke(value("token"));
    // RFC 7009 §2.2: 200, also for an unknown token; the body is ignored.
    Reply::empty(200)
}
