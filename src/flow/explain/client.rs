//! The client: its id, its secret, where the secret is, and what the client may do.

use super::facts::{Facts, Refusal};
use super::finding::{Found, one_speaks};
use crate::flow::refusal::{Asked, Beyond, Objection};

/// Words for an id that the server does not know.
const UNKNOWN: [&str; 27] = [
    "client_id",
    "clientid",
    "client identifier",
    "client key",
    "app id",
    "application id",
    "application cannot be found",
    "validating application",
    "deleted client",
    "disabled client",
    "client was deleted",
    "client was disabled",
    "client is disabled",
    "unknown client",
    "no such client",
    "client not found",
    "client is invalid",
    "client was not found",
    "application not found",
    "app not found",
    "could not find",
    "unknown application",
    "no client",
    "client does not exist",
    "unregistered",
    "aadsts700016",
    "application with identifier",
];

/// A refusal of the client's authentication with a request of ours.
fn refused_client<'f, 'r>(facts: &'f Facts<'r>) -> Option<&'f Refusal<'r>> {
    facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Client)
}

/// Words for it beside a code that says less.
const NOT_THERE: [&str; 4] = ["aadsts700016", "application with identifier", "unknown client", "client not found"];

/// Words for an app that was there.
const GONE: [&str; 5] = ["deleted", "disabled", "suspended", "not enabled", "not active"];

/// An id that is not known. With the browser only the id is sent.
pub fn client_unknown(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let is_told = match refusal.objection {
        Objection::Client => {
            let either = refusal.says(&["secret", "credentials"]);
            let says = refusal.says(&UNKNOWN) && !either || refusal.error.code.to_lowercase().contains("client_id");
            let is_public = refusal.authentication() == Some("none") && secret_missing(facts).is_none();
            refusal.exchange.is_none() || says || is_public
        }
        Objection::Unauthorized => refusal.says(&NOT_THERE),
        _ => false,
    };
    if !is_told {
        return None;
    }
    let id = facts.settings.client_id.as_ref().map(|id| format!(" `{id}`")).unwrap_or_default();
    let next = format!(
        "compare the client id{id} with the one {}; `oauthctl app set {}` replaces it",
        facts.page(),
        facts.provider()
    );
    let title = match refusal.says(&GONE) {
        true => "The app is disabled or deleted at the provider, or its client id is wrong",
        false => "The server does not know the client id",
    };
    Some(Found::high(title, next).seen(refusal.event))
}

/// A request without a secret that was refused for its client.
pub fn secret_missing(facts: &Facts<'_>) -> Option<Found> {
    let refusal = refused_client(facts)?;
    let is_without = refusal.authentication()? == "none";
    let is_public = facts.settings.client_secret.is_none() && offers(facts, "none") == Some(true);
    let demands = refusal.says(&["secret", "authentication", "credentials", "authenticate"]);
    if !is_without || (is_public || refusal.says(&UNKNOWN)) && !demands {
        return None;
    }
    let (title, next) = match facts.settings.client_secret {
        None => ("The client secret is missing", format!("store it with `oauthctl app set {}`", facts.provider())),
        Some(_) => (
            "There is a client secret, and it was not sent",
            format!("write `auth = \"basic\"` or `auth = \"body\"` under `[token]` {}", facts.file()),
        ),
    };
    let found = Found::high(title, next).seen(refusal.event);
    Some(match &facts.settings.supported.auth_methods {
        Some(methods) => found.detail(format!("`token.auth` in the definition is {}.", methods.join(", "))),
        None => found,
    })
}

/// A secret that a public client must not send.
pub fn secret_not_wanted(facts: &Facts<'_>) -> Option<Found> {
    let refusal = refused_client(facts)?;
    let sends = matches!(refusal.authentication()?, "client_secret_basic" | "client_secret_post");
    let says = refusal.says(&[
        "public client",
        "is public",
        "must not be sent",
        "should not include",
        "aadsts700025",
        "registered for none",
    ]);
    let only_none = facts.settings.supported.auth_methods.as_deref() == Some(&["none".to_owned()][..]);
    if !sends || !says && !only_none {
        return None;
    }
    let next = format!("write `auth = \"none\"` under `[token]` {}", facts.file());
    Some(Found::high("The app is a public client, and a secret was sent", next).seen(refusal.event))
}

/// A secret in the header where the server reads the body, or the other way round.
pub fn secret_in_wrong_place(facts: &Facts<'_>) -> Option<Found> {
    let refusal = refused_client(facts)?;
    let (place, other, key) = match refusal.authentication()? {
        "client_secret_basic" => ("in a Basic header", "client_secret_post", "body"),
        "client_secret_post" => ("in the body", "client_secret_basic", "basic"),
        _ => return None,
    };
    if secret_not_wanted(facts).is_some() {
        return None;
    }
    let used = refusal.authentication()?;
    let by_metadata = offers(facts, used) == Some(false) && offers(facts, other) == Some(true);
    let names_other = refusal.says(&[other]) && !refusal.says(&[used]) || says_which(refusal, other);
    let by_words = match key {
        "body" => refusal.says(&[
            "client_secret is missing",
            "missing client_secret",
            "client_secret parameter",
            "client_secret is required",
        ]),
        _ => refusal.says(&["authorization header", "basic auth", "http basic", "full authentication is required"]),
    };
    if !by_metadata && !names_other && !by_words {
        return None;
    }
    let next = format!("write `auth = \"{key}\"` under `[token]` {}", facts.file());
    let title = format!("The client secret was sent {place}, and the server wants it {}", where_else(key));
    let found = if by_metadata || names_other { Found::high(title, next) } else { Found::medium(title, next) };
    let found = found.seen(refusal.event);
    Some(match &facts.settings.supported.auth_methods {
        Some(methods) if by_metadata => found.detail(format!("The definition has {}.", methods.join(", "))),
        _ => found,
    })
}

