//! `exchange`: a token that a provider wants replaced becomes one that ends and renews itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::api_server::{Reply, body};
use crate::support::{ApiServer, Emulated, Sandbox};

const DEFINITION: &str = "name = 'Mine'\nauthorize.url = 'ORIGIN/authorize'\ntoken.url = 'ORIGIN/token'\n\
    token.auth = 'body'\napi.base = 'ORIGIN/v1'\nexchange.url = 'ORIGIN/token'\nexchange.on_request = true\n\
    exchange.params = { subject_token_type = 'urn:mine:old', expiring = '1' }\nexchange.note = 'read this first'\n";

/// A provider that exchanges `made-up-old`. The first requests of this number lose their replies.
fn provider(lost: usize, further: &str) -> (ApiServer, Sandbox) {
    let lost = Arc::new(AtomicUsize::new(lost));
    let server = ApiServer::start(move |request| {
        let reply = |status, value: Value| -> Reply {
            (status, vec!["Content-Type: application/json".to_owned()], value.to_string().into_bytes())
        };
        let form = body(request);
        let new = json!({"access_token": "made-up-new", "refresh_token": "made-up-refresh", "expires_in": 3600});
        if form.contains("grant_type=refresh_token") {
            return reply("200 OK", json!({"access_token": "made-up-third", "expires_in": 3600}));
        }
        if !form.contains("subject_token=made-up-old") {
            return reply("400 Bad Request", json!({"error": "invalid_grant", "error_description": "unknown token"}));
        }
        match lost.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => reply("502 Bad Gateway", json!("the reply is lost")),
            Err(_) => reply("200 OK", new),
        }
    });
    let home = Sandbox::new();
    home.define("mine", &(DEFINITION.replace("ORIGIN", &server.origin()) + further));
    home.run_with_stdin(&["app", "set", "mine", "--client-id", "id", "--client-secret-stdin"], "made-up-secret")
        .code(0);
    home.run_with_stdin(&["login", "mine", "--with-token"], "made-up-old").code(0);
    (server, home)
}

#[test]
fn an_old_token_becomes_one_that_is_renewed() {
    let (server, home) = provider(0, "");
    let output = home.run(&["exchange"]);
    output.code(0).answers("Exchanged the token of the login `mine`").says("Mine: read this first").hides("made-up-");
    let sent = server.last();
    for part in [
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange",
        "subject_token=made-up-old",
        "subject_token_type=urn%3Amine%3Aold",
        "expiring=1",
        "client_id=id",
        "client_secret=made-up-secret",
    ] {
        assert!(sent.contains(part), "{part} is not in {sent}");
    }
    assert_eq!(sent.matches("subject_token_type").count(), 1, "the definition's takes the place of the RFC's");
    assert_eq!(home.run(&["token"]).stdout().trim(), "made-up-new");
    home.run(&["refresh"]).code(0);
    assert_eq!(home.run(&["token"]).stdout().trim(), "made-up-third");
    home.run(&["exchange", "mine"]).code(2).says("has a refresh token already");
}

#[test]
fn an_exchange_whose_reply_is_lost_is_repeated() {
    for (further, hint) in
        [("exchange.repeatable_days = 7\n", "for 7 days `mine` repeats its reply"), ("", "if it is refused then")]
    {
        let (server, home) = provider(1, further);
        home.run(&["exchange"]).code(8).says("may have exchanged it all the same").says(hint).hides("made-up-old");
        assert_eq!(home.run(&["token"]).code(0).stdout().trim(), "made-up-old", "nothing is lost");
        home.run(&["exchange"]).code(0);
        assert_eq!(home.run(&["token"]).stdout().trim(), "made-up-new");
        drop(server);
    }
}

#[test]
fn a_refused_exchange_leaves_the_login_as_it_was() {
    let (_server, home) = provider(0, "");
    home.run_with_stdin(&["login", "mine", "--with-token"], "made-up-other").code(0);
    home.run(&["exchange"]).code(5).says("unknown token").says("was exchanged before").hides("made-up-other");
    assert_eq!(home.run(&["token"]).code(0).stdout().trim(), "made-up-other");
}

#[test]
fn an_exchange_needs_a_definition_and_a_client() {
    let (_server, home) = provider(0, "");
    home.run(&["app", "remove", "mine"]).code(0);
    home.run(&["exchange"]).code(3).says("oauthctl app set mine");
    home.run(&["exchange", "nobody"]).code(4);
    home.run_with_stdin(&["login", "judgeme", "--with-token"], "made-up").code(0);
    home.run(&["exchange", "judgeme"]).code(3).says("knows no exchange").says("[exchange]");
    let home = home.with("OAUTHCTL_TOKEN", "made-up").with("OAUTHCTL_PROFILE", "mine");
    home.run(&["exchange"]).code(2).says("OAUTHCTL_TOKEN");
}

#[test]
fn a_login_at_shopify_keeps_the_refresh_token_for_90_days() {
    let emulated = Emulated::provider("shopify", &["--approve"]);
    let browser = emulated.browser();
    let log_in = ["login", "shopify", "--port", "0", "--browser", &browser, "--scope", "read_products"];
    let lasts_90_days = |answer: &str| answer.contains("(in 90d)") || answer.contains("(in 89d 23h");
    assert!(lasts_90_days(emulated.run(&log_in).code(0).stdout()));
    let old = emulated.run(&["token"]).code(0).stdout().trim().to_owned();
    // As one that was kept elsewhere, without an end.
    emulated.run_with_stdin(&["login", "shopify", "--with-token", "--profile", "old"], &old).code(0);
    let output = emulated.run(&["exchange", "old"]);
    assert!(lasts_90_days(output.code(0).stdout()), "{output}");
    output.says("custom apps and apps that a merchant made are exempt").hides(&old);
    let new = emulated.run(&["token", "old"]).code(0).stdout().trim().to_owned();
    assert_ne!(new, old);
    emulated.run(&["call", "products.json", "--profile", "old"]).code(0);
    emulated.run(&["refresh", "--profile", "old"]).code(0);
}
