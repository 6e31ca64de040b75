//! The names whose values a record shows. A name that is not here is hidden: a new parameter of a provider is a secret
//! until somebody has looked at it.

/// Parameters and members that are about the request, and never about a person or a credential.
const SHOWN: &[&str] = &[
    "access_type",
    "accounts-server",
    "accounts_server",
    "acr_values",
    "active",
    "actor_token_type",
    "alg",
    "api_domain",
    "api_endpoint",
    "api_url",
    "application_type",
    "approval_prompt",
    "aud",
    "audience",
    "auth_time",
    "authorization_servers",
    "azp",
    "base_url",
    "client_assertion_type",
    "client_id",
    "client_id_issued_at",
    "client_name",
    "client_secret_expires_at",
    "code_challenge_method",
    "cty",
    "crit",
    "crv",
    "display",
    "enc",
    "endpoint",
    "error",
    "error_code",
    "error_hint",
    "error_message",
    "error_codes",
    "error_description",
    "error_reason",
    "error_summary",
    "error_type",
    "error_uri",
    "errorcode",
    "errormessage",
    "errors",
    "errorsummary",
    "exp",
    "expires",
    "expires_at",
    "expires_in",
    "expiry",
    "fault",
    "grant_type",
    "grant_types",
    "iat",
    "include_granted_scopes",
    "instance_url",
    "interval",
    "invalid_params",
    "iss",
    "issued_token_type",
    "issuer",
    "jwks_uri",
    "key_ops",
    "kid",
    "kty",
    "max_age",
    "nbf",
    "prompt",
    "redirect_uri",
    "redirect_uris",
    "refresh_expires_in",
    "refresh_token_expires_in",
    "registration_client_uri",
    "require_pushed_authorization_requests",
    "requested_token_type",
    "resource",
    "resource_metadata",
    "resource_name",
    "response_mode",
    "response_type",
    "response_types",
    "scope",
    "scopes",
    "scp",
    "status",
    "statuscode",
    "subject_token_type",
    "token_endpoint_auth_method",
    "token_type",
    "token_type_hint",
    "typ",
    "use",
    "verification_uri",
    "verification_url",
    "x5t#s256",
];

/// Members in which a server names the host of an account or of a region. Only the origin is shown.
const ORIGINS: &[&str] = &["accounts-server", "api_domain", "api_endpoint", "api_url", "instance_url", "location"];

/// Members in which it names a region by a short word.
const REGIONS: &[&str] = &["dc", "location", "region"];

/// Headers, in either direction. `Authorization` and `WWW-Authenticate` are taken apart.
const SHOWN_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "age",
    "allow",
    "cache-control",
    "cf-mitigated",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expires",
    "pragma",
    "proxy-authenticate",
    "retry-after",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-accepted-oauth-scopes",
    "x-amzn-errortype",
    "x-cache",
    "x-oauth-scopes",
    "x-powered-by",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// Parameters of a challenge (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3, RFC 9728 §5.1).
const SHOWN_IN_CHALLENGES: &[&str] =
    &["acr_values", "algs", "authorization_uri", "charset", "max_age", "qop", "realm", "stale", "algorithm"];

/// Values that are credentials whatever they look like. They count as secrets even where they are short or public.
const SECRET: &[&str] = &[
    "access_token",
    "actor_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "id_token",
    "id_token_hint",
    "nonce",
    "password",
    "refresh_token",
    "registration_access_token",
    "request",
    "request_uri",
    "response",
    "state",
    "subject_token",
    "token",
    "user_code",
    "code_challenge",
    "verification_uri_complete",
];

pub(super) fn is_shown(name: &str) -> bool {
    SHOWN.contains(&name)
}

pub(super) fn is_origin(name: &str) -> bool {
    ORIGINS.contains(&name)
}

/// Returns `true` for a region's word: `eu`, `us2`. Anything longer may be a person's place.
pub(super) fn is_region(name: &str, value: &str) -> bool {
    let is_short =
        (2..=4).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    REGIONS.contains(&name) && is_short
}

/// The members of a server's or a resource's metadata (RFC 8414 §2, RFC 9728 §2) beside those above.
pub(super) fn is_of_metadata(name: &str) -> bool {
    name.ends_with("_supported") || name.ends_with("_endpoint") || name.ends_with("_metadata")
}

pub(super) fn is_shown_header(name: &str) -> bool {
    SHOWN_HEADERS.contains(&name)
}

/// Members that say what is wrong, in an error. Elsewhere they say something of a person, or of a thing of theirs.
const IN_ERRORS: &[&str] = &[
    "category",
    "code",
    "description",
    "detail",
    "details",
    "error_subcode",
    "hint",
    "longmessage",
    "message",
    "msg",
    "needed",
    "reason",
    "required_scope",
    "subtype",
    "title",
    "type",
];

/// Members with more of an error inside.
const INSIDE_ERRORS: &[&str] = &[
    "causes",
    "detail",
    "details",
    "error",
    "error_details",
    "errors",
    "extensions",
    "fault",
    "invalid_params",
    "violations",
];

/// Members that no reply has but an error.
const OF_ERRORS: &[&str] = &["error", "error_code", "error_description", "errorcode", "errors", "fault"];

/// Returns `true` for a member that says what is wrong, in an error.
pub(super) fn is_shown_in_an_error(name: &str) -> bool {
    IN_ERRORS.contains(&name.to_ascii_lowercase().as_str())
}

/// Returns `true` for a member that has more of an error inside.
pub(super) fn is_inside_an_error(name: &str) -> bool {
    INSIDE_ERRORS.contains(&name.to_ascii_lowercase().as_str())
}

/// Returns `true` for a member that makes an object an error.
pub(super) fn is_of_an_error(name: &str) -> bool {
    OF_ERRORS.contains(&name.to_ascii_lowercase().as_str())
}

pub(super) fn is_shown_in_challenge(name: &str) -> bool {
    SHOWN_IN_CHALLENGES.contains(&name) || is_shown(name)
}

pub(super) fn is_secret(name: &str) -> bool {
    SECRET.contains(&name)
}
