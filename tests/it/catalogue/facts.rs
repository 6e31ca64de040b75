//! The addresses of a definition against those that other programs have, as recorded in
//! `tests/fixtures/catalogue/addresses.tsv`: a provider and key a line, then the addresses, without scheme and last slash,
//! and with `{}` for a part that differs from login to login.
//!
//! An address of ours that nobody else has is a slip, unless the provider's own document says so. A value of theirs that
//! we do not have is not looked at: there are sandboxes, and older addresses.

use std::collections::BTreeMap;
use std::fs;

use oauthctl::testing::How;

use super::{Builtin, all};

#[test]
fn addresses_agree_with_others_or_are_documented() {
    let recorded = recorded();
    let strange: Vec<String> = all().iter().flat_map(|builtin| strange(builtin, &recorded)).collect();
    assert!(
        strange.is_empty(),
        "no other program has these; correct them, or name the document in `[evidence.\"KEY\"]` with a `note`:\n{}",
        strange.join("\n")
    );
}

/// The addresses by provider and key.
type Recorded = BTreeMap<(String, String), Vec<String>>;

fn recorded() -> Recorded {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/catalogue/addresses.tsv");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    lines.map(|fields| ((fields[0].clone(), fields[1].clone()), fields[2..].to_vec())).collect()
}

fn strange(builtin: &Builtin, recorded: &Recorded) -> Vec<String> {
    let lines = builtin.values();
    let is_documented = |key: &str| {
        let proof = lines.iter().find(|line| line.key == key).and_then(|line| line.proof.as_ref());
        proof.is_some_and(|proof| proof.how == How::Live || (proof.how == How::Document && proof.note.is_some()))
    };
    let mut strange = Vec::new();
    for (key, addresses) in builtin.definition.addresses() {
        let Some(others) = recorded.get(&(builtin.id.clone(), key.to_owned())) else { continue };
        // An alternative is a value of others that lost.
        // One that names the usual value of a part is the address with that part.
        let is_theirs = |address: &&str| {
            others.contains(&bare(address)) || others.contains(&bare(&with_defaults(builtin, address)))
        };
        if addresses.iter().any(is_theirs) || addresses.is_empty() || is_documented(key) {
            continue;
        }
        strange.push(format!("{}: `{key}` is {}; others have {}", builtin.id, addresses.join(", "), others.join(", ")));
    }
    strange
}

fn with_defaults(builtin: &Builtin, address: &str) -> String {
    let mut whole = address.to_owned();
    for (name, param) in &builtin.definition.params {
        if let Some(default) = &param.default {
            whole = whole.replace(&format!("{{{name}}}"), default);
        }
    }
    whole
}

fn bare(address: &str) -> String {
    let mut bare = String::new();
    let mut rest = address.trim_start_matches("https://").trim_end_matches('/');
    while let Some((before, after)) = rest.split_once('{') {
        bare.push_str(before);
        bare.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    bare + rest
}

#[test]
fn an_address_that_nobody_else_has_is_noticed() {
    assert_eq!(bare("https://{shop}.shop.example/{a}/b/"), "{}.shop.example/{}/b");
    let builtin = |address: &str| {
        let text =
            format!("authorize.url = '{address}'\nsource = 'https://shop.example/docs'\nchecked = '2026-11-27'\n");
        let definition = oauthctl::testing::read_definition(&text, "shop.toml").unwrap();
        Builtin { id: "shop".to_owned(), text, definition }
    };
    let key = ("shop".to_owned(), "authorize.url".to_owned());
    let recorded = BTreeMap::from([(key, vec!["{}.shop.example/a".to_owned()])]);
    assert_eq!(strange(&builtin("https://{x}.shop.example/a"), &recorded).len(), 0);
    assert_eq!(strange(&builtin("https://{x}.shop.example/b"), &recorded).len(), 1);
}
