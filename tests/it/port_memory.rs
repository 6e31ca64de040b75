//! How much memory a login takes while the port is flooded, in each of its phases: 32 MiB, whatever comes.
//!
//! A flood is [`REQUESTS`] requests with as large a body as the port reads, and as many connections as it holds that
//! stop before their last byte. Were each request kept, it would take 64 MiB.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use url::{Position, Url};

use crate::support::process::{peak_memory, until};
use crate::support::raw_server::{Script, http};
use crate::support::{PendingLogin, RawServer, Sandbox};

/// In KiB.
const CEILING: u64 = 32 * 1024;

const REQUESTS: usize = 1000;

/// As many connections as the port holds.
const HALVES: usize = 64;

/// As much as the port reads of a body.
const BODY: usize = 64 * 1024;

/// A provider whose token endpoint answers when it may.
struct Shop {
    sandbox: Sandbox,
    server: RawServer,
    asked: Receiver<()>,
    go: Sender<()>,
}

impl Shop {
    fn new() -> Self {
        Self::with("")
    }

    /// Whose token comes in the address, and is posted to the port by its own page.
    fn implicit() -> Self {
        Self::with("grants = ['implicit']")
    }

    fn with(more: &str) -> Self {
        let ((is_asked, asked), (go, may_go)) = (channel(), channel());
        let held = move |stream| {
            is_asked.send(()).unwrap();
            let _ = may_go.recv();
            let reply = r#"{"access_token":"made-up","token_type":"bearer"}"#;
            http("200 OK", &["Content-Type: application/json"], reply)(stream);
        };
        let server = RawServer::start([Box::new(held) as Script]);
        let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "made-up");
        let origin = server.origin();
        sandbox.define(
            "shop",
            &format!("authorize.url = '{origin}/a'\ntoken.url = '{origin}/token'\napi.base = '{origin}'\n{more}"),
        );
        Self { sandbox, server, asked, go }
    }

    fn command(&self, redirect_uri: &str) -> Command {
        self.sandbox.command(&["login", "--provider", "shop", "--no-browser", "--redirect-uri", redirect_uri])
    }
}

/// The port under flood: in clear, or through TLS.
#[derive(Clone)]
struct Port {
    address: String,
    target: String,
    tls: Option<Arc<ClientConfig>>,
}

trait Talk: Read + Write + Send {}
impl<T: Read + Write + Send> Talk for T {}

impl Port {
    fn of(login: &PendingLogin) -> Self {
        let answer = [("code", "c"), ("access_token", "made-up"), ("token_type", "bearer")];
        let url = login.redirect(if login.sent("response_type") == "token" { &answer[1..] } else { &answer[..1] });
        let address = url[Position::BeforeHost..Position::AfterPort].to_owned();
        let tls = (url.scheme() == "https").then(believing_all);
        Self { address, target: url[Position::BeforePath..].to_owned(), tls }
    }

    /// `None` if the port is closed.
    fn connect(&self) -> Option<Box<dyn Talk>> {
        let stream = TcpStream::connect(&self.address).ok()?;
        // Else the machine runs out of ports.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Some(match &self.tls {
            None => Box::new(stream),
            Some(config) => {
                let name = ServerName::try_from("localhost").unwrap();
                Box::new(StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), stream))
            }
        })
    }

    /// What comes from a connection that may have been given up for others.
    fn ask(&self, request: &[u8]) -> Option<String> {
        let mut stream = self.connect()?;
        let _ = stream.write_all(request);
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        Some(String::from_utf8_lossy(&reply).into_owned())
    }

    /// A request with a large body, and all of it or all but its last byte.
    fn large(&self, whole: bool) -> Vec<u8> {
        let head = format!("POST /x HTTP/1.1\r\nHost: {}\r\nContent-Length: {BODY}\r\n\r\n", self.address);
        let mut request = head.into_bytes();
        request.resize(request.len() + BODY - usize::from(!whole), b'x');
        request
    }

    /// Some requests that the port hears, and some that it waits for.
    fn flood(&self) {
        let (whole, half) = (self.large(true), self.large(false));
        let halves: Vec<_> = (0..HALVES).filter_map(|_| self.connect()).collect();
        let halves: Vec<_> = halves.into_iter().map(|mut stream| (stream.write_all(&half), stream)).collect();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..REQUESTS / 2).for_each(|_| self.send(&whole)));
            }
        });
        drop(halves);
        // What was sent before this answer has been read.
        let heard = self.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        assert!(heard.starts_with("HTTP/1.1 400"), "{heard}");
    }

    /// Sends it and hangs up.
    fn send(&self, request: &[u8]) {
        if let Some(mut stream) = self.connect() {
            let _ = stream.write_all(request);
            // Who hangs up at once takes back what was not read yet.
            let _ = stream.read(&mut [0]);
        }
    }

    /// The browser that comes back, in another thread, and the page that it ends on.
    fn come_back(&self) -> JoinHandle<String> {
        let port = self.clone();
        let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", port.target, port.address);
        thread::spawn(move || port.ask(request.as_bytes()).unwrap())
    }
}

