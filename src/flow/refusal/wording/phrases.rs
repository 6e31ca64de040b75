//! The phrases of [`super::Wording`]: lower case, without punctuation, one space between words.

/// Sentences of RFC 6749 and of the libraries that copy it: they say what the code says.
#[rustfmt::skip]
pub const STANDARD: [&str; 9] = [
    "is invalid expired revoked does not match the redirection uri used in the authorization request or was issued to another client",
    "is invalid expired or revoked",
    "unknown client no client authentication included or unsupported authentication method",
    "the request is missing a required parameter includes an invalid parameter value includes a parameter more than once or is otherwise malformed",
    "the request is missing a required parameter includes an unsupported parameter value or is otherwise malformed",
    "the provided authorization grant e g authorization code resource owner credentials or refresh token",
    "authorization code resource owner credentials or refresh token",
    "the authorization server encountered an unexpected condition that prevented it from fulfilling the request",
    "if you did not",
];

/// The name of a grant, which is no client's credentials. The longer ones come first.
#[rustfmt::skip]
pub const CLIENT_CREDENTIALS_GRANT: [&str; 5] = [
    "grant type client credentials", "client credentials grant type", "client credentials grant",
    "client credentials flow", "grant client credentials",
];

#[rustfmt::skip]
pub const USED: &[&str] = &[
    "already been used", "already used", "already redeemed", "already been redeemed", "used twice",
    "used more than once", "already consumed", "been consumed", "has been used", "was used",
    "been used previously", "code already used", "previously used", "already been exchanged",
    "already exchanged", "was already", "only be used once",
];

/// Words with which a server leaves open which of several reasons it was.
#[rustfmt::skip]
pub const VAGUE: &[&str] = &[
    "invalid", "incorrect", "or expired", "expired or", "revoked", "mismatch", "not found", "unknown",
    "doesn t exist", "does not exist", "or has expired",
];

#[rustfmt::skip]
pub const REUSED: &[&str] = &[
    "reuse", "reused", "already used", "already been used", "been rotated", "used twice", "used more than once",
    "already redeemed", "consumed", "previously used",
];

#[rustfmt::skip]
pub const PKCE: &[&str] = &[
    "pkce", "code verifier", "codeverifier", "code challenge", "codechallenge", "proof key",
];

#[rustfmt::skip]
pub const REDIRECT_URI: &[&str] = &[
    "redirect uri", "redirect url", "redirection uri", "redirection url", "redirecturi", "redirecturl",
    "callback url", "callback uri", "reply url", "reply address", "return url", "redirect mismatch",
    "oauth authorization url mismatch", "redirect address",
];

#[rustfmt::skip]
pub const CLIENT: &[&str] = &[
    "client secret", "clientsecret", "app secret", "consumer secret", "client authentication",
    "client credentials", "api key", "consumer key", "client id", "clientid", "client identifier", "client key",
    "app id", "appid", "application id", "client not found", "client was not found", "app not found",
    "application not found", "application cannot be found", "application can not be found",
    "application with identifier", "validating application", "unknown client", "invalid client",
    "unknown application", "no such client", "client does not exist", "client doesn t exist", "deleted client",
    "disabled client", "client is disabled", "client was deleted", "client was disabled",
    "client is not active", "app is disabled", "application is disabled", "client is invalid",
    "unregistered client", "client unknown",
];

/// Words for whoever authenticates: the client, where it does.
#[rustfmt::skip]
pub const CREDENTIALS: &[&str] = &[
    "invalid credentials", "bad credentials", "authorization header", "basic auth",
    "authentication credentials", "authentication failure", "authentication failed", "not authenticated",
    "full authentication is required",
];

