//! The answer to a request.

/// A complete answer: head and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopbackResponse(pub(super) Vec<u8>);

impl LoopbackResponse {
    /// Creates an answer. `headers` are whole lines without their line breaks.
    pub fn new(status: &str, headers: &[&str], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(body);
        Self(text.into_bytes())
    }

    #[cfg(test)]
    pub fn as_text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap()
    }
}
