//! The network of a command, and the certificate authorities that the user added with `--cacert`.
//!
//! `login` records the file's path, so that every later command of that login reaches its servers. A flag counts before
//! it. The file is read when a connection may be needed: `token` from the store reads none.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;

use super::{Session, SessionError};
use crate::protocol::message::HttpRequest;
use crate::protocol::sanitize;
use crate::store::StoredToken;
use crate::system::clock::Deadline;
use crate::system::http::{Authorities, HttpClient, HttpError, HttpReply, NamedBy, NetworkClient, Upload};

impl Session {
    /// Returns the HTTP client for a login, or for no login.
    pub fn http(&self, login: Option<&StoredToken>) -> Result<Arc<dyn HttpClient>, SessionError> {
        let client: Arc<dyn HttpClient> = match self.authorities(login)? {
            None => Arc::clone(&self.system.http),
            Some(authorities) => Arc::new(NetworkClient::default().with_authorities(authorities)),
        };
        Ok(self.recorded(client))
    }

    /// Returns an HTTP client for questions that must all be answered within this time.
    pub fn http_within(&self, span: Duration) -> Result<Arc<dyn HttpClient>, SessionError> {
        let client = NetworkClient::default().with_end(Deadline::after(span));
        Ok(self.recorded(match self.authorities(None)? {
            Some(authorities) => Arc::new(client.with_authorities(authorities)),
            None => Arc::new(client),
        }))
    }

    /// Reads the added certificate authorities, if there are any.
    pub fn authorities(&self, login: Option<&StoredToken>) -> Result<Option<Authorities>, SessionError> {
        let Some(cacert) = self.cacert(login)? else { return Ok(None) };
        let by = if self.choices.cacert.is_some() { NamedBy::Flag } else { NamedBy::Login };
        Ok(Some(Authorities::read(cacert.as_ref(), by)?))
    }

    /// Returns the file of certificate authorities to record with a login: the flag's, else what the login had. It is
    /// absolute, as later commands run in other folders.
    pub fn cacert(&self, login: Option<&StoredToken>) -> Result<Option<String>, SessionError> {
        let Some(typed) = &self.choices.cacert else { return Ok(login.and_then(|login| login.cacert.clone())) };
        let shown = || sanitize::line(&typed.to_string_lossy());
        let absolute = std::path::absolute(typed).map_err(|_| SessionError::CacertNotAPath { path: shown() })?;
        let text = absolute.into_os_string().into_string();
        let text = text.map_err(|_| SessionError::CacertNotAPath { path: shown() })?;
        Ok(Some(text))
    }
}

/// The network for a login that is still to be read: the record under the login's lock says what to trust.
pub(super) struct LoginNetwork {
    plain: Arc<dyn HttpClient>,
    chosen: OnceLock<Arc<dyn HttpClient>>,
}

impl LoginNetwork {
    pub fn new(plain: Arc<dyn HttpClient>) -> Self {
        Self { plain, chosen: OnceLock::new() }
    }

    /// Settles on a client. It is called before anything is sent.
    pub fn choose(&self, http: Arc<dyn HttpClient>) {
        // The first one counts: there is one record under one lock.
        let _ = self.chosen.set(http);
    }

    fn http(&self) -> &dyn HttpClient {
        self.chosen.get().unwrap_or(&self.plain).as_ref()
    }
}

impl HttpClient for LoginNetwork {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.http().send(request)
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        self.http().stream(request, upload)
    }

    fn check(&self, url: &Url) -> Result<(), HttpError> {
        self.http().check(url)
    }
}
