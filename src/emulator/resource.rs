//! The emulated API: the definition's samples, for requests with a token of the right scope (RFC 6750).

use serde_json::{Value, json};

use super::fault::Fault;
use super::site::Site;
use super::wire::{Incoming, Reply};
use crate::protocol::params::Params;
use crate::provider::Dialect;
use crate::provider::quirks::Paging;
use crate::provider::sections::Sample;

pub fn answer(site: &Site, incoming: &Incoming) -> Reply {
    let definition = &site.provider.definition;
    let at_path = || definition.samples.iter().filter(|sample| site.provider.path_of(sample) == incoming.path);
    let method = if incoming.method == "HEAD" { "GET" } else { &incoming.method };
    let Some(sample) = at_path().find(|sample| sample.method.eq_ignore_ascii_case(method)) else {
        return match at_path().next() {
            Some(_) => wrong_method(at_path()),
            None => unknown_path(site),
        };
    };
    let dialect = Dialect::new(&site.provider);
    let Some(token) = dialect.find_token(|name| incoming.header(name), &incoming.query, &incoming.body) else {
        return no_token(site);
    };
    let issued = match site.ledger.access_token(&token, site.clock.now()) {
        Ok(issued) if issued.is_first && site.has(Fault::DeadToken) => {
            return invalid_token(dialect, "the access token is rejected, as requested");
        }
        Ok(issued) => issued,
        Err(problem) => return invalid_token(dialect, problem),
    };
    match &sample.scope {
        Some(scope) if !issued.scope.contains(scope) => {
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
    }
}

/// Refuses a token that is not valid, in the provider's own words if the definition has them (RFC 6750 §3.1).
fn invalid_token(dialect: Dialect<'_>, problem: &str) -> Reply {
    if let Some((status, body)) = dialect.invalid_token() {
        return Reply::json(status, &body);
    }
    let body = json!({"error": "invalid_token", "error_description": problem});
    let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{problem}\"");
    Reply::json(401, &body).with("WWW-Authenticate", challenge)
}

/// Answers a request without a token: it names the scheme, not an error (RFC 6750 §3.1).
fn no_token(site: &Site) -> Reply {
    let places: Vec<String> = site.provider.definition.token_placements().iter().map(ToString::to_string).collect();
    let description = format!("the request needs a token in exactly one place: {}", places.join(", "));
    let body = json!({"error": "invalid_request", "error_description": description});
    Reply::json(401, &body).with("WWW-Authenticate", "Bearer")
}

fn unknown_path(site: &Site) -> Reply {
    let samples = site.provider.definition.samples.iter();
    let mut known: Vec<String> = samples.map(|sample| site.provider.path_of(sample)).collect();
    known.dedup();
    Reply::json(404, &json!({"error": "not_found", "known_paths": known}))
}

fn wrong_method<'a>(samples: impl Iterator<Item = &'a Sample>) -> Reply {
    let allowed: Vec<&str> = samples.map(|sample| sample.method.as_str()).collect();
    let body = json!({"error": "method_not_allowed", "allowed": allowed});
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
        let paging = dialect.paging();
        let next = match (paging, rows_of(&mut body)) {
            (Some(paging), Some(rows)) => cut(paging, rows, &incoming.query),
            _ => None,
        };
        let reply = Reply::json(sample.status, &body);
        match next {
            Some(query) => reply.with("Link", format!("<{}?{query}>; rel=\"next\"", incoming.path)),
            None => reply,
        }
    };
    match &sample.location {
        Some(location) => reply.with("Location", location.clone()),
        None => reply,
    }
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

/// Keeps the rows that the query requests. For a provider that links its pages, returns the query of the next one.
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
        Paging::Offset { param, size, .. } => {
            keep(rows, number(param).unwrap_or(0), number(size).unwrap_or(PAGE_SIZE).max(1));
            None
        }
        Paging::Link => {
            let (page, size) = (number("page").unwrap_or(1).max(1), number("per_page").unwrap_or(PAGE_SIZE).max(1));
            let more = page.saturating_mul(size) < rows.len();
            keep(rows, (page - 1).saturating_mul(size), size);
            more.then(|| format!("page={}&per_page={size}", page + 1))
        }
        Paging::Cursor { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(paging: &Paging, query: &str) -> (String, Option<String>) {
        let mut body = json!({"rows": [1, 2, 3]});
        let next = cut(paging, rows_of(&mut body).unwrap(), query);
        (body["rows"].to_string(), next)
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
        let offset = Paging::Offset { param: "start".into(), size: "limit".into(), max_size: 100 };
        assert_eq!(rows(&offset, "start=1&limit=1").0, "[2]");
        assert_eq!(rows(&Paging::Link, "per_page=2"), ("[1,2]".to_owned(), Some("page=2&per_page=2".to_owned())));
        assert_eq!(rows(&Paging::Link, "page=2&per_page=2"), ("[3]".to_owned(), None));
    }
}
