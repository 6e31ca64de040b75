//! A record as HTTP Archive 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>).
//!
//! The trips of the browser are entries too: the address that it was sent to, and its return. Their replies are not known,
//! which a status of 0 says.

use serde_json::{Map, Value as Json, json};
use url::Url;

use crate::protocol::flow_record::{
    Address, Arrival, Body, Event, Exchange, Failure, Fields, FlowRecord, Opener, Reply, Tree, What,
};

/// Stands at the beginning of each trace, and nowhere else.
pub const MARK: &str = "oauthctl trace";

pub fn text(record: &FlowRecord) -> String {
    let entries: Vec<Json> = record.events.iter().filter_map(|event| entry(record.started, event)).collect();
    let (name, version) = record.tool.split_once('/').unwrap_or((&record.tool, ""));
    let mut comment =
        format!("{MARK}: {}", serde_json::to_value(record.flow).unwrap_or_default().as_str().unwrap_or(""));
    for (word, name) in [("of", &record.profile), ("at", &record.provider)] {
        comment.extend(name.iter().map(|name| format!(" {word} {name}")));
    }
    // The comment comes first, so that a trace is known by its beginning.
    let log = json!({
        "comment": comment,
        "version": "1.2",
        "creator": { "name": name, "version": version },
        "pages": [],
        "entries": entries,
    });
    let mut text = serde_json::to_string_pretty(&json!({ "log": log })).unwrap_or_default();
    text.push('\n');
    text
}

fn entry(started: u64, event: &Event) -> Option<Json> {
    match &event.what {
        What::Exchange(exchange) => Some(exchange_entry(started + event.at, exchange)),
        What::Browser { address, opener } => {
            let what = match opener {
                Opener::Opened => "the browser is sent here",
                Opener::Printed | Opener::Failed => "the address to open in a browser",
            };
            Some(trip(started + event.at, "GET", address, &Fields::new(), what))
        }
        What::Redirect(arrival) => Some(arrived(started + event.at, arrival, "the redirect")),
        What::Stray { arrival, why } => Some(arrived(started + event.at, arrival, &format!("not the redirect: {why}"))),
        What::Settings(_) | What::Decision { .. } => None,
    }
}

fn exchange_entry(at: u64, exchange: &Exchange) -> Json {
    let leg = serde_json::to_value(exchange.leg).unwrap_or_default();
    let mut request = request(&exchange.method, &exchange.address, &exchange.headers);
    if let Some(body) = &exchange.body {
        request.insert("bodySize".to_owned(), (-1).into());
        request.insert("postData".to_owned(), post_data(body, &exchange.headers));
    }
    let response = match &exchange.reply {
        Some(reply) => response(reply),
        None => no_response(""),
    };
    let mut entry = whole(at, exchange.took_ms, request, response);
    entry.insert("comment".to_owned(), leg);
    if let Some(Failure { text, .. }) = &exchange.failure {
        entry.insert("_error".to_owned(), text.as_str().into());
    }
    Json::Object(entry)
}

fn arrived(at: u64, arrival: &Arrival, what: &str) -> Json {
    let base = match &arrival.host {
        Some(host) => format!("http://{host}{}", arrival.path),
        None => arrival.path.clone(),
    };
    let address = Address { base, query: arrival.query.clone(), fragment: Fields::new() };
    let method = if arrival.pasted { "GET" } else { &arrival.method };
    trip(at, method, &address, &arrival.form, what)
}

fn trip(at: u64, method: &str, address: &Address, form: &Fields, what: &str) -> Json {
    let mut request = request(method, address, &Fields::new());
    if !form.is_empty() {
        request.insert("postData".to_owned(), post_data(&Body::Fields(form.clone()), &Fields::new()));
    }
    let mut entry = whole(at, 0, request, no_response(""));
    entry.insert("comment".to_owned(), what.into());
    Json::Object(entry)
}

