//! Every file that the fuzz targets in `tests/fuzz/` have learned from, as a plain test: the same properties, without
//! the fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

#[path = "../fuzz/properties/mod.rs"]
mod properties;

use properties::{ALL, Property};

/// What a corpus may grow to. More is for the fuzzer's own machine.
const MOST_FILES: usize = 150;
const MOST_BYTES: usize = 300 * 1024;

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

fn files(path: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn names(path: &str) -> BTreeSet<String> {
    fs::read_dir(folder(path)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The files for which a property does not hold; each one's panic has been printed by then.
fn broken_by(name: &str, property: Property, files: &[(String, Vec<u8>)]) -> Vec<String> {
    let holds = |bytes: &[u8]| std::panic::catch_unwind(|| property(bytes)).is_ok();
    files.iter().filter(|(_, bytes)| !holds(bytes)).map(|(file, _)| format!("{name}/{file}")).collect()
}

#[test]
fn every_property_holds_for_every_file_of_its_corpus() {
    let mut broken = Vec::new();
    for (name, property) in ALL {
        let files = files(&format!("fuzz/corpus/{name}"));
        let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!((10..=MOST_FILES).contains(&files.len()), "{name} has {} files", files.len());
        assert!(bytes <= MOST_BYTES, "{name} has {bytes} bytes");
        broken.extend(broken_by(name, property, &files));
    }
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn every_definition_in_the_fixtures_has_the_fuzzed_properties() {
    let property = ALL.iter().find(|(name, _)| *name == "definition").unwrap().1;
    let mut files = files("fixtures/definitions");
    files.extend(oauthctl::testing::entries().map(|entry| (entry.id.to_owned(), entry.whole_text().into())));
    // The choice that begins an input: a provider of its own.
    files.iter_mut().for_each(|(_, bytes)| bytes.insert(0, b'0'));
    assert_eq!(broken_by("definition", property, &files), [""; 0]);
}

#[test]
fn each_property_has_one_fuzz_target_and_one_corpus() {
    let all: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    let targets = names("fuzz/fuzz_targets");
    assert_eq!(targets.iter().map(|file| file.trim_end_matches(".rs").to_owned()).collect::<BTreeSet<_>>(), all);
    assert_eq!(names("fuzz/corpus"), all);
    let manifest = fs::read_to_string(folder("fuzz/Cargo.toml")).unwrap();
    for name in &all {
        let target = fs::read_to_string(folder(&format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("properties::{name}::holds")), "{target}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in the manifest");
    }
}
