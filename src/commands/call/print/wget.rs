//! wget. It has no way to send the same header twice, and reads a body from a file of a known length only. It sends
//! `Accept: */*` where no header says otherwise, and decodes some signs of an address that need no encoding.

use http::header::CONTENT_TYPE;

use super::model::{Body, CannotPrint, Request, Text};
use super::shell_words;
use crate::protocol::shell::ShellKind;

pub fn print(request: &Request<'_>, shell: ShellKind) -> Text {
    let program = if shell == ShellKind::Powershell { "wget.exe" } else { "wget" };
    // The reply of a refusal is shown too, and nothing is sent a second time.
    let mut words: Vec<String> =
        [program, "-qO-", "--content-on-error", "--max-redirect=0", "--tries=1"].map(str::to_owned).into();
    // Else it decodes `%25` where the locale is not UTF-8, and asks for another address.
    if request.url.contains("%25") {
        words.push("--no-iri".to_owned());
    }
    match (request.method, request.has_body()) {
        ("GET", false) => {}
        (method, _) => words.push(format!("--method={method}")),
    }
    for (name, value) in request.joined_headers() {
        if value.is_empty() {
            return Err(CannotPrint { problem: "it has an empty header, which wget does not send", instead: "curl" });
        }
        words.push(format!("--header={name}: {value}"));
    }
    if request.has_body() && !request.has(&CONTENT_TYPE) {
        return Err(CannotPrint { problem: "wget sends a `Content-Type` with each body", instead: "curl" });
    }
    match (request.body, request.file()?) {
        (_, Some("-")) => {
            return Err(CannotPrint { problem: "its body is stdin, which wget does not send", instead: "curl" });
        }
        (_, Some(file)) => words.push(format!("--body-file={file}")),
        (Body::Text(text), None) => words.push(format!("--body-data={text}")),
        (_, None) => {}
    }
    words.push(request.url.to_owned());
    shell_words::line(shell, words)
}
