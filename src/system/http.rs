//! The network. One client for endpoints that see secrets, with these rules and no switch to loosen them:
//! no redirect is followed, no cookie is kept, no `Referer` is sent, and no error shows a URL with its query.
//!
//! Two limits of time. A token endpoint has a total one, its body included. An API may send a gigabyte, so there the
//! limit is how long the server may be silent.
//!
//! TLS is rustls with ring: aws-lc spends 24 ms of CPU on its first handshake in each process. The system's roots are
//! trusted; where a machine has none (a slim container), Mozilla's are. For plain http, which is loopback only, no
//! roots are loaded and no proxy is asked.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use http::HeaderMap;
use url::Url;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::message::HttpRequest;
use crate::provider::endpoint::is_loopback;
use crate::system::process;

/// How long a connection may take to stand.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long a whole exchange with an endpoint may take, its body read to the end.
const TOTAL_TIME: Duration = Duration::from_secs(30);

/// How long an API may be silent before its reply and between two parts of it, unless somebody says otherwise. Some
/// shops compute a report before they send its first byte.
pub const SILENCE: Duration = Duration::from_secs(30);

/// How much of a token endpoint's reply is read. Token replies have a few KiB.
pub const MAX_REPLY: u64 = 1024 * 1024;

/// How much of a reply's head is taken: names and values. The HTTP library reads 100 lines at most.
const MAX_HEAD: usize = 64 * 1024;

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
    #[error("{origin} did not answer within {seconds} s")]
    Timeout { origin: String, seconds: u64 },
    #[error("the connection to {origin} broke")]
    Broken {
        origin: String,
        #[source]
        source: Reason,
    },
    #[error("the reply of {origin} is larger than {limit} bytes")]
    TooLarge { origin: String, limit: u64 },
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] Reason),
}

impl Advice for HttpError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Connect { .. } => {
                ExitCode::Network.hint("check the network, the proxy variables, and that the address is right")
            }
            Self::Timeout { .. } | Self::Broken { .. } => ExitCode::Network.hint("try again; nothing was changed here"),
            Self::TooLarge { .. } | Self::Setup(_) => ExitCode::Network.no_hint(),
        }
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
    pub body: Box<dyn Read + Send>,
    origin: String,
    limit: Duration,
}

impl HttpReply {
    /// The reply of a server that exists in a test only.
    #[cfg(test)]
    pub fn new(status: u16, headers: HeaderMap, body: Box<dyn Read + Send>, url: &Url) -> Self {
        Self { status, headers, body, origin: url.origin().ascii_serialization(), limit: SILENCE }
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
                return Err(HttpError::TooLarge { origin: self.origin, limit });
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
        match timed_out(error) {
            true => HttpError::Timeout { origin: self.origin.clone(), seconds: self.limit.as_secs() },
            false => HttpError::Broken { origin: self.origin.clone(), source: Reason(error.kind().to_string()) },
        }
    }
}

/// A body that is read while it is sent. It can be sent once.
pub struct Upload {
    pub body: Box<dyn Read + Send>,
    /// Sent as `Content-Length`; without one the body goes in chunks.
    pub length: Option<u64>,
}

fn timed_out(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    error.kind() == io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout)
}

pub trait HttpClient: Send + Sync {
    /// Sends one request, once, within a total limit of time. The reply may be of any status; a redirect is a reply
    /// like any other.
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError>;

    /// The same for an API: only the server's silence is limited. `upload` takes the place of the request's body.
    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError>;
}

/// Makes its connections when they are first needed: most commands need none.
pub struct NetworkClient {
    silence: Duration,
    authorities: Vec<reqwest::Certificate>,
    /// Held while a client is made: a few threads may need the first one at once, and one is enough.
    making: Mutex<()>,
    plain: OnceLock<reqwest::blocking::Client>,
    tls: OnceLock<reqwest::blocking::Client>,
    tls_to_loopback: OnceLock<reqwest::blocking::Client>,
}

impl Default for NetworkClient {
    fn default() -> Self {
        Self {
            silence: SILENCE,
            authorities: Vec::new(),
            making: Mutex::new(()),
            plain: OnceLock::new(),
            tls: OnceLock::new(),
            tls_to_loopback: OnceLock::new(),
        }
    }
}

