//! Replies that are not the protocol's: a firewall's page, another address, a fault of the server.

use super::facts::Facts;
use super::finding::Found;
use super::pieces::{header, is_page};
use crate::flow::refusal::Objection;
use crate::protocol::flow_record::{Body, Exchange, Leg, Reply};

/// Marks of firewalls and of what stands before servers, in lower case.
const FIREWALLS: [&str; 18] = [
    "cloudflare",
    "attention required",
    "just a moment",
    "captcha",
    "access denied",
    "request blocked",
    "blocked",
    "akamai",
    "reference #",
    "incapsula",
    "imperva",
    "sucuri",
    "web application firewall",
    "waf",
    "mod_security",
    "modsecurity",
    "not acceptable",
    "bot",
];

fn page<'r>(facts: &Facts<'r>) -> Option<(usize, &'r Exchange, &'r Reply, String)> {
    let (event, exchange, reply) = facts.odd_reply().or_else(|| {
        let refusal = facts.api_refusal()?;
        Some((refusal.event, refusal.exchange, refusal.reply))
    })?;
    let text = match &reply.body {
        Some(Body::Text(text)) => text.to_lowercase(),
        _ => String::new(),
    };
    is_page(reply).then_some((event, exchange, reply, text))
}

/// A page of a firewall in place of a reply.
pub fn firewall_page(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange, reply, text) = page(facts)?;
    if !matches!(reply.status, 401 | 403 | 405..=406 | 409 | 418 | 429 | 503) {
        return None;
    }
    let server = header(&reply.headers, "server").unwrap_or_default().to_lowercase();
    let has = |name: &str| header(&reply.headers, name).is_some();
    let by_header = has("cf-ray")
        || has("cf-mitigated")
        || ["cloudflare", "akamai", "imperva", "sucuri"].iter().any(|name| server.contains(name));
    let by_words = FIREWALLS.iter().any(|mark| text.contains(mark));
    if reply.status == 405 && !by_header || !by_header && !by_words && reply.status != 403 {
        return None;
    }
    let title = "A firewall before the server refused the request with a page of its own";
    let next = format!(
        "change what it dislikes with `headers` {}, such as the User-Agent; or ask the provider to let this machine in",
        facts.file()
    );
    let found = if by_header || by_words { Found::high(title, next) } else { Found::medium(title, next) };
    let agent = header(&exchange.headers, "user-agent").map(|agent| format!("user-agent: {agent}"));
    Some(match agent {
        Some(agent) => found.seen_in(event, agent),
        None => found.seen(event),
    })
}

/// An endpoint that redirects, which is not followed with a secret.
pub fn endpoint_redirects(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange, reply) = facts.odd_reply()?;
    let target = reply.location.as_ref().filter(|_| (300..400).contains(&reply.status))?;
    let next = format!("write the address of the endpoint itself as `url` {}: {}", facts.file(), target.base);
    Some(Found::high(format!("{} redirects to {}", exchange.address.base, target.base), next).seen(event))
}

/// An address at which there is no such endpoint.
pub fn endpoint_not_there(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange, reply) =
        facts.last_exchange().and_then(|(index, exchange)| Some((index, exchange, exchange.reply.as_ref()?)))?;
    let asks_a_server = matches!(
        exchange.leg,
        Leg::Token
            | Leg::Refresh
            | Leg::DeviceCode
            | Leg::PushedRequest
            | Leg::Revocation
            | Leg::Introspection
            | Leg::Registration
    );
    // An error of the protocol has another reason, whatever its status.
    let named = facts.refusal.as_ref().is_some_and(|refusal| refusal.objection != Objection::Unknown);
    if !asks_a_server || named || !matches!(reply.status, 404 | 405 | 410 | 501) || firewall_page(facts).is_some() {
        return None;
    }
    let next = format!("write the address in the provider's guide as `url` {}", facts.file());
    let title = format!("There is no such endpoint at {}", exchange.address.base);
    Some(Found::high(title, next).seen(event))
}

/// A server that wants to be asked later.
pub fn server_busy(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange, reply) = status(facts, 429..=429)?;
    if firewall_page(facts).is_some() || exchange.leg == Leg::Api {
        return None;
    }
    Some(Found::high("The server asks to be asked later", wait(reply)).seen(event))
}

pub fn wait(reply: &Reply) -> String {
    match header(&reply.headers, "retry-after") {
        Some(after) if after.bytes().all(|byte| byte.is_ascii_digit()) => format!("wait {after} s, then try again"),
        Some(after) => format!("wait until {after}, then try again"),
        None => "wait a while, then try again".to_owned(),
    }
}

/// A fault on the server's side.
pub fn server_fault(facts: &Facts<'_>) -> Option<Found> {
    let (event, _, reply) = status(facts, 500..=599)?;
    if endpoint_not_there(facts).is_some() || firewall_page(facts).is_some() {
        return None;
    }
    Some(Found::high("The server failed; the fault is on its side", wait(reply)).seen(event))
}

/// The last reply, if its status is one of these.
fn status<'r>(facts: &Facts<'r>, range: std::ops::RangeInclusive<u16>) -> Option<(usize, &'r Exchange, &'r Reply)> {
    let (event, exchange) = facts.last_exchange()?;
    let reply = exchange.reply.as_ref().filter(|reply| range.contains(&reply.status))?;
    Some((event, exchange, reply))
}

/// A page with any other status: of maintenance, of a login, of another site.
pub fn page_in_place_of_reply(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange, ..) = page(facts)?;
    let narrower = [firewall_page, endpoint_not_there, server_fault, server_busy, endpoint_redirects];
    if narrower.iter().any(|rule| rule(facts).is_some()) || exchange.leg == Leg::Api {
        return None;
    }
    let next =
        format!("open {} in a browser: it may be a page of maintenance, or the wrong address", exchange.address.base);
    Some(Found::high("A web page came in place of the server's reply", next).seen(event))
}

/// A reply with status 200 that has neither a token nor an error.
pub fn reply_without_token(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange, reply) = facts.odd_reply()?;
    let is_asked = matches!(exchange.leg, Leg::Token | Leg::Refresh) && (200..300).contains(&reply.status);
    let has_token = reply.body.as_ref().is_some_and(|body| body.field("access_token").is_some());
    if !is_asked || has_token || is_page(reply) {
        return None;
    }
    let title = match reply.body {
        None => "The reply of the token endpoint is empty",
        Some(_) => "The reply of the token endpoint has no `access_token`",
    };
    let next = format!(
        "if the provider names its members otherwise, write `token.response` {}; else ask the provider",
        facts.file()
    );
    Some(Found::medium(title, next).seen(event))
}
