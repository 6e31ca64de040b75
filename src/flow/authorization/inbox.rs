//! The bounded queue of everything that arrives for a login.
//!
//! Any local program can send requests faster than they can be judged. While the code is exchanged and the token is
//! stored, none is judged at all. So:
//!
//! * While the login waits for an answer, at most [`CAPACITY`] requests are queued. When the queue is full, the polling
//!   thread waits too and the kernel holds back the rest. None is lost, as the genuine one may be among them.
//! * Once an answer is proven, nothing is queued. The polling thread itself answers: a repetition of the same request
//!   waits for the same page (at most [`MAX_REPEATS`], without their bodies), and every other request gets a 404 page.
//!
//! Together with the limits of the port, this keeps the whole process below 32 MiB in every phase of a login.
//! `tests/it/port_memory.rs` measures that.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::flow::last_page::LastPage;
use crate::flow::pages::BrowserPage;
use crate::system::loopback::{LoopbackEvent, LoopbackRequest};

/// How many events of the port are queued. Judging takes microseconds, so a longer queue would only use memory.
const CAPACITY: usize = 16;

/// How many pasted lines are queued.
const MAX_PASTED: usize = 8;

/// How many repetitions of the redirect are answered with its page. A browser repeats it once or twice.
const MAX_REPEATS: usize = 8;

pub(super) enum Arrival {
    Loopback(LoopbackEvent),
    Pasted(Zeroizing<String>),
}

#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
}

enum State {
    Waiting(VecDeque<Arrival>),
    Answered(Box<Answered>),
    /// The login is abandoned.
    Closed,
}

impl Default for State {
    fn default() -> Self {
        Self::Waiting(VecDeque::new())
    }
}

/// The requests that arrived after an answer was proven.
struct Answered {
    /// The request that brought the answer, or `None` if it was pasted.
    winner: Option<LoopbackRequest>,
    /// Repetitions of it, before there was a page to show.
    repeats: Vec<LoopbackRequest>,
    page: Option<LastPage>,
    /// How many other requests arrived at the redirect URI.
    others: usize,
}

impl Inbox {
    /// Queues an event of the port. Waits for room while the login waits for an answer.
    pub(super) fn deliver(&self, event: LoopbackEvent) {
        let is_loopback = |arrival: &&Arrival| matches!(arrival, Arrival::Loopback(_));
        let mut state = self.wait_for_room(|arrivals| arrivals.iter().filter(is_loopback).count() < CAPACITY);
        match &mut *state {
            State::Waiting(arrivals) => arrivals.push_back(Arrival::Loopback(event)),
            State::Answered(answered) => answered.receive(event),
            State::Closed => {}
        }
        self.changed.notify_all();
    }

    /// Queues a pasted line. Returns `false` when the login no longer waits.
    pub(super) fn paste(&self, line: Zeroizing<String>) -> bool {
        let is_pasted = |arrival: &&Arrival| matches!(arrival, Arrival::Pasted(_));
        let mut state = self.wait_for_room(|arrivals| arrivals.iter().filter(is_pasted).count() < MAX_PASTED);
        let State::Waiting(arrivals) = &mut *state else { return false };
        arrivals.push_back(Arrival::Pasted(line));
        self.changed.notify_all();
        true
    }

    /// Returns the next arrival, or `None` if none comes in this time.
    pub(super) fn next(&self, patience: Duration) -> Option<Arrival> {
        let is_empty = |state: &mut State| matches!(state, State::Waiting(arrivals) if arrivals.is_empty());
        let waited = self.changed.wait_timeout_while(self.lock(), patience, is_empty);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let State::Waiting(arrivals) = &mut *state else { return None };
        let arrival = arrivals.pop_front();
        self.changed.notify_all();
        arrival
    }

    /// Records that an answer is proven, and the request that brought it unless it was pasted. Stops queueing.
    pub(super) fn settle(&self, winner: Option<LoopbackRequest>) {
        let mut state = self.lock();
        let mut answered = Box::new(Answered { winner, repeats: Vec::new(), page: None, others: 0 });
        if let State::Waiting(arrivals) = std::mem::take(&mut *state) {
            for arrival in arrivals {
                if let Arrival::Loopback(event) = arrival {
                    answered.receive(event);
                }
            }
        }
        *state = State::Answered(answered);
        self.changed.notify_all();
    }

    /// Shows the page to the request that brought the answer, and to each of its past and future repetitions. Returns how
    /// many other redirects arrived meanwhile.
    pub(super) fn show(&self, page: impl Into<LastPage>) -> usize {
        let page = page.into();
        let mut state = self.lock();
        let State::Answered(answered) = &mut *state else { return 0 };
        for request in answered.winner.iter_mut().chain(&mut answered.repeats) {
            request.answer(page.answer());
        }
        answered.repeats.clear();
        answered.page = Some(page);
        answered.others
    }

