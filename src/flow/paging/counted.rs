//! Pages that are counted, by number or by rows. Several are fetched at once and handed over in order.
//!
//! A counted walk ends at a page that says it is the last, or has the last page's number, or brings the rows to the
//! total; where a page says nothing of this, at the first empty one. Some APIs have no empty page: a 404 after the last
//! page is the same end, and is told.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, mpsc};

use super::super::FlowError;
use super::super::api::set_pair;
use super::super::retry::Caller;
use super::body;
use super::memory::PageMemory;
use super::page::{Page, fetch};
use super::tally::{Sight, Tally};
use super::walk::{Each, End, Plan, end_elsewhere, hash};
use super::way::{Counting, Unit};
use crate::protocol::message::HttpRequest;

pub(super) struct Counted<'r> {
    request: HttpRequest,
    param: &'r str,
    unit: Unit,
    /// What the definition's first page has.
    first: u64,
    /// Where this walk begins.
    pub start: u64,
    /// How many rows were requested.
    pub size: Option<u64>,
}

/// What the first page decides.
struct Pace {
    /// By how much two pages differ in what is counted.
    step: u64,
    /// The rows of the first page.
    rows: u64,
    full: bool,
}

impl<'r> Counted<'r> {
    /// Reads the first page's request. The caller's own parameters count: a walk may begin at page 7 or use small pages.
    pub fn new(first: &HttpRequest, counting: &'r Counting) -> Self {
        let mut request = first.clone();
        let written = |name: &str| {
            let in_query = || Some(first.url.query_pairs().find(|(key, _)| key == name)?.1.into_owned());
            let value = body::get(first, name).or_else(in_query)?;
            Some(value.parse::<u64>().ok())
        };
        let size = counting.size.as_ref().and_then(|(name, max)| match written(name) {
            Some(asked) => asked,
            None => {
                set(&mut request, name, *max);
                Some(*max)
            }
        });
        let start = written(&counting.param).flatten().unwrap_or(counting.first);
        Self { request, param: &counting.param, unit: counting.unit, first: counting.first, start, size }
    }

    pub fn request(&self, number: u64) -> HttpRequest {
        let mut request = self.request.clone();
        set(&mut request, self.param, number);
        request
    }

