//! What servers publish: metadata, and the registration of clients.

use super::compare::Comparison;
use super::facts::Facts;
use super::finding::Found;
use super::pieces::error_of;
use crate::protocol::flow_record::{Exchange, Leg};

/// The metadata that a flow ended with, if it got no further.
fn last_metadata<'r>(facts: &Facts<'r>) -> Option<(usize, &'r Exchange)> {
    facts.last_exchange().filter(|(_, exchange)| exchange.leg == Leg::Discovery)
}

/// Returns the issuer whose metadata is at an address (RFC 8414 §3.1, OpenID Connect Discovery §4).
fn issuer_of(address: &str) -> Option<String> {
    let (before, after) = address.split_once("/.well-known/")?;
    let kinds = ["oauth-authorization-server", "openid-configuration", "oauth-protected-resource"];
    let rest = kinds.iter().find_map(|kind| after.strip_prefix(kind))?;
    Some(format!("{before}{rest}"))
}

/// Metadata that names another issuer than the one asked.
pub fn metadata_of_another_issuer(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange) = last_metadata(facts)?;
    let said = exchange.reply.as_ref()?.body.as_ref()?.shown("issuer")?;
    let asked = issuer_of(&exchange.address.base)?;
    if said.trim_end_matches('/') == asked.trim_end_matches('/') {
        return None;
    }
    let comparison = Comparison::of(&asked, "it says", &said)?;
    let next = format!("if that is the server you mean, use `{said}` as the issuer");
    Some(Found::high("The metadata is another issuer's than the one asked", next).seen(event).comparing(comparison))
}

/// Metadata of a resource that is another than the one asked.
pub fn resource_metadata_differs(facts: &Facts<'_>) -> Option<Found> {
    let is_of_resource =
        |(_, exchange): &(usize, &Exchange)| exchange.address.base.contains("/.well-known/oauth-protected-resource");
    let (event, exchange) =
        facts.of_leg(Leg::Discovery).into_iter().rfind(is_of_resource).filter(|_| facts.failed())?;
    // It got further.
    if facts.browser().is_some() || facts.refusal.is_some() {
        return None;
    }
    let said = exchange.reply.as_ref()?.body.as_ref()?.shown("resource")?;
    let asked = issuer_of(&exchange.address.base)?;
    let plain = |text: &str| text.trim_end_matches('/').to_owned();
    if plain(&said) == plain(&asked) || plain(&asked).starts_with(&plain(&said)) {
        return None;
    }
    let comparison = Comparison::of(&asked, "it says", &said)?;
    let next = format!("log in with the address that it names, if you trust it: `oauthctl login {said}`");
    Some(
        Found::high("The metadata is about another resource than the one asked", next)
            .seen(event)
            .comparing(comparison),
    )
}

/// A server that publishes no metadata.
pub fn metadata_missing(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange) = last_metadata(facts)?;
    let reply = exchange.reply.as_ref()?;
    let has_metadata = reply
        .body
        .as_ref()
        .is_some_and(|body| ["issuer", "resource", "token_endpoint"].iter().any(|name| body.shown(name).is_some()));
    if has_metadata || metadata_of_another_issuer(facts).is_some() {
        return None;
    }
    let next = "compare the address with the provider's guide; without metadata, `oauthctl providers new ID` drafts a definition by hand";
    Some(Found::medium(format!("No metadata came from {}", exchange.address.base), next).seen(event))
}

/// A server that does not register the client.
pub fn registration_refused(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange) = facts.last_exchange().filter(|(_, exchange)| exchange.leg == Leg::Registration)?;
    let reply = exchange.reply.as_ref().filter(|reply| reply.status >= 400)?;
    let words =
        error_of(reply).and_then(|error| error.description).map(|words| format!(": \"{words}\"")).unwrap_or_default();
    let next = "register the app on the provider's own page, and log in with `--client-id ID`";
    Some(Found::high(format!("The server refuses to register a client{words}"), next).seen(event))
}
