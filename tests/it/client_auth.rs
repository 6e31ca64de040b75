//! How a client authenticates at the token endpoint: from an issuer's metadata to a token, and what is said when the
//! server wants it otherwise.

use crate::support::raw_server::{Script, http as reply};
use crate::support::{Output, PendingLogin, RawServer, Sandbox};

const JSON: &[&str] = &["Content-Type: application/json"];

/// Registers the client, and approves a login at once.
fn log_in(sandbox: &Sandbox) -> Output {
    let app = ["app", "set", "mine", "--client-id", "cid", "--client-secret-stdin"];
    sandbox.run_with_stdin(&app, "s3cret").code(0);
    let args = ["login", "--provider", "mine", "--no-browser", "--port", "0"];
    let login = PendingLogin::start(sandbox.command(&args));
    login.come_back(&[("code", "c0de")]);
    login.finish()
}

fn metadata(more: &'static str) -> Script {
    Box::new(move |stream| {
        let origin = format!("http://{}", stream.local_addr().unwrap());
        let body = format!(
            r#"{{"issuer":"{origin}/","authorization_endpoint":"{origin}/a","token_endpoint":"{origin}/t"{more}}}"#
        );
        reply("200 OK", JSON, body)(stream)
    })
}

#[test]
fn a_draft_logs_in_as_the_metadata_says_without_editing() {
    let token = r#"{"access_token":"t0ken","token_type":"Bearer"}"#;
    for (more, is_basic) in [
        ("", true),
        (r#","token_endpoint_auth_methods_supported":null"#, true),
        (r#","token_endpoint_auth_methods_supported":["client_secret_post"]"#, false),
    ] {
        let server =
            RawServer::start([reply("404 Not Found", JSON, "{}"), metadata(more), reply("200 OK", JSON, token)]);
        let sandbox = Sandbox::new();
        sandbox.run(&["providers", "new", "mine", "--issuer", &server.origin()]).code(0);
        let file = sandbox.home().join("config/providers/mine.toml");
        sandbox.run(&["providers", "check", file.to_str().unwrap()]).code(0);
        log_in(&sandbox).code(0);
        let requests = server.stop();
        assert_eq!(requests.len(), 3, "{requests:?}");
        let exchange = requests[2].to_ascii_lowercase();
        assert_eq!(exchange.contains("authorization: basic y2lkonmzy3jlda=="), is_basic, "{more}: {exchange}");
        assert_eq!(exchange.contains("client_secret=s3cret"), !is_basic, "{more}: {exchange}");
    }
}

#[test]
fn a_refused_client_names_both_ways_and_tries_one_only() {
    let refusal = r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#;
    for (auth, sent, other) in [
        ("", "the definition has no `token.auth`", "`auth = \"basic\"`"),
        ("auth = 'body'", "a secret goes in the body, as `token.auth` says", "`auth = \"basic\"`"),
        ("auth = 'basic'", "a secret goes in a Basic header, as `token.auth` says", "`auth = \"body\"`"),
    ] {
        let server = RawServer::start([reply("401 Unauthorized", JSON, refusal)]);
        let (sandbox, origin) = (Sandbox::new(), server.origin());
        sandbox.define("mine", &format!("authorize.url = '{origin}/a'\n[token]\nurl = '{origin}/t'\n{auth}\n"));
        let login = log_in(&sandbox);
        login.code(5).says(sent).says("body").says("Basic header").says(other).says("config/providers/mine.toml");
        assert_eq!(server.stop().len(), 1, "a code is sent once");
    }
}
