//! The emulated API: the definition's samples, for those who bring a token with the right scope (RFC 6750).

use serde_json::{Value, json};

use super::Site;
use super::wire::{Incoming, Reply};
use crate::protocol::params::Params;
use crate::provider::Dialect;
use crate::provider::definition::Sample;

pub fn answer(site: &Site, incoming: &Incoming) -> Reply {
    let definition = &site.provider.definition;
    let at_path = || definition.samples.iter().filter(|sample| sample.path == incoming.path);
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
        Ok(issued) => issued,
        Err(problem) => {
            let body = json!({"error": "invalid_token", "error_description": problem});
            let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{problem}\"");
            return Reply::json(401, &body).with("WWW-Authenticate", challenge);
        }
    };
    match &sample.scope {
        Some(scope) if !issued.scope.contains(scope) => {
            let (status, body) = dialect.denial();
            let reply = Reply::json(status, &body);
            // RFC 6750 §3.1, unless the provider has a way of its own.
            match definition.api.denied {
                Some(_) => reply,
                None => {
                    reply.with("WWW-Authenticate", format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
                }
            }
        }
        _ => Reply::json(200, &page_of(sample, &incoming.query)),
    }
}

/// RFC 6750 §3.1: a request without a token is told of the scheme, not of an error.
fn no_token(site: &Site) -> Reply {
    let places: Vec<String> = site.provider.definition.token_placements().iter().map(ToString::to_string).collect();
    let description = format!("the request needs a token in exactly one place: {}", places.join(", "));
    let body = json!({"error": "invalid_request", "error_description": description});
    Reply::json(401, &body).with("WWW-Authenticate", "Bearer")
}

fn unknown_path(site: &Site) -> Reply {
    let mut known: Vec<&str> = site.provider.definition.samples.iter().map(|sample| sample.path.as_str()).collect();
    known.dedup();
    Reply::json(404, &json!({"error": "not_found", "known_paths": known}))
}

fn wrong_method<'a>(samples: impl Iterator<Item = &'a Sample>) -> Reply {
    let allowed: Vec<&str> = samples.map(|sample| sample.method.as_str()).collect();
    let body = json!({"error": "method_not_allowed", "allowed": allowed});
    Reply::json(405, &body).with("Allow", allowed.join(", "))
}

/// A sample that says `per_page` is cut into pages: its one array is the rows, `page` and `per_page` of the query
/// choose some of them.
fn page_of(sample: &Sample, query: &str) -> Value {
    // The definition was checked: every sample is JSON.
    let mut body: Value = serde_json::from_str(&sample.body).unwrap_or_default();
    let Some(object) = body.as_object_mut() else { return body };
    let query = Params::from_urlencoded(query);
    let number = |name: &str| query.single(name).ok().flatten().and_then(|text| text.parse::<usize>().ok());
    let Some(default) = object.get("per_page").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()) else {
        return body;
    };
    let (page, per_page) = (number("page").unwrap_or(1).max(1), number("per_page").unwrap_or(default).max(1));
    for (name, value) in object.iter_mut() {
        match (name.as_str(), value) {
            ("per_page", value) => *value = per_page.into(),
            ("current_page", value) => *value = page.into(),
            (_, Value::Array(rows)) => {
                let first = (page - 1).saturating_mul(per_page).min(rows.len());
                let last = first.saturating_add(per_page).min(rows.len());
                *rows = rows[first..last].to_vec();
            }
            _ => {}
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_the_pages_that_are_asked_for() {
        let sample = Sample {
            method: "GET".into(),
            path: "/rows".into(),
            scope: None,
            body: r#"{"current_page":1,"per_page":10,"rows":[1,2,3]}"#.into(),
        };
        let page = |query| page_of(&sample, query).to_string();
        assert_eq!(page(""), sample.body);
        assert_eq!(page("page=2&per_page=2"), r#"{"current_page":2,"per_page":2,"rows":[3]}"#);
        assert_eq!(page("page=9"), r#"{"current_page":9,"per_page":10,"rows":[]}"#);
        assert_eq!(page("page=18446744073709551615&per_page=x"), page("page=18446744073709551615"));
    }
}
