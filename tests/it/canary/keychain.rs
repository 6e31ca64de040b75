//! A login in a real keyring: what goes over the bus, and what the keyring has on the disk.

use std::io::Read;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use super::findings;
use crate::support::canary::{Channel, Finding, Kind};
use crate::support::lacks;
use crate::support::leaky_provider::LeakyProvider;
use crate::support::process::{Process, TIMEOUT};
use crate::support::session_bus::SessionBus;

pub fn with_the_os_keychain() -> Vec<Finding> {
    let bus = SessionBus::new();
    let _keyring = bus.unlocked_keyring();
    let mut at = LeakyProvider::new("");
    at.observer.also_look_at(bus.home.path());
    at.run(&["app", "remove", "mine"]).code(0);
    let key = std::fs::read_to_string(at.sandbox.home().join("config/keys/store.key")).unwrap();
    at.learn_key(&key);
    at.sandbox = at.sandbox.without("OAUTHCTL_STORE").with("DBUS_SESSION_BUS_ADDRESS", &bus.address);
    let listener = Listener::on(&bus);
    let secret = at.make(Kind::ClientSecret);
    at.run_with_stdin(&["app", "set", "mine", "-vvv", "--client-id", "mine", "--client-secret-stdin"], &secret).code(0);
    at.log_in(&["-vvv"]).code(0);
    for args in [&["token"][..], &["refresh", "-vvv"], &["call", "-vvv", "/api/things"], &["status", "-vvv"]] {
        at.run(args).code(0);
    }
    at.run(&["logout", "-vvv"]).code(0);
    let heard = listener.heard(&bus);
    // The names of the entries are no secrets: they show that the right bus was listened to.
    for word in ["CreateItem", "GetSecret", "oauthctl: mine"] {
        assert!(heard.windows(word.len()).any(|part| part == word.as_bytes()), "nobody said {word}");
    }
    at.observer.see(Channel::Bus, "app, login, refresh and so on", "session bus", &heard);
    findings(&at)
}

/// Hears every message on a bus.
struct Listener {
    _monitor: Process,
    heard: Receiver<Vec<u8>>,
}

const LAST: &str = "CanaryLastMessage";

impl Listener {
    fn on(bus: &SessionBus) -> Self {
        let mut monitor = lacks::program("dbus-monitor");
        monitor.args(["--binary", "--address", &bus.address]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut monitor = Process(monitor.spawn().unwrap());
        let mut stdout = monitor.0.stdout.take().unwrap();
        let (sender, heard) = channel();
        std::thread::spawn(move || {
            let mut part = [0; 16 * 1024];
            while let Ok(n @ 1..) = stdout.read(&mut part) {
                if sender.send(part[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        // The bus tells each newcomer something; from then on it listens.
        heard.recv_timeout(TIMEOUT).unwrap();
        Self { _monitor: monitor, heard }
    }

    /// Everything up to now: the bus keeps messages in order.
    fn heard(&self, bus: &SessionBus) -> Vec<u8> {
        let connection = bus.connect();
        let own_name = connection.unique_name().unwrap().to_owned();
        let last = zbus::Message::method_call("/", LAST).unwrap().destination(own_name).unwrap();
        connection.send(&last.build(&()).unwrap()).unwrap();
        let mut heard = Vec::new();
        while !heard.windows(LAST.len()).any(|part| part == LAST.as_bytes()) {
            heard.extend(self.heard.recv_timeout(TIMEOUT).unwrap());
        }
        heard
    }
}
