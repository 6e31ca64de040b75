//! Providers with a host for each region: a code or a token of one is unknown to the others.

use super::answer::arrived;
use super::facts::Facts;
use super::finding::Found;
use super::pieces::{host, json};
use crate::protocol::flow_record::Body;

/// Labels by which hosts differ from region to region.
const REGIONS: [&str; 40] = [
    "us",
    "eu",
    "uk",
    "gb",
    "in",
    "ap",
    "au",
    "ca",
    "jp",
    "cn",
    "sg",
    "br",
    "de",
    "fr",
    "na",
    "sa",
    "ae",
    "kr",
    "za",
    "global",
    "com",
    "eu1",
    "eu2",
    "us1",
    "us2",
    "us3",
    "us5",
    "na1",
    "na2",
    "ap1",
    "ap2",
    "au1",
    "emea",
    "apac",
    "americas",
    "gov",
    "us-east",
    "us-west",
    "eu-west",
    "eu-central",
];

/// Members of replies and redirects in which servers name the host of the account's region.
const NAMED_IN: [&str; 8] = [
    "api_domain",
    "instance_url",
    "api_endpoint",
    "api_url",
    "accounts-server",
    "accounts_server",
    "base_url",
    "endpoint",
];

/// A server that names a host of another region than the one that refused.
pub fn other_region(facts: &Facts<'_>) -> Option<Found> {
    let (event, asked) = match (&facts.refusal, facts.api_refusal()) {
        (Some(refusal), _) => (refusal.event, host(&refusal.exchange?.address.base)?),
        (None, Some(refusal)) => (refusal.event, refusal.host()?),
        (None, None) => return None,
    };
    let (named_by, named) = named(facts).into_iter().find(|(_, named)| is_other_region(&asked, named))?;
    let title = format!("The account belongs to the region of {named}, and {asked} was asked");
    let next = format!("put {named} in the place of {asked} {}, or choose the region with `--param`", facts.file());
    Some(Found::high(title, next).seen_in(named_by, named).seen(event))
}

/// Returns the hosts that servers have named.
fn named(facts: &Facts<'_>) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    if let Some((event, arrival)) = facts.arrival() {
        all.extend(NAMED_IN.iter().filter_map(|name| Some((event, host(&arrived(arrival, name)?)?))));
    }
    for (event, exchange) in facts.exchanges() {
        let Some(reply) = &exchange.reply else { continue };
        if let Some(Body::Json(tree)) = &reply.body {
            let value = json(tree);
            let text = |name: &&str| value.get(*name).and_then(|value| value.as_str()).and_then(host);
            all.extend(NAMED_IN.iter().filter_map(text).map(|host| (event, host)));
        }
        all.extend(reply.location.as_ref().and_then(|location| host(&location.base)).map(|host| (event, host)));
    }
    all
}

/// Returns `true` for two hosts that differ in a region alone: `accounts.shop.com` and `accounts.shop.eu`.
fn is_other_region(one: &str, two: &str) -> bool {
    if one == two {
        return false;
    }
    let plain = |host: &str| {
        let labels = host
            .split('.')
            .map(|label| label.rsplit_once('-').filter(|(_, last)| is_region(last)).map_or(label, |(first, _)| first));
        labels.filter(|label| !is_region(label)).map(str::to_owned).collect::<Vec<_>>()
    };
    let (first, second) = (plain(one), plain(two));
    !first.is_empty() && first == second
}

fn is_region(label: &str) -> bool {
    REGIONS.contains(&label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_regions_differ_in_a_region_alone() {
        for (one, two) in [
            ("accounts.shop.com", "accounts.shop.eu"),
            ("api.shop.example", "api.eu.shop.example"),
            ("eu1.api.shop.example", "us1.api.shop.example"),
            ("api-eu.shop.example", "api-us.shop.example"),
        ] {
            assert!(is_other_region(one, two), "{one} {two}");
        }
        for (one, two) in [
            ("a.shop.com", "b.shop.com"),
            ("shop.com", "shop.com"),
            ("eu.com", "us.com"),
            ("api.shop.com", "www.other.com"),
        ] {
            assert!(!is_other_region(one, two), "{one} {two}");
        }
    }
}
