//! Every command that answers does so as one JSON object with `--json`, with the fields that the manual names.

use serde_json::Value;

use crate::support::emulated::MINE;
use crate::support::raw_server::{RawServer, http};
use crate::support::{Emulated, Output, Sandbox};

/// Returns the one object on stdout.
#[track_caller]
fn object(output: &Output) -> Value {
    let answer: Value = serde_json::from_str(output.code(0).stdout()).unwrap_or_else(|_| panic!("no object: {output}"));
    assert!(answer.is_object(), "{output}");
    answer
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn every_answer_about_logins_is_one_object() {
    let mine = Emulated::mine(&[]);
    let log_in = |profile| {
        let browser = mine.browser();
        let login = mine.run(&["login", "--profile", profile, "--port", "0", "--browser", &browser, "--json"]);
        // Where to go, in one line, and then the outcome.
        let (first, outcome) = login.code(0).stdout().split_once('\n').unwrap();
        assert!(serde_json::from_str::<Value>(first).unwrap()["authorize_url"].is_string());
        serde_json::from_str::<Value>(outcome).unwrap()
    };
    assert_eq!(log_in("one")["profile"], "one");
    log_in("two");
    let here = mine.without("OAUTHCTL_PROFILE");
    let used = object(&here.run(&["use", "one", "--json"]));
    assert_eq!(used["profile"], "one");
    let shadowed = object(&mine.run(&["use", "one", "--json"]));
    assert_eq!(shadowed["used_here"]["profile"], "mine-emulator");
    for answer in [
        &["status"][..],
        &["refresh"],
        &["scopes"],
        &["token"],
        &["app", "list"],
        &["providers", "list"],
        &["providers", "show", "mine"],
        &["providers", "scopes", "mine"],
        &["providers", "schema"],
    ] {
        object(&here.run(&[answer, &["--json"]].concat()));
    }
    let status = object(&here.run(&["status", "--json"]));
    assert_eq!(status["logins"][0]["emulated"], true);
    let request = object(&here.run(&["call", "/api/things", "--dry-run", "--json"]));
    assert_eq!((&request["method"], request["headers"].to_string().contains("[hidden]")), (&"GET".into(), true));
    let curl = object(&here.run(&["call", "/api/things", "--curl", "--json"]));
    assert!(curl["curl"].as_str().unwrap().starts_with("curl http://127.0.0.1:"), "{curl}");
    let sealed = here.with("OAUTHCTL_EXPORT_PASSPHRASE", "a made-up passphrase");
    let export = object(&sealed.run(&["export", "--json"]));
    assert!(export["sealed"].as_str().unwrap().starts_with("oauthctl-login-1:"));
    let whole = export.to_string();
    sealed.run_with_stdin(&["import", "--profile", "of-json"], &whole).code(0);
    sealed.run(&["logout", "of-json", "--local"]).code(0);
    sealed.run(&["use", "one"]).code(0);
    let file = object(&sealed.run(&["export", "--json", "-o", "sealed"]));
    assert_eq!((&file["file"], file.get("sealed")), (&"sealed".into(), None));
    assert_eq!(object(&sealed.run(&["import", "sealed", "--profile", "three", "--json"]))["profile"], "three");
    let out = here_logout(&mine, &["logout", "three", "--json"]);
    assert_eq!((&out["deleted"][0]["profile"], &out["deleted"][0]["revoked"]), (&"three".into(), &true.into()));
    let out = here_logout(&mine, &["logout", "--all", "--json"]);
    assert_eq!(out["deleted"].as_array().unwrap().len(), 2);
}

fn here_logout(mine: &Emulated, args: &[&str]) -> Value {
    let output = mine.without("OAUTHCTL_PROFILE").run(args);
    assert!(!output.stderr().contains("Deleted"), "{output}");
    object(&output)
}

#[test]
fn clients_definitions_and_the_demo_answer_in_json_too() {
    let sandbox = Sandbox::new();
    let set = ["app", "set", "glu", "--app", "work", "--client-id", "made-up", "--client-secret-stdin", "--json"];
    assert_eq!(object(&sandbox.run_with_stdin(&set, "s3cret"))["client_id"], "made-up");
    let removed = object(&sandbox.run(&["app", "remove", "glu", "--app", "work", "--json"]));
    assert_eq!((&removed["provider"], &removed["app"]), (&"glu".into(), &"work".into()));
    let new = object(&sandbox.run(&["providers", "new", "fresh", "--json"]));
    assert!(std::path::Path::new(new["file"].as_str().unwrap()).is_file() && new["faults"].as_u64().unwrap() > 0);
    let demo = object(&sandbox.run(&["demo", "--json"]));
    let steps: Vec<&str> =
        demo["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert!(
        steps.starts_with(&["emulator", "store", "listener", "login"]) && steps.ends_with(&["logout"]),
        "{steps:?}"
    );
    let quiet = sandbox.run(&["demo", "-q"]);
    assert_eq!((quiet.code(0).stdout(), quiet.stderr()), ("", ""));
    let page = sandbox.run(&["man", "json"]);
    page.code(0).answers("\\fBlogout\\fR").answers("\\fBdeleted\\fR");
}

#[test]
fn a_demo_without_its_browser_says_what_to_do() {
    let demo = Sandbox::new().run(&["demo", "--browser", "/nonexistent"]);
    demo.code(2).says("`/nonexistent` could not be started").says("leave out `--browser`");
}

#[test]
fn logout_of_the_current_login_names_the_others() {
    let sandbox = Sandbox::new();
    sandbox.run(&["token"]).code(4).says("there is no login yet");
    for name in ["one", "two", "three"] {
        let args = ["login", "github", "--with-token", "--profile", name];
        sandbox.run_with_stdin(&args, "made-up").code(0);
    }
    let out = sandbox.run(&["logout", "--local"]);
    out.code(0).says("It was the current login. The others are `one`, `two`: `oauthctl use one`");
    for command in [&["token"][..], &["call", "/user"], &["logout"], &["status", "--check"], &["export"]] {
        let refused = sandbox.run(command);
        refused.code(4).says("none of the logins is the current one: there are `one`, `two`").says("oauthctl use one");
        refused.hides("there is no login");
    }
    sandbox.run(&["use", "two"]).code(0);
    let json = object(&sandbox.run(&["logout", "--local", "--json"]));
    assert_eq!(names(&json["others"]), ["one"]);
}

#[test]
fn a_first_page_that_cannot_be_read_is_no_success() {
    let page = |kind: &str, body: &str| http("200 OK", &[format!("Content-Type: {kind}").as_str()], body);
    let server = RawServer::start([
        page("application/json", "{\"things\": [1,"),
        page("text/html", "<p>Sign in</p>"),
        page("text/csv", "id,name\n"),
        page("application/json", "{\"things\": [1,"),
    ]);
    let sandbox = Sandbox::new();
    sandbox.define("mine", &MINE.replace("https://mine.example", &server.origin()));
    sandbox.run_with_stdin(&["login", "mine", "--with-token"], "made-up").code(0);
    let walk = |more: &[&str]| sandbox.run(&[&["call", "/things", "--paginate"], more].concat());
    let said = "is not JSON, so it is not known whether more pages follow";
    walk(&[]).code(8).answers("{\"things\": [1,").says(said);
    walk(&[]).code(8).answers("<p>Sign in</p>").says(said);
    walk(&[]).code(0).answers("id,name");
    walk(&["--raw"]).code(0);
    server.stop();
}

#[test]
fn a_missing_scope_repeats_the_command_without_a_login() {
    const JOBS: &str = r#"
name = "Jobs"
grants = ["client-credentials"]
token.url = "https://{store}.jobs.example/token"
token.auth = "basic"
api.base = "https://{store}.jobs.example/api"
scope.default = ["read"]
scope.known = [{ name = "read", about = "Read" }, { name = "write", about = "Write" }]
[params.store]
prompt = "The store"
example = "demo"
[[samples]]
path = "things"
scope = "write"
body = '{"things": []}'
"#;
    let sandbox = Sandbox::new();
    sandbox.define("jobs", JOBS);
    let jobs = Emulated::inside(sandbox, "jobs", &[]);
    let client = ["--provider", "jobs", "--param", "store=my-shop"];
    let again = "oauthctl call --provider jobs --param store=my-shop --scope 'read write' GET things";
    let call = jobs.run(&[&["call", "GET", "things"], &client[..]].concat());
    call.code(10).says(&format!("`{again}`")).hides("oauthctl login");
    let again = "oauthctl scopes --provider jobs --param store=my-shop --scope 'read write' --require write";
    let scopes = jobs.run(&[&["scopes", "--require", "write"], &client[..]].concat());
    scopes.code(10).says(&format!("`{again}`")).hides("oauthctl login");
}

#[cfg(unix)]
#[test]
fn import_reads_a_pipe_and_asks_on_the_terminal() {
    use crate::support::TerminalSession;
    let sandbox = Sandbox::new();
    sandbox.run_with_stdin(&["login", "github", "--with-token"], "made-up").code(0);
    sandbox.run_with_stdin(&["export", "-o", "sealed", "--passphrase-stdin"], "a made-up passphrase").code(0);
    let mut command = sandbox.program("sh");
    let ours = env!("CARGO_BIN_EXE_oauthctl");
    command.args(["-c", &format!("cat sealed | {ours} import --profile there")]);
    let mut terminal = TerminalSession::start(command);
    terminal.shows("Passphrase (not shown): ");
    assert!(terminal.settings_changed(), "the terminal echoes");
    terminal.types("a made-up passphrase");
    let exit = terminal.finish();
    exit.code(0).hides("a made-up passphrase");
    assert!(exit.shown.contains("Imported the login `there`"), "{}", exit.shown);
}

#[test]
fn the_note_on_http_names_the_flag_and_spares_https() {
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "made-up").with("OAUTHCTL_CLIENT_SECRET", "made-up");
    let login = |uri: &str| sandbox.run(&["login", "judgeme", "--redirect-uri", uri, "--no-browser", "--timeout", "1"]);
    let flag = "`--redirect-uri https://localhost:8443/callback`";
    login("http://127.0.0.1:0/callback").code(6).says(flag);
    let https = login("https://localhost:0/callback");
    https.code(6).hides(flag).hides("accepts http");
}
