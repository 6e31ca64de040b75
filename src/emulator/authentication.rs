//! Which client a request is from (RFC 6749 §2.3, §3.2.1).

use super::clients::{ClientKind, KnownClient};
use super::site::Site;
use super::token::{error, refuse};
use super::wire::Reply;
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::client_document;
use crate::protocol::params::Params;
use crate::protocol::secret::ClientSecret;

/// The longest address of a client's document. Every login remembers the one it is for.
const MAX_ADDRESS: usize = 256;

impl Site {
    /// Returns the client with this id.
    pub fn client(&self, id: &str) -> Option<KnownClient> {
        if id == self.client_id.as_str() {
            let (id, redirect_uris) = (self.client_id.clone(), self.redirect_uris.clone());
            return Some(KnownClient { id, name: None, kind: ClientKind::Own, redirect_uris });
        }
        if let Some(registered) = self.registrations.get(id) {
            return Some(registered.client);
        }
        (id.len() <= MAX_ADDRESS && client_document::is_address(id)).then(|| KnownClient {
            id: ClientId::new(id),
            name: None,
            kind: ClientKind::Document,
            redirect_uris: Vec::new(),
        })
    }

    /// Returns the client that a request is from, or refuses wrong credentials (RFC 6749 §3.2.1). `in_header` is true for
    /// a request with an Authorization header; `own` is the endpoint's own method for the emulator's client, if it has one.
    pub fn authenticate(
        &self,
        params: &Params,
        in_header: bool,
        own: Option<ClientAuthMethod>,
    ) -> Result<KnownClient, Reply> {
        let value = |name: &str| params.single(name).ok().flatten().unwrap_or_default();
        let secret = Some(value("client_secret")).filter(|secret| !secret.is_empty()).map(ClientSecret::new);
        let client = self.authenticated(value("client_id"), secret.as_ref(), in_header);
        client.filter(|client| is_by(client, own, in_header)).ok_or_else(|| {
            let reply = refuse(401, error("invalid_client", Some("Client authentication failed"), None));
            // RFC 6749 §5.2: a client that used the header is told the scheme of the header.
            if in_header { reply.with("WWW-Authenticate", "Basic realm=\"token endpoint\"") } else { reply }
        })
    }

    fn authenticated(&self, id: &str, secret: Option<&ClientSecret>, in_header: bool) -> Option<KnownClient> {
        let client = self.client(id)?;
        let is_authentic = match (&client.kind, secret) {
            // A public client has no secret; if it sends one, it must be the right one.
            (ClientKind::Own, Some(secret)) => *secret == self.client_secret,
            (ClientKind::Own, None) => self.provider.definition.client_auth() == ClientAuthMethod::None,
            (ClientKind::Registered { auth, secret: Some(own) }, Some(secret)) => {
                *own == *secret && in_header == (*auth == ClientAuthMethod::Basic)
            }
            (ClientKind::Registered { secret: own, .. }, None) => own.is_none(),
            (ClientKind::Registered { secret: None, .. }, Some(_)) | (ClientKind::Document, Some(_)) => false,
            (ClientKind::Document, None) => true,
        };
        is_authentic.then_some(client)
    }
}

/// Returns `true` unless the endpoint has its own method for the emulator's client, and this is another one.
fn is_by(client: &KnownClient, own: Option<ClientAuthMethod>, in_header: bool) -> bool {
    match (own, &client.kind) {
        (Some(ClientAuthMethod::Basic), ClientKind::Own) => in_header,
        (Some(ClientAuthMethod::Body | ClientAuthMethod::None), ClientKind::Own) => !in_header,
        _ => true,
    }
}
