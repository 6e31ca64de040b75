//! The end of a refresh token, where the provider says it: it is shown, counted and warned of, and no clock is believed
//! so far that a login that works is given up.

use crate::refresh::{Scripted, json};
use crate::support::Sandbox;
use crate::support::faketime::SettableClock;
use crate::support::raw_server::Script;

/// As three families of providers write it; each end is 90 days away.
const SPELLINGS: [&str; 3] = [
    r#""refresh_token_expires_in":7776000"#,
    r#""x_refresh_token_expires_in":"7776000""#,
    r#""refreshExpiresIn":7776000"#,
];

fn reply(members: &str) -> String {
    format!(r#"{{"access_token":"at-1","expires_in":3600,{members}}}"#)
}

#[test]
fn the_end_of_a_refresh_token_is_shown_and_counted() {
    for spelling in SPELLINGS {
        let scripted = Scripted::logged_in(&reply(&format!(r#""refresh_token":"rt-1",{spelling}"#)), Vec::new());
        let mine = scripted.sandbox;
        mine.run(&["status"]).code(0).answers("RENEWABLE UNTIL");
        let status: serde_json::Value = serde_json::from_str(mine.run(&["status", "--json"]).code(0).stdout()).unwrap();
        let login = &status["logins"][0];
        let (since, end) = (login["since"].as_i64().unwrap(), login["refresh_expires_at"].as_i64().unwrap());
        assert_eq!((end - since, login["refreshable"].as_bool()), (7_776_000, Some(true)), "{spelling}");
        mine.run(&["status", "--expires-within", "89d"]).code(0);
        mine.run(&["status", "--expires-within", "91d"]).code(4).says("the login `mine` does not last");
        mine.run(&["status", "--check"]).code(0);
        mine.run(&["token"]).code(0).hides("warning");
    }
    let without = Scripted::logged_in(&reply(r#""refresh_token":"rt-1""#), Vec::new());
    without.sandbox.run(&["status", "--expires-within", "91d"]).code(0);
    assert!(!without.sandbox.run(&["status", "--json"]).stdout().contains("refresh_expires_at"));
}

fn with_clock(replies: Vec<Script>) -> (SettableClock, Scripted) {
    let (clock, sandbox) = SettableClock::new(Sandbox::new());
    let first = reply(&format!(r#""refresh_token":"rt-1",{}"#, SPELLINGS[0]));
    (clock, Scripted::logged_in_from(sandbox, &first, replies))
}

#[test]
fn a_refresh_token_near_its_end_is_warned_of() {
    let kept = || json("200 OK", &reply(r#""scope":"a""#));
    let rotated = json("200 OK", &reply(r#""refresh_token":"rt-2","refresh_token_expires_in":7776000"#));
    let (clock, scripted) = with_clock(vec![kept(), kept(), rotated]);
    let mine = &scripted.sandbox;
    clock.set("+80d");
    mine.run(&["token"]).code(0).hides("warning");
    clock.set("+85d");
    for args in [&["token"][..], &["token"], &["exec", "--", "true"]] {
        mine.run(args).code(0).says("the refresh token of `mine` ends at").says("oauthctl login mine");
    }
    mine.run(&["refresh"]).code(0).hides("warning").answers("renewed automatically until");
    mine.run(&["status", "--expires-within", "89d"]).code(0);
}

#[test]
fn a_refresh_token_that_has_ended_is_tried_and_told_of() {
    let refused = json("400 Bad Request", r#"{"error":"invalid_grant"}"#);
    let taken = json("200 OK", &reply(r#""refresh_token":"rt-2""#));
    let (clock, scripted) = with_clock(vec![taken]);
    clock.set("+91d");
    let status = scripted.sandbox.run(&["status", "--json"]);
    assert!(status.code(0).stdout().contains("\"refreshable\": false"), "{status}");
    scripted.sandbox.run(&["status", "--check"]).code(4);
    scripted.sandbox.run(&["token"]).code(0).says("had ended at").says("this machine's clock");
    scripted.sandbox.run(&["status", "--check"]).code(0);
    let (clock, scripted) = with_clock(vec![refused]);
    clock.set("+91d");
    scripted.sandbox.run(&["token"]).code(4).says("refused the refresh token of `mine` for good; it ended at");
}
