//! A token that the user brought along: how it is known, and who may refresh it.

use super::{Expiry, ObtainedBy, StoredToken};
use crate::protocol::client::ClientId;
use crate::protocol::jwt;
use crate::protocol::secret::RefreshToken;
use crate::store::AppName;

impl StoredToken {
    /// Returns `true` if it has a refresh token, and the client that this was issued to is not known.
    pub fn awaits_client(&self) -> bool {
        self.obtained_by == ObtainedBy::Given && self.client_id.is_none() && self.refresh_token.is_some()
    }

    /// Returns the login with the client that its refresh token was issued to.
    pub fn with_client(self, client_id: ClientId, app: AppName) -> Self {
        Self { client_id: Some(client_id), app, ..self }
    }

    /// Returns the login with a refresh token, unless it has one.
    pub fn with_refresh_token(self, token: RefreshToken) -> Self {
        Self { refresh_token: self.refresh_token.or(Some(token)), ..self }
    }

    /// Returns the end of the token, as far as something has shown it. For a token that the user brought along that is
    /// its own claim (RFC 7519 §4.1.4). 0.1 recorded such a token as permanent where the definition says so of others.
    pub fn end(&self) -> Expiry {
        match (self.obtained_by, self.expiry) {
            (ObtainedBy::Given, Expiry::Never | Expiry::Unknown) => {
                let claimed = jwt::expiry(self.access_token.expose()).ok().flatten();
                claimed.map_or(Expiry::Unknown, Expiry::At)
            }
            (ObtainedBy::Given | ObtainedBy::Grant(_), expiry) => expiry,
        }
    }
}
