//! The pictures in `.github/pictures/`, made of the real thing: pages in Chromium, a session and the demo on a terminal.
//!
//! `tests/pictures` makes them anew. A picture is stale when what it was made from has changed, which `made-from.txt`
//! says; its pixels differ from machine to machine, and are not compared.

use std::fmt::Write as _;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::support::{Chromium, Emulated, PendingLogin, Sandbox, pty};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".github/pictures")
}

fn is_renewed() -> bool {
    std::env::var_os("UPDATE_PICTURES").is_some()
}

/// Returns a page's source without what differs from run to run: ports, ids and times.
fn lasting(source: &str) -> String {
    let mut lasting = String::new();
    for part in source.split_inclusive('"') {
        // What follows `name="transaction" value=` is random.
        if lasting.ends_with("transaction\" value=\"") { lasting.push('"') } else { lasting.push_str(part) }
    }
    // The id of the emulator's client is made anew each time.
    let parts = lasting.split("emulated-").map(|part| part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    let lasting = parts.collect::<Vec<_>>().join("emulated-");
    let digits = lasting.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty());
    digits.collect::<Vec<_>>().join("0")
}

#[test]
fn the_pictures_of_pages_are_of_these_pages() {
    let chromium = Chromium::start();
    let mut made_from = String::new();
    let mut take = |name: &str| {
        let source = chromium.source();
        let hash: String = Sha256::digest(lasting(&source)).iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(made_from, "{hash}  {name}");
        for scheme in ["light", "dark"].into_iter().filter(|_| is_renewed()) {
            chromium.look(scheme, 720);
            std::fs::write(folder().join(format!("{name}-{scheme}.png")), chromium.png()).unwrap();
        }
    };
    let begin = |emulated: &Emulated, scope: &str| {
        PendingLogin::start(emulated.command(&["login", "--port", "0", "--no-browser", "--scope", scope]))
    };
    let emulated = Emulated::provider("judgeme", &[]);
    let login = begin(&emulated, "read_products read_orders");
    chromium.open(&login.authorize_url);
    chromium.shows("asks for access to");
    take("consent");
    chromium.click("input[value=read_orders]");
    chromium.click("button[value=approve]");
    chromium.shows("You are logged in");
    take("logged-in");
    login.finish().code(0);
    let emulated = Emulated::provider("judgeme", &["--fault", "server-error"]);
    let login = begin(&emulated, "read_products");
    chromium.open(&login.authorize_url);
    chromium.shows("asks for access to");
    chromium.click("button[value=approve]");
    chromium.shows("The login did not work");
    take("failed");
    login.finish().code(8);
    is_current("made-from.txt", &made_from);
}

#[test]
fn the_picture_of_the_demo_is_what_it_prints() {
    let sandbox = Sandbox::new();
    let shown = on_a_terminal(&sandbox, &["demo"]);
    is_current("demo.svg", &svg(&[("oauthctl demo", shown)]));
}

#[test]
fn the_picture_of_a_session_is_what_it_prints() {
    let shop = Emulated::start(&["--approve"]);
    let browser = shop.browser();
    let log_in = ["login", "judgeme", "--scope", "read_products read_orders", "--port", "0", "--browser", &browser];
    let screens = [
        ("oauthctl login judgeme --scope 'read_products read_orders'", &log_in[..]),
        (
            "oauthctl call GET /api/v1/products -q '.products[].title'",
            &["call", "GET", "/api/v1/products", "-q", ".products[].title"],
        ),
        ("oauthctl scopes --probe", &["scopes", "--probe"]),
    ];
    let [login, call, scopes] = screens.map(|(command, args)| (command, on_a_terminal(&shop, args)));
    let rows = ["read_orders", "write_orders", "read_products", "read_reviewers"];
    is_current("session.svg", &svg(&[login, call, (scopes.0, excerpt(&scopes.1, &rows))]));
}

