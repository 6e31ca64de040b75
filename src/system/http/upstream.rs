//! The connections of the proxy that `exec` runs, with the same rules as all others: which certificates are accepted, and
//! which proxy is asked. Bodies pass as they come, so nothing is unpacked. Only the connection has a limit of time:
//! the one who waits for the reply decides how long to wait for it.

use url::Url;

use super::clients::{Clients, Kind};
use super::network::build;
use super::{Authorities, HttpError, Reason, Trust};
use crate::system::proxy::Proxies;

/// Makes its connections when they are first needed.
#[derive(Default)]
pub struct Upstream {
    authorities: Option<Authorities>,
    clients: Clients<reqwest::Client>,
}

impl Upstream {
    /// Trusts these certificate authorities, too.
    pub fn new(authorities: Option<Authorities>) -> Self {
        Self { authorities, ..Self::default() }
    }

    /// Returns the client for a URL. To ask for it beforehand shows whether the machine's settings are good.
    pub fn client(&self, url: &Url) -> Result<&reqwest::Client, HttpError> {
        let kind = Kind::of(url);
        self.clients.get(kind, || {
            let proxies = if kind.may_have_proxy() { Some(Proxies::from_environment()?) } else { None };
            let trust = if kind.is_secure() { Some(Trust::of_machine()?.with(self.authorities.clone())) } else { None };
            build(trust.as_ref(), (proxies.as_ref(), None), |builder| builder.no_gzip().build())
                .map_err(|error| HttpError::Setup(Reason::of(error)))
        })
    }
}
