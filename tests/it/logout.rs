//! Logging out: revoked where that can be, and never said to be where it was not.

use crate::support::emulated::{MINE, count};
use crate::support::raw_server::http;
use crate::support::{Emulated, PendingLogin, RawServer, Sandbox};

#[test]
fn logout_revokes_both_tokens_and_deletes_them() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let token = mine.run(&["token"]).stdout().trim().to_owned();
    mine.run(&["logout"]).code(0).says("the emulator of Mine has revoked its tokens");
    mine.run(&["token"]).code(4);
    mine.run(&["logout"]).code(4);
    // The token is of no use to anybody else either.
    mine.run_with_stdin(&["login", "--with-token"], &token).code(0);
    mine.run(&["call", "/api/things"]).code(9).says("401");
    assert_eq!(count(&mine.requests(), "POST /revoke 200"), 2);
}

#[test]
fn an_unavailable_revocation_is_no_success_and_keeps_the_login() {
    let mine = Emulated::mine(&["--fault", "revoke-unavailable"]);
    mine.log_in();
    mine.run(&["logout"]).code(8).says("the refresh token was not revoked").says("logout --local");
    mine.run(&["token"]).code(0);
    mine.run(&["logout", "--local"]).code(0).says("ends with the emulator");
    mine.run(&["token"]).code(4);
    assert_eq!(count(&mine.requests(), "POST /revoke 503"), 1);
}

#[test]
fn a_provider_that_cannot_revoke_is_said_to_be_one() {
    let no_revocation = MINE.replace("revoke.url", "#");
    let mine = Emulated::defined(&no_revocation, &[]);
    mine.log_in();
    mine.run(&["logout"]).code(0).says("its token ends with the emulator");

    let sandbox = Sandbox::new();
    sandbox.define("mine", &no_revocation);
    sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "t").code(0);
    let said = "the token is still valid at Mine; remove the app's access at https://mine.example/apps";
    sandbox.run(&["logout"]).code(0).says(said);
}

#[test]
fn local_asks_nobody() {
    let mut mine = Emulated::mine(&[]);
    mine.log_in();
    mine.end();
    mine.run(&["logout"]).code(8);
    mine.run(&["logout", "--local"]).code(0);
    mine.run(&["token"]).code(4);
}

#[test]
fn an_emulated_login_can_be_deleted_without_its_emulator() {
    let mut mine = Emulated::mine(&[]);
    mine.log_in();
    mine.end();
    let mine = mine.with("OAUTHCTL_EMULATOR", "");
    mine.run(&["logout"]).code(0).says("came from an emulator");
}

#[test]
fn logout_revokes_the_refresh_token_first_and_names_refusals() {
    let reply = r#"{"access_token":"at-1","expires_in":3600,"refresh_token":"rt-1"}"#;
    let json = |status: &str, body: &str| http(status, &["Content-Type: application/json"], body);
    let server = RawServer::start([
        json("200 OK", reply),
        http("200 OK", &[], "whatever"),
        json("400 Bad Request", r#"{"error":"unsupported_token_type"}"#),
    ]);
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "s3cret");
    sandbox.define("mine", &MINE.replace("https://mine.example", &server.origin()));
    let login = sandbox.command(&["login", "--provider", "mine", "--port", "0", "--no-browser"]);
    let pending = PendingLogin::start(login);
    pending.come_back(&[("code", "c")]);
    pending.finish().code(0);
    let output = sandbox.run(&["logout"]);
    output.code(0).says("Mine cannot revoke its access token").says("still valid").hides("rt-1").hides("at-1");
    let requests = server.stop();
    assert!(requests[1].ends_with("token=rt-1&token_type_hint=refresh_token"), "{}", requests[1]);
    assert!(requests[2].ends_with("token=at-1&token_type_hint=access_token"), "{}", requests[2]);
    assert_eq!(requests.len(), 3);
}
