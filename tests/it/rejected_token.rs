//! `token --rejected-from-stdin`: a program whose token was rejected gets another one, and a crowd of them spends one
//! refresh token.

use std::process::{Child, Stdio};

use serde_json::json;

use crate::rejected::Provider;
use crate::support::api_server::Reply;
use crate::support::emulated::count;
use crate::support::process::finish;
use crate::support::sandbox::feed;
use crate::support::{Emulated, Output, Sandbox};

const REJECTED: &[&str] = &["token", "--rejected-from-stdin"];

fn newer(sandbox: &Sandbox, rejected: &str) -> Output {
    sandbox.run_with_stdin(REJECTED, rejected)
}

fn token(sandbox: &Sandbox) -> String {
    sandbox.run(&["token"]).code(0).stdout().trim().to_owned()
}

fn ok(_: &str) -> Reply {
    ("200 OK", Vec::new(), Vec::new())
}

#[test]
fn a_rejected_token_is_refreshed_once_and_older_ones_get_the_newest() {
    let mine = Provider::new("", ok);
    for wrapped in ["at-1\n", "Authorization: Bearer at-1", "{\"access_token\":\"at-1\"}", "at-1"] {
        let output = newer(&mine.sandbox, wrapped);
        assert_eq!(output.code(0).stdout(), "at-2\n", "{wrapped}");
        output.hides("at-1");
    }
    assert_eq!(mine.sent().0, 1);
    assert_eq!(newer(&mine.sandbox, "at-2").code(0).stdout(), "at-3\n");
    for older in ["at-1", "at-2"] {
        assert_eq!(newer(&mine.sandbox, older).code(0).stdout(), "at-3\n");
    }
    assert_eq!((mine.sent().0, token(&mine.sandbox).as_str()), (2, "at-3"));
}

#[test]
fn a_token_that_the_login_never_had_spends_nothing() {
    let mine = Provider::new("", ok);
    for (stdin, code, told) in [
        ("canary-token", 4, "the rejected token is not one of the login `mine`"),
        ("at-10", 4, "the rejected token is not one of the login `mine`"),
        ("", 2, "it is empty"),
        ("Bearer ", 2, "it is empty"),
        ("canary\ncanary", 2, "it has more than one line"),
        ("{\"error\":\"canary\"}", 2, "it is JSON without an access token"),
    ] {
        newer(&mine.sandbox, stdin).code(code).says(told).hides("canary").hides("at-1");
    }
    assert_eq!((mine.sent().0, token(&mine.sandbox).as_str()), (0, "at-1"));
    newer(&Sandbox::new(), "at-1").code(4);
    let variable = mine.sandbox.clone().with("OAUTHCTL_TOKEN", "at-9").with("OAUTHCTL_PROFILE", "mine");
    newer(&variable, "at-9").code(4).says("that of OAUTHCTL_TOKEN, which cannot be refreshed");
    newer(&variable, "at-1").code(4).says("not one of the login");
    assert_eq!(mine.sent().0, 0);
    for more in [&["--min-validity", "1m"][..], &["--provider", "mine"], &["--id"], &["--which", "x"]] {
        mine.sandbox.run(&[REJECTED, more].concat()).code(2).says("cannot be used with");
    }
}

#[test]
fn another_token_comes_in_every_format() {
    let mine = Provider::new("", ok);
    let run = |more: &[&str], stdin: &str| mine.sandbox.run_with_stdin(&[REJECTED, more].concat(), stdin);
    assert_eq!(run(&["--format", "header"], "at-1").code(0).stdout(), "Authorization: Bearer at-2\n");
    assert_eq!(run(&["--format", "curl"], "at-1").code(0).stdout(), "header = \"Authorization: Bearer at-2\"\n");
    let answer: serde_json::Value = serde_json::from_str(run(&["--json"], "at-1").code(0).stdout()).unwrap();
    assert_eq!(answer["access_token"], json!("at-2"));
    assert_eq!(mine.sent().0, 1);
}

#[test]
fn a_token_of_the_login_before_gets_one_of_the_new_login() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let before = token(&mine);
    mine.log_in();
    let now = token(&mine);
    assert_ne!(before, now);
    assert_eq!(newer(&mine, &before).code(0).stdout().trim(), now);
}

#[test]
fn fifty_with_the_same_rejected_token_spend_one_refresh_token() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let rejected = token(&mine);
    let start = |_| -> Child {
        let mut command = mine.command(REJECTED);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    // All have begun before the first one learns what was rejected.
    let mut crowd: Vec<Child> = (0..50).map(start).collect();
    crowd.iter_mut().for_each(|child| feed(child, rejected.as_bytes()));
    let printed = |child| {
        let output = finish(child);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let tokens: Vec<String> = crowd.into_iter().map(printed).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != rejected), "{tokens:?}");
    assert_eq!(token(&mine), tokens[0]);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2, "the login, and one refresh");
}
