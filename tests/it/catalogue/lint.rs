//! Rules for every built-in definition, beyond what `providers check` says of anybody's.

use std::collections::{BTreeMap, BTreeSet};

use oauthctl::testing::{Catalogue, How, NoFiles, Proof, ValueLine, idle_paths};
use serde_json::Value;
use url::Url;

use super::{Builtin, all, whole_catalogue};

#[test]
fn every_definition_keeps_the_rules() {
    let broken: Vec<String> = all()
        .iter()
        .flat_map(|builtin| problems(builtin).into_iter().map(|problem| format!("{}: {problem}", builtin.id)))
        .collect();
    assert!(broken.is_empty(), "{} problems:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn every_id_and_alias_is_unique() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for builtin in whole_catalogue() {
        for name in builtin.definition.aliases.iter().chain([&builtin.id]) {
            if let Some(other) = seen.insert(name.clone(), builtin.id.clone()) {
                panic!("`{name}` stands for `{other}` and `{}`", builtin.id);
            }
            let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
            assert!(name.bytes().all(is_plain), "`{name}` is not an id");
        }
    }
}

/// Probes of 0.1 that only one other program has. They stay until a document says more: what a probe proves, it proves by
/// the reply.
const OF_ONE_PROGRAM: [(&str, &str); 4] = [
    ("judgeme", "scope.known.read_widgets.probe"),
    ("judgeme", "scope.known.read_orders.probe"),
    ("judgeme", "scope.known.read_reviewers.probe"),
    ("judgeme", "scope.known.read_settings.probe"),
];

fn problems(builtin: &Builtin) -> Vec<String> {
    let mut problems = Vec::new();
    let lines = builtin.values();
    let judged = lines.iter().filter(|line| !OF_ONE_PROGRAM.contains(&(builtin.id.as_str(), line.key.as_str())));
    problems.extend(judged.filter_map(|line| evidence(line).map(|problem| format!("`{}`: {problem}", line.key))));
    problems
        .extend(idle_paths(&builtin.definition).into_iter().map(|path| format!("evidence.\"{path}\" covers no value")));
    problems.extend(texts(builtin));
    problems.extend(urls(builtin, &lines));
    problems.extend(placeholders(builtin));
    problems.extend(dates(builtin));
    if builtin.text[builtin.used()..].lines().any(|line| line.starts_with('[') && !line.starts_with("[evidence.")) {
        problems.push("the tables of evidence are not at its end".to_owned());
    }
    match Catalogue::new(&NoFiles, None).review("checked", &builtin.text, "file") {
        Ok(findings) => {
            let faults = findings.into_iter().filter(|finding| finding.is_fault);
            problems.extend(faults.map(|fault| format!("`{}`: {}", fault.key, fault.problem)));
        }
        Err(error) => problems.push(error.to_string()),
    }
    problems
}

/// What is wrong with the evidence of one value.
fn evidence(line: &ValueLine) -> Option<&'static str> {
    let Some(proof) = &line.proof else { return Some("it has no evidence") };
    if proof.checked.is_none() {
        return Some("its evidence has no date");
    }
    match proof.how {
        How::Document if proof.source.0.is_empty() => Some("it names no document"),
        How::Document if !proof.source.0.iter().any(|source| is_document(source)) => {
            Some("its only evidence is a homepage or an aggregator")
        }
        How::Recorded if agreeing(proof) < 2 => Some("only one program has it; it needs a second one, or a document"),
        How::Inferred if proof.note.is_none() => Some("its note does not say from what it is inferred"),
        _ => None,
    }
}

/// The number of different programs that have the value. What one of them says of several is one source.
fn agreeing(proof: &Proof) -> usize {
    let named: BTreeSet<&str> = proof.source.0.iter().map(|source| program(source)).collect();
    // A count without names cannot be looked up, and one that is below the names is wrong.
    match proof.agree.map(usize::from) {
        Some(agree) if named.len() >= 2 => agree.max(named.len()),
        _ => named.len(),
    }
}

