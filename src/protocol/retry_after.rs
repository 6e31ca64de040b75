//! When a busy or rate-limiting server wants to be asked again: `Retry-After` (RFC 9110 §10.2.3), and what servers send
//! beside it or in its place.
//!
//! * `Retry-After-Ms` is the exact form of `Retry-After`, so it comes first.
//! * The `RateLimit` fields say when the quota is full again: the structured field of the IETF draft, and the older
//!   families `RateLimit-Reset`, `X-RateLimit-Reset` and their spellings. They count only after a `Retry-After` that
//!   is missing or cannot be read (the draft gives it precedence), and only for a quota that is used up: many servers
//!   send them with every reply. Of several used-up quotas the last one to be full again counts.
//! * A number is a delay, unless that delay would be longer than 31 years: then it is a time, in seconds or smaller
//!   units since 1970. A time is compared with the server's own `Date`, as its clock may not be ours.
//!
//! A value that cannot be read says nothing: a guess would be a wait that was not asked for.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use httpdate::HttpDate;

use super::bearer::{split_list, unquote};
use super::time::Timestamp;

/// A hundred years are forever, and far from an overflow.
const FOREVER: Duration = Duration::from_secs(100 * 366 * 86_400);

/// The smallest number that is a time: 2001-09-09 in seconds. As a delay it would be 31 years.
const FIRST_EPOCH: f64 = 1e9;

/// Returns how long to wait from now on, if the reply says so. A time in the past asks for no wait.
pub fn asked_wait(status: u16, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    // RFC 6585 §4 and RFC 9110 §15.6.4; and some APIs answer 403 when a quota is used up.
    if !matches!(status, 403 | 429 | 503) {
        return None;
    }
    let server_now = server_time(headers).unwrap_or(now);
    let wait = |moment: Moment| moment.after(server_now).min(FOREVER);
    let longest = |name: &HeaderName, read: fn(&str) -> Option<Moment>| {
        texts_of(headers, name).flat_map(values).filter_map(read).map(wait).max()
    };
    let exact = ["retry-after-ms", "x-ms-retry-after-ms"].map(HeaderName::from_static);
    exact
        .iter()
        .find_map(|name| longest(name, milliseconds))
        .or_else(|| longest(&RETRY_AFTER, Moment::parse))
        // Without a word on what is left, only a status that is about quotas says that one is used up.
        .or_else(|| used_up(headers, status == 429).into_iter().map(wait).max())
}

/// Returns the time at which a server says that it answered (RFC 9110 §6.6.1).
pub fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    texts_of(headers, &DATE).find_map(http_date)
}

/// A delay, or a time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Delay(Duration),
    Time(Timestamp),
}

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(number) = decimal(text) {
            return Some(match number {
                FIRST_EPOCH.. => Self::Time(Timestamp(epoch_seconds(number))),
                _ => Self::Delay(seconds(number)),
            });
        }
        // Some servers write a time as JSON does, and some a delay with its units, as in `6m0s`.
        let time = || http_date(text).or_else(|| text.parse::<jiff::Timestamp>().ok().map(rounded_up));
        let delay = || Duration::try_from(text.parse::<jiff::SignedDuration>().ok()?).ok();
        time().map(Self::Time).or_else(|| delay().map(Self::Delay))
    }

    fn after(self, now: Timestamp) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::Time(time) => now.until(time),
        }
    }
}

/// Reads digits with or without a fraction: no sign, no exponent.
fn decimal(text: &str) -> Option<f64> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    is_number.then(|| text.parse().ok()).flatten()
}

fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or(FOREVER)
}

fn milliseconds(text: &str) -> Option<Moment> {
    decimal(text.trim()).map(|number| Moment::Delay(seconds(number / 1000.0)))
}

/// Returns the seconds of a time since 1970, rounded up, in whatever unit it is: no server means a year beyond 5000.
fn epoch_seconds(mut number: f64) -> i64 {
    for _ in 0..3 {
        if number >= 1e11 {
            number /= 1000.0;
        }
    }
    // `as` stays within the type.
    number.ceil() as i64
}

/// Reads the three forms of RFC 9110 §5.6.7, and the date of an e-mail, which may name a time zone.
fn http_date(text: &str) -> Option<Timestamp> {
    let strict = |text: &str| {
        let time = SystemTime::from(text.parse::<HttpDate>().ok()?).duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(Timestamp(i64::try_from(time.as_secs()).ok()?))
    };
    let zoned = |text: &str| Some(Timestamp(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second()));
    strict(text.trim()).or_else(|| zoned(text.trim()))
}

fn rounded_up(time: jiff::Timestamp) -> Timestamp {
    Timestamp(time.as_second().saturating_add(i64::from(time.subsec_nanosecond() > 0)))
}

fn texts_of<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

