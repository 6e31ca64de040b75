//! Every screen that a newcomer meets, as it stands on terminals of 40, 80 and 120 columns: `tests/fixtures/screens/`.
//!
//! `UPDATE=1 cargo test --test it every_screen` writes them anew. Read them then: is each true, and would one know what to do
//! next? What differs from run to run is replaced or left out.

use std::path::Path;
use std::process::Command;

use oauthctl::testing::sanitize::columns;

use crate::support::{Emulated, Sandbox, faketime, pty};

const WIDTHS: [u16; 3] = [40, 80, 120];

struct Screens {
    columns: u16,
    text: String,
}

impl Screens {
    fn add(&mut self, what: &str, mut command: Command) {
        command.env("LANG", "C.UTF-8").env("TZ", "UTC").env("NO_COLOR", "1");
        let (code, shown) = pty::screen_at(self.columns, command);
        let code = code.unwrap_or_else(|| panic!("{what} was killed: {shown}"));
        let shown = if what.starts_with("doctor") { without_machine(&shown) } else { shown };
        let shown = without_chance(&shown);
        self.text.push_str(&format!("──── oauthctl {what}    exit {code}\n"));
        for line in shown.lines().map(str::trim_end) {
            // Where the store is depends on the machine.
            if line.starts_with("  kept in") || line.contains("/oauthctl/store") {
                continue;
            }
            let fits = columns(line) <= self.columns.into();
            // What is to be copied stays whole: a command, an address.
            let half = usize::from(self.columns) / 2;
            let has_address = line.split_whitespace().any(|word| columns(word) > half);
            let is_body = line.trim_start().starts_with(['{', '"', '}']);
            let is_command = line.trim().starts_with('`') && line.ends_with('`');
            assert!(
                fits || is_body || is_command || line.contains("oauthctl ") || has_address,
                "{what} at {}: {line}",
                self.columns
            );
            self.text.push_str(line);
            self.text.push('\n');
        }
    }
}

/// Leaves out what `doctor` says of this machine alone.
fn without_machine(shown: &str) -> String {
    let of_machine = [
        "program",
        "configuration folder",
        "definitions folder",
        "data folder",
        "locks folder",
        "store file",
        "browser",
        "loopback",
        "localhost",
        "certificates",
        "clock",
    ];
    let mut is_out = false;
    let kept = shown.lines().filter(|line| {
        if !line.starts_with(' ') {
            let subject = line.trim_start_matches(['o', 'k', 'n', 'o', 't', 'e']).trim_start();
            is_out = of_machine.iter().any(|name| subject.starts_with(&format!("{name}:")));
        }
        !is_out
    });
    kept.map(|line| format!("{line}\n")).collect()
}

/// Replaces what is another one in each run, by as many letters: marks of secrets, ids of flows, codes, milliseconds.
fn without_chance(shown: &str) -> String {
    let shown: String = shown.lines().map(|line| format!("{}\n", without_millis(line))).collect();
    let is_hex = |text: &str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let is_code = |text: &str| {
        let half = |half: &str| half.len() == 4 && half.bytes().all(|b| b.is_ascii_uppercase());
        text.split_once('-').is_some_and(|(one, two)| half(one) && half(two))
    };
    let mut out = String::new();
    for piece in shown.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        let end = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-').len();
        let (word, rest) = piece.split_at(end);
        out.push_str(if is_hex(word) {
            "00000000"
        } else if is_code(word) {
            "ABCD-EFGH"
        } else {
            word
        });
        out.push_str(rest);
    }
    out
}

/// Replaces the milliseconds of a time such as `0.016`.
fn without_millis(line: &str) -> String {
    let word = line.split_whitespace().find(|word| {
        let parts = word.split_once('.').filter(|(seconds, millis)| seconds.len() == 1 && millis.len() == 3);
        parts.is_some_and(|(seconds, millis)| seconds.bytes().chain(millis.bytes()).all(|b| b.is_ascii_digit()))
    });
    word.map_or_else(|| line.to_owned(), |word| line.replacen(word, "0.000", 1))
}

