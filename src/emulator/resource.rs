//! The emulated API: the definition's samples, for requests with a token of the right scope (RFC 6750).

use std::convert::identity;

use serde_json::Value;

use super::asked;
use super::bearer::{invalid_token, issued, no_token};
use super::ledger::IssuedToken;
use super::mcp;
use super::site::Site;
use super::wire::{Incoming, Reply};
use crate::protocol::json;
use crate::protocol::params::Params;
use crate::protocol::scope::ScopeSet;
use crate::provider::Dialect;
use crate::provider::probe::ScopesList;
use crate::provider::quirks::Paging;
use crate::provider::sections::Sample;

pub fn answer(site: &Site, incoming: &Incoming) -> Reply {
    if site.options.mcp && format!("{}{}", site.origin(), incoming.path) == site.resource() {
        return mcp::answer(site, incoming);
    }
    let definition = &site.provider.definition;
    let dialect = Dialect::new(&site.provider);
    if let Some(list) = dialect.scopes_list()
        && incoming.method == list.method.to_http().as_str()
        && list.is_at(&site.provider.full_path(&list.path), &incoming.path)
    {
        return issued_by(site, list.scheme.as_deref(), incoming)
            .map_or_else(identity, |token| listed(list, &token.scope));
    }
    let endpoints = &site.provider.endpoints;
    let mut asked =
        endpoints.asked.iter().filter(|(_, at)| at.url().path() == incoming.path).map(|(name, _)| name).peekable();
    if let Some(first) = asked.peek().copied()
        && incoming.is_get()
    {
        let scheme = definition.params[first].from_api.as_ref().and_then(|from| from.scheme.as_deref());
        return issued_by(site, scheme, incoming)
            .map_or_else(identity, |_| Reply::json(200, &asked::reply(definition, asked)));
    }
    let at_path = || definition.samples.iter().filter(|sample| site.provider.path_of(sample) == incoming.path);
    let method = if incoming.method == "HEAD" { "GET" } else { &incoming.method };
    let Some(sample) = at_path().find(|sample| sample.method.eq_ignore_ascii_case(method)) else {
        return match at_path().next() {
            Some(_) => wrong_method(at_path()),
            None => unknown_path(site),
        };
    };
    let issued = match issued(site, incoming) {
        Ok(issued) => issued,
        Err(refusal) => return refusal,
    };
    let reply = match &sample.scope {
        Some(scope) if !sample.scopes().any(|scope| definition.scope.is_held(scope, &issued.scope)) => {
            let (status, body) = dialect.denial(scope);
            let reply = Reply::json(status, &body);
            // RFC 6750 §3.1, unless the provider has its own format.
            match dialect.words_denials() {
                true => reply,
                false => {
                    reply.with("WWW-Authenticate", format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
                }
            }
        }
        _ => found(site, sample, incoming),
    };
    match dialect.scopes_header(&issued.scope) {
        Some((name, scopes)) => reply.with(name.to_owned(), scopes),
        None => reply,
    }
}

/// Returns the reply with the list of scopes.
fn listed(list: &ScopesList, scopes: &ScopeSet) -> Reply {
    match &list.header {
        Some(name) => {
            let scopes = scopes.iter().collect::<Vec<_>>().join(", ");
            Reply::json(200, &Value::Object(Default::default())).with(name.clone(), scopes)
        }
        None => Reply::json(200, &list.reply(scopes)),
    }
}

/// Returns the token of a request that may have a scheme of its own.
fn issued_by(site: &Site, scheme: Option<&str>, incoming: &Incoming) -> Result<IssuedToken, Reply> {
    let Some(scheme) = scheme else { return issued(site, incoming) };
    let header = incoming.header("Authorization").unwrap_or_default();
    let token = header.strip_prefix(scheme).and_then(|rest| rest.strip_prefix(' '));
    let token = token.ok_or_else(|| no_token(site))?;
    site.ledger.access_token(token, site.clock.now()).map_err(|problem| invalid_token(site, problem))
}

fn unknown_path(site: &Site) -> Reply {
    let samples = site.provider.definition.samples.iter();
    let mut known: Vec<String> = samples.map(|sample| site.provider.path_of(sample)).collect();
    known.dedup();
    Reply::json(404, &serde_json::json!({"error": "not_found", "known_paths": known}))
}

fn wrong_method<'a>(samples: impl Iterator<Item = &'a Sample>) -> Reply {
    let allowed: Vec<&str> = samples.map(|sample| sample.method.as_str()).collect();
    let body = serde_json::json!({"error": "method_not_allowed", "allowed": allowed});
    Reply::json(405, &body).with("Allow", allowed.join(", "))
}

/// Returns the sample, with its rows split into pages as in the definition.
fn found(site: &Site, sample: &Sample, incoming: &Incoming) -> Reply {
    let reply = if sample.body.is_empty() {
        Reply::empty(sample.status)
    } else {
        // The definition was checked: every sample is JSON.
        let mut body: Value = serde_json::from_str(&sample.body).unwrap_or_default();
        let dialect = Dialect::new(&site.provider);
        let next = dialect.paging().and_then(|paging| page_of(&mut body, paging, incoming));
        let reply = Reply::json(sample.status, &body);
        match next {
            Some(address) => reply.with("Link", format!("<{address}>; rel=\"next\"")),
            None => reply,
        }
    };
    match &sample.location {
        Some(location) => reply.with("Location", location.clone()),
        None => reply,
    }
}

