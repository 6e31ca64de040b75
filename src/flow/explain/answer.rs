//! The answer at the redirect URI: whose it is, and what it brings.

use super::compare::Comparison;
use super::facts::Facts;
use super::finding::Found;
use super::pieces::{fields_of, shown};
use crate::flow::refusal::{Asked, Objection};
use crate::protocol::flow_record::{Arrival, Leg, Value};

/// Returns an answer with this login's state that was not used.
fn unused<'r>(facts: &Facts<'r>) -> Option<(usize, &'r Arrival)> {
    let (event, arrival) = facts.arrival().filter(|_| facts.failed())?;
    let is_used = facts.exchanges().iter().any(|(index, exchange)| *index > event && exchange.leg == Leg::Token);
    (!is_used && facts.refusal.is_none()).then_some((event, arrival))
}

fn value<'a>(arrival: &'a Arrival, name: &str) -> Option<&'a Value> {
    arrival.query.iter().chain(&arrival.form).find(|(known, _)| known == name).map(|(_, value)| value)
}

/// An answer inside a JWT (JARM).
pub fn signed_answer(facts: &Facts<'_>) -> Option<Found> {
    let all = facts.arrival().into_iter().chain(facts.strays()).filter(|_| facts.failed());
    let (event, _) = all.into_iter().find(|(_, arrival)| {
        value(arrival, "response").is_some() && value(arrival, "code").is_none() && value(arrival, "error").is_none()
    })?;
    let request = facts.authorization_request();
    let mode = request.iter().find(|(name, _)| *name == "response_mode").and_then(|(_, value)| value.shown());
    let sent = mode.map(|mode| format!("`response_mode={mode}` was sent: ")).unwrap_or_default();
    let next = format!("{sent}take it out of `params` under `[authorize]` {}", facts.file());
    let found = Found::high("The answer is a signed JWT (JARM), which is not verified here", next).seen(event);
    Some(if mode.is_some() {
        found
    } else {
        found.detail("No `response_mode` was sent; the app may be set to signed answers.")
    })
}

/// An answer of another issuer than the definition's.
pub fn wrong_issuer(facts: &Facts<'_>) -> Option<Found> {
    let (event, arrival) = unused(facts)?;
    let issuer = facts.settings.issuer.as_deref()?;
    let named = |(name, value): &(String, Value)| (name == "iss").then(|| value.shown().map(str::to_owned))?;
    let issuers: Vec<String> = arrival.query.iter().chain(&arrival.form).filter_map(named).collect();
    let other = issuers.iter().find(|other| *other != issuer)?;
    let comparison = Comparison::of(issuer, "came", other)?;
    let next = format!("if that is the provider's issuer now, change `authorize.issuer` {}", facts.file());
    let found = Found::high("The answer names another issuer than the provider's", next).seen(event);
    Some(found.comparing(Comparison { sent: comparison.sent.clone(), ..comparison }))
}

/// An answer without an issuer, of a server that has one.
pub fn issuer_missing(facts: &Facts<'_>) -> Option<Found> {
    let (event, arrival) = unused(facts)?;
    let has = |name: &str| value(arrival, name).is_some_and(|value| value.shown() != Some(""));
    let brings = has("code") || has("access_token");
    if facts.settings.issuer.is_none() || has("iss") || !brings {
        return None;
    }
    let next = format!("if the provider sends none, write `callback.iss = \"may-be-missing\"` {}", facts.file());
    Some(Found::high("The answer does not name its issuer (`iss`)", next).seen(event))
}

/// A token where a code was asked for, or the other way round.
pub fn token_in_place_of_code(facts: &Facts<'_>) -> Option<Found> {
    let (event, arrival) = unused(facts)?;
    let (code, token) = (value(arrival, "code").is_some(), value(arrival, "access_token").is_some());
    let (title, grant) = match facts.settings.grant.as_deref()? {
        "authorization_code" if token && !code => ("A token came, and a code was asked for", "implicit"),
        "implicit" if code && !token => ("A code came, and a token was asked for", "authorization-code"),
        _ => return None,
    };
    Some(Found::high(title, format!("run `{} --grant {grant}`", facts.login())).seen(event))
}

/// A stray that claims to be an answer.
fn claim<'r>(facts: &Facts<'r>, with_state: bool) -> Option<(usize, &'r Arrival)> {
    if !facts.ended_with(6) || facts.arrival().is_some() {
        return None;
    }
    facts.strays().into_iter().find(|(_, arrival)| {
        let has = |name: &str| value(arrival, name).is_some_and(|value| value.shown() != Some(""));
        ["code", "access_token", "error"].iter().any(|name| has(name)) && has("state") == with_state
    })
}

/// An answer without a state. It may be anybody's.
pub fn state_missing(facts: &Facts<'_>) -> Option<Found> {
    let (event, arrival) = claim(facts, false)?;
    if value(arrival, "error").is_some() {
        let next = "look at the provider's page for its reason; with an error, too, it has to return the `state`";
        return Some(Found::medium("An error came without the `state` of this login", next).seen(event));
    }
    let next = format!("if that was your approval, run `{} --allow-missing-state`", facts.login());
    Some(Found::medium("An answer came without the `state` that was sent", next).seen(event))
}

/// An answer with another state.
pub fn state_of_another_login(facts: &Facts<'_>) -> Option<Found> {
    let (event, _) = claim(facts, true)?;
    let next = format!("close the tabs of earlier logins, and run `{}` again", facts.login());
    Some(Found::medium("An answer came with the `state` of another login", next).seen(event))
}

/// A server that wants to show a page, and must not.
pub fn interaction_required(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Interaction)?;
    Some(match refusal.shown("prompt") {
        Some(prompt) => {
            let title = format!("The server wants to show a page, and `prompt={prompt}` forbids it");
            Found::high(title, format!("take `prompt` out of `params` under `[authorize]` {}", facts.file()))
                .seen(refusal.event)
        }
        None => {
            let next = format!("run `{}` again, and answer the server's page in the browser", facts.login());
            Found::high("The server wants the user to sign in or to consent again", next).seen(refusal.event)
        }
    })
}

/// The person, or a server, said no.
pub fn denied(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Denied)?;
    let with_person =
        refusal.asked == Asked::Authorization || refusal.asked == Asked::Device || refusal.has("device_code");
    let next = match with_person {
        true => {
            format!("run `{}` again and approve; if you did, a policy of the provider refuses the app", facts.login())
        }
        false => format!("check the app and the user {}", facts.page()),
    };
    Some(Found::high("The access was denied on the provider's page", next).seen(refusal.event))
        .filter(|_| with_person)
        .or_else(|| {
            let next = format!("check the app's permissions {}", facts.page());
            Some(Found::medium("The provider refuses this app or this user", next).seen(refusal.event))
        })
}

/// Returns the text of a parameter that arrived.
pub fn arrived(arrival: &Arrival, name: &str) -> Option<String> {
    shown(&fields_of(arrival), name)
}
