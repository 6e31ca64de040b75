//! Where logins are kept, through the commands: other programs' helpers, and keychains that are locked, missing or mute.

use std::collections::HashMap;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use zbus::blocking::Connection;
use zbus::fdo;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use crate::support::lacks::needs;
use crate::support::process::finish;
use crate::support::session_bus::SessionBus;
use crate::support::{Output, Sandbox};

const TOKEN: &str = "canary-of-the-token";

#[test]
fn dockers_helper_for_pass_keeps_a_login() {
    let bus = SessionBus::new();
    needs(&["docker-credential-pass", "pass", "gpg"]);
    let sandbox = Sandbox::new().with("OAUTHCTL_STORE", "helper:pass");
    let _agent = Gpg::with_key(&sandbox);
    round(&sandbox, "pass", |sandbox| {
        let listed = sandbox.program("docker-credential-pass").arg("list").output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains("https://oauthctl.invalid/judgeme"), "{listed}");
        assert!(listed.contains("https://oauthctl.invalid/app/judgeme"), "{listed}");
    });
    drop(bus);
}

#[test]
fn dockers_helper_for_the_secret_service_keeps_a_login() {
    let bus = SessionBus::new();
    needs(&["docker-credential-secretservice"]);
    let _daemon = bus.unlocked_keyring();
    let sandbox = at(&bus).with("OAUTHCTL_STORE", "helper:secretservice");
    round(&sandbox, "secretservice", |_| {
        assert!(bus.secret_tool("search --all server https://oauthctl.invalid/judgeme").contains("username = judgeme"));
    });
}

/// A registration and a login through a helper, each command a process of its own, until both are gone.
fn round(sandbox: &Sandbox, name: &str, between: impl Fn(&Sandbox)) {
    let app = ["app", "set", "judgeme", "--client-id", "ID", "--client-secret-stdin"];
    sandbox.run_with_stdin(&app, "made-up").code(0);
    let login = sandbox.run_with_stdin(&["login", "--provider", "judgeme", "--with-token"], TOKEN);
    login.code(0).hides(TOKEN);
    assert!(login.stdout().contains(&format!("the credential helper `docker-credential-{name}`")), "{login}");
    between(sandbox);
    // What is remembered is enough from here on, and a variable that says where new logins go does not move it.
    let sandbox = &sandbox.without("OAUTHCTL_STORE");
    let elsewhere = sandbox.without("").with("OAUTHCTL_STORE", "file");
    assert_eq!(elsewhere.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
    elsewhere.run(&["token", "--store", "file"]).code(4);
    sandbox.run_with_stdin(&["login", "--provider", "judgeme", "--with-token"], TOKEN).code(0);
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
    assert!(sandbox.run(&["app", "show", "judgeme"]).code(0).stdout().contains("ID"));
    sandbox.run(&["status", "-v"]).code(0).says(&format!("kept in the credential helper `docker-credential-{name}`"));
    assert!(sandbox.run(&["status", "--json"]).stdout().contains(&format!("\"store\": \"helper:{name}\"")));
    sandbox.run(&["logout"]).code(0);
    sandbox.run(&["token"]).code(4);
    let gone = sandbox.run(&["token", "--store", &format!("helper:{name}"), "--profile", "judgeme"]);
    gone.code(4);
    sandbox.run(&["app", "remove", "judgeme"]).code(0);
    sandbox.run(&["app", "show", "judgeme"]).code(3);
}

#[test]
fn a_helper_that_is_missing_or_refuses_says_so() {
    let sandbox = Sandbox::new();
    let login = ["login", "--provider", "judgeme", "--with-token", "--store", "helper:no-such"];
    let missing = sandbox.run_with_stdin(&login, TOKEN);
    missing.code(7).says("`docker-credential-no-such` is not in PATH").says("install `docker-credential-no-such`");
    sandbox.run(&["token", "--store", "helper:../x"]).code(2).says("helper:NAME");
}

/// A keychain that nothing offers: no question is asked and no browser opens.
#[test]
fn login_without_keychain_or_terminal_fails_with_alternatives() {
    let sandbox = Sandbox::new().without("OAUTHCTL_STORE").with("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    for args in [&["--no-browser"][..], &["--with-token"]] {
        let login = sandbox.run(&[&["login", "--provider", "judgeme"], args].concat());
        login.code(7).says("`oauthctl login judgeme --store file`").says("`oauthctl import --store file FILE`");
        assert!(!login.stderr().contains("Redirect URI"), "{login}");
    }
    // The way out that it names is one.
    sandbox.run_with_stdin(&["login", "--provider", "judgeme", "--with-token", "--store", "file"], TOKEN).code(0);
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
}

#[test]
fn a_locked_keychain_is_locked_and_never_not_logged_in() {
    let bus = SessionBus::new();
    let daemon = bus.unlocked_keyring();
    let sandbox = at(&bus);
    sandbox.run_with_stdin(&["login", "--provider", "judgeme", "--with-token"], TOKEN).code(0);
    let app = ["app", "set", "judgeme", "--client-id", "ID", "--client-secret-stdin"];
    sandbox.run_with_stdin(&app, "made-up").code(0);
    assert_eq!(sandbox.run(&["token"]).code(0).stdout(), format!("{TOKEN}\n"));
    drop(daemon);
    let prompter = bus.prompter();
    let _daemon = bus.locked_keyring();
    for args in COMMANDS {
        let output = sandbox.run(args);
        output.code(7);
        assert!(format!("{output}").contains("the keychain is locked"), "{output}");
        assert!(!output.stderr().contains("there is no login"), "{output}");
    }
    assert_eq!(prompter.requests_so_far(), 0);
}

#[test]
fn a_bus_that_is_mute_ends_every_command() {
    let sandbox = Sandbox::new().without("OAUTHCTL_STORE");
    let path = sandbox.home().join("bus");
    let _never_accepts = UnixListener::bind(&path).unwrap();
    let sandbox = sandbox.with("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", path.display()));
    list_a_login(&sandbox);
    thread::scope(|scope| {
        for args in COMMANDS {
            scope.spawn(|| ends_as_silent(&sandbox, args));
        }
    });
}

