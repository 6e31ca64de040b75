//! A limit on the large bodies in memory, including what is made of them until they are answered.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

pub struct Permits {
    free: Mutex<usize>,
    left: Condvar,
}

/// One permit; it is free again when dropped.
pub struct Permit<'a>(&'a Permits);

impl Permits {
    pub fn new(free: usize) -> Self {
        Self { free: Mutex::new(free), left: Condvar::new() }
    }

    /// Waits for a free permit; `None` if there is none in time.
    pub fn enter(&self, until: Instant) -> Option<Permit<'_>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = until.saturating_duration_since(Instant::now());
        let waited = self.left.wait_timeout_while(free, limit, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Permit(self))
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_has_one_holder_at_a_time() {
        let (permits, now) = (Permits::new(1), Instant::now());
        let first = permits.enter(now);
        assert!(first.is_some() && permits.enter(now).is_none());
        drop(first);
        assert!(permits.enter(now).is_some());
    }
}