/// Leaves the requested page of a body. Returns the next page's address if it goes into the `Link` header.
fn page_of(body: &mut Value, paging: &Paging, incoming: &Incoming) -> Option<String> {
    let in_body = match paging {
        Paging::Url { path } | Paging::Cursor { path, .. } => Some(path),
        _ => None,
    };
    // A list has no place for a cursor, and so it is one page.
    if in_body.is_some() && !body.is_object() {
        return None;
    }
    let next = cut(paging, rows_of(body)?, &incoming.query);
    let address = |query: String| format!("{}?{query}", incoming.path);
    let (Some(path), Value::Object(object)) = (in_body, body) else { return next.map(address) };
    let value = match (next, paging) {
        (Some(query), Paging::Url { .. }) => address(query).into(),
        (Some(cursor), _) => cursor.into(),
        (None, _) => Value::Null,
    };
    json::put(object, path, value);
    None
}

/// Returns the body itself if it is an array, or its only array.
fn rows_of(body: &mut Value) -> Option<&mut Vec<Value>> {
    match body {
        Value::Array(rows) => Some(rows),
        Value::Object(object) => object.values_mut().find_map(Value::as_array_mut),
        _ => None,
    }
}

/// The page size if the request does not name one.
const PAGE_SIZE: usize = 10;

/// Keeps the rows that the query requests. For a provider whose pages name the next one, returns its query or cursor.
fn cut(paging: &Paging, rows: &mut Vec<Value>, query: &str) -> Option<String> {
    let params = Params::from_urlencoded(query);
    let number = |name: &str| params.single(name).ok().flatten().and_then(|text| text.parse::<usize>().ok());
    let keep = |rows: &mut Vec<Value>, first: usize, size: usize| {
        let first = first.min(rows.len());
        let last = first.saturating_add(size).min(rows.len());
        *rows = rows[first..last].to_vec();
    };
    match paging {
        Paging::Page { param, first, size, .. } => {
            let size = size.as_deref().and_then(number).unwrap_or(PAGE_SIZE).max(1);
            let first = usize::try_from(*first).unwrap_or(0);
            let page = number(param).unwrap_or(first).saturating_sub(first);
            keep(rows, page.saturating_mul(size), size);
            None
        }
        Paging::Offset { param, first, size, .. } => {
            let skip = number(param).unwrap_or(0).saturating_sub(usize::try_from(*first).unwrap_or(0));
            keep(rows, skip, number(size).unwrap_or(PAGE_SIZE).max(1));
            None
        }
        Paging::Link | Paging::Url { .. } => {
            let (page, size) = (number("page").unwrap_or(1).max(1), number("per_page").unwrap_or(PAGE_SIZE).max(1));
            let more = page.saturating_mul(size) < rows.len();
            keep(rows, (page - 1).saturating_mul(size), size);
            more.then(|| format!("page={}&per_page={size}", page + 1))
        }
        // Where the cursor is a part of the last row, there is no place for one of ours.
        Paging::Cursor { path, .. } if path.split('.').any(|step| step.parse::<i64>().is_ok()) => None,
        Paging::Cursor { param, .. } => {
            let first = number(param).unwrap_or(0);
            let more = first.saturating_add(PAGE_SIZE) < rows.len();
            keep(rows, first, PAGE_SIZE);
            more.then(|| (first + PAGE_SIZE).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(paging: &Paging, query: &str) -> (String, Option<String>) {
        let mut body = serde_json::json!({"rows": [1, 2, 3]});
        let next = cut(paging, rows_of(&mut body).unwrap(), query);
        (body["rows"].to_string(), next)
    }

    #[test]
    fn a_body_names_its_next_page_where_the_definition_says() {
        let page = |paging: &Paging, query: &str| {
            let mut body = serde_json::json!({"rows": (0..12).collect::<Vec<_>>()});
            let incoming = Incoming::new("GET", &format!("/x?{query}"), Vec::new());
            assert_eq!(page_of(&mut body, paging, &incoming), None);
            (body["rows"].as_array().unwrap().len(), body["meta"]["next"].clone())
        };
        let url = Paging::Url { path: "meta.next".into() };
        assert_eq!(page(&url, ""), (10, "/x?page=2&per_page=10".into()));
        assert_eq!(page(&url, "page=2&per_page=10"), (2, Value::Null));
        let cursor = Paging::Cursor { param: "after".into(), path: "meta.next".into() };
        assert_eq!(page(&cursor, ""), (10, "10".into()));
        assert_eq!(page(&cursor, "after=10"), (2, Value::Null));
        let last_row = Paging::Cursor { param: "after".into(), path: "rows.-1".into() };
        assert_eq!(cut(&last_row, &mut vec![1.into(); 12], ""), None);
    }

    #[test]
    fn rows_are_split_into_the_requested_pages() {
        let page = Paging::Page { param: "page".into(), first: 1, size: Some("per_page".into()), max_size: None };
        for (query, left) in [
            ("", "[1,2,3]"),
            ("page=2&per_page=2", "[3]"),
            ("page=9", "[]"),
            ("page=18446744073709551615&per_page=x", "[]"),
        ] {
            assert_eq!(rows(&page, query), (left.to_owned(), None), "{query}");
        }
        let zero = Paging::Page { param: "page".into(), first: 0, size: Some("count".into()), max_size: None };
        assert_eq!(rows(&zero, "page=1&count=2").0, "[3]");
        let offset = Paging::Offset { param: "start".into(), first: 0, size: "limit".into(), max_size: 100 };
        assert_eq!(rows(&offset, "start=1&limit=1").0, "[2]");
        assert_eq!(rows(&Paging::Link, "per_page=2"), ("[1,2]".to_owned(), Some("page=2&per_page=2".to_owned())));
        assert_eq!(rows(&Paging::Link, "page=2&per_page=2"), ("[3]".to_owned(), None));
        let url = Paging::Url { path: "next".into() };
        assert_eq!(rows(&url, "per_page=2"), ("[1,2]".to_owned(), Some("page=2&per_page=2".to_owned())));
    }
}
