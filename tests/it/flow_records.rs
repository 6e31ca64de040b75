//! Each flow leaves a record in which it can be read what happened, and nothing that is a secret.

use std::fs;

use oauthctl::testing::FlowRecords;
use oauthctl::testing::flow_record::{FlowKind, FlowRecord, Leg, What};

use crate::support::emulated::MINE;
use crate::support::{Emulated, PendingLogin, Sandbox, http};

/// The records of a sandbox, the newest first.
fn records(sandbox: &Sandbox) -> Vec<FlowRecord> {
    FlowRecords::new(&sandbox.home().join(".local/share/oauthctl")).list()
}

fn legs(record: &FlowRecord) -> Vec<Leg> {
    record.exchanges().map(|(_, exchange)| exchange.leg).collect()
}

fn code(record: &FlowRecord) -> Option<u8> {
    record.outcome.as_ref().map(|outcome| outcome.exit_code)
}

/// Another page's idea of an answer. Its words are not taken out of what is said later.
fn stray(login: &PendingLogin) {
    let url = format!("http://127.0.0.1:{}/callback?state=arrived-here&code=canary-code", login.port());
    http::get(&url.parse().unwrap());
}

#[test]
fn each_flow_leaves_a_record_of_what_happened() {
    let mine = Emulated::mine(&["--token-lifetime", "1h"]);
    mine.log_in();
    mine.run(&["refresh"]).code(0);
    mine.run(&["call", "/api/nothing"]).code(9);
    mine.run(&["scopes", "--probe"]);
    mine.run(&["logout"]).code(0);
    let mut kept = records(&mine);
    kept.reverse();
    let flows: Vec<FlowKind> = kept.iter().map(|record| record.flow).collect();
    let (login, refresh, call) = (&kept[0], &kept[1], &kept[2]);
    assert_eq!(flows[..3], [FlowKind::Login, FlowKind::Refresh, FlowKind::Call]);
    assert_eq!(flows.last(), Some(&FlowKind::Revoke));
    assert_eq!((login.profile.as_deref(), login.provider.as_deref()), (Some("mine-emulator"), Some("mine")));
    assert_eq!((code(login), code(refresh), code(call)), (Some(0), Some(0), Some(9)));
    assert_eq!((legs(login), legs(refresh), legs(call)), (vec![Leg::Token], vec![Leg::Refresh], vec![Leg::Api]));
    // What is the same can be told from what differs.
    let settings = login.settings().unwrap();
    let (_, exchange) = login.exchanges().next().unwrap();
    let sent = exchange.body.as_ref().unwrap();
    assert_eq!(sent.field("client_secret"), settings.client_secret.as_ref());
    let returned = login.events.iter().find_map(|event| match &event.what {
        What::Redirect(arrival) => arrival.query.iter().find(|(name, _)| name == "code").map(|(_, value)| value),
        _ => None,
    });
    assert_eq!(sent.field("code"), returned);
    assert!(returned.is_some_and(|code| code.hidden().is_some()));
    assert_eq!(settings.redirect_uri.as_deref(), sent.shown("redirect_uri").as_deref());
}

#[test]
fn what_was_answered_well_leaves_no_record() {
    let mine = Emulated::mine(&["--token-lifetime", "1h"]);
    mine.log_in();
    for args in [&["token"][..], &["call", "/api/things"], &["exec", "--", "true"], &["status"]] {
        mine.run(args).code(0);
    }
    assert_eq!(records(&mine).len(), 1);
}

#[test]
fn a_refresh_before_a_command_is_a_record_of_its_own() {
    for args in [&["token"][..], &["call", "/api/things"], &["exec", "--", "true"]] {
        let mine = Emulated::mine(&["--token-lifetime", "0s,1h"]);
        mine.log_in();
        mine.run(args).code(0);
        let kept = records(&mine);
        assert_eq!((kept.len(), kept[0].flow, legs(&kept[0])), (2, FlowKind::Refresh, vec![Leg::Refresh]), "{args:?}");
        assert_eq!(code(&kept[0]), Some(0), "{args:?}");
    }
}

