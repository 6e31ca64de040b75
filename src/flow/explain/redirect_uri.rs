//! The redirect URI: compared with every other spelling of it that the record has.

use super::compare::Comparison;
use super::facts::{Facts, Refusal};
use super::finding::Found;
use super::pieces::host;
use crate::flow::refusal::{Asked, Objection};
use crate::protocol::flow_record::{Arrival, Leg};

/// Another spelling: of the provider's page, in the server's words, in the authorization request, or where the browser
/// arrived.
pub fn redirect_uri_differs(facts: &Facts<'_>) -> Option<Found> {
    if !facts.failed() {
        return None;
    }
    let sent = sent(facts)?;
    let page = facts.page();
    let register = format!("register exactly `{sent}` {page}");
    let high = |comparison: Comparison| {
        let title = format!("The redirect URI is not the registered one: {} differs", comparison.words());
        let next = format!("{register}, or log in with `--redirect-uri {}`", comparison.other);
        Found::high(title, next).comparing(comparison)
    };
    if let Some(comparison) = facts.registered.and_then(|other| Comparison::of(&sent, "registered", other)) {
        let found = high(comparison);
        return Some(match facts.browser() {
            Some((index, _)) => found.seen_in(index, format!("redirect_uri={sent}")),
            None => found,
        });
    }
    if let Some(refusal) = facts.refusal.as_ref().filter(|refusal| is_about_it(refusal)) {
        let named = named_in(&refusal.text(), &sent);
        if let Some(comparison) = named.and_then(|other| Comparison::of(&sent, "server says", &other)) {
            return Some(high(comparison).seen(refusal.event));
        }
    }
    sent_twice(facts).or_else(|| other_place(facts, &sent))
}

/// A token request whose redirect URI is not that of its authorization request (RFC 6749 §4.1.3).
fn sent_twice(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref()?;
    let is_possible =
        refusal.asked == Asked::Token && matches!(refusal.objection, Objection::Grant | Objection::RedirectUri);
    let first = facts.authorization_request();
    let first = first.iter().find(|(name, _)| *name == "redirect_uri")?.1.shown()?;
    let comparison = Comparison::of(refusal.shown("redirect_uri")?, "first sent", first)?;
    let title = "The token request has another redirect URI than the authorization request";
    let next = format!("let both be the same: look at `names`, `omit` and `params` under `[token]` {}", facts.file());
    is_possible.then(|| Found::high(title, next).seen(refusal.event).comparing(comparison))
}

/// An answer that came to another place, so that it was not taken.
fn other_place(facts: &Facts<'_>, sent: &str) -> Option<Found> {
    let (event, arrival) = facts.arrival()?;
    let is_taken = facts.exchanges().iter().any(|(index, exchange)| *index > event && exchange.leg == Leg::Token);
    if is_taken || facts.refusal.is_some() {
        return None;
    }
    let place = place(arrival, sent)?;
    let wanted = sent.split(['?', '#']).next().unwrap_or_default();
    // `localhost` for 127.0.0.1, the slash and the case are taken as they come.
    let is_same = |one: &str, two: &str| {
        let plain = |text: &str| text.trim_end_matches('/').to_ascii_lowercase().replace("//localhost", "//127.0.0.1");
        plain(one) == plain(two)
    };
    if is_same(&place, wanted) {
        return None;
    }
    let comparison = Comparison::of(wanted, "came to", &place)?;
    let title = format!("The answer came to another address than the redirect URI: {} differs", comparison.words());
    let next = format!("log in with `--redirect-uri {place}`, or register exactly `{wanted}` {}", facts.page());
    Some(Found::high(title, next).seen(event).comparing(comparison))
}

fn place(arrival: &Arrival, sent: &str) -> Option<String> {
    let scheme = sent.split("://").next()?;
    Some(format!("{scheme}://{}{}", arrival.host.as_ref()?, arrival.path))
}

/// A refusal of the redirect URI that names no other one.
pub fn redirect_uri_refused(facts: &Facts<'_>) -> Option<Found> {
    if redirect_uri_differs(facts).is_some() {
        return None;
    }
    let refusal = facts.refusal.as_ref().filter(|refusal| is_about_it(refusal))?;
    let is_left_out = refusal.exchange.is_some()
        && !refusal.has("redirect_uri")
        && refusal.says(&["required", "missing", "must include", "not provided"]);
    let sent = refusal.shown("redirect_uri").map(str::to_owned).or_else(|| sent(facts)).filter(|_| !is_left_out);
    let Some(sent) = sent else {
        let next = format!("remove it from `omit` under `[{}]` {}", refusal.asked.section(), facts.file());
        return Some(Found::high("No redirect URI was sent", next).seen(refusal.event));
    };
    let next = format!("register exactly `{sent}` {}", facts.page());
    let found = Found::high("The server does not accept the redirect URI", next);
    Some(found.seen_in(refusal.event, format!("redirect_uri={sent}")).detail(HOW_THEY_DIFFER))
}

pub const HOW_THEY_DIFFER: &str = "Servers compare character by character: http or https, localhost or 127.0.0.1, the port, a slash \
                                   at the end, upper and lower case. `oauthctl explain --registered URI` shows the difference.";

fn is_about_it(refusal: &Refusal<'_>) -> bool {
    refusal.objection == Objection::RedirectUri
}

/// Returns the redirect URI that was sent.
pub fn sent(facts: &Facts<'_>) -> Option<String> {
    let request = facts.authorization_request();
    let sent = request.iter().find(|(name, _)| *name == "redirect_uri").and_then(|(_, value)| value.shown());
    sent.map(str::to_owned).or_else(|| facts.settings.redirect_uri.clone())
}

/// Returns the address that a server names beside the one that was sent: the one that it expects, where it says so.
fn named_in(text: &str, sent: &str) -> Option<String> {
    let is_edge = |c: char| c.is_whitespace() || "'\"`<>()[]{}|,;".contains(c);
    let mut before = String::new();
    let mut near = Vec::new();
    for word in text.split(is_edge).filter(|word| !word.is_empty()) {
        if word.starts_with("http://") || word.starts_with("https://") {
            let address = word.trim_end_matches(['.', ':', '…']).to_owned();
            let is_ours = ["sent", "got", "received", "given"].iter().any(|word| before.contains(word));
            let is_theirs = ["expect", "registered", "configured", "allowed"].iter().any(|word| before.contains(word));
            if !is_ours && (is_theirs && address != sent || is_near(&address, sent)) {
                near.push((!is_theirs, address));
            }
            before.clear();
        } else {
            before.push_str(&word.to_lowercase());
            before.push(' ');
        }
    }
    near.sort_by_key(|(is_worse, _)| *is_worse);
    near.into_iter().next().map(|(_, address)| address)
}

/// Returns `true` if an address may be meant as the redirect URI, and is not a page of help.
fn is_near(address: &str, sent: &str) -> bool {
    let path = |text: &str| {
        text.split("://").nth(1).and_then(|rest| rest.split_once('/')).map(|(_, path)| path.to_lowercase())
    };
    let plain = |text: &str| path(text).unwrap_or_default().trim_end_matches('/').to_owned();
    address != sent
        && (host(address) == host(sent)
            || plain(address) == plain(sent)
            || host(address).is_some_and(|host| host == "localhost"))
}
