//! What an API's answer says about the token. `call` and the probes ask this one judge, so that they agree.
//!
//! In this order, as a more exact word comes before a vaguer one:
//!
//! 1. The provider's own denial, as the definition has it. It may have any status, 401 and 200 included.
//! 2. `insufficient_scope`, in a challenge or in the body: denied. Servers send it with 401, too.
//! 3. `use_dpop_nonce` and `insufficient_user_authentication`: the token is good, and another one of the same login
//!    would not do better.
//! 4. The provider's own word for a token that is not valid any more; `invalid_token`; every other 401.
//! 5. 429 and 503, and a 403 that says when to come back: the server is busy.
//! 6. A 403 that says no more than that. RFC 9110 §15.5.4 has it for credentials that are "insufficient to grant access",
//!    and some servers, Doorkeeper among them, answer a missing scope with an empty one. So it is a denial, and the
//!    message does not speak of a scope that was not spoken of.
//! 7. A 403 with words of its own may mean anything: a suspended account, a plan without that feature. It is a denial
//!    only if the definition knows a scope for the request and has no words of its own for its lack. A web page is a
//!    firewall's.

use std::time::Duration;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::protocol::bearer::Challenge;
use crate::protocol::json;
use crate::protocol::mask;
use crate::protocol::message::HttpRequest;
use crate::protocol::resource_error::{ResourceError, TokenProblem};
use crate::protocol::retry_after;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;
use crate::provider::Dialect;

/// How much of a body is looked into. Errors have a few hundred bytes.
pub const LOOK_INTO: usize = 256 * 1024;

/// An answer, as far as it is judged.
#[derive(Clone, Copy)]
pub struct ApiAnswer<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
    /// The beginning of the body.
    body: &'a [u8],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The token is valid, and lacks permission. `scope`: what the API says that it lacks.
    Denied { scope: Option<String> },
    /// The API does not take the token any more: another one of the same login may do.
    Rejected,
    /// The API wants a proof with its nonce (RFC 9449 §9).
    ProofWanted,
    /// The API wants a stronger or a later login (RFC 9470).
    StrongerLoginWanted,
    /// The API wants to be asked later.
    Busy { wait: Option<Duration> },
    /// It says nothing of the token.
    Other,
}

impl<'a> ApiAnswer<'a> {
    pub fn new(status: u16, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { status, headers, body: &body[..body.len().min(LOOK_INTO)] }
    }

    /// Judges the answer. `needs_scope`: the definition knows a scope for the request.
    pub fn judge(&self, dialect: Dialect<'_>, needs_scope: bool, now: Timestamp) -> Ruling {
        let (status, body) = (self.status, self.body);
        let is_refusal = (400..500).contains(&status);
        let error = if is_refusal { ResourceError::read(self.headers, body, &dialect.token_scheme()) } else { None };
        let problem = error.as_ref().map(|error| error.problem);
        let scope = error.as_ref().and_then(|error| error.scope.clone());
        if let Some(denied) = dialect.denial_in(status, body) {
            return Ruling::Denied { scope: denied.0.or(scope) };
        }
        match problem {
            Some(TokenProblem::InsufficientScope) => return Ruling::Denied { scope },
            Some(TokenProblem::DpopNonce) => return Ruling::ProofWanted,
            Some(TokenProblem::InsufficientUserAuthentication) => return Ruling::StrongerLoginWanted,
            Some(TokenProblem::Invalid) | None => {}
        }
        let is_invalid = problem == Some(TokenProblem::Invalid) && matches!(status, 400 | 403);
        if status == 401 || is_invalid || dialect.is_invalid_token(status, body) {
            return Ruling::Rejected;
        }
        let wait = retry_after::asked_wait(status, self.headers, now);
        if matches!(status, 429 | 503) || wait.is_some() {
            return Ruling::Busy { wait };
        }
        let known = needs_scope && !dialect.words_denials() && !self.is_page();
        match status {
            403 if known || self.says_nothing(dialect) => Ruling::Denied { scope: None },
            _ => Ruling::Other,
        }
    }

