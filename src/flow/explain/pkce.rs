//! PKCE (RFC 7636): demanded, not known, or with another verifier.

use super::facts::Facts;
use super::finding::Found;
use crate::flow::refusal::{Asked, Objection};

fn sends_challenge(facts: &Facts<'_>) -> bool {
    facts.settings.pkce || facts.authorization_request().iter().any(|(name, _)| *name == "code_challenge")
}

/// A server that wants it, and a request without.
pub fn pkce_required(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    if refusal.objection != Objection::Pkce || sends_challenge(facts) || refusal.has("code_verifier") {
        return None;
    }
    let next = format!("write `pkce = \"S256\"` under `[authorize]` {}", facts.file());
    Some(Found::high("The server requires PKCE, and it was not used", next).seen(refusal.event))
}

/// A verifier that is not the challenge's.
pub fn pkce_verifier_differs(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let is_it = refusal.asked == Asked::Token && refusal.objection == Objection::Pkce && refusal.has("code_verifier");
    if !is_it || refusal.says(&["not supported", "unsupported", "not allowed", "unexpected", "unknown parameter"]) {
        return None;
    }
    let next = format!("run `{}` again, and finish it in the tab that it opens", facts.login());
    let found = Found::high("The code belongs to another PKCE challenge", next).seen(refusal.event);
    Some(found.detail("The code is another login's, or something between here and the server changed the challenge."))
}

/// A server that does not know it, or not S256.
pub fn pkce_unsupported(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    if !sends_challenge(facts) || pkce_verifier_differs(facts).is_some() {
        return None;
    }
    let is_named = refusal.objection == Objection::Pkce
        || matches!(&refusal.objection, Objection::Parameter(name) if name.starts_with("code_challenge"));
    let methods = facts.settings.supported.pkce_methods.as_ref();
    let is_missing = methods.is_some_and(|methods| !methods.iter().any(|method| method == "S256"));
    let is_vague = refusal.objection == Objection::Unknown && refusal.error.code == "invalid_request";
    if !(is_named || is_missing && is_vague) {
        return None;
    }
    let next = format!(
        "write `pkce = \"off\"` under `[authorize]` {}, if the provider's guide does not have PKCE",
        facts.file()
    );
    let title = "The server does not accept the PKCE challenge (S256)";
    let found = if is_named { Found::high(title, next) } else { Found::medium(title, next) }.seen(refusal.event);
    Some(match methods {
        Some(methods) => found.detail(format!("The definition has {}.", listed(methods))),
        None => found,
    })
}

fn listed(methods: &[String]) -> String {
    if methods.is_empty() { "no PKCE".to_owned() } else { methods.join(", ") }
}
