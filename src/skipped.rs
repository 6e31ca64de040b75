//! Tests that cannot run here. libtest calls such a test passed, so each writes a line `WHAT<tab>TEST` to the file that
//! `SKIPPED_TESTS` names; `tests/all` counts them. A CI machine where nobody counts must have all.

use std::fs::OpenOptions;
use std::io::Write;

/// Notes that the test of this thread is skipped, for this machine lacks something.
pub fn for_want_of(what: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    match std::env::var_os("SKIPPED_TESTS") {
        Some(file) => {
            let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
            // In one write: other tests write at the same time.
            file.write_all(format!("{what}\t{test}\n").as_bytes()).unwrap();
        }
        None => assert!(std::env::var_os("CI").is_none(), "this needs {what}"),
    }
    eprintln!("skipped: this needs {what}");
}
