//! `inspect`: what is known of a token, from whom, and what is never done with it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauthctl::testing::{Catalogue, NoFiles};
use serde_json::{Value, json};

use crate::support::api_server::{ApiServer, TOKEN, target};
use crate::support::{Emulated, OidcProvider, Output, PendingLogin, Person, Sandbox, http};

fn answer(output: &Output) -> Value {
    serde_json::from_str(output.stdout()).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// The values that sources say of a fact.
fn said(report: &Value, fact: &str) -> Vec<String> {
    let facts = report["facts"].as_array().unwrap().iter().filter(|row| row["fact"] == fact);
    facts.map(|row| format!("{} ({})", row["value"].as_str().unwrap(), row["source"].as_str().unwrap())).collect()
}

fn jwt(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(header), part(claims))
}

fn in_seconds(offset: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + offset
}

fn quiet() -> ApiServer {
    ApiServer::always("200 OK", &["Content-Type: application/json"], "{\"active\":true}")
}

#[test]
fn an_opaque_token_is_described_and_not_shown() {
    let server = quiet();
    let shop = server.login("introspect.url = 'http://127.0.0.1:1/introspect'");
    let shown = shop.run(&["inspect"]);
    shown.code(0).hides(TOKEN).answers("FACT").answers("opaque").answers("26 characters");
    let report = answer(&shop.run(&["inspect", "--json"]));
    assert_eq!(
        (&report["form"], &report["length"], &report["profile"]),
        (&json!("opaque"), &json!(26), &json!("mine"))
    );
    assert_eq!(said(&report, "obtained").len(), 1, "{report}");
    assert!(server.requests().is_empty());
}

#[test]
fn nothing_that_a_token_names_is_asked_or_believed() {
    let server = quiet();
    let origin = server.origin();
    let header = json!({"alg": "RS256", "kid": "k", "jku": format!("{origin}/keys"), "x5u": format!("{origin}/x5u")});
    let token = jwt(&header, &json!({"iss": origin, "sub": "eve", "exp": in_seconds(3600)}));
    let home = Sandbox::new();
    let shown = home.run_with_stdin(&["inspect", "-"], &token);
    shown
        .code(0)
        .hides(&token)
        .answers("a key that the token itself names; never used")
        .answers("CLAIM (not verified)");
    home.run_with_stdin(&["inspect", "-", "--verify"], &token).code(3).says("belongs to no login here");
    for flag in ["--introspect", "--userinfo", "--api"] {
        home.run_with_stdin(&["inspect", "-", flag], &token).code(2).says(&format!("`{flag}` sends the token"));
        // The login that happens to be current is not meant either.
        server.login("").run_with_stdin(&["inspect", "-", flag], &token).code(2).says("not said to which login");
    }
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[test]
fn a_token_is_read_from_a_variable_and_from_what_it_came_in() {
    let token = jwt(&json!({"alg": "HS256"}), &json!({"iss": "joe"}));
    let home = Sandbox::new().with("MY_TOKEN", &format!("Bearer {token}"));
    let report = home.run(&["inspect", "--token-in-env", "MY_TOKEN", "--json"]);
    report.code(0).says("the token was taken from what follows the word `Bearer`");
    assert_eq!((&answer(&report)["from"], &answer(&report)["claims"]["iss"]), (&json!("variable"), &json!("joe")));
    home.run(&["inspect", "--token-in-env", "NO_SUCH"]).code(2).says("`NO_SUCH` is not set");
    home.run_with_stdin(&["inspect", "-"], "two\nlines").code(2).says("the text on stdin is not a valid token");
    home.run(&["inspect"]).code(4);
}

/// RFC 7519 §3.1 and §6.1.
#[test]
fn the_examples_of_rfc_7519_are_told_in_words() {
    let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let shown = Sandbox::new().run_with_stdin(&["inspect", "-"], signed);
    shown.code(0).answers("joe").answers("2011-03-22T18:43:00Z (ended").answers("http://example.com/is_root");
    let unsecured = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    let home = Sandbox::new();
    home.run_with_stdin(&["inspect", "-"], unsecured).code(0).answers("NOT SIGNED");
    home.run_with_stdin(&["inspect", "-", "--verify"], unsecured).code(3).says("it is not signed");
}

#[test]
fn the_tokens_of_every_known_prefix_are_recognized() {
    let catalogue = Catalogue::new(&NoFiles, None);
    let home = Sandbox::new();
    let (mut prefixes, mut providers) = (0, 0);
    for id in catalogue.ids() {
        let definition = catalogue.get(&id).unwrap();
        providers += usize::from(!definition.token_prefixes().is_empty());
        for prefix in definition.token_prefixes() {
            let length = prefix.length.map_or(40, usize::from);
            let token = format!("{}{}", prefix.begins, "x9".repeat(50));
            let report = home.run_with_stdin(&["inspect", "-", "--json"], &token[..length]);
            let kind = said(&answer(report.code(0)), "kind");
            let expected = format!("{} of {}", prefix.kind.in_words(), definition.name);
            assert!(kind.len() == 1 && kind[0].starts_with(&expected), "{}: {kind:?}", prefix.begins);
            prefixes += 1;
        }
    }
    assert!(prefixes >= 40 && providers >= 20, "{prefixes} of {providers}");
}

#[test]
fn hostile_tokens_change_nothing_on_the_screen() {
    let home = Sandbox::new();
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}";
    let deep = format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode("{\"a\":".repeat(5000)));
    let wide: Value =
        (0..500).map(|n| (format!("claim{n}"), json!("x".repeat(50)))).collect::<serde_json::Map<_, _>>().into();
    for token in [
        jwt(&json!({"alg": evil, "kid": evil}), &json!({"sub": evil, evil: evil, "exp": evil, "aud": [evil, 1]})),
        deep,
        jwt(&json!({"alg": "none"}), &wide),
        "x".repeat(60_000),
    ] {
        let shown = home.run_with_stdin(&["inspect", "-"], &token);
        let is_plain = |c: char| !c.is_control() || c == '\n';
        assert!(shown.code(0).stdout().chars().all(is_plain) && !shown.stdout().contains('\u{202e}'), "{shown}");
        assert!(shown.stdout().lines().count() < 300, "{}", shown.stdout().lines().count());
        home.run_with_stdin(&["inspect", "-", "--json"], &token).code(0);
    }
}

