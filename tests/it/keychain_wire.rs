//! The Secret Service on the wire: byte orders, pieces, strays, ends at each step, prompts, and a service that refuses the
//! plain session. The bus is scripted where a real one would never do it, and gnome-keyring's where it can.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::os_keychain::call;
use crate::support::process::TIMEOUT;
use crate::support::scripted_bus::{SERVICE_NAME, Script, ScriptedBus};
use crate::support::session_bus::SessionBus;

const SHORT: Duration = Duration::from_millis(400);

/// Does one call of the keychain at a scripted bus. Returns the answer and the calls that the bus saw.
fn at(script: Script, operation: &str) -> (String, Vec<String>) {
    within(script, operation, TIMEOUT)
}

fn within(script: Script, operation: &str, deadline: Duration) -> (String, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let bus = ScriptedBus::start(home.path(), script);
    (call(home.path(), &bus.address, operation, deadline), bus.calls())
}

fn with_item() -> Script {
    Script { has_item: true, ..Script::default() }
}

#[test]
fn either_byte_order_is_read_in_pieces_and_among_strays() {
    for big_endian in [false, true] {
        for (in_pieces, with_strays) in [(false, false), (true, false), (false, true), (true, true)] {
            let script = Script { big_endian, in_pieces, with_strays, ..Script::default() };
            let found = Script { has_item: true, ..script.clone() };
            let what = format!("big endian: {big_endian}, in pieces: {in_pieces}, strays: {with_strays}");
            assert_eq!(at(found.clone(), "get judgeme").0, "Ok(Some(\"made up\"))", "{what}");
            assert_eq!(at(found.clone(), "set judgeme x").0, "Ok(())", "{what}");
            assert_eq!(at(found, "delete judgeme").0, "Ok(true)", "{what}");
            assert_eq!(at(script.clone(), "get judgeme").0, "Ok(None)", "{what}");
            assert_eq!(at(script, "set judgeme x").0, "Ok(())", "{what}");
        }
    }
}

#[test]
fn a_bus_that_ends_at_any_step_is_never_an_empty_keychain() {
    let steps = [
        (true, "get judgeme", &["Hello", "SearchItems", "OpenSession", "GetSecret"][..]),
        (true, "set judgeme x", &["OpenSession", "SetSecret"]),
        (true, "delete judgeme", &["OpenSession", "Delete"]),
        (false, "get judgeme", &["OpenSession", "ReadAlias", "Get"]),
        (false, "set judgeme x", &["ReadAlias", "Get", "CreateItem"]),
    ];
    for (has_item, operation, members) in steps {
        for member in members.iter().copied() {
            let dies = Script { has_item, dies_at: Some(member), ..Script::default() };
            let breaks_off = Script { has_item, breaks_off_at: Some(member), ..Script::default() };
            for script in [dies, breaks_off] {
                let (answer, _) = at(script, operation);
                let lost = "Err(Missing { reason: \"the connection to the D-Bus session bus failed";
                assert!(answer.starts_with(lost), "{operation} at {member}: {answer}");
            }
        }
    }
}

#[test]
fn a_bus_that_rejects_us_is_a_missing_keychain() {
    let (answer, calls) = at(Script { greeting: Some("REJECTED DBUS_COOKIE_SHA1"), ..with_item() }, "get judgeme");
    assert_eq!(answer, "Err(Missing { reason: \"the D-Bus session bus rejected our authentication\" })");
    // The first call leaves with the greeting. It holds no secret, and a real bus reads no further.
    assert!(calls.len() <= 1, "{calls:?}");
}

