//! A token that is valid when it is handed out, and a refresh token that is never spent twice and never lost.

use std::process::Stdio;
use std::time::Duration;

use crate::support::emulated::{MINE, count};
#[cfg(target_os = "linux")]
use crate::support::faketime::SettableClock;
use crate::support::raw_server::{http, reset};
#[cfg(target_os = "linux")]
use crate::support::session_bus::SessionBus;
use crate::support::{Emulated, RawServer, Sandbox};

/// The first token of a login has ended when it comes, so that the first use refreshes.
const OVER: &[&str] = &["--token-lifetime", "0s,1h"];

/// Whether there is time for the long form of a test.
pub fn long() -> bool {
    std::env::var_os("LONG_TESTS").is_some()
}

pub fn token(sandbox: &Sandbox) -> String {
    let output = sandbox.run(&["token"]);
    output.code(0);
    output.stdout().trim().to_owned()
}

#[test]
fn a_token_that_has_ended_is_refreshed_and_others_are_not() {
    let mine = Emulated::mine(OVER);
    mine.log_in();
    let first = token(&mine);
    assert_eq!(token(&mine), first);
    mine.run(&["scopes"]).code(0);
    mine.run(&["call", "/api/things"]).code(0);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2);
}

#[test]
fn call_scopes_and_exec_refresh_too() {
    let mine = Emulated::mine(OVER);
    mine.log_in();
    assert_eq!(mine.run(&["call", "/api/things"]).code(0).stdout(), r#"{"things":[]}"#);
    for args in [&["scopes"][..], &["scopes", "--probe"], &["exec", "--", "true"]] {
        mine.log_in();
        mine.run(args).code(0);
        mine.run(args).code(0);
    }
    mine.run(&["exec", "--min-validity", "10s", "--", "true"]).code(0);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 8, "one refresh for each login");
}

#[test]
fn a_short_lived_token_serves_many_commands() {
    let mine = Emulated::mine(&["--token-lifetime", "30s"]);
    mine.log_in();
    let first = token(&mine);
    for _ in 0..2 {
        assert_eq!(token(&mine), first);
        mine.run(&["call", "/api/things"]).code(0);
        mine.run(&["exec", "--", "true"]).code(0);
    }
    assert_eq!(count(&mine.requests(), "POST /token 200"), 1);
}

#[test]
fn a_command_is_started_with_a_token_that_works() {
    let mine = Emulated::mine(OVER);
    mine.log_in();
    let started = mine.run(&["exec", "--", "sh", "-c", "printf %s \"$OAUTHCTL_TOKEN\""]);
    started.code(0);
    assert_eq!(started.stdout(), token(&mine));
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2);
}

#[test]
fn a_token_that_the_api_refuses_is_renewed_once() {
    let mine = Emulated::mine(&["--token-lifetime", "1h"]);
    mine.log_in();
    let revoked = token(&mine);
    // Another program with the same login: the provider takes the first token back, and nobody here knows.
    mine.run(&["call", "/api/things", "-i"]).code(0);
    let emulator = mine.variable("OAUTHCTL_EMULATOR");
    let revoke = url::Url::parse(&format!("{}/revoke", emulator.split_once('=').unwrap().1)).unwrap();
    let (id, secret) = (mine.variable("OAUTHCTL_CLIENT_ID"), mine.variable("OAUTHCTL_CLIENT_SECRET"));
    let fields = [
        ("token", revoked.as_str()),
        ("token_type_hint", "access_token"),
        ("client_id", &id),
        ("client_secret", &secret),
    ];
    assert!(crate::support::http::post_form(&revoke, &fields).starts_with("HTTP/1.1 200"));
    mine.run(&["call", "/api/things"]).code(0).answers("things");
    assert_ne!(token(&mine), revoked);
    let requests = mine.requests();
    assert_eq!(count(&requests, "GET /api/things 401"), 1);
    assert_eq!(count(&requests, "POST /token 200"), 2);
}

