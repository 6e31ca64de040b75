//! What an answer of the API says about the scope that its request needs: the judge of all API answers says what it says
//! about the token, and here is what that proves.

use serde::Serialize;

use crate::flow::judge::{ApiAnswer, Ruling};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::json;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::provider::Dialect;
use crate::provider::probe::{Probe, ProbeMethod};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Proven,
    Denied,
    Unknown,
}

pub struct Judgement {
    pub verdict: Verdict,
    pub reason: Option<String>,
}

/// A token that the API rejects.
pub struct Dead {
    pub said: Option<String>,
}

/// Judges an answer with this body, as far as it was read.
pub fn judge(
    probe: &Probe,
    dialect: Dialect<'_>,
    answer: &ApiAnswer<'_>,
    body: &[u8],
    token: &AccessToken,
    now: Timestamp,
) -> Result<Judgement, Dead> {
    let page = answer.is_page();
    let said = answer.said(dialect, token);
    let unknown = |ours: &str| Judgement {
        verdict: Verdict::Unknown,
        reason: Some(said.as_ref().map_or_else(|| ours.to_owned(), |said| format!("\"{said}\": {ours}"))),
    };
    // The definition knows a scope for the request: this one.
    match answer.judge(dialect, true, now) {
        Ruling::Denied { .. } => {
            return Ok(Judgement { verdict: Verdict::Denied, reason: said.map(|said| format!("\"{said}\"")) });
        }
        Ruling::Rejected => return Err(Dead { said }),
        Ruling::ProofWanted => return Ok(unknown("the API wants a DPoP proof (RFC 9449)")),
        Ruling::StrongerLoginWanted => return Ok(unknown("the API wants a stronger or a newer login (RFC 9470)")),
        Ruling::Busy { wait: Some(wait) } => {
            return Ok(unknown(&format!("the API asks to wait {}", HumanDuration(wait))));
        }
        Ruling::Busy { wait: None } => return Ok(unknown("the API is busy")),
        Ruling::Other => {}
    }
    Ok(match answer.status {
        403 if page => unknown("a web page, which may be a firewall's"),
        403 => unknown("not the denial that the definition describes"),
        200..=299 if page => unknown("a web page and not the API's data, as without a login"),
        200..=299 if is_error(body) => unknown("an error despite its status"),
        200..=299 => Judgement { verdict: Verdict::Proven, reason: None },
        // A web server's own page for a missing path proves nothing.
        status
            if probe.proves.contains(&status) && (probe.method == ProbeMethod::Head || json::parse(body).is_ok()) =>
        {
            Judgement { verdict: Verdict::Proven, reason: Some("a missing scope gets a denial".to_owned()) }
        }
        404 | 410 => unknown("the path does not exist, or the API hides what the token may not see"),
        300..=399 => unknown("a redirect that leads nowhere"),
        500.. => unknown("a server error"),
        _ => unknown("that answer proves nothing"),
    })
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
        let answer = ApiAnswer::new(status, &headers, body.as_bytes());
        match judge(&probe, Dialect::new(&provider), &answer, body.as_bytes(), &token, Timestamp(0)) {
            Ok(Judgement { verdict, reason }) => format!("{verdict:?} {}", reason.unwrap_or_default()),
            Err(Dead { said }) => format!("Dead {}", said.unwrap_or_default()),
        }
    }

    #[test]
    fn an_answer_proves_denies_or_decides_nothing() {
        let html = [("content-type", "text/html; charset=utf-8")];
        let denial = r#"{"error":"You don't have access to the resource"}"#;
        let challenge = [("www-authenticate", r#"Bearer error="insufficient_scope""#)];
        let nonce = [("www-authenticate", r#"DPoP error="use_dpop_nonce""#)];
        type Case<'a> = (u16, &'a [(&'static str, &'a str)], &'a str, &'a [u16], &'a str);
        let cases: [Case; 28] = [
            (200, &[], r#"{"products":[]}"#, &[], "Proven "),
            (204, &[], "", &[], "Proven "),
            (200, &[], denial, &[], "Denied \"You don't have access to the resource\""),
            (401, &[], denial, &[], "Denied \"You"),
            (404, &[], denial, &[404], "Denied \"You"),
            (403, &[], r#"{"error":"no, canary-token"}"#, &[], "Unknown \"no, [hidden]\": not the denial"),
            (403, &[], "", &[], "Denied "),
            (403, &html, "<h1>Blocked</h1>", &[], "Unknown a web page, which may be a firewall's"),
            (401, &challenge, "{}", &[], "Denied "),
            (401, &[], r#"{"error":"invalid_token"}"#, &[], "Dead invalid_token"),
            (401, &nonce, "", &[], "Unknown the API wants a DPoP proof"),
            (403, &[("retry-after", "5")], "", &[], "Unknown the API asks to wait 5s"),
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