    /// Releases the threads that wait for room. Repetitions of an answer are still served.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if matches!(*state, State::Waiting(_)) {
            *state = State::Closed;
        }
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_room(&self, has_room: impl Fn(&VecDeque<Arrival>) -> bool) -> MutexGuard<'_, State> {
        let is_full = |state: &mut State| matches!(state, State::Waiting(arrivals) if !has_room(arrivals));
        self.changed.wait_while(self.lock(), is_full).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answered {
    fn receive(&mut self, event: LoopbackEvent) {
        let LoopbackEvent::Request(mut request) = event else { return };
        let same = self.winner.as_ref().is_some_and(|winner| winner.repeats(&request));
        match (same, &self.page) {
            (true, Some(page)) => request.answer(page.answer()),
            (true, None) if self.repeats.len() < MAX_REPEATS => {
                request.body = Vec::new();
                self.repeats.push(request);
            }
            _ => {
                let path = |request: &LoopbackRequest| request.target.split('?').next().map(str::to_owned);
                let on_the_path = self.winner.as_ref().is_some_and(|winner| path(winner) == path(&request));
                self.others += usize::from(on_the_path && !same);
                request.answer(BrowserPage::NothingHere.answer());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    fn request(method: &str, target: &str) -> LoopbackEvent {
        LoopbackEvent::Request(LoopbackRequest::detached(method, target, "127.0.0.1:8765"))
    }

    fn waiting(inbox: &Inbox) -> usize {
        match &*inbox.lock() {
            State::Waiting(arrivals) => arrivals.len(),
            State::Answered(answered) => answered.repeats.len(),
            State::Closed => 0,
        }
    }

    /// Starts a thread that delivers until the inbox stops queueing.
    fn crowd(inbox: &Arc<Inbox>) -> (thread::JoinHandle<()>, std::sync::mpsc::Receiver<usize>) {
        let (inbox, (sender, receiver)) = (Arc::clone(inbox), channel());
        let crowd = thread::spawn(move || {
            for n in 0.. {
                inbox.deliver(request("POST", "/x"));
                if sender.send(n).is_err() {
                    return;
                }
            }
        });
        (crowd, receiver)
    }

    #[test]
    fn a_flood_waits_for_room_and_no_request_is_lost() {
        let inbox = Arc::new(Inbox::default());
        let (crowd, delivered) = crowd(&inbox);
        for n in 0..CAPACITY {
            assert_eq!(delivered.recv(), Ok(n));
        }
        // The next one is being delivered, and cannot have been queued.
        for n in CAPACITY..100 {
            assert_eq!(waiting(&inbox), CAPACITY);
            assert!(matches!(inbox.next(Duration::ZERO), Some(Arrival::Loopback(_))));
            assert_eq!(delivered.recv(), Ok(n));
        }
        // Pasted lines have a limit of their own.
        assert!(inbox.paste(Zeroizing::new("c".to_owned())));
        assert_eq!(waiting(&inbox), CAPACITY + 1);
        drop(delivered);
        inbox.close();
        crowd.join().unwrap();
        assert!(!inbox.paste(Zeroizing::new("c".to_owned())));
    }

    #[test]
    fn after_a_proven_answer_only_its_repetitions_wait() {
        let inbox = Arc::new(Inbox::default());
        let (crowd, delivered) = crowd(&inbox);
        assert_eq!(delivered.recv(), Ok(0));
        inbox.settle(Some(LoopbackRequest::detached("GET", "/callback?code=c", "127.0.0.1:8765")));
        for n in 1..1000 {
            assert_eq!(delivered.recv(), Ok(n));
        }
        for _ in 0..100 {
            inbox.deliver(request("GET", "/callback?code=c"));
        }
        assert_eq!(waiting(&inbox), MAX_REPEATS);
        assert!(inbox.next(Duration::ZERO).is_none());
        drop(delivered);
        crowd.join().unwrap();
        inbox.show(BrowserPage::LoggedIn);
        assert_eq!(waiting(&inbox), 0);
    }

    #[test]
    fn a_repeated_redirect_does_not_count_as_another_one() {
        let show = |winner: Option<&str>, before: &[(&str, &str)], after: &[(&str, &str)]| {
            let inbox = Inbox::default();
            before.iter().for_each(|(method, target)| inbox.deliver(request(method, target)));
            inbox.settle(winner.map(|target| LoopbackRequest::detached("GET", target, "127.0.0.1:8765")));
            after.iter().for_each(|(method, target)| inbox.deliver(request(method, target)));
            inbox.show(BrowserPage::LoggedIn)
        };
        let same = ("GET", "/callback?code=c&state=s");
        let others = [("POST", same.1), ("GET", "/callback?code=x&state=s"), ("GET", "/callback")];
        assert_eq!(show(Some(same.1), &[same], &[same, ("GET", "/favicon.ico")]), 0);
        assert_eq!(show(Some(same.1), &others, &[same]), 3);
        assert_eq!(show(Some(same.1), &[same], &others), 3);
        assert_eq!(show(None, &[same], &[same]), 0);
    }
}
