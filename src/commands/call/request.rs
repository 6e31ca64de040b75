//! An API request that is not sent: as it would stand on the wire, or as a curl command.

use std::fmt::{self, Write};

use http::{HeaderMap, HeaderValue, Method};
use serde::Serialize;

use crate::protocol::message::HttpRequest;
use crate::protocol::sanitize;
use crate::protocol::shell;
use crate::system::http::USER_AGENT;

/// Stands in a request where the token would; the code that prints the request recognizes it. Letters and digits only,
/// so that no place encodes it.
pub const TOKEN_MARK: &str = "oauthctl0TOKEN0MARK";

/// What the mark of a further secret begins and ends with.
const SECRET_MARK: [&str; 2] = ["oauthctl0SECRET0", "0MARK"];

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

/// Returns the shell variable that stands for a secret in a curl command.
fn shell_variable(name: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("${{{}}}", name.chars().map(upper).collect::<String>())
}

/// A request with [`TOKEN_MARK`] or the token in it.
pub struct RequestView<'a> {
    pub request: &'a HttpRequest,
    /// The file that is sent as the body; `-` is stdin.
    pub upload: Option<&'a str>,
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
}

impl RequestOutcome {
    pub fn new(view: &RequestView<'_>, curl: Option<String>) -> Self {
        let HttpRequest { method, url, headers, body, .. } = view.request;
        let value = |value: &HeaderValue| hidden(&String::from_utf8_lossy(value.as_bytes()));
        Self {
            method: method.to_string(),
            url: hidden(url.as_str()),
            headers: headers.iter().map(|(name, text)| [name.to_string(), value(text)]).collect(),
            body: Some(body).filter(|body| !body.is_empty()).map(|body| hidden(&String::from_utf8_lossy(body))),
            input: view.upload.map(str::to_owned),
            curl: curl.map(|curl| curl.trim_end().to_owned()),
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

/// The curl command that sends the same request. [`TOKEN_MARK`] becomes `$TOKEN`, in the quotes in which a shell fills
/// it in.
pub struct CurlCommand<'a>(pub RequestView<'a>);

impl fmt::Display for CurlCommand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RequestView { request, upload } = &self.0;
        let has_body = upload.is_some() || !request.body.is_empty();
        f.write_str("curl")?;
        match (&request.method, has_body) {
            (&Method::GET, false) | (&Method::POST, true) => {}
            (&Method::HEAD, false) => f.write_str(" --head")?,
            (method, _) => write!(f, " -X {}", word(method.as_str()))?,
        }
        // curl reads brackets in a URL as a range.
        if request.url.as_str().contains(['[', '{']) {
            f.write_str(" -g")?;
        }
        write!(f, " {}", word(request.url.as_str()))?;
        for (name, value) in &request.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            // `Name:` would take the header away; a semicolon sends it empty.
            let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            write!(f, " -H {}", word(&line))?;
        }
        match upload {
            Some(file) => write!(f, " --data-binary {}", word(&format!("@{file}")))?,
            None if has_body => write!(f, " --data-binary {}", word(&String::from_utf8_lossy(&request.body)))?,
            None => {}
        }
        f.write_char('\n')
    }
}

/// A word as a POSIX shell reads it back: bare, or in single quotes, or in double ones where it holds the token.
fn word(text: &str) -> String {
    if text.contains(TOKEN_MARK) || text.contains(SECRET_MARK[0]) {
        let escaped: String = text
            .chars()
            .flat_map(|c| matches!(c, '"' | '\\' | '$' | '`').then_some('\\').into_iter().chain([c]))
            .collect();
        return format!("\"{}\"", unmarked(&escaped, "$TOKEN", shell_variable));
    }
    shell::word(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_same_words_back() {
        for (text, shown) in [
            ("plain-1", "plain-1"),
            ("it's", "'it'\\''s'"),
            ("$HOME `x`", "'$HOME `x`'"),
            ("", "''"),
            ("A: oauthctl0TOKEN0MARK", "\"A: $TOKEN\""),
            ("{\"a\":\"$b\",\"t\":\"oauthctl0TOKEN0MARK\"}", "\"{\\\"a\\\":\\\"\\$b\\\",\\\"t\\\":\\\"$TOKEN\\\"}\""),
        ] {
            assert_eq!(word(text), shown);
        }
    }
}
