//! `--trace`: a HAR file that viewers open, and a script of curl commands that does the same exchange.

use std::fs;
use std::path::Path;

use serde_json::Value;

#[cfg(unix)]
use crate::support::lacks::needs;
#[cfg(unix)]
use crate::support::raw_server::{RawServer, reset};
use crate::support::{Emulated, Sandbox};

/// A server whose clients authenticate in the header, with device codes and a grant without a person.
const ALL: &str = r#"
name = "Mine"
grants = ["authorization-code", "client-credentials"]
authorize.url = "https://mine.example/authorize"
token.url = "https://mine.example/token"
token.auth = "basic"
revoke.url = "https://mine.example/revoke"
api.base = "https://mine.example/api"
scope.default = ["read"]

[[samples]]
path = "/api/things"
body = '{"things": []}'
"#;

/// Validates a file against the schema of HAR 1.2.
fn validated(path: &Path) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/har-1.2");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "json") {
            let name = file.file_name().unwrap().to_str().unwrap();
            let mut schema: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            schema["$id"] = format!("https://har.example/{name}").into();
            compiler.add_resource(&format!("https://har.example/{name}"), schema).unwrap();
        }
    }
    compiler.enable_format_assertions();
    let schema = compiler.compile("https://har.example/har.json", &mut schemas).unwrap();
    let har: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    if let Err(error) = schemas.validate(&har, schema) {
        panic!("{}: {error}", path.display());
    }
    har
}

