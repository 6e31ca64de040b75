//! What to do about a refusal: the table of codes, read with the words and with what was sent.

use super::sent::{Asked, Sent};
use crate::protocol::advice::{ExitCode, NextStep};
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::sanitize;

/// What a server objects to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Objection {
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
    Beyond(&'static str),
    Parameter(String),
    Unknown,
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
    (&["use_dpop_nonce", "invalid_dpop_proof"], Objection::Beyond(DPOP)),
];

const DPOP: &str = "tokens that are bound to a key (DPoP, RFC 9449)";
const REQUEST_OBJECT: &str = "a signed request object (JAR, RFC 9101)";
const KEY: &str = "client authentication with a key or a certificate (RFC 7523, RFC 8705)";

/// Words for something that this program does not do, whatever the code beside them.
const BEYOND: [(&str, &str); 9] = [
    ("dpop", DPOP),
    ("request object", REQUEST_OBJECT),
    ("request_object", REQUEST_OBJECT),
    ("signed request", REQUEST_OBJECT),
    ("client_assertion", KEY),
    ("client assertion", KEY),
    ("private_key_jwt", KEY),
    ("tls_client_auth", KEY),
    ("client certificate", KEY),
];

/// Words for a request that is pushed (RFC 9126), whatever the code beside them.
const PUSHED: [&str; 3] = ["pushed authorization", "pushed_authorization", "request_uri"];

/// Parameters that are words of everyday language too: they count only as they are.
const PLAIN_NAMES: [&str; 7] = ["audience", "nonce", "prompt", "resource", "scope", "state", "display"];

fn objection(error: &ErrorResponse, sent: &Sent) -> Objection {
    let code = error.code.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let words = [&error.description, &error.hint].into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
    let words = words.join(" ").to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let found = CODES.into_iter().find(|(codes, _)| codes.contains(&code.as_str())).map(|(_, objection)| objection);
    let is_beyond = |(word, feature): &(&str, &str)| {
        // "`client_assertion` or `client_secret` is missing" asks for a secret.
        (words.contains(word) || code.contains(word)) && (*feature != KEY || !words.contains("secret"))
    };
    if has(&PUSHED) || PUSHED.iter().any(|word| code.contains(word)) {
        return Objection::Push;
    }
    if let Some((_, feature)) = BEYOND.into_iter().find(is_beyond) {
        return Objection::Beyond(feature);
    }
    // As wide as `invalid_request`, or a server's own such as `device_flow_disabled`.
    if sent.asked == Asked::Device && (code.starts_with("device_flow") || has(&["device_code", "device flow"])) {
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
        None => by_words().unwrap_or_else(|| by_parameter(&words, sent)),
    }
}

