//! Asks an issuer for its metadata (RFC 8414 §3, OpenID Connect Discovery §4).
//!
//! The reply must name exactly the requested issuer, with or without the slash that ends it (RFC 8414 §3.3), or it is
//! not used. This keeps one server from speaking for another. The one exception is a template for many tenants on the
//! same server: see `protocol::metadata::Issuer`. A document of another issuer does not end the search, as a server may
//! answer every address of the one form with the same document.
//!
//! A redirect is followed within the origin only. No secret is sent here, so nothing is lost by it, but the server of
//! another origin would speak for the issuer. Every endpoint must be safe for secrets.

use http::Method;
use http::header::LOCATION;
use url::Url;

pub use super::error::DiscoveryError;
use super::error::FlowError;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::metadata::{AuthorizationServerMetadata, Issuer, Named, NotAnIssuer, issuer_in};
use crate::protocol::{json, sanitize};
use crate::provider::Endpoint;
use crate::system::http::{HttpClient, HttpReply, MAX_REPLY};

/// The redirects that are followed for one document: from a bare to a full path, and to the place where it lies.
const MAX_REDIRECTS: usize = 3;

pub fn discover(http: &dyn HttpClient, issuer: &str) -> Result<AuthorizationServerMetadata, FlowError> {
    locate(http, issuer).map(|(_, metadata)| metadata)
}

/// Returns the metadata and the address where it is.
pub fn locate(http: &dyn HttpClient, issuer: &str) -> Result<(Url, AuthorizationServerMetadata), FlowError> {
    search(http, issuer, false)
}

/// The same for the server of a resource that publishes nothing about itself, as in MCP of 2025-03-26: there the metadata is
/// at the root, and names an issuer that may have a path. All of it is one origin, so no server speaks for another.
pub fn locate_in_origin(http: &dyn HttpClient, origin: &str) -> Result<(Url, AuthorizationServerMetadata), FlowError> {
    search(http, origin, true)
}

fn search(
    http: &dyn HttpClient,
    issuer: &str,
    any_path: bool,
) -> Result<(Url, AuthorizationServerMetadata), FlowError> {
    let asked = parse(issuer)?;
    let (mut tried, mut refusal) = (Vec::new(), None);
    for location in &asked.locations {
        let found = match fetch(http, location)? {
            Fetched::Reply(reply) => read(&asked, location, reply, any_path)?,
            Fetched::Elsewhere(target) => Err(DiscoveryError::Redirected {
                issuer: sanitize::line(asked.as_str()),
                location: location.to_string(),
                target: target.origin().ascii_serialization(),
                issuer_there: issuer_in(target.as_str()),
            }),
        };
        match found {
            Ok(Found::Metadata(metadata)) => return Ok((location.clone(), checked(*metadata)?)),
            Ok(Found::Nothing(why)) => tried.push(format!("{location} answered {why}")),
            Err(why) => {
                refusal.get_or_insert(why);
            }
        }
    }
    let nothing = || DiscoveryError::NotFound { issuer: sanitize::line(asked.as_str()), tried: tried.join(", ") };
    Err(refusal.unwrap_or_else(nothing).into())
}

fn parse(issuer: &str) -> Result<Issuer, DiscoveryError> {
    let shown = sanitize::line(issuer);
    let asked = Issuer::parse(issuer).map_err(|problem| match problem {
        NotAnIssuer::Placeholder { part } => {
            DiscoveryError::Placeholder { issuer: shown.clone(), part: sanitize::line(&part) }
        }
        NotAnIssuer::Malformed { meant } => DiscoveryError::NotAnIssuer { issuer: shown.clone(), meant },
    })?;
    match Endpoint::parse(asked.as_str()) {
        Ok(_) => Ok(asked),
        // What is wrong with it is most often the scheme.
        Err(_) => {
            let meant = asked.as_str().strip_prefix("http://").map(|rest| format!("https://{rest}"));
            let meant = meant.filter(|meant| Endpoint::parse(meant).is_ok());
            Err(DiscoveryError::NotAnIssuer { issuer: shown, meant })
        }
    }
}

pub(super) enum Fetched {
    Reply(HttpReply),
    /// A redirect to another origin.
    Elsewhere(Url),
}

