//! What is done inside an emulator leaves no trace in the user's own store, and ends with the emulator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::emulated::MINE;
use crate::support::{Output, Sandbox};

/// Everything that stores something, with made-up values; `$BROWSER_CMD` plays the browser.
const EVERYTHING: &str = r#"
set -e
oauthctl login mine --port 0 --browser "$BROWSER_CMD"
oauthctl login mine --profile second --label work --port 0 --browser "$BROWSER_CMD"
oauthctl use mine-emulator
oauthctl call /api/things >/dev/null
oauthctl refresh
oauthctl scopes --diff >/dev/null
oauthctl token --provider machine --param store=x >/dev/null 2>&1 || true
printf made-up-secret | oauthctl app set mine --client-id made-up --client-secret-stdin
printf made-up-secret | oauthctl app set glu --app spare --client-id made-up --client-secret-stdin
printf made-up-token | oauthctl login github --with-token --profile github
oauthctl providers new fresh
oauthctl providers show fresh >/dev/null
export OAUTHCTL_EXPORT_PASSPHRASE='a made-up passphrase'
oauthctl export --profile second -o sealed
oauthctl import sealed --profile third
env -u OAUTHCTL_PROFILE oauthctl status
oauthctl app list
oauthctl logout second
oauthctl app remove glu --app spare
"#;

/// A sandbox with a login, a client and a definition of its own, and a TMPDIR in which no other test's emulator is.
fn lived_in() -> Sandbox {
    let sandbox = Sandbox::new();
    let temporary = sandbox.home().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let sandbox = sandbox.with("TMPDIR", temporary.to_str().unwrap());
    sandbox.define("mine", MINE);
    sandbox.run_with_stdin(&["app", "set", "mine", "--client-id", "real", "--client-secret-stdin"], "s3cret").code(0);
    sandbox.run_with_stdin(&["login", "mine", "--with-token", "--profile", "real"], "real-token").code(0);
    sandbox
}

/// Returns the content of every file of the user's own folders.
fn snapshot(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in ["config", ".local", ".config", ".cache"] {
        collect(&sandbox.home().join(folder), &mut files);
    }
    files
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files)
        } else {
            drop(files.insert(path.clone(), std::fs::read(&path).unwrap()))
        }
    }
}

