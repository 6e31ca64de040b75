//! A collection followed to its last page: by `Link`, by a cursor in the body, or by counting.
//!
//! Links and cursors are known one at a time. Numbers and offsets are known beforehand, so several pages are fetched
//! at once and handed over in order. As many pages as there are jobs are in memory at most.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError, mpsc};

use http::HeaderMap;
use serde_json::Value;

use super::FlowError;
use super::api::set_pair;
use super::retry::Caller;
use crate::protocol::json;
use crate::protocol::link::Link;
use crate::protocol::message::HttpRequest;
use crate::provider::quirks::Paging;

/// How large a page may be. It is held whole, to be counted and put into the array.
const MAX_PAGE: u64 = 64 * 1024 * 1024;

/// How far a walk goes, and how many requests are under way at once where pages can be counted.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub max_pages: Option<u64>,
    pub jobs: usize,
}

/// One page, whole.
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The body read as JSON, if it is JSON.
    pub value: Option<Value>,
    pub request: HttpRequest,
}

impl Page {
    /// How many rows are on the page: the length of the longest array that is not inside of a row.
    fn rows(&self) -> Option<usize> {
        rows_of(self.value.as_ref()?, 2)
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// `{"data": {"items": […]}}` is as deep as wrappers go.
fn rows_of(value: &Value, depth: usize) -> Option<usize> {
    match value {
        Value::Array(rows) => Some(rows.len()),
        Value::Object(object) if depth > 0 => object.values().filter_map(|value| rows_of(value, depth - 1)).max(),
        _ => None,
    }
}

/// Whether the last page was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    LastPage,
    /// `max_pages` ended the walk.
    Limit,
    /// A page that is no success, or whoever got it wanted no more.
    Stopped,
}

/// Walks over the pages and hands each over in order, a refusal too, which is then the last.
pub fn follow<E: From<FlowError>>(
    caller: &Caller<'_>,
    first: &HttpRequest,
    paging: &Paging,
    plan: Plan,
    each: &mut dyn FnMut(Page) -> Result<ControlFlow<()>, E>,
) -> Result<End, E> {
    match paging {
        Paging::Link => one_by_one(caller, first, plan, each, |page| {
            let links = page.headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
            let Some(target) = Link::next(links) else { return Ok(None) };
            caller.api.follow(&page.request, &target, &caller.token()).map(Some)
        }),
        Paging::Cursor { param, path } => one_by_one(caller, first, plan, each, |page| {
            let cursor = match page.value.as_ref().and_then(|value| json::at(value, path)) {
                Some(Value::String(cursor)) if !cursor.is_empty() => cursor.clone(),
                Some(Value::Number(cursor)) => cursor.to_string(),
                _ => return Ok(None),
            };
            let mut next = page.request.clone();
            set_pair(&mut next.url, param, &cursor);
            Ok(Some(next))
        }),
        Paging::Page { param, first: start, size, max_size } => {
            let size = size.as_deref().zip(*max_size);
            Counted::new(first, param, *start, size, |_| 1).walk(caller, plan, each)
        }
        // A server may give fewer rows than it was asked for; the next page begins where those end.
        Paging::Offset { param, size, max_size } => {
            Counted::new(first, param, 0, Some((size, *max_size)), |rows| rows as u64).walk(caller, plan, each)
        }
    }
}

fn one_by_one<E: From<FlowError>>(
    caller: &Caller<'_>,
    first: &HttpRequest,
    plan: Plan,
    each: &mut dyn FnMut(Page) -> Result<ControlFlow<()>, E>,
    next_of: impl Fn(&Page) -> Result<Option<HttpRequest>, FlowError>,
) -> Result<End, E> {
    let mut request = first.clone();
    // Hashes, as a collection may have a million pages.
    let mut seen = HashSet::from([hash(request.url.as_str())]);
    let mut count = 0;
    loop {
        let page = fetch(caller, &request)?;
        let (success, next) = (page.is_success(), next_of(&page));
        if each(page)?.is_break() || !success {
            return Ok(End::Stopped);
        }
        let Some(next) = next? else { return Ok(End::LastPage) };
        count += 1;
        if plan.max_pages.is_some_and(|max| count >= max) {
            return Ok(End::Limit);
        }
        if !seen.insert(hash(next.url.as_str())) {
            return Err(FlowError::PagesInACircle { what: "an address" }.into());
        }
        request = next;
    }
}

/// Pages that are counted, by number or by rows.
struct Counted<'r> {
    request: HttpRequest,
    param: &'r str,
    start: u64,
    /// How many rows were asked for.
    size: Option<u64>,
    step: fn(usize) -> u64,
}

