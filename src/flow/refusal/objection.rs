//! What a server objects to: its code, in the RFCs' words or in its own, read with the words beside it.

use std::fmt;

use super::sent::Asked;
use crate::protocol::error_response::ErrorResponse;

/// What a server objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// The client's authentication, or its id.
    Client,
    /// This client may not do this.
    Unauthorized,
    GrantType,
    ResponseType,
    /// The code, or the refresh token.
    Grant,
    Pkce,
    RedirectUri,
    Scope,
    /// RFC 8707, or an audience.
    Target,
    /// It wants to show a page.
    Interaction,
    Denied,
    ServerFault,
    Unavailable,
    /// The request should have been pushed, or a pushed one has expired.
    Push,
    /// Something that this program does not do.
    Beyond(Beyond),
    Parameter(String),
    Unknown,
}

/// A feature that this program does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    Dpop,
    RequestObject,
    /// A client that authenticates with a key or a certificate.
    Key,
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dpop => "tokens that are bound to a key (DPoP, RFC 9449)",
            Self::RequestObject => "a signed request object (JAR, RFC 9101)",
            Self::Key => "client authentication with a key or a certificate (RFC 7523, RFC 8705)",
        })
    }
}

/// Codes, in the RFCs' words and in those of servers that have their own.
const CODES: [(&[&str], Objection); 13] = [
    (
        &[
            "invalid_client",
            "invalid_client_id",
            "invalid_client_secret",
            "invalid_client_credentials",
            "incorrect_client_credentials",
            "bad_client_secret",
            "bad_client_id",
        ],
        Objection::Client,
    ),
    (&["unauthorized_client"], Objection::Unauthorized),
    (&["unsupported_grant_type", "invalid_grant_type"], Objection::GrantType),
    (&["unsupported_response_type", "unsupported_response_mode"], Objection::ResponseType),
    (
        &[
            "invalid_grant",
            "bad_verification_code",
            "invalid_code",
            "expired_code",
            "code_expired",
            "code_already_used",
        ],
        Objection::Grant,
    ),
    (
        &["redirect_uri_mismatch", "invalid_redirect_uri", "bad_redirect_uri", "invalid_redirect"],
        Objection::RedirectUri,
    ),
    (&["invalid_scope", "invalid_scopes", "scope_not_allowed", "insufficient_scope"], Objection::Scope),
    (&["invalid_target", "invalid_resource", "invalid_audience"], Objection::Target),
    (
        &["interaction_required", "login_required", "consent_required", "account_selection_required"],
        Objection::Interaction,
    ),
    (
        &["access_denied", "user_denied", "user_cancelled_login", "user_cancelled_authorize", "authorization_declined"],
        Objection::Denied,
    ),
    (&["server_error", "internal_error", "internal_server_error"], Objection::ServerFault),
    (&["temporarily_unavailable", "service_unavailable", "slow_down"], Objection::Unavailable),
    (&["use_dpop_nonce", "invalid_dpop_proof"], Objection::Beyond(Beyond::Dpop)),
];

/// Words for something that this program does not do, whatever the code beside them.
const BEYOND: [(&str, Beyond); 9] = [
    ("dpop", Beyond::Dpop),
    ("request object", Beyond::RequestObject),
    ("request_object", Beyond::RequestObject),
    ("signed request", Beyond::RequestObject),
    ("client_assertion", Beyond::Key),
    ("client assertion", Beyond::Key),
    ("private_key_jwt", Beyond::Key),
    ("tls_client_auth", Beyond::Key),
    ("client certificate", Beyond::Key),
];

/// Words for a request that is pushed (RFC 9126), whatever the code beside them.
const PUSHED: [&str; 3] = ["pushed authorization", "pushed_authorization", "request_uri"];

/// Parameters that are words of everyday language too: they count only as they are.
const PLAIN_NAMES: [&str; 7] = ["audience", "nonce", "prompt", "resource", "scope", "state", "display"];

/// Returns what a server objects to. Codes come first, and words where a code is as wide as `invalid_request`.
pub fn of(error: &ErrorResponse, asked: Asked) -> Objection {
    let code = error.code.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let words = [&error.description, &error.hint].into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
    let words = words.join(" ").to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let found = CODES.into_iter().find(|(codes, _)| codes.contains(&code.as_str())).map(|(_, objection)| objection);
    let is_beyond = |(word, feature): &(&str, Beyond)| {
        // "`client_assertion` or `client_secret` is missing" asks for a secret.
        (words.contains(word) || code.contains(word)) && (*feature != Beyond::Key || !words.contains("secret"))
    };
    if has(&PUSHED) || PUSHED.iter().any(|word| code.contains(word)) {
        return Objection::Push;
    }
    if let Some((_, feature)) = BEYOND.into_iter().find(is_beyond) {
        return Objection::Beyond(feature);
    }
    // As wide as `invalid_request`, or a server's own such as `device_flow_disabled`.
    if asked == Asked::Device && (code.starts_with("device_flow") || has(&["device_code", "device flow"])) {
        return Objection::Unauthorized;
    }
    let by_words = || {
        let is_about_a_grant = has(&["grant type", "grant_type"]);
        if is_about_a_grant && has(&["not allowed", "not permitted", "not authorized", "not enabled", "disabled"]) {
            return Some(Objection::Unauthorized);
        }
        if has(&["pkce", "code_verifier", "code verifier", "code_challenge", "code challenge"]) {
            return Some(Objection::Pkce);
        }
        if has(&["redirect_uri", "redirect uri", "redirect url", "callback url"]) {
            return Some(Objection::RedirectUri);
        }
        has(&["client_secret", "client secret", "client authentication"]).then_some(Objection::Client)
    };
    match found {
        // The only codes whose words tell more than the code.
        Some(Objection::Grant) => by_words().filter(|by| *by != Objection::Client).unwrap_or(Objection::Grant),
        Some(Objection::Denied) if has(&["audience", "service not found"]) => Objection::Target,
        Some(objection) => objection,
        None => by_words().unwrap_or_else(|| by_parameter(&words, asked)),
    }
}

fn by_parameter(words: &str, asked: Asked) -> Objection {
    match named_parameter(words).as_deref() {
        Some("client_id" | "client_secret") => Objection::Client,
        Some("grant_type") => Objection::GrantType,
        Some("response_type") => Objection::ResponseType,
        Some("scope") => Objection::Scope,
        Some("resource" | "audience") => Objection::Target,
        Some("code" | "refresh_token") if asked != Asked::Authorization => Objection::Grant,
        Some(name) => Objection::Parameter(name.to_owned()),
        None => Objection::Unknown,
    }
}

/// Returns the first word that is a parameter's name: several parts joined by `_`, or a known one.
fn named_parameter(words: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = words.split(|c: char| !is_part(c)).map(|word| word.trim_matches('_'));
    let is_name = |word: &&str| {
        let is_joined = word.contains('_') && word.len() <= 40 && word.starts_with(|c: char| c.is_ascii_lowercase());
        let is_code = ["invalid_", "unsupported_", "access_denied"].iter().any(|code| word.starts_with(code));
        (is_joined && !is_code) || PLAIN_NAMES.contains(word)
    };
    names.find(is_name).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_from_words_as_it_stands() {
        for (words, name) in [
            ("missing required parameter: 'login_hint'.", Some("login_hint")),
            ("parameter `x_y_z` and code_challenge", Some("x_y_z")),
            ("error invalid_request: nonce missing", Some("nonce")),
            ("something went wrong", None),
            ("__ _a", None),
        ] {
            assert_eq!(named_parameter(words).as_deref(), name, "{words}");
        }
    }
}