/// Trusts the certificate that the login has made a moment ago.
fn believing_all() -> Arc<ClientConfig> {
    #[derive(Debug)]
    struct Believer(Arc<rustls::crypto::CryptoProvider>);
    impl ServerCertVerifier for Believer {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let config = config.unwrap().dangerous().with_custom_certificate_verifier(Arc::new(Believer(provider)));
    Arc::new(config.with_no_client_auth())
}

#[track_caller]
fn within_the_ceiling(login: &PendingLogin, phase: &str) {
    let peak = peak_memory(login.process_id()).expect("it has not ended");
    println!("{phase}: {peak} KiB");
    assert!(peak <= CEILING, "{phase}: {peak} KiB");
}

const PLAIN: &str = "http://127.0.0.1:0/callback";
const TLS: &str = "https://localhost:0/callback";

#[test]
fn a_flood_while_the_redirect_is_waited_for_is_within_32_mib() {
    for uri in [PLAIN, TLS] {
        let shop = Shop::new();
        let login = PendingLogin::start(shop.command(uri));
        let port = Port::of(&login);
        within_the_ceiling(&login, "quiet");
        port.flood();
        within_the_ceiling(&login, uri);
        shop.go.send(()).unwrap();
        assert!(port.come_back().join().unwrap().contains("You are logged in"));
        login.finish().code(0);
    }
}

/// The one kind of login whose port reads bodies.
#[test]
fn a_flood_of_a_port_that_takes_posts_is_within_32_mib() {
    for uri in [PLAIN, TLS] {
        let shop = Shop::implicit();
        shop.sandbox.run_with_stdin(&["login", "--provider", "shop", "--with-token"], "made-up").code(0);
        let lock = File::open(lock_file(&shop.sandbox)).unwrap();
        lock.lock().unwrap();
        let login = PendingLogin::start(shop.command(uri));
        let port = Port::of(&login);
        port.flood();
        within_the_ceiling(&login, "posts, waiting");
        let tab = port.come_back();
        until("it waits for the lock", || waits_for_a_lock(login.process_id()));
        port.flood();
        within_the_ceiling(&login, "posts, lock");
        lock.unlock().unwrap();
        assert!(tab.join().unwrap().contains("You are logged in"));
        login.finish().code(0);
    }
}

#[test]
fn a_flood_during_the_exchange_needs_32_mib_and_delays_nothing() {
    for uri in [PLAIN, TLS] {
        let shop = Shop::new();
        let login = PendingLogin::start(shop.command(uri));
        let port = Port::of(&login);
        let (tab, again) = (port.come_back(), port.clone());
        shop.asked.recv().unwrap();
        // A browser that repeats its request, and one that does so after the flood.
        let second = again.come_back();
        port.flood();
        within_the_ceiling(&login, uri);
        shop.go.send(()).unwrap();
        assert!(tab.join().unwrap().contains("You are logged in"));
        assert!(second.join().unwrap().contains("You are logged in"));
        login.finish().code(0);
        assert_eq!(shop.server.stop().len(), 1, "one exchange");
    }
}

#[test]
fn a_flood_while_the_login_is_locked_stays_within_32_mib() {
    let shop = Shop::new();
    shop.sandbox.run_with_stdin(&["login", "--provider", "shop", "--with-token"], "made-up").code(0);
    let lock = File::open(lock_file(&shop.sandbox)).unwrap();
    lock.lock().unwrap();
    let login = PendingLogin::start(shop.command(PLAIN));
    let port = Port::of(&login);
    let tab = port.come_back();
    shop.asked.recv().unwrap();
    shop.go.send(()).unwrap();
    until("it waits for the lock", || waits_for_a_lock(login.process_id()));
    port.flood();
    within_the_ceiling(&login, "lock");
    lock.unlock().unwrap();
    assert!(tab.join().unwrap().contains("You are logged in"));
    login.finish().code(0);
}

/// From before the browser comes back until the process has ended: whatever phase it is in, the flood is there.
#[test]
fn a_flood_from_the_start_to_the_end_is_within_32_mib() {
    for uri in [PLAIN, TLS] {
        let shop = Shop::new();
        let login = PendingLogin::start(shop.command(uri));
        let (process, port) = (login.process_id(), Port::of(&login));
        let (over, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
        let peak = thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let large = port.large(true);
                    while !over.load(Ordering::SeqCst) {
                        port.send(&large);
                        sent.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            // Repetitions of the redirect that take no answer.
            let stubborn: Vec<_> = (0..HALVES).filter_map(|_| port.connect()).collect();
            let watcher = scope.spawn(move || {
                let mut highest = 0;
                while let Some(now) = peak_memory(process) {
                    highest = highest.max(now);
                }
                highest
            });
            let tab = port.come_back();
            shop.asked.recv().unwrap();
            let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", port.target, port.address);
            for mut stream in stubborn {
                let _ = stream.write_all(request.as_bytes());
            }
            let by_now = sent.load(Ordering::SeqCst);
            until("the exchange is flooded", || sent.load(Ordering::SeqCst) > by_now + REQUESTS);
            shop.go.send(()).unwrap();
            let page = tab.join().unwrap();
            login.finish().code(0);
            over.store(true, Ordering::SeqCst);
            assert!(page.contains("You are logged in"), "{page}");
            watcher.join().unwrap()
        });
        println!("{uri}, whole login: {peak} KiB");
        assert!((1..=CEILING).contains(&peak), "{peak} KiB");
    }
}

fn lock_file(sandbox: &Sandbox) -> PathBuf {
    fn look(folder: PathBuf) -> Option<PathBuf> {
        std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find_map(|path| if path.is_dir() { look(path) } else { path.ends_with("shop.lock").then_some(path) })
    }
    look(sandbox.home().to_owned()).expect("there is a lock")
}

/// Whether the process has the lock's file open. Only root may see it; for others the flood begins a moment earlier.
fn waits_for_a_lock(process: u32) -> bool {
    let Ok(entries) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return true };
    entries.flatten().any(|entry| std::fs::read_link(entry.path()).is_ok_and(|path| path.ends_with("shop.lock")))
}

