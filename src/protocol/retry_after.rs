//! `Retry-After` (RFC 9110 §10.2.3): the wait that a busy or rate-limiting server asks for.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::time::Timestamp;

/// A delay in seconds, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    Delay(Duration),
    Date(Timestamp),
}

impl RetryAfter {
    /// Reads either form. `None` if it is neither: a guess would be a wait that was not asked for.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
            // More digits than any number holds mean forever.
            return Some(Self::Delay(Duration::from_secs(value.parse().unwrap_or(u64::MAX))));
        }
        // RFC 5322 describes IMF-fixdate (RFC 9110 §5.6.7) too.
        let zoned = jiff::fmt::rfc2822::parse(value).ok()?;
        Some(Self::Date(Timestamp(zoned.timestamp().as_second())))
    }

    /// Reads the value from the headers of a reply.
    pub fn in_headers(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(RETRY_AFTER)?.to_str().ok()?)
    }

    /// Returns the wait from now on. A date in the past asks for no wait.
    pub fn wait(self, now: Timestamp) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::Date(date) if date > now => now.until(date),
            Self::Date(_) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let now = Timestamp(784_111_777);
        for (value, seconds) in [
            ("0", 0),
            (" 120 ", 120),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:50:07 GMT", 30),
            ("Sat, 05 Nov 1994 08:49:37 GMT", 0),
            ("99999999999999999999999999", u64::MAX),
        ] {
            let wait = RetryAfter::parse(value).map(|after| after.wait(now));
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{value}");
        }
        for bad in ["", "soon", "-1", "1.5", "Sun, 06 Nov 1994", "1 2"] {
            assert_eq!(RetryAfter::parse(bad), None, "{bad}");
        }
    }
}
