//! One HTTP exchange as plain values. tiny_http's types stay here and in the server loop.

use std::io::Read;

use serde_json::Value;

/// No OAuth message comes near this. tiny_http allocates what a request declares when it drops the request, so
/// whatever declares more is forgotten instead: see [`Incoming::read`].
const MAX_BODY: usize = 1 << 20;

/// A request, whole.
pub struct Incoming {
    pub method: String,
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

/// A request whose body is not read. The caller must `mem::forget` it: dropping or answering it would first wait for
/// the rest of the body, or allocate for all of it.
pub struct Unreadable(pub &'static str);

impl Incoming {
    pub fn read(request: &mut tiny_http::Request) -> Result<Self, Unreadable> {
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|header| (header.field.as_str().as_str().to_owned(), header.value.as_str().to_owned()))
            .collect();
        let target = request.url();
        // RFC 9112 §3.2.2: a server takes the absolute form too.
        let target = match target.strip_prefix("http://") {
            Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut incoming = Self {
            method: request.method().as_str().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body: Vec::new(),
            headers,
        };
        if request.body_length().is_some_and(|length| length > MAX_BODY) {
            return Err(Unreadable("declares a body of more than 1 MiB"));
        }
        // tiny_http's reader for such a connection has no end.
        if incoming.header("Connection").is_some_and(|value| value.to_ascii_lowercase().contains("upgrade")) {
            return Err(Unreadable("asks for another protocol"));
        }
        let limit = MAX_BODY as u64 + 1;
        match request.as_reader().take(limit).read_to_end(&mut incoming.body) {
            Ok(length) if length <= MAX_BODY => Ok(incoming),
            Ok(_) => Err(Unreadable("has a body of more than 1 MiB")),
            Err(_) => Err(Unreadable("ended in the middle of its body")),
        }
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }

    /// HEAD is answered like GET; tiny_http leaves the body out.
    pub fn is_get(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// An answer.
pub struct Reply {
    pub status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub fn empty(status: u16) -> Self {
        // Nothing here may be kept: codes and tokens are in it (RFC 6749 §5.1), and the ledger changes with each login.
        Self { status, headers: vec![("Cache-Control", "no-store".to_owned())], body: Vec::new() }
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

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn send(self, request: tiny_http::Request) {
        let headers = self.headers.iter().filter_map(|(name, value)| {
            // A value that is no header is left out; all that are made of foreign text are percent-encoded.
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
        // The peer may be gone; it is its own loss.
        let _ = request.respond(response);
    }
}
