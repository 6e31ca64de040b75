//! An API request that is not sent: as it would stand on the wire.

use std::fmt::{self, Write};

use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use super::print::Target;
use crate::protocol::message::HttpRequest;
use crate::protocol::sanitize;
use crate::system::http::USER_AGENT;

/// Stands in a request where the token would; the code that prints the request recognizes it. Letters and digits only,
/// so that no place encodes it.
pub const TOKEN_MARK: &str = "oauthctl0TOKEN0MARK";

/// What the mark of a further secret begins and ends with.
pub const SECRET_MARK: [&str; 2] = ["oauthctl0SECRET0", "0MARK"];

/// Returns the mark that stands in a request where a secret of this name would.
pub fn secret_mark(name: &str) -> String {
    let [begin, end] = SECRET_MARK;
    format!("{begin}{name}{end}")
}

/// Replaces the marks in a text: that of the token, and those of secrets by their names.
fn unmarked(text: &str, token: &str, secret: impl Fn(&str) -> String) -> String {
    let [begin, end] = SECRET_MARK;
    let mut parts = text.split(begin);
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(end).unwrap_or((part, ""));
        clean.push_str(&secret(name));
        clean.push_str(rest);
    }
    clean.replace(TOKEN_MARK, token)
}

fn hidden(text: &str) -> String {
    unmarked(text, "[hidden]", |_| "[hidden]".to_owned())
}

/// Returns the environment variable that stands for a secret in a printed request.
pub fn secret_variable(name: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(upper).collect()
}

/// A request with [`TOKEN_MARK`] or the token in it.
pub struct RequestView<'a> {
    pub request: &'a HttpRequest,
    /// The file that is sent as the body; `-` is stdin.
    pub upload: Option<&'a str>,
    /// The file that the body is from, whether it is held or not.
    pub input: Option<&'a str>,
}

/// Request line, headers, body: what a server reads, with `[hidden]` where the token is.
impl fmt::Display for RequestView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HttpRequest { method, url, headers, body, .. } = self.request;
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut text = format!("{method} {target} HTTP/1.1\nhost: {host}\nuser-agent: {USER_AGENT}\n");
        write!(text, "{}", Headers(headers))?;
        match self.upload {
            Some(file) => writeln!(text, "\n[the content of `{file}`]")?,
            None if body.is_empty() => {}
            None => writeln!(text, "content-length: {}\n\n{}", body.len(), String::from_utf8_lossy(body))?,
        }
        f.write_str(&sanitize::text(&hidden(&text)))
    }
}

/// A request for programs, with `[hidden]` where the token is.
#[derive(Serialize)]
pub struct RequestOutcome {
    method: String,
    url: String,
    /// In the order in which they are sent. A name may stand there twice.
    headers: Vec<[String; 2]>,
    /// The body, if it is text and not read from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// The file that is sent as the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    /// The curl command, with `$TOKEN` where the token is.
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<String>,
    /// The request in another language.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl RequestOutcome {
    pub fn new(view: &RequestView<'_>, printed: Option<(Target, String)>) -> Self {
        let (curl, code) = match printed {
            Some((Target::Curl, text)) => (Some(text), None),
            Some((_, text)) => (None, Some(text)),
            None => (None, None),
        };
        let HttpRequest { method, url, headers, body, .. } = view.request;
        let value = |value: &HeaderValue| hidden(&String::from_utf8_lossy(value.as_bytes()));
        Self {
            method: method.to_string(),
            url: hidden(url.as_str()),
            headers: headers.iter().map(|(name, text)| [name.to_string(), value(text)]).collect(),
            body: Some(body).filter(|body| !body.is_empty()).map(|body| hidden(&String::from_utf8_lossy(body))),
            input: view.upload.map(str::to_owned),
            curl: curl.map(|curl| curl.trim_end().to_owned()),
            code: code.map(|code| code.trim_end().to_owned()),
        }
    }
}

/// `name: value`, a line each.
pub struct Headers<'a>(pub &'a HeaderMap);

impl fmt::Display for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.0 {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        Ok(())
    }
}
