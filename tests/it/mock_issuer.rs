//! `emulate` as the mock issuer of a CI job: tokens with chosen claims, and a consent that a script gives.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use oauthctl::testing::{Jwks, Jws, SigningAlgorithm};
use serde_json::{Value, json};

use crate::support::lacks;
use crate::support::{Emulated, Output, PendingLogin, http};

const SCRIPT: &str = include_str!("../playwright/consent.mjs");

fn log_in(emulated: &Emulated, more: &[&str]) -> Output {
    let browser = emulated.browser();
    emulated.run(&[&["login", "judgeme", "--port", "0", "--browser", &browser], more].concat())
}

fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap_or_else(|| panic!("{jwt} is not a JWT"));
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The address of the emulator, from the variables that it prints.
fn origin(emulated: &Emulated) -> String {
    emulated.variable("OAUTHCTL_EMULATOR").split_once('=').unwrap().1.to_owned()
}

fn get(url: &str) -> Value {
    let reply = http::get(&url.parse().unwrap());
    let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{reply}"))
}

#[test]
fn an_api_under_test_verifies_tokens_with_chosen_claims() {
    let roles = "roles=[\"admin\",\"staff\"]";
    let emulated =
        Emulated::provider("judgeme", &["--approve", "--user", "alice", "--claim", roles, "--claim", "aud=my-api"]);
    log_in(&emulated, &["--scope", "read_products openid email"]).code(0);
    let token = emulated.run(&["token"]).code(0).stdout().trim().to_owned();
    // What such an API does: metadata, keys, signature, claims.
    let metadata = get(&format!("{}/.well-known/oauth-authorization-server", origin(&emulated)));
    let keys = Jwks::from_json(&get(metadata["jwks_uri"].as_str().unwrap())).unwrap();
    let jws = Jws::parse(&token).unwrap();
    let key = keys.named(jws.kid.as_deref())[0];
    assert!(jws.is_signed_by(key, SigningAlgorithm::Rs256));
    let access = claims(&token);
    assert_eq!(access["iss"], metadata["issuer"]);
    assert_eq!(
        (&access["sub"], &access["aud"], &access["roles"]),
        (&json!("alice"), &json!("my-api"), &json!(["admin", "staff"]))
    );
    assert!(access["scope"].as_str().unwrap().contains("read_products"));
    let id = claims(emulated.run(&["token", "--id"]).code(0).stdout().trim());
    assert_eq!(
        (&id["sub"], &id["email"], &id["roles"]),
        (&json!("alice"), &json!("alice@shop.example"), &json!(["admin", "staff"]))
    );
    assert_ne!(id["aud"], "my-api", "the audience of an ID token is its client");
    emulated.run(&["call", "/api/v1/products"]).code(0);
}

#[test]
fn tokens_are_opaque_unless_claims_are_chosen() {
    let emulated = Emulated::provider("judgeme", &["--approve"]);
    log_in(&emulated, &["--scope", "read_products"]).code(0);
    assert!(!emulated.run(&["token"]).code(0).stdout().contains('.'));
}

#[test]
fn each_login_gets_the_next_step_of_the_script() {
    let steps = "approve read_products, deny, error temporarily_unavailable, approve";
    let emulated = Emulated::provider("judgeme", &["--consent", steps]);
    let asked = ["--scope", "read_products read_orders"];
    log_in(&emulated, &asked).code(0);
    let granted = emulated.run(&["scopes", "--json"]).code(0).stdout().to_owned();
    let granted: Value = serde_json::from_str(&granted).unwrap();
    let row = |scope: &str| {
        let rows = granted["scopes"].as_array().unwrap();
        rows.iter().find(|row| row["scope"] == scope).unwrap()["granted"].clone()
    };
    assert_eq!((row("read_products"), row("read_orders")), (json!(true), json!(false)));
    log_in(&emulated, &asked).code(5).says("access_denied");
    log_in(&emulated, &asked).code(8).says("temporarily_unavailable");
    for _ in 0..2 {
        log_in(&emulated, &asked).code(0);
    }
}

#[test]
fn a_wrong_claim_or_step_is_named() {
    let home = crate::support::Sandbox::new();
    let emulate = |args: &[&str]| home.run(&[&["emulate", "judgeme"], args, &["--", "true"]].concat());
    emulate(&["--claim", "exp=1"]).code(2).says("--token-lifetime");
    emulate(&["--claim", "role"]).code(2).says("NAME=VALUE");
    emulate(&["--consent", "maybe"]).code(2).says("`maybe` is not a step");
    emulate(&["--consent", "deny", "--approve"]).code(2);
    emulate(&["--user", ""]).code(2);
}

/// The recipe of the README, with `oauthctl login` as the app under test.
#[test]
fn playwright_gives_the_consent_of_the_readme() {
    assert!(
        include_str!("../../.github/MANUAL.md").contains(SCRIPT),
        "the manual shows tests/playwright/consent.mjs as it is"
    );
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/playwright");
    if !folder.join("node_modules/playwright-core").exists() {
        lacks::lacks("playwright-core (npm), which tests/playwright/install gets");
    }
    lacks::needs(&["chromium"]);
    let script = folder.join("consent.mjs");
    std::fs::write(&script, SCRIPT).unwrap();
    let emulated = Emulated::provider("judgeme", &["--user", "alice", "--claim", "role=admin"]);
    let login = ["login", "judgeme", "--port", "0", "--no-browser", "--scope", "read_products read_orders"];
    let login = PendingLogin::start(emulated.command(&login));
    let mut node = lacks::program("node");
    node.arg(&script).arg(login.authorize_url.as_str()).env_remove("NODE_OPTIONS").env("HOME", emulated.home());
    let played = Output::new("node consent.mjs".to_owned(), node.output().unwrap());
    played.code(0);
    login.finish().code(0);
    let token = claims(emulated.run(&["token"]).code(0).stdout().trim());
    assert_eq!((&token["sub"], &token["role"]), (&json!("alice"), &json!("admin")));
    let scope = token["scope"].as_str().unwrap();
    assert!(scope.contains("read_products") && !scope.contains("read_orders"), "{scope}");
}