/// Returns `true` if the server names the method that it has for the client, beside the one that was used.
fn says_which(refusal: &Refusal<'_>, method: &str) -> bool {
    let before = [
        "supports client authentication method",
        "expected",
        "expects",
        "requires",
        "registered for",
        "configured for",
        "must use",
    ];
    before.iter().any(|words| refusal.says(&[&format!("{words} {method}")]))
}

fn where_else(key: &str) -> &'static str {
    if key == "body" { "in the body" } else { "in a Basic header" }
}

/// A client that has to authenticate with a key or a certificate.
pub fn client_key_required(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let ours = ["client_secret_basic", "client_secret_post", "none"];
    let by_metadata = refusal.objection == Objection::Client
        && facts.settings.supported.auth_methods.as_ref().is_some_and(|methods| {
            !methods.is_empty() && !methods.iter().any(|method| ours.contains(&method.as_str()))
        });
    if refusal.objection != Objection::Beyond(Beyond::Key) && !by_metadata {
        return None;
    }
    let next = format!("allow the app to authenticate with a client secret {}", facts.page());
    let found = Found::high("The server wants the client to authenticate with a key or a certificate", next);
    Some(found.seen(refusal.event).detail("oauthctl does not support that (RFC 7523, RFC 8705)."))
}

/// A secret that is not the client's. Only if nothing else explains the refusal.
pub fn secret_wrong(facts: &Facts<'_>) -> Option<Found> {
    let narrower = [secret_missing, secret_not_wanted, secret_in_wrong_place, client_key_required, client_unknown];
    let refusal = refused_client(facts)?;
    if one_speaks(&narrower, facts) {
        return None;
    }
    let used = refusal.authentication()?;
    let get = if refusal.says(&["expired"]) { "create a new secret" } else { "copy the secret again" };
    let next = format!("{get} {}, and store it with `oauthctl app set {}`", facts.page(), facts.provider());
    let title = match refusal.says(&["expired"]) {
        true => "The client secret has expired",
        false => "The client secret is wrong, or belongs to another app",
    };
    let names_secret = refusal.says(&["secret"]) || refusal.error.code.contains("secret");
    let found = if names_secret { Found::high(title, next) } else { Found::medium(title, next) };
    let found = found.seen(refusal.event);
    let place = if used == "client_secret_basic" { "a Basic header" } else { "the body" };
    let length = facts.settings.client_secret.as_ref().and_then(|secret| secret.hidden()).map(|hidden| hidden.length);
    let length = length.map(|length| format!(" It has {length} characters.")).unwrap_or_default();
    Some(found.detail(match offers(facts, used) {
        Some(true) => format!("It was sent in {place}, as `token.auth` in the definition says.{length}"),
        _ => format!("It was sent in {place}; the definition does not say where the server wants it.{length}"),
    }))
}

/// A response type that the client or the server does not have.
pub fn response_type_not_allowed(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let is_it = refusal.objection == Objection::ResponseType
        || refusal.objection == Objection::Unauthorized
            && refusal.asked == Asked::Authorization
            && refusal.says(&["response"]);
    if !is_it {
        return None;
    }
    let sent = refusal.shown("response_type").unwrap_or("?");
    let title = format!("`response_type={sent}` is not allowed for this app");
    let next = format!("allow it {}, or choose another grant with `--grant`", facts.page());
    let found = Found::high(title, next).seen(refusal.event);
    Some(match &facts.settings.supported.response_types {
        Some(types) => found.detail(format!("The definition has {}.", types.join(", "))),
        None => found,
    })
}

/// A grant that the client or the server does not have.
pub fn grant_not_allowed(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    // There is nothing but the client in such a request.
    let is_client_alone = refusal.objection == Objection::Grant
        && refusal.shown("grant_type").is_some_and(|grant| grant.ends_with("client_credentials"));
    if !(matches!(refusal.objection, Objection::Unauthorized | Objection::GrantType) || is_client_alone)
        || response_type_not_allowed(facts).is_some()
        || client_unknown(facts).is_some()
    {
        return None;
    }
    let grant = match refusal.asked {
        Asked::Device => "the device grant".to_owned(),
        _ => refusal.shown("grant_type").map_or_else(|| "this grant".to_owned(), |grant| format!("`{grant}`")),
    };
    let name = facts.settings.grant.as_deref();
    let is_missing = facts.settings.supported.grant_types.as_ref().zip(name);
    let plain = |text: &str| text.replace('-', "_");
    let is_missing =
        is_missing.is_some_and(|(types, name)| !types.iter().any(|known| plain(known).ends_with(&plain(name))));
    let title = format!("The app may not use {grant}");
    let next = format!("allow it {}", facts.page());
    // A server that cannot read a form says the same, and some say it of a wrong secret.
    let is_named = refusal.says(&[
        "grant",
        "flow",
        "authorized to",
        "not allowed",
        "service account",
        "using this method",
        "client type",
    ]);
    let says_nothing = refusal.text().is_empty();
    let is_sure = refusal.objection == Objection::Unauthorized && (is_named || says_nothing) || is_missing;
    let found = if is_sure { Found::high(title, next) } else { Found::medium(title, next) };
    let found = found.seen(refusal.event);
    Some(match &facts.settings.supported.grant_types {
        Some(types) if is_missing => found.detail(format!("The definition has {}.", types.join(", "))),
        _ => found,
    })
}

/// Returns whether the server offers a way to authenticate, or `None` if it does not say.
fn offers(facts: &Facts<'_>, method: &str) -> Option<bool> {
    Some(facts.settings.supported.auth_methods.as_ref()?.iter().any(|known| known == method))
}
