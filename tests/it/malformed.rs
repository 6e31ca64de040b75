//! A member of the wrong kind, in a reply or in what is kept, is told by its name and never taken as missing.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::api_server::{Reply, param, target};
use crate::support::{ApiServer, Output, Sandbox};

/// A provider that answers each endpoint with what it is told.
struct Provider {
    server: ApiServer,
    home: Sandbox,
    replies: Arc<Mutex<Value>>,
}

fn json_reply(body: &Value) -> Reply {
    let status = if body.get("error").is_some() { "400 Bad Request" } else { "200 OK" };
    (status, vec!["Content-Type: application/json".to_owned()], body.to_string().into_bytes())
}

impl Provider {
    fn new(token: Value) -> Self {
        let replies = Arc::new(Mutex::new(json!({"/token": token})));
        let told = Arc::clone(&replies);
        let server = ApiServer::start(move |request| match target(request).split('?').next().unwrap_or_default() {
            "/authorize" => {
                let (uri, state) = (param(request, "redirect_uri").unwrap(), param(request, "state").unwrap());
                ("302 Found", vec![format!("Location: {uri}?code=made-up&state={state}")], Vec::new())
            }
            path => json_reply(&told.lock().unwrap()[path]),
        });
        let home = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", "made-up");
        let data = home.home().join("data").to_str().unwrap().to_owned();
        let home = home.with("OAUTHCTL_DATA_DIR", &data);
        let this = Self { server, home, replies };
        this.define("");
        this
    }

    /// Writes the definition, with further keys.
    fn define(&self, keys: &str) {
        let definition = "name = 'Mine'\nauthorize.url = 'ORIGIN/authorize'\ntoken.url = 'ORIGIN/token'\n\
            revoke.url = 'ORIGIN/revoke'\nintrospect.url = 'ORIGIN/introspect'\napi.base = 'ORIGIN/v1'\n";
        self.home.define("mine", &format!("{}{keys}", definition.replace("ORIGIN", &self.server.origin())));
    }

    fn says(&self, path: &str, reply: Value) {
        self.replies.lock().unwrap()[path] = reply;
    }

    fn log_in(&self) -> Output {
        self.home.run(&["login", "--provider", "mine", "--port", "0", "--browser", &self.home.browser()])
    }
}

fn good() -> Value {
    json!({"access_token": "made-up-access", "token_type": "Bearer", "refresh_token": "made-up-refresh", "expires_in": 3600, "scope": "a"})
}

fn with(member: &str, value: Value) -> Value {
    let mut reply = good();
    reply[member] = value;
    reply
}

#[test]
fn a_login_names_a_malformed_member_and_keeps_nothing() {
    for (member, value, told) in [
        ("access_token", json!(["t"]), "`access_token` is malformed: expected a string, found an array"),
        ("access_token", json!({"t": 1}), "`access_token` is malformed: expected a string, found an object"),
        (
            "refresh_token",
            json!(["made-up-refresh"]),
            "`refresh_token` is malformed: expected a string, found an array",
        ),
        ("expires_in", json!([3600]), "`expires_in` is malformed: expected a number of seconds, found an array"),
        (
            "scope",
            json!({"a": true}),
            "`scope` is malformed: expected a string or an array of strings, found an object",
        ),
        ("scope", json!(["a", 7]), "`scope.1` is malformed: expected a string, found a number"),
    ] {
        let provider = Provider::new(with(member, value));
        provider.log_in().code(8).says(told).hides("made-up-refresh");
        provider.home.run(&["status"]).code(0).answers("No logins");
    }
}

#[test]
fn the_habits_of_providers_are_no_faults() {
    for (member, value) in [
        ("refresh_token", json!(null)),
        ("expires_in", json!("3600")),
        ("expires_in", json!(null)),
        ("scope", json!(["a", "b"])),
        ("scope", json!(null)),
    ] {
        Provider::new(with(member, value.clone())).log_in().code(0).answers("Logged in");
    }
}

