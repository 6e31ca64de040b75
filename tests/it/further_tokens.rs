//! Two access tokens in one reply: both are kept, each is used by its name, and a logout revokes both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::api_server::{Reply, body, param, target};
use crate::support::{ApiServer, Output, Sandbox};

const DEFINITION: &str = "name = 'Mine'\nauthorize.url = 'ORIGIN/authorize'\ntoken.url = 'ORIGIN/token'\n\
    token.auth = 'none'\ntoken.further = { user = 'authed_user.access_token' }\nrevoke.url = 'ORIGIN/revoke'\n\
    api.base = 'ORIGIN/v1'\n";

struct Provider {
    server: ApiServer,
    home: Sandbox,
    /// True if its replies have the second token.
    sends: Arc<AtomicBool>,
}

impl Provider {
    fn new() -> Self {
        let sends = Arc::new(AtomicBool::new(true));
        let now = Arc::clone(&sends);
        let server = ApiServer::start(move |request| {
            let reply = |status, value: serde_json::Value| -> Reply {
                (status, vec!["Content-Type: application/json".to_owned()], value.to_string().into_bytes())
            };
            match target(request).split('?').next().unwrap_or_default() {
                "/authorize" => {
                    let [uri, state] = ["redirect_uri", "state"].map(|name| param(request, name).unwrap());
                    ("302 Found", vec![format!("Location: {uri}?code=made-up&state={state}")], Vec::new())
                }
                "/token" => {
                    let mut said =
                        json!({"access_token": "made-up-bot", "refresh_token": "made-up-refresh", "expires_in": 3600});
                    if now.load(Ordering::Relaxed) {
                        said["authed_user"] = json!({"id": "U1", "access_token": "made-up-user"});
                    }
                    reply("200 OK", said)
                }
                "/v1/rejected" => reply("401 Unauthorized", json!({"error": "invalid_token"})),
                _ => reply("200 OK", json!([])),
            }
        });
        let home = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id");
        home.define("mine", &DEFINITION.replace("ORIGIN", &server.origin()));
        Self { server, home, sends }
    }

    fn log_in(&self) -> Output {
        let browser = self.home.browser();
        self.home.run(&["login", "mine", "--port", "0", "--browser", &browser])
    }
}

#[test]
fn a_second_token_is_kept_and_used_by_its_name() {
    let provider = Provider::new();
    provider.log_in().code(0).answers("--which user").hides("made-up-user");
    let home = &provider.home;
    for (args, token) in [
        (&["token"][..], "made-up-bot"),
        (&["token", "--which", "user"], "made-up-user"),
        (&["token", "--which", "user", "--format", "header"], "Authorization: Bearer made-up-user"),
        (&["exec", "--which", "user", "--", "printenv", "OAUTHCTL_TOKEN"], "made-up-user"),
    ] {
        assert_eq!(home.run(args).code(0).stdout().trim(), token, "{args:?}");
    }
    home.run(&["call", "--which", "user", "things"]).code(0);
    assert!(provider.server.last().contains("Bearer made-up-user"), "{}", provider.server.last());
    home.run(&["status", "-v"]).code(0).hides("made-up-user");
    home.run(&["status", "--json"]).code(0).answers("\"further_tokens\"").hides("made-up-user");
    home.run(&["token", "--which", "shop"]).code(2).says("has no token called `shop`, but `user`");
}

#[test]
fn a_rejected_second_token_spends_no_refresh() {
    let provider = Provider::new();
    provider.log_in().code(0);
    provider.home.run(&["call", "--which", "user", "rejected"]).code(9).says("a refresh of the login does not replace");
    let refreshes = provider.server.requests().into_iter().filter(|request| body(request).contains("refresh_token"));
    assert_eq!(refreshes.count(), 0);
}

#[test]
fn a_refresh_without_the_second_token_keeps_it() {
    let provider = Provider::new();
    provider.log_in().code(0);
    provider.sends.store(false, Ordering::Relaxed);
    provider.home.run(&["refresh"]).code(0);
    assert_eq!(provider.home.run(&["token", "--which", "user"]).code(0).stdout(), "made-up-user\n");
    provider.log_in().code(0).hides("--which");
    provider.home.run(&["token", "--which", "user"]).code(4).says("has no token called `user`");
}

#[test]
fn a_logout_revokes_every_token_of_the_login() {
    let provider = Provider::new();
    provider.log_in().code(0);
    provider.home.run(&["logout"]).code(0).says("has revoked its tokens");
    let requests = provider.server.requests();
    let revoked: Vec<&str> =
        requests.iter().filter(|request| request.starts_with("POST /revoke")).map(|r| body(r)).collect();
    for token in ["made-up-refresh", "made-up-bot", "made-up-user"] {
        assert_eq!(revoked.iter().filter(|form| form.contains(token)).count(), 1, "{revoked:?}");
    }
}
