//! The document of a client whose id is its address. The server reads it; we look at it first, so that nobody consents to
//! what is refused afterwards.

use http::Method;
use url::Url;

use super::super::error::ByAddressError;
use crate::commands::Context;
use crate::commands::login::LoginError;
use crate::protocol::client::ClientId;
use crate::protocol::client_document::ClientDocument;
use crate::protocol::leg::Leg;
use crate::protocol::message::HttpRequest;
use crate::protocol::redirect_uri::{DEFAULT_REDIRECT_URI, RedirectUri};
use crate::protocol::{json, sanitize};
use crate::system::http::MAX_REPLY;

/// Returns the redirect URI that the document lists, if it is not the usual one. A document that cannot be read here may
/// be read by the server all the same.
pub fn redirect_uri(
    client_id: &ClientId,
    usual: RedirectUri,
    is_named: bool,
    context: &Context,
) -> Result<Option<RedirectUri>, LoginError> {
    let id = sanitize::line(client_id.as_str());
    let document = match read(client_id, context) {
        Ok(document) => document,
        Err(problem) => {
            context.warn(&format!(
                "the document at {id} was not read here ({problem}); the server may refuse its redirect URI"
            ));
            return Ok(None);
        }
    };
    if document.client_id != client_id.as_str() {
        return Err(ByAddressError::OtherDocument { client_id: id, said: sanitize::line(&document.client_id) }.into());
    }
    if document.lists(&usual) {
        return Ok(None);
    }
    match document.loopback().filter(|_| !is_named) {
        // Without a port it stands for any of them (RFC 8252 §7.3).
        Some(uri) if uri.port() == 80 => Ok(Some(uri.with_port(usual_port()))),
        Some(uri) => Ok(Some(uri)),
        None => Err(ByAddressError::NotListed {
            client_id: id,
            redirect_uri: usual.to_string(),
            listed: document.redirect_uris.iter().map(|uri| sanitize::line(uri)).collect(),
        }
        .into()),
    }
}

fn usual_port() -> u16 {
    RedirectUri::parse(DEFAULT_REDIRECT_URI).map_or(0, |uri| uri.port())
}

fn read(client_id: &ClientId, context: &Context) -> Result<ClientDocument, String> {
    let url = Url::parse(client_id.as_str()).map_err(|error| error.to_string())?;
    let http = context.session.http(None).map_err(|error| error.to_string())?;
    let reply =
        http.send(&HttpRequest::new(Method::GET, url).for_leg(Leg::Discovery)).map_err(|error| error.to_string())?;
    let status = reply.status;
    let body = reply.read(MAX_REPLY).map_err(|error| error.to_string())?;
    let value = json::parse(&body).ok().filter(|_| status == 200).ok_or_else(|| format!("it answered {status}"))?;
    let document = ClientDocument::from_json(&value).map_err(|error| error.to_string())?;
    document.ok_or_else(|| "it names no client id".to_owned())
}
