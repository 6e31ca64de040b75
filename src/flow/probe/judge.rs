//! Judges one answer of the API: what it says about the scope that its request needs.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::protocol::bearer::Challenge;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::message::HttpRequest;
use crate::protocol::retry_after::RetryAfter;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::protocol::{json, mask};
use crate::provider::Dialect;
use crate::provider::probe::{Probe, ProbeMethod};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Proven,
    Denied,
    Unknown,
}

pub struct ProbeResponse<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

pub struct Judgement {
    pub verdict: Verdict,
    pub reason: Option<String>,
}

/// A token that the API does not know.
pub struct Dead {
    pub said: Option<String>,
}

/// Judges an answer. The provider's own form of denial comes first: it may have any status, including 401 and 200.
pub fn judge(
    probe: &Probe,
    dialect: Dialect<'_>,
    answer: &ProbeResponse<'_>,
    token: &AccessToken,
    now: Timestamp,
) -> Result<Judgement, Dead> {
    let status = answer.status;
    // An API may repeat the token in its message.
    let clean = |text: String| mask::line(&text, &[token.expose()]);
    let page = answer.is_page();
    let said = dialect.api_error(answer.body).filter(|_| !page).map(clean).filter(|text| !text.is_empty());
    let denied = |said| Judgement { verdict: Verdict::Denied, reason: said };
    let unknown = |ours: &str| Judgement {
        verdict: Verdict::Unknown,
        reason: Some(said.as_ref().map_or_else(|| ours.to_owned(), |said| format!("\"{said}\": {ours}"))),
    };
    let quoted = || said.as_ref().map(|said| format!("\"{said}\""));
    if dialect.is_denial(status, answer.body) || answer.lacks_scope() {
        return Ok(denied(quoted()));
    }
    Ok(match status {
        401 => return Err(Dead { said }),
        403 if page => unknown("a web page, which may be a firewall's"),
        403 => denied(quoted()),
        200..=299 if page => unknown("a web page and not the API's data, as without a login"),
        200..=299 if is_error(answer.body) => unknown("an error despite its status"),
        200..=299 => Judgement { verdict: Verdict::Proven, reason: None },
        // A web server's own page for a missing path proves nothing.
        _ if probe.proves.contains(&status)
            && (probe.method == ProbeMethod::Head || json::parse(answer.body).is_ok()) =>
        {
            Judgement { verdict: Verdict::Proven, reason: Some("a missing scope gets a denial".to_owned()) }
        }
        404 | 410 => unknown("the path does not exist, or the API hides what the token may not see"),
        429 | 503 => match answer.pause(now) {
            Some(pause) => unknown(&format!("the API asks to wait {}", HumanDuration(pause))),
            None => unknown("the API is busy"),
        },
        300..=399 => unknown("a redirect that leads nowhere"),
        500.. => unknown("a server error"),
        _ => unknown("that answer proves nothing"),
    })
}

impl ProbeResponse<'_> {
    fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn is_page(&self) -> bool {
        let media_type = HttpRequest::media_type(self.header(CONTENT_TYPE));
        let begins_like_one = self.body.trim_ascii_start().starts_with(b"<");
        matches!(media_type.as_str(), "text/html" | "application/xhtml+xml")
            || begins_like_one && !media_type.ends_with("json") && !media_type.ends_with("xml")
    }

    /// RFC 6750 §3.1.
    fn lacks_scope(&self) -> bool {
        Challenge::in_headers(self.headers).is_some_and(|bearer| bearer.lacks_scope())
    }

    fn pause(&self, now: Timestamp) -> Option<std::time::Duration> {
        RetryAfter::in_headers(self.headers).map(|asked| asked.wait(now))
    }
}

fn is_error(body: &[u8]) -> bool {
    json::parse(body).is_ok_and(|value| ErrorResponse::from_json(&value).is_some())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::provider::Catalogue;
    use crate::provider::catalogue::NoFiles;

    fn verdict(status: u16, headers: &[(&'static str, &str)], body: &str, proves: &[u16]) -> String {
        let provider = Catalogue::new(&NoFiles, None).resolve("judgeme", &BTreeMap::new()).unwrap();
        let probe = Probe { proves: proves.to_vec(), ..Probe::default() };
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).unwrap()));
        let (headers, token) = (headers.collect(), AccessToken::new("canary-token"));
        let answer = ProbeResponse { status, headers: &headers, body: body.as_bytes() };
        match judge(&probe, Dialect::new(&provider), &answer, &token, Timestamp(0)) {
            Ok(Judgement { verdict, reason }) => format!("{verdict:?} {}", reason.unwrap_or_default()),
            Err(Dead { said }) => format!("Dead {}", said.unwrap_or_default()),
        }
    }

    #[test]
    fn an_answer_proves_denies_or_decides_nothing() {
        let html = [("content-type", "text/html; charset=utf-8")];
        let denial = r#"{"error":"You don't have access to the resource"}"#;
        let challenge = [("www-authenticate", r#"Bearer error="insufficient_scope""#)];
        type Case<'a> = (u16, &'a [(&'static str, &'a str)], &'a str, &'a [u16], &'a str);
        let cases: [Case; 26] = [
            (200, &[], r#"{"products":[]}"#, &[], "Proven "),
            (204, &[], "", &[], "Proven "),
            (200, &[], denial, &[], "Denied \"You don't have access to the resource\""),
            (401, &[], denial, &[], "Denied \"You"),
            (404, &[], denial, &[404], "Denied \"You"),
            (403, &[], r#"{"error":"no, canary-token"}"#, &[], "Denied \"no, [hidden]\""),
            (403, &[], "", &[], "Denied "),
            (403, &html, "<h1>Blocked</h1>", &[], "Unknown a web page, which may be a firewall's"),
            (401, &challenge, "{}", &[], "Denied "),
            (401, &[], r#"{"error":"invalid_token"}"#, &[], "Dead invalid_token"),
            (200, &html, "<form>", &[], "Unknown a web page and not"),
            (200, &[], "  <!doctype html>", &[], "Unknown a web page and not"),
            (200, &html, "Log in first", &[], "Unknown a web page and not"),
            (200, &[("content-type", "Application/XHTML+xml")], "<html>", &[], "Unknown a web page and not"),
            (200, &[("content-type", "application/xml")], "<products/>", &[], "Proven "),
            (200, &[], r#"{"error":["x","y"]}"#, &[], "Unknown \"x, y\": an error despite"),
            (200, &[], r#"{"error":null,"data":[]}"#, &[], "Proven "),
            (404, &[], "{}", &[404], "Proven a missing scope"),
            (404, &html, "<h1>404</h1>", &[404], "Unknown the path does not exist"),
            (404, &[], "{}", &[], "Unknown the path does not exist"),
            (429, &[("retry-after", "3600")], "", &[], "Unknown the API asks to wait 1h"),
            (429, &[], "", &[], "Unknown the API is busy"),
            (302, &[], "", &[], "Unknown a redirect that leads nowhere"),
            (400, &[], r#"{"message":""}"#, &[], "Unknown that answer proves nothing"),
            (500, &[], "", &[], "Unknown a server error"),
            (422, &[], r#"{"error":"setting_keys is missing"}"#, &[], "Unknown \"setting_keys is missing\": that"),
        ];
        for (status, headers, body, proves, expected) in cases {
            let got = verdict(status, headers, body, proves);
            assert!(got.starts_with(expected), "{status} {body}: {got}");
        }
    }
}
