//! Pagination to the last page: by `Link`, by a cursor in the body, or by counting.
//!
//! Links and cursors are known one at a time. Numbers and offsets are known in advance, so several pages are fetched
//! at once and handed over in order. One page is held in memory, and early pages together share the room of one more:
//! see [`PageMemory`].

mod memory;
mod page;

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError, mpsc};

use self::memory::PageMemory;
use self::page::fetch;
pub use self::page::{Facts, Page, Reading};
use super::FlowError;
use super::api::set_pair;
use super::retry::Caller;
use crate::protocol::link::Link;
use crate::protocol::message::HttpRequest;
use crate::provider::quirks::Paging;

/// How many addresses are kept to detect a loop. The user has to stop a longer one.
const MAX_SEEN: usize = 1 << 19;

/// The limits of a walk: how far it goes, and how many counted pages are requested at once.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub max_pages: Option<u64>,
    pub jobs: usize,
}

/// The end of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    LastPage,
    /// `max_pages` ended the walk.
    Limit,
    /// A page was not a success, or its receiver wanted no more.
    Stopped,
}

/// Walks over the pages and hands each over in order. A refusal is handed over too, and is the last.
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
            let Some(cursor) = page.cursor(path)? else { return Ok(None) };
            let mut next = page.request.clone();
            set_pair(&mut next.url, param, &cursor);
            Ok(Some(next))
        }),
        Paging::Page { param, first: start, size, max_size } => {
            let size = size.as_deref().zip(*max_size);
            Counted::new(first, param, *start, size, |_| 1).walk(caller, plan, each)
        }
        // A server may return fewer rows than requested. The next page begins where those end.
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
    // Hashes, because a collection may have a million pages.
    let mut seen = HashSet::from([hash(request.url.as_str())]);
    let mut count = 0;
    loop {
        let page = fetch(caller, &request, |_| true)?;
        let (success, next) = (page.is_success(), next_of(&page));
        if each(page)?.is_break() || !success {
            return Ok(End::Stopped);
        }
        let Some(next) = next? else { return Ok(End::LastPage) };
        count += 1;
        if plan.max_pages.is_some_and(|max| count >= max) {
            return Ok(End::Limit);
        }
        if seen.len() >= MAX_SEEN {
            seen.clear();
        }
        if !seen.insert(hash(next.url.as_str())) {
            return Err(FlowError::PagesInACircle { what: "an address" }.into());
        }
        request = next;
    }
}

/// Pages that are counted by number or by rows.
struct Counted<'r> {
    request: HttpRequest,
    param: &'r str,
    start: u64,
    /// How many rows were requested.
    size: Option<u64>,
    step: fn(usize) -> u64,
}

impl<'r> Counted<'r> {
    /// Reads the first page's request. The caller's own query counts: a walk may begin at page 7 or use small pages.
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
        let first = fetch(caller, &self.request(self.start), |_| true)?;
        let (success, full, mut last_hash) = (first.is_success(), first.rows().unwrap_or(0), hash(&first.body));
        if each(first)?.is_break() || !success {
            return Ok(End::Stopped);
        }
        if full == 0 {
            return Ok(End::LastPage);
        }
        let pages = plan.max_pages.unwrap_or(u64::MAX);
        let step = (self.step)(full);
        // A page that is not full may be the last one, and then every further request would be wasted.
        let jobs = if self.size.is_some_and(|size| (full as u64) < size) { 1 } else { plan.jobs };
        let memory = PageMemory::default();
        let fetch_nth = |n: u64| {
            let request = self.request(self.start.saturating_add(n.saturating_mul(step)));
            fetch(caller, &request, |bytes| memory.take(n, bytes))
        };
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
        in_order(caller, (jobs, &memory), 1..pages, &fetch_nth, &mut hand_over)
    }
}

/// Fetches pages on several threads, and hands them over in order until `hand_over` returns the end.
fn in_order<E: From<FlowError>>(
    caller: &Caller<'_>,
    (jobs, memory): (usize, &PageMemory),
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
            let work = move || fetch_from(queue, fetch, &done);
            match std::thread::Builder::new().spawn_scoped(scope, work) {
                Err(error) if n == 0 => return Err(FlowError::NoThread(error).into()),
                // With fewer threads than requested it takes longer.
                Ok(_) | Err(_) => {}
            }
        }
        // Moved in here, so that the threads see the end of the work before they are joined.
        let work = work;
        let mut walk = || {
            let (mut to_ask, mut to_hand) = (numbers.start, numbers.start);
            let (mut window, mut throttled) = (jobs as u64, caller.throttled());
            let mut early = BTreeMap::new();
            loop {
                memory.now(to_hand);
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
                    if let Some(end) = hand_over(page?)? {
                        return Ok(end);
                    }
                    memory.give_back(to_hand);
                    to_hand += 1;
                    memory.now(to_hand);
                }
                // After a rate limit, half as many requests run at once.
                if caller.throttled() > throttled {
                    throttled = caller.throttled();
                    window = (window / 2).max(1);
                }
            }
        };
        let end = walk();
        // Pages beyond the last one may wait for a busy server, or for room. They are not wanted.
        caller.stop();
        memory.close();
        end
    })
}

/// Fetches the pages with these numbers, until there are no more or they are no longer wanted.
fn fetch_from(
    queue: &Mutex<mpsc::Receiver<u64>>,
    fetch: &(dyn Fn(u64) -> Result<Page, FlowError> + Sync),
    done: &mpsc::Sender<(u64, Result<Page, FlowError>)>,
) {
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(n) = next() {
        if done.send((n, fetch(n))).is_err() {
            return;
        }
    }
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