/// Returns when each quota that is used up is full again.
fn used_up(headers: &HeaderMap, if_unsaid: bool) -> Vec<Moment> {
    let mut moments = Vec::new();
    for text in texts_of(headers, &HeaderName::from_static("ratelimit")) {
        moments.extend(structured(text, if_unsaid));
    }
    for name in headers.keys() {
        let Some(partner) = remaining_for(name.as_str()) else { continue };
        let resets: Vec<&str> = texts_of(headers, name).flat_map(values).collect();
        let left = headers.get_all(partner).iter().filter_map(|value| value.to_str().ok());
        let left: Vec<&str> = left.flat_map(values).collect();
        for (n, reset) in resets.iter().enumerate() {
            if is_used_up(left.get(n).copied(), if_unsaid) {
                moments.extend(Moment::parse(reset));
            }
        }
    }
    moments
}

/// Returns the header with what is left of a quota, for the header with its end: `X-RateLimit-Remaining` for
/// `X-RateLimit-Reset`, `X-RateLimit-Remaining-Tokens` for `X-RateLimit-Reset-Tokens`.
fn remaining_for(name: &str) -> Option<String> {
    let family = name.strip_prefix("x-").unwrap_or(name);
    let rest = family.strip_prefix("ratelimit-").or_else(|| family.strip_prefix("rate-limit-"))?;
    let begins = name.len() - rest.len();
    let quota = rest.strip_prefix("reset")?;
    let quota = quota.strip_prefix("-after").unwrap_or(quota);
    Some(format!("{}remaining{quota}", &name[..begins]))
}

/// Returns the values of a header that may have several. A date has a comma of its own.
fn values(text: &str) -> impl Iterator<Item = &str> {
    let is_one = Moment::parse(text).is_some();
    let one = is_one.then_some(text).into_iter();
    let many = (!is_one).then(|| text.split(',').map(str::trim)).into_iter().flatten();
    one.chain(many)
}

fn is_used_up(left: Option<&str>, if_unsaid: bool) -> bool {
    match left.map(|left| decimal(left.trim())) {
        Some(Some(left)) => left < 1.0,
        Some(None) | None => if_unsaid,
    }
}

