//! The end of a token as servers write it: a lifetime in seconds (`expires_in`, RFC 6749 §5.1), or a moment
//! (`expires_at`), or one under the name of the other.
//!
//! A number tells what it is by its size. No provider issues a token for 47 years, and no token in use today ended in
//! 2017: so a lifetime from 1.5e9 on is a moment in seconds since 1970, and one from 1.5e12 on the same in milliseconds.
//! Beyond 2049 a number stands for "no end", as `2147483647` does. What is not plainly what its name says is noted, so
//! that a person hears how it was taken. What cannot be taken for anything is noted and left out: then other evidence
//! counts, such as a JWT's `exp`.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};
use serde_json::Value;

use super::member::WrongKind;
use super::sanitize;
use super::time::{HumanDuration, Timestamp};

/// What a member's name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Seconds from now on.
    Lifetime,
    /// The same in milliseconds, as a definition may say.
    Milliseconds,
    /// A point in time.
    Moment,
    /// One or the other, as with `expires`.
    Either,
}

/// A value that is not plainly what its member's name says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is {said}, which {taken}", sanitize::line(.member))]
pub struct Oddity {
    pub member: String,
    /// The value, or its kind where it may be anything.
    said: String,
    taken: String,
}

/// The end that a value names, if it names one, and what is odd about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub end: Option<Timestamp>,
    pub oddity: Option<Oddity>,
}

/// Reads the value of `member`. `None` if it is null or an empty text, as if it were missing.
pub fn read(member: &str, value: &Value, promise: Promise, now: Timestamp) -> Result<Option<Reading>, WrongKind> {
    let found = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => of_number(number.to_string().parse().unwrap_or(f64::MAX), promise, now),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => of_text(text.trim(), promise, now),
        other => {
            let expected = match promise {
                Promise::Moment | Promise::Either => "a time",
                Promise::Lifetime | Promise::Milliseconds => "a number of seconds",
            };
            return Err(WrongKind::new(member, other, expected));
        }
    };
    let taken = match found.odd {
        None => None,
        Some(Odd::Lifetime) => found.end.map(|end| format!("is taken as a lifetime of {}", left(now, end))),
        Some(Odd::Moment) => found.end.map(|end| format!("is taken as a point in time, {end}")),
        Some(Odd::NoZone) => found.end.map(|end| format!("has no time zone and is taken as {end}")),
        Some(Odd::Past) => found.end.map(|end| {
            format!("means that it ended at {end}, before it came: the clock of this machine or of the server is wrong")
        }),
        Some(Odd::AtOnce) => Some("means that it ended as soon as it came".to_owned()),
        Some(Odd::NoEnd) => Some("stands for no end at all and is ignored".to_owned()),
        Some(Odd::Nothing) => Some("is not a lifetime and is ignored".to_owned()),
    };
    let oddity = taken.map(|taken| Oddity { member: member.to_owned(), said: said(value), taken });
    Ok(Some(Reading { end: found.end, oddity }))
}

/// What was found, in this module's terms.
struct Found {
    end: Option<Timestamp>,
    odd: Option<Odd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    Lifetime,
    Moment,
    NoZone,
    Past,
    AtOnce,
    NoEnd,
    Nothing,
}

impl Odd {
    fn alone(self) -> Found {
        Found { end: None, odd: Some(self) }
    }
}

/// From here on a number of seconds is a moment: 2017 under a lifetime's name, 2001 under a moment's.
const FIRST_MOMENT: f64 = 1.5e9;
const FIRST_NAMED_MOMENT: f64 = 1e9;

/// Up to here: 2049 under a lifetime's name, 2099 under a moment's.
const LAST_MOMENT: f64 = 2.5e9;
const LAST_NAMED_MOMENT: f64 = 4.1e9;

/// The largest number of 32 bits. Servers write it where they have nothing to say.
const MAX_32: f64 = 2_147_483_647.0;

/// By how much clocks differ without anything being wrong with them.
const CLOCK_STEP: i64 = 60;

