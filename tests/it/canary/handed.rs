//! What is handed to other programs: in their forms, in files, through the proxy, and with fewer scopes.

use std::fs;

use serde_json::Value;
use url::Url;

use super::findings;
use crate::support::api_server::Reply;
use crate::support::canary::{Finding, Kind};
use crate::support::http;
use crate::support::leaky_provider::{KnownSecrets, LeakyProvider};
use crate::support::replies::{granted, json};

/// The folder of the files that `--write` names.
pub const WRITTEN: &str = "written";

/// A command that asks the API through the proxy, and reports the proxy's password.
const THROUGH_THE_PROXY: &str = r#"curl -s "$OAUTHCTL_API/things" >/dev/null
password=${OAUTHCTL_PROXY#http://*:}
printf %s "${password%@*}" | curl -s --noproxy '*' --data-binary @- "$CANARY_HERE/learn/proxy""#;

pub fn to_other_programs() -> Vec<Finding> {
    let at = LeakyProvider::new("token.auth = 'basic'\nrefresh.scope = 'narrows'");
    at.learn_key(&fs::read_to_string(at.sandbox.home().join("config/keys/store.key")).unwrap());
    at.answers("/token", narrows);
    at.log_in(&["-vvv", "--scope", "read write"]).code(0);
    in_each_form(&at);
    in_files(&at);
    let through = ["--proxy", "-vvv", "--", "sh", "-c", THROUGH_THE_PROXY];
    at.run(&[&["exec"], &through[..]].concat()).code(0);
    at.run_traced(&["exec", "--proxy", "--", "child"]).code(0);

    // Fewer scopes, kept and handed on.
    for args in [
        &["token", "-vvv", "--scope", "read"][..],
        &["token", "-vvv", "--scope", "read", "--json"],
        &["exec", "-vvv", "--scope", "read", "--", "child"],
        &["exec", "-vvv", "--scope", "read", "--token-file", "--", "child"],
        &[&["exec", "--scope", "read"], &through[..]].concat(),
        &["status", "-vvv"],
        &["inspect", "-vvv"],
        &["refresh", "-vvv"],
        &["refresh", "--due", "-vvv"],
    ] {
        at.run(args).code(0);
    }
    let narrow = at.run(&["token", "--scope", "read"]).code(0).stdout().trim().to_owned();
    at.run_with_stdin(&["token", "-vvv", "--scope", "read", "--rejected-from-stdin"], &narrow).code(0);
    at.run_with_stdin(&["token", "-vvv", "--rejected-from-stdin"], &at.make(Kind::AccessToken)).code(4);
    at.run(&["token", "-vvv", "--scope", "write"]).code(5);
    at.run(&["exec", "-vvv", "--scope", "write", "--", "child"]).code(5);
    at.run(&["token", "-vvv", "--scope", "write", "--allow-wider"]).code(0);
    at.answers("/token", |known| {
        json(400, &serde_json::json!({"error": "invalid_scope", "error_description": known.repeated(0)}))
    });
    at.run(&["token", "-vvv", "--scope", "write", "--min-validity", "10h"]);
    at.answers("/token", narrows);
    brought_along(&at);
    two_pending_logins(&at);
    at.run(&["logout", "-vvv"]).code(0);
    findings(&at)
}

/// The server knows one narrower token, and gives a wide one in place of others.
fn narrows(known: &KnownSecrets) -> Reply {
    let mut reply = granted(known);
    reply["scope"] = if known.request.ends_with("&scope=read") { "read" } else { "read write" }.into();
    json(200, &reply)
}

fn in_each_form(at: &LeakyProvider) {
    for format in ["exec-credential", "mcp-headers", "dotenv", "http-client"] {
        at.run(&["token", "-vvv", "--format", format]).code(0);
    }
    at.run(&["token", "-vvv", "--format", "google-executable"]).code(0);
    at.run(&["token", "-vvv", "--format", "aws-process"]).code(2);
    let here = at.sandbox.variable("CANARY_HERE");
    let host = here.split_once("://").unwrap().1;
    for (host, format, code) in [(host, "git", 0), ("evil.example", "git", 0), (host, "docker", 5)] {
        let asked = if format == "git" { format!("protocol=http\nhost={host}\n\n") } else { "evil.example".to_owned() };
        at.run_with_stdin(&["token", "mine", "-vvv", "--format", format, "get"], &asked).code(code);
    }
}

/// The token is in the file that is named, and in nothing beside it.
fn in_files(at: &LeakyProvider) {
    let folder = at.sandbox.home().join(WRITTEN);
    fs::create_dir(&folder).unwrap();
    let write = |name: &str, format: &str| {
        let file = format!("{WRITTEN}/{name}");
        at.run(&["token", "-vvv", "--format", format, "--write", &file])
    };
    fs::write(folder.join(".env"), "A=1\n").unwrap();
    for (name, format) in [("token", "plain"), (".env", "dotenv"), ("client.json", "http-client")] {
        write(name, format).code(0);
    }
    // What cannot be written to keeps what it has, and gets nothing.
    fs::write(folder.join("broken.json"), "[").unwrap();
    write("broken.json", "http-client").code(2);
    std::os::unix::fs::symlink(folder.join("elsewhere"), folder.join("link")).unwrap();
    write("link", "plain").code(2);
    write("no/folder", "plain").code(2);
    let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".env", "broken.json", "client.json", "link", "token"]);
}

