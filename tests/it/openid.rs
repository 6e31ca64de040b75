//! OpenID Connect: an ID token that is asked for is checked, kept and printed; one that is wrong ends the login. At the
//! emulator, and at `oidc-provider`, which nobody here wrote.

use serde_json::Value;

use crate::support::emulated::{MINE, count};
use crate::support::{Emulated, OidcProvider, Output, PendingLogin, Person, Sandbox, http};

/// `mine`, whose ID tokens are verified.
fn definition(algorithm: &str) -> String {
    format!(
        "openid.issuer = \"https://mine.example\"\nopenid.jwks_url = \"https://mine.example/keys\"\n\
         openid.userinfo_url = \"https://mine.example/me\"\nopenid.algorithms = [\"{algorithm}\"]\n{MINE}"
    )
}

fn emulated(emulate: &[&str]) -> Emulated {
    Emulated::defined(&definition("ES256"), emulate)
}

/// A login with these scopes, with curl as the browser.
fn log_in(sandbox: &Sandbox, scope: &str) -> Output {
    sandbox.run(&["login", "--port", "0", "--scope", scope, "--browser", &sandbox.browser()])
}

fn json(output: &Output) -> Value {
    serde_json::from_str(output.code(0).stdout()).unwrap()
}

fn row(sandbox: &Sandbox) -> Value {
    json(&sandbox.run(&["status", "--json"]))["logins"][0].clone()
}

#[test]
fn an_id_token_is_verified_kept_and_printed() {
    for algorithm in ["RS256", "PS512", "ES256", "EdDSA", "HS256"] {
        let emulated = Emulated::defined(&definition(algorithm), &[]);
        let login = log_in(&emulated, "openid email read");
        assert!(!login.code(0).stderr().contains("not verified"), "{algorithm}: {login}");
        let printed = emulated.run(&["token", "--id"]);
        assert_eq!(printed.code(0).stdout().trim().split('.').count(), 3, "{printed}");
        assert!(printed.stderr().is_empty() && printed.stdout().ends_with('\n'), "{printed}");
        let object = json(&emulated.run(&["token", "--id", "--json"]));
        assert_eq!(object["id_token"], printed.stdout().trim());
        assert!(object["verified"] == true && object["expires_at"].is_number(), "{algorithm}");
        let row = row(&emulated);
        assert_eq!((&row["account"], &row["id_token"]["verified"]), (&"user@shop.example".into(), &true.into()));
        emulated.run(&["status"]).code(0).answers("ACCOUNT").answers("user@shop.example");
    }
}

#[test]
fn a_refresh_brings_a_new_id_token_of_the_same_person() {
    let emulated = emulated(&[]);
    log_in(&emulated, "openid read").code(0);
    let first = emulated.run(&["token", "--id"]).code(0).stdout().to_owned();
    let origin = emulated.variable("OAUTHCTL_EMULATOR").split_once('=').unwrap().1.parse().unwrap();
    assert!(http::get(&origin).contains("/keys</code>"), "its page says where the keys are");
    let refreshed = emulated.run(&["refresh"]);
    assert!(refreshed.code(0).stderr().is_empty(), "{refreshed}");
    let second = emulated.run(&["token", "--id"]).code(0).stdout().to_owned();
    assert_ne!(first, second);
    assert_eq!(row(&emulated)["id_token"]["verified"], true);
    assert_eq!(count(&emulated.requests(), "GET /keys 200"), 2);
}

#[test]
fn an_id_token_that_is_wrong_ends_the_login_and_its_tokens() {
    for (fault, said) in
        [("wrong-nonce", "its nonce is that of another login"), ("bad-signature", "its signature is not the issuer's")]
    {
        let emulated = emulated(&["--fault", fault]);
        let login = log_in(&emulated, "openid email read");
        login.code(5).says(said).says("the tokens that came with it were revoked").hides("user@shop.example");
        emulated.run(&["token"]).code(4);
        emulated.run(&["token", "--id"]).code(4);
        assert_eq!(count(&emulated.requests(), "POST /revoke 200"), 2, "{fault}");
    }
}

#[test]
fn a_refresh_with_a_wrong_id_token_ends_the_login() {
    let other =
        definition("ES256").replace("https://mine.example\"\nopenid.jwks", "https://other.example\"\nopenid.jwks");
    let emulated = emulated(&[]);
    log_in(&emulated, "openid read").code(0);
    emulated.define("mine", &other);
    emulated.run(&["refresh"]).code(5).says("its issuer is `https://mine.example`").says("`oauthctl login mine");
    emulated.run(&["refresh"]).code(4).says("it is not sent again");
    assert_eq!(count(&emulated.requests(), "POST /revoke 200"), 2);
}

#[test]
fn a_pinned_algorithm_refuses_another() {
    let emulated = emulated(&[]);
    emulated.define("mine", &definition("RS256"));
    log_in(&emulated, "openid")
        .code(5)
        .says("it is signed with ES256, and RS256 was expected")
        .says("openid.algorithms");
    emulated.run(&["token"]).code(4);
}

#[test]
fn without_openid_there_is_no_id_token_and_no_nonce() {
    let emulated = emulated(&[]);
    let pending = PendingLogin::start(emulated.command(&[
        "login",
        "--port",
        "0",
        "--no-browser",
        "--scope",
        "read",
        "--timeout",
        "1m",
    ]));
    assert!(!pending.authorize_url.as_str().contains("nonce"));
    http::follow(&pending.authorize_url);
    pending.finish().code(0);
    emulated.run(&["token", "--id"]).code(4).says("has no ID token").says("--scope 'openid read'");
    assert!(row(&emulated).get("account").is_none());
    let status = emulated.run(&["status"]);
    assert!(!status.code(0).stdout().contains("ACCOUNT"), "{status}");
}

