//! What the emulator publishes about itself: the metadata of the authorization server (RFC 8414, OpenID Connect Discovery
//! 1.0) and of the API (RFC 9728).
//!
//! The issuer is at the emulator's origin, with the path of the definition's issuer if it has one. The documents are about
//! clients that know nothing else, so they name standard endpoints also where the definition has none.

use serde_json::{Map, Value, json};

use super::clients::KnownClient;
use super::fault::Fault;
use super::site::Site;
use super::wire::Reply;
use super::{introspect, openid, pushed, registration, revoke};
use crate::protocol::grant::GrantKind;
use crate::protocol::params::{Params, Repeated};
use crate::protocol::pkce::CodeChallenge;
use crate::protocol::protected_resource::{ProtectedResourceMetadata, WELL_KNOWN};
use crate::protocol::token::DEVICE_CODE;
use crate::provider::quirks::Pkce;
use crate::provider::{Dialect, Endpoint};

/// The most bytes of all resources of a request together. Every login remembers its own.
const MAX_RESOURCES: usize = 1024;

const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// Returns the document at this path, if there is one.
pub fn document(site: &Site, path: &str) -> Option<Reply> {
    let issuer = site.path_of_issuer();
    // RFC 8414 §3.1, §5: inserted before the issuer's path, and for OpenID appended to it, too.
    let of_server =
        [format!("{AUTHORIZATION_SERVER}{issuer}"), format!("{OPENID}{issuer}"), format!("{issuer}{OPENID}")];
    if of_server.iter().any(|at| at == path) {
        return Some(Reply::json(200, &Value::Object(of_authorization_server(site))));
    }
    (path == path_of_resource_metadata(site)).then(|| Reply::json(200, &of_resource(site)))
}

/// Returns the address of the metadata of the API, for its challenges (RFC 9728 §5.1).
pub fn resource_metadata(site: &Site) -> String {
    format!("{}{}", site.origin(), path_of_resource_metadata(site))
}

fn path_of_resource_metadata(site: &Site) -> String {
    format!("{WELL_KNOWN}{}", site.path_of_resource())
}

fn of_authorization_server(site: &Site) -> Map<String, Value> {
    let (definition, endpoints) = (&site.provider.definition, &site.provider.endpoints);
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    let at = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(ToString::to_string);
    let own = |path: &str| format!("{}{path}", site.origin());
    put("issuer", site.issuer().into());
    for (name, url) in [
        ("authorization_endpoint", at(&endpoints.authorize)),
        ("token_endpoint", at(&endpoints.token)),
        ("device_authorization_endpoint", at(&endpoints.device)),
        ("revocation_endpoint", at(&endpoints.revoke).or_else(|| Some(own(revoke::PATH)))),
        ("introspection_endpoint", at(&endpoints.introspect).or_else(|| Some(own(introspect::PATH)))),
        ("pushed_authorization_request_endpoint", at(&endpoints.par).or_else(|| Some(own(pushed::PATH)))),
        ("registration_endpoint", Some(own(registration::PATH))),
    ] {
        if let Some(url) = url {
            put(name, url.into());
        }
    }
    let dialect = Dialect::new(&site.provider);
    let grants = definition.grants();
    let code = grants.contains(&GrantKind::AuthorizationCode).then_some("code");
    let token = grants.contains(&GrantKind::Implicit).then_some("token");
    put("response_types_supported", code.into_iter().chain(token).collect());
    put("response_modes_supported", json!(["query", "fragment"]));
    put("grant_types_supported", grants.into_iter().map(grant_type).chain(["refresh_token"]).collect());
    put("scopes_supported", definition.known_scopes().union(&definition.default_scope()).iter().collect());
    let methods = json!(["client_secret_basic", "client_secret_post", "none"]);
    put("token_endpoint_auth_methods_supported", methods);
    for (name, own) in [
        ("revocation_endpoint_auth_methods_supported", dialect.revocation_auth()),
        ("introspection_endpoint_auth_methods_supported", dialect.introspection_auth()),
    ] {
        if let Some(method) = own {
            put(name, json!([method.registered_name()]));
        }
    }
    if definition.pkce() == Pkce::S256 && !site.has(Fault::NoPkce) {
        put("code_challenge_methods_supported", json!([CodeChallenge::METHOD]));
    }
    if dialect.requires_pushed_requests() {
        put("require_pushed_authorization_requests", true.into());
    }
    let names_issuer = site.provider.issuer().is_some() && !dialect.issuer_may_be_missing();
    put("authorization_response_iss_parameter_supported", names_issuer.into());
    put("client_id_metadata_document_supported", true.into());
    members.extend(openid::metadata(site));
    members
}

