//! Records each request on its way out.

use std::sync::{Mutex, PoisonError};

use url::Url;

use crate::protocol::check::Sent;
use crate::protocol::message::HttpRequest;
use crate::system::http::{HttpClient, HttpError, HttpReply, Upload};

/// A client that remembers what it sends.
pub struct Recorder<'h> {
    inner: &'h dyn HttpClient,
    purpose: &'static str,
    sent: Mutex<Vec<Sent>>,
}

impl<'h> Recorder<'h> {
    pub fn new(inner: &'h dyn HttpClient, purpose: &'static str) -> Self {
        Self { inner, purpose, sent: Mutex::default() }
    }

    /// Returns everything that was sent, in order.
    pub fn into_sent(self) -> Vec<Sent> {
        self.sent.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, request: &HttpRequest) {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(Sent::of(request, self.purpose));
    }
}

impl HttpClient for Recorder<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.record(request);
        self.inner.send(request)
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        self.record(request);
        self.inner.stream(request, upload)
    }

    fn check(&self, url: &Url) -> Result<(), HttpError> {
        self.inner.check(url)
    }
}
