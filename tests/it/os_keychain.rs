//! The OS keychain, against a real gnome-keyring on a bus of its own.
//!
//! Each call runs in a process of its own, as it does in life: the test binary starts itself again for one ignored test
//! (`child_does_one_call`), which prints what the keychain answered. Home, runtime directory and bus are made up for
//! each story, and the bus starts no services by itself, so that nothing reaches the desktop of whoever runs this.

use std::collections::HashMap;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oauthctl::testing::{Keychain, OsKeychain};
use zbus::fdo;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use crate::support::process::{Process, TIMEOUT, finish};
use crate::support::session_bus::{SessionBus, in_home};

/// The deadline for calls that are meant to run into it.
const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_secret_outlives_its_process_and_secret_tool_reads_it_too() {
    let bus = SessionBus::new();
    let _daemon = bus.unlocked_keyring();
    assert_eq!(bus.call("get judgeme"), "Ok(None)");
    assert_eq!(bus.call("set judgeme one"), "Ok(())");
    assert_eq!(bus.call("set judgeme two"), "Ok(())");
    assert_eq!(bus.call("set app/judgeme three"), "Ok(())");
    assert_eq!(bus.call("get judgeme"), "Ok(Some(\"two\"))");
    assert_eq!(bus.secret_tool("lookup service oauthctl username judgeme"), "two");
    assert!(bus.secret_tool("search service oauthctl username judgeme").contains("label = oauthctl: judgeme\n"));
    assert_eq!(bus.call("delete judgeme"), "Ok(true)");
    assert_eq!(bus.call("delete judgeme"), "Ok(false)");
    assert_eq!(bus.call("get judgeme"), "Ok(None)");
    assert_eq!(bus.call("get app/judgeme"), "Ok(Some(\"three\"))");
}

#[test]
fn what_other_programs_stored_is_read_unless_it_is_ambiguous() {
    let bus = SessionBus::new();
    let _daemon = bus.unlocked_keyring();
    bus.secret_tool("store --label=a service oauthctl username judgeme application a");
    assert_eq!(bus.call("get judgeme"), "Ok(Some(\"from elsewhere\"))");
    bus.secret_tool("store --label=b service oauthctl username judgeme application b");
    for call in ["get judgeme", "set judgeme x", "delete judgeme"] {
        assert_eq!(bus.call(call), "Err(Ambiguous { account: \"judgeme\" })", "{call}");
    }
}

#[test]
fn a_locked_keychain_says_so_and_asks_nobody() {
    let bus = SessionBus::new();
    let daemon = bus.unlocked_keyring();
    assert_eq!(bus.call("set judgeme one"), "Ok(())");
    drop(daemon);
    let prompter = bus.prompter();
    let _daemon = bus.locked_keyring();
    for call in ["get judgeme", "set judgeme x", "delete judgeme", "get other", "set other x", "delete other"] {
        assert_eq!(bus.call(call), "Err(Locked)", "{call}");
    }
    assert_eq!(prompter.requests_so_far(), 0);

    // That the prompter would have noticed: libsecret does ask, and waits.
    let asking = bus.program("secret-tool").args(["lookup", "service", "oauthctl", "username", "judgeme"]).spawn();
    let _asking = Process(asking.unwrap());
    prompter.wait_for_request();
}

#[test]
fn a_keyring_never_used_is_empty_and_cannot_be_written() {
    let bus = SessionBus::new();
    let _daemon = bus.locked_keyring();
    assert_eq!(bus.call("get judgeme"), "Ok(None)");
    assert_eq!(bus.call("delete judgeme"), "Ok(false)");
    let answer = bus.call("set judgeme x");
    assert_eq!(answer, "Err(Missing { reason: \"the Secret Service has no default collection\" })");
}

#[test]
fn a_bus_without_a_secret_service_is_a_missing_keychain() {
    let bus = SessionBus::new();
    let answer = bus.call("get judgeme");
    assert_eq!(answer, "Err(Missing { reason: \"nothing on the D-Bus session bus offers the Secret Service\" })");
}

/// gnome-keyring aborts now and then when a client's first call opens a session, and refuses a search at that moment.
#[test]
fn the_search_precedes_the_session_and_is_repeated_once() {
    let bus = SessionBus::new();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let service = FakeService { calls: Arc::clone(&calls) };
    let connection = bus.connect();
    connection.object_server().at("/org/freedesktop/secrets", service).unwrap();
    connection.request_name("org.freedesktop.secrets").unwrap();
    assert_eq!(bus.call("get judgeme"), "Ok(None)");
    assert_eq!(*calls.lock().unwrap(), ["SearchItems", "SearchItems", "OpenSession", "ReadAlias"]);
}

