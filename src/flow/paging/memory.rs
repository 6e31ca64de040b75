//! The memory that early pages share.
//!
//! Several pages are fetched at once, and each may have the maximum size. So the pages whose turn has not come share
//! the room of one page. When it is used up, they wait, and so do their servers. The page whose turn it is never waits,
//! so the walk goes on.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::page::MAX_PAGE;

#[derive(Default)]
pub struct PageMemory {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The bytes that each page holds.
    held: HashMap<u64, u64>,
    /// The page that is handed over next.
    turn: u64,
    closed: bool,
}

impl State {
    fn fits(&self, page: u64, bytes: u64) -> bool {
        let early = self.held.iter().filter(|(page, _)| **page != self.turn).map(|(_, bytes)| bytes).sum::<u64>();
        page == self.turn || early + bytes <= MAX_PAGE
    }
}

impl PageMemory {
    /// Waits until this many more bytes of a page fit, or it is the page's turn. Returns `false` if the walk is over.
    pub fn take(&self, page: u64, bytes: usize) -> bool {
        let bytes = bytes as u64;
        let wait = |state: &mut State| !state.closed && !state.fits(page, bytes);
        let mut state = self.changed.wait_while(self.state(), wait).unwrap_or_else(PoisonError::into_inner);
        *state.held.entry(page).or_default() += bytes;
        !state.closed
    }

    /// Releases the room of a page that was handed over.
    pub fn give_back(&self, page: u64) {
        self.state().held.remove(&page);
        self.changed.notify_all();
    }

    /// Gives the turn to this page.
    pub fn now(&self, page: u64) {
        self.state().turn = page;
        self.changed.notify_all();
    }

    /// Ends the walk: stops all waiting, and no further page is wanted.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_pages_share_the_room_of_one_and_the_next_never_waits() {
        let memory = PageMemory::default();
        memory.now(1);
        assert!(memory.take(1, MAX_PAGE as usize) && memory.take(2, MAX_PAGE as usize));
        assert!(!memory.state().fits(3, 1) && memory.state().fits(1, MAX_PAGE));
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(memory.take(3, 1)));
            memory.give_back(1);
            memory.now(2);
        });
        assert_eq!(memory.state().held.get(&3), Some(&1));
        assert!(!memory.state().fits(4, MAX_PAGE));
        memory.close();
        assert!(!memory.take(4, MAX_PAGE as usize), "it is no longer wanted");
    }
}
