//! The checks of a client's registration at its provider.

use super::scene::{Row, Scene, Subject};
use crate::flow::checkup::client::{self, Acceptance};
use crate::flow::checkup::{Registration, Standing};
use crate::flow::client::Client;
use crate::protocol::advice::ExitCode;
use crate::protocol::check::Check;
use crate::protocol::client::ClientAuthMethod;
use crate::protocol::id_token::OPENID;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::sanitize;
use crate::session::Sourced;
use crate::system::http::HttpClient;

pub const ROWS: &[Row] = &[
    Row("the client", registered),
    Row("the redirect URI", redirect_uri),
    Row("the client's authentication", authentication),
];

fn registered(scene: &Scene<'_>) -> Vec<Check> {
    let Ok(Subject { provider, client, .. }) = scene.subject() else { return Vec::new() };
    vec![match client {
        Err(error) => Check::of_error("client", "client", error),
        Ok(found) => match &found.client {
            None => {
                let text = "none is registered here, and OAUTHCTL_CLIENT_ID is not set";
                Check::problem("client", "client", ExitCode::Definition, text)
                    .mended_by(format!("run `oauthctl app set {}`", found.key.arguments()))
            }
            Some(Sourced { value, from }) => {
                let id = sanitize::line(value.client_id.as_str());
                let wants_secret = provider.definition.client_auth() != ClientAuthMethod::None;
                match (&value.client_secret, wants_secret) {
                    (Some(_), true) => Check::ok("client", "client", format!("`{id}`, with a secret (from: {from})")),
                    (Some(_), false) => {
                        let text = format!("`{id}` (from: {from}); its secret is not sent (`token.auth = \"none\"`)");
                        Check::ok("client", "client", text)
                    }
                    (None, _) => Check::ok("client", "client", format!("`{id}`, without a secret (from: {from})")),
                }
            }
        },
    }]
}

/// Returns the client and the network, if there are both.
fn ready<'s>(scene: &'s Scene<'_>) -> Option<(&'s Client, &'s dyn HttpClient)> {
    let Subject { client, http, .. } = scene.subject().ok()?;
    Some((&client.as_ref().ok()?.client.as_ref()?.value, http.as_ref().ok()?.as_ref()))
}

/// The port of a login that picks a free one. A server that accepts that accepts any (RFC 8252 §7.3).
const ANY_PORT: u16 = 49_152;

/// Returns the redirect URI as a login could send it.
fn usable_uri(scene: &Scene<'_>) -> Option<RedirectUri> {
    let uri = scene.redirect_uri().ok()?;
    Some(if uri.port() == 0 { uri.with_port(ANY_PORT) } else { uri })
}

fn redirect_uri(scene: &Scene<'_>) -> Vec<Check> {
    let (id, subject) = ("redirect-uri", "redirect URI");
    // The check of the port says it if it is malformed.
    let Some(uri) = usable_uri(scene) else { return Vec::new() };
    let Some((client, http)) = ready(scene) else { return Vec::new() };
    if client.provider.endpoints.authorize.is_none() {
        return vec![Check::ok(id, subject, "none is needed: the provider has no login in the browser")];
    }
    if scene.args.offline {
        return vec![Check::ok(id, subject, format!("`{uri}`; not asked (--offline)"))];
    }
    let question = Registration {
        provider: &client.provider,
        client_id: &client.client_id,
        redirect_uri: &uri,
        speaks_openid: speaks_openid(scene, client),
    };
    vec![match question.ask(http, scene.context.system.entropy.as_ref()) {
        Err(error) => Check::of_error(id, subject, &error),
        Ok(asked) => {
            let check = judged(asked.judgement.standing, &asked.judgement.why, &uri, client);
            check.seen_all(asked.evidence).sending(asked.sent)
        }
    }]
}

