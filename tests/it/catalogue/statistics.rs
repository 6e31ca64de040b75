//! The statistics of the catalogue, for people who add to it: `tests/catalogue`.

use std::collections::BTreeMap;

use oauthctl::testing::{How, Sureness};

use super::whole_catalogue;

#[test]
fn the_statistics_count_every_value_once() {
    let all = whole_catalogue();
    let mut total = Sureness::default();
    let (mut groups, mut documents, mut missing) = (BTreeMap::new(), 0, BTreeMap::<&str, Vec<&str>>::new());
    let (mut conflicts, mut bytes, mut weak) = (Vec::new(), 0, Vec::new());
    for builtin in &all {
        let definition = &builtin.definition;
        let lines = builtin.values();
        let sure = Sureness::of(&lines);
        assert_eq!(sure.values, sure.document + sure.recorded + sure.inferred + sure.live + sure.unknown);
        for (sum, count) in [
            (&mut total.values, sure.values),
            (&mut total.document, sure.document),
            (&mut total.recorded, sure.recorded),
            (&mut total.inferred, sure.inferred),
            (&mut total.live, sure.live),
            (&mut total.unknown, sure.unknown),
        ] {
            *sum += count;
        }
        *groups.entry(definition.words.first().map_or("–", String::as_str)).or_insert(0) += 1;
        bytes += builtin.text.len();
        if sure.unsure_addresses.is_empty() {
            documents += 1;
        }
        for (what, is_missing) in [
            ("scopes", definition.scope.known.is_empty()),
            (
                "a probe",
                definition.scope.known.iter().all(|scope| scope.probe.is_none())
                    && definition.api.scopes_list.is_none()
                    && definition.api.scopes_header.is_none(),
            ),
            ("the app page", definition.app.page.is_none()),
            ("steps to register an app", definition.app.steps.is_empty()),
            ("the API's base", definition.api.base.0.is_empty()),
            ("an example request", definition.api.example.is_none()),
            ("a revocation endpoint", definition.revoke.url.is_none()),
            ("client authentication", definition.token.auth.is_none() && !definition.token.url.0.is_empty()),
            (
                "what redirect URIs are taken",
                definition.redirect.loopback.is_none() && definition.redirect.https_only.is_none(),
            ),
            ("a reply of the emulated API", definition.samples.is_empty()),
        ] {
            if is_missing {
                missing.entry(what).or_default().push(&builtin.id);
            }
        }
        conflicts.extend(definition.alternatives.keys().map(|name| format!("{}: {name}", builtin.id)));
        let from_two = |how: How| matches!(how, How::Recorded);
        let agreeing = lines.iter().filter_map(|line| line.proof.as_ref()).filter(|proof| from_two(proof.how));
        let least = agreeing.map(|proof| usize::from(proof.agree.unwrap_or(0)).max(proof.source.0.len())).min();
        weak.extend(least.filter(|least| *least < 3).map(|_| builtin.id.as_str()));
    }
    println!("{} providers, {bytes} bytes of definitions", all.len());
    println!("\n{} values:", total.values);
    for (count, how) in [
        (total.document, How::Document),
        (total.recorded, How::Recorded),
        (total.inferred, How::Inferred),
        (total.live, How::Live),
    ] {
        println!("  {count:6}  {:3} %  {}", count * 100 / total.values.max(1), how.in_words());
    }
    println!("  {:6}         without a source", total.unknown);
    println!("\n{documents} providers have all addresses from their own documents");
    println!("\nby their first word:");
    groups.iter().for_each(|(word, count)| println!("  {count:6}  {word}"));
    println!("\n{} decided conflicts, whose other values are alternatives:", conflicts.len());
    conflicts.iter().for_each(|conflict| println!("  {conflict}"));
    println!("\nknown from two other programs only, and worth a look at a document: {}", weak.join(", "));
    println!("\nmissing:");
    missing.iter().for_each(|(what, ids)| println!("  {:6}  {what}: {}", ids.len(), ids.join(", ")));
}
