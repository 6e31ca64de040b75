//! The ID token: whose it is, and for whom (OpenID Connect Core §3.1.3.7).

use super::compare::Comparison;
use super::facts::Facts;
use super::finding::Found;
use super::pieces::json;
use crate::protocol::flow_record::{Tree, Value};

/// Returns the claims of the ID token that came, of a flow that failed.
pub fn claims<'r>(facts: &Facts<'r>) -> Option<(usize, &'r Tree)> {
    let (event, body) = facts.tokens().filter(|_| facts.failed() && facts.refusal.is_none())?;
    Some((event, &body.field("id_token")?.jwt()?.claims))
}

/// A nonce that is not the one that was sent.
pub fn nonce_differs(facts: &Facts<'_>) -> Option<Found> {
    let (event, claims) = claims(facts)?;
    let request = facts.authorization_request();
    let sent = request.iter().find(|(name, _)| *name == "nonce")?.1;
    let came = claims.get("nonce").and_then(Tree::value);
    let is_same = came.is_some_and(|came| same(came, sent));
    let next = format!("run `{}` again; if it stays so, the server mixes logins up", facts.login());
    let title = if came.is_some() {
        "The ID token has the nonce of another login"
    } else {
        "The ID token has no nonce, and one was sent"
    };
    (!is_same).then(|| Found::high(title, next).seen(event))
}

fn same(one: &Value, two: &Value) -> bool {
    match (one.hidden(), two.hidden()) {
        (Some(one), Some(two)) => one.mark == two.mark,
        _ => one.shown() == two.shown(),
    }
}

/// An ID token of another issuer.
pub fn id_token_issuer(facts: &Facts<'_>) -> Option<Found> {
    let (event, claims) = claims(facts)?;
    let comparison = Comparison::of(facts.settings.issuer.as_deref()?, "came", &claims.get("iss")?.text()?)?;
    let next = format!("if that is the provider's issuer, change `authorize.issuer` {}", facts.file());
    Some(Found::high("The ID token is from another issuer", next).seen(event).comparing(comparison))
}

/// An ID token for another client.
pub fn id_token_audience(facts: &Facts<'_>) -> Option<Found> {
    let (event, claims) = claims(facts)?;
    let id = facts.settings.client_id.as_ref()?.shown()?;
    let audience = audiences(claims.get("aud")?);
    if audience.iter().any(|aud| aud == id) {
        return None;
    }
    let next = format!("compare the client id `{id}` with the one {}", facts.page());
    let title = format!("The ID token is for `{}`, and not for this client", audience.join(" "));
    Some(Found::high(title, next).seen(event))
}

/// Returns `aud`, which is one text or a list.
pub fn audiences(aud: &Tree) -> Vec<String> {
    match json(aud) {
        serde_json::Value::String(one) => vec![one],
        serde_json::Value::Array(all) => all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// A signature that is wrong. The record has no signature, so the error has to say so.
pub fn id_token_signature(facts: &Facts<'_>) -> Option<Found> {
    let (event, _) = claims(facts)?;
    let error = facts.record.outcome.as_ref()?.error.join(" ").to_lowercase();
    if !error.contains("id token") || !error.contains("signature") {
        return None;
    }
    let next = format!(
        "check `jwks_url` and `issuer` under `[openid]` {}; if they are right, do not trust this server",
        facts.file()
    );
    Some(Found::high("The signature of the ID token is not the issuer's", next).seen(event))
}