impl<'r> Counted<'r> {
    /// What the caller wrote into the query itself counts: a walk may begin at page 7 or ask for small pages.
    fn new(first: &HttpRequest, param: &'r str, start: u64, size: Option<(&str, u64)>, step: fn(usize) -> u64) -> Self {
        let mut request = first.clone();
        let written = |name: &str| {
            let value = first.url.query_pairs().find(|(key, _)| key == name)?.1.into_owned();
            Some(value.parse::<u64>().ok())
        };
        let size = size.and_then(|(name, max)| match written(name) {
            Some(asked) => asked,
            None => {
                set_pair(&mut request.url, name, &max.to_string());
                Some(max)
            }
        });
        let start = written(param).flatten().unwrap_or(start);
        Self { request, param, start, size, step }
    }

    fn request(&self, number: u64) -> HttpRequest {
        let mut request = self.request.clone();
        set_pair(&mut request.url, self.param, &number.to_string());
        request
    }

    fn walk<E: From<FlowError>>(
        &self,
        caller: &Caller<'_>,
        plan: Plan,
        each: &mut dyn FnMut(Page) -> Result<ControlFlow<()>, E>,
    ) -> Result<End, E> {
        let first = fetch(caller, &self.request(self.start))?;
        let (success, full, mut last_hash) = (first.is_success(), first.rows().unwrap_or(0), hash(&first.body));
        if each(first)?.is_break() || !success {
            return Ok(End::Stopped);
        }
        if full == 0 {
            return Ok(End::LastPage);
        }
        let pages = plan.max_pages.unwrap_or(u64::MAX);
        let step = (self.step)(full);
        // A page that is not full may be the last one, and then every further request would be in vain.
        let jobs = if self.size.is_some_and(|size| (full as u64) < size) { 1 } else { plan.jobs };
        let fetch_nth = |n: u64| fetch(caller, &self.request(self.start.saturating_add(n.saturating_mul(step))));
        let mut hand_over = |page: Page| {
            let (success, rows, hash) = (page.is_success(), page.rows().unwrap_or(0), hash(&page.body));
            // An empty page would have been the last one, so this one has rows.
            if success && hash == last_hash {
                return Err(FlowError::PagesInACircle { what: "a page" }.into());
            }
            last_hash = hash;
            if each(page)?.is_break() || !success {
                return Ok(Some(End::Stopped));
            }
            Ok((rows < full).then_some(End::LastPage))
        };
        in_order(caller, jobs, 1..pages, &fetch_nth, &mut hand_over)
    }
}