const OPENID: &str = "openid.issuer = \"https://mine.example\"\nopenid.jwks_url = \"https://mine.example/keys\"\n\
    openid.userinfo_url = \"https://mine.example/me\"\nopenid.algorithms = [\"ES256\"]\n\
    introspect.url = \"https://mine.example/introspect\"\napi.example = \"/api/things\"\n";

#[test]
fn a_flag_asks_the_servers_of_the_login() {
    let emulated = Emulated::defined(&format!("{OPENID}{}", crate::support::emulated::MINE), &[]);
    let login = ["login", "--port", "0", "--scope", "openid email read", "--browser", &emulated.browser()];
    emulated.run(&login).code(0);
    let id = emulated.run(&["inspect", "--id", "--verify"]);
    id.code(0)
        .answers("verified: ES256")
        .answers("https://mine.example")
        .answers("user@shop.example")
        .answers("CLAIM ");
    let report = answer(&emulated.run(&["inspect", "--introspect", "--userinfo", "--api", "--json"]));
    assert!(said(&report, "state").iter().any(|state| state.starts_with("active (introspection)")), "{report}");
    assert!(said(&report, "state").iter().any(|state| state.contains("→ 200 (the API)")), "{report}");
    assert_eq!(report["userinfo"]["email"], "user@shop.example");
    assert_eq!(report["contradictions"], json!([]), "{report}");
    emulated.run(&["inspect", "--verify"]).code(2).says("not a signed JWT");
    // The same ID token with another claim.
    let own = emulated.run(&["token", "--id"]);
    let parts: Vec<&str> = own.code(0).stdout().trim().split('.').collect();
    let forged = format!("{}.{}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode("{\"sub\":\"eve\"}"), parts[2]);
    let profile = emulated.variable("OAUTHCTL_PROFILE");
    let shown = emulated.run_with_stdin(&["inspect", "-", "--verify", "--profile", &profile], &forged);
    shown.code(5).answers("NOT the issuer's").answers("eve").says("the signature is not that of https://mine.example");
}

#[test]
fn sources_that_contradict_each_other_are_both_shown() {
    let server = ApiServer::start(|request| match target(request) {
        "/introspect" => ("200 OK", Vec::new(), b"{\"active\":false,\"sub\":\"bob\",\"exp\":1300819380}".to_vec()),
        _ => ("200 OK", vec!["Content-Type: application/json".to_owned()], b"[]".to_vec()),
    });
    let origin = server.origin();
    let shop = server.login(&format!(
        "introspect.url = '{origin}/introspect'\napi.example = '/v1/things'\nauthorize.issuer = 'https://mine.example'"
    ));
    let set = ["app", "set", "mine", "--client-id", "made-up", "--client-secret-stdin"];
    shop.run_with_stdin(&set, "made-up-secret").code(0);
    let claims =
        json!({"iss": "https://other.example", "sub": "alice", "iat": in_seconds(9000), "exp": in_seconds(3600)});
    let token = jwt(&json!({"alg": "RS256"}), &claims);
    shop.run_with_stdin(&["login", "--provider", "mine", "--with-token"], &token).code(0);
    let shown = shop.run(&["inspect", "--introspect", "--api"]);
    let report = answer(&shop.run(&["inspect", "--introspect", "--api", "--json"]));
    let about: Vec<&str> =
        report["contradictions"].as_array().unwrap().iter().map(|c| c["about"].as_str().unwrap()).collect();
    assert_eq!(
        about,
        ["the end", "validity", "the beginning", "the lifetime", "the account", "the issuer"],
        "{report}"
    );
    shown.code(0).answers("the token's `sub` says alice, introspection says bob").answers("https://other.example");
}