fn of_resource(site: &Site) -> Value {
    let definition = &site.provider.definition;
    let resource = match site.has(Fault::WrongResource) {
        true => "https://another-resource.example".to_owned(),
        false => site.resource(),
    };
    let scopes = definition.known_scopes().union(&definition.default_scope());
    let metadata = ProtectedResourceMetadata {
        resource,
        authorization_servers: vec![site.issuer()],
        scopes_supported: (!scopes.is_empty()).then(|| scopes.iter().map(str::to_owned).collect()),
        bearer_methods_supported: Some(vec!["header".to_owned()]),
        resource_name: Some(definition.name.clone()),
    };
    metadata.to_json()
}

/// Returns the name in RFC 7591 §2.
fn grant_type(grant: GrantKind) -> &'static str {
    match grant {
        GrantKind::AuthorizationCode => "authorization_code",
        GrantKind::Implicit => "implicit",
        GrantKind::DeviceCode => DEVICE_CODE,
        GrantKind::ClientCredentials => "client_credentials",
    }
}

impl Site {
    /// Returns `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        self.provider.emulator.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// Returns the issuer that all of the emulator names.
    pub fn issuer(&self) -> String {
        match self.has(Fault::WrongIssuer) {
            true => "https://another-issuer.example".to_owned(),
            false => self.provider.issuer().unwrap_or_else(|| self.origin()),
        }
    }

    fn path_of_issuer(&self) -> String {
        let issuer = self.provider.issuer().unwrap_or_default();
        issuer.strip_prefix(&self.origin()).unwrap_or_default().trim_end_matches('/').to_owned()
    }

    /// Returns the identifier of the API (RFC 8707 §2): the address of its base.
    pub fn resource(&self) -> String {
        format!("{}{}", self.origin(), self.path_of_resource())
    }

    fn path_of_resource(&self) -> String {
        let base = self.provider.endpoints.api_base.as_ref().map(|base| base.url().path());
        base.unwrap_or_default().trim_end_matches('/').to_owned()
    }

    /// Returns the resources that a request is for (RFC 8707 §2): only this API, however its root is written.
    pub fn resources(&self, client: &KnownClient, params: &Params) -> Result<Vec<String>, &'static str> {
        let own = self.resource();
        let resources: Vec<&str> =
            params.iter().filter(|(name, _)| *name == "resource").map(|(_, value)| value).collect();
        if client.is_own() && !self.options.mcp {
            if resources.iter().map(|resource| resource.len()).sum::<usize>() > MAX_RESOURCES {
                return Err("these resources are too long together");
            }
            // The definition may name whatever the real provider expects there.
            return Ok(resources.into_iter().map(str::to_owned).collect());
        }
        if resources.iter().any(|resource| resource.trim_end_matches('/') != own) {
            return Err("this server has no such resource");
        }
        if resources.is_empty() && self.options.mcp {
            return Err("a client of an MCP server names the resource");
        }
        Ok(if resources.is_empty() { Vec::new() } else { vec![own] })
    }

    /// Returns a parameter that appears more than once. A request may be for several resources (RFC 8707 §2).
    pub fn repeated(&self, params: &Params) -> Option<Repeated> {
        params.iter().filter(|(name, _)| *name != "resource").find_map(|(name, _)| params.single(name).err())
    }
}
