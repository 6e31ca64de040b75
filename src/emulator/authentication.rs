//! Which client a request is from (RFC 6749 §2.3, §3.2.1).

use super::clients::{ClientKind, KnownClient};
use super::site::Site;
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::client_document;
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

    /// Returns the client that a request is from, if its credentials are right (RFC 6749 §3.2.1). `in_header` is true for
    /// a request with an Authorization header.
    pub fn authenticated(&self, id: &str, secret: Option<&ClientSecret>, in_header: bool) -> Option<KnownClient> {
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