fn whole(at: u64, took: u64, request: Map<String, Json>, response: Json) -> Map<String, Json> {
    let time = jiff::Timestamp::from_millisecond(i64::try_from(at).unwrap_or(0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Map::from_iter([
        ("startedDateTime".to_owned(), format!("{time:.3}").into()),
        ("time".to_owned(), took.into()),
        ("request".to_owned(), Json::Object(request)),
        ("response".to_owned(), response),
        ("cache".to_owned(), json!({})),
        ("timings".to_owned(), json!({ "send": 0, "wait": took, "receive": 0 })),
    ])
}

fn request(method: &str, address: &Address, headers: &Fields) -> Map<String, Json> {
    let json = json!({
        "method": method,
        "url": url(address),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(headers),
        "queryString": pairs(&address.query),
        "headersSize": -1,
        "bodySize": 0,
    });
    match json {
        Json::Object(object) => object,
        _ => Map::new(),
    }
}

fn response(reply: &Reply) -> Json {
    let mime = header(&reply.headers, "content-type");
    let mut content = json!({ "size": -1, "mimeType": mime });
    match &reply.body {
        Some(Body::Other { bytes }) => content["size"] = (*bytes).into(),
        Some(body) => content["text"] = body_text(body).into(),
        None => content["comment"] = "not recorded".into(),
    }
    json!({
        "status": reply.status,
        "statusText": http::StatusCode::from_u16(reply.status).ok().and_then(|s| s.canonical_reason()).unwrap_or(""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(&reply.headers),
        "content": content,
        "redirectURL": reply.location.as_ref().map(url).unwrap_or_default(),
        "headersSize": -1,
        "bodySize": -1,
    })
}

fn no_response(mime: &str) -> Json {
    json!({
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": { "size": 0, "mimeType": mime },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    })
}

fn post_data(body: &Body, headers: &Fields) -> Json {
    let mime = header(headers, "content-type");
    let form = "application/x-www-form-urlencoded";
    match body {
        Body::Fields(fields) => json!({
            "mimeType": if mime.is_empty() { form } else { &mime },
            "params": pairs(fields),
            "text": body_text(body),
        }),
        Body::Other { bytes } => {
            json!({ "mimeType": mime, "text": "", "comment": format!("{bytes} bytes, not recorded") })
        }
        body => json!({ "mimeType": mime, "text": body_text(body) }),
    }
}

fn body_text(body: &Body) -> String {
    match body {
        Body::Fields(fields) => {
            let pairs = fields.iter().map(|(name, value)| (name, value.to_string()));
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        }
        Body::Json(tree) => plain(tree).to_string(),
        Body::Text(text) => text.clone(),
        Body::Other { .. } => String::new(),
    }
}

/// Returns a tree as JSON, with what is hidden as texts.
pub(super) fn plain(tree: &Tree) -> Json {
    match tree {
        Tree::Null => Json::Null,
        Tree::Bool(value) => (*value).into(),
        Tree::Number(number) => serde_json::from_str(number).unwrap_or_else(|_| number.as_str().into()),
        Tree::Text(value) => value.to_string().into(),
        Tree::List(items) => items.iter().map(plain).collect(),
        Tree::Object(members) => members.iter().map(|(name, tree)| (name.clone(), plain(tree))).collect(),
    }
}

fn pairs(fields: &Fields) -> Vec<Json> {
    fields.iter().map(|(name, value)| json!({ "name": name, "value": value.to_string() })).collect()
}

fn header(headers: &Fields, name: &str) -> String {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.to_string()).unwrap_or_default()
}

/// Returns the address as a URL again: a viewer wants one, whatever was hidden.
pub(super) fn url(address: &Address) -> String {
    let Ok(mut url) = Url::parse(&address.base) else { return address.base.clone() };
    if !address.query.is_empty() {
        url.query_pairs_mut().extend_pairs(address.query.iter().map(|(name, value)| (name, value.to_string())));
    }
    if !address.fragment.is_empty() {
        let pairs = address.fragment.iter().map(|(name, value)| format!("{name}={value}"));
        url.set_fragment(Some(&pairs.collect::<Vec<_>>().join("&")));
    }
    url.into()
}
