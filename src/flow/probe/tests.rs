mod fewest;

use std::io;
use std::time::Duration;

use super::*;
use crate::flow::doubles::{Nobody, Said, Scripted, SetClock, StubResponse, broken, provider};
use crate::flow::held_token::{Renew, Renewed};
use crate::protocol::scope::ScopeSet;
use crate::provider::dialect::ListedBy;
use crate::store::stored_token::Expiry;
use crate::system::http::Reason;

/// The result of a run, and its requests.
struct Ran {
    proofs: Result<Proofs, FlowError>,
    requests: Vec<HttpRequest>,
    paths: Vec<String>,
    progress: Vec<(usize, usize, String)>,
}

fn run_at(answer: impl Fn(&HttpRequest) -> Said + Send + Sync, keys: &str, writes: bool) -> Ran {
    run_with(&Nobody, answer, keys, writes)
}

fn run_with(renew: &dyn Renew, answer: impl Fn(&HttpRequest) -> Said + Send + Sync, keys: &str, writes: bool) -> Ran {
    let (http, clock, provider) = (Scripted::new(answer), SetClock::at(0), provider(keys));
    let token = Renewed { token: AccessToken::new("canary-token"), expiry: Expiry::Unknown, refreshed: false };
    let held = HeldToken::new(token, &clock, renew);
    let probing = Probing { http: &http, clock: &clock, provider: &provider, held: &held, writes };
    let progress = Mutex::new(Vec::new());
    let tell = |p: &Progress<'_>| progress.lock().unwrap().push((p.number, p.total, p.request.to_owned()));
    let proofs = run(&probing, &tell);
    let mut progress = progress.into_inner().unwrap();
    progress.sort();
    Ran { proofs, requests: http.requests(), paths: http.paths(), progress }
}

/// Returns the proofs in their order, one line each.
fn lines(ran: &Ran) -> Vec<String> {
    let line = |proof: &Proof| {
        let sent = proof.request.as_deref().unwrap_or("nothing");
        let said = proof.reason.as_deref().unwrap_or_default();
        format!("{}: {sent}: {:?} {said}", proof.scope, proof.verdict).trim().to_owned()
    };
    ran.proofs.as_ref().unwrap().proofs.iter().map(line).collect()
}

const DETAIL: &str = "
    scope.account = { scope = 'list', path = 'owner' }
    scope.known = [
        { name = 'other', probe = { path = '/other' } },
        { name = 'detail', probe = { path = '/things/{id}', needs.id = { scope = 'list', path = 'items.0.id' } } },
        { name = 'list', probe = { path = '/list?n=1' } },
    ]";