/// The program behind a source: `github.com/owner/name` of a file in it, else the whole.
fn program(source: &str) -> &str {
    let source = source.split(" (").next().unwrap_or(source);
    let Some(path) = source.strip_prefix("https://github.com/") else { return source };
    let end = path.match_indices('/').nth(1).map_or(path.len(), |(at, _)| at);
    &path[..end]
}

/// A page of the provider's own, rather than its homepage or somebody's collection.
fn is_document(source: &str) -> bool {
    let address = source.split([' ', ',', ';']).next().unwrap_or_default();
    let Ok(url) = Url::parse(address) else { return false };
    let host = url.host_str().unwrap_or_default();
    let is_aggregator = AGGREGATORS.iter().any(|known| {
        let (known_host, path) = known.split_once('/').unwrap_or((known, ""));
        (host == known_host || host.ends_with(&format!(".{known_host}")))
            && url.path().trim_start_matches('/').to_lowercase().starts_with(path)
    });
    // A host that is made for documents has them at its root, too.
    let is_for_documents =
        ["docs.", "developer.", "developers.", "dev.", "api.", "apidocs."].iter().any(|name| host.starts_with(name));
    !is_aggregator && (is_for_documents || url.path().len() > 1 || url.query().is_some() || url.fragment().is_some())
}

/// Who gathers what others have found.
const AGGREGATORS: [&str; 12] = [
    "nango.dev",
    "github.com/nangohq",
    "socialiteproviders.com",
    "github.com/socialiteproviders",
    "authjs.dev",
    "apis.guru",
    "zapier.com",
    "pipedream.com",
    "rapidapi.com",
    "stackoverflow.com",
    "web.archive.org",
    "wikipedia.org",
];

fn texts(builtin: &Builtin) -> Vec<String> {
    let definition = &builtin.definition;
    let mut problems = Vec::new();
    let mut wants = |holds: bool, what: &str| {
        if !holds {
            problems.push(what.to_owned());
        }
    };
    wants(!definition.name.is_empty(), "it has no name");
    let about = definition.about.as_deref().unwrap_or_default();
    wants(
        (3..=70).contains(&about.chars().count()) && !about.ends_with('.'),
        "`about` has 3 to 70 letters and no full stop",
    );
    wants(!definition.words.is_empty(), "it has no words to be found by");
    let is_word = |word: &String| word.chars().all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '-');
    wants(definition.words.iter().all(is_word), "`words` are single ones, in lower case");
    wants(definition.popularity <= 100, "`popularity` is at most 100");
    wants(definition.source.is_some() && definition.checked.is_some(), "it has no `source` and date");
    for (name, param) in &definition.params {
        let is_asked = !param.is_captured();
        wants(
            !is_asked || (param.prompt.is_some() && param.example.is_some()),
            &format!("`params.{name}` has no prompt or example"),
        );
    }
    for scope in &definition.scope.known {
        wants(
            !scope.about.is_empty() && !scope.about.ends_with('.'),
            &format!("the scope `{}` does not say what it gives access to", scope.name),
        );
    }
    problems
}

fn urls(builtin: &Builtin, lines: &[ValueLine]) -> Vec<String> {
    let mut problems = Vec::new();
    for (key, addresses) in builtin.definition.addresses() {
        for address in addresses {
            let is_ours = address.starts_with("https://") || address.starts_with('{');
            if !is_ours || address.contains([' ', '?', '#', '@']) || address.ends_with(['/', '&']) && key == "api.base"
            {
                problems.push(format!("`{key}`: `{address}` is not https, or has a query, a fragment or a last slash"));
            }
        }
    }
    for line in lines.iter().filter(|line| ["app.page", "app.revoke_page"].contains(&line.key.as_str())) {
        let is_page = line.value.as_str().is_some_and(|page| page.starts_with("https://") || page.starts_with('{'));
        if !is_page {
            problems.push(format!("`{}` is not an https address", line.key));
        }
    }
    problems
}

