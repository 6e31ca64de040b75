//! Points in time, and durations as people type them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }

    /// Returns the time from `self` to `later`; zero if `later` is not later.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_secs(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }
}

/// RFC 3339 in UTC, to the second: `2026-11-21T20:49:26Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{} s since 1970", self.0),
        }
    }
}

/// A duration on the command line: a bare number is seconds; otherwise `s`, `m`, `h` or `d` follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HumanDuration(pub Duration);

#[derive(Debug, thiserror::Error)]
#[error("write a number of seconds, or a number with `s`, `m`, `h` or `d`, such as `90` or `5m`")]
pub struct NotADuration;

impl FromStr for HumanDuration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let (number, unit) = match text.trim() {
            t if t.ends_with('s') => (&t[..t.len() - 1], 1),
            t if t.ends_with('m') => (&t[..t.len() - 1], 60),
            t if t.ends_with('h') => (&t[..t.len() - 1], 3600),
            t if t.ends_with('d') => (&t[..t.len() - 1], 86_400),
            t => (t, 1),
        };
        let number: u64 = number.trim().parse().map_err(|_| NotADuration)?;
        // A hundred years is forever. It also keeps every later sum far from an overflow.
        let seconds = number.checked_mul(unit).filter(|s| *s <= 100 * 366 * 86_400).ok_or(NotADuration)?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

impl HumanDuration {
    /// Writes the duration in its largest unit: `3 h`, `59 min`, `41 s`.
    pub fn in_one_unit(self) -> String {
        let seconds = self.0.as_secs();
        let units = [(86_400, "d"), (3600, "h"), (60, "min")];
        let (size, unit) = units.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "s"));
        format!("{} {unit}", seconds / size)
    }

    /// Writes the duration to the second, in one unit, in the form that is parsed: `1h`, `90m`, `3601s`.
    pub fn to_exact(self) -> String {
        let seconds = self.0.as_secs();
        let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
        let (size, unit) =
            units.into_iter().find(|(size, _)| seconds > 0 && seconds.is_multiple_of(*size)).unwrap_or((1, 's'));
        format!("{}{unit}", seconds / size)
    }
}

/// The two largest units: `5m`, `1h 20m`, `3d 2h`, `41s`; below a second `250ms`.
impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.0.as_secs();
        let parts = [(total / 86_400, "d"), (total / 3600 % 24, "h"), (total / 60 % 60, "m"), (total % 60, "s")];
        let Some(first) = parts.iter().position(|(n, _)| *n > 0) else {
            return match self.0.as_millis() {
                0 => f.write_str("0s"),
                milliseconds => write!(f, "{milliseconds}ms"),
            };
        };
        write!(f, "{}{}", parts[first].0, parts[first].1)?;
        match parts.get(first + 1) {
            Some((n, unit)) if *n > 0 => write!(f, " {n}{unit}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_unless_a_unit_follows() {
        let cases = [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("7d", 604_800), (" 3 m", 180)];
        for (text, seconds) in cases {
            assert_eq!(text.parse::<HumanDuration>().unwrap().0.as_secs(), seconds, "{text}");
        }
        for bad in ["", "m", "-1", "1.5h", "5 minutes", "99999999999999999999", "18446744073709551615d"] {
            assert!(bad.parse::<HumanDuration>().is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_are_written_to_the_second_and_read_again() {
        for (seconds, text) in [(0, "0s"), (60, "1m"), (3600, "1h"), (5400, "90m"), (3601, "3601s"), (604_800, "7d")] {
            let duration = HumanDuration(Duration::from_secs(seconds));
            assert_eq!(duration.to_exact(), text);
            assert_eq!(text.parse::<HumanDuration>().unwrap(), duration);
        }
    }

    #[test]
    fn a_short_duration_has_one_unit() {
        for (seconds, text) in [(0, "0 s"), (59, "59 s"), (3599, "59 min"), (11_000, "3 h"), (7_776_000, "90 d")] {
            assert_eq!(HumanDuration(Duration::from_secs(seconds)).in_one_unit(), text);
        }
    }

    #[test]
    fn durations_are_shown_in_two_units() {
        let cases = [(0, "0s"), (41, "41s"), (300, "5m"), (4830, "1h 20m"), (266_400, "3d 2h"), (86_401, "1d")];
        for (seconds, text) in cases {
            assert_eq!(HumanDuration(Duration::from_secs(seconds)).to_string(), text);
        }
        assert_eq!(HumanDuration(Duration::from_millis(250)).to_string(), "250ms");
        assert_eq!(HumanDuration(Duration::from_millis(1250)).to_string(), "1s");
    }
}
