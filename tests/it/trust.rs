//! Servers whose certificate comes from a company's own authority: `--cacert`, which the login remembers, and the variables.

use std::path::Path;

use crate::support::api_server::Reply;
use crate::support::emulated::MINE;
use crate::support::tls::{TlsServer, params};
use crate::support::{Output, PendingLogin, Sandbox};

/// A token that is over at once, from the token endpoint; metadata; and an API that likes any token.
fn shop(request: &str) -> Reply {
    let body = match request.split(' ').next() {
        Some("POST") => r#"{"access_token":"at-1","expires_in":0,"refresh_token":"rt-1"}"#,
        _ => "[]",
    };
    ("200 OK", vec!["Content-Type: application/json".to_owned()], body.as_bytes().to_vec())
}

/// The provider `mine` at a server that no system trusts, and the file of its authority.
fn corporate() -> (TlsServer, Sandbox) {
    let server = TlsServer::start(&["127.0.0.1"], shop);
    let sandbox = at(&server);
    (server, sandbox)
}

fn at(server: &TlsServer) -> Sandbox {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "s3cret");
    sandbox.define("mine", &MINE.replace("https://mine.example", &format!("https://{}", server.address)));
    std::fs::write(sandbox.home().join("ca.pem"), &server.certificate).unwrap();
    sandbox
}

#[track_caller]
fn login(sandbox: &Sandbox, args: &[&str]) -> Output {
    let args = [&["login", "--provider", "mine", "--port", "0", "--no-browser"], args].concat();
    let login = PendingLogin::start(sandbox.command(&args));
    login.come_back(&[("code", "made-up-code")]);
    login.finish()
}

fn elsewhere(sandbox: &Sandbox, args: &[&str]) -> Output {
    let folder = sandbox.home().join("elsewhere");
    std::fs::create_dir_all(&folder).unwrap();
    Output::new(args.join(" "), sandbox.command(args).current_dir(folder).output().unwrap())
}

#[test]
fn a_login_remembers_its_certificate_authorities() {
    let (server, sandbox) = corporate();
    login(&sandbox, &["--cacert", "ca.pem"]).code(0);
    for args in [&["refresh"][..], &["token"], &["call", "things"], &["call", "things", "--max-time", "1m"]] {
        elsewhere(&sandbox, args).code(0);
    }
    let requests = server.requests().len();
    elsewhere(&sandbox, &["status", "-v"]).code(0).says(&format!("trusts `{}`, too", ca(&sandbox)));
    assert_eq!(server.requests().len(), requests);
    // A new login of that name keeps the file, as it keeps the label.
    login(&sandbox, &[]).code(0);
    elsewhere(&sandbox, &["refresh"]).code(0);
    // A flag counts before it.
    sandbox.run(&["refresh", "--cacert", "none.pem"]).code(2).says("none.pem` cannot be read").says("`--cacert FILE`");
}

fn ca(sandbox: &Sandbox) -> String {
    Path::canonicalize(&sandbox.home().join("ca.pem")).unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_remembered_file_that_is_gone_is_named_before_all_else() {
    let (server, sandbox) = corporate();
    login(&sandbox, &["--cacert", "ca.pem"]).code(0);
    let requests = server.requests().len();
    std::fs::rename(sandbox.home().join("ca.pem"), sandbox.home().join("moved.pem")).unwrap();
    for args in [&["refresh"][..], &["call", "things"]] {
        elsewhere(&sandbox, args).code(3).says("ca.pem` cannot be read").says("the login remembers this file");
    }
    assert_eq!(server.requests().len(), requests, "the refresh token was not sent");
    sandbox.run(&["refresh", "--cacert", "moved.pem"]).code(0);
    login(&sandbox, &["--cacert", "moved.pem"]).code(0);
    elsewhere(&sandbox, &["refresh"]).code(0);
}

/// A company's proxy that reads along has a certificate of its own for every host.
#[test]
fn a_refused_certificate_says_who_issued_it_and_until_when() {
    let mut certificate = params(&["127.0.0.1"]);
    certificate.not_after = rcgen::date_time_ymd(2040, 1, 2);
    let server = TlsServer::presenting(certificate, Some("Corp TLS Inspection"), shop);
    let sandbox = at(&server);
    let refused = login(&sandbox, &[]);
    refused
        .code(8)
        .says("the certificate for `127.0.0.1` is issued by `CN=Corp TLS Inspection` (valid until 2040-01-02");
    let explained = sandbox.run(&["explain"]);
    explained.code(0).answers("No authority that is trusted here").answers("names `CN=Corp TLS Inspection` as the one");
    sandbox.run(&["explain", "--report"]).code(0).answers("`ISSUER`").hides("Corp").hides("Inspection");
    login(&sandbox, &["--cacert", "ca.pem"]).code(0);
    let own = TlsServer::start(&["127.0.0.1"], shop);
    login(&at(&own), &[])
        .code(8)
        .says("the certificate for `127.0.0.1` is self-signed, as `CN=rcgen self signed cert`");
}

#[test]
fn a_name_in_a_certificate_can_do_nothing_to_a_terminal() {
    let hostile = format!("\u{1b}]0;owned\u{7}\n\u{202e}error: expired{}", "x".repeat(10_000));
    let server = TlsServer::presenting(params(&["127.0.0.1"]), Some(&hostile), shop);
    let sandbox = at(&server);
    let refused = login(&sandbox, &[]);
    refused.code(8).says("UnknownIssuer").hides("\u{1b}").hides("\u{202e}").hides(&"x".repeat(200));
    sandbox.run(&["explain"]).code(0).answers("No authority that is trusted here").hides("\u{1b}").hides("has expired");
}

#[test]
fn an_unknown_authority_is_answered_with_the_ways_to_name_it() {
    let (_server, sandbox) = corporate();
    login(&sandbox, &[]).code(8).says("UnknownIssuer").says("`--cacert FILE`").says("SSL_CERT_FILE");
    let file = ca(&sandbox);
    let by_variable = sandbox.clone().with("SSL_CERT_FILE", &file);
    login(&by_variable, &[]).code(0);
    by_variable.run(&["status", "-v"]).code(0).says(&format!("`{file}` (from environment, SSL_CERT_FILE)"));
    sandbox.run(&["refresh"]).code(8).says("`--cacert FILE`").says("the refresh token is kept");
    let misspelt = sandbox.clone().with("SSL_CERT_FILE", "/no/such/file.pem");
    misspelt.run(&["refresh"]).code(3).says("/no/such/file.pem` cannot be read").says("`unset SSL_CERT_FILE`");
}