/// The service hangs at each method in turn, and every command that comes to that method ends with 7.
#[test]
fn a_secret_service_that_hangs_ends_every_command() {
    let steps = [
        Step { hangs_at: "SearchItems", has_item: true, commands: COMMANDS },
        Step { hangs_at: "OpenSession", has_item: true, commands: COMMANDS },
        Step { hangs_at: "GetSecret", has_item: true, commands: &[TOKEN_COMMAND, STATUS_COMMAND] },
        Step { hangs_at: "SetSecret", has_item: true, commands: &[LOGIN_COMMAND] },
        Step { hangs_at: "Delete", has_item: true, commands: &[LOGOUT_COMMAND, LOGIN_COMMAND] },
        Step { hangs_at: "ReadAlias", has_item: false, commands: COMMANDS },
        Step { hangs_at: "Locked", has_item: false, commands: COMMANDS },
        Step { hangs_at: "CreateItem", has_item: false, commands: &[LOGIN_COMMAND] },
    ];
    SessionBus::needs();
    thread::scope(|scope| {
        for step in steps {
            for args in step.commands {
                scope.spawn(move || {
                    let hangs = || {
                        let bus = SessionBus::new();
                        let service = HangingService::start(&bus, step.hangs_at, step.has_item);
                        let sandbox = at(&bus);
                        list_a_login(&sandbox);
                        ends_as_silent(&sandbox, args);
                        service.asked()
                    };
                    // On a busy machine the service may be too slow to come to that method in time.
                    let asked = (0..3).map(|_| hangs()).find(|asked| !asked.is_empty()).unwrap_or_default();
                    // Once: `status` has two logins to look at, and a second wait would be as vain as the first.
                    assert_eq!(asked, [step.hangs_at], "`{}` came to another end", args.join(" "));
                });
            }
        }
    });
}

const TOKEN_COMMAND: &[&str] = &["token"];
const STATUS_COMMAND: &[&str] = &["status"];
const LOGOUT_COMMAND: &[&str] = &["logout"];
const LOGIN_COMMAND: &[&str] = &["login", "--provider", "judgeme", "--no-browser"];
/// Every kind of command that comes to the keychain.
const COMMANDS: &[&[&str]] = &[
    TOKEN_COMMAND,
    STATUS_COMMAND,
    LOGOUT_COMMAND,
    LOGIN_COMMAND,
    &["status", "--check"],
    &["call", "GET", "/x"],
    &["scopes"],
    &["exec", "--", "true"],
    &["export"],
    &["app", "show", "judgeme"],
];

struct Step {
    hangs_at: &'static str,
    has_item: bool,
    commands: &'static [&'static [&'static str]],
}

#[track_caller]
fn ends_as_silent(sandbox: &Sandbox, args: &[&str]) {
    let mut command = sandbox.command(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let output = Output::new(args.join(" "), finish(child));
    output.code(7);
    assert!(format!("{output}").contains("did not answer within 5 s"), "{output}");
}

/// What a login and a registration leave in the list, without the secrets.
fn list_a_login(sandbox: &Sandbox) {
    let data = sandbox.home().join(".local/share/oauthctl");
    let index = r#"{"version":1,"current":"judgeme","logins":{
                    "judgeme":{"provider":"judgeme","store":"keychain"},
                    "second":{"provider":"judgeme","store":"keychain"}},
                    "apps":{"judgeme":{"store":"keychain"}}}"#;
    std::fs::create_dir_all(&data).unwrap();
    let file = data.join("logins.json");
    std::fs::write(&file, index).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, private).unwrap();
}

/// A home whose keychain is the bus's.
fn at(bus: &SessionBus) -> Sandbox {
    Sandbox::new().without("OAUTHCTL_STORE").with("DBUS_SESSION_BUS_ADDRESS", &bus.address)
}