fn at(columns: u16) -> String {
    let mut screens = Screens { columns, text: String::new() };
    of_a_newcomer(&mut screens);
    let client_id = of_a_shop(&mut screens);
    of_what_went_wrong(&mut screens);
    screens.text.replace(&client_id, "emulated-0000000000000000")
}

fn of_a_newcomer(screens: &mut Screens) {
    let new = Sandbox::new();
    for args in [
        &[][..],
        &["--help"],
        &["status"],
        &["token"],
        &["login", "judgme"],
        &["login", "judgeme", "--dry-run"],
        &["call", "GTE", "/things"],
        &["providers", "list"],
        &["providers", "search", "calendar"],
        &["providers", "show", "judgeme"],
        &["providers", "scopes", "judgeme"],
        &["app", "list"],
        &["app", "show", "judgeme"],
        &["explain"],
        &["export"],
        &["exec", "--", "true"],
        &["demo", "--store", "memory"],
    ] {
        screens.add(&args.join(" "), new.command(args));
    }
}

/// Returns the id of the client.
fn of_a_shop(screens: &mut Screens) -> String {
    let shop = Emulated::start(&["--approve"]);
    let browser = shop.browser();
    for args in [
        &["login", "--port", "0", "--scope", "read_products read_orders", "--browser", &browser][..],
        &["status"],
        &["app", "list"],
        &["call", "GET", "/api/v1/products"],
        &["call", "GET", "/api/v1/shops/info"],
        &["scopes"],
        &["scopes", "--probe"],
        &["exec", "--", "no-such-program"],
        &["refresh"],
        &["logout"],
    ] {
        screens.add(&shown(args, &browser), shop.command(args));
    }
    shop.variable("OAUTHCTL_CLIENT_ID")
}

/// Screens that say times, marks of secrets, and what a machine is like. The clock stands still for them.
fn of_what_went_wrong(screens: &mut Screens) {
    let shop = Emulated::inside(faketime::standing_still(Sandbox::new()), "github", &["--approve"]);
    let browser = shop.browser();
    let registered = "http://localhost:8765/callback/";
    for args in [
        &["login", "--port", "0", "--label", "我们的店", "--browser", &browser][..],
        &["explain"],
        &["explain", "--list"],
        &["login", "--port", "0", "--no-browser", "--timeout", "1s"],
        &["explain", "--registered", registered],
        &["login", "--device", "--no-qr", "--timeout", "1s"],
        &["doctor", "github"],
        &["call", "--profiles", "*", "GET", "/user"],
        &["use", "nobody"],
    ] {
        screens.add(&shown(args, &browser), shop.command(args));
    }
    let login = ["login", "github", "--profile", "brought", "--with-token"];
    shop.run_with_stdin(&login, "gho_0123456789abcdefghijABCDEFGHIJ-_").code(0);
    for args in [
        &["status", "--profiles", "*"][..],
        &["inspect", "brought"],
        &["token", "brought", "--id"],
        &["refresh", "--profile", "brought"],
        &["refresh", "--profiles", "*"],
    ] {
        screens.add(&args.join(" "), shop.command(args));
    }
    screens.text = screens.text.replace(&shop.variable("OAUTHCTL_CLIENT_ID"), "emulated-0000000000000000");
}

/// Returns a command line without what only a test needs.
fn shown(args: &[&str], browser: &str) -> String {
    let words: Vec<&str> =
        args.iter().copied().filter(|arg| !["--port", "0", "--browser", browser].contains(arg)).collect();
    words.join(" ")
}

#[test]
fn every_screen_is_the_one_that_was_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/screens");
    for columns in WIDTHS {
        let (file, now) = (folder.join(format!("{columns}.txt")), at(columns));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &now).unwrap();
        }
        let read = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(read, now, "the screens at {columns} columns differ from {}", file.display());
    }
}