/// Returns the heading of a table and these of its rows: the picture is for the first screen of the README. What is left
/// out is marked.
fn excerpt(table: &str, names: &[&str]) -> String {
    let (mut kept, mut is_kept, mut lines) = (Vec::new(), false, table.lines().filter(|line| !line.trim().is_empty()));
    kept.extend(lines.find(|line| line.contains("SCOPE")));
    for line in lines {
        if !line.starts_with(' ') {
            is_kept = names.contains(&line.split_whitespace().next().unwrap_or_default());
        }
        kept.extend(is_kept.then_some(line));
    }
    assert!(kept.len() > names.len(), "{table}");
    kept.push("\u{1b}[2m⋮\u{1b}[0m");
    kept.join("\n")
}

/// Runs a command on a terminal of 92 columns, and returns what stands there, without what differs from run to run.
fn on_a_terminal(sandbox: &Sandbox, args: &[&str]) -> String {
    let mut command = sandbox.command(&[args, &["--color", "always"]].concat());
    command.env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR");
    let (code, shown) = pty::screen_at(92, command);
    assert_eq!(code, Some(0), "{shown}");
    // Its length is the same each time, and so are the line breaks.
    shown.replace(&sandbox.home().display().to_string(), "/home/you")
}

/// Compares a file beside the pictures, or writes it.
#[track_caller]
fn is_current(name: &str, text: &str) {
    if is_renewed() {
        std::fs::write(folder().join(name), text).unwrap();
    }
    let kept = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
    assert!(kept == text, "the pictures are stale: run tests/pictures\n{text}");
}

/// The height of a line, in pixels.
const LINE: usize = 20;

/// Draws a terminal on which these commands have run.
fn svg(screens: &[(&str, String)]) -> String {
    let mut lines = Vec::new();
    for (n, (command, shown)) in screens.iter().enumerate() {
        lines.extend((n > 0).then(String::new));
        lines.push(format!("\u{1b}[2m$\u{1b}[0m \u{1b}[1m{command}\u{1b}[0m"));
        lines.extend(shown.trim_end().lines().map(str::to_owned));
    }
    let (width, height) = (820, lines.len() * LINE + 64);
    let title = screens.iter().map(|(command, _)| *command).collect::<Vec<_>>().join(", ");
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>{title} on a terminal</title>\n\
         <style>text{{font:14px ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace;fill:#e8eaf0;white-space:pre}}\
         .b{{font-weight:700}}.d{{fill:#9aa2b5}}.r{{fill:#ff8a80}}.g{{fill:#4cc38a}}.y{{fill:#f0c674}}.c{{fill:#7cc7ff}}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"12\" fill=\"#16181b\"/>\n\
         <circle cx=\"22\" cy=\"20\" r=\"6\" fill=\"#ff5f57\"/><circle cx=\"42\" cy=\"20\" r=\"6\" fill=\"#febc2e\"/><circle cx=\"62\" cy=\"20\" r=\"6\" fill=\"#28c840\"/>\n"
    );
    for (n, line) in lines.iter().enumerate() {
        let _ = writeln!(svg, "<text x=\"20\" y=\"{}\">{}</text>", 56 + n * LINE, spans(line));
    }
    svg + "</svg>\n"
}

/// Turns the sequences of a style into spans.
fn spans(line: &str) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut parts = line.split("\u{1b}[");
    let mut spans = escape(parts.next().unwrap_or_default());
    for part in parts {
        let (codes, text) = part.split_once('m').expect("a style");
        let class: Vec<&str> = codes.split(';').filter_map(class).collect();
        match class.is_empty() {
            true => spans.push_str(&escape(text)),
            false => {
                let _ = write!(spans, "<tspan class=\"{}\">{}</tspan>", class.join(" "), escape(text));
            }
        }
    }
    spans
}

fn class(code: &str) -> Option<&'static str> {
    match code {
        "1" => Some("b"),
        "2" => Some("d"),
        "31" => Some("r"),
        "32" => Some("g"),
        "33" => Some("y"),
        "34" | "36" => Some("c"),
        _ => None,
    }
}
