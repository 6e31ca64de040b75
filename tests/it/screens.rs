//! What people see on a terminal: nothing is erased that was not drawn, and lines end between words.

use crate::support::raw_server::http;
use crate::support::{RawServer, Sandbox, pty};

const JSON: &str = "Content-Type: application/json";

/// A login at an API that answers with these, one after the other.
fn shop(replies: &[(&str, &[&str], &str)]) -> (Sandbox, RawServer) {
    let server = RawServer::start(replies.iter().map(|(status, headers, body)| http(status, headers, body)));
    let (shop, origin) = (Sandbox::new(), server.origin());
    shop.define("mine", &format!("authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = '{origin}'"));
    shop.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "made-up-token").code(0);
    (shop, server)
}

#[test]
fn a_page_on_a_terminal_keeps_its_last_brace() {
    let next = "Link: </2>; rel=\"next\"";
    let (shop, _server) = shop(&[("200 OK", &[JSON, next], r#"[{"n":1}]"#), ("200 OK", &[JSON], r#"[{"n":2}]"#)]);
    let (code, shown) = pty::run_at(80, shop.command(&["call", "/1", "--paginate", "--color", "never"]));
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains('\u{1b}'), "nothing was drawn that could be erased: {shown:?}");
    let rows: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(rows, serde_json::json!([{"n": 1}, {"n": 2}]));
}

#[test]
fn a_message_does_not_share_the_line_of_an_answer() {
    let (shop, _server) = shop(&[("404 Not Found", &["Content-Type: text/plain"], "no line break")]);
    let (code, shown) = pty::run_at(80, shop.command(&["call", "/1", "--color", "never"]));
    assert_eq!(code, Some(9), "{shown}");
    assert!(shown.contains("no line break\nerror:"), "{shown}");
}

#[test]
fn messages_are_wrapped_between_words_on_a_terminal_only() {
    let sandbox = Sandbox::new();
    let keys = ["login", "no-such-provider", "--color", "never"];
    let piped = sandbox.run(&keys);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for columns in [40, 80, 120] {
        let (code, shown) = pty::run_at(columns, sandbox.command(&keys));
        assert_eq!(code, Some(3), "{shown}");
        assert_eq!(words(&shown), words(piped.stderr()), "no word is broken at {columns}");
        for line in shown.lines().filter(|line| line.chars().count() > columns.into()) {
            assert!(line.trim().starts_with('`') || !line.trim().contains(' '), "{columns}: {line}");
        }
    }
    assert!(piped.stderr().lines().any(|line| line.len() > 40), "{piped}");
}

#[test]
fn what_is_ours_is_ascii_where_the_locale_is() {
    let sandbox = Sandbox::new();
    for args in [&["--help"][..], &["login", "--help"], &["providers", "list"], &["demo", "--store", "memory"]] {
        let (code, shown) = pty::run_at(80, sandbox.command(args));
        assert!(code == Some(0) && shown.is_ascii(), "{args:?}: {shown}");
    }
}

#[test]
fn colors_follow_the_environment() {
    let sandbox = Sandbox::new();
    let colored = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command(&["providers", "list"]);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").envs(variables.iter().copied());
        command.output().unwrap().stdout.contains(&0x1b)
    };
    assert!(!colored(&[]), "a pipe gets none");
    assert!(colored(&[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}