/// Fetches pages on several threads, and hands them over in order until `hand_over` says that it is the end.
fn in_order<E: From<FlowError>>(
    caller: &Caller<'_>,
    jobs: usize,
    numbers: std::ops::Range<u64>,
    fetch: &(dyn Fn(u64) -> Result<Page, FlowError> + Sync),
    hand_over: &mut dyn FnMut(Page) -> Result<Option<End>, E>,
) -> Result<End, E> {
    let (work, queue) = mpsc::channel::<u64>();
    let (done, results) = mpsc::channel();
    let queue = Mutex::new(queue);
    std::thread::scope(|scope| {
        for n in 0..jobs {
            let (queue, done) = (&queue, done.clone());
            let work = move || {
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok(n) = next() {
                    if done.send((n, fetch(n))).is_err() {
                        return;
                    }
                }
            };
            match std::thread::Builder::new().spawn_scoped(scope, work) {
                Err(error) if n == 0 => return Err(FlowError::NoThread(error).into()),
                // With fewer than were asked for it takes longer.
                Ok(_) | Err(_) => {}
            }
        }
        // Taken in here, so that the threads see the end of the work before they are waited for.
        let work = work;
        let mut walk = || {
            let (mut to_ask, mut to_hand) = (numbers.start, numbers.start);
            let (mut window, mut throttled) = (jobs as u64, caller.throttled());
            let mut early = BTreeMap::new();
            loop {
                while to_ask < numbers.end && to_ask - to_hand < window {
                    // The threads outlive the walk.
                    let _ = work.send(to_ask);
                    to_ask += 1;
                }
                if to_ask == to_hand {
                    return Ok(End::Limit);
                }
                let Ok((n, page)) = results.recv() else { return Ok(End::Stopped) };
                early.insert(n, page);
                while let Some(page) = early.remove(&to_hand) {
                    to_hand += 1;
                    if let Some(end) = hand_over(page?)? {
                        return Ok(end);
                    }
                }
                // An API that is asked too often is asked half as much from then on.
                if caller.throttled() > throttled {
                    throttled = caller.throttled();
                    window = (window / 2).max(1);
                }
            }
        };
        let end = walk();
        // Pages beyond the last one may wait for a busy server; nobody wants them.
        caller.stop();
        end
    })
}

