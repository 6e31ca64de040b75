//! The network. One client for endpoints that see secrets, with these rules and no switch to loosen them:
//! no redirect is followed, no cookie is kept, no `Referer` is sent, and no error shows a URL with its query.
//!
//! Limits of time. Every endpoint but the API has a total one, its body included. An API may send a gigabyte, so there
//! it is limited how long the server may be silent, and the whole by what it gets done: see `body.rs`.
//!
//! TLS is rustls with ring: aws-lc spends 24 ms of CPU on its first handshake in each process. `trust.rs` says whose
//! certificates are accepted. What a person is told who waits for an answer says `sign.rs`. For plain http, which is loopback only, no certificates are loaded and no proxy is asked.
//! Which proxy is asked for the rest says `system::proxy`.

mod body;
mod clients;
mod download;
mod network;
mod presented;
mod reach;
mod sign;
mod tap;
mod tls;
mod trust;
mod upstream;

pub use network::NetworkClient;
pub use presented::Certificate;
pub use reach::Reach;
pub use tap::Tap;
pub use tls::TlsProblem;
pub use trust::{Authorities, NamedBy, Roots, Trust, TrustError};
pub use upstream::Upstream;

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use url::Url;

use self::body::Overdue;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::message::HttpRequest;
use crate::protocol::time::HumanDuration;
use crate::system::proxy::ProxyError;
use crate::system::shell;

/// How long an API may be silent before its reply and between two parts of it, unless the user says otherwise. Some
/// shops compute a report before they send its first byte.
pub const SILENCE: Duration = Duration::from_secs(30);

/// How much of a token endpoint's reply is read. Token replies have a few KiB.
pub const MAX_REPLY: u64 = 1024 * 1024;

/// Names the tool: some firewalls refuse what calls itself nothing, or by a library's name.
pub const USER_AGENT: &str = concat!("oauthctl/", env!("CARGO_PKG_VERSION"));

/// How much of a body is read at once where it is read whole.
const PART: usize = 16 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("cannot connect to {origin}")]
    Connect {
        origin: String,
        #[source]
        source: Reason,
    },
    #[error("cannot connect to {origin} over TLS{}", refused.as_ref().map(ToString::to_string).unwrap_or_default())]
    Tls {
        origin: String,
        problem: TlsProblem,
        /// The certificate, if it was refused and could be read.
        refused: Option<Box<Refused>>,
        /// Whose certificates are trusted.
        trust: String,
        #[source]
        source: Reason,
    },
    #[error("{origin} did not answer within {seconds} s")]
    Timeout { origin: String, seconds: u64 },
    /// It did answer, and went on for too long.
    #[error("the exchange with {origin} was not over within {limit}")]
    Overdue { origin: String, limit: HumanDuration },
    #[error("the connection to {origin} broke")]
    Broken {
        origin: String,
        #[source]
        source: Reason,
    },
    #[error("the reply of {origin} is larger than {limit} bytes")]
    TooLarge { origin: String, limit: u64 },
    /// A redirect that leads further into a network than where it comes from.
    #[error("{origin} is on {reach}, and the redirect to it comes from {from}")]
    OutOfReach { origin: String, reach: Reach, from: Reach },
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] Reason),
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl HttpError {
    /// Returns `true` if the machine's own settings are in the way of a connection: no attempt helps before they are changed.
    pub fn is_settled_here(&self) -> bool {
        matches!(self, Self::Tls { .. } | Self::Setup(_) | Self::Proxy(_) | Self::Trust(_))
    }

    /// Returns `true` if it is certain that the request was not sent.
    pub fn is_before_sending(&self) -> bool {
        self.is_settled_here() || matches!(self, Self::Connect { .. } | Self::OutOfReach { .. })
    }

    /// Words a failure of a request that was passed on for another program.
    pub fn while_passing(error: reqwest::Error, origin: String) -> Self {
        match error.is_connect() {
            true => Self::Connect { origin, source: Reason::of(error) },
            false => Self::Broken { origin, source: Reason::of(error) },
        }
    }

    fn out_of_reach(url: &Url, reach: Reach, from: Reach) -> Self {
        Self::OutOfReach { origin: url.origin().ascii_serialization(), reach, from }
    }
}

