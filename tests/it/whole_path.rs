//! The main job, end to end, on real parts: listener, browser (curl), exchange, store, call, scopes, logout.

use std::process::Command;

use crate::support::emulated::MINE;
use crate::support::lacks;
use crate::support::{Emulated, Output, PendingLogin, Sandbox, http};

/// What a person types after an emulator is up; `$BROWSER_CMD` plays the browser. Without its folder, everything is stored
/// as a real login is.
const ROUND: &str = r#"
set -e
unset OAUTHCTL_EMULATOR_DIR
oauthctl login judgeme --scope read_products --port 0 --browser "$BROWSER_CMD"
oauthctl call GET /api/v1/products > products.json
oauthctl token > token.txt
oauthctl status
oauthctl scopes > scopes.txt
"#;

#[test]
fn a_login_lives_in_the_os_keychain_where_secret_tool_finds_it() {
    let sandbox = Sandbox::new().with("OAUTHCTL_STORE", "keychain");
    let script = format!(
        "printf made-up-password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1\n\
         {ROUND}\n\
         secret-tool lookup service oauthctl username judgeme-emulator > record.json\n\
         oauthctl logout\n\
         if secret-tool lookup service oauthctl username judgeme-emulator; then exit 9; fi"
    );
    let output = emulate_under_a_bus(&sandbox, &script);
    output.code(0).answers("✓ Logged in to Judge.me as `judgeme-emulator`").answers("kept in  the OS keychain");
    let read = |name: &str| std::fs::read_to_string(sandbox.home().join(name)).unwrap();
    let token = read("token.txt");
    assert!(token.ends_with('\n') && token.trim().len() == 64, "{token:?}");
    assert!(read("record.json").contains(&format!("\"access_token\":\"{}\"", token.trim())));
    assert!(read("products.json").contains("\"title\":\"Blue Mug\""));
    output.hides(token.trim());
}

#[test]
fn a_registration_lives_in_the_os_keychain_too() {
    let sandbox = Sandbox::new().with("OAUTHCTL_STORE", "keychain");
    let script = "printf made-up-password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1\n\
         unset OAUTHCTL_EMULATOR_DIR OAUTHCTL_CLIENT_ID OAUTHCTL_CLIENT_SECRET\n\
         printf 'canary-secret\\n' | oauthctl app set judgeme --client-id made-up-id --client-secret-stdin\n\
         secret-tool lookup service oauthctl username app/judgeme > record.json\n\
         oauthctl app show judgeme";
    let output = emulate_under_a_bus(&sandbox, script);
    output.code(0).answers("made-up-id").hides("canary-secret");
    let record = std::fs::read_to_string(sandbox.home().join("record.json")).unwrap();
    assert!(record.contains("\"client_secret\":\"canary-secret\""));
}