#[test]
fn a_definition_that_omits_the_nonce_sends_none() {
    let emulated = Emulated::defined(&format!("authorize.omit = [\"nonce\"]\n{}", definition("ES256")), &[]);
    let pending = |scope| {
        let login = ["login", "--port", "0", "--no-browser", "--scope", scope, "--timeout", "1m"];
        PendingLogin::start(emulated.command(&login))
    };
    let without = pending("openid read");
    assert!(!without.authorize_url.as_str().contains("nonce"));
    http::follow(&without.authorize_url);
    without.finish().code(0);
    emulated.define("mine", &definition("ES256"));
    let with = pending("openid read");
    assert_eq!(with.sent("nonce").len(), 43);
    http::follow(&with.authorize_url);
    with.finish().code(0);
}

#[test]
fn userinfo_is_asked_for_on_request_only() {
    let emulated = emulated(&[]);
    log_in(&emulated, "openid email profile").code(0);
    emulated.run(&["status"]).code(0);
    emulated.run(&["status", "--userinfo"]).code(0).answers("email").answers("user@shop.example");
    let object = json(&emulated.run(&["status", "--userinfo", "--json"]));
    assert_eq!(object["userinfo"]["preferred_username"], "emulated");
    emulated.run(&["status", "--userinfo", "--check"]).code(2);
    assert_eq!(count(&emulated.requests(), "GET /me 200"), 2);

    let without = Emulated::mine(&[]);
    without.log_in();
    without.run(&["status", "--userinfo"]).code(3).says("openid.userinfo_url");
}

#[test]
fn a_device_gets_an_id_token_too() {
    let emulated =
        Emulated::defined(&format!("device.url = \"https://mine.example/device\"\n{}", definition("EdDSA")), &[]);
    emulated.run(&["login", "--device", "--scope", "openid profile"]).code(0);
    let row = row(&emulated);
    assert_eq!((&row["account"], &row["id_token"]["verified"]), (&"emulated".into(), &true.into()));
}

/// What a user of `oidc-provider` writes down, with more lines.
fn at_acme(client: &str, more: &str) -> Sandbox {
    let acme = OidcProvider::running();
    let issuer = acme.issuer();
    let auth = if client == "web app:1" { "basic" } else { "none" };
    let keys = format!("openid.jwks_url = '{issuer}/jwks'\nopenid.userinfo_url = '{issuer}/me'\n");
    let prompt = "authorize.params = { prompt = 'consent' }";
    acme.sandbox(client, &format!("token.auth = '{auth}'\n{prompt}\n{keys}{more}"))
}

#[track_caller]
fn log_in_at_acme(sandbox: &Sandbox, scope: &str) -> Output {
    let login = ["login", "--provider", "acme", "--port", "0", "--no-browser", "--timeout", "1m", "--scope", scope];
    let login = PendingLogin::start(sandbox.command(&login));
    http::get(&Person::approves(&login));
    login.finish()
}

#[test]
fn id_tokens_of_four_algorithms_are_verified_and_refreshed() {
    for (client, algorithm) in [
        ("web app:1", "RS256"),
        ("signed by PS256", "PS256"),
        ("signed by ES256", "ES256"),
        ("signed by EdDSA", "EdDSA"),
    ] {
        let sandbox = at_acme(client, &format!("openid.algorithms = ['{algorithm}']"));
        let login = log_in_at_acme(&sandbox, "openid offline_access read");
        assert!(!login.code(0).stderr().contains("ID token"), "{algorithm}: {login}");
        let row_of = |sandbox| (row(sandbox)["account"].clone(), row(sandbox)["id_token"]["verified"].clone());
        assert_eq!(row_of(&sandbox), ("alice".into(), true.into()), "{algorithm}");
        let first = sandbox.run(&["token", "--id"]).code(0).stdout().to_owned();
        let refreshed = sandbox.run(&["refresh"]);
        assert!(!refreshed.code(0).stderr().contains("ID token"), "{algorithm}: {refreshed}");
        assert_eq!(row_of(&sandbox), ("alice".into(), true.into()), "{algorithm}");
        assert_ne!(sandbox.run(&["token", "--id"]).code(0).stdout(), first);
        sandbox.run(&["status", "--userinfo"]).code(0).answers("alice");
    }
}

#[test]
fn keys_that_cannot_be_had_leave_a_token_unverified() {
    let sandbox = at_acme("public", "");
    let definition = std::fs::read_to_string(sandbox.home().join("config/providers/acme.toml")).unwrap();
    sandbox.define("acme", &definition.replace("/jwks", "/no-such-path"));
    let login = log_in_at_acme(&sandbox, "openid read");
    login.code(0).says("warning: the signature of the ID token was not verified").says("status 404");
    assert_eq!(row(&sandbox)["id_token"]["verified"], false);
    sandbox.run(&["status"]).code(0).answers("alice (not verified)");
    sandbox.run(&["token", "--id"]).code(0).says("was not verified");
}

#[test]
fn a_definition_that_names_another_issuer_refuses_the_token() {
    let sandbox = at_acme("public", "openid.issuer = 'https://other.example'");
    let issuer = OidcProvider::running().issuer();
    log_in_at_acme(&sandbox, "openid read").code(5).says(&format!("its issuer is `{issuer}`")).says("were revoked");
    sandbox.run(&["token"]).code(4);
}
