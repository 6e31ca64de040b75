//! The clients that the emulator knows, and how each authenticates (RFC 6749 §2.3).
//!
//! * Its own client, whose credentials it prints. It may send its secret in the header or in the body, as the definition's
//!   dialect has it.
//! * Registered clients (RFC 7591). Each keeps to the method of its registration.
//! * Clients known by the address of their metadata document. The emulator asks no other server, so it takes any https
//!   address with a path, and redirects such a client to loopback only. They have no secret.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bounded_map::BoundedMap;
use crate::protocol::client::{ClientAuthMethod, ClientId};
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::registration::RegistrationRequest;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{ClientSecret, Secret};

/// One client.
#[derive(Clone, Debug)]
pub struct KnownClient {
    pub id: ClientId,
    /// The name for the consent page, which anyone could have chosen.
    pub name: Option<String>,
    pub kind: ClientKind,
    pub redirect_uris: Vec<RedirectUri>,
}

#[derive(Clone, Debug)]
pub enum ClientKind {
    /// The emulator's own.
    Own,
    /// RFC 7591.
    Registered { auth: ClientAuthMethod, secret: Option<ClientSecret> },
    /// Known by the address of its metadata document.
    Document,
}

impl KnownClient {
    /// Returns `true` for the emulator's own client.
    pub fn is_own(&self) -> bool {
        matches!(self.kind, ClientKind::Own)
    }

    /// Returns the secret of a registered client.
    pub fn secret(&self) -> Option<&ClientSecret> {
        match &self.kind {
            ClientKind::Registered { secret, .. } => secret.as_ref(),
            ClientKind::Own | ClientKind::Document => None,
        }
    }

    /// Returns `true` if an answer may be sent to this redirect URI.
    pub fn redirects_to(&self, uri: &RedirectUri, exact_port: bool) -> bool {
        match self.kind {
            ClientKind::Document => uri.loopback().is_some(),
            ClientKind::Own | ClientKind::Registered { .. } => {
                self.redirect_uris.iter().any(|registered| uri.is_registered_as(registered, exact_port))
            }
        }
    }
}

/// A registration, and the token with which its client reads, changes and deletes it (RFC 7592).
#[derive(Clone, Debug)]
pub struct Registered {
    pub client: KnownClient,
    /// What the client said, which every reply repeats.
    pub request: RegistrationRequest,
    pub access_token: Secret,
}

/// The registrations.
#[derive(Default)]
pub struct Registrations(Mutex<BoundedMap<Registered>>);

impl Registrations {
    pub fn put(&self, registered: Registered) {
        let size = 4 * registered.request.to_json().to_string().len();
        let name = registered.client.id.as_str().to_owned();
        self.registrations().put(name, registered, &ScopeSet::new(), size);
    }

    pub fn get(&self, id: &str) -> Option<Registered> {
        self.registrations().get(id).cloned()
    }

    pub fn remove(&self, id: &str) {
        self.registrations().remove(id);
    }

    fn registrations(&self) -> MutexGuard<'_, BoundedMap<Registered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
