//! The servers at an address, and what they say of a login.

use url::Url;

use super::args::AddressArgs;
use crate::commands::Context;
use crate::commands::login::LoginError;
use crate::flow::discover::{self, AddressError, Asked, NamedServers, Resource, Rules, Server};
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::provider::{Endpoint, ProviderDefinition};
use crate::system::http::HttpClient;

/// The scope of a refresh token (OpenID Connect Core §11).
const OFFLINE: &str = "offline_access";

pub struct Found {
    pub address: Url,
    pub server: Server,
    /// The metadata of the resource at the address, if it has some.
    pub metadata: Option<Resource>,
    /// The resource that tokens are for: sent with the requests (RFC 8707).
    pub resource: Option<String>,
    /// The scopes that the resource asks for.
    pub challenged: Option<ScopeSet>,
    /// The address is a resource's, and not an issuer's.
    pub is_resource: bool,
    pub without_pkce: bool,
}

/// Asks the address, and then its authorization server. `text` is the address as it was typed.
pub fn find(
    http: &dyn HttpClient,
    text: &str,
    address: &Url,
    args: &AddressArgs,
    context: &Context,
) -> Result<Found, LoginError> {
    let (asked, from) = discover::ask(http, address)?;
    let named = NamedServers::new(http, address, from);
    let chosen = args.issuer.as_deref();
    let (server, metadata, challenged, is_resource) = match asked {
        Asked::Resource(resource) => {
            let issuer = issuer_of(&resource, chosen, context)?;
            let scope = resource.scope.clone();
            (discover::server(&named, &issuer, Vec::new())?, Some(*resource), scope, true)
        }
        Asked::Challenged { scope, tried } => {
            let server = match chosen {
                Some(issuer) => discover::server(&named, issuer, tried)?,
                None => match discover::server_at_root(&named, address, tried) {
                    Err(AddressError::NoMetadata { .. }) => discover::assumed(address),
                    server => server?,
                },
            };
            (server, None, scope, true)
        }
        Asked::Open { tried } => {
            (discover::server(&named, chosen.unwrap_or(text), tried)?, None, None, chosen.is_some())
        }
    };
    let rules = Rules { is_resource, allow_no_pkce: args.allow_no_pkce };
    discover::check(&server, &named, rules)?;
    let methods = server.metadata.code_challenge_methods_supported.as_ref();
    let without_pkce =
        args.allow_no_pkce && !is_resource && !methods.is_some_and(|all| all.iter().any(|method| method == "S256"));
    let of_address = || is_resource.then(|| without_fragment(address));
    let published = metadata.as_ref().map(|resource| resource.metadata.resource.clone());
    let typed = args.resource.as_deref().map(|resource| typed_resource(resource, published.as_deref())).transpose()?;
    let resource = typed.or(published).or_else(of_address);
    let address = address.clone();
    Ok(Found { address, server, metadata, resource, challenged, is_resource, without_pkce })
}

fn without_fragment(address: &Url) -> String {
    // RFC 8707 §2. MCP's canonical form has no slash that ends an empty path.
    match address.path() {
        "/" if address.query().is_none() => address.as_str().trim_end_matches('/').to_owned(),
        _ => address.to_string(),
    }
}

/// Checks a resource that was typed. The one that its metadata names counts: it is what the server compares.
fn typed_resource(typed: &str, published: Option<&str>) -> Result<String, AddressError> {
    let wrong = |problem| AddressError::NotAnAddress { text: sanitize::line(typed), problem, meant: None };
    if published.is_some_and(|published| published != typed) {
        return Err(wrong(
            "the metadata of the resource has another value, which is what is sent; leave `--resource` out",
        ));
    }
    Endpoint::parse(typed).map(|_| typed.to_owned()).map_err(wrong)
}

