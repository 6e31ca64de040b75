//! The endpoint for pushed authorization requests (RFC 9126): the client sends the parameters here, authenticated, and the
//! browser carries only a reference to them.

use serde_json::json;

use super::authorize::judge;
use super::pushed_requests::LIFETIME;
use super::site::{Site, random_hex};
use super::token::{error, refuse};
use super::wire::{Incoming, Reply};
use crate::protocol::params::Params;
use crate::provider::Dialect;
use crate::system::entropy::NoEntropy;

/// The path of the endpoint, unless the definition names its own.
pub const PATH: &str = "/emulated/par";

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

pub fn answer(site: &Site, incoming: &Incoming) -> Result<Reply, NoEntropy> {
    if incoming.method != "POST" {
        return Ok(Reply::method_not_allowed("POST"));
    }
    let (dialect, authorization) = (Dialect::new(&site.provider), incoming.header("Authorization"));
    let Some(mut params) = dialect.read_pushed_request(authorization.as_deref(), &incoming.body) else {
        return Ok(refuse(400, error("invalid_request", Some("the body is not a form"), None)));
    };
    // RFC 6749 §2.3.1: a Basic header may repeat the id that is in the body.
    let in_body = Params::from_urlencoded(&String::from_utf8_lossy(&incoming.body));
    let id = params.iter().find(|(name, _)| *name == "client_id").map(|(_, id)| id.to_owned()).unwrap_or_default();
    if in_body.single("client_id").is_ok_and(|other| other.is_none_or(|other| other == id)) {
        params.remove("client_id");
        params.push("client_id", id);
    }
    if let Err(refusal) = site.authenticate(&params, authorization.is_some(), None) {
        return Ok(refusal);
    }
    params.remove("client_secret");
    if params.contains("request_uri") {
        return Ok(refuse(400, error("invalid_request", Some("`request_uri` cannot be pushed (RFC 9126 §2.1)"), None)));
    }
    if let Err(objection) = judge(site, &params) {
        return Ok(refuse(400, objection.error()));
    }
    let request_uri = format!("{PREFIX}{}", random_hex(&*site.entropy)?);
    site.pushed.put(request_uri.clone(), params, site.clock.now());
    Ok(Reply::json(201, &json!({"request_uri": request_uri, "expires_in": LIFETIME.as_secs()})))
}
