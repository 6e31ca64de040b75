//! No secret where others can see it: the canary scan.
//!
//! Every command runs, with all the talk that it has, in success and against servers, stores and input that are faulty
//! and repeat the secrets that they were told. ObservedCommand are the arguments and the environment of every process that is
//! started, stdout and stderr, what the browser is shown, what goes over the session bus, and every file below HOME,
//! TMPDIR and XDG_RUNTIME_DIR: after each command, and at each request to the server and each start of a stub. Wherever
//! a secret was then seen, in any form, must be in [`EXPECTED`], and all that is in there must have been seen.
//!
//! `tests/mutants/leak-*.patch` plant one leak for each channel, which this must see.

mod faults;
mod handed;
mod keychain;
mod stubs;
mod success;

use std::collections::BTreeSet;
use std::thread;

use crate::crash::needs_tracing;
use crate::support::canary::{Channel, Finding, Kind, Scanner};
use crate::support::lacks::needs;
use crate::support::leaky_provider::LeakyProvider;
use crate::support::session_bus::SessionBus;
use crate::support::visible;

type IsExpected = fn(&Finding) -> bool;

/// Where secrets stand on purpose.
const EXPECTED: &[(&str, IsExpected)] = &[
    ("the state in the URL that a person may open by hand", |f| {
        f.is(Kind::State, Channel::Stderr) && f.line.starts_with("http") && f.line.contains("/authorize?")
    }),
    ("the state in the URL that `login --start` prints", |f| {
        f.is(Kind::State, Channel::Stdout) && f.command.contains("--start") && f.line.contains("/authorize?")
    }),
    ("the state in the URL of `login --json`, for the program that opens it", |f| {
        let is_object = f.line.trim_start().starts_with('{') && f.line.contains("\"authorize_url\":");
        f.is(Kind::State, Channel::Stdout) && f.of("login") && f.command.contains("--json") && is_object
    }),
    ("the token that `token` prints", |f| f.is(Kind::AccessToken, Channel::Stdout) && f.of("token")),
    ("the token in the file of GitHub's runner", |f| f.is(Kind::AccessToken, Channel::File) && f.place == "github-env"),
    ("the token of `exec`'s command, which the emulator's script runs too", |f| {
        let has_variable = f.of("exec") && !f.command.contains("--proxy") && !f.command.contains("--token-file");
        f.is(Kind::AccessToken, Channel::Environ) && (has_variable || f.of("emulate"))
    }),
    ("the token in the file for `exec`'s command", |f| {
        f.is(Kind::AccessToken, Channel::File)
            && f.command.contains("--token-file")
            && f.place.contains("/oauthctl-exec-")
    }),
    ("the token in the file that `--write` names, and while it is written beside it", |f| {
        let name = f.place.strip_prefix("written/").unwrap_or_default();
        let is_named = ["token", ".env", "client.json"].contains(&name) || name.starts_with(".oauthctl-");
        f.is(Kind::AccessToken, Channel::File) && f.of("token") && f.command.contains("--write") && is_named
    }),
    ("the proxy's password, for `exec`'s command alone", |f| {
        f.is(Kind::ProxyPassword, Channel::Environ) && f.of("exec") && f.command.contains("--proxy")
    }),
    ("the token that `--show-secrets` shows", |f| {
        f.kind == Kind::AccessToken
            && matches!(f.channel, Channel::Stdout | Channel::Stderr)
            && f.of("call")
            && f.command.contains("--show-secrets")
    }),
    ("the API's own words on `call`'s stdout, which are passed on to the byte", |f| {
        f.channel == Channel::Stdout && f.of("call") && f.command.contains("/api/repeats")
    }),
    ("the secret of the emulator's client, for those who are to use it", |f| {
        f.kind == Kind::ClientSecret && matches!(f.channel, Channel::Stdout | Channel::Environ) && f.of("emulate")
    }),
    // `system/secret_service.rs` says why: who can listen on the bus can ask the keychain too.
    ("a record on its way to the keychain and back", |f| {
        f.channel == Channel::Bus && matches!(f.kind, Kind::ClientSecret | Kind::AccessToken | Kind::RefreshToken)
    }),
    ("the key in its file", |f| f.is(Kind::StoreKey, Channel::File) && f.place == "config/keys/store.key"),
    // Its caller has put it there, and nobody can take that back.
    ("what a command was given in its environment", |f| f.channel == Channel::OwnEnviron),
];

impl Finding {
    fn is(&self, kind: Kind, channel: Channel) -> bool {
        (self.kind, self.channel) == (kind, channel)
    }

    fn of(&self, command: &str) -> bool {
        self.command.split(' ').next() == Some(command)
    }
}

/// All that was seen at somebody's home.
fn findings(at: &LeakyProvider) -> Vec<Finding> {
    let secrets = at.secrets();
    let scanner = Scanner::new(&secrets);
    at.observer.observations().iter().flat_map(|observation| scanner.scan(observation)).collect()
}

#[test]
fn no_secret_is_seen_where_it_does_not_belong() {
    needs_tracing();
    SessionBus::needs();
    needs(&["curl", "dbus-monitor"]);
    // The stories are told in threads.
    let _ = visible::variable();
    let stories: [fn() -> Vec<Finding>; 9] = [
        success::with_a_key_file,
        success::with_keys_and_tokens_in_the_environment,
        success::with_a_helper_a_paste_and_an_emulator,
        handed::to_other_programs,
        keychain::with_the_os_keychain,
        faults::of_the_authorization_and_the_exchange,
        faults::of_the_refresh_and_the_revocation,
        faults::of_the_api,
        faults::of_the_store_and_the_input,
    ];
    let findings: Vec<Finding> = thread::scope(|scope| {
        let stories = stories.map(|story| scope.spawn(story));
        stories.into_iter().flat_map(|story| story.join().unwrap()).collect()
    });
    let mut needed = BTreeSet::new();
    let mut leaks = Vec::new();
    for finding in &findings {
        match EXPECTED.iter().find(|(_, is_expected)| is_expected(finding)) {
            Some((name, _)) => drop(needed.insert(*name)),
            None => leaks.push(finding),
        }
    }
    let shown: Vec<String> = leaks.iter().map(ToString::to_string).collect();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), shown.join("\n"));
    for (name, _) in EXPECTED {
        assert!(needed.contains(name), "nobody saw this, so it is expected no more: {name}");
    }
}
