//! What a resource server says about the token that it refuses: in a challenge (RFC 6750 §3.1, RFC 9449 §7.1, RFC 9470
//! §3), or with the same codes in the body, as servers do that send no challenge.
//!
//! A challenge comes before the body, and one of the token's own scheme before another. Only these few codes are
//! read: any other word is the API's own, and a definition says what it means.

use http::HeaderMap;
use serde_json::Value;

use super::bearer::Challenge;
use super::json;
use super::params::Params;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// It is expired, revoked or unknown (RFC 6750 §3.1).
    Invalid,
    /// It is valid, and its scope is not enough (RFC 6750 §3.1).
    InsufficientScope,
    /// It is bound to a key, and a proof with the server's nonce is missing (RFC 9449 §9).
    DpopNonce,
    /// It is valid, and the login behind it is too weak or too old (RFC 9470 §3).
    InsufficientUserAuthentication,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceError {
    pub problem: TokenProblem,
    /// The scope that the request needs, in the server's words.
    pub scope: Option<String>,
}

/// The places of a code in a body: RFC 6749 §5.2, RFC 9457 §3.1, and lists of errors.
const CODES: [&str; 16] = [
    "error",
    "error.code",
    "error.type",
    "error.status",
    "error.error",
    "code",
    "type",
    "title",
    "error_code",
    "errorCode",
    "reason",
    "errors.0",
    "errors.0.code",
    "errors.0.error",
    "errors.0.type",
    "errors.0.extensions.code",
];

/// The objects in which a body names the scope, and the names of the member.
const SCOPES_IN: [&str; 4] = ["", "error.", "errors.0.", "errors.0.extensions."];
const SCOPES: [&str; 5] = ["scope", "scopes", "required_scope", "required_scopes", "missing_scope"];

impl ResourceError {
    /// `scheme` is the one with which the token was sent, in lower case.
    pub fn read(headers: &HeaderMap, body: &[u8], scheme: &str) -> Option<Self> {
        let mut challenges = Challenge::all_in(headers);
        challenges.sort_by_key(|challenge| challenge.scheme != scheme);
        let in_challenge = challenges.iter().find_map(|challenge| TokenProblem::named(challenge.param("error")?));
        let value = read_body(body);
        let in_body = || value.as_ref().and_then(problem_in);
        let problem = in_challenge.or_else(in_body)?;
        let scope = challenges.iter().find_map(|challenge| challenge.param("scope")).map(str::to_owned);
        let scope = scope.or_else(|| value.as_ref().and_then(scope_in));
        Some(Self { problem, scope: scope.filter(|scope| !scope.trim().is_empty()) })
    }
}

impl TokenProblem {
    /// Reads a code as RFC 6750 spells it, or in another way of joining its words: `insufficientScope`, or the last part
    /// of a URI (RFC 9457 §3.1.1).
    fn named(code: &str) -> Option<Self> {
        let last = code.trim_end_matches('/').rsplit(['/', '#', ':']).next().unwrap_or_default();
        let letters: String = last.chars().filter(char::is_ascii_alphanumeric).collect();
        Some(match letters.to_ascii_lowercase().as_str() {
            "invalidtoken" => Self::Invalid,
            "insufficientscope" | "insufficientscopes" => Self::InsufficientScope,
            "usedpopnonce" => Self::DpopNonce,
            "insufficientuserauthentication" => Self::InsufficientUserAuthentication,
            _ => return None,
        })
    }
}

/// Reads the body of an error: JSON, or a form. `None` for anything else.
pub fn read_body(body: &[u8]) -> Option<Value> {
    if let Ok(value) = json::parse(body) {
        return Some(value);
    }
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let is_pair = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| is_name(name));
    text.split('&').all(is_pair).then(|| Params::from_urlencoded(text).to_json())
}

