//! What people are told when a server refuses: a hint that fits the code and what was sent, and each thing once.

use crate::support::raw_server::http as reply;
use crate::support::{Output, PendingLogin, RawServer, Sandbox};

const JSON: &[&str] = &["Content-Type: application/json"];

/// A provider with these endpoints, and a client.
fn sandbox(origin: &str) -> Sandbox {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "cid").with("OAUTHCTL_CLIENT_SECRET", "s3cret-of-ours");
    sandbox.define("mine", &format!("authorize.url = '{origin}/a'\n[token]\nurl = '{origin}/t'\n"));
    sandbox
}

#[track_caller]
fn log_in(sandbox: &Sandbox, answer: &[(&str, &str)]) -> Output {
    let args = ["login", "--provider", "mine", "--no-browser", "--port", "0", "--scope", "read"];
    let login = PendingLogin::start(sandbox.command(&args));
    login.come_back(answer);
    login.finish()
}

fn count(output: &Output, text: &str) -> usize {
    output.stderr().split_once("error: ").unwrap().1.matches(text).count()
}

#[test]
fn the_token_endpoints_refusal_is_said_once_with_a_way_out() {
    for (code, more, says, exit) in [
        ("invalid_grant", "", "a code works once", 5),
        ("invalid_scope", "", "`--scope`", 5),
        ("use_dpop_nonce", "", "DPoP, RFC 9449", 5),
        ("unsupported_grant_type", "", "`grant_type=authorization_code` was sent as a form", 5),
        ("temporarily_unavailable", "", "wait a while", 8),
        ("invalid_request", r#","error_description":"acr is missing","trace":"7f3""#, r#"{"trace":"7f3"}"#, 5),
    ] {
        let body = format!(r#"{{"error":"{code}"{more}}}"#);
        let server = RawServer::start([reply("400 Bad Request", JSON, body)]);
        let output = log_in(&sandbox(&server.origin()), &[("code", "c0de-of-ours")]);
        output.code(exit).says(says).hides("s3cret-of-ours").hides("c0de-of-ours");
        assert_eq!((count(&output, code), count(&output, "issued no token")), (1, 0), "{output}");
    }
}

#[test]
fn a_refusal_in_the_browser_fits_what_was_asked_for() {
    let unused = sandbox("http://127.0.0.1:9");
    for (error, words, says, exit) in [
        ("access_denied", "", "log in again and approve", 5),
        ("invalid_scope", "", "or ask for less with `--scope`", 5),
        ("invalid_request", "request_uri is required", "PAR, RFC 9126", 5),
        ("unauthorized_client", "", "`response_type=code`", 5),
        ("server_error", "", "try again later", 8),
    ] {
        let output = log_in(&unused, &[("error", error), ("error_description", words)]);
        output.code(exit).says(says);
        assert_eq!(output.stderr().contains("`--scope`"), error == "invalid_scope", "{output}");
    }
}

#[test]
fn a_firewalls_page_is_answered_with_what_was_sent() {
    let html = &["Content-Type: text/html"];
    let server = RawServer::start([reply("403 Forbidden", html, "<h1>Blocked</h1>")]);
    let output = log_in(&sandbox(&server.origin()), &[("code", "c0de-of-ours")]);
    output
        .code(8)
        .says("User-Agent oauthctl/")
        .says("grant_type, code, redirect_uri")
        .says("client secret in the body");
    output.hides("s3cret-of-ours").hides("c0de-of-ours");
}

#[test]
fn a_provider_without_an_api_names_the_way_to_call() {
    let body = r#"{"access_token":"t0ken","token_type":"Bearer"}"#;
    let server = RawServer::start([reply("200 OK", JSON, body)]);
    let sandbox = sandbox(&server.origin());
    log_in(&sandbox, &[("code", "c0de-of-ours")]).code(0);
    let call = sandbox.run(&["call", "https://api.example/things"]);
    call.code(5).says("names no API: add `--allow-origin https://api.example`").hides("sent to ;");
}
