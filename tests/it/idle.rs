//! Logins that end if nobody uses them: `refresh.idle`, `refresh --due`, `status --expires-within`.

use serde_json::Value;

use crate::support::emulated::{MINE, count};
use crate::support::{Emulated, Sandbox};

#[track_caller]
fn profiles(answer: &str) -> Vec<String> {
    let answer: Value = serde_json::from_str(answer).unwrap();
    let rows = answer["logins"].as_array().unwrap();
    rows.iter().map(|row| row["profile"].as_str().unwrap().to_owned()).collect()
}

fn log_in(mine: &Emulated, profile: &str) {
    let login = ["login", "--profile", profile, "--port", "0", "--browser", &mine.browser(), "-q"];
    mine.run(&login).code(0);
}

#[test]
fn what_would_end_unused_is_refreshed_and_nothing_else() {
    let mine = Emulated::defined(&format!("refresh.idle = '5d'\n{MINE}"), &[]);
    log_in(&mine, "shop-a");
    log_in(&mine, "shop-b");
    let given = ["login", "mine", "--with-token", "--profile", "shop-c"];
    mine.run_with_stdin(&given, "made-up-token").code(0);
    let none = mine.run(&["refresh", "--due", "--within", "4d", "--json"]);
    none.code(0).says("no login ends within 4d for want of use");
    assert!(profiles(none.stdout()).is_empty());
    let one = mine.run(&["refresh", "--due", "--profiles", "*-b", "--json"]);
    assert_eq!(profiles(one.code(0).stdout()), ["shop-b"], "7 days by default");
    let due = mine.run(&["refresh", "--due", "--json"]);
    assert_eq!(profiles(due.code(0).stdout()), ["shop-a", "shop-b"]);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2 + 3);
}

#[test]
fn status_shows_and_counts_the_end_for_want_of_use() {
    let mine = Emulated::defined(&format!("refresh.idle = '5d'\n{MINE}"), &[]);
    log_in(&mine, "shop-a");
    mine.run(&["status", "shop-a"]).code(0).answers("RENEWABLE UNTIL");
    let status: Value = serde_json::from_str(mine.run(&["status", "shop-a", "--json"]).stdout()).unwrap();
    let (since, idle) = (&status["logins"][0]["since"], &status["logins"][0]["idle_until"]);
    assert_eq!(idle.as_i64().unwrap() - since.as_i64().unwrap(), 5 * 86_400, "{status}");
    mine.run(&["status", "shop-a", "--check"]).code(0);
    mine.run(&["status", "shop-a", "--expires-within", "4d"]).code(0);
    mine.run(&["status", "shop-a", "--expires-within", "6d"])
        .code(4)
        .says("`shop-a` does not last")
        .says("refresh --profiles 'shop-a'");
}

#[test]
fn a_provider_without_a_limit_is_never_due() {
    let mine = Emulated::mine(&[]);
    log_in(&mine, "shop-a");
    mine.run(&["refresh", "--due", "--within", "1000d"]).code(0).says("no login ends within");
    assert_eq!(count(&mine.requests(), "POST /token 200"), 1);
}

#[test]
fn a_wrong_limit_or_flag_is_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox.run(&["refresh", "--within", "1d"]).code(2);
    sandbox.run(&["refresh", "--due", "--profile", "one"]).code(2).says("`--profiles` takes some of them");
    for bad in ["0d", "soon"] {
        sandbox.define("mine", &format!("refresh.idle = '{bad}'\n{MINE}"));
        sandbox.run(&["providers", "show", "mine"]).code(3).says("write a duration such as `90d`");
    }
}
