//! The revocation endpoint (RFC 7009): it invalidates a token.

use serde_json::json;

use super::fault::Fault;
use super::site::Site;
use super::token::{error, refuse};
use super::wire::{Incoming, Reply};
use crate::protocol::secret::ClientSecret;
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
    let secret = Some(value("client_secret")).filter(|secret| !secret.is_empty()).map(ClientSecret::new);
    let auth = Dialect::new(&site.provider).revocation_auth();
    let client = site.authenticated(value("client_id"), secret.as_ref(), authorization.is_some());
    if client.is_none_or(|client| !site.authenticates_by(&client, auth, authorization.is_some())) {
        return refuse(401, error("invalid_client", Some("Client authentication failed"), None));
    }
    if value("token").is_empty() {
        return refuse(400, error("invalid_request", Some("`token` is missing"), None));
    }
    site.ledger.revoke(value("token"));
    // RFC 7009 §2.2: 200, also for an unknown token; the body is ignored.
    Reply::empty(200)
}