/// Gets a document, and follows redirects within its origin.
pub(super) fn fetch(http: &dyn HttpClient, location: &Url) -> Result<Fetched, FlowError> {
    let mut url = location.clone();
    for _ in 0..MAX_REDIRECTS {
        let reply = http.send(&document(url.clone())).map_err(FlowError::Discovery)?;
        let target = reply.headers.get(LOCATION).and_then(|target| url.join(target.to_str().ok()?).ok());
        match target.filter(|_| matches!(reply.status, 301 | 302 | 303 | 307 | 308)) {
            Some(target) if target.origin() != url.origin() => return Ok(Fetched::Elsewhere(target)),
            Some(target) => url = target,
            None => return Ok(Fetched::Reply(reply)),
        }
    }
    http.send(&document(url)).map(Fetched::Reply).map_err(FlowError::Discovery)
}

fn document(url: Url) -> HttpRequest {
    HttpRequest::new(Method::GET, url).for_leg(Leg::Discovery)
}

enum Found {
    Metadata(Box<AuthorizationServerMetadata>),
    /// No metadata, and what there was instead.
    Nothing(String),
}

/// Reads a document. An inner error leaves the other locations to try.
fn read(
    asked: &Issuer,
    location: &Url,
    reply: HttpReply,
    any_path: bool,
) -> Result<Result<Found, DiscoveryError>, FlowError> {
    let status = reply.status;
    let body = reply.read(MAX_REPLY).map_err(FlowError::Discovery)?;
    let value = json::parse(&body).ok().filter(|_| status == 200).unwrap_or_default();
    let metadata = match AuthorizationServerMetadata::from_json(&value) {
        Ok(Some(metadata)) => metadata,
        Ok(None) if value.is_object() => return Ok(Ok(Found::Nothing(format!("{status} and names no issuer")))),
        Ok(None) => return Ok(Ok(Found::Nothing(status.to_string()))),
        Err(source) => return Ok(Err(DiscoveryError::Malformed { location: location.to_string(), source })),
    };
    Ok(match asked.named_by(&metadata.issuer) {
        Named::Exactly(issuer) => Ok(Found::Metadata(Box::new(AuthorizationServerMetadata { issuer, ..metadata }))),
        Named::Template(values) => {
            let issuer_template = Some(metadata.issuer.clone());
            let metadata = metadata.for_tenant(&values);
            let issuer = asked.as_str().to_owned();
            Ok(Found::Metadata(Box::new(AuthorizationServerMetadata { issuer, issuer_template, ..metadata })))
        }
        Named::Other if any_path && is_issuer_of(&metadata.issuer, location) => Ok(Found::Metadata(Box::new(metadata))),
        Named::Other => Err(DiscoveryError::OtherIssuer {
            asked: sanitize::line(asked.as_str()),
            said: sanitize::line(&metadata.issuer),
        }),
    })
}

/// Returns `true` for an issuer at the origin of its metadata.
fn is_issuer_of(issuer: &str, location: &Url) -> bool {
    let plain = |url: &Url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    Url::parse(issuer).is_ok_and(|url| url.origin() == location.origin() && plain(&url))
}