    /// Returns the API's own words for its refusal, clean and in one line. They may repeat the token.
    pub fn said(&self, dialect: Dialect<'_>, token: &AccessToken) -> Option<String> {
        let challenges = || Challenge::all_in(self.headers).into_iter();
        let worded = || challenges().find_map(|challenge| challenge.param("error_description").map(str::to_owned));
        let words = dialect.api_error(self.body).filter(|_| !self.is_page()).or_else(worded)?;
        Some(mask::line(&words, &dialect.hidden(token))).filter(|text| !text.is_empty())
    }

    /// Returns the parameters of the login that the API wants instead.
    pub fn wanted_login(&self) -> Vec<(&'static str, String)> {
        wanted_login(self.headers)
    }

    /// Returns `true` for a page that is meant for a browser.
    pub fn is_page(&self) -> bool {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = HttpRequest::media_type(content_type);
        let begins_like_one = json::without_mark(self.body).trim_ascii_start().starts_with(b"<");
        matches!(media_type.as_str(), "text/html" | "application/xhtml+xml")
            || begins_like_one && !media_type.ends_with("json") && !media_type.ends_with("xml")
    }

    /// Returns `true` if the body only repeats the status, or is empty.
    fn says_nothing(&self, dialect: Dialect<'_>) -> bool {
        let text = String::from_utf8_lossy(self.body);
        let text = text.trim();
        if text.is_empty() || matches!(text, "{}" | "[]" | "null" | "\"\"") {
            return true;
        }
        let words = dialect.api_error(self.body).unwrap_or_else(|| text.to_owned()).to_ascii_lowercase();
        let mut words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).peekable();
        let of_the_status = ["http", "status", "error", "403", "forbidden", "access", "permission", "denied"];
        !self.is_page() && words.peek().is_some() && words.all(|word| of_the_status.contains(&word))
    }
}

