//! `--verbose`: what goes over the wire, secrets masked; and the waits, which are announced to everybody.

use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;

use super::reply::ReplyHead;
use super::request::{RequestView, TOKEN_MARK};
use crate::flow::api::Api;
use crate::flow::retry::Watch;
use crate::protocol::mask;
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::HumanDuration;
use crate::system::http::HttpReply;
use crate::system::terminal::Terminal;

pub struct Trace<'a> {
    pub terminal: &'a dyn Terminal,
    pub verbose: bool,
    pub show_secrets: bool,
    /// What is sent beside the token.
    pub secrets: Vec<&'a str>,
}

impl Trace<'_> {
    /// Each line clean, so that what one of them begins ends with it, and without the token unless that may be seen.
    fn show(&self, mark: char, text: &str, token: &AccessToken) {
        let secrets: Vec<&str> = [token.expose()].into_iter().chain(self.secrets.iter().copied()).collect();
        let secrets: &[&str] = if self.show_secrets { &[] } else { secrets.as_slice() };
        for line in text.lines() {
            self.terminal.note(&format!("{mark} {}", mask::text(line, secrets)));
        }
    }
}

impl Watch for Trace<'_> {
    fn sends(&self, api: &Api<'_>, request: &HttpRequest, token: &AccessToken) {
        if !self.verbose {
            return;
        }
        let shown = if self.show_secrets { token.clone() } else { AccessToken::new(TOKEN_MARK) };
        // The sender reports what cannot be sent.
        let Ok(mut request) = api.authorize(request, &shown) else { return };
        if !self.show_secrets {
            mask_headers(&mut request.headers, api);
            if !request.body.is_empty() {
                request.body = mask::reply(&request.body, &[]).into_bytes();
            }
        }
        let view = RequestView { request: &request, upload: None, input: None };
        // An address that the API has given may have the token in it once more.
        self.show('>', &view.to_string(), token);
    }

    fn received(&self, reply: &HttpReply, token: &AccessToken) {
        if !self.verbose {
            return;
        }
        let mut headers = reply.headers.clone();
        if !self.show_secrets {
            hide(&mut headers);
        }
        let head = ReplyHead { status: reply.status, headers: &headers }.to_wire();
        self.show('<', String::from_utf8_lossy(&head).trim_end(), token);
    }

    fn renewed(&self, status: u16) {
        if self.verbose {
            self.terminal
                .note(&format!("The API answered {status} and rejected the token; it is asked again with another."));
        }
    }

    fn left(&self, origin: &str) {
        self.terminal.note(&format!("The API redirected to {origin}, which was asked without the token."));
    }

    fn waits(&self, status: u16, wait: Duration) {
        let wait = HumanDuration(wait);
        self.terminal.note(&format!("The API answered {status} and asks to wait {wait}; it is asked again then."));
    }
}

/// Hides what is secret by its name; the token's own header holds the mark.
fn mask_headers(headers: &mut HeaderMap, api: &Api<'_>) {
    let own = api.placement.name.as_deref().unwrap_or("authorization").to_ascii_lowercase();
    let mark = headers.get(&own).cloned();
    hide(headers);
    if let (Some(mark), Some(value)) = (mark, headers.get_mut(&own)) {
        *value = mark;
    }
}

fn hide(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        let name = name.as_str();
        let words = ["token", "secret", "auth", "cookie", "key", "password", "session", "signature"];
        let has_its_name = words.iter().any(|word| name.contains(word)) && name != "www-authenticate";
        if has_its_name || value.is_sensitive() {
            *value = HeaderValue::from_static("[hidden]");
        }
    }
}