#[test]
fn the_same_round_on_a_sealed_file() {
    let sandbox = Sandbox::new();
    let output = emulate(&sandbox, ROUND);
    output.code(0).answers("the encrypted store in");
    let token = std::fs::read_to_string(sandbox.home().join("token.txt")).unwrap();
    output.hides(token.trim());
    // Nothing below the home has the token in clear but what the script itself wrote.
    for file in files_below(sandbox.home()) {
        if !file.ends_with("token.txt") {
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            assert!(!text.contains(token.trim()), "{}", file.display());
        }
    }
    let scopes = std::fs::read_to_string(sandbox.home().join("scopes.txt")).unwrap();
    let row = |scope: &str| {
        scopes.lines().find(|line| line.starts_with(scope)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(row("read_products")[1..3], ["yes", "yes"]);
    assert_eq!(row("public")[1..3], ["–", "yes"]);
    assert_eq!(row("read_reviews")[1..3], ["no", "no"]);
}

#[test]
fn the_browser_is_told_after_the_token_is_stored() {
    let judgeme = Emulated::start(&["--approve"]);
    let login = judgeme.run(&["login", "--port", "0", "--browser", &judgeme.browser()]);
    login.code(0);
    let page = std::fs::read_to_string(judgeme.page()).unwrap();
    assert!(page.contains("You are logged in") && !page.contains("code="), "{page}");
}

#[test]
fn a_store_failure_after_the_consent_is_shown_in_the_browser() {
    let judgeme = Emulated::start(&["--approve"]);
    let login = PendingLogin::start(judgeme.command(&["login", "--port", "0", "--no-browser"]));
    // It could be written when the login began.
    let store = judgeme.home().join(".local/share/oauthctl/store/login");
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::write(&store, "in the way").unwrap();
    let page = http::follow(&login.authorize_url);
    assert!(page.contains("The login did not work") && page.contains("Nothing was stored"), "{page}");
    login.finish().code(7).says("could not log in to `judgeme`");
}

#[test]
fn every_documented_place_for_the_token_works() {
    let judgeme = Emulated::start(&["--approve"]);
    judgeme.run(&["login", "--scope", "read_products", "--port", "0", "--browser", &judgeme.browser()]).code(0);
    for place in ["header", "bearer", "body", "query"] {
        let call = judgeme.run(&["call", "GET", "/api/v1/products", "--token-in", place]);
        call.code(0);
        assert!(call.stdout().contains("Blue Mug"), "{place}");
    }
}

#[test]
fn a_missing_scope_is_distinguished_from_other_refusals() {
    let judgeme = Emulated::start(&["--approve"]);
    judgeme.run(&["login", "--scope", "read_products", "--port", "0", "--browser", &judgeme.browser()]).code(0);
    let denied = judgeme.run(&["call", "GET", "/api/v1/reviews"]);
    denied
        .code(10)
        .says("login judgeme --profile judgeme-emulator --scope 'read_products read_reviews'")
        .says("read_reviews");
    assert!(denied.stdout().contains("You don't have access to the resource"));
    judgeme.run(&["call", "GET", "/api/v1/nothing"]).code(9);
}

#[test]
fn a_token_that_one_already_has_can_be_kept_and_used() {
    let judgeme = Emulated::start(&["--approve"]);
    judgeme.run(&["login", "--scope", "read_products", "--port", "0", "--browser", &judgeme.browser()]).code(0);
    let token = judgeme.run(&["token"]);
    let kept = judgeme.run_with_stdin(&["login", "--with-token", "--profile", "brought-along"], token.stdout());
    kept.code(0).answers("brought-along").hides(token.stdout().trim());
    judgeme.run(&["call", "/api/v1/products", "--profile", "brought-along"]).code(0);
    judgeme.run_with_stdin(&["login", "--with-token"], "two\nlines").code(2);
}

#[test]
fn a_login_belongs_to_its_servers_and_is_used_nowhere_else() {
    let sandbox = Sandbox::new();
    emulate(&sandbox, ROUND).code(0);
    let call = sandbox.run(&["call", "GET", "/api/v1/products", "--profile", "judgeme-emulator"]);
    call.code(3).says("was made at an emulator at http://127.0.0.1:").says(", which is gone").says("nothing was sent");
    call.says("`oauthctl logout judgeme-emulator` deletes it")
        .says("oauthctl login judgeme --profile judgeme-emulator");
    let status = sandbox.run(&["status"]);
    status.code(0).answers("judgeme (emulated)");
    sandbox.run(&["logout"]).code(0).says("came from an emulator");
}

#[test]
fn a_registered_client_is_used_at_its_own_servers_only() {
    let sandbox = Sandbox::new();
    sandbox.define("mine", MINE);
    let app = ["app", "set", "mine", "--client-id", "ID", "--client-secret-stdin"];
    sandbox.run_with_stdin(&app, "made-up-secret").code(0);
    let login = ["login", "--provider", "mine", "--port", "0", "--no-browser", "--timeout", "1"];
    sandbox.run(&login).code(6);
    sandbox.define("mine", &MINE.replace("https://mine.example/token", "https://elsewhere.example/token"));
    sandbox
        .run(&login)
        .code(3)
        .says("https://elsewhere.example")
        .says("`oauthctl app set mine` to record the new ones");
}

#[test]
fn a_command_under_the_emulator_keeps_its_streams_and_exit_code() {
    let sandbox = Sandbox::new();
    let output = sandbox.run_with_stdin(&["emulate", "judgeme", "--", "sh", "-c", "cat; exit 7"], "through\n");
    output.code(7);
    assert_eq!(output.stdout(), "through\n");
    sandbox
        .run(&["emulate", "judgeme", "--", "no-such-program"])
        .code(2)
        .says("`no-such-program` could not be started");
}

#[test]
fn the_demo_does_everything_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let demo = Command::new(env!("CARGO_BIN_EXE_oauthctl"))
        .args(["demo"])
        .env_clear()
        .env("HOME", sandbox.home())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(demo.stdout).unwrap();
    assert!(demo.status.success(), "{said}");
    for step in ["emulator", "store", "listener", "login", "token", "call", "scopes", "logout"] {
        assert!(said.contains(&format!("✓ {step}")), "{step}: {said}");
    }
    assert_eq!(files_below(sandbox.home()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn the_current_login_is_the_last_one_or_the_one_that_was_named() {
    let judgeme = Emulated::start(&["--approve"]);
    let browser = judgeme.browser();
    for profile in ["first", "second"] {
        judgeme.run(&["login", "--profile", profile, "--port", "0", "--browser", &browser]).code(0);
    }
    let current = |output: &Output| {
        let line = output.stdout().lines().find(|line| line.starts_with('*')).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    let without_profile = |args: &[&str]| {
        let mut command = judgeme.command(args);
        command.env_remove("OAUTHCTL_PROFILE");
        Output::new(args.join(" "), command.output().unwrap())
    };
    assert_eq!(current(&without_profile(&["status"])), "second");
    without_profile(&["use", "first"]).code(0);
    assert_eq!(current(&without_profile(&["status"])), "first");
    without_profile(&["use", "third"]).code(4);
}

fn emulate(sandbox: &Sandbox, script: &str) -> Output {
    let mut command = sandbox.command(&["emulate", "judgeme", "--approve", "--", "sh", "-c", script]);
    command.env("BROWSER_CMD", sandbox.browser());
    Output::new("emulate".to_owned(), command.output().unwrap())
}

/// The same on a session bus of its own, so that the keyring is not that of whoever runs the tests.
fn emulate_under_a_bus(sandbox: &Sandbox, script: &str) -> Output {
    let plain = sandbox.command(&[]);
    let mut command = lacks::program("dbus-run-session");
    command.args(["--", env!("CARGO_BIN_EXE_oauthctl"), "emulate", "judgeme", "--approve", "--", "sh", "-c", script]);
    command.env_clear().current_dir(sandbox.home());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("BROWSER_CMD", sandbox.browser()).env("XDG_RUNTIME_DIR", sandbox.home());
    Output::new("emulate".to_owned(), command.output().unwrap())
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files.extend(files_below(&entry.path())),
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}