impl NetworkClient {
    /// With another limit on the server's silence.
    pub fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Trusts the certificate authorities of a PEM file beside the system's.
    pub fn with_authorities(mut self, pem: &[u8]) -> Result<Self, HttpError> {
        let read = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| HttpError::Setup(Reason::of(error)))?;
        if read.is_empty() {
            return Err(HttpError::Setup(Reason("there is no certificate in the file".to_owned())));
        }
        self.authorities.extend(read);
        Ok(self)
    }

    fn client(&self, url: &Url) -> Result<&reqwest::blocking::Client, HttpError> {
        let (secure, local) = (url.scheme() == "https", is_loopback(url));
        let slot = match (secure, local) {
            (false, _) => &self.plain,
            (true, false) => &self.tls,
            (true, true) => &self.tls_to_loopback,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = self.build(secure, local).map_err(|error| HttpError::Setup(Reason::of(error)))?;
        Ok(slot.get_or_init(|| client))
    }

    fn build(&self, secure: bool, local: bool) -> reqwest::Result<reqwest::blocking::Client> {
        let builder = || {
            // An error means that a provider is there already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
            reqwest::blocking::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .connect_timeout(CONNECT_TIME)
                // In reqwest's blocking client this one is for the head and for each read; a request's own is total.
                .timeout(self.silence)
                .user_agent(USER_AGENT)
        };
        if !secure {
            return builder().no_proxy().tls_certs_only([]).build();
        }
        // What goes to this machine has no business with a proxy, whatever NO_PROXY says.
        let builder = || if local { builder().no_proxy() } else { builder() };
        let with_system_roots = builder().tls_certs_merge(self.authorities.iter().cloned());
        with_system_roots.build().or_else(|_| {
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| reqwest::Certificate::from_der(der));
            let mut roots = roots.collect::<reqwest::Result<Vec<_>>>()?;
            roots.extend(self.authorities.iter().cloned());
            builder().tls_certs_only(roots).build()
        })
    }

    fn outgoing(&self, request: &HttpRequest) -> Result<reqwest::blocking::RequestBuilder, HttpError> {
        debug_assert!(
            request.url.scheme() == "https" || is_loopback(&request.url),
            "endpoints are checked when parsed"
        );
        let client = self.client(&request.url)?;
        Ok(client.request(request.method.clone(), request.url.clone()).headers(request.headers.clone()))
    }
}

/// A client ends with the thread that serves it, and that thread may be busy with a server's flood. Nobody waits for
/// it: what has been said about a limit of time holds for the end of the command too.
impl Drop for NetworkClient {
    fn drop(&mut self) {
        for client in [&mut self.plain, &mut self.tls, &mut self.tls_to_loopback].into_iter().filter_map(OnceLock::take)
        {
            // Where there is no thread to be had, it ends here.
            let _ = process::in_background("http-end", move || drop(client));
        }
    }
}

impl HttpClient for NetworkClient {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        let mut outgoing = self.outgoing(request)?.timeout(TOTAL_TIME);
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body.clone());
        }
        finish(outgoing.send(), &request.url, TOTAL_TIME)
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        let mut outgoing = self.outgoing(request)?;
        let Some(upload) = upload else {
            if !request.body.is_empty() {
                outgoing = outgoing.body(request.body.clone());
            }
            return finish(outgoing.send(), &request.url, self.silence);
        };
        let sent = Arc::new(AtomicU64::new(0));
        let body = Counted { inner: upload.body, sent: Arc::clone(&sent) };
        let body = match upload.length {
            Some(length) => reqwest::blocking::Body::sized(body, length),
            None => reqwest::blocking::Body::new(body),
        };
        // A request's own limit replaces the client's, which would count the time of the upload as silence.
        let outgoing = outgoing.body(body).timeout(UPLOAD_TIME);
        let (report, result) = mpsc::channel();
        // Nobody listens any more if the server was silent for too long.
        process::in_background("upload", move || drop(report.send(outgoing.send())))
            .map_err(|error| HttpError::Setup(Reason(error.to_string())))?;
        let mut seen = 0;
        loop {
            match result.recv_timeout(self.silence) {
                Ok(reply) => return finish(reply, &request.url, self.silence),
                Err(_) if sent.load(Ordering::Relaxed) > seen => seen = sent.load(Ordering::Relaxed),
                Err(_) => return Err(timeout(&request.url, self.silence)),
            }
        }
    }
}

/// The longest upload; silence ends one long before.
const UPLOAD_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Names the tool: some firewalls refuse what calls itself nothing, or by a library's name.
pub const USER_AGENT: &str = concat!("oauthctl/", env!("CARGO_PKG_VERSION"));

/// Counts what was taken from it.
struct Counted {
    inner: Box<dyn Read + Send>,
    sent: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.sent.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

fn timeout(url: &Url, limit: Duration) -> HttpError {
    HttpError::Timeout { origin: url.origin().ascii_serialization(), seconds: limit.as_secs() }
}

fn finish(
    reply: reqwest::Result<reqwest::blocking::Response>,
    url: &Url,
    limit: Duration,
) -> Result<HttpReply, HttpError> {
    let origin = url.origin().ascii_serialization();
    match reply {
        Ok(reply) if head_size(reply.headers()) > MAX_HEAD => {
            Err(HttpError::Broken { origin, source: Reason(format!("its head is larger than {MAX_HEAD} bytes")) })
        }
        Ok(reply) => Ok(HttpReply {
            status: reply.status().as_u16(),
            headers: reply.headers().clone(),
            body: Box::new(reply),
            origin,
            limit,
        }),
        Err(error) if error.is_connect() => Err(HttpError::Connect { origin, source: Reason::of(error) }),
        Err(error) if error.is_timeout() => Err(timeout(url, limit)),
        Err(error) => Err(HttpError::Broken { origin, source: Reason::of(error) }),
    }
}

fn head_size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}
