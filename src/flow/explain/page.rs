//! Replies that are not the protocol's: a firewall's page, another address, a fault of the server.

use super::facts::Facts;
use super::finding::{Found, one_speaks};
use super::pieces::{header, host, is_from_firewall, is_page};
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
    (is_page(reply) || is_from_firewall(reply)).then_some((event, exchange, reply, text))
}

/// A page of a firewall in place of a reply.
pub fn firewall_page(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange, reply, text) = page(facts)?;
    if !matches!(reply.status, 401 | 403 | 405..=406 | 409 | 418 | 429 | 503) {
        return None;
    }
    let by_header = is_from_firewall(reply);
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
    if is_elsewhere(&exchange.address.base, &target.base) {
        let place = host(&target.base).unwrap_or_default();
        let title = format!(
            "The request was sent on to {place}: a proxy, or the login page of this network, may be in the way"
        );
        let next = "open any web page in a browser, and sign in to the network if it asks for it; then try again";
        return Some(Found::medium(title, next).seen(event));
    }
    let next = format!("write the address of the endpoint itself as `url` {}: {}", facts.file(), target.base);
    Some(Found::high(format!("{} redirects to {}", exchange.address.base, target.base), next).seen(event))
}

/// Returns `true` for an address that shares neither the domain nor the end of the path: a server that moves keeps one.
fn is_elsewhere(from: &str, to: &str) -> bool {
    let domain = |address: &str| {
        let host = host(address).unwrap_or_default();
        let labels: Vec<String> = host.rsplit('.').take(2).map(str::to_owned).collect();
        labels
    };
    let last = |address: &str| address.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    domain(from) != domain(to) && last(from) != last(to)
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
    let by_word = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Unavailable);
    if let Some((event, reply)) = by_word.and_then(|refusal| Some((refusal.event, refusal.exchange?.reply.as_ref()?))) {
        let is_fault = reply.status >= 500;
        return (!is_fault).then(|| Found::high("The server asks to be asked later", wait(reply)).seen(event));
    }
    if let Some(refusal) = by_word {
        let next = format!("wait a while, then run `{}` again", facts.login());
        return Some(Found::high("The server asks to be asked later", next).seen(refusal.event));
    }
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
    let by_word = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::ServerFault);
    if let Some(refusal) = by_word {
        let title = "The server failed; the fault is on its side";
        return Some(Found::high(title, format!("try `{}` again later", facts.login())).seen(refusal.event));
    }
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
    if one_speaks(&narrower, facts) || exchange.leg == Leg::Api {
        return None;
    }
    let next =
        format!("open {} in a browser: it may be a page of maintenance, or the wrong address", exchange.address.base);
    Some(Found::high("A web page came in place of the server's reply", next).seen(event))
}

/// A reply with status 200 that has neither a token nor an error.
pub fn reply_without_token(facts: &Facts<'_>) -> Option<Found> {
    let (event, exchange, reply) = facts.odd_reply()?;
    let (endpoint, member, key) = match exchange.leg {
        Leg::Token | Leg::Refresh => ("token", "access_token", "token.response"),
        Leg::DeviceCode => ("device authorization", "device_code", "device.response"),
        Leg::PushedRequest => ("pushed authorization request", "request_uri", "par.url"),
        _ => return None,
    };
    let has_it = reply.body.as_ref().is_some_and(|body| body.field(member).is_some());
    if !(200..300).contains(&reply.status) || has_it || is_page(reply) {
        return None;
    }
    let title = match reply.body {
        None => format!("The reply of the {endpoint} endpoint is empty"),
        Some(_) => format!("The reply of the {endpoint} endpoint has no `{member}`"),
    };
    let next = match exchange.leg {
        Leg::PushedRequest => format!("check `{key}` {}: another address may answer", facts.file()),
        _ => format!(
            "if the provider names its members otherwise, write `{key}` {}; else ask the provider",
            facts.file()
        ),
    };
    Some(Found::medium(title, next).seen(event))
}
