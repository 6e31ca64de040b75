//! The pages of APIs that people use, in the shapes of their public documents: `tests/fixtures/paging/`.
//!
//! A shape is a definition's keys, requests with their replies, and how many rows there are. A request that it does not
//! list is refused by the server, and a row that comes twice is a failure.

use std::collections::HashSet;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use http::Method;

use super::rows::Place;
use super::*;
use crate::flow::api::Api;
use crate::flow::doubles::{Nobody, Scripted, SetClock, StubResponse, provider};
use crate::flow::held_token::{HeldToken, Renewed};
use crate::protocol::json_path::{JsonPath, items};
use crate::protocol::secret::AccessToken;
use crate::provider::Dialect;
use crate::provider::quirks::Paging;
use crate::store::stored_token::Expiry;

#[derive(Debug, Default)]
struct Shape {
    name: String,
    keys: String,
    next: Option<NextPage>,
    exchanges: Vec<Exchange>,
    /// `3 rows`, and what else is expected.
    end: String,
}

#[derive(Clone, Debug, Default)]
struct Exchange {
    /// Method, target and body.
    request: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

fn shapes(file: &str) -> Vec<Shape> {
    let path = format!("{}/tests/fixtures/paging/{file}.txt", env!("CARGO_MANIFEST_DIR"));
    let mut shapes = Vec::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        if let Some(name) = line.strip_prefix("# ") {
            shapes.push(Shape { name: name.to_owned(), ..Shape::default() });
        }
        let Some(shape) = shapes.last_mut() else { continue };
        if let Some(request) = line.strip_prefix("> ") {
            shape.exchanges.push(Exchange { request: request.to_owned(), status: 200, ..Exchange::default() });
        } else if let Some(end) = line.strip_prefix("= ") {
            shape.end = end.to_owned();
        } else if let Some(next) = line.strip_prefix("--next ") {
            shape.next = Some(next.parse().unwrap());
        } else if line.starts_with("api.") {
            writeln!(shape.keys, "{line}").unwrap();
        } else if let Some(exchange) = shape.exchanges.last_mut() {
            if let Some(status) = line.strip_prefix("status ") {
                exchange.status = status.parse().unwrap();
            } else if line.starts_with(['{', '[']) {
                exchange.body = line.to_owned();
            } else if let Some((name, value)) = line.split_once(':') {
                exchange.headers.push((name.to_owned(), value.trim().to_owned()));
            }
        }
    }
    shapes
}

/// Walks over a shape. Returns the requests, the rows, and the end.
fn walk(shape: &Shape, jobs: usize) -> (Vec<String>, Vec<String>, Result<End, FlowError>) {
    let provider = provider(&shape.keys);
    let http = Scripted::new(|request| {
        let asked = line(request);
        let Some(exchange) = shape.exchanges.iter().find(|exchange| same(&exchange.request, &asked)) else {
            return Ok(StubResponse::new(599, "no such page"));
        };
        let reply = StubResponse::new(exchange.status, exchange.body.as_str());
        Ok(exchange.headers.iter().fold(reply, |reply, (name, value)| reply.with_more(name, value)))
    });
    let api = Api::new(&provider, None).unwrap();
    let mut parts = shape.exchanges[0].request.splitn(3, ' ');
    let mut next = || parts.next().unwrap_or_default();
    let (method, target, body) = (next().parse::<Method>().unwrap(), next(), next());
    let dialect = Dialect::new(&provider);
    // The first request of a counted walk gets its number from the definition.
    let target = match dialect.paging() {
        Some(Paging::Page { .. } | Paging::Offset { .. }) => target.split('?').next().unwrap(),
        _ => target,
    };
    let mut first = api.request(method, api.resolve(target).unwrap()).unwrap();
    if !body.is_empty() {
        first = first.with_body("application/json", body);
    }
    let rows = RowsAt::of(dialect.rows());
    let way = Way::of(&first, shape.next.as_ref(), dialect.paging(), rows.clone()).unwrap();
    let (clock, token) = (SetClock::at(0), AccessToken::new("made-up-token"));
    let held = HeldToken::new(Renewed { token, expiry: Expiry::Unknown, refreshed: false }, &clock, &Nobody);
    let caller = Caller::new(api, held, (&http, &clock), &Nobody, Duration::from_secs(60));
    let (mut found, mut place) = (Vec::new(), None::<JsonPath>);
    let end = follow(&caller, &first, &way, Plan { max_pages: Some(9), jobs }, &mut |page| {
        let seen = || Place::of(&page, &rows.paths).map(|place| place.path);
        place = place.take().or_else(|| rows.in_page(&page)).or_else(seen);
        if let Some(list) = place.as_ref().and_then(|place| page.list(place)) {
            items(list, &mut |row| found.push(row.to_owned())).unwrap();
        }
        Ok::<_, FlowError>(ControlFlow::Continue(()))
    });
    (http.requests().iter().map(line).collect(), found, end)
}

fn line(request: &HttpRequest) -> String {
    let target = &request.url[url::Position::BeforePath..];
    format!("{} {target} {}", request.method, String::from_utf8_lossy(&request.body)).trim_end().to_owned()
}

/// Compares requests as a server does: `[` and `%5B` are one, and members may have any order.
fn same(one: &str, other: &str) -> bool {
    let parts = |text: &str| {
        let mut parts = text.splitn(3, ' ').map(str::to_owned);
        let (method, target) = (parts.next(), parts.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let body = parts.next().map(|body| serde_json::from_str::<serde_json::Value>(&body).unwrap());
        (method, path.to_owned(), pairs, body)
    };
    parts(one) == parts(other)
}

/// Checks the shapes of a file, and returns how many it has.
fn check(file: &str) -> usize {
    let shapes = shapes(file);
    for shape in &shapes {
        let (count, expected) = shape.end.split_once(" rows").unwrap();
        for jobs in [1, 4] {
            let (requests, rows, end) = walk(shape, jobs);
            let context = format!("{}\n{end:?}\n{requests:#?}\n{rows:#?}", shape.name);
            assert_eq!(rows.len().to_string(), count, "{context}");
            let unique: HashSet<&String> = rows.iter().collect();
            assert_eq!(unique.len(), rows.len(), "a row came twice: {context}");
            if jobs == 1 {
                let listed: Vec<&String> = shape.exchanges.iter().map(|exchange| &exchange.request).collect();
                assert_eq!(requests.len(), listed.len(), "{context}");
                assert!(requests.iter().zip(listed).all(|(request, listed)| same(request, listed)), "{context}");
            }
            match expected.trim_start_matches([',', ' ']).split_once(' ') {
                None => assert_eq!(end.unwrap(), End::LastPage, "{context}"),
                Some(("beyond", status)) => {
                    assert_eq!(end.unwrap(), End::Beyond { status: status.parse().unwrap() }, "{context}");
                }
                Some(("missing", words)) => {
                    let error = end.expect_err(&context);
                    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    let text = format!("{error}: {source}");
                    assert!(text.contains(words), "{text}\n{context}");
                }
                Some(other) => panic!("{other:?}"),
            }
        }
    }
    shapes.len()
}

#[test]
fn the_pages_of_known_apis_come_whole_and_once() {
    let shapes = ["links", "addresses", "cursors", "counted", "graphql"].map(check);
    assert!(shapes.iter().sum::<usize>() >= 75, "{shapes:?}");
}

#[test]
fn where_rows_could_be_missing_the_walk_says_so() {
    assert!(check("missing") >= 10);
}
