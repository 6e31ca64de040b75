//! A token that the API rejects although it should be good: what is refreshed, what is sent again, and what is said where
//! nothing helps. The servers have the habits of Doorkeeper and of Django's REST framework.

use std::sync::{Arc, Mutex};

use crate::support::api_server::{ApiServer, Reply, body, param, target};
use crate::support::emulated::count;
use crate::support::{Emulated, Output, PendingLogin, Sandbox};

/// An authorization server that gives `at-1` with `rt-1`, then `at-2` with `rt-2`, and so on, and an API that takes the
/// tokens that it is told to take.
pub struct Provider {
    server: ApiServer,
    pub sandbox: Sandbox,
    rules: Arc<Mutex<Rules>>,
}

#[derive(Clone)]
struct Rules {
    /// How many tokens were given.
    given: usize,
    /// The API's answer to a token that it does not take.
    rejection: Reply,
    /// The refusal of every refresh from now on.
    refusal: Option<Reply>,
    /// The first token that the API takes, by its number.
    takes_from: usize,
    /// What the login's reply says beside the token.
    first: &'static str,
}

const USUAL: &str = r#""expires_in":3600,"refresh_token":"rt-1""#;

fn json(status: &'static str, body: &str) -> Reply {
    (status, vec!["Content-Type: application/json".to_owned()], body.into())
}

fn plain(status: &'static str) -> Reply {
    (status, Vec::new(), Vec::new())
}

impl Provider {
    pub fn new(extra: &str, api: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(extra, USUAL, api)
    }

    /// Logs in, and has the API reject that first token.
    fn with(extra: &str, first: &'static str, api: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let rejection = plain("401 Unauthorized");
        let rules = Rules { given: 0, rejection, refusal: None, takes_from: 2, first };
        let rules = Arc::new(Mutex::new(rules));
        let known = Arc::clone(&rules);
        let server = ApiServer::start(move |request| answer(request, &mut known.lock().unwrap(), &api));
        let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "s3cret");
        let origin = server.origin();
        let urls =
            format!("authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\napi.base = '{origin}/api'");
        sandbox.define("mine", &format!("{urls}\n{extra}\n"));
        let args = ["login", "--provider", "mine", "--scope", "read", "--port", "0", "--no-browser"];
        let pending = PendingLogin::start(sandbox.command(&args));
        pending.come_back(&[("code", "c")]);
        pending.finish().code(0);
        Self { server, sandbox, rules }
    }

    fn change(&self, change: impl FnOnce(&mut Rules)) -> &Self {
        change(&mut self.rules.lock().unwrap());
        self
    }

    fn call(&self, args: &[&str]) -> Output {
        self.sandbox.run(&[&["call"], args].concat())
    }

    /// The requests to the token endpoint after the login, and those to the API, as `GET /api/x at-1`.
    pub fn sent(&self) -> (usize, Vec<String>) {
        let requests = self.server.requests();
        let refreshes = requests.iter().filter(|request| request.contains("grant_type=refresh_token")).count();
        let api = requests.iter().filter(|request| target(request).starts_with("/api"));
        let line = |request: &String| format!("{} {}", request.split(" HTTP/").next().unwrap(), token_of(request));
        (refreshes, api.map(line).collect())
    }

    fn is_refreshable(&self) -> bool {
        let status = self.sandbox.run(&["status", "--json"]);
        status.stdout().contains("\"refreshable\": true")
    }
}

fn token_of(request: &str) -> String {
    let header = |line: &str| Some(line.to_ascii_lowercase().strip_prefix("authorization: bearer ")?.to_owned());
    request.lines().find_map(header).unwrap_or_default()
}

