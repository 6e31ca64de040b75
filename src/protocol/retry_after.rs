//! How long a server that is busy or was asked too often wants to be left alone: `Retry-After` (RFC 9110 §10.2.3).

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
    /// `None` if it is neither form; a guess would be a wait that nobody asked for.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
            // So many digits that no number holds them is for ever.
            return Some(Self::Delay(Duration::from_secs(value.parse().unwrap_or(u64::MAX))));
        }
        // IMF-fixdate (RFC 9110 §5.6.7) is written as RFC 5322 has it.
        let zoned = jiff::fmt::rfc2822::parse(value).ok()?;
        Some(Self::Date(Timestamp(zoned.timestamp().as_second())))
    }

    /// What a reply with these headers asks for.
    pub fn in_headers(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(RETRY_AFTER)?.to_str().ok()?)
    }

    /// How long that is from now on. A date that is over asks for no wait.
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