#[test]
fn a_refresh_keeps_its_token_and_tells_of_a_malformed_member() {
    let provider = Provider::new(good());
    provider.log_in().code(0);
    let mut reply = with("scope", json!({"a": true}));
    (reply["access_token"], reply["refresh_token"]) = (json!("made-up-new"), json!("made-up-rotated"));
    provider.says("/token", reply);
    provider
        .home
        .run(&["refresh"])
        .code(0)
        .says("was refreshed, but in the reply `scope` is malformed: expected a string or an array of strings, found an object");
    assert_eq!(provider.home.run(&["token"]).code(0).stdout(), "made-up-new\n");
    provider.home.run(&["scopes"]).code(0).answers("a ");
}

#[test]
fn a_refusal_stays_one_when_its_words_are_malformed() {
    let provider = Provider::new(json!({"error": "invalid_grant", "error_description": ["used", "twice"]}));
    let refused = provider.log_in();
    refused
        .code(5)
        .says("invalid_grant")
        .says("`error_description` is malformed: expected a string, found an array")
        .says("twice");
}

#[test]
fn introspection_and_claims_of_the_wrong_kind_are_told() {
    let claims = BASE64_URL_SAFE_NO_PAD.encode(json!({"scope": 7, "exp": ["never"]}).to_string());
    let provider = Provider::new(with("access_token", json!(format!("e30.{claims}.c2ln"))));
    provider.says("/introspect", json!({"active": "true"}));
    provider.log_in().code(0);
    let scopes = provider.home.run(&["scopes"]);
    scopes.code(0).answers("introspection: `active` is malformed: expected a boolean, found a string");
    scopes.answers("the token's claim `exp` is malformed: expected a number of seconds, found an array");
    scopes.answers("the token's claim `scope` is malformed: expected a string or an array of strings, found a number");
    provider.says("/introspect", json!({"active": true, "scope": {"a": 1}}));
    provider
        .home
        .run(&["scopes"])
        .code(0)
        .answers("introspection: `scope` is malformed: expected a string or an array of strings, found an object");
}

