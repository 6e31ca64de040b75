//! The lines of a record: the timeline, and the evidence of a finding.

use serde::Serialize;

use super::pieces;
use crate::protocol::flow_record::{
    Address, Arrival, Body, Event, Exchange, Fields, FlowRecord, Leg, Opener, Reply, Settings, Tree, Value, What,
};

/// One entry of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Milliseconds since the flow started.
    #[serde(rename = "at_ms")]
    pub at: u64,
    /// A word: `settings`, `token`, `browser`, `redirect` …
    pub what: &'static str,
    /// What happened, in one line.
    pub text: String,
    /// What was sent, what came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// Returns the time since the start as people read it: `3.125`.
pub fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// Returns the timeline of a record.
pub fn lines(record: &FlowRecord) -> Vec<Line> {
    record.events.iter().map(line).collect()
}

fn line(event: &Event) -> Line {
    let details = match &event.what {
        What::Settings(settings) => settings_details(settings),
        What::Exchange(exchange) => exchange_details(exchange),
        What::Browser { address, .. } => with_label("sent", &address_fields(address), "  "),
        What::Redirect(arrival) | What::Stray { arrival, .. } => with_label("came", &arrival_fields(arrival), "  "),
        What::Decision { .. } => Vec::new(),
    };
    Line { at: event.at, what: word(event), text: text(event), details }
}

/// Returns an event in one line: `token: POST https://acme.example/token → 400 invalid_grant`.
pub fn headline(event: &Event) -> String {
    format!("{}: {}", word(event), text(event))
}

fn word(event: &Event) -> &'static str {
    match &event.what {
        What::Settings(_) => "settings",
        What::Exchange(exchange) => leg(exchange.leg),
        What::Browser { .. } => "browser",
        What::Redirect(_) => "redirect",
        What::Stray { .. } => "stray",
        What::Decision { .. } => "decision",
    }
}

fn leg(leg: Leg) -> &'static str {
    match leg {
        Leg::Discovery => "metadata",
        Leg::Registration => "register",
        Leg::PushedRequest => "push",
        Leg::DeviceCode => "device",
        Leg::Token => "token",
        Leg::Refresh => "refresh",
        Leg::Revocation => "revoke",
        Leg::Introspection => "introspect",
        Leg::Userinfo => "userinfo",
        Leg::Keys => "keys",
        Leg::Api => "api",
        Leg::Other => "request",
    }
}

fn text(event: &Event) -> String {
    match &event.what {
        What::Settings(settings) => {
            let grant = settings.grant.as_deref().unwrap_or("grant unknown");
            let client = settings.client_id.as_ref().map(|id| format!(", client id {}", value(id))).unwrap_or_default();
            let pkce = if settings.pkce { ", PKCE" } else { "" };
            let auth = settings.client_authentication.as_deref();
            let auth = auth.map(|method| format!(", {method}")).unwrap_or_default();
            format!("{grant}{client}{auth}{pkce}")
        }
        What::Exchange(exchange) => {
            format!("{} {} → {}", exchange.method, exchange.address.base, outcome(exchange))
        }
        What::Browser { address, opener } => {
            let how = match opener {
                Opener::Opened => "opened",
                Opener::Printed => "printed",
                Opener::Failed => "not opened",
            };
            format!("{} ({how})", address.base)
        }
        What::Redirect(arrival) => arrived(arrival),
        What::Stray { arrival, why } => format!("{}: {why}", arrived(arrival)),
        What::Decision { what, because } => format!("{what}: {because}"),
    }
}

fn arrived(arrival: &Arrival) -> String {
    let host = arrival.host.as_deref().unwrap_or_default();
    let how = if arrival.pasted { "pasted" } else { arrival.method.as_str() };
    let fields = pieces::fields_of(arrival);
    let error = pieces::shown(&fields, "error").map(|code| format!(" with the error {code}")).unwrap_or_default();
    let names = || fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let with = match error.is_empty() && !fields.is_empty() {
        true => format!(" with {}", names()),
        false => error,
    };
    format!("{how} {host}{}{with}", arrival.path)
}

/// Says what came of a request: `200`, `400 invalid_grant`, `failed: …`.
fn outcome(exchange: &Exchange) -> String {
    if let Some(failure) = &exchange.failure {
        return format!("failed: {}", failure.text);
    }
    match &exchange.reply {
        None => "no reply".to_owned(),
        Some(reply) => format!("{}{}", reply.status, brief(reply)),
    }
}

