//! A desk of its own for each story: home, runtime directory and session bus are made up, and the bus starts no services
//! by itself, so that nothing reaches the desktop of whoever runs this.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use zbus::blocking::{Connection, MessageIterator, connection, fdo::DBusProxy};
use zbus::message::Type;

use super::sandbox::feed;

/// For everything that must happen: a busy machine is slow, and a hang must still end.
pub const PATIENCE: Duration = Duration::from_secs(60);

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

/// Waits for the end of a process, which `PATIENCE` brings about if need be.
pub fn finish(child: Child) -> Output {
    let id = child.id();
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output().unwrap()));
    match ended.recv_timeout(PATIENCE) {
        Ok(output) => output,
        Err(_) => {
            send_signal(id, libc::SIGKILL);
            panic!("process {id} did not end");
        }
    }
}

/// Ends with the story, also when that fails, and also when it is stopped.
pub struct Process(pub Child);

impl Process {
    pub fn signal(&self, signal: i32) {
        send_signal(self.0.id(), signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn send_signal(id: u32, signal: i32) {
    // SAFETY: `kill` takes two numbers; the process is our child and not waited for yet, so the number is still its
    // own.
    assert_eq!(unsafe { libc::kill(id as i32, signal) }, 0);
}

/// For what nobody tells us of.
#[track_caller]
pub fn until(what: &str, happens: impl FnMut() -> bool) {
    until_within(PATIENCE, what, happens);
}

/// The same where waiting for longer would be the fault that is looked for.
#[track_caller]
pub fn until_within(patience: Duration, what: &str, mut happens: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !happens() {
        assert!(Instant::now() < end, "this never happens: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A port for a story that binds it more than once: below those that the kernel gives to whoever wants any (ip(7)), so
/// that nobody gets it in between.
pub fn fixed_port() -> u16 {
    static STORIES: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + (std::process::id() % 10_000) as u16 + 100 * STORIES.fetch_add(1, Ordering::SeqCst);
    let mut ports = start..32_000;
    ports.find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port is free")
}

/// `R`, `S`, `T` and so on, as proc(5) has it; `None` if there is no such process.
pub fn process_state(process: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// The largest resident size so far, in KiB; `None` if the process has ended.
pub fn peak_memory(process: u32) -> Option<u64> {
    memory(process, "VmHWM:")
}

/// A line of proc(5)'s `status`, in KiB.
pub fn memory(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// A home and a session bus.
pub struct Desk {
    pub home: tempfile::TempDir,
    pub address: String,
    _bus: Process,
}

impl Desk {
    /// `None` on a machine without the programs, where the story cannot be told; a CI machine must have them.
    pub fn new() -> Option<Self> {
        for program in ["dbus-daemon", "gnome-keyring-daemon", "secret-tool"] {
            if Command::new(program).arg("--version").output().is_err() {
                assert!(std::env::var_os("CI").is_none(), "this needs {program}");
                eprintln!("skipped: this needs {program}");
                return None;
            }
        }
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("bus.conf");
        let listen = format!("unix:path={}", home.path().join("bus").display());
        // No directory with services: the bus starts neither a second keyring nor a program that prompts.
        let text = format!(
            r#"<busconfig><type>session</type><listen>{listen}</listen><auth>EXTERNAL</auth><policy context="default">
            <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#
        );
        std::fs::write(&config, text).unwrap();
        let mut bus = in_home("dbus-daemon", home.path(), "");
        bus.args(["--nofork", "--nopidfile", "--print-address", "--config-file"]).arg(&config).stderr(Stdio::null());
        let mut bus = Process(bus.spawn().unwrap());
        // The address comes once the bus listens.
        let mut address = String::new();
        BufReader::new(bus.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { home, address: address.trim().to_owned(), _bus: bus })
    }

    /// What leads a program to this home and this bus.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        let home = self.home.path().to_str().unwrap().to_owned();
        [("DBUS_SESSION_BUS_ADDRESS", self.address.clone()), ("XDG_RUNTIME_DIR", home)]
    }

    pub fn program(&self, program: &str) -> Command {
        in_home(program, self.home.path(), &self.address)
    }

    /// Runs `secret-tool` with arguments without spaces. What it stores is `from elsewhere`.
    pub fn secret_tool(&self, arguments: &str) -> String {
        self.secret_tool_with(arguments, "from elsewhere")
    }

    /// The same; what it stores is this text.
    pub fn secret_tool_with(&self, arguments: &str, secret: &str) -> String {
        let mut tool = self.program("secret-tool").args(arguments.split(' ')).spawn().unwrap();
        feed(&mut tool, secret.as_bytes());
        let output = finish(tool);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }

    /// Makes the login collection if there is none.
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
        connection::Builder::address(address).unwrap().method_timeout(PATIENCE).build().unwrap()
    }

    pub fn wait_for(&self, name: &'static str) {
        let bus = DBusProxy::new(&self.connect()).unwrap();
        let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name)]).unwrap();
        if bus.name_has_owner(name.try_into().unwrap()).unwrap() {
            return;
        }
        let (changed, waiting) = mpsc::channel();
        thread::spawn(move || changed.send(changes.next().is_some()));
        assert_eq!(waiting.recv_timeout(PATIENCE), Ok(true), "nobody became {name}");
    }

    /// Takes the name that gnome-keyring calls for a prompt.
    pub fn prompter(&self) -> Prompter {
        let connection = self.connect();
        let messages = MessageIterator::from(&connection);
        connection.request_name("org.gnome.keyring.SystemPrompter").unwrap();
        let (asked, asks) = mpsc::channel();
        let marker = connection.clone();
        thread::spawn(move || {
            for message in messages.flatten().filter(|message| message.message_type() == Type::MethodCall) {
                let is_marker = message.header().member().is_some_and(|member| member == "Marker");
                if asked.send(if is_marker { Heard::Marker } else { Heard::Request }).is_err() {
                    break;
                }
            }
        });
        Prompter { connection: marker, asks }
    }
}

enum Heard {
    Request,
    Marker,
}

/// Stands where the program that asks for passwords would, hears and does nothing.
pub struct Prompter {
    connection: Connection,
    asks: mpsc::Receiver<Heard>,
}

impl Prompter {
    /// The bus keeps messages in order: what was sent before is heard before a message to ourselves.
    pub fn asked_so_far(&self) -> usize {
        let own_name = self.connection.unique_name().unwrap().to_owned();
        let marker = zbus::Message::method_call("/", "Marker").unwrap().destination(own_name).unwrap();
        self.connection.send(&marker.build(&()).unwrap()).unwrap();
        let mut requests = 0;
        while let Heard::Request = self.asks.recv_timeout(PATIENCE).unwrap() {
            requests += 1;
        }
        requests
    }

    pub fn wait_to_be_asked(&self) {
        assert!(matches!(self.asks.recv_timeout(PATIENCE), Ok(Heard::Request)));
    }
}
