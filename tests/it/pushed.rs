//! Pushed authorization requests (RFC 9126): at an emulator, and at `oidc-provider`, which nobody here wrote.

use crate::support::emulated::count;
use crate::support::{Emulated, OidcProvider, PendingLogin, Person, RawServer, Sandbox, http, raw_server};

/// A provider to which requests can be pushed.
const PUSHING: &str = r#"
authorize.url = "https://mine.example/authorize"
par.url = "https://mine.example/par"
token.url = "https://mine.example/token"
token.auth = "basic"
api.base = "https://mine.example/api"
scope.default = ["read"]
"#;

const LOGIN: [&str; 6] = ["login", "--port", "0", "--no-browser", "--timeout", "1m"];

/// The names of the parameters in the address for the browser.
fn names(login: &PendingLogin) -> Vec<String> {
    login.authorize_url.query_pairs().map(|(name, _)| name.into_owned()).collect()
}

#[test]
fn the_address_of_a_pushed_request_has_only_a_reference() {
    let emulated = Emulated::defined(&format!("{PUSHING}par.required = true"), &[]);
    let login = PendingLogin::start(emulated.command(&LOGIN));
    assert_eq!(names(&login), ["client_id", "request_uri"]);
    assert!(http::follow(&login.authorize_url).contains("You are logged in"));
    login.finish().code(0).answers("granted  read");
    assert_eq!(count(&emulated.requests(), "POST /par 201"), 1);
}

#[test]
fn a_request_is_pushed_on_demand_and_again_at_the_next_login() {
    let emulated = Emulated::defined(PUSHING, &[]);
    let login = PendingLogin::start(emulated.command(&LOGIN));
    assert!(names(&login).contains(&"state".to_owned()));
    http::follow(&login.authorize_url);
    login.finish().code(0);
    for more in [&["--par"][..], &[]] {
        let login = PendingLogin::start(emulated.command(&[&LOGIN[..], more].concat()));
        assert_eq!(names(&login), ["client_id", "request_uri"], "{more:?}");
        http::follow(&login.authorize_url);
        let ended = login.finish();
        ended.code(0);
        assert_eq!(ended.stderr().contains("As in the login before: --par"), more.is_empty(), "{ended}");
    }
}

#[test]
fn a_provider_without_the_endpoint_is_told_before_anything_is_sent() {
    let emulated = Emulated::mine(&[]);
    emulated.run(&[&LOGIN[..], &["--par"]].concat()).code(3).says("par.url").says("pushed authorization request");
    assert_eq!(emulated.requests(), Vec::<String>::new());
}

#[test]
fn a_refused_push_is_the_error_of_the_login() {
    let emulated = Emulated::defined(&format!("{PUSHING}par.required = true"), &[]);
    let args = ["login", "--no-browser", "--redirect-uri", "http://127.0.0.1:0/not-registered"];
    let refused = emulated.run(&args);
    refused.code(5).says("the authorization was refused").says("invalid_request").says("Redirect URIs are compared");
    assert_eq!(count(&emulated.requests(), "POST /par 400"), 1);
}

#[test]
fn a_request_that_expires_is_pushed_again() {
    let reply = |n: usize| {
        let body = format!(r#"{{"request_uri":"urn:example:{n}","expires_in":1}}"#);
        raw_server::http("201 Created", &["Content-Type: application/json"], body)
    };
    // As often as there is time for.
    let server = RawServer::start((0..20).map(reply));
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id");
    let origin = server.origin();
    sandbox.define(
        "mine",
        &format!(
            "authorize.url = '{origin}/authorize'\npar.url = '{origin}/par'\npar.required = true\ntoken.url = '{origin}/token'\n\
             token.auth = 'none'\n"
        ),
    );
    let args = ["login", "mine", "--port", "0", "--no-browser", "--timeout", "4s"];
    let login = PendingLogin::start(sandbox.command(&args));
    assert_eq!(login.sent("request_uri"), "urn:example:0");
    let ended = login.finish();
    ended.code(6).says("The address above expires").says("request_uri=urn%3Aexample%3A1");
}

#[test]
fn oidc_provider_takes_the_request_of_a_client_that_must_push() {
    let acme = OidcProvider::running();
    let push = format!("token.auth = 'basic'\npar.url = '{}/request'\n", acme.issuer());
    let args =
        ["login", "--provider", "acme", "--port", "0", "--no-browser", "--timeout", "1m", "--scope", "openid read"];
    let sandbox = acme.sandbox("pushing", &format!("{push}par.required = true"));
    let login = PendingLogin::start(sandbox.command(&args));
    assert_eq!(names(&login), ["client_id", "request_uri"]);
    http::get(&Person::approves(&login));
    login.finish().code(0).answers("granted  openid read");

    let unpushed = acme.sandbox("pushing", &push);
    let login = PendingLogin::start(unpushed.command(&args));
    http::get(&Person::default().open(&login.authorize_url).left());
    login.finish().code(5).says("Pushed Authorization Request").says("`--par`");
}

#[test]
fn oidc_provider_refuses_a_push_with_a_wrong_secret() {
    let acme = OidcProvider::running();
    let more = format!("token.auth = 'basic'\npar.url = '{}/request'\npar.required = true", acme.issuer());
    let sandbox = acme.sandbox("pushing", &more).with("OAUTHCTL_CLIENT_SECRET", "not-the-secret");
    let args = ["login", "--provider", "acme", "--port", "0", "--no-browser"];
    sandbox.run(&args).code(5).says("invalid_client").hides("not-the-secret");
}