#[test]
fn refresh_gets_a_new_token_however_good_the_old_one_is() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let old = token(&mine);
    let refreshed = mine.run(&["refresh"]);
    refreshed.code(0).hides(&old);
    let new = token(&mine);
    assert_ne!(new, old);
    refreshed.hides(&new);
    assert!(mine.run(&["refresh", "--json"]).code(0).stdout().contains(r#""profile": "mine-emulator""#));
    assert_eq!(count(&mine.requests(), "POST /token 200"), 3);
}

#[test]
fn a_longer_validity_is_had_by_a_refresh_or_not_at_all() {
    let mine = Emulated::mine(&["--token-lifetime", "10m,1h"]);
    mine.log_in();
    token(&mine);
    mine.run(&["token", "--min-validity", "30m"]).code(0);
    mine.run(&["token", "--min-validity", "2h"]).code(8).says("`mine` gives no longer ones");
    assert_eq!(count(&mine.requests(), "POST /token 200"), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_refresh_leaves_a_good_token_in_use_with_a_warning() {
    let (clock, sandbox) = SettableClock::new(Sandbox::new());
    sandbox.define("mine", MINE);
    let mut mine = Emulated::inside(sandbox, "mine", &["--approve", "--token-lifetime", "1h"]);
    mine.log_in();
    let old = token(&mine);
    mine.end();
    clock.set("+3550");
    let output = mine.run(&["token"]);
    assert_eq!(output.code(0).says("could not be refreshed").says("still valid for").stdout().trim(), old);
    mine.run(&["token", "--min-validity", "55s"]).code(8).says("could not be refreshed");
    mine.run(&["refresh"]).code(8).says("the refresh token is kept");
    mine.run(&["token", "-q"]).code(0).hides("warning");
}

#[cfg(target_os = "linux")]
#[test]
fn a_token_without_a_refresh_token_is_used_while_it_lasts() {
    let (clock, sandbox) = SettableClock::new(Sandbox::new());
    let reply = r#"{"access_token":"at-1","expires_in":3600}"#;
    let mine = Scripted::logged_in_from(sandbox, reply, Vec::new()).sandbox;
    mine.run(&["token"]).code(0).hides("warning");
    clock.set("+3550");
    mine.run(&["token"]).code(0).says("gave no refresh token").says("still valid for");
    mine.run(&["refresh"]).code(4).says("gave no refresh token");
}

/// A provider whose token endpoint does what a script says, and a login at it whose token has run out.
pub struct Scripted {
    pub sandbox: Sandbox,
    pub server: RawServer,
}

pub const LOGIN_REPLY: &str = r#"{"access_token":"at-1","token_type":"Bearer","expires_in":0,"refresh_token":"rt-1"}"#;

impl Scripted {
    pub fn new(refreshes: Vec<crate::support::raw_server::Script>) -> Self {
        Self::logged_in(LOGIN_REPLY, refreshes)
    }

    pub fn logged_in(reply: &str, refreshes: Vec<crate::support::raw_server::Script>) -> Self {
        Self::logged_in_from(Sandbox::new(), reply, refreshes)
    }

    /// The same in a sandbox with a clock of its own, perhaps.
    pub fn logged_in_from(sandbox: Sandbox, reply: &str, refreshes: Vec<crate::support::raw_server::Script>) -> Self {
        let server = RawServer::start([json("200 OK", reply)].into_iter().chain(refreshes));
        let sandbox = sandbox.with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "s3cret");
        sandbox.define("mine", &MINE.replace("https://mine.example", &server.origin()));
        let pending = crate::support::PendingLogin::start(sandbox.command(&[
            "login",
            "--provider",
            "mine",
            "--port",
            "0",
            "--no-browser",
        ]));
        pending.come_back(&[("code", "c")]);
        pending.finish().code(0);
        Self { sandbox, server }
    }
}

pub fn json(status: &str, body: &str) -> crate::support::raw_server::Script {
    http(status, &["Content-Type: application/json"], body)
}

#[test]
fn only_invalid_grant_ends_a_refresh_token_and_does_so_once() {
    let html = |status| http(status, &["Content-Type: text/html"], "<html>please log in to the proxy</html>");
    let scripted = Scripted::new(vec![
        json("503 Service Unavailable", r#"{"error":"invalid_grant"}"#),
        html("200 OK"),
        html("403 Forbidden"),
        http("200 OK", &[], ""),
        json("200 OK", r#"{"access_tok"#),
        reset(),
        http("302 Found", &["Location: https://elsewhere.example/"], ""),
        json("401 Unauthorized", r#"{"error":"invalid_client"}"#),
        json("400 Bad Request", r#"{"error":"invalid_grant"}"#),
    ]);
    let sandbox = &scripted.sandbox;
    for expected in [8, 8, 8, 8, 8, 8, 5, 5] {
        sandbox.run(&["token"]).code(expected).hides("rt-1").hides("s3cret");
    }
    sandbox.run(&["token"]).code(4).says("refused the refresh token").says("was interrupted").hides("rt-1");
    for _ in 0..3 {
        sandbox.run(&["token"]).code(4).says("is dead").says("oauthctl login mine");
        sandbox.run(&["status", "--check"]).code(4);
    }
    sandbox.run(&["refresh"]).code(4).says("is dead");
    let requests = scripted.server.stop();
    assert_eq!(requests.iter().filter(|request| request.contains("refresh_token=rt-1")).count(), 9);
    assert_eq!(requests.len(), 10, "the dead one is not sent again");
}

#[test]
fn a_refresh_token_is_kept_until_a_reply_has_a_new_one() {
    let scripted = Scripted::new(vec![
        json("200 OK", r#"{"access_token":"at-2","expires_in":0}"#),
        json("200 OK", r#"{"access_token":"at-3","expires_in":0,"refresh_token":"rt-2"}"#),
        json("200 OK", r#"{"access_token":"at-4","expires_in":3600}"#),
    ]);
    for _ in 0..3 {
        scripted.sandbox.run(&["refresh"]).code(0);
    }
    assert_eq!(token(&scripted.sandbox), "at-4");
    let requests = scripted.server.stop();
    let sent: Vec<_> = requests[1..].iter().map(|r| r.split("refresh_token=").nth(1).unwrap().get(..4)).collect();
    assert_eq!(sent, [Some("rt-1"), Some("rt-1"), Some("rt-2")]);
}

#[test]
fn a_refresh_goes_to_the_servers_of_the_login_and_nowhere_else() {
    let scripted = Scripted::new(Vec::new());
    let elsewhere = RawServer::start([]);
    let here = MINE.replace("https://mine.example", &scripted.server.origin());
    let moved = [
        here.replace("token.url = \"", &format!("token.url = \"{}/t\" #", elsewhere.origin())),
        format!("refresh.url = '{}/r'\n{here}", elsewhere.origin()),
    ];
    for definition in moved {
        scripted.sandbox.define("mine", &definition);
        scripted.sandbox.run(&["token"]).code(3);
        scripted.sandbox.run(&["refresh"]).code(3);
    }
    let revocation = here.replace("revoke.url = \"", &format!("revoke.url = \"{}/t\" #", elsewhere.origin()));
    scripted.sandbox.define("mine", &revocation);
    scripted.sandbox.run(&["logout"]).code(0).says("another server on this machine");
    assert_eq!((scripted.server.stop().len(), elsewhere.stop().len()), (1, 0));
}

#[test]
fn a_login_of_another_client_is_not_refreshed_with_this_one() {
    let scripted = Scripted::new(Vec::new());
    let sandbox = scripted.sandbox.with("OAUTHCTL_CLIENT_ID", "other");
    sandbox.run(&["token"]).code(3).says("made with the client `id`");
    assert_eq!(scripted.server.stop().len(), 1);
}

/// The holder hangs in the network; who waits does not refresh without the lock.
#[test]
fn a_long_wait_for_another_process_ends_with_the_valid_token() {
    if !long() {
        // The wait is 35 s. Its bound is tested in the library below.
        return;
    }
    let mine = Emulated::mine(&["--token-lifetime", "90s"]);
    mine.log_in();
    let held = std::fs::OpenOptions::new()
        .write(true)
        .open(mine.home().join(".local/share/oauthctl/store/login/mine-emulator.lock"))
        .unwrap();
    held.lock().unwrap();
    mine.run(&["refresh"]).code(11).says("another process has been refreshing");
    mine.run(&["token", "--min-validity", "1s"]).code(0);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 1);
}

/// 200 processes at once, a provider that takes 50 ms and revokes everything when a refresh token comes twice.
#[test]
fn of_200_processes_one_refreshes_and_all_get_its_token() {
    let rounds = if long() { 100 } else { 20 };
    let mine = Emulated::mine(&["--token-lifetime", "0s,1h", "--latency", "50"]);
    for round in 0..rounds {
        one_race(&mine, 200, round);
    }
    let requests = mine.requests();
    let tokens: Vec<&String> = requests.iter().filter(|line| line.starts_with("POST /token")).collect();
    assert!(tokens.iter().all(|line| *line == "POST /token 200"), "a refresh token came twice");
    assert_eq!(tokens.len(), 2 * rounds, "one request for the login and one refresh a round");
    println!("{rounds} rounds of 200 processes: {rounds} refreshes, 0 replays");
}

/// The keychain's lock is the account's own, so this story leaves its file in the account's home, and takes it away.
#[cfg(target_os = "linux")]
#[test]
fn of_200_processes_one_refreshes_in_the_keychain_too() {
    const PROFILE: &str = "oauthctl-story-of-200-processes";
    let rounds = if long() { 10 } else { 2 };
    let bus = SessionBus::new();
    let _keyring = bus.unlocked_keyring();
    let mut mine = Emulated::mine(&["--token-lifetime", "0s,1h", "--latency", "50"]);
    let own = [("OAUTHCTL_STORE", "keychain".to_owned()), ("OAUTHCTL_PROFILE", PROFILE.to_owned())];
    for (name, value) in bus.environment().into_iter().chain(own) {
        mine = mine.with(name, &value);
    }
    for round in 0..rounds {
        one_race(&mine, 200, round);
    }
    assert!(!mine.home().join(".local/state").exists(), "the lock depends on HOME");
    let requests = mine.requests();
    assert_eq!(requests.iter().filter(|line| line.starts_with("POST /token")).count(), 2 * rounds);
    assert_eq!(count(&requests, "POST /token 200"), 2 * rounds, "a refresh token came twice");
    let lock = oauthctl::testing::state_folder().unwrap().join(format!("{PROFILE}.lock"));
    std::fs::remove_file(lock).unwrap();
    println!("{rounds} rounds of 200 processes on the keychain: {rounds} refreshes, 0 replays");
}

pub fn one_race(mine: &Emulated, processes: usize, round: usize) {
    mine.log_in();
    let start = |_| mine.command(&["token"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let running: Vec<_> = (0..processes).map(start).collect();
    let mut tokens = Vec::new();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "round {round}: {}", String::from_utf8_lossy(&output.stderr));
        tokens.push(output.stdout);
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "round {round}: not all got the same token");
}

#[test]
fn no_token_is_lost_in_many_rotations() {
    let rotations = if long() { 1000 } else { 100 };
    let mine = Emulated::mine(&["--token-lifetime", "0s"]);
    mine.log_in();
    let mut last = String::new();
    for n in 0..rotations {
        let new = token(&mine);
        assert_ne!(new, last, "rotation {n}");
        last = new;
    }
    assert_eq!(count(&mine.requests(), "POST /token 200"), rotations + 1);
    println!("{rotations} rotations in a row, one process each");
}

/// Only so that the long form is not the only one to know how long a wait is.
#[test]
fn the_lock_timeout_is_longer_than_the_network_timeout() {
    assert!(oauthctl::testing::LOCK_TIMEOUT > Duration::from_secs(30));
}