fn problem_in(body: &Value) -> Option<TokenProblem> {
    let texts = |value: &Value| -> Vec<String> {
        match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    CODES.iter().filter_map(|path| json::at(body, path)).flat_map(texts).find_map(|code| TokenProblem::named(&code))
}

fn scope_in(body: &Value) -> Option<String> {
    let paths = SCOPES_IN.iter().flat_map(|inside| SCOPES.iter().map(move |name| format!("{inside}{name}")));
    paths.filter_map(|path| scopes_at(body, &path)).next()
}

/// Returns the scopes at a dotted path: a text, or a list of texts.
pub fn scopes_at(body: &Value, path: &str) -> Option<String> {
    match json::at(body, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            items.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|scopes| scopes.join(" "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::header::WWW_AUTHENTICATE;

    use super::*;

    fn read(challenges: &[&str], body: &str) -> Option<(TokenProblem, Option<String>)> {
        let headers = challenges.iter().map(|text| (WWW_AUTHENTICATE, text.parse().unwrap())).collect();
        ResourceError::read(&headers, body.as_bytes(), "bearer").map(|error| (error.problem, error.scope))
    }

    #[test]
    fn a_challenge_is_read_as_servers_write_it() {
        for challenge in [
            r#"Bearer error="insufficient_scope", scope="read write""#,
            r#"bearer realm="a, b" , error=insufficient_scope,scope="read write""#,
            "Bearer realm='x', error='insufficient_scope', scope='read write'",
            "Bearer\trealm=\"x\",\terror=\"insufficient_scope\",\tscope=\"read write\"",
            r#"Bearer realm="x" error="insufficient_scope" scope="read write""#,
            r#"Bearer error="insufficient_scope"; scope="read write""#,
            r#"Bearer error = "insufficient_scope", scope = "read write""#,
            r#"Basic realm="x", Bearer error="insufficient_scope", scope="read write""#,
            r#"DPoP algs="ES256", error="use_dpop_nonce", Bearer error="insufficient_scope", scope="read write""#,
            r#"Negotiate YWJj==, OAuth realm="x", error="insufficient_scope", scope="read write""#,
            r#"Bearer, error="insufficient_scope", scope="read write""#,
        ] {
            let expected = Some((TokenProblem::InsufficientScope, Some("read write".to_owned())));
            assert_eq!(read(&[challenge], ""), expected, "{challenge}");
        }
        let two_lines = read(&["Basic realm=x", "Bearer error=\"insufficient_scope\""], r#"{"scope":"read"}"#);
        assert_eq!(two_lines, Some((TokenProblem::InsufficientScope, Some("read".to_owned()))));
        for (challenge, problem) in [
            ("Bearer error=invalid_token", Some(TokenProblem::Invalid)),
            ("DPoP error=\"use_dpop_nonce\"", Some(TokenProblem::DpopNonce)),
            (
                "Bearer error=\"insufficient_user_authentication\", max_age=5",
                Some(TokenProblem::InsufficientUserAuthentication),
            ),
            ("Bearer error=\"invalid_request\"", None),
            ("Bearer realm=\"insufficient_scope\"", None),
            ("error=\"insufficient_scope\"", None),
            ("", None),
        ] {
            assert_eq!(read(&[challenge], "").map(|(problem, _)| problem), problem, "{challenge}");
        }
    }

    #[test]
    fn a_body_has_the_same_codes_where_errors_have_them() {
        for (body, scope) in [
            (r#"{"error":"insufficient_scope","scope":"read"}"#, Some("read")),
            (r#"{"error":{"code":"INSUFFICIENT_SCOPE","required_scopes":["a","b"]}}"#, Some("a b")),
            (r#"{"error":{"type":"insufficient-scope"}}"#, None),
            (r#"{"errors":[{"code":"insufficientScope","scope":"read"}]}"#, Some("read")),
            (r#"{"errors":[{"extensions":{"code":"INSUFFICIENT_SCOPE"}}]}"#, None),
            (r#"{"type":"https://api.example/problems/insufficient-scope","scope":"read"}"#, Some("read")),
            (r#"{"type":"about:blank","title":"Insufficient scope","status":403}"#, None),
            ("error=insufficient_scope&scope=read+write", Some("read write")),
            ("error=insufficient_scope", None),
        ] {
            let expected = Some((TokenProblem::InsufficientScope, scope.map(str::to_owned)));
            assert_eq!(read(&[], body), expected, "{body}");
        }
        for body in [
            "",
            "insufficient_scope",
            r#"{"message":"insufficient_scope"}"#,
            r#"{"error":"scope"}"#,
            r#"["insufficient_scope"]"#,
            r#"{"data":{"error":"insufficient_scope"}}"#,
            "a=b\nerror=insufficient_scope",
        ] {
            assert_eq!(read(&[], body), None, "{body}");
        }
        let both = read(&["Bearer error=invalid_token"], r#"{"error":"insufficient_scope"}"#);
        assert_eq!(both.unwrap().0, TokenProblem::Invalid, "the challenge comes first");
    }
}
