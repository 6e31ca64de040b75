//! Every patch that breaks the program on purpose still applies, and the test that is to notice it is there. That each
//! is noticed is shown by `tests/mutants/run --all`, which builds the program once a patch: `tests/all --long` calls it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn every_mutant_applies_and_names_the_test_that_kills_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = known_tests(root);
    let folder = root.join("tests/mutants");
    let patches = patches(&folder);
    assert!(patches.len() >= 40, "there are {} patches", patches.len());
    for patch in patches {
        let name = patch.file_name().unwrap().to_string_lossy();
        let text = fs::read_to_string(&patch).unwrap();
        let (head, _) = text.split_once("\n--- a/").unwrap_or_else(|| panic!("{name}: there is no change in it"));
        let sentence = head.lines().next().unwrap();
        assert!(sentence.ends_with('.') && sentence.len() > 15, "{name}: what does it break?");
        let mut killed_by = head.lines().filter_map(|line| line.strip_prefix("Killed by: "));
        let test = killed_by.next().unwrap_or_else(|| panic!("{name}: it does not say by what it is killed"));
        assert!(known.contains(test), "{name}: there is no test `{test}`");
        assert_eq!(killed_by.next(), None, "{name}");
        // The scan fails of any leak; it must have seen this one.
        let is_seen = head.lines().any(|line| line.starts_with("Seen as: "));
        assert!(is_seen || !test.contains("canary::"), "{name}: it does not say as what it is seen");
        let mut apply = Command::new("patch");
        apply.args(["-p1", "--dry-run", "--force", "--input"]).arg(&patch).current_dir(root);
        let output = apply.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

fn patches(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut patches: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "patch")).collect();
    patches.sort();
    patches
}

/// Every test as the arguments of `cargo test` that run it alone: `--lib flow::api::tests::…`, `--test it call::…`.
fn known_tests(root: &Path) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let exe = std::env::current_exe().unwrap();
    let mut list = Command::new(exe);
    let listed = list.args(["--list", "--format", "terse"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    known.extend(listed.lines().filter_map(|line| Some(format!("--test it {}", line.strip_suffix(": test")?))));
    // The library's tests are in another program, which may not be built now: their names are read from the sources.
    for file in rust_files(&root.join("src")) {
        let path = file.strip_prefix(root.join("src")).unwrap().with_extension("");
        let mut modules: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if modules.last().is_some_and(|last| last == "mod") {
            modules.pop();
        }
        let text = fs::read_to_string(&file).unwrap();
        // A module of tests within its file, and one for a platform within that.
        let (mut inner, mut is_test) = (Vec::<(usize, String)>::new(), false);
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            let line = line.trim_start();
            if line == "}" {
                inner.retain(|(depth, _)| *depth < indent);
            } else if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
                inner.push((indent, name.to_owned()));
            } else if line == "#[test]" {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| std::mem::take(&mut is_test)) {
                let name = rest.split('(').next().unwrap();
                let modules = modules.iter().chain(inner.iter().map(|(_, name)| name));
                let modules: Vec<&str> = modules.map(String::as_str).collect();
                known.insert(format!("--lib {}::{name}", modules.join("::")));
            }
        }
    }
    known
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