fn urls(har: &Value) -> Vec<String> {
    let entries = har["log"]["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["request"]["url"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_har_file_has_every_leg_and_no_secret() {
    let mine = Emulated::defined(ALL, &["--token-lifetime", "1h"]);
    let trace = mine.home().join("login.har");
    let file = trace.to_str().unwrap();
    mine.run(&["login", "--port", "0", "--browser", &mine.browser(), "--trace", file]).code(0);
    let har = validated(&trace);
    let urls = urls(&har);
    assert_eq!(urls.len(), 3, "{urls:?}");
    assert!(urls[0].contains("/authorize?") && urls[1].contains("/callback?") && urls[2].ends_with("/token"));
    let text = fs::read_to_string(&trace).unwrap();
    let token = mine.run(&["token"]).stdout().trim().to_owned();
    for secret in [&mine.variable("OAUTHCTL_CLIENT_SECRET"), &token] {
        assert!(!text.contains(secret.as_str()), "{text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&trace).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // The next one may have the same name.
    for args in [&["refresh"][..], &["scopes"], &["call", "/api/nothing"], &["call", "/api/things"]] {
        mine.run(&[args, &["--trace", file]].concat());
        validated(&trace);
    }
    mine.run(&["refresh", "--trace", file, "--show-secrets"]).code(0);
    let shown = fs::read_to_string(&trace).unwrap();
    assert!(shown.contains(mine.run(&["token"]).stdout().trim()), "{shown}");
    validated(&trace);
}

#[test]
fn a_failure_and_a_broken_reply_are_valid_too() {
    for fault in ["html", "server-error", "empty", "error-in-ok"] {
        let mine = Emulated::mine(&["--fault", fault]);
        let trace = mine.home().join("login.har");
        let login = ["login", "--port", "0", "--browser", &mine.browser(), "--trace", trace.to_str().unwrap()];
        assert_ne!(mine.run(&login).exit_code(), Some(0), "{fault}");
        validated(&trace);
    }
}

#[test]
fn a_file_that_is_not_a_trace_is_not_replaced() {
    let mine = Emulated::mine(&[]);
    let path = mine.home().join("mine.har");
    fs::write(&path, "{\"log\":{}}").unwrap();
    mine.run(&["refresh", "--trace", path.to_str().unwrap()]).code(2).says("is not a trace");
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"log\":{}}");
    mine.run(&["refresh", "--trace", "trace.txt"]).code(2).says("neither `.har` nor `.sh`");
    let nowhere = mine.home().join("none/x.har");
    mine.run(&["refresh", "--trace", nowhere.to_str().unwrap()]).code(1).says("cannot be written");
}

/// Runs a script with these variables, and returns what curl printed.
#[cfg(unix)]
fn run(sandbox: &Sandbox, script: &Path, variables: &[(&str, &str)]) -> String {
    needs(&["curl"]);
    let mut command = sandbox.program("sh");
    let output = command.arg(script).envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{}", fs::read_to_string(script).unwrap());
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(unix)]
#[test]
fn the_script_does_the_same_exchange() {
    for body in ["", "token.body = 'json'\n", "token.auth = 'body'\n"] {
        let definition = format!(
            "{body}{}",
            if body.contains("auth") { ALL.replace("token.auth = \"basic\"\n", "") } else { ALL.to_owned() }
        );
        let mine = Emulated::defined(&definition, &["--token-lifetime", "1h"]);
        let (script, secret) = (mine.home().join("trace.sh"), mine.variable("OAUTHCTL_CLIENT_SECRET"));
        let file = script.to_str().unwrap();
        mine.run(&["login", "--grant", "client-credentials", "--trace", file]).code(0);
        let said = run(&mine, &script, &[("CLIENT_SECRET", &secret)]);
        assert!(said.contains("access_token"), "{body}{said}");
        // A refresh spends a token that the trace does not have.
        mine.run(&["login", "--grant", "authorization-code", "--port", "0", "--browser", &mine.browser()]).code(0);
        mine.run(&["call", "/api/things", "--trace", file]).code(0);
        let token = mine.run(&["token"]).stdout().trim().to_owned();
        let said = run(&mine, &script, &[("ACCESS_TOKEN", &token)]);
        assert!(said.contains(r#"{"things":[]}"#), "{said}");
        // A value that a shell or curl could take for more.
        let said = run(&mine, &script, &[("ACCESS_TOKEN", "a\"\\ $(x) `y`")]);
        assert!(said.contains("error"), "{said}");
    }
}

/// The code of a login is spent by the login itself, unless its token request never arrives.
#[cfg(unix)]
#[test]
fn the_script_exchanges_a_code_that_nobody_has_used() {
    let mine = Emulated::defined(ALL, &["--token-lifetime", "1h"]);
    let (origin, secret) = (mine.variable("OAUTHCTL_EMULATOR"), mine.variable("OAUTHCTL_CLIENT_SECRET"));
    let (_, origin) = origin.split_once('=').unwrap();
    let lost = RawServer::start([reset()]);
    let sandbox = Sandbox::new()
        .with("OAUTHCTL_CLIENT_ID", &mine.variable("OAUTHCTL_CLIENT_ID"))
        .with("OAUTHCTL_CLIENT_SECRET", &secret);
    let (token, elsewhere) = (format!("{}/token", lost.origin()), format!("{origin}/token"));
    let definition = ALL.replace("https://mine.example/token", &token).replace("https://mine.example", origin);
    sandbox.define("mine", &definition);
    let script = sandbox.home().join("trace.sh");
    let trace = script.to_str().unwrap();
    let login = ["login", "mine", "--port", "0", "--browser", &mine.browser(), "--trace", trace];
    sandbox.run(&login).code(8);
    // It is the same but for the place where it arrives.
    let text = fs::read_to_string(&script).unwrap();
    assert!(text.contains(&token), "{text}");
    fs::write(&script, text.replace(&token, &elsewhere)).unwrap();
    let sent = lost.stop().pop().unwrap();
    let (_, form) = sent.split_once("\r\n\r\n").unwrap();
    let value = |name: &str| {
        let (_, value) = url::form_urlencoded::parse(form.as_bytes()).find(|(key, _)| key == name).unwrap();
        value.into_owned()
    };
    let (code, verifier) = (value("code"), value("code_verifier"));
    assert!(!text.contains(&code) && !text.contains(&verifier) && !text.contains(&secret), "{text}");
    let with = |verifier: &str| {
        run(&mine, &script, &[("CLIENT_SECRET", &secret), ("CODE", &code), ("CODE_VERIFIER", verifier)])
    };
    let said = with(&verifier);
    assert!(said.contains("access_token") && said.contains("\"expires_in\":3600"), "{said}");
    // Twice is refused for what it is, and not for how it was sent.
    let said = with(&verifier);
    assert!(said.contains("invalid_grant") && !said.contains("invalid_client"), "{said}");
}