fn of_number(number: f64, promise: Promise, now: Timestamp) -> Found {
    let number = if promise == Promise::Milliseconds { number / 1000.0 } else { number };
    let (first, last) = match promise {
        Promise::Moment => (FIRST_NAMED_MOMENT, LAST_NAMED_MOMENT),
        Promise::Either => (FIRST_MOMENT, LAST_NAMED_MOMENT),
        Promise::Lifetime | Promise::Milliseconds => (FIRST_MOMENT, LAST_MOMENT),
    };
    // Rounded down: better a moment too early than a moment too late.
    let lifetime = || now.plus(Duration::from_secs(number as u64));
    match number {
        _ if number < 0.0 || !number.is_finite() => Odd::Nothing.alone(),
        _ if number == 0.0 && promise == Promise::Moment => Odd::NoEnd.alone(),
        _ if number == 0.0 => Found { end: Some(now), odd: Some(Odd::AtOnce) },
        _ if number < first && promise == Promise::Moment => Found { end: Some(lifetime()), odd: Some(Odd::Lifetime) },
        _ if number < first => Found { end: Some(lifetime()), odd: None },
        _ if number == MAX_32 => Odd::NoEnd.alone(),
        _ => {
            // Seconds, milliseconds, microseconds or nanoseconds since 1970.
            let scales = [1.0, 1e3, 1e6, 1e9];
            match scales.iter().map(|scale| number / scale).find(|seconds| (first..=last).contains(seconds)) {
                Some(seconds) => of_moment(Timestamp(seconds as i64), promise, now),
                None => Odd::NoEnd.alone(),
            }
        }
    }
}

fn of_moment(end: Timestamp, promise: Promise, now: Timestamp) -> Found {
    let odd = match promise {
        // The first and the last moments of a calendar are what programs write where they have none.
        _ if !(FIRST_NAMED_MOMENT as i64..=LAST_NAMED_MOMENT as i64).contains(&end.0) => return Odd::NoEnd.alone(),
        _ if end.0 < now.0 - CLOCK_STEP => Some(Odd::Past),
        Promise::Moment | Promise::Either => None,
        Promise::Lifetime | Promise::Milliseconds => Some(Odd::Moment),
    };
    Found { end: Some(end), odd }
}

fn of_text(text: &str, promise: Promise, now: Timestamp) -> Found {
    if let Ok(number) = text.parse::<f64>() {
        return of_number(number, promise, now);
    }
    if let Some(end) = with_zone(text) {
        return of_moment(end, promise, now);
    }
    if let Ok(Ok(zoned)) = text.parse::<DateTime>().map(|time| time.to_zoned(TimeZone::UTC)) {
        let Found { end, odd } = of_moment(at(&zoned), promise, now);
        return Found {
            end,
            odd: odd.map(|odd| if odd == Odd::Moment { Odd::NoZone } else { odd }).or(Some(Odd::NoZone)),
        };
    }
    // 9999-12-31 is beyond what has an offset to UTC.
    if Pieces::parse(text).is_ok_and(|pieces| pieces.date().year() == Date::MAX.year()) {
        return Odd::NoEnd.alone();
    }
    // `PT1H` (ISO 8601), `3600s`, `90 days`.
    if let Ok(span) = text.parse::<Span>() {
        return after(span, now).filter(|end| *end >= now).map_or(Odd::Nothing.alone(), in_words);
    }
    // A number with something after it that says nothing: `3600abc`.
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    match number.parse::<f64>() {
        Ok(number) if !rest.contains(|c: char| c.is_ascii_digit()) => {
            let Found { end, odd } = of_number(number, promise, now);
            Found { end, odd: odd.or(Some(if promise == Promise::Moment { Odd::Moment } else { Odd::Lifetime })) }
        }
        _ => Odd::Nothing.alone(),
    }
}

fn in_words(end: Timestamp) -> Found {
    Found { end: Some(end), odd: Some(Odd::Lifetime) }
}

