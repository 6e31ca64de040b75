//! The answer at the redirect URI: whose it is, and what it brings.

use super::compare::Comparison;
use super::facts::Facts;
use super::finding::{Found, one_speaks};
use super::pieces::{fields_of, shown};
use crate::flow::refusal::{Asked, Objection};
use crate::protocol::flow_record::{Arrival, FlowKind, Leg, Value};

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
    let (event, arrival) = unused(facts).or_else(|| unusable(facts))?;
    let has = |name: &str| value(arrival, name).is_some();
    let (code, token, id_token) = (has("code"), has("access_token"), has("id_token"));
    let (title, grant) = match facts.settings.grant.as_deref()? {
        "authorization_code" if id_token && !code && !token => {
            ("An ID token came, and a code was asked for", "implicit")
        }
        "authorization_code" if token && !code => ("A token came, and a code was asked for", "implicit"),
        "implicit" if code && !token => ("A code came, and a token was asked for", "authorization-code"),
        _ => return None,
    };
    Some(Found::high(title, format!("run `{} --grant {grant}`", facts.login())).seen(event))
}

/// Returns what came last in a login that ended of it, if nothing was sent afterwards.
fn unusable<'r>(facts: &Facts<'r>) -> Option<(usize, &'r Arrival)> {
    let is_over = facts.record.flow == FlowKind::Login && facts.failed() && facts.ended_with(5);
    if !is_over
        || facts.refusal.is_some()
        || facts.last_exchange().is_some_and(|(_, exchange)| exchange.leg == Leg::Token)
    {
        return None;
    }
    facts.arrival().or_else(|| facts.strays().pop())
}

/// An answer that has what no answer has, or lacks what each has.
pub fn answer_unusable(facts: &Facts<'_>) -> Option<Found> {
    let narrower = [signed_answer, wrong_issuer, issuer_missing, token_in_place_of_code];
    if one_speaks(&narrower, facts) {
        return None;
    }
    let (event, arrival) = unusable(facts)?;
    let names: Vec<&str> = arrival.query.iter().chain(&arrival.form).map(|(name, _)| name.as_str()).collect();
    let count = |name: &str| names.iter().filter(|known| **known == name).count();
    let has = |name: &str| value(arrival, name).is_some_and(|value| value.shown() != Some(""));
    let repeated = ["code", "state", "error", "iss"].into_iter().find(|name| count(name) > 1);
    let request = facts.authorization_request();
    let sent = request.iter().find(|(name, _)| *name == "state").and_then(|(_, value)| value.hidden());
    let state = value(arrival, "state").and_then(Value::hidden);
    let other_state = sent.zip(state).is_some_and(|(sent, came)| sent.mark != came.mark);
    let (title, next) = match repeated {
        Some(name) => (
            format!("The answer has `{name}` more than once"),
            "something between the provider and here adds it: look at the address in the browser, and ask the provider"
                .to_owned(),
        ),
        None if other_state => (
            "The answer came with the `state` of this login changed".to_owned(),
            format!(
                "run `{}` again, and let the browser come back by itself: it was cut, or something was added",
                facts.login()
            ),
        ),
        None if !has("code") && !has("error") => (
            "The answer has neither a code nor an error".to_owned(),
            format!(
                "if the provider calls them otherwise, write `callback.names` {}; else ask the provider",
                facts.file()
            ),
        ),
        None => return None,
    };
    Some(Found::medium(title, next).seen_in(event, format!("came {}", names.join(", "))))
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
    let refusal = facts.refusal.as_ref();
    let refusal = refusal.filter(|refusal| matches!(refusal.objection, Objection::Denied | Objection::Policy))?;
    if refusal.objection == Objection::Policy {
        let next =
            format!("ask the administrator of the account or of its organization, and check the app {}", facts.page());
        let title = "A rule of the provider, or of the account's organization, refuses this user or this app";
        return Some(Found::high(title, next).seen(refusal.event).detail("Logging in again does not change it."));
    }
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
