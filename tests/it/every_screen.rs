//! Every screen that a newcomer meets, as it stands on terminals of 40, 80 and 120 columns: `tests/fixtures/screens/`.
//!
//! `UPDATE=1 cargo test --test it every_screen` writes them anew. Read them then: is each true, and would one know what to do
//! next? What differs from run to run is replaced or left out.

use std::path::Path;
use std::process::Command;

use crate::support::{Emulated, Sandbox, pty};

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
        self.text.push_str(&format!("──── oauthctl {what}    exit {code}\n"));
        for line in shown.lines().map(str::trim_end) {
            // Where the store is depends on the machine.
            if line.starts_with("  kept in") || line.contains("/oauthctl/store") {
                continue;
            }
            let fits = line.chars().count() <= self.columns.into();
            // What is to be copied stays whole: a command, an address.
            let half = usize::from(self.columns) / 2;
            let has_address = line.split_whitespace().any(|word| word.chars().count() > half);
            let is_body = line.trim_start().starts_with(['{', '"', '}']);
            assert!(fits || is_body || line.contains("oauthctl ") || has_address, "{what} at {}: {line}", self.columns);
            self.text.push_str(line);
            self.text.push('\n');
        }
    }
}

fn at(columns: u16) -> String {
    let mut screens = Screens { columns, text: String::new() };
    let new = Sandbox::new();
    for args in [
        &[][..],
        &["--help"],
        &["status"],
        &["token"],
        &["login", "judgme"],
        &["call", "GTE", "/things"],
        &["providers", "list"],
        &["providers", "show", "judgeme"],
        &["providers", "scopes", "judgeme"],
        &["app", "list"],
    ] {
        screens.add(&args.join(" "), new.command(args));
    }
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
        &["refresh"],
        &["logout"],
    ] {
        let shown: Vec<&str> =
            args.iter().copied().filter(|arg| !["--port", "0", "--browser", &browser].contains(arg)).collect();
        screens.add(&shown.join(" "), shop.command(args));
    }
    screens.text.replace(&shop.variable("OAUTHCTL_CLIENT_ID"), "emulated-0000000000000000")
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
