//! The diagnosis against flows that are broken for real: each way is made with a server, a proxy, a clock or a definition,
//! and `explain` has to name it first. Most of the servers are not ours: `oidc-provider`, OpenSSL, Python, tinyproxy.
//!
//! `cargo test --test it explain_matrix -- --nocapture` prints the report.

mod foreign;
mod own;
mod successes;
mod worded;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::lacks::needs;
use crate::support::{OidcProvider, Output, Sandbox};

/// A way to break a flow.
pub struct Way {
    /// What is there beside `oauthctl`.
    server: &'static str,
    what: &'static str,
    /// The finding that has to be the first one.
    finding: &'static str,
    /// Breaks a flow, and returns the home with its record; `None` where the machine cannot do it.
    break_it: fn() -> Option<Sandbox>,
}

pub const fn way(
    server: &'static str,
    what: &'static str,
    finding: &'static str,
    break_it: fn() -> Option<Sandbox>,
) -> Way {
    Way { server, what, finding, break_it }
}

/// The server that shares its dialect with us, and replies that a test sends.
const OURS: [&str; 2] = ["emulator", "scripted"];

/// Returns the last flow's findings: each id and confidence.
#[track_caller]
pub fn findings(sandbox: &Sandbox, more: &[&str]) -> Vec<(String, String)> {
    let explained = sandbox.run(&[&["explain", "--last", "1", "--json"], more].concat());
    let json: Value = serde_json::from_str(explained.code(0).stdout()).unwrap();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let all = json["findings"].as_array().unwrap().iter();
    all.map(|finding| (text(finding, "id"), text(finding, "confidence"))).collect()
}

/// Runs each of these on a few threads.
pub fn each<T: Sync>(all: &[T], run: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(index) = Some(next.fetch_add(1, Ordering::SeqCst)).filter(|index| *index < all.len()) {
                    run(index, &all[index]);
                }
            });
        }
    });
}

#[test]
fn the_first_finding_names_each_way_to_break_a_flow() {
    // Here, since the ways are gone in threads.
    needs(&["curl", "faketime", "node", "openssl", "python3", "tinyproxy"]);
    OidcProvider::running();
    let ways: Vec<Way> = foreign::ways().into_iter().chain(own::ways()).chain(worded::ways()).collect();
    let rows = Mutex::new(Vec::new());
    each(&ways, |index, way| {
        // One that cannot be made is a row, too.
        let found = std::panic::catch_unwind(|| (way.break_it)().map(|sandbox| findings(&sandbox, &[])));
        let found = match found {
            Ok(None) => return,
            Ok(Some(found)) => found,
            Err(_) => vec![("not made".to_owned(), String::new())],
        };
        let (first, confidence) = found.first().cloned().unwrap_or_default();
        let mark = if first == way.finding { "" } else { "  ← expected " };
        let expected = if first == way.finding { "" } else { way.finding };
        let row = format!("{:<14} {:<64} {first} ({confidence}){mark}{expected}", way.server, way.what);
        rows.lock().unwrap().push((index, first == way.finding, row));
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_unstable();
    rows.iter().for_each(|(_, _, row)| println!("{row}"));
    let right = rows.iter().filter(|(_, is_right, _)| *is_right).count();
    let foreign = rows.iter().filter(|(index, ..)| !OURS.contains(&ways[*index].server)).count();
    println!("{right} of {} are named first; {foreign} of them at servers that are not ours", rows.len());
    let wrong: Vec<&str> = rows.iter().filter(|(_, is_right, _)| !is_right).map(|(.., row)| row.as_str()).collect();
    assert!(wrong.is_empty(), "{right} of {}:\n{}", rows.len(), wrong.join("\n"));
    assert!(rows.len() >= 40 && foreign >= 20, "{} ways, {foreign} at servers that are not ours", rows.len());
}

/// A flow has to fail.
#[track_caller]
pub fn failed(output: &Output) {
    assert_ne!(output.exit_code(), Some(0), "{output}");
}
