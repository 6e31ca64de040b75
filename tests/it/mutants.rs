//! Every patch that breaks a promise on purpose still applies, and names the promise and the test that notices it.
//! `tests/mutants/run --all` shows that each is noticed; `tests/all --long` calls it, and lets cargo-mutants do the rest.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::support::lacks;

#[test]
fn every_mutant_applies_and_names_promise_and_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(root.join("tests/mutants")).unwrap().map(|entry| entry.unwrap().path());
    let patches: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "patch")).collect();
    assert!(patches.len() >= 40, "there are {} patches", patches.len());
    for patch in patches {
        let name = patch.file_name().unwrap().to_string_lossy();
        let text = fs::read_to_string(&patch).unwrap();
        let (head, _) = text.split_once("\n--- a/").unwrap_or_else(|| panic!("{name}: it has no change"));
        let said = |field: &str| {
            let values: Vec<&str> = head.lines().filter_map(|line| line.strip_prefix(field)).collect();
            assert!(values.len() < 2, "{name}: `{field}` stands there {} times", values.len());
            values.first().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        assert!(head.lines().next().is_some_and(|line| line.ends_with('.')), "{name}: what does it break?");
        assert!(said("Promise: ").is_some(), "{name}: which promise does it break?");
        let test = said("Killed by: ").unwrap_or_else(|| panic!("{name}: which test notices it?"));
        // The scan fails on any leak; it must have seen this one.
        let needs_words = test.contains("canary::");
        assert!(!needs_words || said("Seen as: ").is_some(), "{name}: what does the failure say?");
        let mut apply = lacks::program("patch");
        apply.args(["-p1", "--dry-run", "--force", "--input"]).arg(&patch).current_dir(root);
        let output = apply.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
