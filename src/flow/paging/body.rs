//! The place of a cursor or a page number in the JSON body of a POST: searches and GraphQL ask with one.
//!
//! A POST may change something, so it is repeated only where its body shows that it asks for pages: a GraphQL query, a
//! cursor that the reply gave, or a number that the body has already.

use http::Method;
use serde_json::{Map, Value};

use crate::protocol::message::HttpRequest;
use crate::protocol::{json, member};

/// Returns `true` for a POST whose body is a JSON object.
pub fn is_object(request: &HttpRequest) -> bool {
    request.method == Method::POST && object(request).is_some()
}

/// Returns the member at a dotted path as a text.
pub fn get(request: &HttpRequest, path: &str) -> Option<String> {
    let body = Value::Object(object(request)?);
    member::text_or_number(path, json::at(&body, path)).ok().flatten()
}

/// Replaces the member at a dotted path. Returns `false` if the body has none.
pub fn set(request: &mut HttpRequest, path: &str, value: Value) -> bool {
    get(request, path).is_some() && put(request, path, value)
}

/// Puts a member at a dotted path. Returns `false` if the body is not an object.
pub fn put(request: &mut HttpRequest, path: &str, value: Value) -> bool {
    let Some(mut body) = object(request) else { return false };
    json::put(&mut body, path, value);
    request.body = Value::Object(body).to_string().into_bytes();
    true
}

/// Returns the body of a request that is not a GET.
pub fn object(request: &HttpRequest) -> Option<Map<String, Value>> {
    if request.body.is_empty() {
        return None;
    }
    match json::parse(&request.body) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}
