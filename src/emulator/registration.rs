//! The registration endpoint (RFC 7591), and a client's own address for its registration (RFC 7592).
//!
//! A new registration access token is issued with each reading and each change, as RFC 7592 §3 allows: a client that does
//! not keep the newest one notices here.

use serde_json::Value;

use super::clients::{ClientKind, KnownClient, Registered};
use super::fault::Fault;
use super::site::{Site, random_hex};
use super::token::{error, refuse};
use super::wire::{Incoming, Reply};
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::json;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::registration::{RegistrationRequest, RegistrationResponse};
use crate::protocol::secret::{ClientSecret, Secret};
use crate::system::entropy::NoEntropy;

/// The path of the endpoint. A registration is below it.
pub const PATH: &str = "/emulated/register";

/// Handles a request to the endpoint, or to the address of one registration.
pub fn answer(site: &Site, incoming: &Incoming) -> Result<Reply, NoEntropy> {
    match incoming.path.strip_prefix(PATH).and_then(|rest| rest.strip_prefix('/')) {
        Some(id) => manage(site, incoming, id),
        None => register(site, incoming),
    }
}

/// Registers a client (RFC 7591 §3).
fn register(site: &Site, incoming: &Incoming) -> Result<Reply, NoEntropy> {
    if incoming.method != "POST" {
        return Ok(Reply::method_not_allowed("POST"));
    }
    if site.has(Fault::RegistrationRefused) {
        return Ok(refuse(403, error("access_denied", Some("registration is closed, as requested"), None)));
    }
    let asked = match read(&incoming.body) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal),
    };
    let id = ClientId::new(format!("registered-{}", &random_hex(&*site.entropy)?[..16]));
    let secret = match asked.request.token_endpoint_auth_method {
        ClientAuthMethod::None => None,
        ClientAuthMethod::Basic | ClientAuthMethod::Body => Some(ClientSecret::new(random_hex(&*site.entropy)?)),
    };
    put(site, 201, Registered { client: asked.client(id, secret), request: asked.request, access_token: token(site)? })
}

/// Reads, changes or deletes a registration (RFC 7592 §2).
fn manage(site: &Site, incoming: &Incoming, id: &str) -> Result<Reply, NoEntropy> {
    let bearer = incoming.header("Authorization").and_then(|value| value.strip_prefix("Bearer ").map(Secret::new));
    let known = site.registrations.get(id).filter(|known| bearer.as_ref() == Some(&known.access_token));
    // RFC 7592 §2.1: a client that is gone is not told from a token that is wrong.
    let Some(known) = known else {
        return Ok(refuse(401, error("invalid_token", Some("the registration access token is not valid"), None))
            .with("WWW-Authenticate", "Bearer error=\"invalid_token\""));
    };
    match incoming.method.as_str() {
        "DELETE" => {
            site.registrations.remove(id);
            Ok(Reply::empty(204))
        }
        "GET" => put(site, 200, Registered { access_token: token(site)?, ..known }),
        "PUT" => {
            let asked = match read(&incoming.body) {
                Ok(asked) => asked,
                Err(refusal) => return Ok(refusal),
            };
            let is_public = asked.request.token_endpoint_auth_method == ClientAuthMethod::None;
            let secret = known.client.secret().filter(|_| !is_public).cloned();
            let client = asked.client(known.client.id, secret);
            put(site, 200, Registered { client, request: asked.request, access_token: token(site)? })
        }
        _ => Ok(Reply::method_not_allowed("GET, PUT, DELETE")),
    }
}

fn token(site: &Site) -> Result<Secret, NoEntropy> {
    Ok(Secret::new(random_hex(&*site.entropy)?))
}

/// Keeps a registration, and tells the client of it (RFC 7591 §3.2.1, RFC 7592 §3).
fn put(site: &Site, status: u16, registered: Registered) -> Result<Reply, NoEntropy> {
    let Registered { client, request, access_token } = &registered;
    let response = RegistrationResponse {
        client_id: client.id.clone(),
        client_secret: client.secret().cloned(),
        client_secret_expires_at: None,
        token_endpoint_auth_method: Some(request.token_endpoint_auth_method),
        registration_access_token: Some(access_token.clone()),
        registration_client_uri: Some(format!("{}{PATH}/{}", site.origin(), client.id)),
        redirect_uris: request.redirect_uris.clone(),
    };
    let reply = Reply::json(status, &response.to_json(request));
    site.registrations.put(registered);
    Ok(reply)
}

/// What a client asks to be registered as.
struct Asked {
    request: RegistrationRequest,
    redirect_uris: Vec<RedirectUri>,
}

impl Asked {
    fn client(&self, id: ClientId, secret: Option<ClientSecret>) -> KnownClient {
        let name = Some(self.request.client_name.clone()).filter(|name| !name.is_empty());
        let kind = ClientKind::Registered { auth: self.request.token_endpoint_auth_method, secret };
        KnownClient { id, name, kind, redirect_uris: self.redirect_uris.clone() }
    }
}

fn read(body: &[u8]) -> Result<Asked, Reply> {
    let invalid = |code: &str, problem: &str| refuse(400, error(code, Some(problem), None));
    let value = json::parse(body).ok().filter(Value::is_object);
    let value = value.ok_or_else(|| invalid("invalid_client_metadata", "the body is not a JSON object"))?;
    let request = RegistrationRequest::from_json(&value)
        .map_err(|problem| invalid("invalid_client_metadata", &problem.to_string()))?;
    let of_redirect = |problem: &str| invalid("invalid_redirect_uri", problem);
    let redirects = |grant: &String| grant == "authorization_code" || grant == "implicit";
    if request.redirect_uris.is_empty() && request.grant_types.iter().any(redirects) {
        return Err(of_redirect("a client that redirects has redirect_uris"));
    }
    // OpenID Connect Dynamic Client Registration 1.0 §2: only a native app is on this machine.
    let is_native = request.application_type.as_deref() == Some("native");
    let parsed = request.redirect_uris.iter().map(|uri| {
        let uri = RedirectUri::parse(uri).map_err(|problem| of_redirect(&problem.to_string()))?;
        match uri.loopback().is_some() && !uri.is_tls() && !is_native {
            true => Err(of_redirect("http on loopback is for application_type native")),
            false => Ok(uri),
        }
    });
    let redirect_uris = parsed.collect::<Result<_, _>>()?;
    Ok(Asked { request, redirect_uris })
}
