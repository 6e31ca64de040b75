//! The current time, and pauses.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::protocol::time::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Waits for this long.
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
    }
}