#[test]
fn a_login_that_is_killed_while_it_waits_leaves_a_record() {
    let mine = Emulated::mine(&[]);
    let login = PendingLogin::start(mine.command(&["login", "--port", "0", "--no-browser"]));
    stray(&login);
    #[cfg(unix)]
    login.end_with(9);
    #[cfg(not(unix))]
    drop(login);
    let kept = records(&mine);
    assert_eq!((kept.len(), &kept[0].outcome), (1, &None));
    assert!(kept[0].events.iter().any(|event| matches!(event.what, What::Browser { .. })));
}

#[test]
fn a_stray_is_kept_with_the_reason_why_it_is_one() {
    let mine = Emulated::mine(&[]);
    let login = PendingLogin::start(mine.command(&["login", "--port", "0", "--no-browser", "--timeout", "2s"]));
    stray(&login);
    login.finish().code(6);
    let kept = records(&mine).remove(0);
    let strays = kept.events.iter().filter_map(|event| match &event.what {
        What::Stray { why, .. } => Some(why.as_str()),
        _ => None,
    });
    assert_eq!(strays.collect::<Vec<_>>(), ["its `state` is not this login's"]);
    assert!(!serde_json::to_string(&kept).unwrap().contains("canary"));
}

#[test]
fn records_can_be_left_off() {
    let mine = Emulated::mine(&[]);
    mine.run(&["login", "--port", "0", "--browser", &mine.browser(), "--no-record"]).code(0);
    assert!(records(&mine).is_empty());
    let mine = mine.with("OAUTHCTL_RECORD", "off");
    mine.log_in();
    mine.run(&["call", "/api/nothing"]).code(9);
    assert!(records(&mine).is_empty());
}

#[test]
fn a_record_that_cannot_be_written_stops_nothing() {
    let mine = Emulated::mine(&[]);
    let data = mine.home().join(".local/share/oauthctl");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("flows"), "in the way").unwrap();
    let login = mine.log_in();
    assert!(!login.stderr().contains("record"), "{login}");
    mine.run(&["refresh", "-v"]).code(0).says("no record of this was kept");
}

#[test]
fn the_records_of_an_emulator_end_with_it() {
    let sandbox = Sandbox::new();
    sandbox.define("mine", MINE);
    let login = format!("oauthctl login --port 0 --timeout 20s --browser '{}'", sandbox.browser());
    let script = format!("{login} && ls \"$OAUTHCTL_EMULATOR_DIR/data/flows\"");
    let args = ["emulate", "mine", "--approve", "--", "sh", "-c", &script];
    sandbox.run(&args).code(0).answers(".json");
    assert!(records(&sandbox).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_token_that_sends_nothing_opens_no_file_for_a_record() {
    crate::crash::needs_tracing();
    let mine = Emulated::mine(&["--token-lifetime", "1h"]);
    mine.log_in();
    let log = mine.home().join("strace.log");
    let mut command = mine.program("strace");
    command
        .args(["-f", "-e", "trace=%file,getrandom", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_oauthctl"))
        .arg("token");
    assert!(command.output().unwrap().status.success());
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("execve") && !log.contains("/flows"), "{log}");
    let mut other = mine.program("strace");
    let without = mine.home().join("without.log");
    other.env("OAUTHCTL_RECORD", "off").args(["-f", "-e", "trace=%file,getrandom", "-o"]).arg(&without);
    assert!(other.arg(env!("CARGO_BIN_EXE_oauthctl")).arg("token").output().unwrap().status.success());
    let calls = |text: &str| text.lines().count();
    assert_eq!(calls(&log), calls(&fs::read_to_string(without).unwrap()), "the same calls of the system");
}
