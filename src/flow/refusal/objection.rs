//! What a server objects to: its code, in the RFCs' words or in its own, read with the words beside it.
//!
//! # Decision: which of the two counts
//!
//! A number (`AADSTS50011`) counts most, then words for what this program does not do. A code that means one thing comes
//! before its words, except where servers are known to send it for something else: `invalid_grant` for a verifier or a
//! suspended account, `unauthorized_client` for a wrong secret. Where a code is as wide as `invalid_request`, or the
//! server's own, the words count, and the code is one of them.

mod parameter;

use std::fmt;

use super::sent::Asked;
use super::wording::{Thing, Wording};
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
    /// A policy, an administrator, or the state of the account.
    Policy,
    /// The tenant or the realm in the endpoint's address.
    Tenant,
    /// The request did not come over TLS.
    Insecure,
    /// The media type of the body.
    Format,
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

/// Numbers of errors that servers document, with one meaning each. They stand after these letters.
const NUMBERED: &str = "aadsts";
const NUMBERS: [(&[u32], Objection); 12] = [
    (&[50011, 500112, 500113, 501461, 900971, 9002326, 9002327], Objection::RedirectUri),
    (&[70001, 70002, 700016, 7000215, 7000222, 7000218, 700025, 700027, 7000229], Objection::Client),
    (&[70000, 70008, 54005, 700082, 700084, 70043, 50173, 50089, 500089], Objection::Grant),
    (&[501481, 50148, 9002313, 9002325], Objection::Pkce),
    (&[70011, 650053, 650054, 650057, 1002012, 28002, 28003], Objection::Scope),
    (&[500011, 50001, 50013, 901002], Objection::Target),
    (&[65001, 50058, 50076, 50078, 50079, 50074, 50072, 50055, 50133, 16000, 16001, 160021], Objection::Interaction),
    (&[65004], Objection::Denied),
    (
        &[
            90094, 90095, 50105, 53000, 53001, 53002, 53003, 53004, 530032, 50020, 50034, 50053, 50057, 500021, 50177,
            90072, 500207, 500208,
        ],
        Objection::Policy,
    ),
    (&[90002, 50194, 50059, 900023, 900021, 50049], Objection::Tenant),
    (&[700051, 700054], Objection::ResponseType),
    (&[50033, 90033, 50196], Objection::Unavailable),
];

/// Words for something that this program does not do, whatever the code beside them.
const BEYOND: [(&str, Beyond); 10] = [
    ("dpop", Beyond::Dpop),
    ("request object", Beyond::RequestObject),
    ("signed request", Beyond::RequestObject),
    ("client assertion", Beyond::Key),
    ("private key jwt", Beyond::Key),
    ("tls client auth", Beyond::Key),
    ("self signed tls", Beyond::Key),
    ("client certificate", Beyond::Key),
    ("mutual tls", Beyond::Key),
    ("mtls", Beyond::Key),
];

/// A secret beside a key in one list: "`client_assertion` or `client_secret` is missing" asks for either.
const EITHER: [&str; 6] = [
    "or client secret",
    "nor client secret",
    "client secret or client",
    "or a client assertion",
    "multiple client",
    "more than one client",
];

/// Words for a request that is pushed (RFC 9126), whatever the code beside them.
const PUSHED: [&str; 3] = ["pushed authorization", "pushed request", "par is required"];

/// Words for a consent that has to be given again.
const CONSENT: [&str; 5] = [
    "not consented",
    "consent required",
    "consent is required",
    "unmet authentication requirements",
    "interaction required",
];

/// Words of a person who said no, in codes of a server's own.
const SAID_NO: [&str; 8] = [
    "consent declined",
    "user declined",
    "user denied",
    "user cancelled",
    "user canceled",
    "user said no",
    "declined to consent",
    "chose not to",
];

/// Words with `unauthorized_client` that are about the client itself, and not about what it may do.
const ITSELF: [&str; 12] = [
    "client secret",
    "client credentials",
    "invalid client or",
    "bad credentials",
    "invalid credentials",
    "authorization header",
    "unknown client",
    "client not found",
    "client id",
    "application with identifier",
    "unknown application",
    "client authentication",
];

/// Returns what a server objects to.
pub fn of(error: &ErrorResponse, asked: Asked) -> Objection {
    let code = error.code.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let text = [error.description.as_deref(), error.hint.as_deref()];
    let words = Wording::new(text.into_iter().flatten());
    // A code of the server's own is words, too.
    let all = Wording::new([Some(error.code.as_str())].into_iter().chain(text).flatten());
    if let Some(objection) = by_number(&all) {
        return objection;
    }
    let mentions =
        |name: &str| code.contains(name) || text.into_iter().flatten().any(|text| text.to_lowercase().contains(name));
    // "The request URI is too long" is about another one.
    if mentions("request_uri") || all.has(&PUSHED) {
        return Objection::Push;
    }
    if let Some(objection) = beyond(&all) {
        return objection;
    }
    // As wide as `invalid_request`, or a server's own such as `device_flow_disabled`.
    if asked == Asked::Device && (code.starts_with("device_flow") || words.has(&["device_code", "device flow"])) {
        return Objection::Unauthorized;
    }
    let found = CODES.into_iter().find(|(codes, _)| codes.contains(&code.as_str())).map(|(_, objection)| objection);
    match found {
        Some(objection) => by_code(objection, &words, asked),
        None => by_words(&all, asked).unwrap_or_else(|| {
            let texts = text.into_iter().flatten().collect::<Vec<_>>().join(" ");
            by_parameter(&texts, &all, asked)
        }),
    }
}

