//! All commands, as they go well.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use serde_json::Value;
use url::Url;

use super::findings;
use crate::support::canary::{Channel, Finding, Kind, made_up};
use crate::support::leaky_provider::LeakyProvider;
use crate::support::replies::{granted, json};
use crate::support::{TerminalSession, http};

/// With the file that holds the key, each command in each manner of speaking.
pub fn with_a_key_file() -> Vec<Finding> {
    let at = LeakyProvider::new("token.auth = 'basic'");
    at.learn_key(&fs::read_to_string(at.sandbox.home().join("config/keys/store.key")).unwrap());
    let passphrase = at.make(Kind::Passphrase);
    let github = at.sandbox.home().join("github-env");
    let page = at.sandbox.home().join("reply.json");
    let (har, script) = (at.sandbox.home().join("trace.har"), at.sandbox.home().join("trace.sh"));
    let (har, script) = (har.to_str().unwrap(), script.to_str().unwrap());
    for manner in [&["-vvv"][..], &["-vvv", "--json"]] {
        let run = |args: &[&str]| at.run(&[&args[..1], manner, &args[1..]].concat());
        at.log_in(&[manner, &["--label", "Our shop", "--require-scopes", "read"]].concat()).code(0);
        for args in [
            &["token"][..],
            &["status"],
            &["status", "--check", "--expires-within", "1m"],
            &["scopes", "--probe"],
            &["call", "/api/things"],
            &["call", "/api/things", "--include", "--token-in", "header"],
            &["call", "/api/things", "--token-in", "query", "--output", page.to_str().unwrap()],
            &["call", "POST", "/api/things", "--token-in", "body", "-f", "name=value"],
            &["call", "/api/things", "--paginate"],
            &["call", "/api/things", "--curl"],
            &["call", "/api/things", "--print", "python"],
            &["inspect", "--introspect", "--userinfo", "--api"],
            &["inspect"],
            &["status", "--check", "--online"],
            &["call", "/api/things", "--print", "github-actions"],
            &["call", "/api/things", "--dry-run", "--token-in", "query"],
            &["call", "/api/things", "--show-secrets"],
            &["call", "/api/things", "--curl", "--show-secrets"],
            &["exec", "--", "child"],
            &["exec", "--token-file", "--on-renew", "USR1", "--", "child"],
            &["exec", "--proxy", "--", "child"],
            &["refresh"],
            &["refresh", "--trace", har],
            &["refresh", "--trace", script],
            &["scopes", "--probe", "--trace", har],
            &["call", "/api/things", "--trace", script],
            &["login", "--provider", "mine", "--dry-run"],
            &["explain", "--last", "1"],
            &["explain", "--last", "3", "--report"],
            &["explain", "--list"],
            &["use", "mine"],
            &["app", "show", "mine"],
            &["providers", "list"],
            &["providers", "show", "mine"],
            &["doctor", "mine", "--check-client", "--redirect-uri", "http://127.0.0.1:0/callback"],
            &["completions", "bash"],
            &["man"],
        ] {
            run(args).code(0);
        }
        at.run_with_stdin(&[&["export", "--passphrase-stdin"], manner].concat(), &passphrase).code(0);
        let mut command = at.sandbox.command(&[&["export", "--move"], manner].concat());
        command.env("OAUTHCTL_EXPORT_PASSPHRASE", &passphrase);
        let line = at.run_command(command, "");
        let mut command = at.sandbox.command(&[&["import", "--profile", "second"], manner].concat());
        command.env("OAUTHCTL_EXPORT_PASSPHRASE", &passphrase);
        at.run_command(command, line.code(0).stdout()).code(0);
        run(&["logout", "--profile", "second"]).code(0);
    }
    for args in [
        &["login", "--provider", "mine", "--port", "0", "--browser", "browser"][..],
        &["refresh"],
        &["call", "/api/things"],
        &["scopes", "--probe"],
        &["exec", "--", "child"],
        &["exec", "--token-file", "--", "child"],
        &["exec", "--proxy", "--", "child"],
    ] {
        at.run_traced(args).code(0);
    }
    let started = at.run(&["login", "--provider", "mine", "--port", "0", "--start", "--json", "-vvv"]);
    let started: Value = serde_json::from_str(started.code(0).stdout()).unwrap();
    let address = Url::parse(started["authorize_url"].as_str().unwrap()).unwrap();
    let state = address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    at.learn(Kind::State, &state);
    let ended = http::location(&http::get(&address));
    let elsewhere = format!("https://elsewhere.example/?{}", ended.query().unwrap());
    at.run_with_stdin(&["login", "--finish", "-", "-vvv"], &elsewhere).code(5);
    at.run_with_stdin(&["login", "--finish", "-", "-vvv"], ended.as_str()).code(0);
    at.run_with_stdin(&["login", "--finish", "-", "-vvv"], ended.as_str()).code(4);
    for format in ["plain", "json", "header", "env", "curl"] {
        at.run(&["token", "--format", format, "--min-validity", "1m"]).code(0);
    }
    fs::write(&github, "").unwrap();
    let mut command = at.sandbox.command(&["token", "--format", "github"]);
    command.env("GITHUB_ENV", &github);
    at.run_command(command, "").code(0);
    at.run(&["logout", "--local"]).code(0);
    at.run(&["app", "remove", "mine"]).code(0);
    findings(&at)
}

