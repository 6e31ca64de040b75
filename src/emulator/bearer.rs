//! The token of a request to the API, and the challenge where it has none that is good (RFC 6750 §3).

use super::fault::Fault;
use super::ledger::IssuedToken;
use super::metadata::resource_metadata;
use super::site::Site;
use super::wire::{Incoming, Reply};
use crate::provider::Dialect;

/// The scope of every request to the MCP server.
pub const READ: &str = "mcp:read";

/// Returns the token of a request, or its refusal.
pub fn issued(site: &Site, incoming: &Incoming) -> Result<IssuedToken, Reply> {
    let dialect = Dialect::new(&site.provider);
    let Some(token) = dialect.find_token(|name| incoming.header(name), &incoming.query, &incoming.body) else {
        return Err(no_token(site));
    };
    let is_new = |value: &str| site.heard.is_new(value);
    if let Some(part) = dialect.missing_beside_token(|name| incoming.header(name), &incoming.query, is_new) {
        let description = format!("the request needs {part}");
        return Err(Reply::json(
            400,
            &serde_json::json!({"error": "invalid_request", "error_description": description}),
        ));
    }
    match site.ledger.access_token(&token, site.clock.now()) {
        Ok(issued) if issued.is_first && site.has(Fault::DeadToken) => {
            Err(invalid_token(site, "the access token is rejected, as requested"))
        }
        Ok(issued) => Ok(issued),
        Err(problem) => Err(invalid_token(site, problem)),
    }
}

/// Refuses a token that is not valid, in the provider's own words if the definition has them (RFC 6750 §3.1).
pub fn invalid_token(site: &Site, problem: &str) -> Reply {
    if let Some((status, body)) = Dialect::new(&site.provider).invalid_token() {
        return Reply::json(status, &body);
    }
    let body = serde_json::json!({"error": "invalid_token", "error_description": problem});
    let challenge = match site.options.mcp {
        true => challenge(site, Some("invalid_token"), READ),
        false => format!("Bearer error=\"invalid_token\", error_description=\"{problem}\""),
    };
    Reply::json(401, &body).with("WWW-Authenticate", challenge)
}

/// Answers a request without a token: it names the scheme, not an error (RFC 6750 §3.1).
pub fn no_token(site: &Site) -> Reply {
    let places: Vec<String> = site.provider.definition.token_placements().iter().map(ToString::to_string).collect();
    let description = format!("the request needs a token in exactly one place: {}", places.join(", "));
    let body = serde_json::json!({"error": "invalid_request", "error_description": description});
    let challenge = if site.options.mcp { challenge(site, None, READ) } else { "Bearer".to_owned() };
    Reply::json(401, &body).with("WWW-Authenticate", challenge)
}

/// Returns the challenge of RFC 6750 §3 with the address of the metadata (RFC 9728 §5.1).
pub fn challenge(site: &Site, error: Option<&str>, scope: &str) -> String {
    let error = error.map(|error| format!("error=\"{error}\", ")).unwrap_or_default();
    format!("Bearer {error}scope=\"{scope}\", resource_metadata=\"{}\"", resource_metadata(site))
}