#[test]
fn a_reply_of_another_form_is_refused_and_nothing_is_guessed() {
    let bodies: [(&'static str, Vec<u8>); 5] = [
        ("", Vec::new()),
        ("aoas", vec![0; 8]),
        ("aoao", vec![0; 4]),
        ("aoao", vec![0xff; 8]),
        ("aoao", [&[8, 0, 0, 0, 3, 0, 0, 0, b'a', b'b', b'c', 0][..], &[0; 4]].concat()),
    ];
    for body in bodies {
        let (answer, _) = at(Script { body: Some(body.clone()), ..with_item() }, "get judgeme");
        assert!(
            answer.starts_with("Err(Refused { reason: \"the D-Bus session bus sent an unreadable"),
            "{body:?}: {answer}"
        );
    }
}

#[test]
fn what_unlocks_without_a_question_is_used_and_the_rest_is_locked() {
    for (has_item, operation, answer) in [
        (true, "get judgeme", "Ok(Some(\"made up\"))"),
        (true, "set judgeme x", "Ok(())"),
        (true, "delete judgeme", "Ok(true)"),
        (false, "get judgeme", "Ok(None)"),
        (false, "set judgeme x", "Ok(())"),
    ] {
        let script = Script { has_item, is_locked: true, unlocks: true, ..Script::default() };
        assert_eq!(at(script.clone(), operation).0, answer, "{operation}");
        let (answer, calls) = at(Script { unlocks: false, ..script }, operation);
        assert_eq!(answer, "Err(Locked)", "{operation}");
        assert_eq!(calls.last().unwrap(), "Dismiss", "{operation}: the prompt stays");
        assert!(!calls.contains(&"Prompt".to_owned()), "{operation}: somebody was asked");
    }
}

/// Only the service itself says how its prompt ended.
#[test]
fn a_prompt_before_a_write_ends_by_the_services_own_word() {
    const OTHER: &str = ":1.666";
    for (has_item, operation, done) in [(true, "delete judgeme", "Ok(true)"), (false, "set judgeme x", "Ok(())")] {
        for (signals, answer) in [
            (&[(OTHER, true), (SERVICE_NAME, false)][..], done),
            (&[(OTHER, false), (SERVICE_NAME, true)], "Err(Locked)"),
        ] {
            let script = Script { has_item, prompts: Some(signals), ..Script::default() };
            assert_eq!(at(script, operation).0, answer, "{operation}: {signals:?}");
        }
        let script = Script { has_item, prompts: Some(&[(OTHER, false)]), ..Script::default() };
        let (answer, calls) = within(script, operation, SHORT);
        assert_eq!(answer, "Err(Silent { seconds: 1 })", "{operation}");
        assert_eq!(calls.last().unwrap(), "Dismiss", "{operation}: the window stays");
    }
}

#[test]
fn a_session_that_the_service_forgot_is_opened_again_once() {
    let forgot = Some(("GetSecret", "org.freedesktop.Secret.Error.NoSession"));
    let (answer, calls) = at(Script { fails: forgot, ..with_item() }, "get judgeme");
    assert!(answer.contains("org.freedesktop.Secret.Error.NoSession"), "{answer}");
    assert_eq!(calls, ["SearchItems", "OpenSession", "GetSecret", "OpenSession", "GetSecret"]);
}

#[test]
fn a_service_that_refuses_every_session_is_told_with_its_words() {
    let refused = Some(("OpenSession", "org.freedesktop.DBus.Error.NotSupported"));
    let (answer, calls) = at(Script { fails: refused, ..with_item() }, "get judgeme");
    assert_eq!(answer, "Err(Refused { reason: \"org.freedesktop.DBus.Error.NotSupported: made up\" })");
    assert_eq!(calls, ["SearchItems", "OpenSession", "OpenSession"]);
}

/// gnome-keyring with the word `plain` changed on its way, which it then refuses by itself.
#[test]
fn where_plain_is_refused_the_session_is_encrypted() {
    let bus = SessionBus::new();
    let _daemon = bus.unlocked_keyring();
    let (address, seen) = forbid_plain(&bus);
    let long = "long".repeat(1500);
    // Numbers that begin with zeros come once in 256 agreements.
    for round in 0..16 {
        for (operation, answer) in [
            ("get judgeme".to_owned(), "Ok(None)".to_owned()),
            (format!("set judgeme {long}{round}"), "Ok(())".to_owned()),
            ("get judgeme".to_owned(), format!("Ok(Some(\"{long}{round}\"))")),
        ] {
            assert_eq!(call(bus.home.path(), &address, &operation, TIMEOUT), answer);
        }
        assert_eq!(bus.secret_tool("lookup service oauthctl username judgeme"), format!("{long}{round}"));
        assert_eq!(call(bus.home.path(), &address, "delete judgeme", TIMEOUT), "Ok(true)");
    }
    let seen = seen.lock().unwrap();
    let has = |words: &[u8]| seen.windows(words.len()).any(|window| window == words);
    assert!(has(b"plaim") && has(b"dh-ietf1024-sha256-aes128-cbc-pkcs7"));
    assert!(!has(b"longlong"), "the secret crossed the bus in clear");
}

type Seen = std::sync::Arc<std::sync::Mutex<Vec<u8>>>;

/// A socket before the bus's own that changes the word. Returns its address, and all bytes that passed.
fn forbid_plain(bus: &SessionBus) -> (String, Seen) {
    let path = bus.home.path().join("between");
    let listener = UnixListener::bind(&path).unwrap();
    let to = bus.address.strip_prefix("unix:path=").unwrap().split(',').next().unwrap().to_owned();
    let seen = Seen::default();
    let noted = Seen::clone(&seen);
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), UnixStream::connect(Path::new(&to)).unwrap());
            for (from, to) in [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))] {
                let (from, to, noted) = (from.unwrap(), to.unwrap(), Seen::clone(&noted));
                thread::spawn(move || pass_on(from, to, &noted));
            }
        }
    });
    (format!("unix:path={}", path.display()), seen)
}

fn pass_on(mut from: UnixStream, mut to: UnixStream, seen: &Seen) {
    let mut buffer = [0; 65536];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let bytes = &mut buffer[..read];
        let word = b"\x05\0\0\0plain\0";
        if let Some(at) = bytes.windows(word.len()).position(|window| window == word) {
            bytes[at + 8] = b'm';
        }
        seen.lock().unwrap().extend_from_slice(bytes);
        if to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
