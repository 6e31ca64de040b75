//! JavaScript with `fetch`, as a module for Node.js. `fetch` sends `Accept: */*` where no header says otherwise, and has
//! methods and bodies that it refuses.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::header::CONTENT_TYPE;

use super::literal::{in_quotes, joined};
use super::model::{Body, CannotPrint, Request, Text};

pub fn print(request: &Request<'_>) -> Text {
    let refused = |problem| Err(CannotPrint { problem, instead: "curl" });
    if matches!(request.method, "GET" | "HEAD") && request.has_body() {
        return refused("`fetch` sends no body with GET and HEAD");
    }
    if matches!(request.method, "CONNECT" | "TRACE" | "TRACK") {
        return refused("`fetch` does not send this method");
    }
    if request.headers.iter().any(|(_, value)| !value.is_ascii()) {
        return refused("`fetch` sends no header that is not ASCII");
    }
    let mut lines = Vec::new();
    if matches!(request.body, Body::File(_)) {
        lines.extend(["import { readFileSync } from \"node:fs\";".to_owned(), String::new()]);
    }
    let body = body(request);
    if request.uses_token() {
        lines.push("const token = process.env.TOKEN;".to_owned());
    }
    lines.push(format!("const response = await fetch({}, {{", joined(request.url, text, variable)));
    lines.push(format!("  method: {},", text(request.method)));
    lines.push("  headers: [".to_owned());
    for (name, value) in &request.headers {
        lines.push(format!("    [{}, {}],", text(name.as_str()), joined(value, text, variable)));
    }
    lines.push("  ],".to_owned());
    lines.extend(body.map(|body| format!("  body: {body},")));
    lines.extend(["  redirect: \"manual\",".to_owned(), "});".to_owned()]);
    lines.push("console.log(await response.text());".to_owned());
    Ok(lines.join("\n"))
}

fn variable(name: &str) -> String {
    format!("process.env[{}]", text(name))
}

fn text(text: &str) -> String {
    in_quotes(text, |c| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect())
}

/// A text would bring a `Content-Type` of its own where there is none.
fn body(request: &Request<'_>) -> Option<String> {
    Some(match request.body {
        Body::None => return None,
        Body::Text(body) if request.has(&CONTENT_TYPE) => joined(body, text, variable),
        Body::Text(body) => format!("Buffer.from({})", joined(body, text, variable)),
        Body::Bytes(body, _) => format!("Buffer.from(\"{}\", \"base64\")", BASE64_STANDARD.encode(body)),
        Body::File("-") => "readFileSync(0)".to_owned(),
        Body::File(file) => format!("readFileSync({})", text(file)),
    })
}
