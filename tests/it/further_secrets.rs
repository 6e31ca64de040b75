//! Secrets of a login beside its token: from a variable, stdin or a terminal, kept with the token, and seen by the
//! provider only.

use crate::support::api_server::{Reply, body, param, target};
use crate::support::terminal_session::TerminalSession;
use crate::support::{ApiServer, Output, Sandbox};

const DEFINITION: &str = "name = 'Mine'\nauthorize.url = 'ORIGIN/authorize'\ntoken.url = 'ORIGIN/token'\ntoken.auth = 'none'\n\
    token.params = { dev = '{key}' }\napi.base = 'ORIGIN/v1'\n\
    api.headers = { X-Quiet = '{key}', X-App = '{client_id}:{client_secret}', X-Id = '{random}' }\napi.query = { sub = '{key}' }\n\
    [params.key]\nsecret = true\nprompt = 'Key of the developer'\npattern = '[a-z0-9-]+'\nexample = 'made-up'\n";

const KEY: &str = "canary-key-5d41";

fn header<'r>(request: &'r str, name: &str) -> &'r str {
    let line = |line: &&'r str| line.split_once(": ").is_some_and(|(given, _)| given.eq_ignore_ascii_case(name));
    request.lines().find(line).and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value)
}

/// A provider whose API repeats what it was sent, and whose tokens end at once.
fn server() -> ApiServer {
    ApiServer::start(|request| {
        let json = |text: String| -> Reply {
            ("200 OK", vec!["Content-Type: application/json".to_owned()], text.into_bytes())
        };
        match target(request).split('?').next().unwrap_or_default() {
            "/authorize" => {
                let [uri, state] = ["redirect_uri", "state"].map(|name| param(request, name).unwrap());
                ("302 Found", vec![format!("Location: {uri}?code=made-up&state={state}")], Vec::new())
            }
            "/token" => {
                json(r#"{"access_token":"made-up-token","refresh_token":"made-up-refresh","expires_in":0}"#.into())
            }
            "/v1/refused" => {
                let said = format!(r#"{{"message":"no {} here"}}"#, header(request, "x-quiet"));
                ("400 Bad Request", vec!["Content-Type: application/json".to_owned()], said.into_bytes())
            }
            _ => json("[1]".into()),
        }
    })
}

fn home(server: &ApiServer) -> Sandbox {
    let home = Sandbox::new();
    home.define("mine", &DEFINITION.replace("ORIGIN", &server.origin()));
    let set = ["app", "set", "mine", "--client-id", "id", "--client-secret-stdin"];
    home.run_with_stdin(&set, "canary-client-secret").code(0);
    home
}

fn log_in(home: &Sandbox, args: &[&str], stdin: &str) -> Output {
    let browser = home.browser();
    let login = ["login", "mine", "--port", "0", "--browser", &browser];
    home.run_with_stdin(&[&login, args].concat(), stdin)
}

#[test]
fn a_secret_of_a_login_reaches_the_provider_and_nobody_else() {
    let server = server();
    let home = home(&server).with("OAUTHCTL_PARAM_KEY", KEY);
    let login = log_in(&home, &["-v"], "");
    login.code(0).hides("canary");
    let home = home.without("OAUTHCTL_PARAM_KEY");
    for args in [
        &["call", "things"][..],
        &["-v", "call", "things"],
        &["call", "things", "--curl"],
        &["call", "things", "--dry-run"],
        &["--json", "call", "things", "--dry-run"],
        &["status", "-v"],
        &["status", "--json"],
        &["providers", "show", "mine"],
        &["token", "--format", "json"],
        &["refresh"],
    ] {
        home.run(args).code(0).hides("canary");
    }
    // What the API says goes to stdout as it is.
    let refused = home.run(&["call", "refused"]);
    assert!(!refused.code(9).says("no [hidden] here").stderr().contains("canary"), "{refused}");
    home.run(&["call", "things", "--curl"]).code(0).answers("x-quiet: $KEY").answers("id:$CLIENT_SECRET");
    home.run(&["call", "things", "--curl", "--show-secrets"]).code(0).answers(KEY);
    let requests = server.requests();
    let of_token = requests.iter().filter(|request| request.starts_with("POST /token"));
    assert!(of_token.clone().count() > 2);
    of_token.for_each(|request| assert!(body(request).contains(&format!("dev={KEY}")), "{request}"));
    let of_api: Vec<_> = requests.iter().filter(|request| request.starts_with("GET /v1/")).collect();
    let mut ids: Vec<&str> = of_api.iter().map(|request| header(request, "x-id")).collect();
    for request in &of_api {
        assert_eq!((header(request, "x-quiet"), header(request, "x-app")), (KEY, "id:canary-client-secret"));
        assert_eq!(param(request, "sub").as_deref(), Some(KEY));
    }
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() == of_api.len() && ids.iter().all(|id| id.len() == 36), "{ids:?}");
    let shown: Vec<_> = requests.iter().filter(|request| request.starts_with("GET /authorize")).collect();
    assert!(!shown.is_empty() && shown.iter().all(|request| !request.contains("canary")), "{shown:?}");
}

#[test]
fn a_secret_is_refused_on_the_command_line_and_read_from_stdin() {
    let server = server();
    let home = home(&server);
    let typed = format!("key={KEY}");
    log_in(&home, &["--param", &typed], "")
        .code(2)
        .says("is a secret")
        .says("OAUTHCTL_PARAM_KEY")
        .says("--param-stdin key")
        .hides(KEY);
    home.run(&["call", "--provider", "mine", "--param", &typed, "things"]).code(2).says("is a secret").hides(KEY);
    log_in(&home, &[], "").code(3).says("needs a value for `key`").says("OAUTHCTL_PARAM_KEY");
    log_in(&home, &["--param-stdin", "key"], "").code(2).says("stdin has no value for `key`");
    log_in(&home, &["--param-stdin", "key"], "canary_5d41").code(3).says("[hidden]").hides("canary");
    log_in(&home, &["--param-stdin", "kye"], "x").code(3).says("it takes `key`");
    assert!(server.requests().is_empty());
    log_in(&home, &["--param-stdin", "key"], "first-key\n").code(0);
    log_in(&home, &[], "").code(0).says("the secret `key`").hides("first-key");
    home.run(&["call", "things"]).code(0);
    assert_eq!(header(server.requests().last().unwrap(), "x-quiet"), "first-key");
    log_in(&home, &["--param-stdin", "key"], "second-key").code(0);
    home.run(&["call", "things"]).code(0);
    assert_eq!(header(server.requests().last().unwrap(), "x-quiet"), "second-key");
}

#[test]
fn a_terminal_asks_for_a_secret_without_echo() {
    let server = server();
    let home = home(&server);
    let browser = home.browser();
    let mut session = TerminalSession::start(home.command(&["login", "mine", "--port", "0", "--browser", &browser]));
    session.shows("Key of the developer");
    session.types("not valid!");
    session.shows_times("Key of the developer", 2);
    session.types(KEY);
    let exit = session.finish();
    assert!(!exit.code(0).shown.contains(KEY), "{}", exit.shown);
    assert!(exit.shown.contains("another login needs OAUTHCTL_PARAM_KEY"), "{}", exit.shown);
    home.run(&["call", "things"]).code(0);
    assert_eq!(header(server.requests().last().unwrap(), "x-quiet"), KEY);
}
