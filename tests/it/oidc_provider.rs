//! Logins at `oidc-provider`, a certified authorization server that nobody here wrote. The emulator shares our dialect, so
//! what both ends get wrong shows only here.

use serde_json::Value;
use url::Url;

use crate::support::{Chromium, OidcProvider, Output, PendingLogin, Person, Sandbox, http};

const BASIC: &str = "token.auth = 'basic'";
/// A refresh token is given to a person who was asked for it (OpenID Connect Core §11).
const OFFLINE: &str = "token.auth = 'basic'\nauthorize.params = { prompt = 'consent' }";
const RECORD: &str = ".local/share/oauthctl/store/login/acme.sealed";
const LIST: &str = ".local/share/oauthctl/logins.json";

/// A login that waits for a person.
#[track_caller]
fn begin(sandbox: &Sandbox, scope: &str) -> PendingLogin {
    let login = ["login", "--provider", "acme", "--port", "0", "--no-browser", "--timeout", "1m", "--scope", scope];
    PendingLogin::start(sandbox.command(&login))
}

/// A whole login with a person who approves.
#[track_caller]
fn log_in(sandbox: &Sandbox, scope: &str) -> Output {
    let login = begin(sandbox, scope);
    http::get(&Person::approves(&login));
    login.finish()
}

/// A login that the server sends back before it asks anybody.
#[track_caller]
fn turned_away(sandbox: &Sandbox, scope: &str) -> Output {
    let login = begin(sandbox, scope);
    http::get(&Person::default().open(&login.authorize_url).left());
    login.finish()
}

/// Keeps a copy of the login, as a backup or another machine has one.
fn back_up(sandbox: &Sandbox) {
    for file in [RECORD, LIST].map(|file| sandbox.home().join(file)) {
        std::fs::copy(&file, file.with_extension("backup")).unwrap();
    }
}

fn restore(sandbox: &Sandbox) {
    for file in [RECORD, LIST].map(|file| sandbox.home().join(file)) {
        std::fs::copy(file.with_extension("backup"), &file).unwrap();
    }
}

fn token(sandbox: &Sandbox) -> String {
    sandbox.run(&["token"]).code(0).stdout().trim().to_owned()
}

