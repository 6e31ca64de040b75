use std::sync::Mutex;

use http::Method;
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::flow::doubles::{Scripted, StubResponse};
use crate::protocol::message::HttpRequest;
use crate::system::http::{HttpClient, HttpError, HttpReply, Reach, Upload};

const ADDRESS: &str = "https://rs.example/mcp";

/// A server whose documents are at these addresses, and the challenge of the address itself.
fn published<'a>(challenge: &'a str, documents: &'a [(&'a str, Value)]) -> Scripted<'a> {
    Scripted::new(move |request: &HttpRequest| {
        if request.url.as_str() == ADDRESS {
            return Ok(match request.method == Method::POST && !challenge.is_empty() {
                true => StubResponse::new(401, "").with("www-authenticate", challenge),
                false => StubResponse::new(404, ""),
            });
        }
        let found = documents.iter().find(|(address, _)| *address == request.url.as_str());
        Ok(found.map_or_else(|| StubResponse::new(404, ""), |(_, value)| StubResponse::new(200, value.to_string())))
    })
}

fn asked(http: &dyn HttpClient) -> Result<Asked, AddressError> {
    ask(http, &Url::parse(ADDRESS).unwrap()).map(|(asked, _)| asked)
}

fn resource() -> Value {
    json!({"resource": ADDRESS, "authorization_servers": ["https://as.example"]})
}

#[test]
fn the_challenge_names_the_metadata_before_the_well_known_places() {
    let own = [("https://rs.example/custom.json", resource())];
    let http = published("Bearer resource_metadata=\"https://rs.example/custom.json\", scope=\"read\"", &own);
    let Asked::Resource(found) = asked(&http).unwrap() else { panic!("no resource") };
    assert_eq!((found.location.as_str(), found.scope.unwrap().join(" ").as_str()), (own[0].0, "read"));
    assert_eq!(http.paths(), ["/mcp", "/mcp", "/custom.json"]);
    // A relative address is the server's own.
    let http = published("Bearer resource_metadata=\"/custom.json\"", &own);
    assert!(matches!(asked(&http), Ok(Asked::Resource(_))));
    for place in ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"] {
        let at = format!("https://rs.example{place}");
        let documents = [(at.as_str(), resource())];
        for challenge in ["Bearer", "", "Bearer resource_metadata=\"https://rs.example/gone.json\""] {
            let http = published(challenge, &documents);
            let found = asked(&http);
            let is_identity = place.ends_with("/mcp");
            // The document of the whole server is about this resource, which it may be: the address was asked.
            assert!(matches!(found, Ok(Asked::Resource(_))), "{challenge} {is_identity}: {found:?}");
        }
    }
    assert!(matches!(asked(&published("Bearer", &[])), Ok(Asked::Challenged { scope: None, .. })));
    let Ok(Asked::Open { tried }) = asked(&published("", &[])) else { panic!("it is a resource") };
    assert_eq!(tried.len(), 4, "{tried:?}");
}

#[test]
fn a_public_server_names_no_machine_that_is_nearer() {
    for private in ["https://10.0.0.1/x", "https://169.254.169.254/x", "http://127.0.0.1:8080/x", "http://localhost/x"]
    {
        let challenge = format!("Bearer resource_metadata=\"{private}\"");
        let http = published(&challenge, &[]);
        assert!(matches!(asked(&http), Err(AddressError::Private { .. })), "{private}");
        assert!(http.requests().iter().all(|request| request.url.host_str() == Some("rs.example")));

        let address = Url::parse(ADDRESS).unwrap();
        let http = published("", &[]);
        let named = NamedServers::new(&http, &address, Reach::Internet);
        assert!(matches!(server(&named, private, Vec::new()), Err(AddressError::Private { .. })), "{private}");
        for member in ["authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"] {
            let mut members = json!({
                "issuer": "https://as.example",
                "authorization_endpoint": "https://as.example/authorize",
                "token_endpoint": "https://as.example/token",
                "code_challenge_methods_supported": ["S256"],
            });
            members[member] = private.into();
            let documents = [("https://as.example/.well-known/oauth-authorization-server", members)];
            let http = published("", &documents);
            let named = NamedServers::new(&http, &address, Reach::Internet);
            let found = server(&named, "https://as.example", Vec::new()).unwrap();
            let rules = Rules { is_resource: true, allow_no_pkce: false };
            assert!(matches!(check(&found, &named, rules), Err(AddressError::Private { .. })), "{member} {private}");
            // A server on this machine may name another one here.
            let named = NamedServers::new(&http, &address, Reach::Loopback);
            assert!(check(&found, &named, rules).is_ok());
        }
    }
}

#[test]
fn a_name_that_leads_nearer_is_refused_where_it_is_connected_to() {
    /// A client for which every other host than the resource's is on a private network.
    struct Rebound<'a>(Scripted<'a>, Mutex<Vec<String>>);

    impl HttpClient for Rebound<'_> {
        fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
            self.0.send(request)
        }

        fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
            self.0.stream(request, upload)
        }

        fn download(&self, request: &HttpRequest, from: Reach) -> Result<HttpReply, HttpError> {
            self.1.lock().unwrap().push(request.url.to_string());
            let origin = request.url.origin().ascii_serialization();
            Err(HttpError::OutOfReach { origin, reach: Reach::Private, from })
        }
    }

    let documents = [("https://rs.example/.well-known/oauth-protected-resource/mcp", resource())];
    let http = Rebound(published("Bearer", &documents), Mutex::default());
    let (found, from) = ask(&http, &Url::parse(ADDRESS).unwrap()).unwrap();
    let Asked::Resource(found) = found else { panic!("no resource") };
    let address = Url::parse(ADDRESS).unwrap();
    let named = NamedServers::new(&http, &address, from);
    let error = server(&named, &found.metadata.authorization_servers[0], Vec::new()).unwrap_err();
    assert!(matches!(&error, AddressError::Private { named, .. } if named == "https://as.example"), "{error}");
    assert_eq!(http.1.lock().unwrap().len(), 1, "the first refusal ends it");
}

#[test]
fn a_copied_address_of_metadata_stands_for_what_it_is_about() {
    let place = "https://rs.example/.well-known/oauth-protected-resource/mcp";
    let documents = [(place, resource())];
    let http = published("Bearer", &documents);
    let (found, _) = ask(&http, &Url::parse(place).unwrap()).unwrap();
    assert!(matches!(found, Asked::Resource(found) if found.metadata.resource == ADDRESS));
    let http = published("Bearer", &[]);
    let issuer = Url::parse("https://as.example/.well-known/openid-configuration").unwrap();
    assert!(matches!(ask(&http, &issuer), Ok((Asked::Open { .. }, _))));
}
