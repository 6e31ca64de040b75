//! Python with `requests`.
//!
//! `requests` writes an address anew: `%7E` becomes `~`. Where it would, the address is set behind its back. It takes a text
//! in a body or a header for Latin-1, so what is not ASCII is encoded here.

use super::literal::{bytes, in_quotes, joined};
use super::model::{Body, Piece, Request, pieces};

pub fn print(request: &Request<'_>) -> String {
    let mut lines = Vec::new();
    let file = matches!(request.body, Body::File(file) if file == "-");
    let uses_variables = !request.variables().is_empty();
    lines.extend(uses_variables.then(|| "import os".to_owned()));
    lines.extend(file.then(|| "import sys".to_owned()));
    if uses_variables || file {
        lines.push(String::new());
    }
    lines.extend(["import requests".to_owned(), String::new()]);
    if request.uses_token() {
        lines.push("token = os.environ[\"TOKEN\"]".to_owned());
    }
    let url = joined(request.url, text, variable);
    let is_rewritten = is_rewritten(request.url);
    if is_rewritten {
        lines.push(format!("url = {url}"));
        lines.push("session = requests.Session()".to_owned());
        lines.push("request = session.prepare_request(requests.Request(".to_owned());
    } else {
        lines.push("response = requests.request(".to_owned());
    }
    lines.push(format!("    {},", text(request.method)));
    lines.push(format!("    {},", if is_rewritten { "url" } else { &url }));
    lines.push("    headers={".to_owned());
    for (name, value) in request.joined_headers() {
        lines.push(format!("        {}: {},", text(name.as_str()), encoded_if_needed(&value)));
    }
    lines.extend(request.unwanted().map(|name| format!("        {}: None,", text(name))));
    lines.push("    },".to_owned());
    lines.extend(body(request).map(|body| format!("    data={body},")));
    lines.push("    auth=lambda request: request,  # what .netrc has is not for this request".to_owned());
    match is_rewritten {
        true => lines.extend([
            "))".to_owned(),
            "request.url = url  # exactly as it is written".to_owned(),
            "response = session.send(request, allow_redirects=False)".to_owned(),
        ]),
        false => lines.extend(["    allow_redirects=False,".to_owned(), ")".to_owned()]),
    }
    lines.push("print(response.text)".to_owned());
    lines.join("\n")
}

fn variable(name: &str) -> String {
    format!("os.environ[{}]", text(name))
}

fn text(text: &str) -> String {
    in_quotes(text, |c| format!("\\U{:08x}", u32::from(c)))
}

fn encoded_if_needed(value: &str) -> String {
    match value.is_ascii() {
        true => joined(value, text, variable),
        false => format!("({}).encode()", joined(value, text, variable)),
    }
}

fn body(request: &Request<'_>) -> Option<String> {
    Some(match request.body {
        Body::None => return None,
        Body::Text(body)
            if body.is_ascii() && !pieces(body).iter().any(|piece| matches!(piece, Piece::Variable(_))) =>
        {
            format!("b{}", bytes(body.as_bytes()))
        }
        Body::Text(body) => format!("({}).encode()", joined(body, text, variable)),
        Body::Bytes(body, _) => format!("b{}", bytes(body)),
        Body::File("-") => "sys.stdin.buffer".to_owned(),
        Body::File(file) => format!("open({}, \"rb\")", text(file)),
    })
}

/// Returns `true` if `requests` would send another address: it decodes what need not be encoded (RFC 3986 §6.2.2.2).
fn is_rewritten(url: &str) -> bool {
    let is_decoded = |after: &str| {
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        code.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    url.split('%').skip(1).any(is_decoded)
}
