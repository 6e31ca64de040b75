use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use super::doubles::page;
use super::rows::Place;
use super::*;
use crate::flow::api::{Api, Redirects};
use crate::flow::doubles::{Nobody, Said, Scripted, SetClock, StubResponse, provider};
use crate::flow::held_token::{HeldToken, Renewed};
use crate::flow::rows_missing::RowsMissing;
use crate::protocol::secret::AccessToken;
use crate::provider::quirks::Paging;
use crate::store::stored_token::Expiry;
use crate::system::http::HttpError;

/// Returns the bodies that were handed over, joined, and the end of the walk. `stop_at` is the page after which the
/// receiver wants no more.
fn walk_until(stop_at: usize, http: &Scripted<'_>, paging: &Paging, plan: Plan) -> (String, Result<End, FlowError>) {
    let (provider, clock) = (provider(""), SetClock::at(0));
    let api = Api::new(&provider, None).unwrap().with_redirects(Redirects::Anywhere);
    let first = api.request(http::Method::GET, api.resolve("/x").unwrap()).unwrap();
    let token = Renewed { token: AccessToken::new("made-up-token"), expiry: Expiry::Unknown, refreshed: false };
    let held = HeldToken::new(token, &clock, &Nobody);
    let caller = Caller::new(api, held, (http, &clock), &Nobody, Duration::from_secs(60));
    let mut bodies = Vec::new();
    let way = Way::of(&first, None, Some(paging), RowsAt::default()).unwrap();
    let end = follow(&caller, &first, &way, plan, &mut |page| {
        bodies.push(String::from_utf8(page.body).unwrap());
        Ok::<_, FlowError>(if bodies.len() == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    (bodies.join(" "), end)
}

fn walk(http: &Scripted<'_>, paging: &Paging, plan: Plan) -> (String, Result<End, FlowError>) {
    walk_until(usize::MAX, http, paging, plan)
}

/// The walk ends by itself. The limit only stops a faulty program.
const FAR: u64 = 20;

fn jobs(jobs: usize) -> Plan {
    Plan { max_pages: Some(FAR), jobs }
}

fn by_page() -> Paging {
    Paging::Page { param: "page".into(), first: 0, size: Some("size".into()), max_size: Some(2) }
}

fn by_cursor() -> Paging {
    Paging::Cursor { param: "after".into(), path: "next".into() }
}

fn number(request: &HttpRequest, name: &str) -> usize {
    request.url.query_pairs().find(|(key, _)| key == name).map_or(0, |(_, value)| value.parse().unwrap())
}

/// Returns the page with the requested number. Pages beyond the last one are empty.
fn page_of(pages: &[&str], request: &HttpRequest) -> Said {
    Ok(StubResponse::new(200, *pages.get(number(request, "page")).unwrap_or(&"[]")))
}

/// The requested pages, for a server that delays one until another is requested.
#[derive(Default)]
struct Asked {
    pages: Mutex<Vec<usize>>,
    changed: Condvar,
}

impl Asked {
    /// Returns when page `other` has been requested too. It reaches its timeout only on a fault.
    fn note(&self, page: usize, other: usize) {
        let mut pages = self.pages.lock().unwrap();
        pages.push(page);
        self.changed.notify_all();
        let missing = |pages: &mut Vec<usize>| !pages.contains(&other);
        drop(self.changed.wait_timeout_while(pages, Duration::from_secs(5), missing).unwrap());
    }
}

/// Returns how many rows a page has, and whether it is certain where.
fn rows_of(body: &str) -> Option<(usize, bool)> {
    let page = page(body);
    Place::of(&page, &[]).map(|place| (place.rows(&page), place.is_certain))
}

#[test]
fn the_rows_of_a_page_are_told_from_the_lists_beside_them() {
    for (body, rows) in [
        ("[1,2,3]", Some((3, true))),
        ("[]", Some((0, true))),
        (r#"{"page":1,"products":[{"tags":["a","b","c"]}]}"#, Some((1, true))),
        (r#"{"errors":[],"data":{"items":[1,2]}}"#, Some((2, true))),
        (r#"{"data":[1],"included":[1,2,3]}"#, Some((1, true))),
        (r#"{"reviews":[{"a":1}],"filters":{"tags":["a","b"]},"shops":["x","y","z"]}"#, Some((1, true))),
        (r#"{"tags":["a","b"],"response":{"items":[{}]}}"#, Some((1, true))),
        (r#"{"cats":[{}],"dogs":[{},{}]}"#, Some((2, false))),
        (r#"{"data":{"shop":{"list":[1]}}}"#, Some((1, true))),
        (r#"{"data":{"shop":{"deep":{"list":[1]}}}}"#, None),
        (r#"{"count":2}"#, None),
        ("7", None),
    ] {
        assert_eq!(rows_of(body), rows, "{body}");
    }
}

#[test]
fn the_callers_own_query_parameters_count() {
    let request = |url: &str| HttpRequest::new(http::Method::GET, url::Url::parse(url).unwrap());
    let size = Some(("per_page".to_owned(), 100));
    let counting = way::Counting { param: "page".into(), first: 1, size, unit: way::Unit::Pages };
    let counted = |url| Counted::new(&request(url), &counting);
    let plain = counted("https://a.example/x?q=1");
    assert_eq!(plain.request(2).url.as_str(), "https://a.example/x?q=1&per_page=100&page=2");
    let own = counted("https://a.example/x?per_page=5&page=7");
    assert_eq!((own.start, own.size), (7, Some(5)));
    assert_eq!(own.request(8).url.as_str(), "https://a.example/x?per_page=5&page=8");
}

#[test]
fn links_and_cursors_are_followed_to_the_last_page() {
    let linked = Scripted::new(|request| match request.url.path() {
        "/x" => Ok(StubResponse::new(200, "[1]").with("link", "</y?z=2>; rel=next")),
        _ => Ok(StubResponse::new(200, "[2]").with("link", "</x>; rel=prev")),
    });
    let unlimited = Plan { max_pages: None, jobs: 1 };
    let (bodies, end) = walk(&linked, &Paging::Link, unlimited);
    assert_eq!(
        (bodies.as_str(), end.unwrap(), linked.paths()),
        ("[1] [2]", End::LastPage, vec!["/x".into(), "/y?z=2".into()])
    );
    for last in [r#"{"next":""}"#, r#"{"next":null}"#, "{}", "no JSON"] {
        let cursors = Scripted::new(|request| {
            let body = match request.url.query() {
                None => r#"{"next":"a b"}"#,
                Some("after=a+b") => r#"{"next":12345678901234567890}"#,
                Some(_) => last,
            };
            Ok(StubResponse::new(200, body))
        });
        let (_, end) = walk(&cursors, &by_cursor(), unlimited);
        assert_eq!(end.unwrap(), End::LastPage);
        assert_eq!(cursors.paths(), ["/x", "/x?after=a+b", "/x?after=12345678901234567890"], "{last}");
    }
}

#[test]
fn a_walk_ends_at_a_refusal_at_its_limit_or_on_request() {
    for paging in [by_cursor(), by_page()] {
        let endless = |status| {
            Scripted::new(move |request| {
                let n = number(request, "after") + number(request, "page");
                let rows = format!(r#"{{"next":{},"rows":[{n},0]}}"#, n + 1);
                Ok(StubResponse::new(if n == 2 { status } else { 200 }, rows))
            })
        };
        let plan = |max_pages| Plan { max_pages: Some(max_pages), jobs: 1 };
        for (status, stop_at, max_pages, end, handed) in [
            (404, FAR, FAR, End::Stopped, 3),
            (200, 1, FAR, End::Stopped, 1),
            (200, 2, FAR, End::Stopped, 2),
            (200, FAR, 4, End::Limit, 4),
            (200, FAR, 1, End::Limit, 1),
        ] {
            let http = endless(status);
            let (bodies, ended) = walk_until(stop_at as usize, &http, &paging, plan(max_pages));
            assert_eq!((ended.unwrap(), bodies.split(' ').count()), (end, handed), "{paging:?}");
            assert_eq!(http.requests().len(), handed);
        }
        let refused = walk(&Scripted::new(|_| Ok(StubResponse::new(404, "[1,2]"))), &paging, plan(FAR));
        assert_eq!((refused.0.as_str(), refused.1.unwrap()), ("[1,2]", End::Stopped));
    }
}

#[test]
fn a_pagination_loop_is_detected() {
    let same = || Scripted::new(|_| Ok(StubResponse::new(200, r#"{"next":"a","rows":[1,2]}"#)));
    for (paging, what) in [(by_cursor(), "an address"), (by_page(), "a page")] {
        let (_, end) = walk(&same(), &paging, jobs(1));
        assert!(matches!(end, Err(FlowError::PagesInACircle { what: said }) if said == what), "{end:?}");
    }
}

#[test]
fn counted_pages_end_at_the_first_empty_one() {
    for (served, handed) in [
        (&["[1,2]", "[3,4]", "[5]"][..], "[1,2] [3,4] [5] []"),
        (&["[1,2]", "[3]", "[5,6]"], "[1,2] [3] [5,6] []"),
        (&["[1]", "[3,4]"], "[1] [3,4] []"),
        (&[], "[]"),
        (&["{}"], "{}"),
    ] {
        for n in [1, 3] {
            let http = Scripted::new(|request| page_of(served, request));
            let (bodies, end) = walk(&http, &by_page(), jobs(n));
            assert_eq!((bodies.as_str(), end.unwrap()), (handed, End::LastPage), "{n} jobs");
        }
    }
    let rows = Scripted::new(|request| {
        let left: Vec<usize> = (number(request, "skip")..7).take(3).collect();
        Ok(StubResponse::new(200, format!("{left:?}").replace(' ', "")))
    });
    let offset = Paging::Offset { param: "skip".into(), first: 0, size: "size".into(), max_size: 100 };
    let (bodies, _) = walk(&rows, &offset, jobs(1));
    assert_eq!(bodies, "[0,1,2] [3,4,5] [6] []");
    assert_eq!(rows.paths(), ["0", "3", "6", "9"].map(|skip| format!("/x?size=100&skip={skip}")));
}

#[test]
fn only_words_about_the_page_itself_end_a_walk() {
    for beside in [
        r#""comments":{"has_more":false,"next":null,"total_pages":1}"#,
        r#""user":{"is_last":true,"total_count":1}"#,
        r#""done":true,"total":1,"last":true,"pages":1"#,
    ] {
        let http = Scripted::new(|request| {
            let rows = ["[1,2]", "[3]", "[]"][number(request, "page").min(2)];
            Ok(StubResponse::new(200, format!(r#"{{"rows":{rows},{beside}}}"#)))
        });
        let (_, end) = walk(&http, &by_page(), jobs(1));
        assert_eq!((end.unwrap(), http.requests().len()), (End::LastPage, 3), "{beside}");
    }
}

/// The server sends page 1 after page 2 was requested.
#[test]
fn full_pages_are_fetched_concurrently_and_kept_in_order() {
    let asked = Asked::default();
    let http = Scripted::new(|request| {
        let page = number(request, "page");
        asked.note(page, if page == 1 { 2 } else { page });
        match asked.pages.lock().unwrap().contains(&2) || page == 0 {
            true => page_of(&["[1,2]", "[3,4]", "[5,6]", "[7]"], request),
            false => Ok(StubResponse::new(500, "")),
        }
    });
    let (bodies, end) = walk(&http, &by_page(), jobs(2));
    assert_eq!((bodies.as_str(), end.unwrap()), ("[1,2] [3,4] [5,6] [7] []", End::LastPage));
}

#[test]
fn after_a_first_page_that_is_not_full_pages_come_one_by_one() {
    let http = Scripted::new(|request| page_of(&["[1]", "[2]"], request));
    let (bodies, end) = walk(&http, &by_page(), jobs(4));
    assert_eq!((bodies.as_str(), end.unwrap()), ("[1] [2] []", End::LastPage));
    assert_eq!(http.paths(), ["/x?size=2&page=0", "/x?size=2&page=1", "/x?size=2&page=2"]);
}

/// The server refuses page 1 at first. From then on two pages are requested at once and not four. Page 6 is empty, and
/// is sent after page 7 was requested.
#[test]
fn a_rate_limit_halves_the_concurrent_requests() {
    let asked = Asked::default();
    let http = Scripted::new(|request| {
        let page = number(request, "page");
        let again = asked.pages.lock().unwrap().contains(&page);
        asked.note(page, if page == 6 { 7 } else { page });
        match page == 1 && !again {
            true => Ok(StubResponse::new(429, "").with("retry-after", "1")),
            false => page_of(&["[0,0]", "[1,1]", "[2,2]", "[3,3]", "[4,4]", "[5]"], request),
        }
    });
    let (bodies, end) = walk(&http, &by_page(), jobs(4));
    assert_eq!((bodies.as_str(), end.unwrap()), ("[0,0] [1,1] [2,2] [3,3] [4,4] [5] []", End::LastPage));
    let mut asked = asked.pages.lock().unwrap().clone();
    asked.sort_unstable();
    assert_eq!(asked, [0, 1, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn a_page_may_have_up_to_16_megabytes() {
    let of = |length: u64| {
        let body = move |_: &HttpRequest| Ok(StubResponse::new(200, "").with_body(io::repeat(b' ').take(length)));
        walk(&Scripted::new(body), &by_cursor(), jobs(1))
    };
    assert!(of(2 * 1024 * 1024).1.is_ok());
    let endless = of(u64::MAX).1;
    assert!(matches!(endless, Err(FlowError::ApiRequest(HttpError::TooLarge { .. }))), "{endless:?}");
}

#[test]
fn a_page_from_a_redirect_ends_the_walk() {
    let server = |paging: &Paging, status: u16, body: &'static str| {
        let http = Scripted::new(|request: &HttpRequest| match request.url.host_str() {
            Some("files.example") => {
                let reply = StubResponse::new(status, body).with("link", "</x?page=9>; rel=\"next\"");
                Ok(reply)
            }
            _ if number(request, "page") + number(request, "after") > 0 => {
                Ok(StubResponse::new(302, "").with("location", "https://files.example/x"))
            }
            _ => Ok(StubResponse::new(200, r#"{"rows":[1,2],"next":"7"}"#).with("link", "</x?page=1>; rel=\"next\"")),
        });
        let (bodies, end) = walk(&http, paging, jobs(1));
        assert_eq!(http.requests().iter().filter(|r| r.url.host_str() == Some("files.example")).count(), 1);
        assert!(bodies.ends_with(body));
        end
    };
    let more = r#"{"rows":[3,4],"next":"8"}"#;
    for paging in [by_page(), by_cursor(), Paging::Link] {
        let end = server(&paging, 200, more);
        assert!(matches!(end, Err(FlowError::Rows(RowsMissing::Elsewhere { .. }))), "{paging:?}: {end:?}");
        // Its 404 is not the API's word for the end.
        assert_eq!(server(&paging, 404, "no").unwrap(), End::Stopped, "{paging:?}");
    }
    for paging in [by_page(), by_cursor()] {
        assert_eq!(server(&paging, 200, r#"{"rows":[],"next":null}"#).unwrap(), End::LastPage, "{paging:?}");
    }
}