/// The status with which the server's own API takes a token.
fn status_of(acme: &OidcProvider, token: &str) -> String {
    let reply = http::get_with(&acme.endpoint("/me"), &format!("Authorization: Bearer {token}\r\n"));
    reply.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_code_with_pkce_and_issuer_becomes_a_working_token() {
    let acme = OidcProvider::running();
    let sandbox = acme.sandbox("web app:1", BASIC);
    let login = begin(&sandbox, "openid read");
    assert_eq!(login.sent("code_challenge_method"), "S256");
    let landing = Person::approves(&login);
    let mut params = landing.query_pairs();
    assert!(params.any(|(name, value)| name == "iss" && value == acme.issuer()), "{landing}");
    assert!(http::get(&landing).contains("You are logged in"));
    login.finish().code(0).answers("granted  openid read").answers("(in ");
    assert_eq!(sandbox.run(&["call", "/me"]).code(0).stdout(), r#"{"sub":"alice"}"#);
}

#[test]
fn a_login_without_pkce_is_turned_away() {
    let sandbox = OidcProvider::running().sandbox("web app:1", &format!("{BASIC}\nauthorize.pkce = 'off'"));
    turned_away(&sandbox, "read").code(5).says("invalid_request").says("requires PKCE");
}

#[test]
fn every_client_authentication_works_at_every_endpoint() {
    let acme = OidcProvider::running();
    // Both have a secret with `:/ +%&=`, and the first one such an id, too (RFC 6749 §2.3.1).
    for (client, auth) in [("web app:1", "basic"), ("body", "body"), ("public", "none")] {
        let more = format!("token.auth = '{auth}'\nauthorize.params = {{ prompt = 'consent' }}");
        let sandbox = acme.sandbox(client, &more);
        log_in(&sandbox, "openid offline_access").code(0).answers("renewed automatically");
        sandbox.run(&["refresh"]).code(0);
        let scopes = sandbox.run(&["scopes"]);
        assert!(
            scopes.code(0).stdout().contains("introspection") && !scopes.stdout().contains("No answer"),
            "{scopes}"
        );
        let token = token(&sandbox);
        assert_eq!(status_of(acme, &token), "200");
        sandbox.run(&["logout"]).code(0).says("Acme has revoked its tokens");
        assert_eq!(status_of(acme, &token), "401", "{client}");
    }
}

#[test]
fn a_client_that_is_not_authenticated_gets_no_token() {
    let acme = OidcProvider::running();
    let secret = "not-the-secret";
    let wrong = |client, more| acme.sandbox(client, more).with("OAUTHCTL_CLIENT_SECRET", secret);
    let other_method = "under `[token]` in";
    for (sandbox, way_out) in [
        (wrong("web app:1", BASIC), "oauthctl app set acme"),
        (wrong("body", ""), "oauthctl app set acme"),
        (wrong("public", ""), "oauthctl app set acme"),
        (acme.sandbox("web app:1", ""), other_method),
        (acme.sandbox("body", BASIC), other_method),
    ] {
        let refused = log_in(&sandbox, "read");
        refused.code(5).says("invalid_client").says(way_out).hides(secret);
        sandbox.run(&["token"]).code(4);
    }
}

#[test]
fn a_wrong_secret_in_a_refresh_keeps_the_login() {
    let sandbox = OidcProvider::running().sandbox("web app:1", OFFLINE);
    log_in(&sandbox, "offline_access").code(0);
    let wrong = sandbox.without("").with("OAUTHCTL_CLIENT_SECRET", "not-the-secret");
    wrong.run(&["refresh"]).code(5).says("invalid_client");
    sandbox.run(&["refresh"]).code(0);
}

#[test]
fn a_refresh_token_rotates_and_a_spent_one_needs_a_login() {
    let acme = OidcProvider::running();
    let sandbox = acme.sandbox("web app:1", OFFLINE);
    log_in(&sandbox, "openid offline_access").code(0);
    back_up(&sandbox);
    sandbox.run(&["refresh"]).code(0);
    sandbox.run(&["refresh"]).code(0);
    let newest = token(&sandbox);
    assert_eq!(status_of(acme, &newest), "200");

    restore(&sandbox);
    let spent = sandbox.run(&["refresh"]);
    spent.code(4).says("invalid_grant").says("`oauthctl login acme` makes a new login");
    let status = sandbox.run(&["status", "--json"]);
    let status: Value = serde_json::from_str(status.code(0).stdout()).unwrap();
    assert_eq!(status["logins"][0]["refreshable"], false);
    sandbox.run(&["refresh"]).code(4).says("it is not sent again");
    // The server takes it for theft, and ends all that came of that login (RFC 9700 §4.14.2).
    assert_eq!(status_of(acme, &newest), "401");
    log_in(&sandbox, "openid offline_access").code(0);
    sandbox.run(&["refresh"]).code(0);
}

#[test]
fn a_narrower_token_can_do_less_and_the_login_as_much() {
    let acme = OidcProvider::running();
    for (client, auth) in [("web app:1", "basic"), ("body", "body")] {
        let more = format!("token.auth = '{auth}'\nauthorize.params = {{ prompt = 'consent' }}");
        let sandbox = acme.sandbox(client, &more);
        log_in(&sandbox, "openid offline_access read write").code(0);
        let wide = token(&sandbox);
        let narrow = sandbox.run(&["token", "--scope", "read write"]).code(0).stdout().trim().to_owned();
        let narrower = sandbox.run(&["token", "--scope", "read"]).code(0).stdout().trim().to_owned();
        assert_eq!(sandbox.run(&["token", "--scope", "write read"]).code(0).stdout().trim(), narrow, "it is kept");
        // What the server itself says of them, and does: its API wants `openid`.
        for (token, scopes, status) in [
            (&wide, "openid offline_access read write", "200"),
            (&narrow, "read write", "403"),
            (&narrower, "read", "403"),
        ] {
            let answer = sandbox.run_with_stdin(&["inspect", "-", "--introspect", "--profile", "acme"], token);
            assert!(answer.code(0).stdout().contains(scopes), "{scopes}: {answer}");
            assert_eq!(status_of(acme, token), status, "{scopes}");
        }
        assert_eq!(token(&sandbox), wide);
        // The rotated refresh token is the login's, and as wide as before.
        sandbox.run(&["refresh"]).code(0);
        assert_eq!(status_of(acme, &token(&sandbox)), "200");
        sandbox.run(&["token", "--scope", "admin"]).code(10).says("does not have `admin`");
        sandbox.run(&["logout"]).code(0).says("Acme has revoked its tokens");
        assert_eq!(status_of(acme, &narrow), "401");
    }
}

#[test]
fn without_offline_access_there_is_nothing_to_refresh() {
    let sandbox = OidcProvider::running().sandbox("web app:1", BASIC);
    let login = log_in(&sandbox, "read");
    assert!(!login.code(0).stdout().contains("renewed"), "{login}");
    sandbox.run(&["refresh"]).code(4).says("gave no refresh token");
}

#[test]
fn a_denial_ends_the_login() {
    let sandbox = OidcProvider::running().sandbox("web app:1", BASIC);
    let login = begin(&sandbox, "read");
    let landing = Person::declines(&login);
    assert!(http::get(&landing).contains("Access was not granted"));
    login.finish().code(5).says("access_denied: \"End-User aborted interaction\"");
    sandbox.run(&["token"]).code(4);
}

#[test]
fn a_scope_that_is_unknown_or_not_allowed_is_told() {
    let acme = OidcProvider::running();
    // RFC 6749 §3.3: it may ignore a scope, and then says what it granted.
    let sandbox = acme.sandbox("web app:1", BASIC);
    let login = log_in(&sandbox, "read unheard-of");
    login.code(0).answers("granted  read\n").says("warning: unheard-of was asked for and not granted");
    sandbox.run(&["scopes", "--require", "read"]).code(0);
    sandbox.run(&["scopes", "--require", "unheard-of"]).code(10).says("unheard-of");
    turned_away(&acme.sandbox("reader", BASIC), "read write").code(5).says("invalid_scope");
}

#[test]
fn a_missing_scope_at_the_api_is_named() {
    let sandbox = OidcProvider::running().sandbox("web app:1", BASIC);
    log_in(&sandbox, "read").code(0);
    sandbox.run(&["call", "/me"]).code(10).says("insufficient_scope").says("--scope 'read openid'");
}

#[test]
fn a_code_that_has_ended_is_refused() {
    let sandbox = OidcProvider::running().sandbox("late", BASIC);
    log_in(&sandbox, "read").code(5).says("invalid_grant").says("a code works once, soon expires");
    sandbox.run(&["token"]).code(4);
}

#[test]
fn a_code_that_the_server_did_not_issue_is_refused() {
    let sandbox = OidcProvider::running().sandbox("web app:1", BASIC);
    let login = begin(&sandbox, "read");
    let mut landing = Person::approves(&login);
    let params: Vec<(String, String)> = landing.query_pairs().into_owned().collect();
    let replaced = params.iter().map(|(name, value)| (name, if name == "code" { "made-up" } else { value }));
    landing.query_pairs_mut().clear().extend_pairs(replaced);
    assert!(http::get(&landing).contains("The login did not work"));
    login.finish().code(5).says("invalid_grant");
}

#[test]
fn an_error_page_of_the_server_ends_with_advice() {
    let acme = OidcProvider::running();
    let start = |sandbox: Sandbox, uri| {
        let login = ["login", "--provider", "acme", "--no-browser", "--timeout", "1s", "--redirect-uri", uri];
        PendingLogin::start(sandbox.command(&login))
    };
    let acmes = || acme.sandbox("web app:1", BASIC);
    let logins = [
        (start(acmes(), "http://127.0.0.1:0/elsewhere"), "redirect_uri did not match"),
        (start(acmes(), "http://localhost:0/callback"), "redirect_uri did not match"),
        (start(acmes().with("OAUTHCTL_CLIENT_ID", "x"), "http://127.0.0.1:0/callback"), "client is invalid"),
    ];
    for (login, said) in &logins {
        let page = Person::default().open(&login.authorize_url).page();
        assert!(page.contains(said), "{page}");
    }
    for (login, _) in logins {
        let sent = login.sent("redirect_uri");
        login.finish().code(6).says(&sent);
    }
}

#[test]
fn logout_revokes_what_introspection_then_calls_inactive() {
    let acme = OidcProvider::running();
    let sandbox = acme.sandbox("body", "authorize.params = { prompt = 'consent' }");
    log_in(&sandbox, "openid offline_access").code(0);
    let token = token(&sandbox);
    let introspect = || {
        let credentials = ["OAUTHCTL_CLIENT_ID", "OAUTHCTL_CLIENT_SECRET"].map(|name| sandbox.variable(name));
        let fields = [("token", token.as_str()), ("client_id", &credentials[0]), ("client_secret", &credentials[1])];
        http::post_form(&acme.endpoint("/token/introspection"), &fields)
    };
    assert!(introspect().contains(r#""active":true"#));
    back_up(&sandbox);
    sandbox.run(&["logout"]).code(0).says("Acme has revoked its tokens");
    assert!(introspect().ends_with(r#"{"active":false}"#));
    // A copy of the login is of no use, and is ended like any other (RFC 7009 §2.2).
    restore(&sandbox);
    sandbox.run(&["scopes"]).code(0).says("the token is not active").answers("introspection (not active)");
    sandbox.run(&["scopes", "--require", "openid"]).code(10).says("the sources disagree");
    sandbox.run(&["refresh"]).code(4).says("invalid_grant");
    sandbox.run(&["logout"]).code(0).says("Acme has revoked its tokens");
}

#[test]
fn a_definition_from_its_metadata_logs_in() {
    let acme = OidcProvider::running();
    let sandbox = OidcProvider::with_client(Sandbox::new(), "web app:1");
    let metadata = format!("{}/.well-known/openid-configuration", acme.issuer());
    sandbox.run(&["providers", "new", "acme", "--issuer", &metadata]).code(0);
    let file = sandbox.home().join("config/providers/acme.toml");
    let draft = std::fs::read_to_string(&file).unwrap();
    for line in ["issuer = \"ISSUER\"", "{ name = \"offline_access\" }", "url = \"ISSUER/token/introspection\""] {
        let line = line.replace("ISSUER", acme.issuer());
        assert!(draft.lines().any(|drafted| drafted.trim().trim_end_matches(',') == line), "{line} in {draft}");
    }
    let edited = draft.replace("#base = \"https://shop.example/api\"\n", &format!("base = \"{}\"\n", acme.issuer()));
    assert_ne!(edited, draft);
    std::fs::write(&file, edited).unwrap();
    sandbox.run(&["providers", "check", file.to_str().unwrap()]).code(0);
    log_in(&sandbox, "openid").code(0);
    sandbox.run(&["call", "/me"]).code(0).answers("alice");
    sandbox.run(&["logout"]).code(0).says("acme has revoked its tokens");
}

#[test]
fn a_real_browser_comes_back_from_its_pages() {
    let sandbox = OidcProvider::running().sandbox("public", "");
    let login = begin(&sandbox, "openid read");
    let chromium = Chromium::start();
    approve_in(&chromium, &login);
    chromium.shows("You are logged in");
    login.finish().code(0).answers("granted  openid read");
    sandbox.run(&["call", "/me"]).code(0).answers("alice");
}

#[test]
fn an_answer_by_form_post_is_taken() {
    let sandbox = OidcProvider::running().sandbox("public", "authorize.params = { response_mode = 'form_post' }");
    let chromium = Chromium::start();
    let login = begin(&sandbox, "openid read");
    approve_in(&chromium, &login);
    chromium.shows("You are logged in");
    login.finish().code(0).answers("granted  openid read");
    sandbox.run(&["call", "/me"]).code(0).answers("alice");

    // She is signed in by now, and is asked for what is new.
    let login = begin(&sandbox, "openid read write");
    chromium.open(&login.authorize_url);
    chromium.shows("scopes:");
    chromium.click("a[href$='/abort']");
    chromium.shows("Access was not granted");
    login.finish().code(5).says("access_denied");
}

#[test]
fn a_code_in_the_fragment_is_taken() {
    let sandbox = OidcProvider::running().sandbox("public", "authorize.params = { response_mode = 'fragment' }");
    let login = begin(&sandbox, "openid read");
    let chromium = Chromium::start();
    approve_in(&chromium, &login);
    chromium.shows("You are logged in");
    login.finish().code(0);
    sandbox.run(&["call", "/me"]).code(0).answers("alice");
}

#[test]
fn a_signed_answer_ends_the_login_and_is_named() {
    let acme = OidcProvider::running();
    let chromium = Chromium::start();
    for (n, mode) in ["query.jwt", "fragment.jwt", "form_post.jwt"].into_iter().enumerate() {
        let sandbox = acme.sandbox("public", &format!("authorize.params = {{ response_mode = '{mode}' }}"));
        let login = begin(&sandbox, "openid read");
        if n == 0 {
            approve_in(&chromium, &login);
        } else {
            // She is signed in by now, and is asked again whether the app may.
            chromium.open(&login.authorize_url);
            chromium.shows("Continue");
            chromium.click("button[type=submit]");
        }
        chromium.shows("This answer cannot be used");
        login.finish().code(5).says("JARM").says("response_mode");
        sandbox.run(&["token"]).code(4);
    }
}

#[test]
fn an_issuer_that_is_not_the_expected_one_ends_the_login() {
    let acme = OidcProvider::running();
    let sandbox = acme.sandbox("web app:1", BASIC);
    let other = "https://other.example";
    // Another one, two, and none, where the server's metadata says that it sends it (RFC 9207 §2.4, §3).
    for sent in [&[other][..], &[acme.issuer(), other], &[]] {
        let login = begin(&sandbox, "read");
        http::get(&naming(Person::approves(&login), sent));
        let ended = login.finish();
        ended.code(5).says(acme.issuer());
        assert_eq!(ended.stderr().contains(other), sent.contains(&other), "{ended}");
    }
    sandbox.run(&["token"]).code(4);
}

#[test]
fn a_denial_without_an_issuer_is_a_denial() {
    let sandbox = OidcProvider::running().sandbox("web app:1", BASIC);
    let login = begin(&sandbox, "read");
    http::get(&naming(Person::declines(&login), &[]));
    login.finish().code(5).says("access_denied");
}

/// The same answer with these issuers.
fn naming(mut landing: Url, issuers: &[&str]) -> Url {
    let params: Vec<(String, String)> = landing.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
    let issuers = issuers.iter().map(|issuer| ("iss", issuer));
    landing.query_pairs_mut().clear().extend_pairs(params).extend_pairs(issuers);
    landing
}

/// Signs in and approves, on the server's own pages.
fn approve_in(chromium: &Chromium, login: &PendingLogin) {
    chromium.open(&login.authorize_url);
    chromium.shows("Sign-in");
    chromium.script(
        "for (const field of document.querySelectorAll('[name=login], [name=password]')) field.value = 'alice'",
    );
    chromium.click("button[type=submit]");
    chromium.shows("scopes:");
    chromium.click("button[type=submit]");
}