#[test]
fn the_list_of_logins_names_what_is_malformed_in_it() {
    let provider = Provider::new(good());
    provider.log_in().code(0);
    let list = provider.home.home().join("data/logins.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&list).unwrap()).unwrap();
    for (change, told) in [
        (json!({"current": ["mine"]}), "`current` is malformed: unexpected array"),
        (json!({"logins": ["mine"]}), "`logins` is malformed: unexpected array"),
        (
            json!({"logins": {"mine": {"provider": 7, "store": "file"}}}),
            "`logins.mine.provider` is malformed: unexpected number",
        ),
        (json!({"logins": {"mine": {"provider": "mine"}}}), "`logins.mine.store` is missing"),
        (json!({"apps": {"mine": {"store": {}}}}), "`apps.mine.store` is malformed: unexpected object"),
        (json!({"version": "1"}), "`version` is malformed: unexpected string"),
    ] {
        let mut changed = kept.clone();
        changed.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        std::fs::write(&list, changed.to_string()).unwrap();
        provider.home.run(&["token"]).code(7).says("logins.json` is damaged").says(told);
    }
}

/// The header that carried the token to the API.
fn sent(provider: &Provider) -> String {
    let request = provider.server.last();
    let line = request.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization:")).unwrap();
    line.split_once(':').unwrap().1.trim().to_owned()
}

#[test]
fn a_token_of_an_odd_type_is_used_as_a_bearer_token_with_a_note() {
    for (kind, told) in [
        (json!("User Access Token"), "`token_type` is `User Access Token` and not `Bearer`"),
        (json!("bot"), "`token_type` is `bot` and not `Bearer`"),
        (json!(" Bearer "), "`token_type` is `Bearer` with whitespace around it and not `Bearer`"),
        (json!(7), "`token_type` is the number 7 and not `Bearer`"),
        (json!(null), "`token_type` is null and not `Bearer`"),
        (json!(["Bearer"]), "`token_type` is an array and not `Bearer`"),
    ] {
        let provider = Provider::new(with("token_type", kind));
        provider.says("/v1/x", json!({}));
        provider.log_in().code(0).says(&format!("note: in the provider's reply {told}"));
        provider
            .home
            .run(&["refresh"])
            .code(0)
            .says(&format!("note: the token of `mine` was refreshed, but in the reply {told}"));
        provider.home.run(&["call", "/x"]).code(0);
        assert_eq!(sent(&provider), "Bearer made-up-access");
        // The definition alone has another word for it, and decides about a login that is kept too.
        provider.define("api.token = [{ in = 'bearer', scheme = 'Bot' }]\n");
        provider.home.run(&["call", "/x"]).code(0);
        assert_eq!(sent(&provider), "Bot made-up-access");
    }
    let usual = Provider::new(with("token_type", json!("BEARER"))).log_in();
    assert!(!usual.code(0).stderr().contains("token_type"), "{usual}");
}

#[test]
fn a_token_that_needs_another_proof_is_refused_by_name() {
    for (kind, hint) in [("DPoP", "turn off DPoP"), ("mac", "choose bearer tokens"), ("PoP", "choose bearer tokens")] {
        let provider = Provider::new(with("token_type", json!(kind)));
        provider.log_in().code(5).says(&format!("the token is of type `{kind}`, which needs")).says(hint);
        provider.home.run(&["status"]).code(0).answers("No logins");

        provider.says("/token", good());
        provider.log_in().code(0);
        let mut reply = with("token_type", json!(kind));
        reply["access_token"] = json!("made-up-bound");
        provider.says("/token", reply);
        provider.home.run(&["refresh"]).code(5).says(&format!("`{kind}`")).says(hint).hides("made-up-bound");
        assert_eq!(provider.home.run(&["token"]).code(0).stdout(), "made-up-access\n");
        provider.says("/introspect", json!({"active": true, "scope": "a", "token_type": kind}));
        let warned = format!("introspection says that the token is of type `{kind}`");
        provider.home.run(&["scopes"]).code(0).answers("introspection").says(&warned);
    }
}

#[test]
fn what_two_sources_disagree_on_is_said_once() {
    let claims = BASE64_URL_SAFE_NO_PAD.encode(json!({"scope": "a x"}).to_string());
    let mut reply = with("access_token", json!(format!("e30.{claims}.c2ln")));
    reply["scope"] = json!("a b c");
    let provider = Provider::new(reply);
    provider.define("scope.default = ['a', 'b', 'c']\n");
    let login = provider.log_in();
    login.code(0).answers("granted  a\n").answers("disputed b c x\n");
    let told = "b, c: the token reply says yes, the token's claim `scope` says no; x: the token reply says no, the token's \
                claim `scope` says yes";
    login.says(told);
    assert_eq!(login.stderr().matches("the token reply says").count(), 2, "{login}");
    assert!(!login.stderr().contains("asked for and not granted"), "{login}");

    let json: Value = serde_json::from_str(provider.home.run(&["status", "--json"]).code(0).stdout()).unwrap();
    let row = &json["logins"][0];
    assert_eq!((&row["scopes"], &row["disputed"]), (&json!(["a"]), &json!(["b", "c", "x"])));
    provider.home.run(&["status"]).code(0).answers("a (disputed: b c x)");
    let scopes = provider.home.run(&["scopes"]);
    scopes.code(0).answers("Disagreement  b, c: the token reply says yes, the token's claim `scope` says no\n");
    assert_eq!(scopes.stdout().matches("Disagreement").count(), 2, "{scopes}");

    // Where it matters, neither side is taken.
    let required = ["login", "--provider", "mine", "--port", "0", "--require-scopes", "b", "--browser"];
    let refused = provider.home.run(&[&required[..], &[&provider.home.browser()]].concat());
    refused.code(10).says("did not grant b (the sources disagree)");
}

#[test]
fn a_reply_that_is_silent_leaves_the_word_to_the_claim() {
    let claims = BASE64_URL_SAFE_NO_PAD.encode(json!({"scp": ["a"]}).to_string());
    let mut reply = with("access_token", json!(format!("e30.{claims}.c2ln")));
    reply["scope"] = json!(null);
    let provider = Provider::new(reply);
    provider.define("scope.default = ['a', 'b']\n");
    let login = provider.log_in();
    login.code(0).answers("granted  a\n").says("b was asked for and not granted");
    let json: Value = serde_json::from_str(provider.home.run(&["status", "--json"]).code(0).stdout()).unwrap();
    assert_eq!(json["logins"][0]["scopes"], json!(["a"]));
}