/// With all that a script may hand over in variables.
pub fn with_keys_and_tokens_in_the_environment() -> Vec<Finding> {
    let mut at = LeakyProvider::new("token.auth = 'body'\ntoken.body = 'json'");
    at.learn_key(&fs::read_to_string(at.sandbox.home().join("config/keys/store.key")).unwrap());
    at.run(&["app", "remove", "mine"]).code(0);
    fs::remove_dir_all(at.sandbox.home().join("config/keys")).unwrap();
    let key = STANDARD.encode(made_up(32));
    at.learn_key(&key);
    let (secret, token) = (at.make(Kind::ClientSecret), at.make(Kind::AccessToken));
    let variables =
        [("OAUTHCTL_STORE_KEY", &key), ("OAUTHCTL_CLIENT_SECRET", &secret), ("OAUTHCTL_CLIENT_ID", &"mine".to_owned())];
    for (name, value) in variables {
        at.sandbox = at.sandbox.without("").with(name, value);
    }
    at.log_in(&["-vvv"]).code(0);
    for args in [
        &["token"][..],
        &["refresh", "-vvv"],
        &["call", "-vvv", "/api/things"],
        &["scopes", "-v"],
        &["exec", "--", "child"],
    ] {
        at.run(args).code(0);
    }
    for args in [
        &["token"][..],
        &["call", "-vvv", "/api/things"],
        &["exec", "--", "child"],
        &["status", "-vvv"],
        &["scopes", "-vvv", "--probe"],
    ] {
        let mut command =
            at.sandbox.command(&[args[..1].to_vec(), vec!["--profile", "mine"], args[1..].to_vec()].concat());
        command.env("OAUTHCTL_TOKEN", &token);
        at.run_command(command, "").code(0);
    }
    at.run(&["logout", "-vvv"]).code(0);
    findings(&at)
}

/// A store that another program keeps, a pasted address, an implicit grant, and the emulator.
pub fn with_a_helper_a_paste_and_an_emulator() -> Vec<Finding> {
    let mut at = LeakyProvider::new("grants = ['authorization-code', 'implicit']");
    at.learn_key(&fs::read_to_string(at.sandbox.home().join("config/keys/store.key")).unwrap());

    let mut terminal = TerminalSession::start(at.sandbox.command(&[
        "login",
        "-vvv",
        "--provider",
        "mine",
        "--port",
        "0",
        "--no-browser",
    ]));
    terminal.shows("Which scopes?");
    terminal.types("");
    let url = terminal.authorize_url();
    let address = crate::support::http::location(&crate::support::http::get(&url));
    terminal.types(address.as_str());
    let exit = terminal.finish();
    // What is on a terminal: the person's own paste is not to be shown by us.
    at.observer.see(Channel::Stderr, "login", "terminal", exit.code(0).shown.as_bytes());

    at.log_in_by_hand(&["--grant", "implicit", "-vvv"], |pending| at.consent(pending)).code(0);
    at.run(&["status", "-vvv"]).code(0);
    at.run(&["logout"]).code(0);

    at.sandbox = at.sandbox.without("").with("OAUTHCTL_STORE", "helper:canary");
    at.run_traced(&["login", "--provider", "mine", "--port", "0", "--browser", "browser"]).code(0);
    // The key of the journal stands in the record while a refresh is under way.
    let record = at.kept().join("mine");
    let (sender, keys) = std::sync::mpsc::channel();
    at.answers("/token", move |known| {
        let kept = fs::read_to_string(&record).unwrap();
        let (_, rest) = kept.split_once(r#"journal_key\":\""#).expect("an intent stands in the record");
        sender.send(rest[..44].to_owned()).unwrap();
        json(200, &granted(known))
    });
    at.run(&["refresh", "-vvv"]).code(0);
    at.learn_key(&keys.recv().unwrap());
    at.behave();
    for args in
        [&["token"][..], &["call", "-vvv", "/api/things"], &["exec", "--", "child"], &["status", "-v"], &["logout"]]
    {
        at.run(args).code(0);
    }

    let script = "printf %s \"$OAUTHCTL_CLIENT_SECRET\" | curl -s --data-binary @- \"$CANARY_HERE/learn/client_secret\"
        oauthctl login -vvv --port 0 --browser browser && oauthctl refresh -vvv && oauthctl call -vvv /api/things &&
        oauthctl token | curl -s --data-binary @- \"$CANARY_HERE/learn/access_token\"
        oauthctl exec -- child && oauthctl logout";
    at.sandbox = at.sandbox.without("").with("OAUTHCTL_STORE", "file");
    at.run(&["emulate", "mine", "--approve", "-vvv", "--", "sh", "-c", script]).code(0);
    demo(&at);
    findings(&at)
}

/// Both ends of the demo are in one process. What goes between them is read off its system calls.
fn demo(at: &LeakyProvider) {
    let trace = at.kept().join("trace");
    let args = ["demo", "--provider", "mine", "-vvv"];
    let mut command = at.sandbox.program("strace");
    command
        .args(["-f", "-qq", "-s", "65536", "-e", "trace=%network,write,writev", "-e", "signal=none", "-o"])
        .arg(&trace);
    command.arg(env!("CARGO_BIN_EXE_oauthctl")).args(args);
    at.run_command(command, "").code(0);
    let trace = fs::read_to_string(trace).unwrap();
    for (name, kind) in [
        ("state=", Kind::State),
        ("code=", Kind::Code),
        ("code_verifier=", Kind::Verifier),
        ("client_secret=", Kind::ClientSecret),
        (r#"access_token\":\""#, Kind::AccessToken),
    ] {
        let values = trace
            .split(name)
            .skip(1)
            .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').next());
        let values: Vec<&str> = values.flatten().filter(|value| value.len() >= 12).collect();
        assert!(!values.is_empty(), "no {name} went over the wire");
        values.into_iter().for_each(|value| at.learn(kind, value));
    }
}
