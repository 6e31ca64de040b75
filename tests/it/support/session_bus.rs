//! A home, a runtime directory and a session bus for each test. The bus starts no services by itself, so that nothing
//! reaches the desktop of the user who runs the tests.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use zbus::blocking::{Connection, MessageIterator, connection, fdo::DBusProxy};
use zbus::message::Type;

use super::lacks::needs;
use super::process::{Process, TIMEOUT, finish};
use super::sandbox::feed;

pub fn in_home(program: &str, home: &Path, address: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("DBUS_SESSION_BUS_ADDRESS", address)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A home and a session bus.
pub struct SessionBus {
    pub home: tempfile::TempDir,
    pub address: String,
    _bus: Process,
}

impl SessionBus {
    /// The programs of the bus, and of those who are on it. To be asked for by a story that starts buses in threads.
    pub fn needs() {
        needs(&["dbus-daemon", "gnome-keyring-daemon", "secret-tool"]);
    }

    /// Starts the bus.
    pub fn new() -> Self {
        Self::needs();
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("bus.conf");
        let listen = format!("unix:path={}", home.path().join("bus").display());
        // Without a service directory, the bus starts neither a second keyring nor a prompter.
        let text = format!(
            r#"<busconfig><type>session</type><listen>{listen}</listen><auth>EXTERNAL</auth><policy context="default">
            <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#
        );
        std::fs::write(&config, text).unwrap();
        let mut bus = in_home("dbus-daemon", home.path(), "");
        bus.args(["--nofork", "--nopidfile", "--print-address", "--config-file"]).arg(&config).stderr(Stdio::null());
        let mut bus = Process(bus.spawn().unwrap());
        // The address is printed once the bus listens.
        let mut address = String::new();
        BufReader::new(bus.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { home, address: address.trim().to_owned(), _bus: bus }
    }

    /// Returns the variables that point a program at this home and this bus.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        let home = self.home.path().to_str().unwrap().to_owned();
        [("DBUS_SESSION_BUS_ADDRESS", self.address.clone()), ("XDG_RUNTIME_DIR", home)]
    }

    pub fn program(&self, program: &str) -> Command {
        in_home(program, self.home.path(), &self.address)
    }

    /// Runs `secret-tool` with arguments without spaces. It stores `from elsewhere`.
    pub fn secret_tool(&self, arguments: &str) -> String {
        self.secret_tool_with(arguments, "from elsewhere")
    }

    /// Runs `secret-tool` with a text to store.
    pub fn secret_tool_with(&self, arguments: &str, secret: &str) -> String {
        let mut tool = self.program("secret-tool").args(arguments.split(' ')).spawn().unwrap();
        feed(&mut tool, secret.as_bytes());
        let output = finish(tool);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }

    /// Starts an unlocked keyring, which creates the login collection if there is none.
    pub fn unlocked_keyring(&self) -> Process {
        self.keyring(&["--unlock"], b"made-up password")
    }

    pub fn locked_keyring(&self) -> Process {
        self.keyring(&[], b"")
    }

    pub fn keyring(&self, more: &[&str], password: &[u8]) -> Process {
        let mut daemon = self.program("gnome-keyring-daemon");
        daemon.args(["--foreground", "--components=secrets"]).args(more).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = Process(daemon.spawn().unwrap());
        feed(&mut daemon.0, password);
        self.wait_for("org.freedesktop.secrets");
        daemon
    }

    pub fn connect(&self) -> Connection {
        let address = self.address.as_str();
        connection::Builder::address(address).unwrap().method_timeout(TIMEOUT).build().unwrap()
    }

    pub fn wait_for(&self, name: &'static str) {
        let bus = DBusProxy::new(&self.connect()).unwrap();
        let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name)]).unwrap();
        if bus.name_has_owner(name.try_into().unwrap()).unwrap() {
            return;
        }
        let (changed, waiting) = mpsc::channel();
        thread::spawn(move || changed.send(changes.next().is_some()));
        assert_eq!(waiting.recv_timeout(TIMEOUT), Ok(true), "no program took the name {name}");
    }

    /// Takes the bus name that gnome-keyring calls for a prompt.
    pub fn prompter(&self) -> Prompter {
        let connection = self.connect();
        let messages = MessageIterator::from(&connection);
        connection.request_name("org.gnome.keyring.SystemPrompter").unwrap();
        let (asked, asks) = mpsc::channel();
        let marker = connection.clone();
        thread::spawn(move || {
            for message in messages.flatten().filter(|message| message.message_type() == Type::MethodCall) {
                let is_marker = message.header().member().is_some_and(|member| member == "Marker");
                if asked.send(if is_marker { Received::Marker } else { Received::Request }).is_err() {
                    break;
                }
            }
        });
        Prompter { connection: marker, asks }
    }
}

enum Received {
    Request,
    Marker,
}

/// Takes the place of the program that prompts for passwords, and only records the requests.
pub struct Prompter {
    connection: Connection,
    asks: mpsc::Receiver<Received>,
}

impl Prompter {
    /// Counts the requests so far. The bus keeps messages in order, so earlier ones arrive before a message to
    /// ourselves.
    pub fn requests_so_far(&self) -> usize {
        let own_name = self.connection.unique_name().unwrap().to_owned();
        let marker = zbus::Message::method_call("/", "Marker").unwrap().destination(own_name).unwrap();
        self.connection.send(&marker.build(&()).unwrap()).unwrap();
        let mut requests = 0;
        while let Received::Request = self.asks.recv_timeout(TIMEOUT).unwrap() {
            requests += 1;
        }
        requests
    }

    pub fn wait_for_request(&self) {
        assert!(matches!(self.asks.recv_timeout(TIMEOUT), Ok(Received::Request)));
    }
}