#[test]
fn the_next_look_tells_what_has_changed() {
    let server = quiet();
    let shop = server.login("");
    let save = |claims: Value| {
        let token = jwt(&json!({"alg": "RS256", "kid": "one"}), &claims);
        shop.run_with_stdin(&["login", "--provider", "mine", "--with-token"], &token).code(0);
    };
    save(json!({"iss": "https://a.example", "sub": "alice", "scope": "a b"}));
    assert!(answer(&shop.run(&["inspect", "--json"])).get("changes").is_none());
    assert_eq!(answer(&shop.run(&["inspect", "--json"]))["changes"]["changed"], json!([]));
    save(json!({"iss": "https://b.example", "sub": "bob", "scope": "a"}));
    let shown = shop.run(&["inspect"]);
    shown.code(0).answers("issuer: https://b.example, before: https://a.example").answers("scopes: a, before: a b");
    shown.answers("account: another one");
    shop.run(&["logout", "--local"]).code(0);
    shop.run_with_stdin(&["login", "--provider", "mine", "--with-token"], TOKEN).code(0);
    assert!(answer(&shop.run(&["inspect", "--json"])).get("changes").is_none(), "a logout forgets it");
}

#[test]
fn the_tokens_of_oidc_provider_are_verified_with_its_keys() {
    let acme = OidcProvider::running();
    let sandbox = acme.sandbox(
        "signed by ES256",
        &format!(
            "token.auth = 'basic'\nauthorize.params = {{ prompt = 'consent' }}\nopenid.issuer = '{0}'\n\
             openid.jwks_url = '{1}'\nopenid.algorithms = ['ES256']",
            acme.issuer(),
            acme.endpoint("/jwks")
        ),
    );
    let args =
        ["login", "--provider", "acme", "--port", "0", "--no-browser", "--timeout", "1m", "--scope", "openid read"];
    let login = PendingLogin::start(sandbox.command(&args));
    http::get(&Person::approves(&login));
    login.finish().code(0);
    sandbox.run(&["inspect"]).code(0).answers("FACT");
    sandbox.run(&["inspect", "--id", "--verify"]).code(0).answers("verified: ES256").answers("alice");
    let by_name = sandbox.run(&["inspect", "--id", "--issuer", acme.issuer(), "--json"]);
    assert_eq!(answer(by_name.code(0))["verified"], true);
    let id = sandbox.run(&["token", "--id"]).code(0).stdout().trim().to_owned();
    // Nobody needs a login for the keys of an issuer.
    let elsewhere = Sandbox::new().run_with_stdin(&["inspect", "-", "--issuer", acme.issuer()], &id);
    elsewhere.code(0).answers("verified: ES256");
}

#[test]
fn a_check_asks_the_server_if_told_to() {
    let status = std::sync::Arc::new(std::sync::Mutex::new("200 OK"));
    let now = std::sync::Arc::clone(&status);
    let server = ApiServer::start(move |_| {
        (*now.lock().unwrap(), vec!["Content-Type: application/json".to_owned()], b"[]".to_vec())
    });
    let shop = server.login("api.example = '/v1/things'");
    shop.run(&["status", "--check"]).code(0);
    assert!(server.requests().is_empty(), "it stays offline");
    for (answer, code) in [("200 OK", 0), ("403 Forbidden", 0), ("401 Unauthorized", 4), ("503 Service Unavailable", 8)]
    {
        *status.lock().unwrap() = answer;
        let checked = shop.run(&["status", "--check", "--online"]);
        checked.code(code).hides(TOKEN);
        assert!(server.last().starts_with("GET /v1/things "), "{answer}");
    }
    shop.run(&["status", "--online"]).code(2);
    let gone = shop.with("OAUTHCTL_PROFILE", "none");
    gone.run(&["status", "--check", "--online"]).code(4);
}
