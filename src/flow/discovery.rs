//! Asks an issuer for its metadata (RFC 8414 §3, OpenID Connect Discovery §4).
//!
//! The reply must name exactly the issuer that was asked (RFC 8414 §3.3), or it is not used: that is what keeps one
//! server from speaking for another. No redirect is followed, and every endpoint must be one that may see secrets.

use http::Method;

use super::FlowError;
use crate::protocol::message::HttpRequest;
use crate::protocol::metadata::{AuthorizationServerMetadata, locations};
use crate::protocol::{json, sanitize};
use crate::provider::Endpoint;
use crate::system::http::{HttpClient, MAX_REPLY};

/// Why an issuer's metadata is of no use.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    #[error("`{issuer}` is no issuer: it takes an https URL without query and fragment (RFC 8414 §2)")]
    NotAnIssuer { issuer: String },
    #[error("`{issuer}` publishes no metadata: {tried}")]
    NotFound { issuer: String, tried: String },
    #[error("the metadata names the issuer `{said}`, and `{asked}` was asked (RFC 8414 §3.3)")]
    OtherIssuer { asked: String, said: String },
    #[error("the metadata names `{url}`, an endpoint that must not see secrets: {problem}")]
    UnsafeEndpoint { url: String, problem: &'static str },
}

pub fn discover(http: &dyn HttpClient, issuer: &str) -> Result<AuthorizationServerMetadata, FlowError> {
    let not_an_issuer = || DiscoveryError::NotAnIssuer { issuer: sanitize::line(issuer) };
    Endpoint::parse(issuer).map_err(|_| not_an_issuer())?;
    let mut tried = Vec::new();
    for location in locations(issuer).ok_or_else(not_an_issuer)? {
        let reply = http.send(&HttpRequest::new(Method::GET, location.clone())).map_err(FlowError::Discovery)?;
        let status = reply.status;
        let body = reply.read(MAX_REPLY).map_err(FlowError::Discovery)?;
        let read = || serde_json::from_value::<AuthorizationServerMetadata>(json::parse(&body).ok()?).ok();
        match read().filter(|_| status == 200) {
            Some(metadata) => return Ok(checked(issuer, metadata)?),
            None => tried.push(format!("{location} answered {status}")),
        }
    }
    Err(DiscoveryError::NotFound { issuer: sanitize::line(issuer), tried: tried.join(", ") }.into())
}

fn checked(issuer: &str, metadata: AuthorizationServerMetadata) -> Result<AuthorizationServerMetadata, DiscoveryError> {
    // A simple string comparison: not even a slash at the end may differ.
    if metadata.issuer != issuer {
        return Err(DiscoveryError::OtherIssuer {
            asked: sanitize::line(issuer),
            said: sanitize::line(&metadata.issuer),
        });
    }
    let endpoints = [
        &metadata.authorization_endpoint,
        &metadata.token_endpoint,
        &metadata.revocation_endpoint,
        &metadata.introspection_endpoint,
    ];
    for url in endpoints.into_iter().flatten() {
        Endpoint::parse(url).map_err(|problem| DiscoveryError::UnsafeEndpoint { url: sanitize::line(url), problem })?;
    }
    Ok(metadata)
}