#[test]
fn no_bus_is_a_missing_keychain() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = format!("unix:path={}", home.path().join("no bus").display());
    for address in ["", "nonsense", &nowhere] {
        let answer = call(home.path(), address, "get judgeme", TIMEOUT);
        assert!(answer.starts_with("Err(Missing { reason: \""), "{address}: {answer}");
    }
}

#[test]
fn a_stopped_keyring_times_out_and_is_used_again_when_it_runs() {
    let bus = SessionBus::new();
    let daemon = bus.unlocked_keyring();
    assert_eq!(bus.call("set judgeme one"), "Ok(())");
    daemon.signal(libc::SIGSTOP);
    let asked = Instant::now();
    for operation in ["get judgeme", "set judgeme x", "delete judgeme"] {
        assert_eq!(call(bus.home.path(), &bus.address, operation, SHORT), "Err(Silent { seconds: 1 })", "{operation}");
    }
    assert!(asked.elapsed() < TIMEOUT / 2, "the process waited for more than the answer");
    daemon.signal(libc::SIGCONT);
    assert_eq!(bus.call("get judgeme"), "Ok(Some(\"one\"))");
}

#[test]
fn a_bus_that_never_says_hello_is_silent() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("bus");
    let _never_accepts = UnixListener::bind(&path).unwrap();
    let answer = call(home.path(), &format!("unix:path={}", path.display()), "get judgeme", SHORT);
    assert_eq!(answer, "Err(Silent { seconds: 1 })");
}

/// Not a test: what the others start, in a process of its own.
#[test]
#[ignore = "started by the tests of this file"]
fn child_does_one_call() {
    let Ok(call) = std::env::var("KEYCHAIN_CALL") else { return };
    let deadline = std::env::var("KEYCHAIN_DEADLINE_MS").unwrap().parse().unwrap();
    let keychain = OsKeychain::with_deadline(Duration::from_millis(deadline));
    let mut words = call.split(' ');
    let mut word = || words.next().unwrap();
    let answer = match word() {
        "get" => {
            let secret = keychain.get(word());
            format!("{:?}", secret.map(|secret| secret.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())))
        }
        "set" => format!("{:?}", keychain.set(word(), word().as_bytes())),
        "delete" => format!("{:?}", keychain.delete(word())),
        other => panic!("no such call: {other}"),
    };
    println!("\nanswer: {answer}");
}

impl SessionBus {
    fn call(&self, call_: &str) -> String {
        call(self.home.path(), &self.address, call_, TIMEOUT)
    }
}

/// Does one call in a process that sees this home and this bus and nothing else of the desktop.
pub fn call(home: &Path, address: &str, call: &str, deadline: Duration) -> String {
    let mut child = in_home(std::env::current_exe().unwrap().to_str().unwrap(), home, address);
    child
        .args(["--ignored", "--exact", "os_keychain::child_does_one_call", "--nocapture"])
        .env("KEYCHAIN_CALL", call)
        .env("KEYCHAIN_DEADLINE_MS", deadline.as_millis().to_string());
    let output = finish(child.spawn().unwrap());
    let text = String::from_utf8(output.stdout).unwrap();
    match text.lines().find_map(|line| line.strip_prefix("answer: ")) {
        Some(answer) => answer.to_owned(),
        None => panic!("{call}: {text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// A Secret Service that holds nothing, notes what it is asked, and does not know its first call.
struct FakeService {
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl FakeService {
    fn note(&self, call: &'static str) -> fdo::Result<()> {
        let mut calls = self.calls.lock().unwrap();
        calls.push(call);
        match calls.len() {
            1 => Err(fdo::Error::UnknownMethod("not yet".to_owned())),
            _ => Ok(()),
        }
    }
}

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl FakeService {
    fn search_items(&self, _attributes: HashMap<String, String>) -> fdo::Result<(Paths, Paths)> {
        self.note("SearchItems")?;
        Ok((Vec::new(), Vec::new()))
    }

    fn open_session(&self, _algorithm: &str, _input: Value<'_>) -> fdo::Result<(OwnedValue, OwnedObjectPath)> {
        self.note("OpenSession")?;
        Ok((OwnedValue::from(0), OwnedObjectPath::try_from("/org/freedesktop/secrets/session/1").unwrap()))
    }

    fn read_alias(&self, _name: &str) -> fdo::Result<OwnedObjectPath> {
        self.note("ReadAlias")?;
        Ok(OwnedObjectPath::try_from("/").unwrap())
    }
}

type Paths = Vec<OwnedObjectPath>;
