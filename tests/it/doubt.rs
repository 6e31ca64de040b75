//! What is listed and cannot be found: nothing is forgotten until a person says that it is gone for good.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::refresh::{LOGIN_REPLY, Scripted, json, token};
use crate::support::emulated::MINE;
use crate::support::process::Process;
use crate::support::raw_server::Script;
use crate::support::session_bus::SessionBus;
use crate::support::{PendingLogin, RawServer, Sandbox};

const REFRESHED: &str = r#"{"access_token":"at-2","token_type":"Bearer","expires_in":3600,"refresh_token":"rt-2"}"#;
const RECORD: &str = ".local/share/oauthctl/store/login/mine.sealed";
const JOURNAL: &str = ".local/share/oauthctl/store/login/mine.journal";
const LIST: &str = ".local/share/oauthctl/logins.json";

/// Something happens when the provider has rotated, and before we hear of it.
fn rotated_and(what: impl FnOnce() + Send + 'static) -> Script {
    let reply = json("200 OK", REFRESHED);
    Box::new(move |stream| {
        what();
        reply(stream);
    })
}

/// A login whose file is put aside in its refresh.
struct Aside {
    scripted: Scripted,
    path: PathBuf,
}

impl Aside {
    fn of(file: &'static str, refreshes: Vec<Script>) -> Self {
        let home = Arc::new(OnceLock::<PathBuf>::new());
        let known = Arc::clone(&home);
        let put_aside = rotated_and(move || {
            let path = known.get().unwrap().join(file);
            fs::rename(&path, path.with_extension("aside")).unwrap();
        });
        let scripted = Scripted::new([put_aside].into_iter().chain(refreshes).collect());
        let path = scripted.sandbox.home().join(file);
        home.set(scripted.sandbox.home().to_owned()).unwrap();
        Self { scripted, path }
    }

    fn sandbox(&self) -> &Sandbox {
        &self.scripted.sandbox
    }

    fn put_back(&self) {
        fs::rename(self.path.with_extension("aside"), &self.path).unwrap();
    }
}

#[test]
fn a_store_that_vanishes_in_a_refresh_gets_the_login_back_later() {
    let mine = Aside::of(RECORD, Vec::new());
    let sandbox = mine.sandbox();
    let journal = sandbox.home().join(JOURNAL);
    let lost = sandbox.run(&["token"]);
    lost.code(7).says("the token of `mine` was refreshed").says(journal.to_str().unwrap()).hides("at-2").hides("rt-2");
    lost.says("oauthctl login mine").says("oauthctl logout --local --profile mine");
    for args in [&["token"][..], &["refresh"], &["status", "--check"], &["call", "/x"], &["export"], &["logout"]] {
        let output = sandbox.run(args);
        output.code(7);
        assert!(format!("{output}").contains("the login `mine` is listed, but was not found in the "), "{output}");
        assert!(journal.exists(), "{output}");
    }
    mine.put_back();
    assert_eq!(token(sandbox), "at-2");
    assert!(!journal.exists());
    assert_eq!(mine.scripted.server.stop().len(), 2, "the login and one refresh");
}

#[test]
fn a_login_with_a_lost_record_can_be_removed_or_replaced() {
    type End = fn(&Sandbox, &Path);
    let ends: [End; 2] = [
        |sandbox, journal| {
            sandbox.run(&["logout", "--local"]).code(0).says("the token is still valid at Mine");
            sandbox.run(&["token"]).code(4);
            assert!(!journal.exists());
        },
        |sandbox, journal| {
            sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "at-9").code(0);
            assert_eq!(token(sandbox), "at-9");
            assert!(!journal.exists());
        },
    ];
    for end in ends {
        let mine = Aside::of(RECORD, Vec::new());
        mine.sandbox().run(&["refresh"]).code(7);
        end(mine.sandbox(), &mine.sandbox().home().join(JOURNAL));
    }
}

#[test]
fn a_list_that_vanishes_in_a_refresh_loses_no_token() {
    let mine = Aside::of(LIST, Vec::new());
    // The list alone says which store it is in.
    let sandbox = &mine.sandbox().without("OAUTHCTL_STORE");
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), "at-2\n");
    assert_eq!(sandbox.run(&["token", "--store", "file", "--profile", "mine"]).code(0).stdout(), "at-2\n");
    mine.put_back();
    assert_eq!(token(sandbox), "at-2");
}

