//! Where what reaches a login waits for it, within bounds.
//!
//! Any local program can send requests faster than they can be judged, and while the code is exchanged and the token is
//! stored nobody judges at all. So
//!
//! * as long as an answer is waited for, [`CAPACITY`] requests wait at most. When they are all there, the polling thread
//!   waits too and the kernel keeps the rest out; none is lost, as the genuine one may be among them;
//! * once an answer is proven, nothing waits any more. The polling thread itself answers: the same request again waits
//!   for the same page (at most [`MAX_REPEATS`], without what they carry), and everything else is told that there is
//!   nothing here.
//!
//! With the bounds of the port itself this keeps the whole process below 32 MiB in every phase of a login, which
//! `tests/it/port_memory.rs` measures.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::flow::pages::BrowserPage;
use crate::system::loopback::{LoopbackEvent, LoopbackRequest};

/// How many events of the port wait to be judged. Judging takes microseconds; more would only take memory.
const CAPACITY: usize = 16;

/// How many pasted lines do.
const MAX_PASTED: usize = 8;

/// How often the redirect is answered with its page. A browser repeats it once or twice.
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
    Answered(Answered),
    /// The login is given up.
    Closed,
}

impl Default for State {
    fn default() -> Self {
        Self::Waiting(VecDeque::new())
    }
}

/// What came once an answer was proven.
struct Answered {
    /// The request that brought it; `None` if it was pasted.
    winner: Option<LoopbackRequest>,
    /// The same again, before there was a page to show.
    repeats: Vec<LoopbackRequest>,
    page: Option<BrowserPage>,
    /// How many other requests came to the redirect URI.
    others: usize,
}

impl Inbox {
    /// Takes what came to the port. Waits for room as long as an answer is waited for.
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

    /// Takes a pasted line. `false` when nobody waits for one any more.
    pub(super) fn paste(&self, line: Zeroizing<String>) -> bool {
        let is_pasted = |arrival: &&Arrival| matches!(arrival, Arrival::Pasted(_));
        let mut state = self.wait_for_room(|arrivals| arrivals.iter().filter(is_pasted).count() < MAX_PASTED);
        let State::Waiting(arrivals) = &mut *state else { return false };
        arrivals.push_back(Arrival::Pasted(line));
        self.changed.notify_all();
        true
    }

    /// The next to be judged; `None` if none comes in this time.
    pub(super) fn next(&self, patience: Duration) -> Option<Arrival> {
        let is_empty = |state: &mut State| matches!(state, State::Waiting(arrivals) if arrivals.is_empty());
        let waited = self.changed.wait_timeout_while(self.lock(), patience, is_empty);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let State::Waiting(arrivals) = &mut *state else { return None };
        let arrival = arrivals.pop_front();
        self.changed.notify_all();
        arrival
    }

    /// An answer is proven, and this request has brought it unless it was pasted. From now on nothing waits.
    pub(super) fn settle(&self, winner: Option<LoopbackRequest>) {
        let mut state = self.lock();
        let mut answered = Answered { winner, repeats: Vec::new(), page: None, others: 0 };
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

    /// Shows the page to the request that brought the answer, and to each of its repetitions, those to come among them.
    /// How many other redirects came meanwhile.
    pub(super) fn show(&self, page: BrowserPage) -> usize {
        let mut state = self.lock();
        let State::Answered(answered) = &mut *state else { return 0 };
        answered.page = Some(page);
        for request in answered.winner.iter_mut().chain(&mut answered.repeats) {
            request.answer(page.answer());
        }
        answered.repeats.clear();
        answered.others
    }

    /// Lets go of whoever waits for room. What was answered goes on being answered.
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
        match (same, self.page) {
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

    /// A thread that delivers without end, until the inbox waits for nothing any more.
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
    fn a_crowd_waits_for_room_and_none_of_it_is_lost() {
        let inbox = Arc::new(Inbox::default());
        let (crowd, delivered) = crowd(&inbox);
        for n in 0..CAPACITY {
            assert_eq!(delivered.recv(), Ok(n));
        }
        // The next one is on its way, and cannot have come.
        for n in CAPACITY..100 {
            assert_eq!(waiting(&inbox), CAPACITY);
            assert!(matches!(inbox.next(Duration::ZERO), Some(Arrival::Loopback(_))));
            assert_eq!(delivered.recv(), Ok(n));
        }
        // A pasted line has room of its own.
        assert!(inbox.paste(Zeroizing::new("c".to_owned())));
        assert_eq!(waiting(&inbox), CAPACITY + 1);
        drop(delivered);
        inbox.close();
        crowd.join().unwrap();
        assert!(!inbox.paste(Zeroizing::new("c".to_owned())));
    }

    #[test]
    fn once_an_answer_is_proven_nothing_waits_but_its_repetitions() {
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
    fn the_same_redirect_once_more_is_no_other_one() {
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
