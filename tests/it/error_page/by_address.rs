//! The errors of a login by address, and of registrations.

use std::io;

use oauthctl::testing::*;

use super::Page;
use super::values::*;

variants! {
    AddressError: NotAnAddress NoMetadata Contradiction Malformed Private NoPkce SeveralServers OtherServer Unreachable;
    RegisterError: Request Refused Unreadable Unusable NotDeleted;
    NotARegistration: Missing Unusable Malformed;
    ByAddressError: NoAddress NotConfirmed Declined NoClient NoDocuments NotListed OtherDocument SecretWithDocument
        OtherRedirect NotWritten;
}

pub fn errors(page: &mut Page) {
    page.section(address_errors());
    page.section(register_errors());
    page.inside(not_registrations(), RegisterError::Unusable);
    page.section(by_address_errors());
}

fn address() -> String {
    text("https://mcp.shop.example/mcp")
}

fn issuer() -> String {
    text("https://login.shop.example")
}

fn address_errors() -> Vec<AddressError> {
    let location = || text("https://mcp.shop.example/.well-known/oauth-protected-resource/mcp");
    let problem = text("`https://elsewhere.example/mcp`, and `https://mcp.shop.example/mcp` was asked (RFC 9728 §3.3)");
    vec![
        AddressError::NotAnAddress {
            text: text("mcp.shop.example/mcp"),
            problem: "this is not an absolute URL",
            meant: Some(address()),
        },
        AddressError::NotAnAddress {
            text: text("https://{shop}/mcp"),
            problem: "it has a part to fill in",
            meant: None,
        },
        AddressError::NoMetadata {
            address: address(),
            tried: vec![text("GET https://mcp.shop.example/mcp answered 404"), format!("{} answered 404", location())],
        },
        AddressError::Contradiction { location: location(), member: "resource", problem },
        AddressError::Malformed { location: location(), source: malformed("authorization_servers") },
        AddressError::Private { named: text("https://10.0.0.1"), reach: Reach::Private, from: Reach::Internet },
        AddressError::NoPkce { issuer: issuer(), methods: None, is_resource: true },
        AddressError::NoPkce { issuer: issuer(), methods: Some(vec![text("plain")]), is_resource: false },
        AddressError::SeveralServers { servers: vec![issuer(), text("https://id.example")] },
        AddressError::OtherServer { issuer: text("https://elsewhere.example"), servers: vec![issuer()] },
        AddressError::Unreachable { address: address(), source: unreachable() },
        AddressError::Unreachable {
            address: address(),
            source: HttpError::Overdue { origin: issuer(), limit: HumanDuration(std::time::Duration::from_secs(60)) },
        },
    ]
}

fn register_errors() -> Vec<RegisterError> {
    let refused = |code, words| RegisterError::Refused { status: 400, error: said(code, words) };
    vec![
        RegisterError::Request(unreachable()),
        refused("invalid_redirect_uri", "loopback is not allowed"),
        refused("invalid_client_metadata", "no such grant"),
        RegisterError::Unreadable { status: 401, reply: text("an empty body") },
        RegisterError::Unreadable { status: 503, reply: text("an empty body") },
        RegisterError::Unusable(NotARegistration::Missing("client_id")),
        RegisterError::NotDeleted { status: 401 },
    ]
}

fn not_registrations() -> Vec<NotARegistration> {
    vec![
        NotARegistration::Missing("client_id"),
        NotARegistration::Unusable("token_endpoint_auth_method"),
        NotARegistration::Malformed(malformed("client_secret")),
    ]
}

fn by_address_errors() -> Vec<ByAddressError> {
    let client_id = || text("https://app.example/client.json");
    let redirect_uri = || text("http://127.0.0.1:9000/other");
    vec![
        ByAddressError::NoAddress { flag: "--client-id" },
        ByAddressError::NoAddress { flag: "--resource" },
        ByAddressError::NoAddress { flag: "--issuer" },
        ByAddressError::NotConfirmed { address: address() },
        ByAddressError::Declined { address: address() },
        ByAddressError::NoClient { issuer: issuer(), takes_documents: true },
        ByAddressError::NoClient { issuer: issuer(), takes_documents: false },
        ByAddressError::NoDocuments { issuer: issuer() },
        ByAddressError::NotListed { client_id: client_id(), redirect_uri: redirect_uri(), listed: Vec::new() },
        ByAddressError::NotListed {
            client_id: client_id(),
            redirect_uri: redirect_uri(),
            listed: vec![text("https://app.example/callback")],
        },
        ByAddressError::OtherDocument { client_id: client_id(), said: text("https://elsewhere.example/client.json") },
        ByAddressError::SecretWithDocument,
        ByAddressError::OtherRedirect {
            client: text("the client of `login.shop.example`"),
            provider: text("login.shop.example"),
            redirect_uri: redirect_uri(),
            registered: vec![text("http://127.0.0.1:8765/callback")],
        },
        ByAddressError::NotWritten {
            path: text("/home/me/.config/oauthctl/providers/mcp.shop.example-mcp.toml"),
            source: io::Error::from(io::ErrorKind::PermissionDenied),
        },
    ]
}
