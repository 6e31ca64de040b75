//! One command for many logins: `--profiles GLOB`.

use serde_json::Value;

use crate::support::emulated::count;
use crate::support::{Emulated, Output, Sandbox};

/// Returns the emulated provider with these logins.
fn with_logins(names: &[&str]) -> Emulated {
    let mine = Emulated::mine(&[]);
    for name in names {
        let login = ["login", "--profile", name, "--port", "0", "--browser", &mine.browser(), "-q"];
        mine.run(&login).code(0);
    }
    mine
}

#[track_caller]
fn rows(output: &Output) -> Vec<Value> {
    let answer: Value = serde_json::from_str(output.stdout()).unwrap_or_else(|_| panic!("no JSON: {output}"));
    answer["logins"].as_array().unwrap().clone()
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["profile"].as_str().unwrap()).collect()
}

#[test]
fn each_login_that_matches_answers_under_its_name() {
    let mine = with_logins(&["shop-a", "shop-b", "other"]);
    let call = mine.run(&["call", "/api/things", "-q", ".things | length", "--profiles", "shop-*"]);
    assert_eq!(call.code(0).stdout(), "shop-a\t0\nshop-b\t0\n");
    let call = mine.run(&["call", "/api/things", "--profiles", "other,shop-b", "--json"]);
    let rows = rows(call.code(0));
    assert_eq!(names(&rows), ["other", "shop-b"]);
    assert_eq!(rows[0]["answer"]["things"], serde_json::json!([]), "{call}");
    assert_eq!((&rows[1]["exit_code"], &rows[1]["provider"]), (&0.into(), &"mine".into()));
    mine.run(&["scopes", "--profiles", "*"]).code(0).answers("shop-a\tread").answers("other\tread");
    let status = mine.run(&["status", "--profiles", "shop-?", "--json"]);
    assert_eq!(names(&self::rows(status.code(0))), ["shop-a", "shop-b"]);
    mine.run(&["status", "--profiles", "shop-?", "--check"]).code(0);
}

#[test]
fn one_login_that_fails_hides_no_other() {
    let mine = with_logins(&["shop-a", "shop-c"]);
    let given = ["login", "mine", "--with-token", "--profile", "shop-b"];
    mine.run_with_stdin(&given, "made-up-token-of-nobody").code(0);
    let call = mine.run(&["call", "/api/things", "--profiles", "shop-*"]);
    call.answers("shop-a\t{")
        .answers("shop-c\t{")
        .says("shop-b: error: ")
        .says("`oauthctl login mine --profile shop-b`");
    call.code(9).says("error: 1 of 3 logins failed: `shop-b` (exit code 9)").hides("made-up-token-of-nobody");
    let json = mine.run(&["call", "/api/things", "--profiles", "shop-*", "--json"]);
    let rows = rows(json.code(9));
    assert_eq!((names(&rows), &rows[1]["exit_code"]), (vec!["shop-a", "shop-b", "shop-c"], &9.into()));
    assert!(rows[1]["error"].is_string() && rows[1]["hint"].is_string() && rows[0]["error"].is_null(), "{json}");
    assert!(!json.stderr().contains("shop-b: error"), "an error is told once: {json}");
}

#[test]
fn the_exit_code_is_that_of_the_gravest_failure() {
    let mine = with_logins(&["shop-a"]);
    let given = ["login", "mine", "--with-token", "--profile", "shop-b"];
    mine.run_with_stdin(&given, "made-up-token-of-nobody").code(0);
    let require = ["scopes", "--require", "read", "--profiles"];
    mine.run(&[&require[..], &["shop-a"]].concat()).code(0);
    // A token that was brought along has no known scopes; without a refresh token it cannot be refreshed either.
    mine.run(&[&require[..], &["shop-*"]].concat()).code(10).says("`shop-b` (exit code 10)");
    mine.run(&["refresh", "--profiles", "shop-*"]).code(4).says("`shop-b` (exit code 4)");
    let call = mine.run(&["call", "/api/nothing-there", "--profiles", "shop-*"]);
    call.code(9).says("2 of 2 logins failed: `shop-a` (exit code 9), `shop-b` (exit code 9)");
}

#[test]
fn many_logins_are_refreshed_once_each() {
    let all: Vec<String> = (0..20).map(|n| format!("shop-{n:02}")).collect();
    let mine = with_logins(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let before: Vec<String> = all.iter().map(|name| mine.run(&["token", name]).stdout().to_owned()).collect();
    let refreshed = mine.run(&["refresh", "--profiles", "shop-*", "--json"]);
    let rows = rows(refreshed.code(0));
    assert_eq!(names(&rows), all, "in the order of the names");
    assert!(rows.iter().all(|row| row["answer"]["profile"] == row["profile"]), "{refreshed}");
    for (name, old) in all.iter().zip(before) {
        let new = mine.run(&["token", name]);
        assert!(!new.code(0).stdout().is_empty() && *new.stdout() != old, "{name}");
    }
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2 * all.len());
}

#[test]
fn logout_of_many_logins_leaves_the_others() {
    let mine = with_logins(&["shop-a", "shop-b", "other"]);
    let logout = mine.run(&["logout", "--profiles", "shop-*"]);
    logout.code(0).says("Deleted the login `shop-a`").says("Deleted the login `shop-b`");
    let status = mine.without("OAUTHCTL_PROFILE").run(&["status", "--json"]);
    assert_eq!(names(&rows(&status)), ["other"]);
    assert_eq!(count(&mine.requests(), "POST /revoke 200"), 4);
}

#[test]
fn a_token_in_the_environment_is_not_that_of_many_logins() {
    let mine = with_logins(&["shop-a", "shop-b"]).with("OAUTHCTL_TOKEN", "made-up-token-of-the-environment");
    mine.run(&["call", "/api/things", "--profiles", "shop-*"]).code(0).answers("shop-a\t{").answers("shop-b\t{");
}

#[test]
fn what_means_one_login_is_refused_for_many() {
    let sandbox = Sandbox::new();
    sandbox.run(&["status", "--profiles", "*"]).code(4).says("there is no login yet");
    let given = |name: &str| sandbox.run_with_stdin(&["login", "github", "--with-token", "--profile", name], "made-up");
    given("one").code(0);
    given("two").code(0);
    for command in [&["status"][..], &["refresh"], &["scopes"], &["logout"], &["call", "/user"]] {
        let none = sandbox.run(&[command, &["--profiles", "shop-*"]].concat());
        none.code(4).says("no login matches `shop-*`; there are `one`, `two`");
        sandbox.run(&[command, &["--profiles", "one,[", "--json"]].concat()).code(2).says("--profiles <GLOB>");
        sandbox.run(&[command, &["--profiles", "*", "--profile", "one"]].concat()).code(2).says("`--profile` is not");
    }
    for one in [
        &["status", "one"][..],
        &["logout", "one"],
        &["logout", "--all"],
        &["scopes", "--provider", "github"],
        &["call", "/user", "--provider", "github"],
        &["call", "/user", "-o", "body"],
        &["call", "POST", "/user", "--input", "-"],
        &["call", "POST", "/user", "-F", "name=@-"],
    ] {
        sandbox.run(&[one, &["--profiles", "*"]].concat()).code(2);
    }
    assert!(sandbox.run(&["status"]).code(0).stdout().contains("two"));
}