fn fetch(caller: &Caller<'_>, request: &HttpRequest) -> Result<Page, FlowError> {
    let reply = caller.call(request, None)?;
    let (status, headers) = (reply.status, reply.headers.clone());
    let body = reply.read(MAX_PAGE).map_err(FlowError::ApiRequest)?;
    let value = serde_json::from_slice(&body).ok();
    Ok(Page { status, headers, body, value, request: request.clone() })
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};
    use std::sync::Condvar;
    use std::time::Duration;

    use super::*;
    use crate::flow::api::Api;
    use crate::flow::doubles::{Answer, Nobody, Said, Scripted, SetClock, provider};
    use crate::protocol::secret::AccessToken;
    use crate::store::stored_token::Expiry;
    use crate::system::http::HttpError;

    /// The bodies that were handed over, joined, and how the walk ended; `stop_at`: the page after which whoever gets
    /// them wants no more.
    fn walk_until(
        stop_at: usize,
        http: &Scripted<'_>,
        paging: &Paging,
        plan: Plan,
    ) -> (String, Result<End, FlowError>) {
        let (provider, clock) = (provider(""), SetClock::at(0));
        let api = Api::new(&provider, None).unwrap();
        let first = api.request(http::Method::GET, api.resolve("/x").unwrap()).unwrap();
        let token = (AccessToken::new("t"), Expiry::Unknown);
        let caller = Caller::new(api, token, (http, &clock), (&Nobody, &Nobody), Duration::from_secs(60));
        let mut bodies = Vec::new();
        let end = follow(&caller, &first, paging, plan, &mut |page| {
            bodies.push(String::from_utf8(page.body).unwrap());
            Ok::<_, FlowError>(if bodies.len() == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        (bodies.join(" "), end)
    }

    fn walk(http: &Scripted<'_>, paging: &Paging, plan: Plan) -> (String, Result<End, FlowError>) {
        walk_until(usize::MAX, http, paging, plan)
    }

    /// The walk ends by itself; the limit is for a program that is wrong.
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

    /// The page that is asked for by its number. Beyond the last one there are empty pages.
    fn page_of(pages: &[&str], request: &HttpRequest) -> Said {
        Ok(Answer::new(200, *pages.get(number(request, "page")).unwrap_or(&"[]")))
    }

    /// Which pages were asked for, for a server that waits with one for another.
    #[derive(Default)]
    struct Asked {
        pages: Mutex<Vec<usize>>,
        changed: Condvar,
    }

    impl Asked {
        /// Comes back when page `other` has been asked for too. Only a fault lets it wait to its limit.
        fn note(&self, page: usize, other: usize) {
            let mut pages = self.pages.lock().unwrap();
            pages.push(page);
            self.changed.notify_all();
            let missing = |pages: &mut Vec<usize>| !pages.contains(&other);
            drop(self.changed.wait_timeout_while(pages, Duration::from_secs(5), missing).unwrap());
        }
    }

    #[test]
    fn the_rows_of_a_page_are_its_longest_array_outside_of_rows() {
        for (body, rows) in [
            ("[1,2,3]", Some(3)),
            ("[]", Some(0)),
            (r#"{"page":1,"products":[{"tags":["a","b","c"]}]}"#, Some(1)),
            (r#"{"errors":[],"data":{"items":[1,2]}}"#, Some(2)),
            (r#"{"data":{"shop":{"list":[1]}}}"#, None),
            (r#"{"count":2}"#, None),
            ("7", None),
        ] {
            assert_eq!(rows_of(&serde_json::from_str(body).unwrap(), 2), rows, "{body}");
        }
    }

    #[test]
    fn what_the_caller_wrote_into_the_query_counts() {
        let request = |url: &str| HttpRequest::new(http::Method::GET, url::Url::parse(url).unwrap());
        let counted = |url| Counted::new(&request(url), "page", 1, Some(("per_page", 100)), |_| 1);
        let plain = counted("https://a.example/x?q=1");
        assert_eq!(plain.request(2).url.as_str(), "https://a.example/x?q=1&per_page=100&page=2");
        let own = counted("https://a.example/x?per_page=5&page=7");
        assert_eq!((own.start, own.size), (7, Some(5)));
        assert_eq!(own.request(8).url.as_str(), "https://a.example/x?per_page=5&page=8");
    }

    #[test]
    fn links_and_cursors_are_followed_to_the_last_page() {
        let linked = Scripted::new(|request| match request.url.path() {
            "/x" => Ok(Answer::new(200, "[1]").with("link", "</y?z=2>; rel=next")),
            _ => Ok(Answer::new(200, "[2]").with("link", "</x>; rel=prev")),
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
                Ok(Answer::new(200, body))
            });
            let (_, end) = walk(&cursors, &by_cursor(), unlimited);
            assert_eq!(end.unwrap(), End::LastPage);
            assert_eq!(cursors.paths(), ["/x", "/x?after=a+b", "/x?after=12345678901234567890"], "{last}");
        }
    }

    #[test]
    fn a_walk_ends_with_a_refusal_or_when_nobody_wants_more_or_at_its_limit() {
        for paging in [by_cursor(), by_page()] {
            let endless = |status| {
                Scripted::new(move |request| {
                    let n = number(request, "after") + number(request, "page");
                    let rows = format!(r#"{{"next":{},"rows":[{n},0]}}"#, n + 1);
                    Ok(Answer::new(if n == 2 { status } else { 200 }, rows))
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
            let refused = walk(&Scripted::new(|_| Ok(Answer::new(404, "[1,2]"))), &paging, plan(FAR));
            assert_eq!((refused.0.as_str(), refused.1.unwrap()), ("[1,2]", End::Stopped));
        }
    }

    #[test]
    fn pages_in_a_circle_are_noticed() {
        let same = || Scripted::new(|_| Ok(Answer::new(200, r#"{"next":"a","rows":[1,2]}"#)));
        for (paging, what) in [(by_cursor(), "an address"), (by_page(), "a page")] {
            let (_, end) = walk(&same(), &paging, jobs(1));
            assert!(matches!(end, Err(FlowError::PagesInACircle { what: said }) if said == what), "{end:?}");
        }
    }

    #[test]
    fn counted_pages_end_with_the_first_one_that_has_fewer_rows() {
        for (served, handed) in [
            (&["[1,2]", "[3,4]", "[5]"][..], "[1,2] [3,4] [5]"),
            (&["[1,2]", "[3,4]"], "[1,2] [3,4] []"),
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
            Ok(Answer::new(200, format!("{left:?}").replace(' ', "")))
        });
        let offset = Paging::Offset { param: "skip".into(), size: "size".into(), max_size: 100 };
        let (bodies, _) = walk(&rows, &offset, jobs(1));
        assert_eq!(bodies, "[0,1,2] [3,4,5] [6]");
        assert_eq!(rows.paths(), ["/x?size=100&skip=0", "/x?size=100&skip=3", "/x?size=100&skip=6"]);
    }

    /// Page 1 comes after page 2 was asked for.
    #[test]
    fn full_pages_are_asked_for_at_once_and_handed_over_in_order() {
        let asked = Asked::default();
        let http = Scripted::new(|request| {
            let page = number(request, "page");
            asked.note(page, if page == 1 { 2 } else { page });
            match asked.pages.lock().unwrap().contains(&2) || page == 0 {
                true => page_of(&["[1,2]", "[3,4]", "[5,6]", "[7]"], request),
                false => Ok(Answer::new(500, "")),
            }
        });
        let (bodies, end) = walk(&http, &by_page(), jobs(2));
        assert_eq!((bodies.as_str(), end.unwrap()), ("[1,2] [3,4] [5,6] [7]", End::LastPage));
    }

    #[test]
    fn after_a_first_page_that_is_not_full_one_page_is_asked_for_at_a_time() {
        let http = Scripted::new(|request| page_of(&["[1]", "[2]"], request));
        let (bodies, end) = walk(&http, &by_page(), jobs(4));
        assert_eq!((bodies.as_str(), end.unwrap()), ("[1] [2] []", End::LastPage));
        assert_eq!(http.paths(), ["/x?size=2&page=0", "/x?size=2&page=1", "/x?size=2&page=2"]);
    }

    /// Page 1 is refused at first; from then on two pages are asked for at once and not four. Page 5 is the last one,
    /// and comes after page 6 was asked for.
    #[test]
    fn an_api_that_is_asked_too_often_is_asked_half_as_much() {
        let asked = Asked::default();
        let http = Scripted::new(|request| {
            let page = number(request, "page");
            let again = asked.pages.lock().unwrap().contains(&page);
            asked.note(page, if page == 5 { 6 } else { page });
            match page == 1 && !again {
                true => Ok(Answer::new(429, "").with("retry-after", "1")),
                false => page_of(&["[0,0]", "[1,1]", "[2,2]", "[3,3]", "[4,4]", "[5]"], request),
            }
        });
        let (bodies, end) = walk(&http, &by_page(), jobs(4));
        assert_eq!((bodies.as_str(), end.unwrap()), ("[0,0] [1,1] [2,2] [3,3] [4,4] [5]", End::LastPage));
        let mut asked = asked.pages.lock().unwrap().clone();
        asked.sort_unstable();
        assert_eq!(asked, [0, 1, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_page_may_have_megabytes_and_not_more_than_64() {
        let of = |length: u64| {
            let body = move |_: &HttpRequest| Ok(Answer::new(200, "").with_body(io::repeat(b' ').take(length)));
            walk(&Scripted::new(body), &by_cursor(), jobs(1))
        };
        assert!(of(2 * 1024 * 1024).1.is_ok());
        let endless = of(u64::MAX).1;
        assert!(matches!(endless, Err(FlowError::ApiRequest(HttpError::TooLarge { .. }))), "{endless:?}");
    }
}