/// Lists the folders of emulators.
fn emulators(sandbox: &Sandbox) -> Vec<PathBuf> {
    std::fs::read_dir(sandbox.variable("TMPDIR")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn inside(sandbox: &Sandbox, script: &str) -> Output {
    let mut command = sandbox.command(&["emulate", "mine", "--approve", "--", "sh", "-c", script]);
    Output::new(script.to_owned(), command.env("BROWSER_CMD", sandbox.browser()).output().unwrap())
}

/// Starts an emulator without a command, and returns it with the environment of its lines.
fn with_lines(sandbox: &Sandbox) -> (std::process::Child, Sandbox) {
    use std::io::{BufRead, BufReader};
    let mut command = sandbox.command(&["emulate", "mine", "--approve", "--shell", "bash"]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut pasted = sandbox.clone();
    for line in BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok) {
        let (name, value) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')).expect(&line);
        pasted = pasted.with(name, value.trim_matches('\''));
        if name == "OAUTHCTL_PROFILE" {
            break;
        }
    }
    (process, pasted)
}

#[test]
fn whatever_is_done_inside_leaves_every_byte_outside() {
    let sandbox = lived_in();
    let before = snapshot(&sandbox);
    assert!(before.len() >= 4, "a list, a key, a login and a client: {:?}", before.keys());
    let done = inside(&sandbox, EVERYTHING);
    done.code(0).answers("kept in  the emulator's own store").answers("mine (emulated)").hides("real-token");
    done.says("This client is in the emulator of `mine`").says("your own store is not touched");
    done.says("It deleted the logins `github`, `mine-emulator`, `third` and the client of `mine`.");
    done.says("The token of `github` was not revoked: it stays valid at `github`.");
    assert!(snapshot(&sandbox) == before, "{:?}", snapshot(&sandbox).keys());
    assert_eq!(emulators(&sandbox), Vec::<PathBuf>::new());
    sandbox.run(&["status"]).code(0).answers("real");
    let token = sandbox.run(&["token", "real"]);
    assert_eq!(token.code(0).stdout(), "real-token\n");
}

#[test]
fn a_store_outside_is_refused_inside() {
    let sandbox = lived_in();
    for store in ["keychain", "helper:pass"] {
        let refused = inside(&sandbox, &format!("oauthctl status --store {store}"));
        refused.code(2).says(&format!("`--store {store}` would use your real one"));
        // A variable is a default for real logins.
        inside(&sandbox, &format!("OAUTHCTL_STORE={store} oauthctl status")).code(0);
    }
}

#[test]
fn emulators_at_once_have_a_store_each() {
    let sandbox = lived_in();
    let (mut first, one) = with_lines(&sandbox);
    let (mut second, two) = with_lines(&sandbox);
    one.run(&["login", "--port", "0", "--browser", &one.browser()]).code(0);
    one.run(&["status"]).code(0).answers("mine-emulator");
    two.run(&["status"]).code(0).answers("No logins");
    for process in [&mut first, &mut second] {
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

#[test]
fn the_login_of_a_killed_emulator_says_that_it_is_gone() {
    let sandbox = lived_in();
    let (mut process, pasted) = with_lines(&sandbox);
    pasted.run(&["login", "--port", "0", "--browser", &pasted.browser()]).code(0);
    process.kill().unwrap();
    process.wait().unwrap();
    for command in [&["token"][..], &["call", "/api/things"], &["status", "--check"], &["login"]] {
        pasted.run(command).code(4).says("the emulator of `mine` at http://127.0.0.1:").says("has ended");
    }
    pasted.run(&["status"]).code(0).answers("its emulator has ended").says("`oauthctl logout` deletes what it left");
    pasted.run(&["logout"]).code(0).says("deleted the login `mine-emulator`").says("unset OAUTHCTL_EMULATOR");
    assert_eq!(emulators(&sandbox), Vec::<PathBuf>::new());
    pasted.run(&["token"]).code(4).says("has ended");
}

#[test]
fn the_next_emulator_clears_what_a_killed_one_left() {
    let sandbox = lived_in();
    let (mut process, pasted) = with_lines(&sandbox);
    pasted.run(&["login", "--port", "0", "--browser", &pasted.browser()]).code(0);
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(emulators(&sandbox).len(), 1);
    let next = inside(&sandbox, "oauthctl status");
    next.code(0)
        .says("Deleted the login `mine-emulator`, which an emulator left that was killed.")
        .answers("No logins");
    assert_eq!(emulators(&sandbox), Vec::<PathBuf>::new());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_emulator_and_its_store() {
    use std::os::unix::process::ExitStatusExt;
    let sandbox = lived_in();
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let (mut process, pasted) = with_lines(&sandbox);
        pasted.run(&["login", "--port", "0", "--browser", &pasted.browser()]).code(0);
        // SAFETY: it takes two numbers; the process is not reaped yet.
        unsafe { libc::kill(i32::try_from(process.id()).unwrap(), signal) };
        assert_eq!(process.wait().unwrap().signal(), Some(signal));
        assert_eq!(emulators(&sandbox), Vec::<PathBuf>::new(), "{signal}");
    }
}

#[test]
fn emulate_answers_in_json() {
    let sandbox = lived_in();
    let mut command = sandbox.command(&["emulate", "mine", "--json"]);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stream = serde_json::Deserializer::from_reader(process.stdout.take().unwrap()).into_iter();
    let answer: serde_json::Value = stream.next().unwrap().unwrap();
    assert_eq!(answer["provider"], "mine");
    assert_eq!(answer["environment"]["OAUTHCTL_EMULATOR"], format!("mine={}", answer["origin"].as_str().unwrap()));
    process.kill().unwrap();
    process.wait().unwrap();
}
