//! What one login asks for beside its definition, and what `login` asks for when it is run again without flags.

use crate::support::{Emulated, OidcProvider, PendingLogin, Person, Sandbox, http};

const LOGIN: [&str; 4] = ["login", "--no-browser", "--timeout", "1m"];

/// A provider with two grants and parameters of its own.
const MINE: &str = r#"
authorize.url = "https://mine.example/authorize"
authorize.params = { prompt = "consent", display = "page" }
authorize.names = { client_id = "app_id" }
token.url = "https://mine.example/token"
token.params = { audience = "https://first.example" }
device.url = "https://mine.example/device"
api.base = "https://mine.example/api"
scope.default = ["read"]
"#;

fn begin(sandbox: &Sandbox, args: &[&str]) -> PendingLogin {
    PendingLogin::start(sandbox.command(&[&LOGIN[..], args].concat()))
}

#[track_caller]
fn log_in(sandbox: &Sandbox, args: &[&str]) -> String {
    let login = begin(sandbox, args);
    let url = login.authorize_url.to_string();
    assert!(http::follow(&login.authorize_url).contains("You are logged in"));
    let ended = login.finish();
    ended.code(0);
    format!("{url}\n{}", ended.stderr())
}

#[test]
fn a_parameter_replaces_the_definitions_for_one_login() {
    let emulated = Emulated::defined(MINE, &[]);
    let login = begin(&emulated, &["--port", "0", "--auth-param", "prompt=login", "--auth-param", "mark=<{random}>"]);
    assert_eq!((login.sent("prompt"), login.sent("display")), ("login".to_owned(), "page".to_owned()));
    let mark = login.sent("mark");
    assert!(mark.len() > 40 && !mark.contains("random") && mark != format!("<{}>", login.sent("state")), "{mark}");
    http::follow(&login.authorize_url);
    login.finish().code(0);
}

#[test]
fn a_parameter_that_the_login_sets_itself_is_refused() {
    let emulated = Emulated::defined(MINE, &[]);
    for (flag, param, hint) in [
        ("--auth-param", "state=x", ""),
        ("--auth-param", "scope=x", "`--scope`"),
        ("--auth-param", "app_id=x", "`--app`"),
        ("--auth-param", "code_challenge=x", ""),
        ("--token-param", "grant_type=x", "`--grant`"),
        ("--token-param", "code_verifier=x", ""),
    ] {
        let refused = emulated.run(&["login", "--no-browser", flag, param]);
        refused.code(2).says("cannot be set with").says(hint);
    }
    assert_eq!(emulated.requests(), Vec::<String>::new());
}

#[test]
fn login_again_asks_for_the_same_and_says_so() {
    let emulated = Emulated::defined(MINE, &["--redirect-uri", "http://127.0.0.1/other"]);
    let first = [
        "--scope",
        "write",
        "--auth-param",
        "prompt=login",
        "--token-param",
        "audience=second",
        "--redirect-uri",
        "http://127.0.0.1:0/other",
        "--response-mode",
        "query",
    ];
    log_in(&emulated, &first);
    let again = log_in(&emulated, &[]);
    for same in ["scope=write", "prompt=login", "response_mode=query", "%2Fother"] {
        assert!(again.lines().next().unwrap().contains(same), "{same}: {again}");
    }
    let said = "As in the login before: --scope write --auth-param prompt=login --token-param audience=second \
                --response-mode query --redirect-uri http://127.0.0.1:0/other";
    assert!(again.contains(said), "{again}");
    let changed = log_in(&emulated, &["--scope", "read", "--auth-param", "prompt=", "--port", "0"]);
    assert!(changed.contains("scope=read") && !changed.contains("prompt=login"), "{changed}");
    assert!(changed.contains("prompt=consent"), "the definition's own is back: {changed}");
    emulated.run(&["refresh"]).code(0);
}

#[test]
fn login_again_takes_the_grant_of_the_login_before() {
    let emulated = Emulated::defined(MINE, &[]);
    emulated.run(&["login", "--device"]).code(0);
    let again = emulated.run(&["login"]);
    again.code(0).says("As in the login before: --grant device").says("type this code");
    // A flag for the browser chooses the browser.
    log_in(&emulated, &["--port", "0"]);
}

#[test]
fn oidc_provider_answers_in_the_mode_that_was_asked_for() {
    let acme = OidcProvider::running();
    let sandbox = acme.sandbox("web app:1", "token.auth = 'basic'");
    let args = [
        "login",
        "--provider",
        "acme",
        "--port",
        "0",
        "--no-browser",
        "--timeout",
        "1m",
        "--response-mode",
        "fragment",
    ];
    let login = PendingLogin::start(sandbox.command(&args));
    let landing = Person::approves(&login);
    assert!(
        landing.query().is_none() && landing.fragment().is_some_and(|fragment| fragment.contains("code=")),
        "{landing}"
    );
    http::post_address(&landing);
    login.finish().code(0);
}

#[test]
fn oidc_provider_gets_a_parameter_for_one_login() {
    let acme = OidcProvider::running();
    let sandbox = acme.sandbox("web app:1", "token.auth = 'basic'");
    // It asks a person again, as a refresh token needs (OpenID Connect Core §11).
    let args = ["login", "--provider", "acme", "--port", "0", "--no-browser", "--timeout", "1m"];
    let more = ["--scope", "openid offline_access", "--auth-param", "prompt=consent"];
    let login = PendingLogin::start(sandbox.command(&[&args[..], &more[..]].concat()));
    http::get(&Person::approves(&login));
    login.finish().code(0).answers("renewed automatically");
}

#[test]
fn each_endpoint_authenticates_in_its_own_way() {
    let definition = format!(
        "{MINE}token.auth = 'body'\nrevoke = {{ url = 'https://mine.example/revoke', auth = 'basic' }}\n\
         introspect = {{ url = 'https://mine.example/introspect', auth = 'basic' }}\n"
    );
    let emulated = Emulated::defined(&definition.replace("authorize.names = { client_id = \"app_id\" }\n", ""), &[]);
    log_in(&emulated, &["--port", "0"]);
    emulated.run(&["scopes"]).code(0).answers("introspection");
    emulated.run(&["logout"]).code(0).says("has revoked its tokens");
    let requests = emulated.requests();
    for request in ["POST /introspect 200", "POST /revoke 200"] {
        assert!(requests.iter().any(|line| line == request), "{request}: {requests:?}");
    }
}

#[test]
fn an_introspection_can_have_an_app_of_its_own() {
    let definition = format!(
        "{}introspect = {{ url = 'https://mine.example/introspect', app = 'introspector' }}\n",
        MINE.replace("authorize.names = { client_id = \"app_id\" }\n", "")
    );
    let emulated = Emulated::defined(&definition, &[]);
    log_in(&emulated, &["--port", "0"]);
    emulated.run(&["scopes"]).code(0).answers("`introspector`, which is not registered");
    let (id, secret) = (emulated.variable("OAUTHCTL_CLIENT_ID"), emulated.variable("OAUTHCTL_CLIENT_SECRET"));
    let set = ["app", "set", "mine", "--app", "introspector", "--client-id", &id, "--client-secret-stdin"];
    emulated.without("OAUTHCTL_CLIENT_ID").run_with_stdin(&set, &secret).code(0);
    emulated.run(&["scopes"]).code(0).answers("introspection");
}