/// Reads the number of an error.
fn by_number(words: &Wording) -> Option<Objection> {
    let number = words.number_after(NUMBERED)?;
    NUMBERS.into_iter().find(|(numbers, _)| numbers.contains(&number)).map(|(_, objection)| objection)
}

fn beyond(words: &Wording) -> Option<Objection> {
    let asks_for =
        |(word, feature): &(&str, Beyond)| words.has(&[word]) && (*feature != Beyond::Key || !words.has(&EITHER));
    BEYOND.into_iter().find(asks_for).map(|(_, feature)| Objection::Beyond(feature))
}

/// A code that is known, with words that say that it is not meant as it stands.
fn by_code(objection: Objection, words: &Wording, asked: Asked) -> Objection {
    let (thing, is_sent) = (words.thing(), asked != Asked::Authorization);
    match (objection, thing) {
        (Objection::Grant, _) if words.has(&CONSENT) => Objection::Interaction,
        (Objection::Grant, Some(Thing::Policy)) => Objection::Policy,
        (Objection::Grant, Some(Thing::Pkce)) => Objection::Pkce,
        (Objection::Grant, Some(Thing::RedirectUri)) => Objection::RedirectUri,
        (Objection::Grant | Objection::Client, Some(Thing::GrantNotAllowed)) => Objection::Unauthorized,
        (Objection::Client, _) if words.has(&["client type"]) => Objection::Unauthorized,
        // A refresh token that is no longer good.
        (Objection::Unauthorized, _) if asked == Asked::Refresh && words.is_about_a_token() => Objection::Grant,
        (Objection::Unauthorized, _) if words.has(&ITSELF) => Objection::Client,
        (Objection::Denied, Some(Thing::Audience)) => Objection::Target,
        (Objection::Denied, Some(Thing::Policy)) => Objection::Policy,
        // The person has been asked by then: it is the client that may not.
        (Objection::Denied | Objection::Unauthorized, _) if is_sent && words.is_only_the_status() => Objection::Client,
        (objection, _) => objection,
    }
}

/// A code that says nothing, or is the server's own.
fn by_words(words: &Wording, asked: Asked) -> Option<Objection> {
    if words.has(&SAID_NO) {
        return Some(Objection::Denied);
    }
    if words.has(&CONSENT) {
        return Some(Objection::Interaction);
    }
    let is_sent = asked != Asked::Authorization;
    Some(match words.thing() {
        Some(Thing::Https) => Objection::Insecure,
        Some(Thing::Rate) => Objection::Unavailable,
        Some(Thing::Fault) => Objection::ServerFault,
        Some(Thing::Policy) => Objection::Policy,
        Some(Thing::Tenant) => Objection::Tenant,
        Some(Thing::Pkce) => Objection::Pkce,
        Some(Thing::GrantNotAllowed) => Objection::Unauthorized,
        Some(Thing::RedirectUri) => Objection::RedirectUri,
        Some(Thing::GrantType) => Objection::GrantType,
        Some(Thing::ResponseType) => Objection::ResponseType,
        // With the browser it may be the user who did not authenticate.
        Some(Thing::Client) if !is_sent && !words.names_the_client() => return None,
        Some(Thing::Client) if asked != Asked::Refresh || !words.is_about_a_token() => Objection::Client,
        Some(Thing::Code) if is_sent => Objection::Grant,
        Some(Thing::Format) => Objection::Format,
        Some(Thing::Several) if asked == Asked::Token => Objection::Grant,
        _ if asked == Asked::Refresh && words.is_about_a_token() => Objection::Grant,
        Some(Thing::RefreshToken) if is_sent => Objection::Grant,
        // The word of a header, or of the status: it is the client that the server does not know.
        None if is_sent && words.is_only_the_status() => Objection::Client,
        _ => return None,
    })
}

/// A text that is about a parameter.
fn by_parameter(text: &str, words: &Wording, asked: Asked) -> Objection {
    match parameter::named(text).as_deref() {
        Some(name) if words.has(&["duplicate", "more than once", "repeated"]) => Objection::Parameter(name.to_owned()),
        Some("client_id" | "client_secret") => Objection::Client,
        Some("grant_type") => Objection::GrantType,
        Some("response_type") => Objection::ResponseType,
        Some("scope") => Objection::Scope,
        Some("resource" | "audience") => Objection::Target,
        Some("code" | "refresh_token") if asked != Asked::Authorization => Objection::Grant,
        Some(name) if parameter::is_known(name) => Objection::Parameter(name.to_owned()),
        // A scope looks like a parameter's name.
        _ if words.thing() == Some(Thing::Scope) => Objection::Scope,
        Some(name) => Objection::Parameter(name.to_owned()),
        None => Objection::Unknown,
    }
}