/// In this test, `list` ends after `other` has begun, and `detail` begins after `list` has ended.
#[test]
fn probes_run_in_parallel_and_dependencies_come_first() {
    let (other, begun) = (Mutex::new(false), Condvar::new());
    let answer = |request: &HttpRequest| {
        match request.url.path() {
            "/other" => {
                *other.lock().unwrap() = true;
                begun.notify_all();
                return Ok(StubResponse::new(403, ""));
            }
            "/list" => drop(begun.wait_timeout_while(other.lock().unwrap(), BOUND, |begun| !*begun).unwrap()),
            _ => {}
        }
        // The value that others need comes after more than a few kilobytes.
        let long = " ".repeat(200 * 1024);
        let body = format!(r#"{{"pad":"{long}","owner":"ann","items":[{{"id":7}}]}}"#);
        Ok(StubResponse::new(200, body))
    };
    let ran = run_at(answer, DETAIL, false);
    let proofs = lines(&ran);
    assert_eq!(proofs, ["other: GET /other: Denied", "detail: GET /things/7: Proven", "list: GET /list?n=1: Proven"]);
    assert_eq!(ran.proofs.unwrap().account.as_deref(), Some("ann"));
    assert_eq!(ran.progress[0], (1, 3, "GET /list?n=1".to_owned()));
    let numbers: Vec<_> = ran.progress.iter().map(|(number, total, _)| (*number, *total)).collect();
    assert_eq!(numbers, [(1, 3), (2, 3), (3, 3)]);
    assert!(ran.requests.iter().all(|request| request.headers["authorization"] == "Bearer canary-token"));
}

/// A test waits this long only on a fault.
const BOUND: Duration = Duration::from_secs(10);

const LISTED: &str = "api.scopes_list = { path = '/oauth/scopes', names = 'scopes.*.name' }
    scope.known = [{ name = 'read', probe = { path = '/things' } }, { name = 'write' }]";

#[test]
fn the_list_of_scopes_is_one_request_and_leaves_nothing_to_ask() {
    let answer = |request: &HttpRequest| match request.url.path() {
        "/oauth/scopes" => Ok(StubResponse::new(200, r#"{"scopes":[{"name":"read"},{"name":"write"}]}"#)),
        _ => Ok(StubResponse::new(200, "{}")),
    };
    let ran = run_at(answer, LISTED, false);
    assert_eq!(ran.paths, ["/oauth/scopes"]);
    assert_eq!(ran.progress, [(1, 2, "GET /oauth/scopes".to_owned())]);
    let listed = ["read: nothing: Proven the API lists it", "write: nothing: Proven the API lists it"];
    assert_eq!(lines(&ran), listed);
    let Proofs { listed, unlisted, .. } = ran.proofs.unwrap();
    let listed = listed.unwrap();
    assert_eq!(listed.by, ListedBy::Request("GET /oauth/scopes".to_owned()));
    assert_eq!((listed.scopes, unlisted), (ScopeSet::parse("read write"), None));
}

#[test]
fn without_the_list_the_probes_are_sent_all_the_same() {
    for (status, body, why) in [
        (404, "", "GET /oauth/scopes → 404, without a list of scopes"),
        (200, r#"{"scopes":"none"}"#, "GET /oauth/scopes → 200, without a list of scopes"),
        (500, r#"{"error":"boom"}"#, "GET /oauth/scopes → 500 \"boom\""),
        // Not a list, whatever is in it.
        (403, r#"{"scopes":[{"name":"read"}]}"#, "GET /oauth/scopes → 403, without a list of scopes"),
    ] {
        let answer = |request: &HttpRequest| match request.url.path() {
            "/oauth/scopes" => Ok(StubResponse::new(status, body)),
            _ => Ok(StubResponse::new(200, "{}")),
        };
        let ran = run_at(answer, LISTED, false);
        assert_eq!(lines(&ran)[0], "read: GET /things: Proven");
        let Proofs { listed, unlisted, .. } = ran.proofs.unwrap();
        assert_eq!((listed, unlisted.as_deref()), (None, Some(why)), "{body}");
    }
}

#[test]
fn a_token_that_the_list_rejects_is_not_sent_again() {
    let ran = run_at(|_| Ok(StubResponse::new(401, "")), LISTED, false);
    assert!(matches!(ran.proofs, Err(FlowError::TokenDead { status: 401, .. })));
    assert_eq!(ran.paths, ["/oauth/scopes"]);
}

#[test]
fn a_path_takes_its_value_only_from_a_proving_reply() {
    let none = "detail: nothing: Unknown it needs a value from the probe of list, which returned none";
    for (status, body, detail) in [
        (200, r#"{"items":[{"id":7}]}"#, "detail: GET /things/7: Proven"),
        (200, r#"{"items":[{"id":"a/b"}]}"#, "detail: GET /things/a%2Fb: Proven"),
        (200, r#"{"items":[{"id":[1]}]}"#, none),
        (200, r#"{"items":[]}"#, none),
        (403, r#"{"items":[{"id":7}]}"#, none),
        (
            200,
            r#"{"items":[{"id":".."}]}"#,
            "detail: nothing: Unknown the value from another reply cannot be used in its path",
        ),
    ] {
        let answer = |request: &HttpRequest| match request.url.path() {
            "/list" => Ok(StubResponse::new(status, body)),
            _ => Ok(StubResponse::new(200, "{}")),
        };
        assert_eq!(lines(&run_at(answer, DETAIL, false))[1], detail, "{body}");
    }
}

#[test]
fn a_write_is_sent_only_on_request_and_otherwise_not_waited_for() {
    let keys = "scope.known = [
        { name = 'edit', probe = { method = 'POST', path = '/edit', body = '{}', harmless = true } },
        { name = 'seen', probe = { path = '/s/{id}', needs.id = { scope = 'edit', path = 'id', otherwise = '1' } } },
        { name = 'dark' },
    ]";
    let run = |writes| run_at(|_| Ok(StubResponse::new(200, r#"{"id":7}"#)), keys, writes);
    let dark = "dark: nothing: Unknown no safe request exists";
    let unsent = "edit: nothing: Unknown only a write can test it (POST): `--probe-writes` sends it";
    let ran = run(false);
    assert_eq!(lines(&ran), [unsent, "seen: GET /s/1: Proven", dark]);
    assert_eq!(ran.paths, ["/s/1"]);
    let ran = run(true);
    assert_eq!(lines(&ran), ["edit: POST /edit: Proven", "seen: GET /s/7: Proven", dark]);
    let sent = &ran.requests[0];
    assert_eq!((&sent.body[..], sent.headers["content-type"].to_str().unwrap()), (&b"{}"[..], "application/json"));
}

#[test]
fn an_implied_scope_follows_from_the_one_that_implies_it() {
    let keys = "scope.known = [
        { name = 'any', implied_by_any_success = true },
        { name = 'a', implies = ['b', 'd'], probe = { path = '/a' } },
        { name = 'b' },
        { name = 'c' },
        { name = 'd', probe = { path = '/d' } },
    ]";
    let run = |a| {
        let answer =
            move |request: &HttpRequest| Ok(StubResponse::new(if request.url.path() == "/a" { a } else { 403 }, ""));
        lines(&run_at(answer, keys, false))
    };
    let c = "c: nothing: Unknown no safe request exists";
    let (any, b) = ("any: nothing: Proven implied by any success", "b: nothing: Proven implied by a");
    assert_eq!(run(200), [any, "a: GET /a: Proven", b, c, "d: nothing: Proven implied by a"]);
    let any = "any: nothing: Unknown any success would imply it, and no probe succeeded";
    let a = "a: GET /a: Unknown a server error";
    assert_eq!(run(500), [any, a, "b: nothing: Unknown no safe request exists", c, "d: GET /d: Denied"]);
}

/// A 401 ends the run, and so does an API that cannot be reached. Every other failure affects only one probe.
#[test]
fn a_failure_for_all_ends_the_run() {
    let ran = run_at(|_| Ok(StubResponse::new(401, r#"{"message":"canary-token is over"}"#)), DETAIL, false);
    let Err(FlowError::TokenDead { provider, request, said, status: 401 }) = &ran.proofs else {
        panic!("{:?}", ran.proofs)
    };
    assert_eq!((provider.as_str(), said.as_deref()), ("mine", Some("[hidden] is over")));
    assert!(["GET /list?n=1", "GET /other"].contains(&request.as_str()));
    assert!(!ran.paths.iter().any(|path| path.starts_with("/things")), "{:?}", ran.paths);
    let connect = || HttpError::Connect { origin: String::new(), source: Reason("made up".to_owned()) };
    assert!(matches!(run_at(|_| Err(connect()), DETAIL, false).proofs, Err(FlowError::ApiRequest(_))));
}

#[test]
fn a_failure_of_one_probe_leaves_its_scope_unknown() {
    struct BreaksOff;
    impl io::Read for BreaksOff {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    type Case<'a> = (fn() -> Said, &'a str);
    let cases: [Case; 4] = [
        (
            || Ok(StubResponse::new(302, "").with("location", "https://evil.example/x")),
            "it redirects to https://evil.example, where the token must not go",
        ),
        (|| Ok(StubResponse::new(302, "").with("location", "/a?b=1")), "the redirects loop"),
        (|| Err(broken()), "the connection to  broke"),
        (|| Ok(StubResponse::new(200, "").with_body(BreaksOff)), "the connection to https://api.example broke"),
    ];
    for (answer, why) in cases {
        let keys = "scope.known = [{ name = 'a', probe = { path = '/a?b=1', guess = true } }]";
        let ran = run_at(|_| answer(), keys, false);
        assert_eq!(lines(&ran), [format!("a: GET /a?b=1: Unknown {why}")]);
        assert!(ran.proofs.unwrap().proofs[0].guess);
    }
}

/// All four threads get a 401 for the old token, and one of them renews it.
#[test]
fn a_rejected_token_is_renewed_once_for_all_probes() {
    struct Once(Mutex<usize>);
    impl Renew for Once {
        fn renew(&self, rejected: &AccessToken) -> Option<Renewed> {
            assert_eq!(rejected.expose(), "canary-token");
            *self.0.lock().unwrap() += 1;
            Some(Renewed { token: AccessToken::new("new"), expiry: Expiry::Unknown, refreshed: true })
        }
    }
    let keys = "scope.known = [
        { name = 'a', probe = { path = '/a' } }, { name = 'b', probe = { path = '/b' } },
        { name = 'c', probe = { path = '/c' } }, { name = 'd', probe = { path = '/d' } },
    ]";
    let is_new = |request: &HttpRequest| request.headers["authorization"] == "Bearer new";
    let once = Once(Mutex::default());
    let ran = run_with(
        &once,
        |request| match (is_new(request), request.url.path()) {
            (false, _) => Ok(StubResponse::new(401, "")),
            (true, "/d") => Ok(StubResponse::new(403, "")),
            (true, _) => Ok(StubResponse::new(200, "{}")),
        },
        keys,
        false,
    );
    assert_eq!(lines(&ran), ["a: GET /a: Proven", "b: GET /b: Proven", "c: GET /c: Proven", "d: GET /d: Denied"]);
    assert_eq!((ran.requests.iter().filter(|request| is_new(request)).count(), *once.0.lock().unwrap()), (4, 1));

    let once = Once(Mutex::default());
    let ran = run_with(&once, |_| Ok(StubResponse::new(401, "")), keys, false);
    assert!(matches!(ran.proofs, Err(FlowError::TokenDead { status: 401, .. })));
    assert_eq!(*once.0.lock().unwrap(), 1);
}