fn brief(reply: &Reply) -> String {
    if let Some(error) = pieces::error_of(reply).filter(|error| !error.code.is_empty()) {
        let words = error.description.or(error.hint).map(|words| format!(": \"{words}\"")).unwrap_or_default();
        return format!(" {}{words}", error.code);
    }
    match &reply.body {
        Some(Body::Text(_)) if pieces::is_page(reply) => " (an HTML page)".to_owned(),
        _ => reply.location.as_ref().map(|location| format!(" to {}", location.base)).unwrap_or_default(),
    }
}

fn exchange_details(exchange: &Exchange) -> Vec<String> {
    let mut sent = address_fields(&exchange.address);
    sent.extend(exchange.body.as_ref().map(body_fields).unwrap_or_default());
    let told = ["authorization", "content-type", "accept", "user-agent", "dpop"];
    let headers = |fields: &Fields, told: &[&str]| {
        let known = fields.iter().filter(|(name, _)| told.contains(&name.as_str()));
        known.map(|(name, text)| format!("{name}: {}", value(text))).collect::<Vec<_>>()
    };
    let mut details = with_label("sent", &sent, "  ");
    details.extend(with_label("with", &headers(&exchange.headers, &told), "; "));
    let Some(reply) = &exchange.reply else { return details };
    let told = ["content-type", "date", "server", "www-authenticate", "retry-after", "via", "dpop-nonce", "cf-ray"];
    details.extend(with_label("came", &reply.body.as_ref().map(body_fields).unwrap_or_default(), "  "));
    details.extend(with_label("with", &headers(&reply.headers, &told), "; "));
    details
}

fn settings_details(settings: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |name: &str, text: Option<String>| {
        lines.extend(text.filter(|text| !text.is_empty()).map(|text| format!("{name}: {text}")));
    };
    add("redirect URI", settings.redirect_uri.clone());
    add("scopes", Some(settings.scopes.join(" ")));
    add("issuer", settings.issuer.clone());
    for (name, url) in &settings.endpoints {
        add(name, Some(url.clone()));
    }
    add("API", settings.api_base.clone());
    add("parameters", Some(settings.params.iter().map(pair).collect::<Vec<_>>().join("  ")));
    add("definition", settings.definition.clone());
    lines
}

fn with_label(label: &str, words: &[String], apart: &str) -> Vec<String> {
    if words.is_empty() { Vec::new() } else { vec![format!("{label}: {}", words.join(apart))] }
}

fn pair((name, text): &(String, Value)) -> String {
    format!("{name}={}", value(text))
}

fn address_fields(address: &Address) -> Vec<String> {
    address.query.iter().chain(&address.fragment).map(pair).collect()
}

fn arrival_fields(arrival: &Arrival) -> Vec<String> {
    arrival.query.iter().chain(&arrival.form).map(pair).collect()
}

fn body_fields(body: &Body) -> Vec<String> {
    match body {
        Body::Fields(fields) => fields.iter().map(pair).collect(),
        Body::Json(Tree::Object(members)) => {
            members.iter().map(|(name, tree)| format!("{name}={}", tree_text(tree))).collect()
        }
        Body::Json(tree) => vec![tree_text(tree)],
        Body::Text(text) => vec![text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()],
        Body::Other { bytes } => vec![format!("{bytes} bytes")],
    }
}

/// How deep a reply is shown in one line.
fn tree_text(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(flag) => flag.to_string(),
        Tree::Number(number) => number.clone(),
        Tree::Text(text) => value(text),
        Tree::List(items) => format!("[{}]", items.iter().map(tree_text).collect::<Vec<_>>().join(", ")),
        Tree::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(name, tree)| format!("{name}={}", tree_text(tree))).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// Returns a value with its mark in short: `[43: 1f0c9a2b]`, and what a JWT says.
fn value(value: &Value) -> String {
    match value {
        Value::Shown(text) => text.clone(),
        Value::Hidden(hidden) => {
            let jwt = hidden.jwt.as_ref().map(|jwt| format!(" JWT {}", tree_text(&jwt.claims))).unwrap_or_default();
            format!("[{}: {}{jwt}]", hidden.length, hidden.mark)
        }
        Value::Mixed(parts) => parts.iter().map(self::value).collect(),
    }
}
