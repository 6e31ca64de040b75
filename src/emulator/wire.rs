//! One HTTP exchange as plain values. tiny_http writes the answers; its types are not used elsewhere.

use std::borrow::Cow;

use serde_json::Value;

/// A complete request.
pub struct Incoming {
    pub method: String,
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Incoming {
    /// Creates a request without a body.
    pub fn new(method: &str, target: &str, headers: Vec<(String, String)>) -> Self {
        // RFC 9112 §3.2.2: a server accepts the absolute form too.
        let target = match target.strip_prefix("http://") {
            Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), body: Vec::new(), headers }
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }

    /// Returns `true` for GET and HEAD, which is answered like GET without the body.
    pub fn is_get(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// An answer.
pub struct Reply {
    pub status: u16,
    headers: Vec<(Cow<'static, str>, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub fn empty(status: u16) -> Self {
        // A cache must not store anything: replies contain codes and tokens (RFC 6749 §5.1), and the ledger changes
        // with each login.
        Self { status, headers: vec![("Cache-Control".into(), "no-store".to_owned())], body: Vec::new() }
    }

    pub fn json(status: u16, value: &Value) -> Self {
        let mut reply = Self::empty(status).with("Content-Type", "application/json");
        reply.body = value.to_string().into_bytes();
        reply
    }

    pub fn html(status: u16, text: String) -> Self {
        let mut reply = Self::empty(status).with("Content-Type", "text/html; charset=utf-8");
        reply.body = text.into_bytes();
        reply
    }

    pub fn redirect(url: String) -> Self {
        Self::empty(302).with("Location", url)
    }

    pub fn method_not_allowed(allowed: &'static str) -> Self {
        let body = serde_json::json!({"error": "method_not_allowed", "allowed": allowed});
        Self::json(405, &body).with("Allow", allowed)
    }

    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Returns the reply as bytes: without chunks for `HTTP/1.0`, without a body for HEAD.
    pub fn into_wire(self, is_head: bool, minor_version: u8, stays: bool) -> Vec<u8> {
        let headers = self.headers.iter().filter_map(|(name, value)| {
            // An invalid header value is left out. All values made of foreign text are percent-encoded.
            tiny_http::Header::from_bytes(name.as_bytes(), value.as_bytes()).ok()
        });
        let length = self.body.len();
        let response = tiny_http::Response::new(
            self.status.into(),
            headers.collect(),
            std::io::Cursor::new(self.body),
            Some(length),
            None,
        );
        let mut bytes = Vec::new();
        let version = tiny_http::HTTPVersion(1, minor_version);
        // Writing to a Vec cannot fail.
        let _ = response.raw_print(&mut bytes, version, &[], is_head, None);
        if !stays && let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            // tiny_http leaves the `Connection` header to its own server.
            bytes.splice(end + 1..end + 1, *b"Connection: close\r\n");
        }
        bytes
    }
}
