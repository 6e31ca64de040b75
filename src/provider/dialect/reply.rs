//! The parts that the replies of the token endpoint and of the device authorization endpoint share.

use http::HeaderMap;
use http::header::{CONTENT_TYPE, LOCATION};
use serde_json::Value;
use url::Url;

use super::JSON;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::message::HttpRequest;
use crate::protocol::params::Params;
use crate::protocol::retry_after::asked_wait;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::protocol::{json, mask};

pub(super) fn beside(rest: &Option<String>) -> String {
    rest.as_ref().map(|rest| format!("; beside its error the reply has {rest}")).unwrap_or_default()
}

/// Returns the body in a form that may be shown, without sent secrets and, where there may be a token, without those.
pub(super) fn shown(status: u16, body: &[u8], secrets: &[&str]) -> String {
    let masked = if (200..=299).contains(&status) { mask::unread_reply } else { mask::reply };
    match masked(body, secrets) {
        empty if empty.is_empty() => "an empty body".to_owned(),
        text => text,
    }
}

/// Returns the wait that the server names, if it is not zero.
pub(super) fn named_wait(status: u16, headers: &HeaderMap, now: Timestamp) -> Option<HumanDuration> {
    asked_wait(status, headers, now).filter(|wait| !wait.is_zero()).map(HumanDuration)
}

/// Returns the error of a reply, and what else is in the reply, both without the request's secrets.
pub(super) fn refusal(
    error: ErrorResponse,
    reply: Option<&Value>,
    secrets: &[&str],
) -> (Box<ErrorResponse>, Option<String>) {
    let rest = reply.and_then(|reply| error.unsaid(reply));
    let rest = rest.map(|rest| mask::reply(rest.to_string().as_bytes(), secrets));
    (Box::new(error.without(secrets)), rest)
}

/// Returns the target of a redirect without its query, which may repeat the request.
pub(super) fn redirect_target(headers: &HeaderMap, secrets: &[&str]) -> String {
    let Some(location) = headers.get(LOCATION) else { return "nowhere".to_owned() };
    let text = String::from_utf8_lossy(location.as_bytes());
    let shown = match Url::parse(&text) {
        Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        // A path on the same server.
        Err(_) => text.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    format!("`{}`", mask::line(&shown, secrets))
}

/// Reads a reply by its content type or, if that is missing or wrong, by its content.
pub(super) fn read_reply(headers: &HeaderMap, body: &[u8]) -> Result<Value, Option<serde_json::Error>> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = HttpRequest::media_type(content_type);
    let text = std::str::from_utf8(json::without_mark(body)).unwrap_or_default().trim_start();
    let looks_like_form = !text.starts_with(['{', '[', '<', '"'])
        && (text.contains("access_token=") || text.contains("device_code=") || text.starts_with("error="));
    if media_type != JSON && looks_like_form {
        return Ok(Params::from_urlencoded(text.trim_end()).to_json());
    }
    match json::parse(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(None),
        Err(error) => Err(Some(error)),
    }
}
