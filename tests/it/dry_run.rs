//! `login --dry-run`: the requests of a login, which are not sent.

use serde_json::Value;

use crate::support::Sandbox;

const MINE: &str = r#"
name = "Mine"
grants = ["authorization-code", "implicit", "client-credentials"]
authorize.url = "https://mine.invalid/authorize"
token.url = "https://mine.invalid/token"
token.auth = "basic"
par.url = "https://mine.invalid/par"
device.url = "https://mine.invalid/device"
api.base = "https://mine.invalid/api"
scope.default = ["read", "write"]
"#;

fn plan(sandbox: &Sandbox, more: &[&str]) -> Value {
    let output = sandbox.run(&[&["login", "mine", "--dry-run", "--json"], more].concat());
    serde_json::from_str(output.code(0).stdout()).unwrap()
}

fn mine() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.define("mine", MINE);
    sandbox
}

#[test]
fn a_login_is_shown_without_a_client_a_store_and_a_network() {
    let sandbox = mine();
    let output = sandbox.run(&["login", "mine", "--dry-run"]);
    output.code(0).answers("Nothing was sent.").answers("No client of `mine` is registered here");
    output.answers("state={state}&code_challenge={code_challenge}&code_challenge_method=S256");
    output.answers("scope=read%20write").answers("client_id={client_id}");
    output.answers("authorization: Basic base64({client_id}:{client_secret})");
    output.answers("grant_type=authorization_code&code={code}&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fcallback");
    output.answers("code_verifier={code_verifier}");
    assert!(!output.stdout().contains("oauthctl0"), "{output}");
    assert!(!sandbox.home().join(".local/share/oauthctl").exists(), "nothing is stored");
}

#[test]
fn a_registered_client_is_named_and_its_secret_is_not() {
    let sandbox = mine();
    let set = ["app", "set", "mine", "--client-id", "my-app", "--client-secret-stdin"];
    sandbox.run_with_stdin(&set, "canary-secret").code(0);
    let output = sandbox.run(&["login", "mine", "--dry-run", "--port", "7777", "--auth-param", "prompt=login"]);
    output.code(0).answers("client_id=my-app").answers("base64(my-app:{client_secret})").hides("canary-secret");
    output.answers("127.0.0.1%3A7777").answers("prompt=login");
}

#[test]
fn each_grant_shows_its_own_requests() {
    let sandbox = mine();
    let legs = |plan: &Value| {
        let requests = plan["requests"].as_array().unwrap();
        requests.iter().map(|request| request["leg"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let code = plan(&sandbox, &[]);
    assert_eq!((legs(&code), code["grant"].as_str()), (vec!["token".to_owned()], Some("authorization_code")));
    let pushed = plan(&sandbox, &["--par"]);
    assert_eq!(legs(&pushed), ["pushed_request", "token"]);
    let url = pushed["authorize_url"].as_str().unwrap();
    assert_eq!(url, "https://mine.invalid/authorize?client_id={client_id}&request_uri={request_uri}");
    let device = plan(&sandbox, &["--device"]);
    assert_eq!((legs(&device), &device["authorize_url"]), (vec!["device_code".into(), "token".into()], &Value::Null));
    assert!(device["requests"][1]["body"].as_str().unwrap().contains("device_code={device_code}"));
    let implicit = plan(&sandbox, &["--grant", "implicit"]);
    assert!(legs(&implicit).is_empty() && implicit["authorize_url"].as_str().unwrap().contains("response_type=token"));
    let alone = plan(&sandbox, &["--grant", "client-credentials", "--scope", "read"]);
    assert!(alone["requests"][0]["body"].as_str().unwrap().contains("grant_type=client_credentials&scope=read"));
}

#[test]
fn further_secrets_are_named_and_not_needed() {
    let sandbox = Sandbox::new();
    let key = "params.dev_key = { secret = true }\ntoken.params = { developer = '{dev_key}' }";
    sandbox.define("mine", &format!("{MINE}{key}\n"));
    let output = sandbox.run(&["login", "mine", "--dry-run"]);
    output.code(0).answers("developer={dev_key}");
    sandbox.run(&["login", "mine", "--dry-run", "--param", "dev_key=canary-key"]).code(2).hides("canary-key");
}

#[test]
fn a_dry_run_refuses_what_a_login_refuses() {
    let sandbox = mine();
    sandbox.run(&["login", "nobody", "--dry-run"]).code(3);
    sandbox.run(&["login", "mine", "--dry-run", "--auth-param", "state=x"]).code(2);
    sandbox.run(&["login", "mine", "--dry-run", "--with-token"]).code(2);
}
