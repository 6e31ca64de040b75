//! One HTTP request as a value: a dialect builds it, a client sends it, and a trace shows it.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use url::Url;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::leg::Leg;

#[derive(Clone, Debug)]
pub struct HttpRequest {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// What it is for. Nothing of it is sent.
    pub leg: Leg,
}

/// A header that cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` cannot be a header: a name has only letters, digits and hyphens, and a value has no line break")]
pub struct BadHeader(pub String);

impl Advice for BadHeader {
    fn next_step(&self) -> NextStep {
        ExitCode::Unexpected.no_hint()
    }
}

impl HttpRequest {
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Vec::new(), leg: Leg::Other }
    }

    /// Says what it is for.
    pub fn for_leg(self, leg: Leg) -> Self {
        Self { leg, ..self }
    }

    pub fn with_body(mut self, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = body.into();
        self
    }

    /// Sets a header with a value that a log may show.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), BadHeader> {
        self.set(name, value, false)
    }

    /// Sets a header with a secret value: `Debug` hides it, and HTTP/2 does not index it.
    pub fn set_secret_header(&mut self, name: &str, value: &str) -> Result<(), BadHeader> {
        self.set(name, value, true)
    }

    fn set(&mut self, name: &str, value: &str, secret: bool) -> Result<(), BadHeader> {
        let bad = || BadHeader(super::sanitize::line(name));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad())?;
        value.set_sensitive(secret);
        self.headers.insert(name, value);
        Ok(())
    }

    /// Returns the media type of a header value in lower case, without its parameters.
    pub fn media_type(value: Option<&str>) -> String {
        value.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
    }
}