/// Reads RFC 3339, and the date of HTTP and mail (RFC 5322).
fn with_zone(text: &str) -> Option<Timestamp> {
    let precise = text.parse::<jiff::Timestamp>().ok().map(|time| Timestamp(time.as_second()));
    precise.or_else(|| rfc2822::parse(text).ok().map(|zoned| at(&zoned)))
}

fn at(zoned: &Zoned) -> Timestamp {
    Timestamp(zoned.timestamp().as_second())
}

fn after(span: Span, now: Timestamp) -> Option<Timestamp> {
    let zoned = jiff::Timestamp::from_second(now.0).ok()?.to_zoned(TimeZone::UTC);
    zoned.checked_add(span).ok().map(|zoned| at(&zoned))
}

fn left(now: Timestamp, end: Timestamp) -> HumanDuration {
    HumanDuration(now.until(end))
}

/// The longest text that is shown.
const SHOWN: usize = 40;

/// Shows a number, and a text that begins like one. Any other text may be a secret in the wrong place.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let text = text.trim();
            let looks_like_a_time =
                text.starts_with(|c: char| c.is_ascii_digit() || "+-P".contains(c)) || with_zone(text).is_some();
            match looks_like_a_time && text.len() <= SHOWN {
                true => format!("\"{}\"", sanitize::line(text)),
                false => "a text".to_owned(),
            }
        }
        other => other.to_string().chars().take(SHOWN).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-11-27T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_795_737_600);

    const HOUR: Option<i64> = Some(3600);

    fn reading(value: &Value, promise: Promise) -> (Option<i64>, Option<String>) {
        let reading = read("m", value, promise, NOW).unwrap().unwrap();
        (reading.end.map(|end| end.0 - NOW.0), reading.oddity.map(|oddity| oddity.to_string()))
    }

    #[test]
    fn a_plain_end_is_read_without_a_note() {
        let ms = (NOW.0 + 3600) * 1000;
        for (value, promise) in [
            (json!(3600), Promise::Lifetime),
            (json!("3600"), Promise::Lifetime),
            (json!(" 3600 "), Promise::Lifetime),
            (json!("3600.0"), Promise::Lifetime),
            (json!(3600.9), Promise::Lifetime),
            (serde_json::from_str("3.6e3").unwrap(), Promise::Lifetime),
            (json!("3.6e3"), Promise::Lifetime),
            (json!("+3600"), Promise::Lifetime),
            (json!(3_600_000), Promise::Milliseconds),
            (json!(NOW.0 + 3600), Promise::Moment),
            (json!((NOW.0 + 3600).to_string()), Promise::Moment),
            (json!(ms), Promise::Moment),
            (json!("2026-11-27T01:00:00Z"), Promise::Moment),
            (json!("2026-11-27T02:00:00.1234567+01:00"), Promise::Moment),
            (json!("Fri, 27 Nov 2026 01:00:00 GMT"), Promise::Moment),
        ] {
            assert_eq!(reading(&value, promise), (HOUR, None), "{value}");
        }
        let years = |years: i64| years * 365 * 86_400;
        for (seconds, promise) in
            [(years(10), Promise::Lifetime), (years(40), Promise::Lifetime), (1, Promise::Lifetime)]
        {
            assert_eq!(reading(&json!(seconds), promise), (Some(seconds), None));
        }
        for absent in [json!(null), json!(""), json!(" ")] {
            assert_eq!(read("m", &absent, Promise::Lifetime, NOW), Ok(None));
        }
    }

    #[test]
    fn an_odd_end_is_taken_as_what_it_plausibly_is() {
        let moment = "is taken as a point in time, 2026-11-27T01:00:00Z";
        let end = NOW.0 + 3600;
        for (value, promise, taken) in [
            (json!("3600abc"), Promise::Lifetime, "is taken as a lifetime of 1h"),
            (json!("3600 "), Promise::Moment, "is taken as a lifetime of 1h"),
            (json!("3600s"), Promise::Lifetime, "is taken as a lifetime of 1h"),
            (json!("3600 seconds"), Promise::Lifetime, "is taken as a lifetime of 1h"),
            (json!("60m"), Promise::Lifetime, "is taken as a lifetime of 1h"),
            (json!("1 hour"), Promise::Lifetime, "is taken as a lifetime of 1h"),
            (json!("PT1H"), Promise::Lifetime, "is taken as a lifetime of 1h"),
            (json!("01:00:00"), Promise::Lifetime, "is taken as a lifetime of 1h"),
            (json!(3600), Promise::Moment, "is taken as a lifetime of 1h"),
            (json!(end), Promise::Lifetime, moment),
            (json!(end.to_string()), Promise::Lifetime, moment),
            (json!(end * 1000), Promise::Lifetime, moment),
            (json!(end * 1000), Promise::Milliseconds, moment),
            (json!(end * 1_000_000), Promise::Lifetime, moment),
            (json!(end * 1_000_000_000), Promise::Lifetime, moment),
            (json!("2026-11-27T01:00:00Z"), Promise::Lifetime, moment),
            (json!("Fri, 27 Nov 2026 01:00:00 GMT"), Promise::Lifetime, moment),
            (json!("2026-11-27 01:00:00"), Promise::Moment, "has no time zone and is taken as 2026-11-27T01:00:00Z"),
            (json!("2026-11-27T01:00:00"), Promise::Lifetime, "has no time zone and is taken as 2026-11-27T01:00:00Z"),
        ] {
            let (read, oddity) = reading(&value, promise);
            assert_eq!(read, HOUR, "{value}");
            assert!(
                oddity.as_deref().is_some_and(|odd| odd.starts_with("`m` is ") && odd.ends_with(taken)),
                "{value}: {oddity:?}"
            );
        }
        assert_eq!(reading(&json!("1 month"), Promise::Lifetime).0, Some(30 * 86_400));
        let past = reading(&json!("2026-11-26T00:00:00Z"), Promise::Moment);
        assert!(past.0 == Some(-86_400) && past.1.unwrap().contains("the clock of this machine"));
        assert_eq!(reading(&json!(NOW.0 - 30), Promise::Moment), (Some(-30), None));
        assert!(
            matches!(reading(&json!(0), Promise::Lifetime), (Some(0), Some(odd)) if odd.contains("as soon as it came"))
        );
    }

    #[test]
    fn what_names_no_end_is_noted_and_left_out() {
        for value in [
            "2147483647",
            "4294967295",
            "3153600000",
            "9223372036854775807",
            "10000000000000",
            "1e300",
            "\"9999-12-31T23:59:59Z\"",
        ] {
            let (end, oddity) = reading(&serde_json::from_str(value).unwrap(), Promise::Lifetime);
            assert!(end.is_none() && oddity.as_deref().unwrap().contains("no end"), "{value}: {oddity:?}");
        }
        for value in [json!(0), json!("0"), json!("0001-01-01T00:00:00Z"), json!("1970-01-01T00:00:00Z")] {
            let (end, oddity) = reading(&value, Promise::Moment);
            assert!(end.is_none() && oddity.as_deref().unwrap().contains("no end"), "{value}: {oddity:?}");
        }
        for value in [
            json!(-1),
            json!("-1"),
            json!(-3600),
            json!("soon"),
            json!("NaN"),
            json!("3,600"),
            json!("12/31/2026"),
            json!("-1h"),
        ] {
            let (end, oddity) = reading(&value, Promise::Lifetime);
            assert!(end.is_none() && oddity.as_deref().unwrap().ends_with("is ignored"), "{value}: {oddity:?}");
        }
        for wrong in [json!([3600]), json!({"seconds": 3600}), json!(true)] {
            assert_eq!(read("m", &wrong, Promise::Lifetime, NOW).unwrap_err().member, "m", "{wrong}");
        }
    }

    #[test]
    fn a_text_that_may_be_a_secret_is_not_shown() {
        for text in ["canary", "eyJhbGciOiJub25lIn0.canary", &format!("9{}canary", "0".repeat(60))] {
            let (_, oddity) = reading(&json!(text), Promise::Lifetime);
            assert!(oddity.as_deref().is_some_and(|odd| odd.starts_with("`m` is a text") && !odd.contains("canary")));
        }
    }
}
