//! The network. One client for endpoints that see secrets, with these rules and no switch to loosen them:
//! no redirect is followed, no cookie is kept, no `Referer` is sent, and no error shows a URL with its query.
//!
//! TLS is rustls with ring: aws-lc spends 24 ms of CPU on its first handshake in each process. The system's roots are
//! trusted; where a machine has none (a slim container), Mozilla's are. For plain http, which is loopback only, no
//! roots are loaded and no proxy is asked.

use std::io::{self, Read};
use std::sync::OnceLock;
use std::time::Duration;

use http::HeaderMap;
use url::{Host, Url};

use crate::protocol::message::HttpRequest;

/// How long a connection may take to stand.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long a whole exchange with an endpoint may take, its body read to the end.
const TOTAL_TIME: Duration = Duration::from_secs(30);

/// How much of a token endpoint's reply is read. Token replies have a few KiB.
pub const MAX_REPLY: u64 = 1024 * 1024;

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

/// The innermost cause, in words, without any URL.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Reason(String);

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
}

impl HttpReply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The whole body, of at most `limit` bytes after decompression.
    pub fn read(self, limit: u64) -> Result<Vec<u8>, HttpError> {
        let mut bytes = Vec::new();
        let broken = |error: io::Error| match timed_out(&error) {
            true => HttpError::Timeout { origin: self.origin.clone(), seconds: TOTAL_TIME.as_secs() },
            false => HttpError::Broken { origin: self.origin.clone(), source: Reason(error.kind().to_string()) },
        };
        self.body.take(limit + 1).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 > limit {
            return Err(HttpError::TooLarge { origin: self.origin, limit });
        }
        Ok(bytes)
    }
}

fn timed_out(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    error.kind() == io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout)
}

pub trait HttpClient: Send + Sync {
    /// Sends one request, once. The reply may be of any status; a redirect is a reply like any other.
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError>;
}

/// Makes its connections when they are first needed: most commands need none.
#[derive(Default)]
pub struct NetworkClient {
    plain: OnceLock<reqwest::blocking::Client>,
    tls: OnceLock<reqwest::blocking::Client>,
}

impl NetworkClient {
    fn client(&self, url: &Url) -> Result<&reqwest::blocking::Client, HttpError> {
        let (slot, secure) = if url.scheme() == "https" { (&self.tls, true) } else { (&self.plain, false) };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = build(secure).map_err(|error| HttpError::Setup(Reason::of(error)))?;
        Ok(slot.get_or_init(|| client))
    }
}

fn build(secure: bool) -> reqwest::Result<reqwest::blocking::Client> {
    let builder = || {
        // An error means that a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::blocking::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIME)
            .timeout(TOTAL_TIME)
            .user_agent(concat!("oauthctl/", env!("CARGO_PKG_VERSION")))
    };
    if !secure {
        return builder().no_proxy().tls_certs_only([]).build();
    }
    builder().build().or_else(|_| {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| reqwest::Certificate::from_der(der));
        builder().tls_certs_only(roots.collect::<reqwest::Result<Vec<_>>>()?).build()
    })
}

impl HttpClient for NetworkClient {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        let origin = || request.url.origin().ascii_serialization();
        let client = self.client(&request.url)?;
        debug_assert!(
            request.url.scheme() == "https" || is_loopback(&request.url),
            "endpoints are checked when parsed"
        );
        let mut outgoing = client.request(request.method.clone(), request.url.clone()).headers(request.headers.clone());
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body.clone());
        }
        let reply = outgoing.send().map_err(|error| match (error.is_timeout(), error.is_connect()) {
            (true, false) => HttpError::Timeout { origin: origin(), seconds: TOTAL_TIME.as_secs() },
            (_, true) => HttpError::Connect { origin: origin(), source: Reason::of(error) },
            (false, false) => HttpError::Broken { origin: origin(), source: Reason::of(error) },
        })?;
        Ok(HttpReply {
            status: reply.status().as_u16(),
            headers: reply.headers().clone(),
            origin: origin(),
            body: Box::new(reply),
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