/// As after a crash between the journal and the store: the record is the old one, and the journal has the new one.
#[test]
fn a_token_from_a_journal_is_judged_like_any_other() {
    let long = r#"{"access_token":"at-3","token_type":"Bearer","expires_in":7200,"refresh_token":"rt-3"}"#;
    for (args, got) in [
        (&["token", "--min-validity", "90m"][..], "at-3"),
        (&["token", "--min-validity", "30m"], "at-2"),
        (&["refresh"], "at-3"),
    ] {
        let mine = Aside::of(RECORD, vec![json("200 OK", long)]);
        mine.sandbox().run(&["token"]).code(7);
        mine.put_back();
        mine.sandbox().run(args).code(0);
        assert_eq!(token(mine.sandbox()), got, "{args:?}");
        let requests = mine.scripted.server.stop();
        assert_eq!(requests.len(), if got == "at-3" { 3 } else { 2 }, "{args:?}");
        assert!(requests.last().unwrap().contains(if got == "at-3" { "refresh_token=rt-2" } else { "rt-1" }));
    }
}

#[test]
fn a_lost_client_is_distinguished_from_an_unregistered_one() {
    let sandbox = Sandbox::new();
    let set = ["app", "set", "judgeme", "--client-id", "ID", "--client-secret-stdin"];
    sandbox.run_with_stdin(&set, "made-up").code(0);
    let file = sandbox.home().join(".local/share/oauthctl/store/app/judgeme.sealed");
    fs::rename(&file, file.with_extension("aside")).unwrap();
    for args in [&["app", "show", "judgeme"][..], &["login", "--provider", "judgeme", "--no-browser"]] {
        let gone = sandbox.run(args);
        gone.code(7).says("the client of `judgeme` is listed").says("oauthctl app set judgeme");
    }
    fs::rename(file.with_extension("aside"), &file).unwrap();
    sandbox.run(&["app", "show", "judgeme"]).code(0).answers("ID");
    fs::remove_file(&file).unwrap();
    sandbox.run(&["app", "remove", "judgeme"]).code(0);
    sandbox.run(&["app", "show", "judgeme"]).code(3);
}

/// The service is killed, and the bus starts another one, which finds no keyring and makes an empty one. The lock and
/// the journal of a keychain are in the account's own home, so this story leaves them there, and takes them away.
#[test]
fn a_keyring_that_is_started_anew_in_a_refresh_costs_no_login() {
    const PROFILE: &str = "oauthctl-story-of-a-new-keyring";
    let bus = SessionBus::new();
    let bus = Arc::new(bus);
    let keyrings = bus.home.path().join(".local/share/keyrings");
    let (kept, aside) = (keyrings.with_extension("old"), keyrings.with_extension("empty"));
    let daemon = Arc::new(Mutex::new(Some(bus.unlocked_keyring())));
    let swap = {
        let (bus, daemon) = (Arc::clone(&bus), Arc::clone(&daemon));
        move |from: &Path, to: &Path| start_anew(&bus, &daemon, from, to)
    };
    let (in_refresh, paths) = (swap.clone(), (keyrings.clone(), kept.clone()));
    let server = RawServer::start([json("200 OK", LOGIN_REPLY), rotated_and(move || in_refresh(&paths.0, &paths.1))]);
    let sandbox = Sandbox::new()
        .without("OAUTHCTL_STORE")
        .with("DBUS_SESSION_BUS_ADDRESS", &bus.address)
        .with("OAUTHCTL_CLIENT_ID", "id")
        .with("OAUTHCTL_CLIENT_SECRET", "s3cret")
        .with("OAUTHCTL_PROFILE", PROFILE);
    sandbox.define("mine", &MINE.replace("https://mine.example", &server.origin()));
    let login = sandbox.command(&["login", "--provider", "mine", "--port", "0", "--no-browser"]);
    let pending = PendingLogin::start(login);
    pending.come_back(&[("code", "c")]);
    pending.finish().code(0);

    sandbox.run(&["refresh"]).code(7).says("the login was not found in the OS keychain");
    let files = oauthctl::testing::state_folder().unwrap();
    let journal = files.join(format!("{PROFILE}.journal"));
    assert!(journal.exists());
    sandbox.run(&["token"]).code(7).says("is listed, but was not found in the OS keychain").says("logout --local");
    sandbox.run(&["logout"]).code(7);

    // The old one is back.
    fs::rename(&keyrings, &aside).unwrap();
    fs::rename(&kept, &keyrings).unwrap();
    swap(&aside, &aside);
    assert_eq!(token(&sandbox), "at-2");
    assert!(!journal.exists());
    assert_eq!(server.stop().len(), 2, "the login and one refresh");
    fs::remove_file(files.join(format!("{PROFILE}.lock"))).unwrap();
}

/// Ends the keyring's service, puts its files aside, and starts another one.
fn start_anew(bus: &SessionBus, daemon: &Mutex<Option<Process>>, from: &Path, to: &Path) {
    let mut daemon = daemon.lock().unwrap();
    drop(daemon.take());
    fs::rename(from, to).unwrap();
    *daemon = Some(bus.unlocked_keyring());
}
