use std::sync::Mutex;

use super::*;
use crate::flow::doubles::{Said, Scripted, SetClock, StubResponse, broken, provider};
use crate::protocol::advice::{Advice, ExitCode};
use crate::protocol::client::ClientId;
use crate::protocol::scope::ScopeSet;
use crate::system::http::Reason;

const URL: &str = "device.url = 'https://as.example/device'\n";
const TOKEN: &str = r#"{"access_token":"t","scope":"read"}"#;

/// A login whose server gives these answers to its polls.
struct Case {
    keys: String,
    codes: String,
    limit: Option<Duration>,
    polls: Vec<Said>,
}

/// How it ended, and when each poll was sent, in seconds after the codes had come.
struct Ended {
    result: Result<TokenReply, FlowError>,
    times: Vec<u64>,
    bodies: Vec<String>,
    told: Vec<String>,
}

impl Case {
    fn new(polls: impl IntoIterator<Item = Said>) -> Self {
        let codes = r#""interval":2,"expires_in":100"#.to_owned();
        Self { keys: URL.to_owned(), codes, limit: None, polls: polls.into_iter().collect() }
    }

    fn run(self) -> Ended {
        let (clock, times) = (SetClock::at(1_000_000), Mutex::new(Vec::new()));
        let provider = provider(&self.keys);
        let polls = Mutex::new(self.polls.into_iter());
        let codes = format!(
            r#"{{"device_code":"canary-device","user_code":"AB-12","verification_uri":"https://as.example/d",{}}}"#,
            self.codes
        );
        let http = Scripted::new(|request| {
            if request.url.path() == "/device" {
                return Ok(StubResponse::new(200, codes.clone()));
            }
            times.lock().unwrap().push(clock.waited().as_secs());
            polls.lock().unwrap().next().unwrap_or_else(pending)
        });
        let request = DeviceAuthorizationRequest {
            client_id: ClientId::new("id"),
            client_secret: Some(ClientSecret::new("canary-secret")),
            scope: ScopeSet::parse("read write"),
        };
        let mut told = Vec::new();
        let login = DeviceLogin::begin(&http, &clock, &provider, request).unwrap();
        let result = login.wait(self.limit, |wait| match wait {
            DeviceWait::Left(_) => {}
            other => told.push(format!("{other:?}")),
        });
        let bodies = http.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect();
        let times = times.lock().unwrap().clone();
        Ended { result, times, bodies, told }
    }
}