fn by_parameter(words: &str, sent: &Sent) -> Objection {
    match named_parameter(words).as_deref() {
        Some("client_id" | "client_secret") => Objection::Client,
        Some("grant_type") => Objection::GrantType,
        Some("response_type") => Objection::ResponseType,
        Some("scope") => Objection::Scope,
        Some("resource" | "audience") => Objection::Target,
        Some("code" | "refresh_token") if sent.asked != Asked::Authorization => Objection::Grant,
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

pub fn is_about_the_client(error: &ErrorResponse, sent: &Sent) -> bool {
    objection(error, sent) == Objection::Client
}

/// Returns what to do about an error code.
pub fn of_refusal(error: &ErrorResponse, sent: &Sent) -> NextStep {
    match objection(error, sent) {
        Objection::ServerFault => ExitCode::Network.hint("try again later; the fault is on the provider's side"),
        Objection::Unavailable => {
            ExitCode::Network.hint("wait a while, then try again; nothing is wrong with the request")
        }
        objection => ExitCode::Refused.hint(advice(objection, sent)),
    }
}

fn advice(objection: Objection, sent: &Sent) -> String {
    let login = format!("`oauthctl login {}`", sent.client());
    match objection {
        Objection::Client => client(sent),
        Objection::Unauthorized => format!(
            "allow the app to use {} {}, and check its client id, which `oauthctl app show {}` shows",
            grant(sent),
            registered(sent),
            sent.client()
        ),
        Objection::GrantType => format!(
            "{} was sent as {} to {}: check `url` and `body` under `[token]` {}, and that the app may use this grant",
            grant(sent),
            sent.format,
            sent.url,
            file(sent)
        ),
        Objection::ResponseType => format!(
            "{} was sent: allow it for the app {}, or choose another grant with `--grant` if the provider offers one",
            grant(sent),
            registered(sent)
        ),
        Objection::Grant => spent(sent, &login),
        Objection::Pkce => pkce(sent),
        Objection::RedirectUri => redirect_uri(sent),
        Objection::Scope => scope(sent),
        Objection::Target => target(sent),
        Objection::Interaction => match sent.value("prompt") {
            Some(prompt) => format!(
                "`prompt={prompt}` was sent, which may forbid the page that the server wants to show: change `params` \
                 under `[authorize]` {}",
                file(sent)
            ),
            None => format!("run {login} again, and answer the server's page in the browser"),
        },
        Objection::Denied if matches!(sent.asked, Asked::Authorization | Asked::Device) => {
            "log in again and approve; if you did, an administrator or a policy of the provider refuses the app"
                .to_owned()
        }
        Objection::Denied => {
            format!("the provider refuses this app or this user: check the app {}; sent was {sent}", registered(sent))
        }
        Objection::Push => format!(
            "if the provider wants the request pushed (PAR, RFC 9126), log in with `--par`: it needs `url` under `[par]` {}. \
             A pushed request that has expired needs a new login",
            file(sent)
        ),
        Objection::Beyond(feature) => format!(
            "the server asks for {feature}, which oauthctl does not support: turn the demand off for this app {}",
            registered(sent)
        ),
        Objection::Parameter(name) => parameter(&name, sent),
        Objection::ServerFault | Objection::Unavailable | Objection::Unknown => {
            format!("compare with the provider's guide what was sent: {sent}")
        }
    }
}

fn spent(sent: &Sent, login: &str) -> String {
    if sent.has("device_code") {
        return format!("run {login} again: the server no longer knows the code, or has given its token out");
    }
    if sent.asked == Asked::Refresh {
        return format!("run {login} again: the refresh token is no longer good");
    }
    // The client's own token needs no code.
    if !sent.has("code") && sent.value("grant_type").is_some_and(|grant| grant.ends_with("_credentials")) {
        return format!("check the app's permissions {}, and what was sent: {sent}", registered(sent));
    }
    format!(
        "run {login} again: a code works once, soon expires, and belongs to the redirect URI that it was requested with{}{}",
        sent.value("redirect_uri").map(|uri| format!(" (`{uri}`)")).unwrap_or_default(),
        if sent.has("code_verifier") { " and to its PKCE verifier" } else { "; no PKCE verifier was sent" }
    )
}

fn redirect_uri(sent: &Sent) -> String {
    match sent.value("redirect_uri") {
        Some(uri) => format!(
            "register exactly `{uri}` {}, or log in with the registered one: `--redirect-uri URI`",
            registered(sent)
        ),
        None => {
            format!("no redirect URI was sent: remove it from `omit` under `[{}]` {}", sent.asked.section(), file(sent))
        }
    }
}

/// Returns what to do about a reply that is not the protocol's: the server, or something before it, did not read the
/// request.
pub fn of_status(status: u16, sent: &Sent) -> NextStep {
    let at = format!("under `[{}]` {}", sent.asked.section(), file(sent));
    match status {
        404 | 405 | 410 => ExitCode::Network.hint(format!(
            "there may be no token endpoint at {}: write the one in the provider's guide as `url` {at}",
            sent.url
        )),
        406 | 411 | 415 => ExitCode::Network
            .hint(format!("the server may want another format: `body` {at} chooses it; sent was {sent}")),
        _ => ExitCode::Network.hint(format!(
            "a firewall before the provider may have refused the request, or a proxy may have answered; sent was {sent}; \
             `headers` {at} changes a header such as User-Agent"
        )),
    }
}

fn client(sent: &Sent) -> String {
    let (app, page) = (sent.client(), registered(sent));
    if sent.asked == Asked::Authorization {
        return format!(
            "check the client id {page}: `oauthctl app show {app}` shows it, `oauthctl app set {app}` replaces it"
        );
    }
    let replace = format!("check the client id and secret (`oauthctl app set {app}` replaces them)");
    let why = if sent.auth.is_written { "as `token.auth` says" } else { "as the definition has no `token.auth`" };
    let other = match (sent.has_secret, sent.auth.method) {
        (true, ClientAuthMethod::Body) => {
            format!("a secret goes in the body, {why}: if the provider wants a Basic header, write `auth = \"basic\"`")
        }
        (true, ClientAuthMethod::Basic) => {
            format!(
                "a secret goes in a Basic header, {why}: if the provider wants it in the body, write `auth = \"body\"`"
            )
        }
        (true, ClientAuthMethod::None) => format!(
            "no secret is sent, {why}: if the provider wants one, write `auth = \"basic\"` for a Basic header, or \
             `auth = \"body\"`"
        ),
        (false, _) => return format!("{replace}: no secret was sent, as none is stored for this client"),
    };
    format!("{replace}; {other} under `[token]` {}", file(sent))
}

fn scope(sent: &Sent) -> String {
    let list = format!("`oauthctl providers scopes {}` lists what is known", sent.provider);
    match sent.value("scope") {
        Some(scope) => format!(
            "`{scope}` was asked for: ask for less with `--scope`, or allow it for the app {}; {list}",
            registered(sent)
        ),
        None if sent.asked == Asked::Authorization => {
            format!("no scope was asked for: name one with `--scope`; {list}")
        }
        None => format!("log in again and ask for less with `--scope`; {list}"),
    }
}

fn pkce(sent: &Sent) -> String {
    let at = format!("under `[authorize]` {}", file(sent));
    match sent.has("code_challenge") || sent.has("code_verifier") {
        true => format!(
            "PKCE was used (S256): if the server does not know it, write `pkce = \"off\"` {at}; else log in again, as the \
             verifier belongs to one login"
        ),
        false => format!("PKCE was not used: write `pkce = \"S256\"` {at}, or remove `pkce = \"off\"`"),
    }
}

fn target(sent: &Sent) -> String {
    let at = format!("under `[{}]` {}", sent.asked.section(), file(sent));
    match ["resource", "audience"].iter().find_map(|name| Some((name, sent.value(name)?))) {
        Some((name, value)) => {
            format!("`{name}` was `{value}`: change it in `params` {at}, as the provider's guide says")
        }
        None => format!(
            "no `resource` and no `audience` was sent: add the one that the provider's guide names, such as \
             `params = {{ resource = \"https://api.example\" }}` {at}"
        ),
    }
}

fn parameter(name: &str, sent: &Sent) -> String {
    let (name, at) = (sanitize::line(name), format!("under `[{}]` {}", sent.asked.section(), file(sent)));
    match (sent.has(&name), sent.value(&name)) {
        (true, Some(value)) => {
            format!("`{name}={value}` was sent: change it in `params`, or leave it out with `omit`, {at}")
        }
        (true, None) => {
            format!("`{name}` was sent: change it in `params` or `names`, or leave it out with `omit`, {at}")
        }
        (false, _) => {
            let value = if name == "nonce" { "{random}" } else { "VALUE" };
            format!("`{name}` was not sent: add `params = {{ {name} = \"{value}\" }}` {at}")
        }
    }
}

fn grant(sent: &Sent) -> String {
    if sent.asked == Asked::Device {
        return "the device grant (RFC 8628)".to_owned();
    }
    let name = if sent.asked == Asked::Authorization { "response_type" } else { "grant_type" };
    sent.value(name).map_or_else(|| "the grant".to_owned(), |value| format!("`{name}={value}`"))
}

fn registered(sent: &Sent) -> String {
    sent.page.as_ref().map_or_else(|| "where it is registered".to_owned(), |page| format!("at {page}"))
}

fn file(sent: &Sent) -> String {
    match &sent.auth.file {
        Some(file) => format!("in {file}"),
        None => format!("in the file that `oauthctl providers new {} --overlay` begins", sent.provider),
    }
}

#[cfg(test)]
mod tests;
