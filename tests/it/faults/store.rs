//! F-40 to F-46: keychains that are missing, closed or refuse, records that are not what they were, and full disks.

use std::collections::HashMap;
use std::fs;
use std::process::Stdio;

use zbus::fdo;
use zbus::zvariant::{OwnedObjectPath, Value};

use crate::crash::{needs_tracing, traced_with};
use crate::refresh::long;
use crate::support::namespace::{self, Own};
use crate::support::process::finish;
use crate::support::session_bus::SessionBus;
use crate::support::{Emulated, Output, Sandbox};

const TOKEN: &str = "canary-of-the-token";
const WITH_TOKEN: &[&str] = &["login", "--provider", "judgeme", "--with-token"];

fn at(bus: &SessionBus) -> Sandbox {
    Sandbox::new().without("OAUTHCTL_STORE").with("DBUS_SESSION_BUS_ADDRESS", &bus.address)
}

fn keep(sandbox: &Sandbox, token: &str) -> Output {
    sandbox.run_with_stdin(WITH_TOKEN, token)
}

#[test]
fn without_a_keychain_nothing_is_stored_unless_store_is_given() {
    let empty_bus = SessionBus::new();
    for address in ["unix:path=/nonexistent", &empty_bus.address] {
        let sandbox = Sandbox::new().without("OAUTHCTL_STORE").with("DBUS_SESSION_BUS_ADDRESS", address);
        keep(&sandbox, TOKEN).code(7).says("no keychain is available").hides(TOKEN);
        let left: Vec<_> = fs::read_dir(sandbox.home()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        let chosen = sandbox.run_with_stdin(&[WITH_TOKEN, &["--store", "file"]].concat(), TOKEN);
        chosen.code(0).answers("the encrypted store in");
    }
}

#[test]
fn a_locked_keychain_keeps_what_it_has() {
    let bus = SessionBus::new();
    let daemon = bus.unlocked_keyring();
    let sandbox = at(&bus);
    keep(&sandbox, TOKEN).code(0);
    drop(daemon);
    let locked = bus.locked_keyring();
    keep(&sandbox, "another").code(7).says("the keychain is locked");
    sandbox.run(&["logout", "--local"]).code(7).says("the keychain is locked");
    drop(locked);
    let _daemon = bus.unlocked_keyring();
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
}

/// A service that lets nobody in.
struct Denying;

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl Denying {
    fn search_items(
        &self,
        _attributes: HashMap<String, String>,
    ) -> fdo::Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>)> {
        Err(fdo::Error::AccessDenied("this \u{1b}[2Jprogram may not".to_owned()))
    }

    fn open_session(
        &self,
        _algorithm: &str,
        _input: Value<'_>,
    ) -> fdo::Result<(zbus::zvariant::OwnedValue, OwnedObjectPath)> {
        Err(fdo::Error::AccessDenied("this \u{1b}[2Jprogram may not".to_owned()))
    }
}

#[test]
fn a_keychain_that_denies_is_never_taken_for_an_empty_one() {
    let bus = SessionBus::new();
    let daemon = bus.unlocked_keyring();
    let sandbox = at(&bus);
    keep(&sandbox, TOKEN).code(0);
    drop(daemon);
    let service = bus.connect();
    service.object_server().at("/org/freedesktop/secrets", Denying).unwrap();
    service.request_name("org.freedesktop.secrets").unwrap();
    for args in [&["token"][..], &["logout", "--local"], &["status", "--check"]] {
        let output = sandbox.run(args);
        output.code(7);
        let said = format!("{output}");
        assert!(said.contains("this program may not") && !said.contains("there is no login"), "{output}");
    }
    keep(&sandbox, "another").code(7).says("this program may not");
}

