//! Rust with `reqwest`, which sends `Accept: */*` where no header says otherwise.

use super::literal::bytes;
use super::model::{Body, Piece, Request, TOKEN, pieces};

pub fn print(request: &Request<'_>) -> String {
    let call = call(request);
    let token = if request.uses_token() { "    let token = std::env::var(\"TOKEN\")?;\n" } else { "" };
    format!(
        "// cargo add reqwest --features blocking\n\
         fn main() -> Result<(), Box<dyn std::error::Error>> {{\n\
         {token}    let client = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;\n\
         {call}    println!(\"{{}}\", response.text()?);\n    Ok(())\n}}"
    )
}

fn call(request: &Request<'_>) -> String {
    let mut lines = vec![
        "    let response = client".to_owned(),
        format!("        .request(reqwest::Method::from_bytes(b{:?})?, {})", request.method, text(request.url)),
    ];
    for (name, value) in &request.headers {
        let value = match value.is_ascii() {
            true => text(value),
            false => format!("{}.as_bytes()", text(value)),
        };
        lines.push(format!("        .header({:?}, {value})", name.as_str()));
    }
    let body = match request.body {
        Body::None => None,
        Body::Text(body) => Some(text(body)),
        Body::Bytes(body, _) => Some(format!("&b{}[..]", bytes(body))),
        Body::File("-") => Some("reqwest::blocking::Body::new(std::io::stdin())".to_owned()),
        Body::File(file) => Some(format!("std::fs::File::open({file:?})?")),
    };
    lines.extend(body.map(|body| format!("        .body({body})")));
    lines.push("        .send()?;\n".to_owned());
    lines.join("\n")
}

/// A literal, or several that are put together with secrets.
fn text(text: &str) -> String {
    let pieces = pieces(text);
    let parts: Vec<String> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => format!("{text:?}"),
            Piece::Variable(name) if name == TOKEN => "&token".to_owned(),
            Piece::Variable(name) => format!("&std::env::var({name:?})?"),
        })
        .collect();
    match pieces.as_slice() {
        [Piece::Text(text)] => format!("{text:?}"),
        // The first one decides the type of all.
        [Piece::Text(_), ..] => format!("[{}].concat()", parts.join(", ")),
        _ => format!("[\"\", {}].concat()", parts.join(", ")),
    }
}
