//! A login in scripts and in CI: the token in the form that the next program reads, and exit codes to act on.

use std::fs;
use std::process::{Command, Stdio};

#[cfg(unix)]
use crate::support::Output;
use crate::support::lacks;
use crate::support::raw_server::{RawServer, http};
use crate::support::{PendingLogin, Sandbox};

const TOKEN: &str = "canary'of\"the%token";

fn with_login() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run_with_stdin(&["login", "--provider", "judgeme", "--with-token"], TOKEN).code(0);
    sandbox
}

/// A login whose token ends in this many seconds, with or without a refresh token.
fn with_ending(seconds: u64, refresh: &str) -> Sandbox {
    let body = format!(r#"{{"access_token":"ending","expires_in":{seconds}{refresh}}}"#);
    let server = RawServer::start([http("200 OK", &["Content-Type: application/json"], body)]);
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", "made-up");
    let origin = server.origin();
    let definition = format!(
        "authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\ntoken.auth = 'body'\napi.base = '{origin}'"
    );
    sandbox.define("mine", &definition);
    let login = ["login", "--provider", "mine", "--port", "0", "--no-browser"];
    let login = PendingLogin::start(sandbox.command(&login));
    login.come_back(&[("code", "code")]);
    login.finish().code(0);
    sandbox
}

#[test]
fn each_form_is_what_its_reader_reads() {
    let sandbox = with_login();
    let form = |form: &str| sandbox.run(&["token", "--format", form]).code(0).stdout().to_owned();
    assert_eq!(form("plain"), format!("{TOKEN}\n"));
    let json: serde_json::Value = serde_json::from_str(&form("json")).unwrap();
    assert_eq!(json["access_token"], TOKEN);
    assert_eq!(sandbox.run(&["token", "--json"]).code(0).stdout(), form("json"));
    assert_eq!(form("header"), format!("{}{TOKEN}\n", header_start(&sandbox)));

    let script = "eval \"$1\" && test \"$OAUTHCTL_TOKEN\" = \"$2\"";
    let shell = Command::new("sh").args(["-c", script, "sh", &form("env"), TOKEN]).status().unwrap();
    assert!(shell.success(), "{}", form("env"));
    assert!(sandbox.run(&["token", "--format", "env", "--env", "MINE"]).stdout().starts_with("export MINE="));
    sandbox.run(&["token", "--format", "env", "--env", "A=B;"]).code(2);
}

/// What stands before the token, as the definition has it.
fn header_start(sandbox: &Sandbox) -> &'static str {
    let shown = sandbox.run(&["providers", "show", "judgeme"]);
    if shown.code(0).stdout().contains("X-Api-Token") { "X-Api-Token: " } else { "Authorization: Bearer " }
}