    pub fn walk<E: From<FlowError>>(
        &self,
        caller: &Caller<'_>,
        (plan, mut tally): (Plan, Tally<'_>),
        each: Each<'_, E>,
    ) -> Result<End, E> {
        if self.start > self.first {
            tally.begins_later();
        }
        let first = fetch(caller, &self.request(self.start), |_| true)?;
        let (last_hash, elsewhere) = (hash(&first.body), first.elsewhere());
        let sight = first.is_success().then(|| tally.add(&first));
        if each(first)?.is_break() {
            return Ok(End::Stopped);
        }
        let Some(sight) = sight else { return Ok(End::Stopped) };
        let mut pace = self.pace(&sight);
        let end = self.end(&tally, &sight, &pace, 0)?;
        if let Some(origin) = elsewhere {
            return Ok(end_elsewhere(origin, end.is_some())?);
        }
        if let Some(end) = end {
            return Ok(end);
        }
        if plan.max_pages == Some(1) {
            return Ok(End::Limit);
        }
        let corrects = self.unit == Unit::Rows && !pace.full && sight.marks.limit.is_none();
        let ahead = Mutex::new(if corrects { self.correct(caller, &tally, &mut pace)? } else { None });
        // Behind a page that is not full there may be none, and then every further request would be wasted.
        let known = sight.marks.pages.is_some() || sight.marks.total.is_some();
        let jobs = if pace.full || known { plan.jobs } else { 1 };
        let memory = PageMemory::default();
        let fetch_nth = |n: u64| {
            if let (1, Some(page)) = (n, ahead.lock().unwrap_or_else(PoisonError::into_inner).take()) {
                return Ok(page);
            }
            let request = self.request(self.start.saturating_add(n.saturating_mul(pace.step)));
            fetch(caller, &request, |bytes| memory.take(n, bytes))
        };
        let pages = plan.max_pages.unwrap_or(u64::MAX);
        let known = self.known_pages(&sight, &pace).unwrap_or(pages);
        let mut further = Further { counted: self, tally, pace: &pace, last_hash, n: 0 };
        in_order(caller, (jobs, &memory), (1..pages, known), &fetch_nth, &mut |page| further.take(page, each))
    }

    fn pace(&self, sight: &Sight) -> Pace {
        let rows = sight.rows.unwrap_or(0) as u64;
        let limit = sight.marks.limit.filter(|limit| *limit >= rows && *limit > 0);
        let step = match self.unit {
            Unit::Pages => 1,
            // The page after a short one begins where a full one would end, if the API says where that is.
            Unit::Rows => limit.unwrap_or(rows).max(1),
        };
        let full = match limit.or(self.size) {
            Some(size) => rows >= size,
            None => true,
        };
        Pace { step, rows: limit.unwrap_or(rows), full }
    }

    /// A first page that is short is either all that the API gives, or lacks rows that are hidden. If the next page has
    /// more rows, they were hidden, and pages are at least that large. Returns the next page unless it begins elsewhere.
    fn correct(&self, caller: &Caller<'_>, tally: &Tally<'_>, pace: &mut Pace) -> Result<Option<Page>, FlowError> {
        let next = fetch(caller, &self.request(self.start.saturating_add(pace.step)), |_| true)?;
        let rows = tally.rows_of(&next).unwrap_or(0) as u64;
        if !next.is_success() || rows <= pace.step {
            return Ok(Some(next));
        }
        (pace.step, pace.rows) = (rows, rows);
        Ok(None)
    }

    /// Returns how many pages this walk has, if the first page says so.
    fn known_pages(&self, sight: &Sight, pace: &Pace) -> Option<u64> {
        let pages = sight.marks.pages.as_ref().filter(|_| !sight.marks.says_more())?;
        let before = (self.start.saturating_sub(self.first)).checked_div(pace.step)?;
        Some(pages.value.saturating_sub(before))
    }

    /// Returns the end of the walk if the `n`th page is the last one.
    fn end(&self, tally: &Tally<'_>, sight: &Sight, pace: &Pace, n: u64) -> Result<Option<End>, FlowError> {
        let Sight { marks, rows } = sight;
        let number = self.start.saturating_add(n.saturating_mul(pace.step));
        let position = (number.saturating_sub(self.first) / pace.step).saturating_add(1);
        let pages_left = match (&marks.pages, &marks.last_page) {
            (Some(pages), _) => Some(position < pages.value),
            // It may count from 0, as the definition's pages do.
            (None, Some(last)) => Some(number < last.value),
            (None, None) => None,
        };
        let is_empty = rows.unwrap_or(0) == 0;
        let is_last = if marks.says_more() {
            false
        } else if marks.says_no_more() || pages_left == Some(false) {
            true
        } else if pages_left == Some(true) {
            false
        } else if tally.left() == Some(0) && !is_empty {
            // A `total` may also be what this page holds. A full page could then have another one behind it.
            tally.pages > 1 || !pace.full
        } else {
            // Behind a hole in the middle there are more rows. Behind the last page a total that is too high has none.
            let expected = tally.left().filter(|left| *left > 0).and(marks.total.as_ref()).map(|total| total.value);
            is_empty && expected.is_none_or(|total| position.saturating_mul(pace.rows.max(1)) >= total)
        };
        if is_last {
            tally.check_total()?;
            return Ok(Some(End::LastPage));
        }
        tally.check_empty()?;
        if rows.is_none() && self.unit == Unit::Rows {
            tally.check_no_more()?;
            return Ok(Some(End::LastPage));
        }
        Ok(None)
    }
}

/// The pages after the first one, in their order.
struct Further<'c, 'w> {
    counted: &'c Counted<'c>,
    tally: Tally<'w>,
    pace: &'c Pace,
    /// Of the page before.
    last_hash: u64,
    n: u64,
}

impl Further<'_, '_> {
    /// Hands a page over, and returns the end if it is the last one.
    fn take<E: From<FlowError>>(&mut self, page: Page, each: Each<'_, E>) -> Result<Option<End>, E> {
        self.n += 1;
        let success = page.is_success();
        let elsewhere = page.elsewhere();
        if !success && elsewhere.is_none() && is_beyond(page.status, &self.tally) {
            self.tally.check_total().map_err(FlowError::from)?;
            return Ok(Some(End::Beyond { status: page.status }));
        }
        let hash = hash(&page.body);
        // An empty page may look like the one before.
        let is_repeated = success && hash == std::mem::replace(&mut self.last_hash, hash);
        if is_repeated && self.tally.rows_of(&page) != Some(0) {
            // Some APIs answer with the last page to every further number.
            return match self.tally.left() {
                Some(0) => Ok(Some(End::LastPage)),
                _ => Err(FlowError::PagesInACircle { what: "a page" }.into()),
            };
        }
        let sight = success.then(|| self.tally.add(&page));
        if each(page)?.is_break() {
            return Ok(Some(End::Stopped));
        }
        let Some(sight) = sight else { return Ok(Some(End::Stopped)) };
        let end = self.counted.end(&self.tally, &sight, self.pace, self.n)?;
        match elsewhere {
            Some(origin) => Ok(Some(end_elsewhere(origin, end.is_some())?)),
            None => Ok(end),
        }
    }
}

/// Returns `true` for the answer of an API to a page after the last one. It is not the end if the page before has said
/// that there are more.
fn is_beyond(status: u16, tally: &Tally<'_>) -> bool {
    let says_more = tally.last.says_more() || tally.last.pages.as_ref().is_some_and(|pages| pages.value > tally.pages);
    match status {
        404 | 416 => !says_more,
        // Only where all rows have come can it be nothing else.
        400 | 422 => !says_more && tally.left() == Some(0),
        _ => false,
    }
}

fn set(request: &mut HttpRequest, name: &str, value: u64) {
    if !body::set(request, name, value.into()) {
        set_pair(&mut request.url, name, &value.to_string());
    }
}

/// Fetches pages on several threads, and hands them over in order until `hand_over` returns the end. Beyond the pages
/// that are `known`, none is asked for before its turn.
fn in_order<E: From<FlowError>>(
    caller: &Caller<'_>,
    (jobs, memory): (usize, &PageMemory),
    (numbers, known): (std::ops::Range<u64>, u64),
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
                while to_ask < numbers.end && to_ask - to_hand < if to_ask < known { window } else { 1 } {
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
