//! What to do about a refusal: the table of codes, read with the words and with what was sent.

use super::objection::{self, Objection};
use super::sent::{Asked, Sent};
use crate::protocol::advice::{ExitCode, NextStep};
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::sanitize;

pub fn is_about_the_client(error: &ErrorResponse, sent: &Sent) -> bool {
    objection::of(error, sent.asked) == Objection::Client
}

/// Returns what to do about an error code.
pub fn of_refusal(error: &ErrorResponse, sent: &Sent) -> NextStep {
    match objection::of(error, sent.asked) {
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
        Objection::Policy => format!(
            "a rule of the provider or of the account's organization refuses it: ask its administrator, and check the app {}",
            registered(sent)
        ),
        Objection::Tenant => format!(
            "check the tenant in the addresses {}, or the parameter that it comes from: `oauthctl providers show {}`",
            file(sent),
            sent.provider
        ),
        Objection::Insecure => {
            format!(
                "{} is not https: write the https address as `url` under `[{}]` {}",
                sent.url,
                sent.asked.section(),
                file(sent)
            )
        }
        Objection::Format => format!(
            "{} was sent: `body` under `[{}]` {} chooses another format",
            sent.format,
            sent.asked.section(),
            file(sent)
        ),
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
    if sent.asked == Asked::Exchange {
        return format!(
            "the token is not one that can be exchanged, was exchanged before, or is another client's: {login} gets a new one"
        );
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
    let replace = format!(
        "check the client id and secret (`oauthctl app set {app}` replaces them, unless OAUTHCTL_CLIENT_ID is set)"
    );
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