/// Returns the authorization server of a resource: the chosen one, or the only one, or the one that a person picks.
fn issuer_of(resource: &Resource, chosen: Option<&str>, context: &Context) -> Result<String, LoginError> {
    let servers = &resource.metadata.authorization_servers;
    let is_same = |a: &str, b: &str| a.trim_end_matches('/') == b.trim_end_matches('/');
    let shown = || servers.iter().map(|server| sanitize::line(server)).collect::<Vec<_>>();
    match (chosen, servers.as_slice()) {
        (Some(chosen), []) => Ok(chosen.to_owned()),
        (Some(chosen), _) => match servers.iter().find(|server| is_same(server, chosen)) {
            Some(server) => Ok(server.clone()),
            None => Err(AddressError::OtherServer { issuer: sanitize::line(chosen), servers: shown() }.into()),
        },
        (None, [only]) => Ok(only.clone()),
        (None, []) => {
            let problem = "missing: it names no authorization server, and `--issuer URL` can".to_owned();
            let location = resource.location.to_string();
            Err(AddressError::Contradiction { location, member: "authorization_servers", problem }.into())
        }
        (None, several) if context.may_ask() => {
            for (n, server) in shown().iter().enumerate() {
                // Shown even with `--quiet`: the question makes no sense without it.
                context.terminal().alarm(&format_args!("  {}. {server}", n + 1));
            }
            let answer = context.terminal().ask(&"Log in at which of these authorization servers? Number:")?;
            let picked = answer.trim().parse::<usize>().ok().and_then(|n| several.get(n.checked_sub(1)?));
            picked.cloned().ok_or_else(|| AddressError::SeveralServers { servers: shown() }.into())
        }
        (None, _) => Err(AddressError::SeveralServers { servers: shown() }.into()),
    }
}

impl Found {
    pub fn issuer(&self) -> &str {
        &self.server.metadata.issuer
    }

    /// Returns the name for people: the resource's own, or the host.
    pub fn name(&self) -> &str {
        let own = self.metadata.as_ref().and_then(|resource| resource.metadata.resource_name.as_deref());
        own.filter(|name| !sanitize::line(name).trim().is_empty()).or(self.address.host_str()).unwrap_or("server")
    }

    /// Returns the address that the definition is based on.
    pub fn source(&self) -> &str {
        let of_server = self.server.location.as_ref().unwrap_or(&self.address);
        self.metadata.as_ref().map_or(of_server, |resource| &resource.location).as_str()
    }

    /// Returns the address of the API: the resource itself, as it was typed, or what a person said that a token is for.
    pub fn base(&self) -> &str {
        match &self.resource {
            Some(resource) if !self.is_resource => resource,
            _ => self.address.as_str(),
        }
    }

    /// Lists the scopes that can be asked for.
    pub fn known_scopes(&self) -> &[String] {
        let of_resource = self.metadata.as_ref().and_then(|resource| resource.metadata.scopes_supported.as_deref());
        of_resource.unwrap_or(&self.server.metadata.scopes_supported)
    }

    /// Returns the scopes to propose: those of the challenge, else all of the resource's (MCP, "Scope Selection
    /// Strategy"). An issuer's list is of all its resources, so only `openid` is proposed of it. A refresh token is
    /// proposed where the server has a scope for it.
    pub fn proposed_scope(&self) -> ScopeSet {
        let supports = |scope: &str| self.server.metadata.scopes_supported.iter().any(|known| known == scope);
        if !self.is_resource {
            return ScopeSet::parse(if supports("openid") { "openid" } else { "" });
        }
        let of_resource = self.metadata.as_ref().and_then(|resource| resource.metadata.scopes_supported.clone());
        let mut scope = self
            .challenged
            .clone()
            .unwrap_or_else(|| of_resource.unwrap_or_default().iter().map(String::as_str).collect());
        if !scope.is_empty() && supports(OFFLINE) {
            scope.insert(OFFLINE);
        }
        scope
    }

    /// Returns `true` if a definition is for the same resource, or the same issuer. A file that a person has made their
    /// own is used as it is, so there the issuer counts too.
    pub fn is_of(&self, definition: &ProviderDefinition, is_own: bool) -> bool {
        let is_same_issuer = definition.authorize.issuer.as_deref() == Some(self.issuer())
            || definition.source.as_deref() == Some(self.source());
        match (&self.resource, &definition.api.resource) {
            (Some(ours), Some(theirs)) => ours == theirs && (is_same_issuer || (self.is_resource && !is_own)),
            (None, None) => is_same_issuer,
            _ => false,
        }
    }
}
