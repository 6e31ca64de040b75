//! Clocks: ours, and the server's.

use jiff::fmt::rfc2822;

use super::facts::Facts;
use super::finding::{Confidence, Found};
use super::id_token;
use super::pieces::header;
use crate::protocol::flow_record::Exchange;
use crate::protocol::time::HumanDuration;

/// From here on servers refuse what is dated: common leeways are one to five minutes.
const MUCH: i64 = 90;

/// Words of an error about a time.
const OF_TIME: [&str; 8] = [
    "expired",
    "not yet valid",
    "not valid yet",
    "in the future",
    "clock",
    "too old",
    "is over",
    "certificate not valid",
];

/// Claims with a time, which errors name.
const CLAIMS: [&str; 3] = ["iat", "nbf", "exp"];

/// A clock that goes wrong, by the `Date` of the replies or by the `iat` of an ID token.
pub fn clock_skew(facts: &Facts<'_>) -> Option<Found> {
    let by_date =
        facts.exchanges().into_iter().filter_map(|(index, exchange)| Some((index, offset(facts, index, exchange)?)));
    // A proxy on the way may have an old date: all of them have to agree.
    let offsets: Vec<(usize, i64)> = by_date.collect();
    let is_one_way = offsets.iter().all(|(_, one)| one.signum() == offsets[0].1.signum());
    let least = offsets.iter().copied().filter(|_| is_one_way).min_by_key(|(_, offset)| offset.abs());
    let (event, offset, seen) = match least.filter(|(_, offset)| offset.abs() >= MUCH) {
        Some((event, offset)) => (event, offset, None),
        // Without a date, a token from the future says the same.
        None if offsets.is_empty() => {
            let (event, claims) = id_token::claims(facts)?;
            let issued: i64 = claims.get("iat")?.text()?.parse().ok()?;
            let offset = issued - facts.clock_at(event);
            (event, offset, Some(format!("iat={issued}")))
        }
        None => return None,
    };
    if offset.abs() < MUCH || seen.is_some() && offset < 0 {
        return None;
    }
    let behind = HumanDuration(std::time::Duration::from_secs(offset.unsigned_abs()));
    let (way, reach) = if offset > 0 { ("behind", "slow") } else { ("ahead of", "fast") };
    let title = format!("This machine's clock is {behind} {way} the server's");
    let next = "set the clock of this machine (`timedatectl` on Linux shows whether it is synchronized)";
    let found = Found::new(confidence(facts), title, next);
    let date = seen.unwrap_or_else(|| format!("Date differs by {offset} s"));
    Some(found.seen_in(event, date).detail(format!(
        "A {reach} clock makes certificates, codes, ID tokens and proofs look as if their time were wrong."
    )))
}

/// A clock explains only what is about a time.
fn confidence(facts: &Facts<'_>) -> Confidence {
    let Some(outcome) = facts.record.outcome.as_ref().filter(|outcome| outcome.exit_code != 0) else {
        return Confidence::Medium;
    };
    let words = facts.refusal.as_ref().map(super::facts::Refusal::text).unwrap_or_default();
    let words = format!("{} {words}", outcome.error.join(" ")).to_lowercase();
    let names_claim = || words.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| CLAIMS.contains(&word));
    let is_about_time = OF_TIME.iter().any(|part| words.contains(part)) || names_claim();
    if is_about_time { Confidence::High } else { Confidence::Medium }
}

/// Returns how many seconds the server's clock is ahead of ours, zero if its date fits into the time of the exchange.
fn offset(facts: &Facts<'_>, index: usize, exchange: &Exchange) -> Option<i64> {
    let date = header(&exchange.reply.as_ref()?.headers, "date")?;
    let date = rfc2822::DateTimeParser::new().parse_zoned(date.trim()).ok()?.timestamp().as_second();
    let (begin, took) = (facts.clock_at(index), i64::try_from(exchange.took_ms / 1000).unwrap_or(0));
    // A date has no fractions.
    Some(if date < begin - 1 { date - begin } else { (date - begin - took - 1).max(0) })
}
