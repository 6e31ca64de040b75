//! The authorization server: its metadata, and whether a login there is safe.

use url::Url;

use super::{AddressError, NamedServers};
use crate::flow::discovery::{locate, locate_in_origin};
use crate::protocol::metadata::AuthorizationServerMetadata;
use crate::protocol::sanitize;

/// An authorization server.
#[derive(Clone, Debug)]
pub struct Server {
    pub metadata: AuthorizationServerMetadata,
    /// Where the metadata is. `None` if there is none, and the endpoints are assumed.
    pub location: Option<Url>,
}

/// What is wanted of a server.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// It is for a resource: MCP wants S256 to be announced.
    pub is_resource: bool,
    /// A person goes without PKCE.
    pub allow_no_pkce: bool,
}

/// Asks an issuer for its metadata. `tried` are the answers so far, for the error that there is none.
pub fn server(http: &NamedServers<'_>, issuer: &str, tried: Vec<String>) -> Result<Server, AddressError> {
    let found = locate(http, issuer).map_err(|error| AddressError::of_issuer(issuer, error, tried))?;
    Ok(Server { location: Some(found.0), metadata: found.1 })
}

/// Asks the server of a resource that publishes nothing about itself, at the root (MCP 2025-03-26).
pub fn server_at_root(http: &NamedServers<'_>, resource: &Url, tried: Vec<String>) -> Result<Server, AddressError> {
    let origin = resource.origin().ascii_serialization();
    let found = locate_in_origin(http, &origin).map_err(|error| AddressError::of_issuer(&origin, error, tried))?;
    Ok(Server { location: Some(found.0), metadata: found.1 })
}

/// Returns the endpoints of a server without metadata, as MCP of 2025-03-26 prescribes them.
pub fn assumed(resource: &Url) -> Server {
    let origin = resource.origin().ascii_serialization();
    let at = |path: &str| Some(format!("{origin}{path}"));
    let metadata = AuthorizationServerMetadata {
        authorization_endpoint: at("/authorize"),
        token_endpoint: at("/token"),
        registration_endpoint: at("/register"),
        ..AuthorizationServerMetadata::bare(&origin)
    };
    Server { metadata, location: None }
}

/// Checks that a login at this server is possible and safe.
pub fn check(server: &Server, http: &NamedServers<'_>, rules: Rules) -> Result<(), AddressError> {
    let metadata = &server.metadata;
    let location = server.location.as_ref().map_or_else(|| metadata.issuer.clone(), Url::to_string);
    let contradiction =
        |member, problem: String| AddressError::Contradiction { location: location.clone(), member, problem };
    for (member, endpoint) in metadata.endpoints() {
        let url = Url::parse(endpoint);
        let url =
            url.map_err(|_| contradiction(member, format!("`{}`: this is not a URL", sanitize::line(endpoint))))?;
        http.check_named(&url).map_err(|error| AddressError::http(endpoint, error))?;
    }
    if metadata.token_endpoint.is_none() {
        return Err(contradiction("token_endpoint", "missing, and a login needs one (RFC 8414 §2)".to_owned()));
    }
    let has_login = metadata.authorization_endpoint.is_some() || metadata.device_authorization_endpoint.is_some();
    if !has_login {
        return Err(contradiction("authorization_endpoint", "missing, and a login needs one (RFC 8414 §2)".to_owned()));
    }
    check_pkce(server, rules)
}

/// A server without metadata cannot announce anything.
fn check_pkce(server: &Server, rules: Rules) -> Result<(), AddressError> {
    let metadata = &server.metadata;
    let methods = &metadata.code_challenge_methods_supported;
    let is_fine = match methods {
        Some(methods) => methods.iter().any(|method| method == "S256"),
        None => !rules.is_resource || server.location.is_none(),
    };
    if is_fine || (rules.allow_no_pkce && !rules.is_resource) {
        return Ok(());
    }
    let issuer = sanitize::line(&metadata.issuer);
    Err(AddressError::NoPkce { issuer, methods: methods.clone(), is_resource: rules.is_resource })
}