/// Returns the parameters of the login that the challenges want instead (RFC 9470 §3), for the authorization request.
pub fn wanted_login(headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let challenges = Challenge::all_in(headers);
    let param = |name: &str| challenges.iter().find_map(|challenge| challenge.param(name));
    // They go into a command: an odd value is left out.
    let is_words =
        |text: &&str| !text.is_empty() && text.len() <= 500 && text.bytes().all(|b| (b' '..=b'~').contains(&b));
    let is_number = |text: &&str| !text.is_empty() && text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    let acr = param("acr_values").filter(is_words).map(|value| ("acr_values", value.to_owned()));
    let age = param("max_age").filter(is_number).map(|value| ("max_age", value.to_owned()));
    acr.into_iter().chain(age).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::provider;

    const OWN: &str = "api.denied = [{ path = 'error', prefix = 'no scope' }]
                       api.invalid_token = [{ status = [403], path = 'detail', prefix = 'Authentication' }]";

    fn judge(keys: &str, needs_scope: bool, status: u16, headers: &[(&'static str, &str)], body: &str) -> Ruling {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).unwrap()));
        let (headers, provider) = (headers.collect(), provider(keys));
        ApiAnswer::new(status, &headers, body.as_bytes()).judge(Dialect::new(&provider), needs_scope, Timestamp(0))
    }

    const DENIED: Ruling = Ruling::Denied { scope: None };

    #[test]
    fn an_exact_word_comes_before_a_vaguer_one() {
        let scope = |scope: &str| Ruling::Denied { scope: Some(scope.to_owned()) };
        let lacks = [("www-authenticate", "Bearer error=\"insufficient_scope\", scope=\"read\"")];
        let nonce = [("www-authenticate", "DPoP error=\"use_dpop_nonce\"")];
        let older = [("www-authenticate", "Bearer error=\"insufficient_user_authentication\", max_age=\"5\"")];
        let invalid = [("www-authenticate", "Bearer error=\"invalid_token\"")];
        type Case<'a> = (&'a str, u16, &'a [(&'static str, &'a str)], &'a str, Ruling);
        let cases: [Case; 30] = [
            ("", 401, &lacks, "", scope("read")),
            ("", 403, &lacks, "<html>", scope("read")),
            ("", 404, &lacks, "", scope("read")),
            ("", 200, &lacks, "", Ruling::Other),
            ("", 403, &[], r#"{"error":"insufficient_scope","scope":"a b"}"#, scope("a b")),
            ("", 401, &nonce, "", Ruling::ProofWanted),
            ("", 401, &older, "", Ruling::StrongerLoginWanted),
            ("", 401, &[], "", Ruling::Rejected),
            ("", 401, &[("www-authenticate", "Basic realm=x")], "<html>", Ruling::Rejected),
            ("", 401, &[("www-authenticate", "Bearer error=\"invalid_request\"")], "", Ruling::Rejected),
            ("", 400, &invalid, "", Ruling::Rejected),
            ("", 403, &[], r#"{"error":"invalid_token"}"#, Ruling::Rejected),
            ("", 200, &invalid, r#"{"error":"invalid_token"}"#, Ruling::Other),
            (OWN, 401, &[], r#"{"error":"no scope: read"}"#, DENIED),
            (OWN, 200, &[], r#"{"error":"no scope: read"}"#, DENIED),
            (OWN, 403, &lacks, r#"{"detail":"Authentication failed"}"#, scope("read")),
            (OWN, 403, &[], r#"{"detail":"Authentication failed"}"#, Ruling::Rejected),
            (OWN, 400, &[], r#"{"detail":"Authentication failed"}"#, Ruling::Other),
            (OWN, 401, &nonce, r#"{"detail":"Authentication failed"}"#, Ruling::ProofWanted),
            ("", 429, &[], "", Ruling::Busy { wait: None }),
            ("", 503, &[("retry-after", "2")], "", Ruling::Busy { wait: Some(Duration::from_secs(2)) }),
            ("", 403, &[("retry-after", "2")], "", Ruling::Busy { wait: Some(Duration::from_secs(2)) }),
            ("", 403, &[("retry-after", "soon")], "", DENIED),
            ("", 404, &[], "", Ruling::Other),
            ("", 500, &[], "", Ruling::Other),
            ("", 302, &[], "", Ruling::Other),
            (
                "api.denied = [{ status = [200], path = 'error', equals = 'missing_scope', scope = 'needed' }]",
                200,
                &[],
                r#"{"ok":false,"error":"missing_scope","needed":"chat:write"}"#,
                scope("chat:write"),
            ),
            (
                "api.invalid_token = [{ path = 'code', pattern = '^(190|102)$' }]",
                400,
                &[],
                r#"{"code":190}"#,
                Ruling::Rejected,
            ),
            ("api.invalid_token = [{ status = [419] }]", 419, &[], "", Ruling::Rejected),
            ("api.invalid_token = [{ status = [403] }]", 403, &[], "", Ruling::Rejected),
        ];
        for (keys, status, headers, body, expected) in cases {
            assert_eq!(judge(keys, true, status, headers, body), expected, "{keys} {status} {body}");
        }
    }

    #[test]
    fn a_plain_403_denies_unless_it_has_another_reason() {
        let reason = r#"{"error":"this account is suspended"}"#;
        for nothing in [
            "",
            " \n",
            "{}",
            "Forbidden",
            "403 Forbidden\n",
            r#"{"status":403,"error":"Forbidden","path":"/x"}"#,
            r#"{"message":"Access denied."}"#,
        ] {
            for (keys, needs_scope) in [("", true), ("", false), (OWN, true), (OWN, false)] {
                assert_eq!(judge(keys, needs_scope, 403, &[], nothing), DENIED, "{nothing} {keys} {needs_scope}");
            }
        }
        assert_eq!(judge("", true, 403, &[], reason), DENIED);
        for (keys, needs_scope) in [("", false), (OWN, true), (OWN, false)] {
            assert_eq!(judge(keys, needs_scope, 403, &[], reason), Ruling::Other, "{keys} {needs_scope}");
        }
        let html = [("content-type", "text/html; charset=utf-8")];
        assert_eq!(judge("", true, 403, &html, "<h1>Forbidden</h1>"), Ruling::Other);
        assert_eq!(judge("", true, 403, &[], "  <h1>Forbidden</h1>"), Ruling::Other);
    }

    #[test]
    fn no_more_of_a_body_is_judged_than_is_looked_into() {
        let long = |length: usize| format!("{{\"pad\":\"{}\",\"error\":\"invalid_token\"}}", "x".repeat(length));
        assert_eq!(judge("", false, 403, &[], &long(1000)), Ruling::Rejected);
        assert_eq!(judge("", false, 403, &[], &long(LOOK_INTO)), Ruling::Other);
    }
}
