//! Who a login is, where no ID token says it: asked once, after the token is kept, and shown by `status`.

use serde_json::Value;

use crate::support::emulated::{MINE, count};
use crate::support::raw_server::http;
use crate::support::{Emulated, Output, RawServer, Sandbox};

fn log_in(sandbox: &Sandbox, more: &[&str]) -> Output {
    let browser = sandbox.browser();
    let output = sandbox.run(&[&["login", "--port", "0", "--browser", &browser], more].concat());
    output.code(0);
    output
}

fn account(sandbox: &Sandbox) -> Value {
    let output = sandbox.run(&["status", "--json"]);
    serde_json::from_str::<Value>(output.code(0).stdout()).unwrap()["logins"][0]["account"].clone()
}

#[test]
fn the_account_is_asked_of_the_api_and_shown() {
    let github = Emulated::provider("github", &["--approve"]);
    log_in(&github, &[]).answers("  account  a-customer");
    github.run(&["status"]).code(0).answers("ACCOUNT").answers("a-customer");
    assert_eq!(account(&github), "a-customer");
    assert_eq!(count(&github.requests(), "GET /user 200"), 1, "once, and never by `status`");
}

#[test]
fn userinfo_is_asked_where_no_id_token_came() {
    // The emulator sends an ID token for `openid`, so another name of the scope stands for a server that does not.
    let definition = format!(
        "openid.userinfo_url = 'https://mine.example/me'\nscope.account = {{ request = '/api/whoami', path = 'mail' }}\n\
         {MINE}\n[[samples]]\npath = '/api/whoami'\nbody = '{{\"mail\": \"me@shop.example\"}}'\n"
    );
    let shop = Emulated::defined(&definition, &[]);
    log_in(&shop, &["--scope", "read"]);
    assert_eq!(account(&shop), "me@shop.example");
    log_in(&shop, &["--scope", "openid email read"]);
    assert_eq!(account(&shop), "user@shop.example", "the ID token is the better word");
    assert_eq!(count(&shop.requests(), "GET /api/whoami 200"), 1);
}

#[test]
fn a_login_is_kept_whatever_the_question_comes_to() {
    for path in ["/api/gone", "/api/things", "/api/admin"] {
        let definition = format!(
            "scope.account = {{ request = '{path}', path = 'login' }}\n{MINE}\n[[samples]]\npath = '/api/admin'\n\
             scope = 'admin'\nbody = '{{\"login\":\"me\"}}'\n"
        );
        let shop = Emulated::defined(&definition, &[]);
        let output = log_in(&shop, &[]);
        assert!(!output.stdout().contains("account") && !output.stderr().contains("account"), "{output}");
        assert_eq!(account(&shop), Value::Null);
        shop.run(&["token"]).code(0);
        shop.run(&["explain"]).code(0).answers("It succeeded.").answers("Nothing in it is conspicuous.");
    }
}

#[test]
fn a_token_that_was_brought_is_asked_about_on_demand_only() {
    let reply = r#"{"login":"octo\u001b[2Jcat"}"#;
    let server = RawServer::start([http("200 OK", &["Content-Type: application/json"], reply)]);
    let (sandbox, origin) = (Sandbox::new(), server.origin());
    let definition = format!(
        "authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = '{origin}'\n\
         scope.account = {{ request = '/user', path = 'login' }}"
    );
    sandbox.define("mine", &definition);
    sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "made-up-token").code(0);
    assert_eq!(account(&sandbox), Value::Null);
    let told = sandbox.run(&["status", "--userinfo"]);
    assert!(told.code(0).stdout().starts_with("account  octo") && !told.stdout().contains('\u{1b}'), "{told}");
    assert!(account(&sandbox).as_str().unwrap().starts_with("octo"), "it is remembered");
    let requests = server.stop();
    assert!(requests.len() == 1 && requests[0].starts_with("GET /user "), "{requests:?}");
}