#[test]
fn curl_reads_its_form_and_sends_the_token() {
    let server = RawServer::start([http("200 OK", &[], "ok")]);
    let sandbox = with_login();
    let config = sandbox.run(&["token", "--format", "curl"]);
    let mut curl = lacks::program("curl");
    curl.args(["-sS", "-K", "-", &server.origin()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut curl = curl.spawn().unwrap();
    std::io::Write::write_all(&mut curl.stdin.take().unwrap(), config.code(0).stdout().as_bytes()).unwrap();
    assert_eq!(curl.wait_with_output().unwrap().stdout, b"ok");
    let requests = server.stop();
    assert!(requests[0].contains(&format!("{}{TOKEN}\r\n", header_start(&sandbox))), "{requests:?}");
}

#[test]
fn the_github_form_masks_first_and_then_sets_the_variable() {
    let sandbox = with_login();
    let explained = sandbox.run(&["token", "--format", "github"]);
    explained.code(2).says("GITHUB_ENV is not set").says("oauthctl exec").hides(TOKEN);
    let file = sandbox.home().join("github-env");
    let sandbox = sandbox.with("GITHUB_ENV", file.to_str().unwrap());
    sandbox.run(&["token", "--format", "github"]).code(2).says("cannot be written").hides(TOKEN);

    fs::write(&file, "BEFORE=1\n").unwrap();
    let masked = TOKEN.replace('%', "%25");
    assert_eq!(sandbox.run(&["token", "--format", "github"]).code(0).stdout(), format!("::add-mask::{masked}\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("BEFORE=1\nOAUTHCTL_TOKEN={TOKEN}\n"));
}

#[cfg(unix)]
#[test]
fn exec_hands_the_token_to_the_command_and_to_nothing_else() {
    let sandbox = with_login();
    let sandbox = sandbox.with("OAUTHCTL_CLIENT_SECRET", "canary-1").with("OAUTHCTL_EXPORT_PASSPHRASE", "canary-2");
    let printed = sandbox.run(&["exec", "--", "sh", "-c", "printf '%s|%s' \"$OAUTHCTL_TOKEN\" \"$OAUTHCTL_PROFILE\""]);
    assert_eq!(printed.code(0).stdout(), format!("{TOKEN}|judgeme"));
    let printed = sandbox.run(&["exec", "--env", "MINE", "--", "env"]);
    assert!(printed.code(0).stdout().contains(&format!("MINE={TOKEN}\n")), "{printed}");
    assert!(!printed.stdout().contains("OAUTHCTL_TOKEN="), "{printed}");
    printed.hides("canary-1").hides("canary-2");
    sandbox.run(&["exec", "--", "sh", "-c", "exit 77"]).code(77);
    sandbox.run(&["exec", "--", "no-such-command"]).code(2).says("`no-such-command` could not be started");
    Sandbox::new().run(&["exec", "--", "touch", "never"]).code(4);
}

/// The process becomes the command, so a signal to it is one to the command.
#[cfg(unix)]
#[test]
fn exec_passes_signals_on() {
    use std::io::{BufRead, BufReader};
    let sandbox = with_login();
    let script = "trap 'exit 42' TERM; echo $$; read -r line; exit 1";
    let mut command = sandbox.command(&["exec", "--", "sh", "-c", script]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready.trim(), child.id().to_string());
    // SAFETY: `kill` takes two numbers; the process is our child and not waited for yet.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGTERM) }, 0);
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(42));
}

/// In a command that `exec` runs, `oauthctl` has the token that the command has.
#[cfg(unix)]
#[test]
fn oauthctl_within_exec_uses_the_same_token() {
    let sandbox = with_login();
    let inner = sandbox.run(&["exec", "--", env!("CARGO_BIN_EXE_oauthctl"), "token"]);
    assert_eq!(inner.code(0).stdout(), format!("{TOKEN}\n"));
    let inner = sandbox.run(&["exec", "--", env!("CARGO_BIN_EXE_oauthctl"), "status", "--json"]);
    assert!(inner.code(0).stdout().contains("\"store\": \"env\""), "{inner}");
}

#[test]
fn check_says_whether_a_person_is_needed() {
    Sandbox::new().run(&["status", "--check"]).code(4);
    let sandbox = with_login();
    sandbox.run(&["status", "--check"]).code(0);
    sandbox.run(&["status", "--check", "--json"]).code(0);
    sandbox.run(&["status", "--check", "--profile", "other"]).code(4).says("no login called `other`");
}

#[test]
fn a_login_that_ends_soon_is_found_in_time() {
    let sandbox = with_ending(3600, "");
    sandbox.run(&["status", "--check"]).code(0);
    sandbox.run(&["status", "--expires-within", "30m"]).code(0);
    let ends = sandbox.run(&["status", "--expires-within", "7d"]);
    ends.code(4).says("`mine` does not last").says("`oauthctl login mine`");
    assert!(ends.stdout().contains("mine"), "the list is printed all the same: {ends}");
    let json = sandbox.run(&["token", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(json.code(0).stdout()).unwrap();
    assert!(json["expires_at"].as_i64().is_some(), "{json}");
}

#[test]
fn a_login_that_renews_itself_needs_nobody() {
    let sandbox = with_ending(3600, r#","refresh_token":"made-up""#);
    sandbox.run(&["status", "--expires-within", "7d"]).code(0);
    let status = sandbox.run(&["status", "--json"]);
    assert!(status.code(0).stdout().contains("\"refreshable\": true"), "{status}");
}

/// A browser that notes that it was asked for.
#[cfg(unix)]
#[test]
fn status_never_opens_a_browser() {
    let sandbox = with_ending(0, "");
    let path = sandbox.home().join("bin");
    fs::create_dir(&path).unwrap();
    for name in ["xdg-open", "gio", "gnome-open", "kde-open", "wslview"] {
        std::os::unix::fs::symlink("/bin/mkdir", path.join(name)).unwrap();
    }
    for args in [&["status"][..], &["status", "--check"], &["status", "--expires-within", "1d"]] {
        let mut command = sandbox.command(args);
        let output = Output::new(args.join(" "), command.env("PATH", &path).env("BROWSER", "mkdir").output().unwrap());
        output.code(if args.len() == 1 { 0 } else { 4 });
    }
    assert!(!fs::read_dir(sandbox.home()).unwrap().any(|entry| entry.unwrap().path().ends_with("http")));
}