fn answer(request: &str, rules: &mut Rules, api: &dyn Fn(&str) -> Reply) -> Reply {
    if target(request).starts_with("/token") {
        if let Some(refusal) = rules.refusal.clone().filter(|_| request.contains("grant_type=refresh_token")) {
            return refusal;
        }
        rules.given += 1;
        let n = rules.given;
        let usual = USUAL.replace("rt-1", &format!("rt-{n}"));
        let more = if n == 1 { rules.first } else { &usual };
        return json("200 OK", &format!(r#"{{"access_token":"at-{n}","token_type":"Bearer",{more}}}"#));
    }
    let number = token_of(request).strip_prefix("at-").and_then(|n| n.parse::<usize>().ok());
    match number.is_some_and(|n| n >= rules.takes_from) {
        true => api(request),
        false => rules.rejection.clone(),
    }
}

fn ok(_: &str) -> Reply {
    json("200 OK", r#"{"ok":true}"#)
}

#[test]
fn a_401_is_answered_by_one_refresh_and_one_repeat() {
    for challenge in ["", "WWW-Authenticate: Bearer", "WWW-Authenticate: Bearer error='invalid_token'", "X: y"] {
        let mine = Provider::new("", ok);
        mine.change(|rules| {
            rules.rejection.1 = vec![challenge.to_owned()].into_iter().filter(|c| !c.is_empty()).collect()
        });
        mine.call(&["DELETE", "x"]).code(0).answers(r#"{"ok":true}"#);
        assert_eq!(mine.sent(), (1, vec!["DELETE /api/x at-1".to_owned(), "DELETE /api/x at-2".to_owned()]));
        mine.call(&["x"]).code(0);
        assert_eq!(mine.sent().0, 1, "the new token was stored");
    }
}

#[test]
fn a_new_token_that_is_rejected_too_is_not_refreshed_again() {
    let mine = Provider::new("", ok);
    mine.change(|rules| rules.takes_from = 99);
    mine.call(&["x"]).code(9).says("the API answered 401").says("it was refreshed, and rejected again");
    assert_eq!(mine.sent(), (1, vec!["GET /api/x at-1".to_owned(), "GET /api/x at-2".to_owned()]));
    assert!(mine.is_refreshable());
    // Here the command refreshes at its start.
    let over = Provider::with("", &USUAL.replace("3600", "0").leak()[..], ok);
    over.change(|rules| rules.takes_from = 99);
    over.call(&["x"]).code(9).says("it was refreshed just before");
    assert_eq!(over.sent(), (1, vec!["GET /api/x at-2".to_owned()]));
}

#[test]
fn a_401_with_another_meaning_spends_no_refresh_token() {
    for (challenge, code, words) in [
        ("DPoP error=\"use_dpop_nonce\"", 9, "DPoP"),
        ("Bearer error=\"insufficient_user_authentication\", max_age=60", 9, "RFC 9470"),
        ("Bearer error=\"insufficient_scope\", scope=\"admin\"", 10, "lacks `admin`"),
    ] {
        let mine = Provider::new("", ok);
        mine.change(|rules| rules.rejection.1 = vec![format!("WWW-Authenticate: {challenge}")]);
        mine.call(&["x"]).code(code).says(words);
        assert_eq!((mine.sent().0, mine.sent().1.len()), (0, 1), "{challenge}");
    }
    let mine = Provider::new("api.denied = [{ status = [401], path = 'error', prefix = 'no grant for ' }]", ok);
    mine.change(|rules| rules.rejection = json("401 Unauthorized", r#"{"error":"no grant for cups"}"#));
    mine.call(&["x"]).code(10).says("no grant for cups");
    assert_eq!(mine.sent().0, 0);
}

#[test]
fn a_401_of_another_origin_spends_no_refresh_token() {
    let elsewhere = ApiServer::always("401 Unauthorized", &[], "");
    let mine = Provider::new("", ok);
    let url = format!("{}/x", elsewhere.origin());
    mine.call(&[&url, "--allow-origin", &elsewhere.origin()]).code(9).says("`oauthctl refresh` gets another token");
    assert_eq!((mine.sent().0, elsewhere.requests().len()), (0, 1));
}

#[test]
fn a_body_that_was_streamed_is_not_sent_again_and_that_is_said() {
    let mine = Provider::new("", ok);
    std::fs::write(mine.sandbox.home().join("large"), "x".repeat(1024 * 1024 + 1)).unwrap();
    let large = mine.sandbox.home().join("large").to_str().unwrap().to_owned();
    let output = mine.call(&["POST", "x", "--input", &large]);
    output.code(9).says("not sent again").says("run the command again");
    assert_eq!(mine.sent(), (1, vec!["POST /api/x at-1".to_owned()]));
    mine.call(&["POST", "x", "--input", &large]).code(0);
    let held = Provider::new("", ok);
    held.sandbox.run_with_stdin(&["call", "POST", "x", "--input", "-"], "{\"a\":1}").code(0);
    let bodies: Vec<String> = held.server.requests().iter().map(|request| body(request).to_owned()).collect();
    assert_eq!(bodies.iter().filter(|body| *body == "{\"a\":1}").count(), 2, "a small one is kept, and sent again");
}

#[test]
fn a_401_in_the_middle_of_pages_repeats_that_page() {
    let rejected_once = Mutex::new(false);
    let pages = move |request: &str| {
        let page: usize = param(request, "page").map_or(1, |page| page.parse().unwrap());
        if page == 7 && !std::mem::replace(&mut *rejected_once.lock().unwrap(), true) {
            return plain("401 Unauthorized");
        }
        let mut reply = json("200 OK", &format!("[{page}]"));
        if page < 9 {
            reply.1.push(format!("Link: </api/rows?page={}>; rel=\"next\"", page + 1));
        }
        reply
    };
    let mine = Provider::new("", pages);
    mine.change(|rules| rules.takes_from = 1);
    let rows = mine.call(&["rows", "--paginate"]);
    assert_eq!(rows.code(0).stdout().trim(), "[1,2,3,4,5,6,7,8,9]");
    let (refreshes, sent) = mine.sent();
    assert_eq!((refreshes, sent.len()), (1, 10));
    assert_eq!(sent[6..8], ["GET /api/rows?page=7 at-1".to_owned(), "GET /api/rows?page=7 at-2".to_owned()]);
}

#[test]
fn a_newer_stored_token_is_taken_before_anything_is_spent() {
    let sandbox: Arc<Mutex<Option<Sandbox>>> = Arc::default();
    let other = Arc::clone(&sandbox);
    // While the first request is under way, another process refreshes.
    let api = move |request: &str| {
        if token_of(request) != "at-1" {
            return ok(request);
        }
        let sandbox = other.lock().unwrap().take();
        sandbox.unwrap().run(&["refresh"]).code(0);
        plain("401 Unauthorized")
    };
    let server = Arc::new(Mutex::new((0, Vec::<String>::new())));
    let seen = Arc::clone(&server);
    let provider = ApiServer::start(move |request| {
        if target(request).starts_with("/token") {
            let mut seen = seen.lock().unwrap();
            seen.0 += 1;
            let n = seen.0;
            return json(
                "200 OK",
                &format!(r#"{{"access_token":"at-{n}","expires_in":3600,"refresh_token":"rt-{n}"}}"#),
            );
        }
        seen.lock().unwrap().1.push(token_of(request));
        api(request)
    });
    let origin = provider.origin();
    let home = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "s3cret");
    home.define(
        "mine",
        &format!("authorize.url = '{origin}/a'\ntoken.url = '{origin}/token'\napi.base = '{origin}/api'"),
    );
    let pending = PendingLogin::start(home.command(&["login", "--provider", "mine", "--port", "0", "--no-browser"]));
    pending.come_back(&[("code", "c")]);
    pending.finish().code(0);
    *sandbox.lock().unwrap() = Some(home.clone());
    home.run(&["call", "x"]).code(0);
    let seen = server.lock().unwrap();
    assert_eq!((seen.0, seen.1.as_slice()), (2, ["at-1".to_owned(), "at-2".to_owned()].as_slice()));
}

#[test]
fn a_refresh_that_is_refused_for_good_ends_with_4() {
    let mine = Provider::new("", ok);
    mine.change(|rules| rules.refusal = Some(json("400 Bad Request", r#"{"error":"invalid_grant"}"#)));
    assert!(mine.is_refreshable());
    mine.change(|rules| rules.rejection = json("401 Unauthorized", r#"{"message":"signed out"}"#));
    let output = mine.call(&["x"]);
    output.code(4).says("the API rejected the token of `mine`: it answered 401: signed out").says("invalid_grant");
    output.says("`oauthctl login mine` makes a new login");
    assert_eq!(output.stdout(), r#"{"message":"signed out"}"#);
    assert!(!mine.is_refreshable());
    mine.call(&["x"]).code(4).says("is dead");
    assert_eq!(mine.sent().0, 1, "a dead refresh token is not sent again");
}

#[test]
fn another_refusal_of_a_refresh_leaves_the_login_as_it_is() {
    for (refusal, code, words) in [
        (json("401 Unauthorized", r#"{"error":"invalid_client"}"#), 5, "invalid_client"),
        (json("429 Too Many Requests", "{}"), 8, "kept as it was"),
        (json("503 Service Unavailable", "{}"), 8, "may have spent the refresh token"),
    ] {
        let mine = Provider::new("", ok);
        mine.change(|rules| rules.refusal = Some(refusal));
        mine.call(&["x"]).code(code).says("the API rejected the token").says(words);
        assert!(mine.is_refreshable());
        mine.change(|rules| rules.refusal = None);
        mine.call(&["x"]).code(0);
    }
}

/// Doorkeeper takes the old refresh token until the new access token is used.
#[test]
fn a_lost_reply_is_told_and_the_next_refresh_may_still_do() {
    let mine = Provider::new("", ok);
    mine.change(|rules| rules.refusal = Some(("200 OK", Vec::new(), Vec::new())));
    let output = mine.call(&["x"]);
    output.code(8).says("`mine` may have spent the refresh token").hides("kept as it was");
    mine.sandbox.run(&["refresh"]).code(8).says("may have spent the refresh token");
    mine.change(|rules| rules.refusal = None);
    mine.call(&["x"]).code(0);
    let sent = mine.server.requests();
    assert_eq!(sent.iter().filter(|request| request.contains("refresh_token=rt-1")).count(), 3);
}

/// Django's REST framework answers 403 to a token that it does not know, and to one without permission.
#[test]
fn a_definition_tells_a_dead_token_from_a_denial() {
    let keys = "scope.known = [{ name = 'read', probe = { path = 'x' } }, { name = 'admin', probe = { path = 'y' } }]\n\
                api.denied = [{ status = [403], path = 'detail', pattern = 'do(es)? not have permission' }]\n\
                api.invalid_token = [{ status = [403], path = 'detail', prefix = 'Authentication credentials' }]";
    let api = |request: &str| match target(request) {
        "/api/y" => json("403 Forbidden", r#"{"detail":"You do not have permission to perform this action."}"#),
        _ => ok(request),
    };
    let unknown = || json("403 Forbidden", r#"{"detail":"Authentication credentials were not provided."}"#);
    let mine = Provider::new(keys, api);
    mine.change(|rules| rules.rejection = unknown());
    mine.call(&["x"]).code(0);
    mine.call(&["y"]).code(10).says("You do not have permission").says("--scope 'read admin'");
    assert_eq!(mine.sent().0, 1);
    let other = Provider::new(keys, api);
    other.change(|rules| rules.rejection = unknown());
    let probed = other.sandbox.run(&["scopes", "--probe", "--json"]);
    assert_eq!(probed.code(0).stdout().matches("\"proven\": true").count(), 1, "{probed}");
    assert_eq!(probed.stdout().matches("\"proven\": false").count(), 1, "{probed}");
    assert_eq!(other.sent().0, 1, "all probes share one refresh");
    // Without those words a 403 is a denial, and nothing is refreshed.
    let silent = Provider::new("", ok);
    silent.change(|rules| rules.rejection = plain("403 Forbidden"));
    silent.call(&["x"]).code(10).says("does not say what is missing");
    assert_eq!(silent.sent().0, 0);
}

#[test]
fn a_probe_refreshes_once_and_ends_if_that_does_not_help() {
    let keys = "scope.known = [{ name = 'read', probe = { path = 'x' } }, { name = 'more', probe = { path = 'y' } }]";
    let mine = Provider::new(keys, ok);
    let probed = mine.sandbox.run(&["scopes", "--probe"]);
    assert_eq!((probed.code(0).stdout().matches("→ 200").count(), mine.sent().0), (2, 1), "{probed}");
    let mine = Provider::new(keys, ok);
    mine.change(|rules| rules.takes_from = 99);
    mine.sandbox.run(&["scopes", "--probe"]).code(4).says("it was refreshed, and rejected again");
    assert_eq!(mine.sent().0, 1);
    let mine = Provider::new(keys, ok);
    mine.change(|rules| rules.refusal = Some(json("400 Bad Request", r#"{"error":"invalid_grant"}"#)));
    mine.sandbox.run(&["scopes", "--probe"]).code(4).says("invalid_grant").says("makes a new login");
    assert!(!mine.is_refreshable());
}

#[test]
fn a_token_without_a_refresh_token_comes_with_the_way_out() {
    let mine = Provider::with("", r#""expires_in":3600"#, ok);
    mine.call(&["x"]).code(9).says("no refresh token").says("`oauthctl login mine --scope 'read'` gets another");
    assert_eq!((mine.sent().0, mine.sent().1.len()), (0, 1));

    let ci = mine.sandbox.without("OAUTHCTL_CLIENT_ID").with("OAUTHCTL_TOKEN", "at-0").with("OAUTHCTL_PROFILE", "mine");
    ci.run(&["call", "x"]).code(9).says("set OAUTHCTL_TOKEN to a new token");
    let within = ci.without("OAUTHCTL_TOKEN").with("OAUTHCTL_CLIENT_ID", "id");
    let binary = env!("CARGO_BIN_EXE_oauthctl");
    within.run(&["exec", "--", binary, "call", "x"]).code(9).says("within `oauthctl exec`, run that again");
}

#[test]
fn the_emulator_rejects_the_first_token_on_request() {
    let definition = crate::support::emulated::MINE;
    for keys in ["", "api.invalid_token = [{ status = [403], path = 'code', equals = 'expired' }]\n"] {
        let mine = Emulated::defined(&format!("{keys}{definition}"), &["--fault", "dead-token"]);
        mine.log_in();
        mine.run(&["call", "/api/things", "-v"]).code(0).says("rejected the token; it is asked again with another");
        let requests = mine.requests();
        let status = if keys.is_empty() { "GET /api/things 401" } else { "GET /api/things 403" };
        assert_eq!((count(&requests, status), count(&requests, "POST /token 200")), (1, 2), "{requests:?}");
    }
}
