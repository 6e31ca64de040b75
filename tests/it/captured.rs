//! Values that a provider sends at the login, a company's number and the API's address: they are the login's for all of
//! its life, and lead its token nowhere else.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::api_server::{Reply, body, param, target};
use crate::support::{ApiServer, Output, Sandbox};

const DEFINITION: &str = "name = 'Mine'\nauthorize.url = 'ORIGIN/authorize'\ntoken.url = 'ORIGIN/token'\n\
    revoke.url = 'ORIGIN/revoke'\napi.base = '{inst}/v3/{realm}/{team}/{live}'\n\
    [params.realm]\nfrom_callback = 'realmId'\n[params.inst]\nkind = 'origin'\nfrom_token = 'instance_url'\n\
    [params.team]\nfrom_token = 'teams.0.id'\n[params.live]\nfrom_token = 'live'\n\
    [[scope.known]]\nname = 'read'\nprobe.path = 'things'\n";

/// The path that the captured values make.
const THINGS: &str = "/v3/9130347/T01_Ab/true/things";

struct Provider {
    server: ApiServer,
    home: Sandbox,
    /// The last token's lifetime, and members of the next replies.
    says: Arc<Mutex<Value>>,
}

fn json_reply(body: &Value) -> Reply {
    ("200 OK", vec!["Content-Type: application/json".to_owned()], body.to_string().into_bytes())
}

impl Provider {
    /// A client is registered at it, and its first token has ended when it comes.
    fn new(callback: &'static str) -> Self {
        let says = Arc::new(Mutex::new(json!({})));
        let told = Arc::clone(&says);
        let server = ApiServer::start(move |request| match target(request).split('?').next().unwrap_or_default() {
            "/authorize" => {
                let (uri, state) = (param(request, "redirect_uri").unwrap(), param(request, "state").unwrap());
                ("302 Found", vec![format!("Location: {uri}?code=made-up{callback}&state={state}")], Vec::new())
            }
            "/token" => {
                let host = request.lines().find_map(|line| line.strip_prefix("Host: ").or(line.strip_prefix("host: ")));
                let refreshes = body(request).contains("grant_type=refresh_token");
                let mut reply = json!({
                    "access_token": if refreshes { "made-up-new" } else { "made-up-old" },
                    "refresh_token": "made-up-refresh",
                    "expires_in": if refreshes { 3600 } else { 0 },
                    "instance_url": format!("http://{}", host.unwrap()),
                    "teams": [{"id": "T01_Ab"}],
                    "live": true,
                });
                reply.as_object_mut().unwrap().extend(told.lock().unwrap().as_object().unwrap().clone());
                json_reply(&reply)
            }
            "/revoke" => ("200 OK", Vec::new(), Vec::new()),
            path => json_reply(&json!({"path": path})),
        });
        let home = Sandbox::new();
        home.define("mine", &DEFINITION.replace("ORIGIN", &server.origin()));
        home.run_with_stdin(&["app", "set", "mine", "--client-id", "id", "--client-secret-stdin"], "made-up").code(0);
        Self { server, home, says }
    }

    fn log_in(&self, extra: &[&str]) -> Output {
        let browser = self.home.browser();
        let args = ["login", "--provider", "mine", "--port", "0", "--browser", &browser];
        self.home.run(&[&args, extra].concat())
    }
}

#[test]
fn captured_values_serve_for_the_whole_life_of_a_login() {
    for first in [&["token"][..], &["call", "things"], &["scopes", "--probe"], &["refresh"], &["exec", "--", "true"]] {
        let provider = Provider::new("&realmId=9130347");
        provider.log_in(&[]).code(0);
        provider.home.run(first).code(0).hides("warning");
        provider.home.run(&["call", "things"]).code(0).answers(THINGS);
        assert_eq!(provider.home.run(&["token"]).code(0).stdout(), "made-up-new\n");
        provider.home.run(&["logout"]).code(0);
        let requests = provider.server.requests();
        assert!(requests.iter().any(|request| request.starts_with("POST /revoke")), "{first:?}");
    }
}

#[test]
fn a_client_serves_logins_with_other_values_than_the_default() {
    let provider = Provider::new("");
    let definition = "authorize.url = 'ORIGIN/authorize'\ntoken.url = 'http://{host}:PORT/token'\napi.base = 'ORIGIN'\n\
        params.host = { kind = 'host', default = '127.0.0.1' }\n";
    let port = provider.server.port().to_string();
    provider.home.define("mine", &definition.replace("ORIGIN", &provider.server.origin()).replace("PORT", &port));
    provider.home.run_with_stdin(&["app", "set", "mine", "--client-id", "id", "--client-secret-stdin"], "s").code(0);
    provider.log_in(&["--param", "host=localhost"]).code(0);
    assert_eq!(provider.home.run(&["token"]).code(0).stdout(), "made-up-new\n");
}

#[test]
fn a_refresh_reply_moves_a_login_nowhere_and_is_told_of() {
    let provider = Provider::new("&realmId=9130347");
    provider.log_in(&[]).code(0);
    let elsewhere = ApiServer::always("200 OK", &[], "{}");
    *provider.says.lock().unwrap() = json!({"instance_url": elsewhere.origin(), "teams": [{"id": "T02"}]});
    let called = provider.home.run(&["call", "things"]);
    called.code(0).answers(THINGS).says("`team` is now `T02`, and the login stays with `T01_Ab`");
    called.says(&format!(
        "`inst` is now `{}`, and the login stays with `{}`",
        elsewhere.origin(),
        provider.server.origin()
    ));
    provider.home.run(&["call", "things"]).code(0).answers(THINGS).hides("warning");
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_login_without_a_value_says_which_and_what_to_do() {
    let provider = Provider::new("");
    provider.log_in(&[]).code(0).says("the provider sent no value for `realm`");
    let words = "the login has no value for `realm`, which `mine` should have sent and `api.base` needs";
    provider.home.run(&["call", "things"]).code(3).says(words).says("oauthctl login mine");
    assert_eq!(provider.home.run(&["token"]).code(0).stdout(), "made-up-new\n", "the token works all the same");
    provider.log_in(&["--param", "realm=9130347"]).code(0).hides("no value");
    provider.home.run(&["call", "things"]).code(0).answers(THINGS);
}
