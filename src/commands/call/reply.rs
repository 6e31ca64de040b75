//! The information in a reply beside its body: on stderr for people, on stdout with `--include`.

use http::{HeaderMap, StatusCode};

use crate::protocol::mask;
use crate::protocol::sanitize::{Pieces, Style, TerminalText};

/// Status line and headers.
pub struct ReplyHead<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
}

impl ReplyHead<'_> {
    /// `404 Not Found`
    pub fn status_text(&self) -> String {
        let reason = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        format!("{} {}", self.status, reason.unwrap_or_default()).trim_end().to_owned()
    }

    /// As it stood on the wire, names in lower case.
    pub fn to_wire(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {}\r\n", self.status_text()).into_bytes();
        for (name, value) in self.headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// One line: the status, where it leads, and how much the API has left for us. Without the secrets, which the API
    /// may repeat.
    pub fn summary(&self, secrets: &[&str]) -> TerminalText {
        let style = if self.status < 400 { Style::Good } else { Style::Bad };
        let mut line = TerminalText::of(&style.of(self.status_text()));
        for (name, value) in self.headers.iter().filter(|(name, _)| is_worth_a_word(name.as_str())) {
            let value = mask::line(&String::from_utf8_lossy(value.as_bytes()), secrets);
            let name = Style::Faint.of(format!("{name}:"));
            line.put(&Pieces(&[&"  ", &name, &" ", &value]));
        }
        line
    }
}

/// `X-RateLimit-Remaining`, `RateLimit`, `X-Shop-Api-Call-Limit`: there is a draft, and every shop has its own.
fn is_worth_a_word(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "location" | "retry-after" | "ratelimit")
        || (name.contains("limit") || name.contains("quota") || name.contains("calls")) && name.contains("remaining")
        || name.contains("call-limit")
}