/// Tokens that a person has: in a reply, alone, and in the files of other programs, whole and broken.
fn brought_along(at: &LeakyProvider) {
    let (access, refresh) = (at.make(Kind::AccessToken), at.make(Kind::RefreshToken));
    let reply = serde_json::json!({"access_token": access, "refresh_token": refresh, "expires_in": 3600}).to_string();
    let dotenv = format!("MINE_ACCESS_TOKEN={access}\nMINE_REFRESH_TOKEN='{refresh}'\n");
    let login = ["login", "mine", "-vvv", "--with-token", "--profile", "brought"];
    let alone = [&login[..], &["--refresh-token-stdin"]].concat();
    let import = ["import", "-", "-vvv", "--provider", "mine", "--profile", "imported", "--replace"];
    for (args, text, code) in [
        (&login[..], reply.clone(), 0),
        (&login, reply[..reply.len() - 1].to_owned(), 2),
        (&alone, format!("{access}\n{refresh}\n"), 0),
        (&alone, at.make(Kind::RefreshToken), 0),
        (&import, dotenv.clone(), 0),
        (&import, format!("{dotenv}OTHER_ACCESS_TOKEN={access}\n"), 2),
        (&import, format!("MINE_TOKEN=\"${{{access}}}\"\n"), 2),
        (&import, format!("code.example:\n    oauth_token: {access}\n"), 2),
        (&import, reply, 0),
    ] {
        at.run_with_stdin(args, &text).code(code);
    }
    at.run(&["status", "-vvv"]).code(0);
    at.run(&["logout", "-vvv", "--profiles", "brought,imported"]).code(0);
}

/// Two logins that wait, of which the first is finished last, after a word that was not for it.
fn two_pending_logins(at: &LeakyProvider) {
    let start = || {
        let started = at.run(&["login", "--provider", "mine", "--port", "0", "--start", "--json", "-vvv"]);
        let started: Value = serde_json::from_str(started.code(0).stdout()).unwrap();
        let address = Url::parse(started["authorize_url"].as_str().unwrap()).unwrap();
        let state = address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        at.learn(Kind::State, &state);
        address
    };
    let (first, second) = (start(), start());
    at.run(&["status", "-vvv"]).code(0);
    let second = http::location(&http::get(&second));
    at.run_with_stdin(&["login", "--finish", "-", "-vvv"], second.as_str()).code(0);
    at.run_with_stdin(&["login", "--finish", "-", "-vvv"], &at.make(Kind::Code));
    let first = http::location(&http::get(&first));
    at.run_with_stdin(&["login", "--finish", "-", "-vvv"], first.as_str()).code(0);
    // One that nobody finishes is in the store, sealed.
    start();
}
