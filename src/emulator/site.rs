//! The shared state of all endpoints of one emulator: the provider, its one client, what was issued, and the options of
//! the command line.

use std::collections::VecDeque;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::clients::Registrations;
use super::devices::Devices;
use super::fault::Fault;
use super::ledger::Ledger;
use super::person::Person;
use super::pushed_requests::PushedRequests;
use super::script::ConsentScript;
use super::sign_ins::SignIns;
use crate::protocol::client::ClientId;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::ClientSecret;
use crate::provider::Provider;
use crate::system::clock::Clock;
use crate::system::entropy::{Entropy, NoEntropy, random};

#[derive(Clone, Debug, Default)]
pub struct Options {
    /// 0 picks a free port.
    pub port: u16,
    /// Consent at once, without the pages.
    pub approve: bool,
    /// What is said to each request for consent. It goes before `approve`.
    pub consent: ConsentScript,
    /// Who logs in.
    pub person: Person,
    /// Compare the port of a loopback redirect URI too.
    pub exact_port: bool,
    pub faults: Vec<Fault>,
    /// Registered in addition to [`DEFAULT_REDIRECT_URI`](crate::protocol::redirect_uri::DEFAULT_REDIRECT_URI).
    pub redirect_uris: Vec<RedirectUri>,
    /// The lifetimes of a login's first access token, the next one, and so on. The last value applies to all that
    /// follow.
    pub token_lifetimes: Vec<Duration>,
    /// The delay of the token endpoint.
    pub latency: Duration,
    /// Serve an MCP endpoint in place of the definition's API.
    pub mcp: bool,
}

/// The shared state of all endpoints.
pub struct Site {
    pub provider: Provider,
    pub client_id: ClientId,
    pub client_secret: ClientSecret,
    pub redirect_uris: Vec<RedirectUri>,
    pub options: Options,
    pub ledger: Ledger,
    /// The random values of requests to the API.
    pub heard: Heard,
    pub devices: Devices,
    pub sign_ins: SignIns,
    pub registrations: Registrations,
    pub pushed: PushedRequests,
    /// The number of requests for consent so far.
    pub turns: AtomicUsize,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub log: Box<dyn Fn(&str) + Send + Sync>,
    pub stop: Stop,
}

impl Site {
    pub fn has(&self, fault: Fault) -> bool {
        self.options.faults.contains(&fault)
    }

    pub fn name(&self) -> &str {
        &self.provider.definition.name
    }
}

/// The last values that no two requests may share.
#[derive(Default)]
pub struct Heard(Mutex<VecDeque<String>>);

impl Heard {
    /// Returns `true` if a value has not been heard yet, and remembers it.
    pub fn is_new(&self, value: &str) -> bool {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !heard.iter().any(|before| before == value);
        if is_new {
            heard.push_back(value.to_owned());
        }
        if heard.len() > 1000 {
            heard.pop_front();
        }
        is_new
    }
}

/// Returns 32 random bytes in hex.
pub fn random_hex(entropy: &dyn Entropy) -> Result<String, NoEntropy> {
    use std::fmt::Write as _;
    Ok(random::<32>(entropy)?.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// A flag that is set once, when the emulator ends.
#[derive(Default)]
pub struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub fn is_set(&self) -> bool {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end up to a limit, and returns `true` if it has come.
    pub fn wait(&self, limit: Duration) -> bool {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        *self.changed.wait_timeout_while(set, limit, |set| !*set).unwrap_or_else(PoisonError::into_inner).0
    }
}