/// Every parameter is used, and every name between braces is one.
fn placeholders(builtin: &Builtin) -> Vec<String> {
    let definition = &builtin.definition;
    let mut used = BTreeSet::new();
    let mut tree = serde_json::to_value(definition).unwrap();
    if let Value::Object(tree) = &mut tree {
        for part in ["params", "evidence"] {
            tree.remove(part);
        }
    }
    names_in(&tree, &mut used);
    let used: BTreeSet<String> = used;
    let idle = definition.params.keys().filter(|name| !used.contains(*name));
    let mut problems: Vec<String> = idle.map(|name| format!("nothing uses the parameter `{name}`")).collect();
    for (key, addresses) in definition.addresses() {
        let mut named = BTreeSet::new();
        addresses.iter().for_each(|address| names_in(&Value::String((*address).to_owned()), &mut named));
        let unknown = named.iter().filter(|name| !definition.params.contains_key(*name));
        problems.extend(unknown.map(|name| format!("`{key}`: `{{{name}}}` is not a parameter")));
    }
    problems
}

fn names_in(tree: &Value, names: &mut BTreeSet<String>) {
    match tree {
        Value::String(text) => {
            let after = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
            names.extend(after.map(|(name, _)| name.to_owned()));
        }
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        Value::Object(table) => table.values().for_each(|inner| names_in(inner, names)),
        _ => {}
    }
}

fn dates(builtin: &Builtin) -> Vec<String> {
    let definition = &builtin.definition;
    let own = definition.checked.iter().chain(definition.alternatives.values().map(|one| &one.checked));
    let proofs = definition.evidence.values().filter_map(|proof| proof.checked.as_ref());
    let departures = definition.departures();
    let all: BTreeSet<&String> =
        own.chain(proofs).chain(departures.iter().filter_map(|line| line.checked.as_ref())).collect();
    let is_date = |date: &str| {
        let parts: Vec<Option<u16>> = date.split('-').map(|part| part.parse().ok()).collect();
        date.len() == 10 && matches!(parts[..], [Some(2024..=2099), Some(1..=12), Some(1..=31)])
    };
    all.into_iter().filter(|date| !is_date(date)).map(|date| format!("`{date}` is not a date")).collect()
}

#[test]
fn weak_evidence_is_refused() {
    let line = |toml: &str| ValueLine::known("token.url", toml::from_str(toml).unwrap());
    for (toml, is_enough) in [
        ("source = 'https://shop.example/docs/oauth'\nchecked = '2026-11-27'", true),
        ("source = 'https://developers.shop.example/'\nchecked = '2026-11-27'", true),
        ("source = 'https://shop.example/docs/oauth'", false),
        ("source = 'https://shop.example/'\nchecked = '2026-11-27'", false),
        ("source = 'https://nango.dev/docs/api-integrations/shop'\nchecked = '2026-11-27'", false),
        ("source = 'https://github.com/NangoHQ/nango'\nchecked = '2026-11-27'", false),
        ("how = 'recorded'\nsource = 'nango'\nchecked = '2026-11-27'", false),
        ("how = 'recorded'\nsource = 'nango'\nagree = 5\nchecked = '2026-11-27'", false),
        ("how = 'recorded'\nsource = ['nango', 'nango']\nchecked = '2026-11-27'", false),
        ("how = 'recorded'\nsource = ['nango', 'allauth']\nchecked = '2026-11-27'", true),
        (
            "how = 'recorded'\nsource = ['https://github.com/a/b/x', 'https://github.com/a/b/y']\nchecked = '2026-11-27'",
            false,
        ),
        ("how = 'inferred'\nsource = 'x'\nchecked = '2026-11-27'", false),
        ("how = 'inferred'\nchecked = '2026-11-27'\nnote = 'named like the others'", true),
    ] {
        assert_eq!(evidence(&line(toml)).is_none(), is_enough, "{toml}");
    }
}
