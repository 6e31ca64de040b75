//! What the record does not explain: an answer that never came, and a refusal without a known reason.

use super::facts::Facts;
use super::finding::Found;
use super::redirect_uri::{HOW_THEY_DIFFER, sent};
use crate::protocol::flow_record::{FlowKind, Leg};

/// A login to which no answer came. An error on the provider's page looks like that, too.
pub fn nothing_came(facts: &Facts<'_>) -> Option<Found> {
    let (event, _) = facts.browser()?;
    let answered = facts.arrival().is_some() || facts.refusal.is_some() || facts.failure().is_some();
    if facts.record.flow != FlowKind::Login || answered || !facts.failed() || !facts.ended_with(6) {
        return None;
    }
    let request = facts.authorization_request();
    let value = |name: &str| request.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
    let title = match facts.record.outcome {
        Some(_) => "No answer came: the consent was not given, or the provider showed an error on its own page",
        None => "The login was ended before an answer came",
    };
    let next = match facts.settings.app_page.as_deref() {
        Some(page) => format!("compare what was sent with {page}; `oauthctl explain --registered URI` compares the redirect URI"),
        None => "compare what was sent with the provider's page for the app; `oauthctl explain --registered URI` compares the redirect URI".to_owned(),
    };
    let mut found = Found::low(title, next).seen(event);
    let shown = [
        ("client id", value("client_id")),
        ("redirect URI", sent(facts)),
        ("response type", value("response_type")),
        ("scopes", value("scope")),
    ];
    for (name, value) in shown {
        found = found.detail(format!("{name}: {}", value.unwrap_or_else(|| "not sent".to_owned())));
    }
    if let Some(registered) = facts.registered.filter(|registered| sent(facts).as_deref() == Some(*registered)) {
        return Some(found.detail(format!("The redirect URI is the registered one, `{registered}`.")));
    }
    Some(found.detail(HOW_THEY_DIFFER))
}

/// A device's code that was not typed in time.
pub fn device_not_confirmed(facts: &Facts<'_>) -> Option<Found> {
    let (event, _) = facts.of_leg(Leg::DeviceCode).pop().filter(|_| facts.failed() && facts.ended_with(6))?;
    let is_told = facts.refusal.is_some() || facts.failure().is_some();
    let next = format!("run `{}` again, and type the code on the page that it names", facts.login());
    (!is_told).then(|| Found::low("The device code was not confirmed in time", next).seen(event))
}

/// A refusal that no other rule knows. It is asked last, if none of them has spoken.
pub fn refused(facts: &Facts<'_>) -> Option<Found> {
    let Some(refusal) = facts.refusal.as_ref() else { return api_refused(facts) };
    let said = [refusal.error.code.clone(), refusal.text()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(": ");
    let said = match (said.is_empty(), refusal.exchange.and_then(|exchange| exchange.reply.as_ref())) {
        (true, Some(reply)) => format!("status {}, and it does not say why", reply.status),
        _ => said,
    };
    let names: Vec<&str> = refusal.sent.iter().map(|(name, _)| *name).collect();
    let found = Found::low(
        format!("The server refused the request: {said}"),
        "compare what was sent with the provider's guide",
    );
    Some(found.seen_in(refusal.event, format!("sent {}", names.join(", "))))
}

/// An API that refuses the request for a reason of its own.
fn api_refused(facts: &Facts<'_>) -> Option<Found> {
    let Some(refusal) = facts.api_refusal() else { return told(facts) };
    let said = refusal.said();
    let said = if said.is_empty() { "it does not say why".to_owned() } else { said };
    if refusal.has_no_such_path() {
        let title = format!("There is nothing at {}, or this token may not see it", refusal.exchange.address.base);
        let next = "check the path and the method; `oauthctl scopes` shows what the token may do";
        return Some(Found::low(title, next).seen_in(refusal.event, said));
    }
    let title = format!("The API refuses the request with status {}: {said}", refusal.reply.status);
    let next = "look at the reply, and compare the request with the API's guide: `oauthctl call … --dry-run` prints it";
    Some(Found::low(title, next).seen(refusal.event))
}

/// What the command itself said, where the record has nothing else.
fn told(facts: &Facts<'_>) -> Option<Found> {
    let outcome = facts.record.outcome.as_ref().filter(|_| facts.failed())?;
    let last = facts.record.events.len().checked_sub(1)?;
    let next = outcome.hint.as_ref()?.lines().next()?.to_owned();
    Some(Found::low(outcome.error.last()?.clone(), next).seen(last))
}
