//! When a login by device polls, as the server sees it: never sooner than it asked. The server is scripted, and notes when
//! each request had arrived. Those times are lower bounds: a busy machine polls later, and never sooner.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::raw_server::{Script, http, reset};
use crate::support::{Output, PendingDevice, RawServer, Sandbox, process};

const CODES: &str = r#"{"device_code":"canary-device-code","user_code":"AB-12","verification_uri":"https://as.example/device",
    "interval":1,"expires_in":600}"#;

type Times = Arc<Mutex<Vec<Instant>>>;

/// A server that gives these answers, the codes first, and the times at which its requests had arrived.
fn server(answers: Vec<Script>) -> (RawServer, Times) {
    let times = Times::default();
    let scripts = [http("200 OK", &[], CODES)].into_iter().chain(answers).map(|answer| {
        let times = Arc::clone(&times);
        let noted: Script = Box::new(move |stream| {
            times.lock().unwrap().push(Instant::now());
            answer(stream);
        });
        noted
    });
    (RawServer::start(scripts.collect::<Vec<_>>()), times)
}

fn error(code: &str) -> Script {
    http("400 Bad Request", &["Content-Type: application/json"], format!(r#"{{"error":"{code}"}}"#))
}

fn pending() -> Script {
    error("authorization_pending")
}

fn token() -> Script {
    http("200 OK", &["Content-Type: application/json"], r#"{"access_token":"t","token_type":"Bearer"}"#)
}

fn sandbox(server: &RawServer) -> Sandbox {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id");
    let origin = server.origin();
    sandbox
        .define("acme", &format!("device.url = '{origin}/device'\ntoken.url = '{origin}/token'\ntoken.auth = 'none'"));
    sandbox
}

const LOGIN: [&str; 5] = ["login", "--provider", "acme", "--device", "--json"];

/// Logs in at a server that gives these answers to the polls. Each answer names the seconds that must have passed since the
/// request before.
#[track_caller]
fn polls(answers: Vec<(u64, Script)>) -> Output {
    let (least, answers): (Vec<u64>, Vec<Script>) = answers.into_iter().unzip();
    let (server, times) = server(answers);
    let output = sandbox(&server).run(&LOGIN);
    check(&times, &least);
    let requests = server.stop();
    let polls = requests.iter().filter(|request| request.contains("device_code=canary-device-code")).count();
    assert_eq!((requests.len(), polls), (least.len() + 1, least.len()), "{requests:?}");
    output.hides("canary-device-code");
    output
}

#[track_caller]
fn check(times: &Times, least: &[u64]) {
    let times = times.lock().unwrap();
    let gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let is_kept = |(gap, least): (&Duration, &u64)| *gap >= Duration::from_secs(*least);
    assert!(gaps.len() == least.len() && gaps.iter().zip(least).all(is_kept), "asked {least:?}: {gaps:?}");
}

#[test]
fn polls_are_never_sooner_than_asked() {
    polls(vec![(1, pending()), (1, pending()), (1, token())]).code(0);
}

#[test]
fn a_slow_down_makes_every_later_pause_longer() {
    polls(vec![(1, error("slow_down")), (6, pending()), (6, token())]).code(0);
}

#[test]
fn a_dropped_connection_makes_the_next_pause_longer() {
    let output = polls(vec![(1, reset()), (2, reset()), (4, pending()), (1, token())]);
    output.code(0).says("A poll had no answer").says("follows in 2s").says("follows in 4s");
}

#[test]
fn a_server_that_is_down_for_a_moment_is_asked_again() {
    polls(vec![(1, http("502 Bad Gateway", &[], "<h1>down")), (2, token())]).code(0).says("follows in 2s");
    polls(vec![(1, http("429 Too Many Requests", &["Retry-After: 3"], "")), (3, token())]).code(0);
}

#[test]
fn a_suspended_login_makes_up_for_no_polls() {
    let (server, times) = server(vec![pending(), pending(), pending(), pending(), token()]);
    let sandbox = sandbox(&server);
    let device = PendingDevice::start(sandbox.command(&LOGIN));
    process::until("the first poll", || times.lock().unwrap().len() == 2);
    device.process().signal(libc::SIGSTOP);
    // Three polls would have been due.
    let stopped = Instant::now();
    process::until("a while", || stopped.elapsed() > Duration::from_secs(3));
    let before = times.lock().unwrap().len();
    device.process().signal(libc::SIGCONT);
    device.finish().code(0);
    assert!(before <= 3, "it was stopped");
    check(&times, &[1; 5]);
    assert_eq!(server.stop().len(), 6);
}

#[test]
fn a_signal_ends_the_wait_at_once() {
    let (server, times) = server(vec![pending()]);
    let sandbox = sandbox(&server);
    let device = PendingDevice::start(sandbox.command(&LOGIN));
    device.process().signal(libc::SIGINT);
    assert_eq!(device.finish().exit_code(), None);
    assert!(times.lock().unwrap().len() <= 2);
}
