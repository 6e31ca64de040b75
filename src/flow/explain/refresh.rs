//! Refresh tokens: spent twice, or over.

use super::facts::{Facts, Refusal};
use super::finding::Found;
use crate::flow::refusal::{Asked, Objection, REUSED};
use crate::protocol::flow_record::{Leg, Value};

fn refused<'f, 'r>(facts: &'f Facts<'r>) -> Option<&'f Refusal<'r>> {
    let refusal = facts.refusal.as_ref()?;
    (refusal.asked == Asked::Refresh && refusal.objection == Objection::Grant).then_some(refusal)
}

/// A refresh token that was spent before. Servers take that for theft, and end the whole login.
pub fn refresh_token_reused(facts: &Facts<'_>) -> Option<Found> {
    let refusal = refused(facts)?;
    let next = format!("run `{}`, and let one place alone refresh this login", facts.login());
    let title = "The refresh token had been spent before, and the server ended the login";
    if refusal.says(REUSED) {
        return Some(Found::high(title, next).seen(refusal.event).detail(HOW));
    }
    let mark = |value: &Value| value.hidden().map(|hidden| hidden.mark.clone());
    let spent = |body: Option<&crate::protocol::flow_record::Body>| {
        body.and_then(|body| body.field("refresh_token")).and_then(mark)
    };
    let now = refusal.sent.iter().find(|(name, _)| *name == "refresh_token").and_then(|(_, value)| mark(value))?;
    let earlier = facts.of_leg(Leg::Refresh).into_iter().find(|(index, exchange)| {
        let went_well = exchange.reply.as_ref().is_none_or(|reply| reply.status < 300);
        *index < refusal.event && went_well && spent(exchange.body.as_ref()) == Some(now.clone())
    })?;
    Some(Found::high(title, next).seen(earlier.0).seen(refusal.event).detail(HOW))
}

const HOW: &str =
    "A copy of the login on another machine, an old backup, or a refresh whose reply was lost can have spent it.";

/// A refresh token that the server no longer takes, for a reason that it does not tell.
pub fn refresh_token_ended(facts: &Facts<'_>) -> Option<Found> {
    let refusal = refused(facts)?;
    if refresh_token_reused(facts).is_some() {
        return None;
    }
    let title = match (refusal.says(&["expired"]), refusal.says(&["revoked"])) {
        (true, false) => "The refresh token has expired",
        (false, true) => "The refresh token was revoked",
        _ => "The refresh token is no longer valid: revoked elsewhere, expired, or spent by a copy of the login",
    };
    Some(Found::medium(title, format!("run `{}`", facts.login())).seen(refusal.event))
}
