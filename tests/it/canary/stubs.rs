//! That the scanner sees what is there: a program that leaks a secret on each channel, in each form.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use tempfile::TempDir;
use url::form_urlencoded;

use crate::support::canary::{Canary, Channel, Finding, Kind, Scanner, forms, made_up, made_up_awkward};
use crate::support::observer::Observer;

/// Every form of a secret, as it may stand in other text: in base64 whatever comes before and after it changes it.
fn written(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut written = forms(secret.as_bytes());
    written.retain(|(form, _)| !form.contains("base64"));
    let in_form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for before in ["", ":", "::"] {
        for after in ["", "=", "=="] {
            let text = format!("{before}{secret}{after}");
            written.push(("base64", STANDARD.encode(&text).into_bytes()));
            written.push(("base64url", URL_SAFE.encode(&text).into_bytes()));
        }
        written.push(("form in base64", STANDARD.encode(format!("{before}{in_form}")).into_bytes()));
    }
    written
}

/// What a shell does with each file in the folder `$1`. A child that leaks while it runs says so, and is held until a
/// line comes.
const CHANNELS: &[(Channel, &str)] = &[
    (Channel::Stdout, "cat \"$1\"/*"),
    (Channel::Stderr, "cat \"$1\"/* >&2"),
    (Channel::File, "mkdir -p tmp/deep && cat \"$1\"/* >tmp/deep/left"),
    (Channel::File, "for leak in \"$1\"/*; do : >\"run/$(cat \"$leak\")\"; done"),
    (Channel::Argv, "for leak in \"$1\"/*; do sh -c 'echo; read line; :' sh \"$(cat \"$leak\")\"; done"),
    (Channel::Environ, "for leak in \"$1\"/*; do LEFT=\"$(cat \"$leak\")\" sh -c 'echo; read line; :'; done"),
];

#[test]
fn a_leak_is_seen_on_every_channel_in_every_form() {
    for secret in [made_up(22), made_up_awkward(22)] {
        for &(channel, script) in CHANNELS {
            leak(channel, script, &secret);
        }
    }
}

fn leak(channel: Channel, script: &str, secret: &str) {
    let (home, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let in_name = script.contains(">\"run/");
    // No argument, variable or name has a NUL in it, and no name has a slash.
    let is_held = matches!(channel, Channel::Argv | Channel::Environ);
    let fits = |text: &[u8]| !((is_held || in_name) && text.contains(&0) || in_name && text.contains(&b'/'));
    let written: Vec<_> = written(secret).into_iter().filter(|(_, text)| fits(text)).collect();
    for (nth, (_, text)) in written.iter().enumerate() {
        fs::write(outside.path().join(nth.to_string()), [b"a ", &text[..], b" z\n"].concat()).unwrap();
    }
    let observer = Observer::of(home.path());
    // Its own arguments and variables are clean.
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(outside.path()).env_clear().env("HOME", home.path());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path))).current_dir(home.path());
    if is_held {
        let watched = observer.prepare(&mut command);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let _watch = observer.watch(&watched, child.id());
        for _line in BufReader::new(child.stdout.take().unwrap()).lines() {
            observer.look();
            child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        }
        assert!(child.wait().unwrap().success());
    } else {
        observer.run(command, "").code(0);
    }
    let scanner = Scanner::new([&Canary { kind: Kind::AccessToken, bytes: secret.as_bytes().to_owned() }]);
    let seen: Vec<Finding> = observer.observations().iter().flat_map(|observation| scanner.scan(observation)).collect();
    for (form, text) in written {
        let text = String::from_utf8(text).unwrap().replace('\0', " ");
        let is_it = |finding: &&Finding| finding.channel == channel && finding.line.contains(&text);
        assert!(seen.iter().any(|finding| is_it(&finding)), "nobody saw {form} ({text}) on {channel:?} by `{script}`");
    }
    let elsewhere: Vec<_> = seen.iter().filter(|finding| finding.channel != channel).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn a_part_of_a_secret_is_seen_and_other_words_are_not() {
    let secret = made_up(40);
    let canary = Canary { kind: Kind::State, bytes: secret.clone().into_bytes() };
    let scanner = Scanner::new([&canary]);
    let scan = |text: &str| {
        let (command, place) = ("login".to_owned(), "stderr".to_owned());
        let observation =
            crate::support::canary::Observation { channel: Channel::Stderr, command, place, bytes: text.into() };
        scanner.scan(&observation)
    };
    for start in 0..=25 {
        assert_eq!(scan(&format!("x{}…", &secret[start..start + 15])).len(), 1, "from {start}");
    }
    assert!(scan(&made_up(10_000)).is_empty() && scan(&secret[..11]).is_empty());
}
