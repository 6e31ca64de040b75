//! A member of the wrong kind, in a reply or in what is kept, is told by its name and never taken as missing.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::api_server::{Reply, param, target};
use crate::support::{ApiServer, Output, Sandbox};

/// A provider that answers each endpoint with what it is told.
struct Provider {
    _server: ApiServer,
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
        let definition = "name = 'Mine'\nauthorize.url = 'ORIGIN/authorize'\ntoken.url = 'ORIGIN/token'\n\
            revoke.url = 'ORIGIN/revoke'\nintrospect.url = 'ORIGIN/introspect'\napi.base = 'ORIGIN/v1'\n";
        home.define("mine", &definition.replace("ORIGIN", &server.origin()));
        Self { _server: server, home, replies }
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
        ("token_type", json!(1)),
        ("token_type", json!(null)),
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