impl Advice for HttpError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Connect { .. } => {
                ExitCode::Network.hint("check the network, the proxy variables, and that the address is right")
            }
            Self::Tls { problem, trust, .. } => ExitCode::Network.hint(problem.hint(trust)),
            Self::Timeout { .. } | Self::Broken { .. } => ExitCode::Network.hint("try again; nothing was changed here"),
            Self::Overdue { .. } => ExitCode::Network.hint("`oauthctl call --max-time TIME` allows more or less"),
            Self::TooLarge { .. } | Self::Setup(_) => ExitCode::Network.no_hint(),
            Self::OutOfReach { .. } => ExitCode::Refused.hint(
                "such a redirect is not followed; `oauthctl call --no-follow` prints its address, to be fetched with another \
                 program if you trust it",
            ),
            Self::Proxy(ProxyError { name, .. }) => {
                ExitCode::Definition.hint(format!("set {name} to what it should be, or run `{}`", shell::unset(&[name])))
            }
            Self::Trust(error) => error.next_step(),
        }
    }
}

/// A certificate that was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    host: String,
    pub certificate: Certificate,
}

impl Refused {
    /// Names the host of a URL as the one whose certificate it is.
    pub fn of(url: &Url, certificate: Certificate) -> Self {
        Self { host: url.host_str().unwrap_or_default().to_owned(), certificate }
    }
}

/// To be placed after what failed.
impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, ": the certificate for `{}` is {}", self.host, self.certificate)
    }
}

/// The innermost cause, in words, without any URL.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Reason(pub String);

impl Reason {
    fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Self(crate::protocol::sanitize::line(&cause.to_string()))
    }
}

/// A reply whose body is still under way.
pub struct HttpReply {
    pub status: u16,
    pub headers: HeaderMap,
    body: Box<dyn Read + Send>,
    presented: Option<Arc<presented::Chain>>,
    origin: String,
    /// The sender of it, as people are told.
    peer: String,
    reach: Reach,
    is_download: bool,
    limit: Duration,
}

impl HttpReply {
    /// The reply of a server that exists in a test only.
    #[cfg(test)]
    pub fn new(status: u16, headers: HeaderMap, body: Box<dyn Read + Send>, url: &Url) -> Self {
        let (origin, reach) = (url.origin().ascii_serialization(), Reach::of_host(url).unwrap_or(Reach::Internet));
        let (peer, presented) = (origin.clone(), None);
        Self { status, headers, body, presented, peer, origin, reach, is_download: false, limit: SILENCE }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The whole body, of at most `limit` bytes after decompression.
    pub fn read(self, limit: u64) -> Result<Vec<u8>, HttpError> {
        self.read_announced(limit, |_| true)
    }

    /// The same; `announce` hears how many bytes come next before they are kept. It may wait until there is room, and
    /// says whether they are still wanted.
    pub fn read_announced(mut self, limit: u64, mut announce: impl FnMut(usize) -> bool) -> Result<Vec<u8>, HttpError> {
        let limit_here = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut bytes, mut part) = (Vec::new(), vec![0; PART]);
        loop {
            let n = self.read_part(&mut part)?;
            if n == 0 {
                return Ok(bytes);
            }
            if n > limit_here - bytes.len() {
                return Err(HttpError::TooLarge { origin: self.peer, limit });
            }
            if !announce(n) {
                return Err(self.broken(&io::ErrorKind::ConnectionAborted.into()));
            }
            if bytes.capacity() - bytes.len() < n {
                // Twice as much, and never more than may come.
                bytes.reserve_exact(bytes.len().max(n).min(limit_here - bytes.len()));
            }
            bytes.extend_from_slice(&part[..n]);
        }
    }

    /// The beginning of the body, of at most `limit` bytes; what follows is not waited for.
    pub fn beginning(mut self, limit: u64) -> Result<Vec<u8>, HttpError> {
        let mut bytes = Vec::new();
        self.body.by_ref().take(limit).read_to_end(&mut bytes).map_err(|error| self.broken(&error))?;
        Ok(bytes)
    }