/// Not the redirect, but the launch address beside a TLS port: it has a port of its own.
#[test]
fn a_flood_of_the_launch_address_is_within_32_mib() {
    let shop = Shop::new();
    let file = shop.sandbox.home().join("launched");
    let browser = shop.sandbox.home().join("browser");
    let script = format!("#!/bin/sh\nprintf %s \"$1\" >{0}.new\nmv {0}.new {0}\n", file.display());
    std::fs::write(&browser, script).unwrap();
    assert!(Command::new("chmod").arg("755").arg(&browser).status().unwrap().success());
    let mut command = shop.sandbox.command(&["login", "--provider", "shop", "--redirect-uri", TLS, "--browser"]);
    command.arg(&browser);
    let login = PendingLogin::start(command);
    until("the browser is started", || file.exists());
    let launch: Url = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let address = launch[Position::BeforeHost..Position::AfterPort].to_owned();
    let (callback, launch) = (Port::of(&login), Port { address, target: launch.path().to_owned(), tls: None });
    let tab = callback.come_back();
    shop.asked.recv().unwrap();
    launch.flood();
    within_the_ceiling(&login, "launch");
    shop.go.send(()).unwrap();
    assert!(tab.join().unwrap().contains("You are logged in"));
    login.finish().code(0);
}
