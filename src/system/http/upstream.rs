//! The connections of the proxy that `exec` runs, with the same rules as all others: which certificates are accepted, and
//! which proxy is asked. Bodies pass as they come, so nothing is unpacked. Only the connection has a limit of time:
//! whoever waits for the reply decides how long to wait for it.

use std::sync::OnceLock;

use url::Url;

use super::network::build;
use super::{Authorities, HttpError, Reason, Trust};
use crate::provider::endpoint::is_loopback;
use crate::system::proxy::Proxies;

/// Makes its connections when they are first needed.
#[derive(Default)]
pub struct Upstream {
    authorities: Option<Authorities>,
    plain: OnceLock<reqwest::Client>,
    tls: OnceLock<reqwest::Client>,
    tls_to_loopback: OnceLock<reqwest::Client>,
}

impl Upstream {
    /// Trusts these certificate authorities, too.
    pub fn new(authorities: Option<Authorities>) -> Self {
        Self { authorities, ..Self::default() }
    }

    /// Returns the client for a URL. To ask for it beforehand shows whether the machine's settings are good.
    pub fn client(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let (secure, local) = (url.scheme() == "https", is_loopback(url));
        let slot = match (secure, local) {
            (false, _) => &self.plain,
            (true, false) => &self.tls,
            (true, true) => &self.tls_to_loopback,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let proxies = if secure && !local { Some(Proxies::from_environment()?) } else { None };
        let trust = if secure { Some(Trust::of_machine()?.with(self.authorities.clone())) } else { None };
        let client = build(trust.as_ref(), (proxies.as_ref(), None), |builder| builder.no_gzip().build())
            .map_err(|error| HttpError::Setup(Reason::of(error)))?;
        Ok(slot.get_or_init(|| client))
    }
}
