//! The pieces of a record, read: values, parameters, headers, errors.

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::protocol::error_response::ErrorResponse;
use crate::protocol::flow_record::{Arrival, Body, Exchange, Fields, Reply, Tree, Value};
use crate::protocol::message::HttpRequest;
use crate::protocol::sanitize;

/// Returns the parts of a value that is made of several.
pub fn parts(value: &Value) -> Vec<&Value> {
    match value {
        Value::Mixed(all) => all.iter().flat_map(parts).collect(),
        whole => vec![whole],
    }
}

/// Returns what arrived, from the query and the form.
pub fn fields_of(arrival: &Arrival) -> Fields {
    arrival.query.iter().chain(&arrival.form).cloned().collect()
}

pub fn named(fields: &Fields) -> Vec<(&str, &Value)> {
    fields.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

/// Returns the parameters of a request, of its body and of its address.
pub fn sent_by(exchange: &Exchange) -> Vec<(&str, &Value)> {
    let of_body = match &exchange.body {
        Some(Body::Fields(fields)) => named(fields),
        Some(Body::Json(Tree::Object(members))) => {
            members.iter().filter_map(|(name, tree)| Some((name.as_str(), tree.value()?))).collect()
        }
        _ => Vec::new(),
    };
    of_body.into_iter().chain(named(&exchange.address.query)).collect()
}

/// Returns the first value of a name, unless it is hidden.
pub fn shown(fields: &Fields, name: &str) -> Option<String> {
    fields.iter().find(|(known, _)| known == name).and_then(|(_, value)| text_of(value))
}

/// Returns a value as text; a part of it may be hidden.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Shown(text) => Some(text.clone()),
        Value::Mixed(_) => Some(value.to_string()),
        Value::Hidden(_) => None,
    }
}

/// Returns a header as a line.
pub fn header(headers: &Fields, name: &str) -> Option<String> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_string())
}

/// Returns the error that a reply reports, with any status.
pub fn error_of(reply: &Reply) -> Option<ErrorResponse> {
    let is_error = reply.status >= 400;
    match reply.body.as_ref()? {
        Body::Json(tree) => {
            let value = json(tree);
            let error = ErrorResponse::from_json(&value).map(|error| with_other_words(error, &value));
            error.or_else(|| is_error.then(|| ErrorResponse::from_own_json(&value))).map(clean)
        }
        Body::Fields(fields) => error_in_fields(fields),
        Body::Text(text) if is_error && !is_page(reply) && !is_from_firewall(reply) => Some(clean(wordless(text))),
        Body::Text(text) if is_error && is_told_by_page(text) => Some(clean(wordless(text))),
        Body::Text(_) | Body::Other { .. } => None,
    }
}

/// An error without a sentence of its own may have one under another name.
fn with_other_words(error: ErrorResponse, reply: &serde_json::Value) -> ErrorResponse {
    match error.description {
        Some(_) => error,
        None => {
            let words = ErrorResponse::sentence_in(reply).filter(|words| *words != error.code);
            ErrorResponse { description: words, ..error }
        }
    }
}

/// A page that is short, and has an error of the protocol in its words: "Oauth error invalid_request: …".
fn is_told_by_page(text: &str) -> bool {
    const LONGEST: usize = 500;
    let codes =
        ["invalid_", "unauthorized_client", "unsupported_", "access_denied", "redirect_uri_mismatch", "oauth error"];
    let text = text.trim().to_lowercase();
    text.len() <= LONGEST && codes.iter().any(|code| text.contains(code))
}

fn wordless(words: &str) -> ErrorResponse {
    ErrorResponse { description: Some(words.to_owned()).filter(|words| !words.is_empty()), ..ErrorResponse::new("") }
}

/// Makes each text of an error one clean line.
fn clean(error: ErrorResponse) -> ErrorResponse {
    let line = |text: Option<String>| text.map(|text| sanitize::reason(&text)).filter(|text| !text.is_empty());
    let (description, hint) = (line(error.description), line(error.hint));
    ErrorResponse { code: sanitize::line(&error.code), description, hint, ..error }
}

/// Returns the error in the parameters of an answer (RFC 6749 §4.1.2.1).
pub fn error_in_fields(fields: &Fields) -> Option<ErrorResponse> {
    let text = |name: &str| shown(fields, name).filter(|text| !text.is_empty());
    let code = text("error").or_else(|| text("error_code"))?;
    let description = text("error_description").or_else(|| text("error_message")).or_else(|| text("error_reason"));
    Some(clean(ErrorResponse { description, hint: text("error_hint"), ..ErrorResponse::new(code) }))
}

/// Returns `true` for a page that is meant for a browser.
pub fn is_page(reply: &Reply) -> bool {
    let content_type = header(&reply.headers, "content-type");
    let media_type = HttpRequest::media_type(content_type.as_deref());
    let begins_like_one = matches!(&reply.body, Some(Body::Text(text)) if text.trim_start().starts_with('<'));
    matches!(media_type.as_str(), "text/html" | "application/xhtml+xml") || begins_like_one
}

/// Returns `true` for a text that comes from before the server: a page, or a line such as `error code: 1020`.
pub fn is_from_firewall(reply: &Reply) -> bool {
    if !matches!(reply.body, Some(Body::Text(_)) | None) {
        return false;
    }
    let server = header(&reply.headers, "server").unwrap_or_default().to_lowercase();
    let has = |name: &str| header(&reply.headers, name).is_some();
    has("cf-ray")
        || has("cf-mitigated")
        || ["cloudflare", "akamai", "imperva", "sucuri"].iter().any(|name| server.contains(name))
}

/// Returns a JSON value with what is shown; a hidden text is empty.
pub fn json(tree: &Tree) -> serde_json::Value {
    match tree {
        Tree::Null => serde_json::Value::Null,
        Tree::Bool(flag) => (*flag).into(),
        Tree::Number(number) => number.parse::<i64>().map_or_else(|_| number.as_str().into(), Into::into),
        Tree::Text(value) => text_of(value).unwrap_or_default().into(),
        Tree::List(items) => items.iter().map(json).collect(),
        Tree::Object(members) => members.iter().map(|(name, tree)| (name.clone(), json(tree))).collect(),
    }
}

pub fn texts(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) if !text.is_empty() => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(texts).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

pub fn header_map(fields: &Fields) -> HeaderMap {
    let pair = |(name, value): &(String, Value)| {
        let value = HeaderValue::from_str(&value.to_string()).ok()?;
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
    };
    fields.iter().filter_map(pair).collect()
}

/// Returns the host of an address.
pub fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}
