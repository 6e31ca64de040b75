//! The HTTP client that notes what passes.
//!
//! Of the answer of an API or a userinfo endpoint only the head is noted, unless it is an error: what it says is the user's
//! own. The beginning of any other body is kept until it has been read to its end, and masked then.

use std::io;
use std::sync::Arc;

use http::HeaderMap;
use url::Url;
use zeroize::Zeroizing;

use super::recorder::Recorder;
use crate::protocol::advice::with_causes;
use crate::protocol::flow_record::{Failure, FailureKind, Leg};
use crate::protocol::message::HttpRequest;
use crate::system::http::{HttpClient, HttpError, HttpReply, Reach, Tap, Upload, timed_out};

/// The part of a body that is looked at. Token replies have a few KiB, metadata some twenty.
const MAX_BODY: usize = 64 * 1024;

/// A client whose exchanges are recorded.
pub struct Recorded {
    pub inner: Arc<dyn HttpClient>,
    pub recorder: Arc<Recorder>,
}

impl Recorded {
    fn noted(
        &self,
        request: &HttpRequest,
        upload: Option<u64>,
        send: impl FnOnce() -> Result<HttpReply, HttpError>,
    ) -> Result<HttpReply, HttpError> {
        let Some(number) = self.recorder.sent(request, upload) else { return send() };
        match send() {
            Ok(reply) => Ok(self.seen(number, request, reply)),
            Err(error) => {
                self.recorder.failed(number, &failure(&error));
                Err(error)
            }
        }
    }

    fn seen(&self, number: u64, request: &HttpRequest, reply: HttpReply) -> HttpReply {
        let url: &Url = &request.url;
        self.recorder.replied(number, reply.status, &reply.headers, url);
        let is_own = matches!(request.leg, Leg::Api | Leg::Userinfo | Leg::Other) && reply.status < 400;
        if is_own {
            return reply;
        }
        let seen = Seen {
            recorder: Arc::clone(&self.recorder),
            number,
            content_type: content_type(&reply.headers),
            bytes: Zeroizing::new(Vec::new()),
            is_done: false,
        };
        reply.tapped(Box::new(seen))
    }
}

impl HttpClient for Recorded {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.noted(request, None, || self.inner.send(request))
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        let length = upload.as_ref().map(|upload| upload.length.unwrap_or(0));
        self.noted(request, length, || self.inner.stream(request, upload))
    }

    fn download(&self, request: &HttpRequest, from: Reach) -> Result<HttpReply, HttpError> {
        self.noted(request, None, || self.inner.download(request, from))
    }

    fn check_reach(&self, url: &Url, from: Reach) -> Result<(), HttpError> {
        self.inner.check_reach(url, from)
    }

    fn check(&self, url: &Url) -> Result<(), HttpError> {
        self.inner.check(url)
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    Some(headers.get("content-type")?.to_str().ok()?.to_owned())
}

fn failure(error: &HttpError) -> Failure {
    let kind = match error {
        // The peer of a connection through a proxy is named so.
        HttpError::Connect { origin, .. } if origin.contains(" through ") => FailureKind::Proxy,
        HttpError::Connect { .. } => FailureKind::Connect,
        HttpError::Tls { .. } => FailureKind::Tls,
        HttpError::Timeout { .. } | HttpError::Overdue { .. } => FailureKind::Timeout,
        HttpError::Broken { .. } => FailureKind::Broken,
        HttpError::TooLarge { .. } => FailureKind::TooLarge,
        HttpError::Proxy(_) => FailureKind::Proxy,
        HttpError::OutOfReach { .. } | HttpError::Setup(_) | HttpError::Trust(_) => FailureKind::NotSent,
    };
    let issuer = match error {
        HttpError::Tls { refused: Some(refused), .. } => Some(refused.certificate.issuer.clone()),
        _ => None,
    };
    Failure { kind, text: with_causes(error), issuer }
}

/// A body under way.
struct Seen {
    recorder: Arc<Recorder>,
    number: u64,
    content_type: Option<String>,
    bytes: Zeroizing<Vec<u8>>,
    is_done: bool,
}

impl Seen {
    fn finish(&mut self) {
        if !std::mem::replace(&mut self.is_done, true) {
            self.recorder.body(self.number, self.content_type.as_deref(), &self.bytes);
        }
    }
}

impl Tap for Seen {
    fn part(&mut self, bytes: &[u8]) {
        let room = MAX_BODY - self.bytes.len();
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn ended(&mut self) {
        self.finish();
    }

    fn broke(&mut self, error: &io::Error) {
        self.finish();
        let kind = if timed_out(error) { FailureKind::Timeout } else { FailureKind::Broken };
        self.recorder.failed(self.number, &Failure { kind, text: error.kind().to_string(), issuer: None });
    }
}

/// The reader is gone: what came so far is the body.
impl Drop for Seen {
    fn drop(&mut self) {
        self.finish();
    }
}
