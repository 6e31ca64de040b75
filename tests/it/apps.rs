//! Several clients of one provider: each login is refreshed by the client it was made with, and no client that logins use
//! is replaced without a word.

use serde_json::{Value, json};

use crate::support::api_server::{body, param, target};
use crate::support::terminal_session::TerminalSession;
use crate::support::{ApiServer, Output, Sandbox};

const DEFINITION: &str = "authorize.url = 'ORIGIN/authorize'\ntoken.url = 'ORIGIN/token'\ntoken.auth = 'body'\n\
    api.base = 'ORIGIN/v1'\nintrospect.url = 'ORIGIN/introspect'\n";

/// A provider that binds each refresh token to its client, whose secret is `secret-of-ID`. No token lasts.
struct Provider {
    server: ApiServer,
    home: Sandbox,
}

impl Provider {
    fn new() -> Self {
        let server = ApiServer::start(|request| {
            let form = |name: &str| {
                let mut pairs = url::form_urlencoded::parse(body(request).as_bytes());
                pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
            };
            let client = form("client_id");
            let (status, reply) = match target(request).split('?').next().unwrap_or_default() {
                "/authorize" => {
                    let [uri, state] = ["redirect_uri", "state"].map(|name| param(request, name).unwrap());
                    return ("302 Found", vec![format!("Location: {uri}?code=made-up&state={state}")], Vec::new());
                }
                _ if form("client_secret") != format!("secret-of-{client}") => {
                    ("401 Unauthorized", json!({"error": "invalid_client"}))
                }
                "/introspect" => ("200 OK", json!({"active": form("token").ends_with(&client), "scope": "read"})),
                _ if form("grant_type") == "refresh_token" && form("refresh_token") != format!("refresh-{client}") => {
                    ("400 Bad Request", json!({"error": "invalid_grant"}))
                }
                _ => {
                    let [access, refresh] = ["access", "refresh"].map(|kind| format!("{kind}-{client}"));
                    ("200 OK", json!({"access_token": access, "refresh_token": refresh, "expires_in": 0}))
                }
            };
            (status, vec!["Content-Type: application/json".to_owned()], reply.to_string().into_bytes())
        });
        let home = Sandbox::new();
        home.define("mine", &DEFINITION.replace("ORIGIN", &server.origin()));
        Self { server, home }
    }

    /// Registers a client with its secret.
    fn register(&self, client_id: &str, args: &[&str]) -> Output {
        let set = ["app", "set", "mine", "--client-id", client_id, "--client-secret-stdin"];
        self.home.run_with_stdin(&[&set, args].concat(), &format!("secret-of-{client_id}"))
    }

    fn log_in(&self, args: &[&str]) -> Output {
        let browser = self.home.browser();
        let login = ["login", "--provider", "mine", "--port", "0", "--browser", &browser];
        self.home.run(&[&login, args].concat())
    }

    /// Returns the refreshed token, which names its client.
    #[track_caller]
    fn token(&self, profile: &str) -> String {
        self.home.run(&["token", "--profile", profile]).code(0).stdout().trim().to_owned()
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(self.home.run(&[args, &["--json"]].concat()).code(0).stdout()).unwrap()
    }
}

#[test]
fn logins_by_several_clients_are_each_refreshed_by_their_own() {
    let mine = Provider::new();
    mine.register("one", &[]).code(0).answers("oauthctl login mine\n");
    mine.register("two", &["--app", "work"]).code(0).answers("oauthctl login mine --app work");
    mine.log_in(&[]).code(0);
    mine.log_in(&["--app", "work"]).code(0).answers("`mine-work`").answers("app      work");
    mine.log_in(&["--app", "work", "--profile", "shop"]).code(0);
    for _ in 0..2 {
        let tokens = ["mine", "mine-work", "shop"].map(|profile| mine.token(profile));
        assert_eq!(tokens, ["access-one", "access-two", "access-two"]);
    }
    let shown = mine.json(&["status", "--profile", "shop"]);
    assert_eq!(shown["logins"][0]["app"], "work");
    // The provider tells a client nothing of another one's token.
    mine.home.run(&["scopes", "--profile", "shop"]).code(0).answers("read   no     yes").hides("not active");
    // A login that is made anew keeps its client, and so does one whose client is registered under another name.
    mine.log_in(&["--profile", "shop"]).code(0).answers("app      work");
    mine.home.run(&["app", "remove", "mine", "--app", "work"]).code(0).says("`mine-work`, `shop` cannot be refreshed");
    mine.home.run(&["token", "--profile", "shop"]).code(3).says("`oauthctl app set mine --app NAME --client-id two`");
    mine.register("two", &["--app", "renamed"]).code(0);
    assert_eq!(mine.token("shop"), "access-two");
    mine.log_in(&["--profile", "shop"]).code(0).answers("app      renamed");
    mine.log_in(&["--profile", "shop", "--app", "default"]).code(0).says("`two`").says("`one`");
    assert_eq!(mine.token("shop"), "access-one");
}