fn judged(standing: Standing, why: &str, uri: &RedirectUri, client: &Client) -> Check {
    let (id, subject) = ("redirect-uri", "redirect URI");
    let definition = &client.provider.definition;
    let client_id = sanitize::line(client.client_id.as_str());
    let page = definition.app.page.as_ref().map(|page| format!(" at {page}")).unwrap_or_default();
    match standing {
        Standing::Registered => Check::ok(id, subject, format!("`{uri}` is registered: {why}")),
        Standing::NotRegistered => {
            let text = format!("`{uri}` is not registered for the client `{client_id}`: {why}");
            let other = "or name the one that is registered with `--redirect-uri URI`";
            Check::problem(id, subject, ExitCode::Definition, text)
                .mended_by(format!("register exactly `{uri}` in the app's settings{page}, {other}"))
        }
        Standing::ClientUnknown => {
            let text = format!("the client `{client_id}` is unknown: {why}");
            let known = format!("copy the client id from the app's settings{page}");
            let set = format!("run `oauthctl app set {}`", sanitize::line(definition.clients_id()));
            Check::problem(id, subject, ExitCode::Definition, text).mended_by(format!("{known}, and {set}"))
        }
        Standing::CannotTell => {
            let text = format!("whether `{uri}` is registered cannot be told: {why}");
            Check::note(id, subject, text)
                .mended_by(format!("compare it with the app's settings{page}, character by character"))
        }
    }
}

/// Returns `true` if the provider is known to issue ID tokens.
fn speaks_openid(scene: &Scene<'_>, client: &Client) -> bool {
    let definition = &client.provider.definition;
    let endpoints = &client.provider.endpoints;
    let in_metadata = || {
        let metadata = scene.read_metadata();
        metadata.is_some_and(|metadata| metadata.scopes_supported.iter().any(|scope| scope == OPENID))
    };
    let is_known = definition.default_scope().contains(OPENID) || definition.known_scopes().contains(OPENID);
    is_known || endpoints.jwks.is_some() || endpoints.userinfo.is_some() || in_metadata()
}

fn authentication(scene: &Scene<'_>) -> Vec<Check> {
    let (id, subject) = ("client-authentication", "authentication");
    if !scene.args.check_client {
        return Vec::new();
    }
    let Some((client, http)) = ready(scene) else { return Vec::new() };
    let Some(uri) = usable_uri(scene) else { return Vec::new() };
    if client.provider.endpoints.token.is_none() && client.provider.endpoints.revoke.is_none() {
        return vec![Check::ok(id, subject, "no server of the provider asks for it")];
    }
    let (entropy, now) = (scene.context.system.entropy.as_ref(), scene.context.system.clock.now());
    let asked = match client::ask(http, client, &uri, entropy, now) {
        Err(error) => return vec![Check::of_error(id, subject, &error)],
        Ok(asked) => asked,
    };
    let method = match &client.client_secret {
        Some(_) => client.provider.definition.client_auth(),
        None => ClientAuthMethod::None,
    };
    let (method, why) = (method.registered_name(), sanitize::line(&asked.why));
    let key = sanitize::line(definition_id(client));
    let check = match asked.acceptance {
        Acceptance::Accepted => Check::ok(id, subject, format!("the client was not refused (`{method}`): {why}")),
        Acceptance::Refused => {
            let text = format!("the client was refused (`{method}`): {why}");
            Check::problem(id, subject, ExitCode::Definition, text).mended_by(format!(
                "run `oauthctl app set {key}` with the app's present secret; if it is right, compare `token.auth` with the app's settings"
            ))
        }
        Acceptance::CannotTell => {
            Check::note(id, subject, format!("whether the client is accepted cannot be told: {why}"))
        }
        Acceptance::NoAnswer => Check::problem(id, subject, ExitCode::Network, why).mended_by("try again later"),
    };
    vec![check.sending(asked.sent)]
}

fn definition_id(client: &Client) -> &str {
    client.provider.definition.clients_id()
}
