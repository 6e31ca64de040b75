//! The two generated files, which stand for all definitions in the program.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use oauthctl::testing::entries;

use super::{Builtin, folder, whole_catalogue};

/// With `UPDATE=1` in the environment this renews the files instead.
#[test]
fn the_index_is_made_from_the_definitions() {
    let all = whole_catalogue();
    if std::env::var_os("UPDATE").is_some() {
        let packed: Vec<Vec<u8>> = all.iter().map(|builtin| pack(&builtin.text)).collect();
        let lines: Vec<String> = all.iter().zip(&packed).map(|(builtin, packed)| line(builtin, packed.len())).collect();
        std::fs::write(folder().join("index.tsv"), lines.concat()).unwrap();
        std::fs::write(folder().join("definitions.bin"), packed.concat()).unwrap();
        return;
    }
    let known: Vec<_> = entries().collect();
    let stale: Vec<&str> = all
        .iter()
        .filter(|builtin| {
            let entry = known.iter().find(|entry| entry.id == builtin.id);
            entry.is_none_or(|entry| entry.whole_text() != builtin.text || entry.text().len() != builtin.used())
        })
        .map(|builtin| builtin.id.as_str())
        .collect();
    let gone: Vec<&str> =
        known.iter().map(|entry| entry.id).filter(|id| !all.iter().any(|builtin| builtin.id == *id)).collect();
    assert!(
        stale.is_empty() && gone.is_empty(),
        "stale: {stale:?}, gone: {gone:?}; renew with `tests/catalogue renew`"
    );
    // The packed bytes may be another version's of the library, so only the lines' other fields are compared.
    let index = std::fs::read_to_string(folder().join("index.tsv")).unwrap();
    for (builtin, written) in all.iter().zip(index.lines()) {
        let made = line(builtin, 0);
        let fields = |line: &str| line.rsplit_once('\t').map(|(fields, _)| fields.to_owned());
        assert_eq!(fields(&made), fields(written), "renew with `tests/catalogue renew`");
    }
}

fn pack(text: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn line(builtin: &Builtin, packed: usize) -> String {
    let definition = &builtin.definition;
    let params: Vec<&str> = definition.needed_params().collect();
    let marks = [("demo", definition.demo), ("0.1", definition.since.as_deref() == Some("0.1"))];
    let marks: Vec<&str> = marks.into_iter().filter(|(_, is_set)| *is_set).map(|(mark, _)| mark).collect();
    let fields = [
        builtin.id.clone(),
        definition.name.clone(),
        definition.about.clone().unwrap_or_default(),
        definition.aliases.join(" "),
        definition.words.join(" "),
        definition.popularity.to_string(),
        params.join(" "),
        definition.scope.known.len().to_string(),
        definition.checked.clone().unwrap_or_default(),
        marks.join(" "),
        builtin.used().to_string(),
        builtin.text.len().to_string(),
        packed.to_string(),
    ];
    assert!(fields.iter().all(|field| !field.contains(['\t', '\n'])), "{}", builtin.id);
    fields.join("\t") + "\n"
}
