//! The authorization code and the device code: used twice, too late, or not taken.

use super::facts::{Facts, Refusal};
use super::finding::Found;
use super::line::seconds;
use crate::flow::refusal::{Asked, EXPIRED, Objection, USED, VAGUE, Wording};
use crate::protocol::flow_record::{Leg, Value};

/// RFC 6749 §4.1.2 recommends ten minutes at most; many servers give one, or less.
const LONG: u64 = 60_000;

/// A token request with a code that was refused for its grant.
fn refused_code<'f, 'r>(facts: &'f Facts<'r>) -> Option<&'f Refusal<'r>> {
    let refusal = facts.refusal.as_ref()?;
    (refusal.asked == Asked::Token && refusal.objection == Objection::Grant && refusal.has("code")).then_some(refusal)
}

/// A device code that was refused, and not for its end.
fn refused_device_code<'f, 'r>(facts: &'f Facts<'r>) -> Option<&'f Refusal<'r>> {
    let refusal = facts.refusal.as_ref().filter(|_| device_code_expired(facts).is_none())?;
    let is_it = refusal.objection == Objection::Grant
        || matches!(&refusal.objection, Objection::Parameter(name) if name == "device_code");
    (refusal.has("device_code") && is_it).then_some(refusal)
}

/// Returns the milliseconds from the answer to the request that exchanged it.
fn waited(facts: &Facts<'_>, refusal: &Refusal<'_>) -> Option<u64> {
    let (arrived, _) = facts.arrival()?;
    let at = |index: usize| facts.record.events.get(index).map(|event| event.at);
    at(refusal.event)?.checked_sub(at(arrived)?)
}

fn again(facts: &Facts<'_>) -> String {
    format!("run `{}` again, and let the browser come back by itself", facts.login())
}

/// A code that had been exchanged before.
pub fn code_used_twice(facts: &Facts<'_>) -> Option<Found> {
    let refusal = refused_code(facts)?;
    let title = "The code had been used before";
    // "Not found, or used already" leaves it open.
    if refusal.says(USED) && !refusal.says(&["not found or", "could be because", "or has expired", "or expired"]) {
        return Some(Found::high(title, again(facts)).seen(refusal.event));
    }
    let code = refusal.sent.iter().find(|(name, _)| *name == "code")?.1;
    let same = |other: Option<&Value>| other.is_some_and(|other| mark(other) == mark(code) && mark(code).is_some());
    let exchanges = facts.of_leg(Leg::Token).into_iter();
    let mut earlier = exchanges.filter(|(index, exchange)| {
        *index < refusal.event && same(exchange.body.as_ref().and_then(|body| body.field("code")))
    });
    if let Some((earlier, _)) = earlier.next_back() {
        return Some(Found::high(title, again(facts)).seen(earlier).seen(refusal.event));
    }
    let (arrived, _) = facts.arrival()?;
    let twice = facts
        .strays()
        .into_iter()
        .find(|(_, arrival)| same(arrival.query.iter().find(|(name, _)| name == "code").map(|(_, value)| value)));
    let (stray, _) = twice?;
    let found = Found::medium("The code may have been used before: it came twice", again(facts));
    Some(found.seen(arrived).seen(stray).seen(refusal.event))
}

fn mark(value: &Value) -> Option<&str> {
    value.hidden().map(|hidden| hidden.mark.as_str())
}

/// A code that came too late.
pub fn code_expired(facts: &Facts<'_>) -> Option<Found> {
    let refusal = refused_code(facts)?;
    if code_used_twice(facts).is_some() {
        return None;
    }
    let waited = waited(facts, refusal);
    let words = waited.map(|waited| format!(", {} s after it came", seconds(waited))).unwrap_or_default();
    let title = format!("The code had expired{words}");
    // The code of the error, `invalid_grant`, is one of those words.
    let text = Wording::new([refusal.text().as_str()]);
    let says_more = text.has(VAGUE) || text.lists_things() || refusal.text().is_empty() && refusal.says(VAGUE);
    let is_late = waited.is_some_and(|waited| waited >= LONG);
    let found = match (refusal.says(EXPIRED), says_more, is_late) {
        (true, false, _) => Found::high(title, again(facts)),
        (_, _, true) => Found::medium(title, again(facts)),
        _ => return None,
    };
    Some(found.seen(refusal.event))
}

/// A device's code that was not confirmed in time.
pub fn device_code_expired(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let is_over = refusal.error.code == "expired_token" || refusal.has("device_code") && refusal.says(EXPIRED);
    let is_expired = is_over && !refusal.says(&["incorrect", "or expired"]);
    let next = format!("run `{}` again, and type the new code while it is valid", facts.login());
    let found = || Found::high("The device code expired before it was confirmed", next);
    is_expired.then(|| found().seen(refusal.event))
}

/// A code that the server does not take, for a reason that it does not tell.
pub fn code_refused(facts: &Facts<'_>) -> Option<Found> {
    if let Some(refusal) = refused_device_code(facts) {
        let next = format!("run `{}` again, and type the new code", facts.login());
        let title = "The server does not know the device code any more: it is over, or its token was given out";
        return Some(Found::medium(title, next).seen(refusal.event));
    }
    let refusal = refused_code(facts)?;
    if code_used_twice(facts).is_some()
        || code_expired(facts).is_some()
        || super::redirect_uri::redirect_uri_differs(facts).is_some()
    {
        return None;
    }
    let title = match refusal.text().is_empty() {
        true => "The server does not take the code, and does not say why",
        false => "The server does not take the code",
    };
    let found = Found::medium(title, again(facts)).seen(refusal.event);
    let waited = waited(facts, refusal).map(|waited| format!("It was sent {} s after it came, once.", seconds(waited)));
    let same = refusal.shown("redirect_uri").map(|uri| format!("The redirect URI is `{uri}` in both requests."));
    let pkce = match (refusal.has("code_verifier"), facts.settings.pkce) {
        (true, _) => "The PKCE verifier was sent with it.",
        (false, true) => "No PKCE verifier was sent, and a challenge was.",
        (false, false) => "PKCE was not used.",
    };
    let found = [waited, same].into_iter().flatten().fold(found, Found::detail);
    Some(
        found
            .detail(pkce)
            .detail("A code works once, soon expires, and belongs to its client, redirect URI and verifier."),
    )
}