fn checked(mut metadata: AuthorizationServerMetadata) -> Result<AuthorizationServerMetadata, DiscoveryError> {
    for (member, endpoint) in metadata.endpoints_mut() {
        let Some(url) = endpoint else { continue };
        // A definition would take it for a parameter.
        let problem =
            if url.contains(['{', '}']) { Some("it has a part to fill in") } else { Endpoint::parse(url).err() };
        if let Some(problem) = problem {
            return Err(DiscoveryError::UnsafeEndpoint { member, url: sanitize::line(url), problem });
        }
    }
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Reply, Scripted};

    const ISSUER: &str = "https://as.example/tenant";

    const PLACES: [&str; 4] = [
        "/.well-known/oauth-authorization-server/tenant",
        "/.well-known/openid-configuration/tenant",
        "/tenant/.well-known/openid-configuration",
        "/tenant/.well-known/oauth-authorization-server",
    ];

    /// Returns the result of these replies, and the paths that were requested.
    fn ask_for(issuer: &str, replies: &[Reply<'_>]) -> (Result<AuthorizationServerMetadata, FlowError>, Vec<String>) {
        let server = Scripted::replies(replies);
        let metadata = discover(&server, issuer);
        (metadata, server.requests().iter().map(|request| request.url.path().to_owned()).collect())
    }

    fn ask(replies: &[Reply<'_>]) -> (Result<AuthorizationServerMetadata, FlowError>, Vec<String>) {
        ask_for(ISSUER, replies)
    }

    fn refusal(issuer: &str, replies: &[Reply<'_>]) -> DiscoveryError {
        match ask_for(issuer, replies).0 {
            Err(FlowError::Metadata(error)) => error,
            other => panic!("{issuer}: {other:?}"),
        }
    }

    fn metadata(more: &str) -> String {
        format!("{{\"issuer\":\"{ISSUER}\"{more}}}")
    }

    const NOTHING: Reply<'static> = (404, "", "");

    #[test]
    fn an_origin_may_name_an_issuer_of_its_own_with_a_path() {
        let ask = |issuer: &str| {
            let body = format!("{{\"issuer\":\"{issuer}\"}}");
            let server = Scripted::replies(&[(200, "", &body), NOTHING, NOTHING, NOTHING]);
            let found = locate_in_origin(&server, "https://rs.example");
            found.map(|(_, metadata)| metadata.issuer)
        };
        assert_eq!(ask("https://rs.example/oauth").unwrap(), "https://rs.example/oauth");
        for other in
            ["https://as.example/oauth", "https://rs.example:8443/oauth", "https://rs.example/oauth?x", "oauth"]
        {
            assert!(matches!(ask(other), Err(FlowError::Metadata(DiscoveryError::OtherIssuer { .. }))), "{other}");
        }
        assert!(matches!(
            refusal(ISSUER, &[(200, "", "{\"issuer\":\"https://as.example/other\"}"), NOTHING, NOTHING, NOTHING]),
            DiscoveryError::OtherIssuer { .. }
        ));
    }

    #[test]
    fn the_metadata_is_taken_from_the_first_place_that_has_it() {
        let body = metadata(",\"token_endpoint\":\"https://login.example/token\"");
        let (found, asked) = ask(&[(200, "", &body)]);
        assert_eq!(found.unwrap().token_endpoint.as_deref(), Some("https://login.example/token"));
        assert_eq!(asked, PLACES[..1]);
        assert!(ask(&[(200, "", &format!("\u{feff}{body}"))]).0.is_ok(), "a byte order mark is left out");
        for nothing in [(404, "", body.as_str()), (302, "", &body), (200, "", "<html>"), (200, "", "{}")] {
            let (found, asked) = ask(&[nothing, (200, "", &body)]);
            assert!(found.is_ok() && asked == PLACES[..2], "{nothing:?}");
        }
        let (found, asked) = ask(&[NOTHING, (500, "", ""), NOTHING, (200, "", &body)]);
        assert!(found.is_ok() && asked == PLACES, "{asked:?}");
        let (found, _) = ask(&[(404, "", &body), (503, "", &body), (200, "", "{\"a\":1}"), (200, "", "x")]);
        let [first, second, third, fourth] = PLACES;
        let tried = format!(
            "`{ISSUER}` publishes no metadata: https://as.example{first} answered 404, https://as.example{second} answered \
             503, https://as.example{third} answered 200 and names no issuer, https://as.example{fourth} answered 200"
        );
        assert_eq!(found.unwrap_err().to_string(), tried);
    }

    #[test]
    fn malformed_metadata_is_an_error_unless_the_other_is_valid() {
        let (wrong, right) = (metadata(",\"token_endpoint\":[\"x\"]"), metadata(""));
        assert!(ask(&[(200, "", &wrong), (200, "", &right)]).0.is_ok());
        for others in [NOTHING, (200, "", wrong.as_str())] {
            let Err(FlowError::Metadata(DiscoveryError::Malformed { source, location })) =
                ask(&[(200, "", &wrong), others, NOTHING, NOTHING]).0
            else {
                panic!("it was accepted");
            };
            assert_eq!(source.member, "token_endpoint");
            assert!(location.ends_with("/.well-known/oauth-authorization-server/tenant"));
        }
    }

    #[test]
    fn the_slash_that_ends_an_issuer_may_be_left_out_or_added() {
        for asked in
            [ISSUER, "https://as.example/tenant/", "https://as.example/tenant/.well-known/openid-configuration"]
        {
            for said in [ISSUER, "https://as.example/tenant/"] {
                let (found, _) = ask_for(asked, &[(200, "", &format!("{{\"issuer\":\"{said}\"}}"))]);
                assert_eq!(found.unwrap().issuer, said, "{asked}");
            }
        }
    }

    #[test]
    fn metadata_of_another_issuer_is_refused_and_the_search_goes_on() {
        for said in ["https://as.example", "https://AS.example/tenant", "https://as.example/tenant/x"] {
            let other = format!("{{\"issuer\":\"{said}\"}}");
            let error = refusal(ISSUER, &[(200, "", &other), NOTHING, NOTHING, NOTHING]);
            assert!(matches!(&error, DiscoveryError::OtherIssuer { said: found, .. } if found == said), "{error}");
            assert!(ask(&[(200, "", &other), (200, "", &metadata(""))]).0.is_ok());
        }
        for (issuer, meant) in [
            ("http://as.example", Some("https://as.example")),
            ("https://as.example?x", Some("https://as.example")),
            ("as.example", Some("https://as.example")),
            ("https://u@as.example", None),
        ] {
            let error = refusal(issuer, &[]);
            assert!(
                matches!(&error, DiscoveryError::NotAnIssuer { meant: found, .. } if found.as_deref() == meant),
                "{issuer}"
            );
        }
    }

    #[test]
    fn one_document_for_many_tenants_is_filled_in() {
        let body =
            r#"{"issuer":"https://as.example/{tenantid}/v2.0","token_endpoint":"https://as.example/{tenantid}/token"}"#;
        let (found, _) = ask_for("https://as.example/common/v2.0", &[(200, "", body)]);
        let found = found.unwrap();
        assert_eq!(found.issuer, "https://as.example/common/v2.0");
        assert_eq!(found.issuer_template.as_deref(), Some("https://as.example/{tenantid}/v2.0"));
        assert_eq!(found.token_endpoint.as_deref(), Some("https://as.example/common/token"));
        let body = r#"{"issuer":"https://as.example","token_endpoint":"https://as.example/{realm}/token"}"#;
        let error = refusal("https://as.example", &[(200, "", body)]);
        assert!(matches!(error, DiscoveryError::UnsafeEndpoint { .. }), "{error}");
        let error = refusal("https://as.example/{tenantid}/v2.0", &[]);
        assert!(matches!(&error, DiscoveryError::Placeholder { part, .. } if part == "{tenantid}"), "{error}");
    }

    #[test]
    fn a_redirect_is_followed_within_the_origin_only() {
        let body = metadata("");
        for status in [301, 302, 303, 307, 308] {
            let (found, asked) = ask(&[(status, "/a", ""), (status, "https://as.example/b?c", ""), (200, "", &body)]);
            assert!(found.is_ok() && asked[1..] == ["/a", "/b"], "{status}: {asked:?}");
            for elsewhere in
                ["https://www.as.example/x", "//www.as.example/x", "https://as.example:8443/x", "http://as.example/x"]
            {
                let (found, asked) = ask(&[(status, elsewhere, ""), (200, "", &body)]);
                assert!(found.is_ok() && asked == PLACES[..2], "{elsewhere}: {asked:?}");
            }
        }
        let there = "https://www.as.example/.well-known/oauth-authorization-server/tenant";
        let error = refusal(ISSUER, &[(301, there, ""), NOTHING, NOTHING, NOTHING]);
        assert_eq!(error.issuer_to_try().as_deref(), Some("https://www.as.example/tenant"));
        // A circle comes to an end.
        let circle = [(302, "/a", ""); 16];
        let (found, asked) = ask(&circle);
        assert!(found.is_err() && asked.len() == 16, "{asked:?}");
    }

    #[test]
    fn an_endpoint_that_must_not_see_secrets_is_refused() {
        for name in ["authorization_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint"] {
            let (found, _) = ask(&[(200, "", &metadata(&format!(",\"{name}\":\"http://as.example/x\"")))]);
            assert!(matches!(found, Err(FlowError::Metadata(DiscoveryError::UnsafeEndpoint { .. }))), "{name}");
        }
    }
}
