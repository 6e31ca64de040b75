//! A registered client at the servers where it is used.

use crate::protocol::client::ClientId;
use crate::protocol::secret::ClientSecret;
use crate::provider::Provider;

/// The client that a login was made with, at the servers of that login.
#[derive(Clone, Debug)]
pub struct Client {
    pub provider: Provider,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
}