/// Words about an account, an organization or a rule of theirs. Logging in again does not help.
#[rustfmt::skip]
pub const POLICY: &[&str] = &[
    "ip restricted", "ip address is not", "ip not allowed", "user is inactive", "inactive user", "inactive org",
    "organization is inactive", "account is inactive", "account is disabled", "account disabled",
    "account locked", "account is locked", "user account is disabled", "user is disabled", "user disabled",
    "user is blocked", "user blocked", "user is suspended", "account suspended", "account is suspended",
    "user is not assigned", "not assigned to the client", "block users unless", "account is not fully set up",
    "verify your email", "verified primary email", "unverified user email", "email not verified",
    "email is not verified", "org internal", "within its organization", "admin policy",
    "policies within your organization", "policy evaluation failed", "conditional access",
    "access has been blocked", "blocked by admin", "blocked by your admin", "admin consent is required",
    "approval of an administrator", "admin approval", "administrator approval", "needs admin",
    "oauth app blocked", "app is not installed", "app not installed", "not been installed by the administrator",
    "non distributed app", "not allowed for this user", "user is not allowed", "user not allowed",
    "is not a test user", "not approved for", "developer mode", "development mode", "in your country",
    "app has not been verified", "has not completed the google verification", "app is blocked",
    "application is blocked", "ec app not found", "external client app", "application suspended",
    "app is suspended",
];

#[rustfmt::skip]
pub const RATE: &[&str] = &[
    "rate limit", "ratelimit", "rate exceeded", "login rate", "too many", "throttl", "quota", "request limit",
    "slow down", "try again later", "temporarily unavailable", "service unavailable",
];

#[rustfmt::skip]
pub const FAULT: &[&str] = &[
    "internal error", "internal server error", "unexpected error", "server error", "fatal error",
];

#[rustfmt::skip]
pub const TENANT: &[&str] = &[
    "realm does not exist", "realm not found", "tenant specific endpoint", "tenant specific authority",
    "no tenant", "tenant does not exist", "tenant not found", "tenant id", "use of the common endpoint",
    "invalid tenant",
];

#[rustfmt::skip]
pub const FORMAT: &[&str] = &[
    "content type", "contenttype", "unsupported media type", "media type", "form urlencoded", "urlencoded",
    "unable to parse the body", "could not parse the body", "malformed json", "must be json",
    "unable to parse request body",
];

#[rustfmt::skip]
pub const CODE: &[&str] = &[
    "authorization code", "authorisation code", "auth code", "authcode", "verification code", "grant code",
    "the code", "this code", "code was", "code has", "code doesn t", "code does not", "invalid code",
    "invalid auth", "bad auth code", "code passed", "expired code", "code expired", "code in request",
    "code parameter", "parameter code", "autorisierungscode", "invalid oauth code", "device code",
];

#[rustfmt::skip]
pub const REFRESH_TOKEN: &[&str] = &[
    "refresh token", "refreshtoken",
];

/// Words about a token while one is presented to be renewed.
#[rustfmt::skip]
pub const TOKEN: &[&str] = &[
    "token is invalid", "token was invalid", "invalid token", "token revoked", "token is inactive",
    "token inactive", "token has expired", "token expired", "token is expired", "access token session",
    "session has expired", "session not active", "token is not active", "token not found", "stale token",
    "token has been", "token was", "the token was", "grant has expired",
];

#[rustfmt::skip]
pub const SCOPE: &[&str] = &["scope"];

#[rustfmt::skip]
pub const NOT_ALLOWED: &[&str] = &[
    "not allowed", "not permitted", "not authorized", "not enabled", "disabled", "not supported for",
    "may not use", "unsupported for this client",
];

#[rustfmt::skip]
pub const EXPIRED: &[&str] = &[
    "expired", "too old", "timed out", "no longer valid", "lifetime", "abgelaufen", "expirado", "expiré",
    "scaduto",
];

#[rustfmt::skip]
pub const HTTPS: &[&str] = &[
    "https required", "ssl required", "must use https", "requires https", "over https", "insecure http",
];

#[rustfmt::skip]
pub const GRANT: &[&str] = &[
    "grant type", "granttype", "grant flow", "standard flow", "oauth flow", "authorization grant flow",
];