fn refusal(status: u16, code: &str) -> Said {
    Ok(StubResponse::new(status, format!(r#"{{"error":"{code}"}}"#)))
}

fn pending() -> Said {
    refusal(400, "authorization_pending")
}

fn token() -> Said {
    Ok(StubResponse::new(200, TOKEN))
}

fn timeout() -> Said {
    Err(HttpError::Timeout { origin: String::new(), seconds: 30 })
}

/// Returns the exit code and the words.
fn end(case: Case) -> (ExitCode, String) {
    let error = case.run().result.unwrap_err();
    (error.next_step().code, format!("{:#}", anyhow::Error::new(error)))
}

#[test]
fn polls_keep_the_interval_until_the_token_comes() {
    let ended = Case::new([pending(), pending(), refusal(200, "authorization_pending"), token()]).run();
    assert_eq!((ended.result.unwrap().response.access_token.expose(), ended.times), ("t", vec![2, 4, 6, 8]));
    assert_eq!(ended.bodies[0], "client_id=id&client_secret=canary-secret&scope=read+write");
    assert_eq!(
        ended.bodies[1],
        "client_id=id&client_secret=canary-secret&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&\
         device_code=canary-device"
    );
}

#[test]
fn without_an_interval_polls_are_five_seconds_apart() {
    let ended = Case { codes: r#""expires_in":100"#.to_owned(), ..Case::new([pending(), token()]) }.run();
    assert_eq!(ended.times, [5, 10]);
}

#[test]
fn each_slow_down_adds_five_seconds_for_good() {
    let ended = Case::new([refusal(400, "slow_down"), pending(), refusal(429, "slow_down"), pending(), token()]).run();
    assert_eq!(ended.times, [2, 9, 16, 28, 40]);
    assert_eq!(ended.told, ["SlowDown { pause: 7s }", "SlowDown { pause: 12s }"]);
}

#[test]
fn a_slow_down_that_names_a_longer_wait_gets_it() {
    let longer = |status, header, body: &str| {
        let said = Ok(StubResponse::new(status, body).with(header, "20"));
        Case::new([said, token()]).run().times
    };
    assert_eq!(longer(400, "", r#"{"error":"slow_down","interval":20}"#), [2, 22]);
    assert_eq!(longer(400, "", r#"{"error":"slow_down","interval":3}"#), [2, 9]);
    assert_eq!(longer(429, "retry-after", r#"{"error":"slow_down"}"#), [2, 22]);
    assert_eq!(longer(429, "retry-after", "busy"), [2, 22]);
    assert_eq!(longer(503, "retry-after", "busy"), [2, 22]);
}

#[test]
fn a_wait_that_is_far_beyond_the_code_ends_with_the_code() {
    for (status, body) in [(429, r#"{"error":"slow_down"}"#), (503, "busy")] {
        let said = Ok(StubResponse::new(status, body).with("retry-after", "86400"));
        let ended = Case::new([said, token()]).run();
        let Err(FlowError::NotConfirmed { waited, has_ended: true }) = ended.result else { panic!("{status}") };
        assert_eq!((waited.0.as_secs(), ended.times), (100, vec![2]), "{status}");
    }
}

#[test]
fn faults_double_the_pause_until_there_is_an_answer() {
    let connect = Err(HttpError::Connect { origin: String::new(), source: Reason("made up".to_owned()) });
    let down = Ok(StubResponse::new(502, "<h1>Bad Gateway"));
    let ended = Case::new([timeout(), connect, Err(broken()), down, pending(), token()]).run();
    assert_eq!(ended.times, [2, 6, 14, 30, 62, 64]);
    assert_eq!(ended.told.len(), 4);
}

#[test]
fn the_pause_after_faults_is_a_minute_at_most() {
    let polls: Vec<Said> = (0..8).map(|_| timeout()).chain([token()]).collect();
    let ended = Case { codes: r#""interval":2,"expires_in":900"#.to_owned(), ..Case::new(polls) }.run();
    let pauses: Vec<u64> = ended.times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [4, 8, 16, 32, 60, 60, 60, 60]);
}

#[test]
fn a_code_that_ends_is_polled_for_once_more() {
    let codes = || r#""interval":5,"expires_in":12"#.to_owned();
    let ended = Case { codes: codes(), ..Case::new([pending(), pending(), token()]) }.run();
    assert_eq!((ended.result.is_ok(), ended.times), (true, vec![5, 10, 15]));
    for last in [pending(), refusal(400, "expired_token"), refusal(400, "invalid_grant"), refusal(400, "slow_down")] {
        let (code, words) = end(Case { codes: codes(), ..Case::new([pending(), pending(), last]) });
        assert_eq!(code, ExitCode::NoAnswer);
        assert_eq!(words, "the code was not confirmed within 15s, and is no longer valid");
    }
    let ended = Case { codes: codes(), ..Case::new([timeout(), timeout()]) }.run();
    assert_eq!(ended.times, [5, 15]);
    assert_eq!(ended.result.unwrap_err().next_step().code, ExitCode::Network, "it is not known what came of it");
}

#[test]
fn a_refusal_and_an_ended_code_end_the_wait_at_once() {
    for (polls, code, words) in [
        (
            refusal(400, "access_denied"),
            ExitCode::Refused,
            "the authorization was refused: the server said: access_denied",
        ),
        (
            refusal(400, "expired_token"),
            ExitCode::NoAnswer,
            "the code was not confirmed within 2s, and is no longer valid",
        ),
        (refusal(400, "invalid_grant"), ExitCode::Refused, "the token endpoint"),
        (refusal(401, "invalid_client"), ExitCode::Refused, "the token endpoint"),
        (Ok(StubResponse::new(302, "")), ExitCode::Refused, "the token endpoint"),
        (Ok(StubResponse::new(200, "<p>a proxy's page")), ExitCode::Network, "the token endpoint"),
    ] {
        let (told, said) = end(Case::new([polls, token()]));
        assert_eq!(told, code, "{said}");
        assert!(said.starts_with(words), "{said}");
    }
}

#[test]
fn a_persons_limit_ends_the_wait_without_a_further_poll() {
    let limited = |limit| Case { limit: Some(Duration::from_secs(limit)), ..Case::new([]) };
    for (limit, polls) in [(1, 0), (5, 2), (6, 2)] {
        let ended = limited(limit).run();
        let error = ended.result.unwrap_err();
        assert_eq!(error.to_string(), format!("the code was not confirmed within {limit}s"));
        assert_eq!((ended.times.len(), error.next_step().code), (polls, ExitCode::NoAnswer));
    }
    assert!(end(limited(1000)).1.ends_with("no longer valid"), "the code ends first");
}

#[test]
fn a_provider_may_word_its_errors_otherwise() {
    let trakt = "device.errors = { authorization_pending = '400', slow_down = '429', expired_token = '410', access_denied = '418' }";
    let bare = |status| Ok(StubResponse::new(status, ""));
    let ended = Case { keys: format!("{URL}{trakt}"), ..Case::new([bare(400), bare(429), token()]) }.run();
    assert_eq!((ended.result.is_ok(), ended.times), (true, vec![2, 4, 11]));
    for (status, code) in [(410, ExitCode::NoAnswer), (418, ExitCode::Refused), (404, ExitCode::Network)] {
        assert_eq!(end(Case { keys: format!("{URL}{trakt}"), ..Case::new([bare(status)]) }).0, code, "{status}");
    }

    let said = |message: &str| Ok(StubResponse::new(400, format!(r#"{{"status":400,"message":"{message}"}}"#)));
    let keys = || format!("{URL}device.error = ['message']\ndevice.errors = {{ access_denied = 'declined' }}");
    let ended = Case { keys: keys(), ..Case::new([said("authorization_pending"), token()]) }.run();
    assert!(ended.result.is_ok());
    assert_eq!(end(Case { keys: keys(), ..Case::new([said("declined")]) }).0, ExitCode::Refused);
    let (code, words) = end(Case { keys: keys(), ..Case::new([said("invalid device code")]) });
    assert!(code == ExitCode::Refused && words.contains("the server said: invalid device code"), "{words}");
}

#[test]
fn a_poll_has_the_definitions_departures() {
    let keys = "device.token_url = 'https://as.example/poll'\ndevice.grant = 'device_code'\n\
                device.token_params = { user_code = '{user_code}', scopes = '{scope}' }\n\
                token.params = { audience = 'x' }\ntoken.names = { device_code = 'code' }\ntoken.auth = 'none'";
    let ended = Case { keys: format!("{URL}{keys}"), ..Case::new([token()]) }.run();
    assert_eq!(
        ended.bodies[1],
        "client_id=id&grant_type=device_code&code=canary-device&scopes=read+write&user_code=AB-12"
    );
    let keys = "token.params = { state = '{state}', audience = 'x' }\ndevice.params = { app = '{client_id}' }\n\
                device.names = { scope = 'scopes' }";
    let ended = Case { keys: format!("{URL}{keys}"), ..Case::new([token()]) }.run();
    assert!(ended.bodies[0].ends_with("&scopes=read+write&app=id") && ended.bodies[1].ends_with("&audience=x"));
}

#[test]
fn what_a_server_repeats_of_the_secrets_is_not_shown() {
    for secret in ["canary-device", "canary-secret"] {
        let said = format!(r#"{{"error":"invalid_grant","error_description":"no, {secret} is not known"}}"#);
        let error = Case::new([Ok(StubResponse::new(400, said))]).run().result.unwrap_err();
        let shown = format!("{:#} {:?}", anyhow::Error::new(error), "");
        assert!(shown.contains("is not known") && !shown.contains("canary"), "{shown}");
    }
}