/// Reads the field of draft-ietf-httpapi-ratelimit-headers: `"burst";r=0;t=30`, and as it was earlier:
/// `limit=100, remaining=0, reset=30`.
fn structured(text: &str, if_unsaid: bool) -> Vec<Moment> {
    let items = split_list(text, ',');
    let earlier = items.iter().any(|item| item.starts_with("limit=") || item.starts_with("reset="));
    let quotas: Vec<Vec<&str>> = match earlier {
        true => vec![items.iter().flat_map(|item| split_list(item, ';')).collect()],
        false => items.iter().map(|item| split_list(item, ';')).collect(),
    };
    let end = |quota: &Vec<&str>| {
        let value = |names: [&str; 2]| {
            let pairs = quota.iter().filter_map(|pair| pair.split_once('='));
            pairs.filter(|(name, _)| names.contains(&name.trim())).map(|(_, value)| unquote(value.trim())).next()
        };
        let left = value(["r", "remaining"]);
        is_used_up(left.as_deref(), if_unsaid).then(|| Moment::parse(&value(["t", "reset"])?)).flatten()
    };
    quotas.iter().filter_map(end).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn wait_of(status: u16, lines: &[(&'static str, &str)]) -> Option<f64> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        asked_wait(status, &headers, NOW).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn retry_after_is_a_delay_or_a_date_in_any_form() {
        for (value, seconds) in [
            ("0", 0.0),
            (" 120 ", 120.0),
            ("1.0", 1.0),
            ("0.5", 0.5),
            (".5", 0.5),
            ("2.", 2.0),
            ("30, 60", 60.0),
            ("90s", 90.0),
            ("6m0s", 360.0),
            ("250ms", 0.25),
            ("PT30S", 30.0),
            ("999999999", 999_999_999.0),
            // The forms of RFC 9110 §5.6.7: now is Fri, 15 Jan 2027 08:00:00 GMT.
            ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
            ("Friday, 15-Jan-27 08:00:30 GMT", 30.0),
            ("Fri Jan 15 08:00:30 2027", 30.0),
            ("Fri, 15 Jan 2027 10:00:30 +0200", 30.0),
            ("2027-01-15T08:00:29.2Z", 30.0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
            ("1800000030", 30.0),
            ("1800000029.5", 30.0),
            ("1800000030000", 30.0),
            ("1800000030000000", 30.0),
            ("1000000000", 0.0),
            ("99999999999999999999999999", FOREVER.as_secs_f64()),
            ("100000000000000000000000000000000000000000000000", FOREVER.as_secs_f64()),
        ] {
            assert_eq!(wait_of(429, &[("retry-after", value)]), Some(seconds), "{value}");
        }
        for bad in
            ["", "soon", "-1", "-0.5", "+1", "1e3", "0x10", ".", "1.2.3", "1 2", "-5s", "Sun, 06 Nov", "NaN", "1;"]
        {
            assert_eq!(wait_of(429, &[("retry-after", bad)]), None, "{bad}");
        }
    }

    #[test]
    fn a_date_is_compared_with_the_servers_own_clock() {
        let date = ("retry-after", "Fri, 15 Jan 2027 09:00:10 GMT");
        assert_eq!(wait_of(503, &[date, ("date", "Fri, 15 Jan 2027 09:00:00 GMT")]), Some(10.0));
        assert_eq!(wait_of(503, &[date, ("date", "today")]), Some(3610.0));
        assert_eq!(wait_of(503, &[("retry-after", "10"), ("date", "Fri, 15 Jan 2027 09:00:00 GMT")]), Some(10.0));
    }

    #[test]
    fn the_most_exact_header_counts_and_garbage_is_passed_over() {
        let (ms, after, reset) = (("retry-after-ms", "900"), ("retry-after", "5"), ("x-ratelimit-reset", "60"));
        assert_eq!(wait_of(429, &[reset, after, ms]), Some(0.9));
        assert_eq!(wait_of(429, &[reset, after, ("retry-after-ms", "-1")]), Some(5.0));
        assert_eq!(wait_of(429, &[reset, ("retry-after", "soon"), ("retry-after-ms", "x")]), Some(60.0));
        assert_eq!(wait_of(429, &[("retry-after", "5"), ("retry-after", "7"), ("retry-after", "x")]), Some(7.0));
        assert_eq!(wait_of(429, &[("x-ms-retry-after-ms", "1500.5")]), Some(1.5005));
    }

    #[test]
    fn a_used_up_quota_says_when_it_is_full_again() {
        type Case<'a> = (&'a [(&'static str, &'a str)], Option<f64>);
        let cases: [Case; 17] = [
            (&[("ratelimit-reset", "7"), ("ratelimit-remaining", "0")], Some(7.0)),
            (&[("x-ratelimit-reset", "1800000007"), ("x-ratelimit-remaining", "0")], Some(7.0)),
            (&[("x-rate-limit-reset", "1800000007")], Some(7.0)),
            (&[("x-ratelimit-reset", "1800000007000")], Some(7.0)),
            (&[("x-ratelimit-reset", "Fri, 15 Jan 2027 08:00:07 GMT")], Some(7.0)),
            (&[("x-ratelimit-reset-after", "1.25"), ("x-ratelimit-remaining", "0")], Some(1.25)),
            (&[("x-ratelimit-reset-tokens", "6m0s"), ("x-ratelimit-remaining-tokens", "0")], Some(360.0)),
            (&[("x-ratelimit-reset", "1, 1419704"), ("x-ratelimit-remaining", "0, 14523")], Some(1.0)),
            (&[("x-ratelimit-reset", "3"), ("ratelimit-reset", "9")], Some(9.0)),
            (&[("x-ratelimit-reset", "3500"), ("x-ratelimit-remaining", "57")], None),
            (&[("x-ratelimit-reset", "-3")], None),
            (&[("x-ratelimit-limit", "3"), ("x-ratelimit-remaining", "0")], None),
            (&[("ratelimit", "\"a;r=1, b\";r=0;t=30")], Some(30.0)),
            (&[("ratelimit", "\"burst\";r=0;t=5, \"daily\";r=40;t=3000")], Some(5.0)),
            (&[("ratelimit", "limit=100, remaining=0, reset=50")], Some(50.0)),
            (&[("ratelimit", "\"burst\";t=8")], Some(8.0)),
            (&[("ratelimit", "nothing; to = see")], None),
        ];
        for (lines, seconds) in cases {
            assert_eq!(wait_of(429, lines), seconds, "{lines:?}");
        }
    }

    #[test]
    fn another_status_needs_a_quota_that_is_said_to_be_used_up() {
        let (reset, none_left) = (("x-ratelimit-reset", "9"), ("x-ratelimit-remaining", "0"));
        for status in [403, 503] {
            assert_eq!(wait_of(status, &[reset]), None, "{status}");
            assert_eq!(wait_of(status, &[reset, none_left]), Some(9.0), "{status}");
            assert_eq!(wait_of(status, &[("retry-after", "2")]), Some(2.0), "{status}");
        }
        for status in [200, 301, 401, 404, 500] {
            assert_eq!(wait_of(status, &[reset, none_left, ("retry-after", "2")]), None, "{status}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_a_panic(name in 0_usize..5, value in "[ -~]{0,60}") {
            let name = ["retry-after", "retry-after-ms", "ratelimit", "x-ratelimit-reset", "date"][name];
            let _ = wait_of(429, &[(name, &value), ("x-ratelimit-reset", &value)]);
        }
    }
}
