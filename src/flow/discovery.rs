//! Asks an issuer for its metadata (RFC 8414 §3, OpenID Connect Discovery §4).
//!
//! The reply must name exactly the requested issuer (RFC 8414 §3.3), or it is not used. This keeps one server from
//! speaking for another. No redirect is followed, and every endpoint must be safe for secrets.

use http::Method;

pub use super::error::DiscoveryError;
use super::error::FlowError;
use crate::protocol::message::HttpRequest;
use crate::protocol::metadata::{AuthorizationServerMetadata, locations};
use crate::protocol::{json, sanitize};
use crate::provider::Endpoint;
use crate::system::http::{HttpClient, MAX_REPLY};

pub fn discover(http: &dyn HttpClient, issuer: &str) -> Result<AuthorizationServerMetadata, FlowError> {
    let not_an_issuer = || DiscoveryError::NotAnIssuer { issuer: sanitize::line(issuer) };
    Endpoint::parse(issuer).map_err(|_| not_an_issuer())?;
    let mut tried = Vec::new();
    let mut malformed = None;
    for location in locations(issuer).ok_or_else(not_an_issuer)? {
        let reply = http.send(&HttpRequest::new(Method::GET, location.clone())).map_err(FlowError::Discovery)?;
        let status = reply.status;
        let body = reply.read(MAX_REPLY).map_err(FlowError::Discovery)?;
        let value = json::parse(&body).ok().filter(|_| status == 200).unwrap_or_default();
        match AuthorizationServerMetadata::from_json(&value) {
            Ok(Some(metadata)) => return Ok(checked(issuer, metadata)?),
            Ok(None) => tried.push(format!("{location} answered {status}")),
            // The other location may have valid metadata.
            Err(source) => {
                malformed.get_or_insert(DiscoveryError::Malformed { location: location.to_string(), source });
            }
        }
    }
    if let Some(malformed) = malformed {
        return Err(malformed.into());
    }
    Err(DiscoveryError::NotFound { issuer: sanitize::line(issuer), tried: tried.join(", ") }.into())
}

fn checked(issuer: &str, metadata: AuthorizationServerMetadata) -> Result<AuthorizationServerMetadata, DiscoveryError> {
    // A simple string comparison: not even a trailing slash may differ.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Reply, Scripted};

    const ISSUER: &str = "https://as.example/tenant";

    /// Returns the result of these replies, and the paths that were requested.
    fn ask(replies: &[Reply<'_>]) -> (Result<AuthorizationServerMetadata, FlowError>, Vec<String>) {
        let server = Scripted::replies(replies);
        let metadata = discover(&server, ISSUER);
        (metadata, server.requests().iter().map(|request| request.url.path().to_owned()).collect())
    }

    fn metadata(more: &str) -> String {
        format!("{{\"issuer\":\"{ISSUER}\"{more}}}")
    }

    #[test]
    fn the_metadata_is_taken_from_the_first_place_that_has_it() {
        let places = ["/.well-known/oauth-authorization-server/tenant", "/tenant/.well-known/openid-configuration"];
        let body = metadata(",\"token_endpoint\":\"https://login.example/token\"");
        let (found, asked) = ask(&[(200, "", &body)]);
        assert_eq!(found.unwrap().token_endpoint.as_deref(), Some("https://login.example/token"));
        assert_eq!(asked, places[..1]);
        for nothing in [(404, "", body.as_str()), (302, "/y", &body), (200, "", "<html>")] {
            let (found, asked) = ask(&[nothing, (200, "", &body)]);
            assert!(found.is_ok() && asked == places, "{nothing:?}");
        }
        let (found, _) = ask(&[(404, "", &body), (503, "", &body)]);
        let tried = format!(
            "`{ISSUER}` publishes no metadata: https://as.example{} answered 404, https://as.example{} answered 503",
            places[0], places[1]
        );
        assert_eq!(found.unwrap_err().to_string(), tried);
    }

    #[test]
    fn malformed_metadata_is_an_error_unless_the_other_is_valid() {
        let (wrong, right) = (metadata(",\"token_endpoint\":[\"x\"]"), metadata(""));
        assert!(ask(&[(200, "", &wrong), (200, "", &right)]).0.is_ok());
        for others in [(404, "", ""), (200, "", wrong.as_str())] {
            let Err(FlowError::Metadata(DiscoveryError::Malformed { source, location })) =
                ask(&[(200, "", &wrong), others]).0
            else {
                panic!("it was accepted");
            };
            assert_eq!(source.member, "token_endpoint");
            assert!(location.ends_with("/.well-known/oauth-authorization-server/tenant"));
        }
    }

    #[test]
    fn metadata_of_another_issuer_is_refused() {
        for said in ["https://as.example/tenant/", "https://as.example", "https://AS.example/tenant"] {
            let (found, asked) = ask(&[(200, "", &format!("{{\"issuer\":\"{said}\"}}"))]);
            assert!(matches!(found, Err(FlowError::Metadata(DiscoveryError::OtherIssuer { .. }))), "{said}");
            assert_eq!(asked.len(), 1);
        }
        for issuer in ["http://as.example", "https://as.example?x", "as.example"] {
            let refused = discover(&Scripted::replies(&[]), issuer);
            assert!(matches!(refused, Err(FlowError::Metadata(DiscoveryError::NotAnIssuer { .. }))), "{issuer}");
        }
    }

    #[test]
    fn an_endpoint_that_must_not_see_secrets_is_refused() {
        for name in ["authorization_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint"] {
            let (found, _) = ask(&[(200, "", &metadata(&format!(",\"{name}\":\"http://as.example/x\"")))]);
            assert!(matches!(found, Err(FlowError::Metadata(DiscoveryError::UnsafeEndpoint { .. }))), "{name}");
        }
    }
}