/// A key without a passphrase, made for this story, in the sandbox's home; and a store of `pass` for it.
struct Gpg<'a>(&'a Sandbox);

impl<'a> Gpg<'a> {
    fn with_key(sandbox: &'a Sandbox) -> Self {
        let this = Self(sandbox);
        let folder = sandbox.home().join(".gnupg");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let key = ["--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key", "oauthctl-test"];
        this.run("gpg", &[&key[..], &["default", "default", "never"]].concat());
        this.run("pass", &["init", "oauthctl-test"]);
        this
    }

    fn run(&self, program: &str, args: &[&str]) {
        let output = self.0.program(program).args(args).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Gpg<'_> {
    fn drop(&mut self) {
        // The agent would stay behind for good.
        let _ = self.0.program("gpgconf").args(["--kill", "gpg-agent"]).output();
    }
}

/// A Secret Service with at most one item, which never answers one of its methods.
struct HangingService {
    _connection: Connection,
    asked: Receiver<&'static str>,
}

impl HangingService {
    fn start(bus: &SessionBus, hangs_at: &'static str, has_item: bool) -> Self {
        let (note, asked) = mpsc::channel();
        let hang = Hang { at: hangs_at, note };
        let connection = bus.connect();
        let on_bus = connection.clone();
        let server = on_bus.object_server();
        server.at(SERVICE, FakeService { hang: hang.clone(), has_item }).unwrap();
        server.at(COLLECTION, FakeCollection { hang: hang.clone() }).unwrap();
        server.at(ITEM, FakeItem { hang }).unwrap();
        connection.request_name("org.freedesktop.secrets").unwrap();
        Self { _connection: connection, asked }
    }

    /// The calls that were never answered.
    fn asked(&self) -> Vec<&'static str> {
        self.asked.try_iter().collect()
    }
}

const SERVICE: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const ITEM: &str = "/org/freedesktop/secrets/collection/login/1";
const SESSION: &str = "/org/freedesktop/secrets/session/1";

type Paths = Vec<OwnedObjectPath>;
/// Session, parameters, value, content type.
type WireSecret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

#[derive(Clone)]
struct Hang {
    at: &'static str,
    note: Sender<&'static str>,
}

impl Hang {
    async fn come_to(&self, method: &'static str) {
        if self.at == method {
            let _ = self.note.send(method);
            std::future::pending::<()>().await;
        }
    }
}

fn path(text: &str) -> OwnedObjectPath {
    OwnedObjectPath::try_from(text.to_owned()).unwrap()
}

struct FakeService {
    hang: Hang,
    has_item: bool,
}

#[zbus::interface(name = "org.freedesktop.Secret.Service")]
impl FakeService {
    async fn search_items(&self, _attributes: HashMap<String, String>) -> fdo::Result<(Paths, Paths)> {
        self.hang.come_to("SearchItems").await;
        Ok((if self.has_item { vec![path(ITEM)] } else { Vec::new() }, Vec::new()))
    }

    async fn open_session(&self, _algorithm: &str, _input: Value<'_>) -> fdo::Result<(OwnedValue, OwnedObjectPath)> {
        self.hang.come_to("OpenSession").await;
        Ok((OwnedValue::try_from(Value::from("")).unwrap(), path(SESSION)))
    }

    async fn read_alias(&self, _name: &str) -> fdo::Result<OwnedObjectPath> {
        self.hang.come_to("ReadAlias").await;
        Ok(path(COLLECTION))
    }
}

struct FakeCollection {
    hang: Hang,
}

#[zbus::interface(name = "org.freedesktop.Secret.Collection")]
impl FakeCollection {
    #[zbus(property)]
    async fn locked(&self) -> fdo::Result<bool> {
        self.hang.come_to("Locked").await;
        Ok(false)
    }

    async fn create_item(
        &self,
        _properties: HashMap<String, OwnedValue>,
        _secret: WireSecret,
        _replace: bool,
    ) -> fdo::Result<(OwnedObjectPath, OwnedObjectPath)> {
        self.hang.come_to("CreateItem").await;
        Ok((path(ITEM), path("/")))
    }
}

struct FakeItem {
    hang: Hang,
}

#[zbus::interface(name = "org.freedesktop.Secret.Item")]
impl FakeItem {
    #[zbus(property)]
    async fn locked(&self) -> fdo::Result<bool> {
        Ok(false)
    }

    async fn get_secret(&self, _session: OwnedObjectPath) -> fdo::Result<(WireSecret,)> {
        self.hang.come_to("GetSecret").await;
        Ok(((path(SESSION), Vec::new(), b"{}".to_vec(), "text/plain".to_owned()),))
    }

    async fn set_secret(&self, _secret: WireSecret) -> fdo::Result<()> {
        self.hang.come_to("SetSecret").await;
        Ok(())
    }

    async fn delete(&self) -> fdo::Result<OwnedObjectPath> {
        self.hang.come_to("Delete").await;
        Ok(path("/"))
    }
}
