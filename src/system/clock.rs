//! The current time, and pauses.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::protocol::time::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Returns the time since some moment in the past, on the clock that cannot be set. While the machine sleeps, it may
    /// stand still, so what it has measured has passed everywhere else too.
    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }

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

/// Writes a time as a clock on the wall shows it: `2026-11-28 14:35`, with `UTC` where the system names no other zone.
pub fn local(time: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::try_system().unwrap_or(jiff::tz::TimeZone::UTC);
    let Ok(exact) = jiff::Timestamp::from_second(time.0) else { return time.to_string() };
    let local = exact.to_zoned(zone);
    let is_utc = local.offset().is_zero();
    format!("{}{}", local.strftime("%Y-%m-%d %H:%M"), if is_utc { " UTC" } else { "" })
}

/// The end of a span of time, on the clock that cannot be set.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// The whole span, for the message that it is over.
    pub span: Duration,
    /// `None` if that is beyond what the clock can say.
    end: Option<Instant>,
}

impl Deadline {
    /// That long from now.
    pub fn after(span: Duration) -> Self {
        Self { span, end: Instant::now().checked_add(span) }
    }

    /// How much of it is left; zero when it is over.
    pub fn left(self) -> Duration {
        self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }
}
