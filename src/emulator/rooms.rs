//! How many large bodies are in memory at once, with what is made of them until they are answered.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

pub struct Rooms {
    free: Mutex<usize>,
    left: Condvar,
}

/// One of them; free again when it is dropped.
pub struct Room<'a>(&'a Rooms);

impl Rooms {
    pub fn new(free: usize) -> Self {
        Self { free: Mutex::new(free), left: Condvar::new() }
    }

    /// Waits for a free one; `None` if none is free in time.
    pub fn enter(&self, until: Instant) -> Option<Room<'_>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = until.saturating_duration_since(Instant::now());
        let waited = self.left.wait_timeout_while(free, limit, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Room(self))
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_for_one_at_a_time() {
        let (rooms, now) = (Rooms::new(1), Instant::now());
        let first = rooms.enter(now);
        assert!(first.is_some() && rooms.enter(now).is_none());
        drop(first);
        assert!(rooms.enter(now).is_some());
    }
}