    /// The same without taking it away: who reads on gets it once more, and whatever went wrong behind it.
    pub fn peek(&mut self, limit: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let ended = self.body.by_ref().take(limit).read_to_end(&mut bytes);
        let rest = std::mem::replace(&mut self.body, Box::new(io::empty()));
        let seen = io::Cursor::new(bytes.clone());
        self.body = match ended {
            Ok(_) => Box::new(seen.chain(rest)),
            Err(error) => Box::new(seen.chain(Failed(Some(error)))),
        };
        bytes
    }

    /// Shows the body, as it is read, to another.
    pub fn tapped(mut self, tap: Box<dyn Tap>) -> Self {
        self.body = Box::new(tap::Tapped { body: self.body, tap });
        self
    }

    /// The certificate of the sender, if it was checked here and can be read.
    pub fn certificate(&self) -> Option<Certificate> {
        self.presented.as_ref()?.read()
    }

    /// The sender, as `https://api.example`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The place from which the sender can be reached. Behind a proxy only its host counts.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Returns `true` for the reply to [`HttpClient::download`]. Nothing that it says is about the token.
    pub fn is_download(&self) -> bool {
        self.is_download
    }

    fn into_download(self) -> Self {
        Self { is_download: true, ..self }
    }

    /// The next part of the body; 0 at its end.
    pub fn read_part(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
        loop {
            match self.body.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(|error| self.broken(&error)),
            }
        }
    }

    fn broken(&self, error: &io::Error) -> HttpError {
        let origin = self.peer.clone();
        if let Some(Overdue(limit)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return HttpError::Overdue { origin, limit: HumanDuration(*limit) };
        }
        match timed_out(error) {
            true => HttpError::Timeout { origin, seconds: self.limit.as_secs() },
            false => HttpError::Broken { origin, source: Reason(error.kind().to_string()) },
        }
    }
}

/// A body that broke off.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.take().unwrap_or_else(|| io::ErrorKind::ConnectionAborted.into()))
    }
}

/// A body that is read while it is sent. It can be sent once.
pub struct Upload {
    pub body: Box<dyn Read + Send>,
    /// Sent as `Content-Length`; without one the body goes in chunks.
    pub length: Option<u64>,
}

/// Returns `true` if a body broke off because a limit of time was over.
pub fn timed_out(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    let is_overdue = error.get_ref().is_some_and(|inner| inner.is::<Overdue>());
    is_overdue || error.kind() == io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout)
}

pub trait HttpClient: Send + Sync {
    /// Sends one request, once, within a total limit of time. The reply may be of any status; a redirect is a reply
    /// like any other.
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError>;

    /// The same for an API, which may have much to say: see the module's header. `upload` takes the place of the
    /// request's body.
    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError>;

    /// Sends a request to an address that a server has named. The connection is a new one, and it leads only to a machine
    /// that can be reached from at least as far away as `from`, the sender of the redirect. The request is to have nothing
    /// secret.
    fn download(&self, request: &HttpRequest, from: Reach) -> Result<HttpReply, HttpError> {
        if let Some(reach) = from.nearer_host(&request.url) {
            return Err(HttpError::out_of_reach(&request.url, reach, from));
        }
        Ok(self.stream(request, None)?.into_download())
    }

    /// Returns the error if an address that a server has named leads nearer than `from`, to a machine that is none of that
    /// server's business. Names are resolved. A name without an address is no error: nothing can be sent there.
    fn check_reach(&self, url: &Url, from: Reach) -> Result<(), HttpError> {
        from.nearer_host(url).map_or(Ok(()), |reach| Err(HttpError::out_of_reach(url, reach, from)))
    }

    /// Returns the error that is known beforehand to keep every request to this address from being sent. For callers
    /// that do something before that cannot be done again.
    fn check(&self, _url: &Url) -> Result<(), HttpError> {
        Ok(())
    }
}

/// A client for short replies: an API's has the total limit too.
pub struct Brief<'a>(pub &'a dyn HttpClient);

impl HttpClient for Brief<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.0.send(request)
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        match upload {
            None => self.0.send(request),
            upload => self.0.stream(request, upload),
        }
    }

    fn download(&self, request: &HttpRequest, from: Reach) -> Result<HttpReply, HttpError> {
        self.0.download(request, from)
    }
}