#[test]
fn an_entry_changed_by_others_is_refused_and_left_unchanged() {
    let bus = SessionBus::new();
    let _daemon = bus.unlocked_keyring();
    let key = "A".repeat(43) + "=";
    let key_entry = format!("{{\"sealed_file_key\":\"{key}\"}}");
    let entry = "service oauthctl username judgeme";
    let (damaged, newer) = ("is damaged", "was written by a newer version of oauthctl (format 3)");
    let cases = [
        ("from elsewhere", damaged, "log in again to replace it"),
        ("", damaged, "log in again"),
        ("{\"version\":1,\"provider\":\"judge", damaged, "log in again"),
        ("{\"version\":\"1\"}", damaged, "log in again"),
        ("[[[[[[[[", damaged, "log in again"),
        ("{\"version\":3,\"anything\":true}", newer, "upgrade oauthctl"),
        ("{\"sealed_file_key\":\"no base64 !\"}", "is not a valid key", "generate one"),
        (&key_entry, "the keychain has the key, but the encrypted file is missing", "log in again"),
    ];
    for (secret, problem, hint) in cases {
        let sandbox = at(&bus);
        keep(&sandbox, TOKEN).code(0);
        bus.secret_tool_with(&format!("store --label=oauthctl:-judgeme {entry}"), secret);
        for args in [&["token"][..], &["call", "GET", "/x"], &["refresh"]] {
            sandbox.run(args).code(7).says(problem).says(hint);
        }
        assert_eq!(bus.secret_tool(&format!("lookup {entry}")), secret);
        // The way out that it names is one, where it can be.
        if hint != "generate one" {
            keep(&sandbox, TOKEN).code(0);
            assert_eq!(sandbox.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
        }
        bus.secret_tool(&format!("clear {entry}"));
        // Deleted behind our back, or not there where it was: nobody can tell.
        let gone = sandbox.run(&["token"]);
        gone.code(7).says("was not found in the OS keychain").says("oauthctl login judgeme");
        gone.says("oauthctl logout --local --profile judgeme");
    }
    let sandbox = at(&bus);
    keep(&sandbox, TOKEN).code(0);
    bus.secret_tool(&format!("store --label=b {entry} application b"));
    let ambiguous = sandbox.run(&["token"]);
    ambiguous.code(7).says("more than one entry for `judgeme`").says("remove the entry that oauthctl did not create");
}

#[test]
fn a_sealed_login_that_was_changed_is_refused_and_left_as_it_is() {
    type Harm = fn(&mut Vec<u8>);
    let harms: [(&str, Harm, &str); 5] = [
        ("truncated", |bytes| bytes.truncate(bytes.len() - 1), "it was changed, or encrypted with another key"),
        ("empty", |bytes| bytes.clear(), "it was changed, or encrypted with another key"),
        ("one bit", |bytes| *bytes.last_mut().unwrap() ^= 1, "it was changed, or encrypted with another key"),
        ("foreign", |bytes| *bytes = b"{\"version\":1}".to_vec(), "it was changed, or encrypted with another key"),
        // The byte after the mark is the format's number.
        ("newer", |bytes| bytes[8] += 1, "it was written by a newer version of oauthctl"),
    ];
    for (name, harm, problem) in harms {
        let sandbox = Sandbox::new();
        keep(&sandbox, TOKEN).code(0);
        let path = sandbox.home().join(".local/share/oauthctl/store/login/judgeme.sealed");
        let mut bytes = fs::read(&path).unwrap();
        harm(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        for args in [&["token"][..], &["refresh"], &["call", "GET", "/x"]] {
            sandbox.run(args).code(7).says(problem).says("judgeme.sealed").hides(TOKEN);
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
        fs::remove_file(&path).unwrap();
        sandbox.run(&["token"]).code(7).says("the login `judgeme` is listed, but was not found in the ");
        sandbox.run(&["logout"]).code(7).says("`oauthctl logout --local --profile judgeme` to delete this login");
        sandbox.run(&["logout", "--local"]).code(0);
        sandbox.run(&["token"]).code(4).says("there is no login");
    }
}

/// Each call of a login that changes the disk fails, one at a time: it is named with its place and its error, or it did
/// not matter; and what was there before, or the new login, is there.
#[test]
fn a_call_that_fails_is_named_with_its_file_and_its_error() {
    needs_tracing();
    const ERRORS: [(&str, &str); 4] = [
        ("ENOSPC", "No space left on device (os error 28)"),
        ("EIO", "Input/output error (os error 5)"),
        ("EROFS", "Read-only file system (os error 30)"),
        ("EDQUOT", "Disk quota exceeded (os error 122)"),
    ];
    let mine = Emulated::mine(&[]);
    let home = mine.home().to_str().unwrap().to_owned();
    let login = ["login", "--provider", "mine", "--with-token"];
    let token = mine.home().join("token.txt");
    let store = |text: &str, options: &[&str]| {
        fs::write(&token, text).unwrap();
        traced_with(&mine, &login, options, Stdio::from(fs::File::open(&token).unwrap()))
    };
    // The first one makes key and folders.
    store("old", &[]).0.code(0);
    let (output, log) = store("old", &[]);
    output.code(0);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut points = Vec::new();
    for line in log.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let count = counts.entry(call).or_default();
        *count += 1;
        let changes = rest.contains("O_CREAT") || call.starts_with("rename") || call == "fsync" || call == "mkdir";
        if changes && rest.contains(&home) && !rest.contains("EEXIST") {
            points.push((call, *count));
        }
    }
    let (mut named, mut harmless) = (0, 0);
    for (at, (call, nth)) in points.iter().enumerate() {
        let some = if long() { 0..4 } else { at % 4..at % 4 + 1 };
        for (error, words) in &ERRORS[some] {
            store("old", &[]).0.code(0);
            let (output, log) = store("new", &["-e", &format!("inject={call}:error={error}:when={nth}")]);
            assert!(log.contains("(INJECTED)"), "{call} {nth}");
            let after = mine.run(&["token"]);
            match output.exit_code() {
                Some(0) => {
                    assert_eq!(after.code(0).stdout(), "new\n", "{call} {nth} {error}");
                    harmless += 1;
                }
                _ => {
                    output.code(7).says(&home).says(words);
                    let wrong_advice =
                        ["ENOSPC", "EDQUOT"].contains(error) != output.stderr().contains("free some disk space");
                    assert!(!wrong_advice, "{output}");
                    assert!(["old\n", "new\n"].contains(&after.code(0).stdout()), "{call} {nth} {error}: {after}");
                    named += 1;
                }
            }
        }
    }
    println!("{} calls, {named} failures named, {harmless} without harm", points.len());
    assert!(named >= 8, "{named}");
}

#[test]
fn a_full_disk_is_named_and_keeps_the_old_login() {
    let sandbox = Sandbox::new();
    let data = sandbox.home().join(".local/share/oauthctl");
    fs::create_dir_all(&data).unwrap();
    let full = "while echo x > \"fill.$((i += 1))\" && head -c 4096 /dev/zero > \"fill.$i\"; do :; done 2>/dev/null";
    for options in ["size=64k", "size=1m,nr_inodes=16"] {
        let script = format!(
            "mount -t tmpfs -o {options},mode=700 none {data} && cd {data} || exit 99
             echo old | \"$0\" {login} --quiet >/dev/null || exit 98
             i=0; {full}
             echo new | \"$0\" {login} --quiet >/dev/null; echo \"full $?\" >&2
             \"$0\" token; rm fill.*
             echo new | \"$0\" {login} --quiet >/dev/null; echo \"room $?\" >&2
             \"$0\" token; find . -name '*.new'",
            data = data.display(),
            login = WITH_TOKEN.join(" "),
        );
        let mut command = sandbox.program("unshare");
        command.args(namespace::rights(Own::Mounts)).args(["sh", "-c", &script, env!("CARGO_BIN_EXE_oauthctl")]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = Output::new(options.to_owned(), finish(child));
        output.code(0).says("full 7\n").says("room 0\n").says("No space left on device (os error 28)");
        output.says(data.to_str().unwrap()).says("free some disk space and try again");
        assert_eq!(output.stdout(), "old\nnew\n", "{output}");
    }
}