#[test]
fn a_list_shows_which_logins_use_which_client() {
    let mine = Provider::new();
    assert!(mine.home.run(&["app", "list"]).code(0).stdout().starts_with("No clients."));
    mine.register("one", &[]).code(0);
    mine.register("two", &["--app", "work"]).code(0);
    mine.register("three", &["--app", "ci"]).code(0);
    mine.log_in(&[]).code(0);
    mine.log_in(&["--app", "work"]).code(0);
    mine.home.run_with_stdin(&["login", "--provider", "mine", "--profile", "given", "--with-token"], "made-up").code(0);
    let loose = mine.home.clone().with("OAUTHCTL_CLIENT_ID", "env").with("OAUTHCTL_CLIENT_SECRET", "secret-of-env");
    let browser = mine.home.browser();
    let login = ["login", "--provider", "mine", "--port", "0", "--browser", &browser, "--profile", "loose"];
    loose.run(&login).code(0);
    let list = mine.json(&["app", "list"]);
    let seen = list["apps"].as_array().unwrap().iter().map(|row| {
        assert!(row["provider"] == "mine" && row["secret"] == true && row["store"] == "file", "{row}");
        (row["app"].as_str().unwrap(), row["client_id"].as_str().unwrap(), row["logins"].to_string())
    });
    let seen: Vec<_> = seen.collect();
    let is = |app, id, logins: &str| (app, id, logins.to_owned());
    assert_eq!(
        seen,
        [is("default", "one", r#"["mine"]"#), is("ci", "three", "[]"), is("work", "two", r#"["mine-work"]"#)]
    );
    assert_eq!(list["unregistered"], json!([{"provider": "mine", "client_id": "env", "logins": ["loose"]}]));
    let table = mine.home.run(&["app", "list", "mine"]);
    table.code(0).answers("default").answers("mine-work").answers("not registered").hides("secret-of").hides("given");
    assert_eq!(mine.json(&["app", "list", "judgeme"])["apps"], json!([]));
    assert_eq!(mine.json(&["app", "show", "mine", "--app", "work"])["client_id"], "two");
    mine.home.run(&["app", "show", "mine", "--app", "wrok"]).code(3).says("`wrok`").says("`oauthctl app list`");
}

#[test]
fn a_client_that_logins_use_is_replaced_only_on_request() {
    let mine = Provider::new();
    mine.register("one", &[]).code(0);
    mine.register("unused", &[]).code(0).answers("replaces the client `one`");
    mine.register("one", &[]).code(0);
    mine.log_in(&[]).code(0);
    mine.log_in(&["--profile", "shop"]).code(0);
    // Another secret for the same client replaces nothing.
    mine.register("one", &[]).code(0).hides("replace");
    for refused in [mine.register("two", &[]), mine.register("two", &["--app", "default", "--store", "helper:none"])] {
        refused.code(2).says("`one`").says("`mine`, `shop`").says("--replace").says("--app NAME");
    }
    assert_eq!(mine.token("mine"), "access-one");
    mine.register("two", &["--app", "work"]).code(0);
    mine.register("three", &["--replace"]).code(0).says("`mine`, `shop` cannot be refreshed");
    mine.home.run(&["token", "--profile", "mine"]).code(3).says("OAUTHCTL_CLIENT_ID=one");
    mine.log_in(&[]).code(0).says("was made with the client `one`");
    assert_eq!(mine.token("mine"), "access-three");
}

#[test]
fn at_a_terminal_a_person_is_asked_before_a_client_is_replaced() {
    let mine = Provider::new();
    mine.register("one", &[]).code(0);
    mine.log_in(&[]).code(0);
    for (answer, code, client) in [("", 2, "one"), ("no", 2, "one"), ("y", 0, "two")] {
        let mut terminal = TerminalSession::start(mine.home.command(&["app", "set", "mine"]));
        terminal.shows("Client ID");
        terminal.types("two");
        terminal.shows("Client secret");
        terminal.types("secret-of-two");
        terminal.shows("`one`, is used by the login `mine`");
        terminal.shows("Replace it all the same? [y/N]");
        terminal.types(answer);
        terminal.finish().code(code).hides("secret-of");
        assert_eq!(mine.json(&["app", "show", "mine"])["client_id"], client, "{answer:?}");
    }
}

#[test]
fn a_login_names_its_app_where_several_could_be_meant() {
    let mine = Provider::new();
    mine.register("one", &["--app", "ci"]).code(0);
    mine.log_in(&["--profile", "only"]).code(0).answers("app      ci");
    mine.register("two", &["--app", "work"]).code(0);
    mine.log_in(&[]).code(2).says("`ci`, `work`").says("--app NAME");
    let unknown = mine.log_in(&["--app", "wrok"]);
    unknown.code(3).says("no client `wrok` is registered").says("`oauthctl app set mine --app wrok ");
    unknown.says("`oauthctl app list`");
    mine.home
        .run(&["app", "show", "mine"])
        .code(3)
        .says("no client `default` is registered")
        .says("`oauthctl app list`");
    mine.home.run(&["app", "show", "judgeme"]).code(3).says("no client is registered for `judgeme`");
    mine.home
        .run_with_stdin(&["app", "set", "mine", "--app", "bad", "--client-id", "b", "--client-secret-stdin"], "no");
    mine.log_in(&["--app", "bad"]).code(5).says("`oauthctl app set mine --app bad` replaces them");
    for bad in ["../x", "Work", "a~b", ""] {
        mine.log_in(&["--app", bad]).code(2);
        mine.register("x", &["--app", bad]).code(2);
    }
    assert!(mine.server.requests().iter().all(|request| !request.contains("client_id=x")), "nothing was sent");
}

/// The list and the record of a login and a client as 0.1 wrote them: neither names an app.
#[test]
fn records_of_0_1_need_no_app_and_get_none() {
    let mine = Provider::new();
    mine.register("one", &[]).code(0);
    mine.log_in(&[]).code(0);
    let data = mine.home.home().join(".local/share/oauthctl");
    let list: Value = serde_json::from_slice(&std::fs::read(data.join("logins.json")).unwrap()).unwrap();
    assert_eq!(list["apps"], json!({"mine": {"store": "file"}}));
    assert!(data.join("store/app/mine.sealed").exists());
    mine.register("two", &["--app", "work"]).code(0);
    assert_eq!(mine.token("mine"), "access-one");
    let rows = mine.json(&["app", "list"]);
    assert_eq!(rows["apps"][0]["logins"], json!(["mine"]));
}

#[test]
fn a_client_that_is_registered_again_keeps_its_secret() {
    let provider = Provider::new();
    provider.register("one", &[]).code(0);
    provider.home.run(&["app", "set", "mine", "--client-id", "one"]).code(0).says("secret of this client is kept");
    provider.log_in(&[]).code(0);
    let mut terminal =
        TerminalSession::start(provider.home.command(&["app", "set", "mine", "--client-id", "two", "--replace"]));
    terminal.shows("Client secret (empty: none)");
    terminal.types("secret-of-two");
    let exit = terminal.finish();
    assert!(!exit.code(0).shown.contains("secret-of-two"), "{}", exit.shown);
    provider.log_in(&["--profile", "second"]).code(0);
    let work = ["login", "--provider", "mine", "--app", "work", "--port", "0", "--no-browser"];
    Provider::new().home.run(&work).code(3).says("leave out `--app`");
}
