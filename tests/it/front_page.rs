//! `oauthctl` alone, and commands that list without a subcommand: never an error, whatever the environment says.

use serde_json::Value;

use crate::support::api_server::{param, target};
use crate::support::{ApiServer, Emulated, Sandbox};

#[test]
fn the_front_page_begins_with_three_commands() {
    let home = Sandbox::new();
    let page = home.run(&[]);
    page.code(0).answers("Not logged in yet").answers("oauthctl login ").answers("oauthctl demo ").answers("--help");
    assert_eq!(page.stderr(), "");
    home.run_with_stdin(&["app", "set", "judgeme", "--client-id", "made-up", "--client-secret-stdin"], "made-up")
        .code(0);
    home.run(&[]).code(0).answers("an app is registered: oauthctl login judgeme");
    let page: Value = serde_json::from_str(home.run(&["--json"]).code(0).stdout()).unwrap();
    assert_eq!(page["next"], "oauthctl login judgeme");
}

#[test]
fn no_environment_makes_an_error_of_the_front_page() {
    let home = Sandbox::new();
    for (name, value, told) in [
        ("OAUTHCTL_PROFILE", "work", ""),
        ("OAUTHCTL_STORE", "memory", ""),
        ("OAUTHCTL_STORE", "nonsense", "invalid value 'nonsense' for OAUTHCTL_STORE"),
        ("OAUTHCTL_PROFILE", "two words", "invalid value 'two words' for OAUTHCTL_PROFILE"),
        ("OAUTHCTL_EMULATOR", "nonsense", ""),
        ("OAUTHCTL_DATA_DIR", "relative", "OAUTHCTL_DATA_DIR"),
        ("OAUTHCTL_CLIENT_ID", "made-up", ""),
    ] {
        let home = home.without(name).with(name, value);
        home.run(&[]).code(0).answers(told).answers("To begin:");
        home.run(&["--json"]).code(0).answers("\"logins\"");
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let strange = std::ffi::OsStr::from_bytes(b"\xff");
        for name in ["OAUTHCTL_STORE", "OAUTHCTL_PROFILE", "OAUTHCTL_TOKEN"] {
            let output = home.command(&[]).env(name, strange).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
            assert!(String::from_utf8_lossy(&output.stdout).contains("To begin:"), "{name}: {output:?}");
        }
    }
    let emulated = Emulated::mine(&[]);
    emulated.log_in();
    let data = emulated.run(&["status", "-v"]);
    let index = find(emulated.home(), "logins.json").unwrap_or_else(|| panic!("{data}"));
    std::fs::write(index, "{").unwrap();
    emulated.run(&[]).code(0).answers("logins.json").answers("is damaged");
}

fn find(folder: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).find_map(|path| match path.is_dir() {
        true => find(&path, name),
        false => path.ends_with(name).then_some(path),
    })
}

#[test]
fn the_front_page_says_whether_each_login_works() {
    let emulated = Emulated::mine(&[]);
    emulated.log_in();
    let page = emulated.run(&[]);
    page.code(0).answers("* mine-emulator (mine)  works until ").answers(", renewed automatically");
    page.answers("next: oauthctl call GET /api/things");
    let ended = emulated.run_with_stdin(&["login", "mine", "--with-token", "--profile", "old"], "made-up");
    ended.code(0);
    let page: Value = serde_json::from_str(emulated.run(&["--json"]).code(0).stdout()).unwrap();
    let works = |n: usize| (page["logins"][n]["profile"].clone(), page["logins"][n]["works"].clone());
    assert_eq!((works(0), works(1)), (("mine-emulator".into(), true.into()), ("old".into(), Value::Null)), "{page:#}");

    let home = with_an_ended_login();
    home.run(&[]).code(0).answers("* mine  has ended; `oauthctl login mine` logs in again");
    home.run(&[]).code(0).answers("next: oauthctl login mine");
}

/// Logs in to a provider whose tokens are over at once and are not renewed.
fn with_an_ended_login() -> Sandbox {
    let server = ApiServer::start(|request| {
        let body = br#"{"access_token":"made-up","token_type":"bearer","expires_in":0}"#.to_vec();
        match target(request).starts_with("/authorize") {
            true => {
                let [uri, state] = ["redirect_uri", "state"].map(|name| param(request, name).unwrap());
                ("302 Found", vec![format!("Location: {uri}?code=made-up&state={state}")], Vec::new())
            }
            false => ("200 OK", vec!["Content-Type: application/json".to_owned()], body),
        }
    });
    let home = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "made-up").with("OAUTHCTL_CLIENT_SECRET", "made-up");
    let origin = server.origin();
    home.define("mine", &format!("authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\n"));
    home.run(&["login", "mine", "--port", "0", "--browser", &home.browser()]).code(0);
    home
}

#[test]
fn app_and_providers_alone_list() {
    let home = Sandbox::new().with("OAUTHCTL_PROFILE", "work").with("OAUTHCTL_CLIENT_ID", "made-up");
    for command in ["app", "providers"] {
        assert_eq!(home.run(&[command]).code(0).stdout(), home.run(&[command, "list"]).code(0).stdout());
    }
    home.run(&["app", "list", "nope"]).code(3).says("no provider is called `nope`");
    home.run(&["app", "list", "judgeme"]).code(0).answers("No clients of `judgeme`. `oauthctl app set judgeme`");
}

#[test]
fn a_usage_line_has_no_flag_that_was_not_typed() {
    let home = Sandbox::new().with("OAUTHCTL_PROFILE", "work").with("OAUTHCTL_CLIENT_ID", "made-up");
    for args in [&["call"][..], &["app", "show"], &["app", "set", "--nope"], &["providers", "show"], &["nope"]] {
        let said = home.run(args);
        let usage =
            said.code(2).stderr().lines().find(|line| line.starts_with("Usage:")).unwrap_or_default().to_owned();
        assert!(!["--profile", "--store", "--client-id"].iter().any(|flag| usage.contains(flag)), "{args:?}: {usage}");
    }
}

#[test]
fn a_definition_without_scopes_does_not_claim_that_there_are_none() {
    let home = Sandbox::new();
    home.define("mine", "name = 'Mine'\napi.base = 'https://mine.example/api'\n");
    home.run(&["providers", "scopes", "mine"]).code(0).answers("Its definition documents no scopes.");
    home.run(&["providers", "scopes", "glu"]).code(0).answers("a token may do whatever its owner may do");
}
