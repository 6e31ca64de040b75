//! Ctrl-C, SIGTERM and SIGHUP in every wait there is, and Ctrl-Z: how it ends, how soon, and what is left behind.
//!
//! How soon it ended is printed (`cargo test --test it signals -- --nocapture`) and not asserted: a busy machine is slow.

pub mod anywhere;
mod prompts;

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use libc::{SIGHUP, SIGINT, SIGTERM};

use crate::crash::{needs_tracing, traced, traced_with};
use crate::support::leftovers::nothing_is_left;
use crate::support::process::{TIMEOUT, send_signal, until, until_within};
use crate::support::raw_server::{Script, http};
use crate::support::shop_api::{Rules, TOKEN};
use crate::support::{PendingLogin, RawServer, Sandbox, ShopApi, http as browser};

const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Long enough for a busy machine, and too short for who waits until a helper of 30 s is given up.
const BEFORE_ANY_HELPER: Duration = Duration::from_secs(20);

/// A command that waits, and whatever it waits for.
struct Waiting<'a> {
    id: u32,
    ended: Box<dyn FnMut() -> Option<ExitStatus> + 'a>,
    home: &'a Path,
    /// Where it listens.
    port: Option<u16>,
}

impl<'a> Waiting<'a> {
    fn start(mut command: Command, home: &'a Path) -> Self {
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { id: process.id(), ended: Box::new(move || process.try_wait().unwrap()), home, port: None }
    }

    fn login(mut login: PendingLogin, home: &'a Path) -> Self {
        let port = Some(login.port());
        Self { id: login.process_id(), ended: Box::new(move || login.ended()), home, port }
    }

    /// Sends the signal, waits for the end, and looks for what is left behind.
    #[track_caller]
    fn leaves_nothing_after(self, what: &str, signal: i32) {
        let (home, port) = (self.home, self.port);
        self.ends(what, signal);
        if let Some(port) = port {
            assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{what}: port {port} is open");
            TcpListener::bind(("127.0.0.1", port)).unwrap();
        }
        nothing_is_left(home);
    }

    #[track_caller]
    fn ends(mut self, what: &str, signal: i32) {
        let sent = Instant::now();
        send_signal(self.id, signal);
        let mut status = None;
        until_within(BEFORE_ANY_HELPER, "the command ends", || {
            status = (self.ended)();
            status.is_some()
        });
        println!("{what}: signal {signal} ended it after {:?}", sent.elapsed());
        assert_eq!(status.unwrap().signal(), Some(signal), "{what}: {status:?}");
    }
}

/// Each signal ends the command, as it would by default, and nothing is left behind.
#[track_caller]
fn each_signal_ends<'a>(what: &str, start: impl Fn() -> Waiting<'a>) {
    for signal in SIGNALS {
        start().leaves_nothing_after(what, signal);
    }
}

/// A provider whose servers fall silent after these replies; every request that gets none is told.
struct Shop {
    sandbox: Sandbox,
    server: RawServer,
    asked: Receiver<()>,
}

impl Shop {
    fn new(replies: impl IntoIterator<Item = Script>) -> Self {
        let (ask, asked) = channel();
        let silent = std::iter::repeat_with(move || {
            let ask = ask.clone();
            let script: Script = Box::new(move |stream| {
                // Open until the test's process ends.
                std::mem::forget(stream);
                let _ = ask.send(());
            });
            script
        });
        let server = RawServer::start(replies.into_iter().chain(silent.take(2 * SIGNALS.len())));
        let origin = server.origin();
        let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "mine").with("OAUTHCTL_CLIENT_SECRET", "made-up");
        sandbox.define(
            "shop",
            &format!("authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\napi.base = '{origin}'"),
        );
        Self { sandbox, server, asked }
    }

    /// With a login that has ended and can be refreshed.
    fn with_login(replies: impl IntoIterator<Item = Script>) -> Self {
        let body = r#"{"access_token":"one","token_type":"bearer","expires_in":1,"refresh_token":"two"}"#;
        let token = http("200 OK", &["Content-Type: application/json"], body);
        let shop = Self::new([token].into_iter().chain(replies));
        let login = shop.login();
        login.come_back(&[("code", "made-up")]);
        login.finish().code(0);
        shop
    }

    fn login_command(&self) -> Command {
        self.sandbox.command(&["login", "--provider", "shop", "--port", "0", "--no-browser"])
    }

    fn login(&self) -> PendingLogin {
        PendingLogin::start(self.login_command())
    }

    fn start(&self, command: Command) -> Waiting<'_> {
        Waiting::start(command, self.sandbox.home())
    }

    /// Waits for a request that gets no reply.
    fn is_asked(&self) {
        self.asked.recv_timeout(TIMEOUT).expect("a request comes");
    }
}

#[test]
fn a_login_that_waits_for_the_redirect_ends() {
    let shop = Shop::new([]);
    each_signal_ends("redirect", || {
        let login = shop.login();
        assert!(TcpStream::connect(("127.0.0.1", login.port())).is_ok());
        Waiting::login(login, shop.sandbox.home())
    });
}

#[test]
fn a_login_that_waits_for_the_token_endpoint_ends() {
    let shop = Shop::new([]);
    each_signal_ends("code exchange", || {
        let login = shop.login();
        let redirect = login.redirect(&[("code", "made-up")]);
        // The tab stays without an answer.
        std::thread::spawn(move || browser::get(&redirect));
        shop.is_asked();
        Waiting::login(login, shop.sandbox.home())
    });
    shop.sandbox.run(&["token"]).code(4);
}

#[test]
fn a_login_that_waits_for_the_keychain_ends() {
    let shop = Shop::new([]);
    let bus = shop.sandbox.home().join("bus");
    let listener = UnixListener::bind(&bus).unwrap();
    let silent = Mutex::new(Vec::new());
    each_signal_ends("keychain", || {
        let mut command = shop.login_command();
        command.env("OAUTHCTL_STORE", "keychain");
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", bus.display()));
        let waiting = shop.start(command);
        silent.lock().unwrap().push(listener.accept().unwrap());
        waiting
    });
}

#[test]
fn a_login_that_waits_for_a_credential_helper_ends_with_it() {
    let shop = Shop::new([]);
    let home = shop.sandbox.home().to_owned();
    let helper = home.join("docker-credential-hangs");
    // The lock is held as long as anybody has the file open: the helper, and what it has started.
    let script = "#!/bin/sh\nexec 9>>\"$HOME/helper\"\nflock 9\necho up >&9\nsleep 1000 &\nwait\n";
    let write =
        Command::new("sh").args(["-c", "printf %s \"$1\" >\"$0\"; chmod 700 \"$0\""]).arg(&helper).arg(script).status();
    assert!(write.unwrap().success());
    let (up, files) = (home.join("helper"), Mutex::new(Vec::new()));
    each_signal_ends("credential helper", || {
        let _ = std::fs::remove_file(&up);
        let path = format!("{}:{}", home.display(), std::env::var("PATH").unwrap());
        let mut command = shop.login_command();
        command.env("OAUTHCTL_STORE", "helper:hangs").env("PATH", path);
        let waiting = shop.start(command);
        until("the helper is up", || std::fs::read_to_string(&up).is_ok_and(|text| text.contains("up")));
        // For the end of this round; the file will be gone by its name.
        files.lock().unwrap().push(File::open(&up).unwrap());
        waiting
    });
    for file in files.into_inner().unwrap() {
        until("the helper ends", || file.try_lock().is_ok());
    }
}

#[test]
fn a_refresh_that_waits_for_the_token_endpoint_ends() {
    let shop = Shop::with_login([]);
    each_signal_ends("refresh", || {
        let waiting = shop.start(shop.sandbox.command(&["refresh"]));
        shop.is_asked();
        waiting
    });
    // The refresh token is still there to be tried.
    let again = shop.start(shop.sandbox.command(&["refresh"]));
    shop.is_asked();
    again.leaves_nothing_after("refresh", SIGTERM);
    assert!(shop.server.stop().last().unwrap().contains("refresh_token=two"));
}

#[test]
fn a_signal_ends_the_wait_for_the_lock_and_keeps_the_lock() {
    let shop = Shop::with_login([]);
    let lock = shop.sandbox.home().join(".local/share/oauthctl/store/login/shop.lock");
    for signal in SIGNALS {
        let held = File::options().create(true).truncate(false).write(true).open(&lock).unwrap();
        held.lock().unwrap();
        let waiting = shop.start(shop.sandbox.command(&["refresh"]));
        until("the command waits for the lock", || has_thread(waiting.id, "lock"));
        let home = waiting.home;
        waiting.ends("lock", signal);
        assert!(File::open(&lock).unwrap().try_lock().is_err(), "it is its holder's");
        drop(held);
        nothing_is_left(home);
    }
}

fn has_thread(process: u32, name: &str) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let mut names = tasks.flatten().map(|task| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default());
    names.any(|comm| comm.trim() == name)
}

#[test]
fn a_call_whose_reply_does_not_end_ends() {
    let body = r#"{"access_token":"one","token_type":"bearer"}"#;
    let token = || http("200 OK", &["Content-Type: application/json"], body);
    let (ask, asked) = channel();
    let part = || -> Script {
        let ask = ask.clone();
        Box::new(move |mut stream| {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000000\r\n\r\nthe beginning";
            std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
            std::mem::forget(stream);
            ask.send(()).unwrap();
        })
    };
    let shop = Shop::new([token(), part(), part(), part()]);
    let login = shop.login();
    login.come_back(&[("code", "made-up")]);
    login.finish().code(0);
    each_signal_ends("call", || {
        let waiting = shop.start(shop.sandbox.command(&["call", "/endless"]));
        asked.recv_timeout(TIMEOUT).unwrap();
        waiting
    });
}

#[test]
fn probes_that_are_not_answered_end() {
    let api = ShopApi::start(Rules { products_after: usize::MAX, ..Rules::granting(&["read_products"]) });
    let sandbox = Sandbox::new().with("OAUTHCTL_EMULATOR", &format!("judgeme={}", api.origin()));
    sandbox.run_with_stdin(&["login", "--provider", "judgeme", "--with-token"], TOKEN).code(0);
    let products = || api.requests().iter().filter(|request| request.contains("/products")).count();
    each_signal_ends("probe", || {
        let before = products();
        let waiting = Waiting::start(sandbox.command(&["scopes", "--probe"]), sandbox.home());
        until("the probe is asked", || products() > before);
        waiting
    });
}

/// The signal comes when the new file is opened, and its content is on the disk only when the grace is over.
#[test]
fn a_signal_lets_a_file_be_completed_even_on_a_slow_disk() {
    needs_tracing();
    let home = Sandbox::new();
    for name in ["one", "two"] {
        home.run_with_stdin(&["login", "--provider", "judgeme", "--profile", name, "--with-token"], "made-up").code(0);
    }
    let (output, log) = traced(&home, &["use", "one"]);
    output.code(0);
    let opens = log.lines().filter(|line| line.starts_with("openat("));
    let opened = opens.take_while(|line| !line.contains(".new\"")).count() + 1;
    for (signal, name) in [("SIGINT", "two"), ("SIGTERM", "one"), ("SIGHUP", "two")] {
        let strike = format!("inject=openat:signal={signal}:when={opened}");
        let slow = ["-e", &strike, "-e", "inject=fsync:delay_exit=300000:when=1"];
        let (output, log) = traced_with(&home, &["use", name], &slow, Stdio::null());
        assert_eq!(output.exit_code(), None, "{log}");
        nothing_is_left(home.home());
        let status = home.run(&["status"]);
        assert!(status.stdout().lines().any(|line| line.starts_with(&format!("*  {name} "))), "{status}");
        let at = |found: fn(&str) -> bool| log.lines().position(found).unwrap_or_else(|| panic!("{log}"));
        let delayed = at(|line| line.contains(".new>) = 0 (DELAYED)"));
        assert!(at(|line| line.starts_with("setitimer(")) < delayed, "it came too late\n{log}");
    }
}

#[test]
fn what_is_told_to_ignore_a_signal_ignores_it() {
    let shop = Shop::new([http(
        "200 OK",
        &["Content-Type: application/json"],
        r#"{"access_token":"one","token_type":"bearer"}"#,
    )]);
    let login = shop.login_command();
    let mut command = shop.sandbox.program("sh");
    // As a script starts a command in the background.
    command.args(["-c", "trap '' INT; exec \"$@\"", "sh"]).arg(login.get_program()).args(login.get_args());
    let login = PendingLogin::start(command);
    send_signal(login.process_id(), SIGINT);
    assert!(login.come_back(&[("code", "made-up")]).contains("You are logged in"));
    login.finish().code(0);
}

#[test]
fn the_port_is_closed_when_the_page_is_there() {
    let body = r#"{"access_token":"one","token_type":"bearer"}"#;
    let shop = Shop::new([http("200 OK", &["Content-Type: application/json"], body)]);
    let login = shop.login();
    let port = login.port();
    assert!(login.come_back(&[("code", "made-up")]).contains("You are logged in"));
    let shown = Instant::now();
    until("the port is closed", || TcpStream::connect(("127.0.0.1", port)).is_err());
    println!("normal end: the port was closed {:?} after the page", shown.elapsed());
    login.finish().code(0);
    println!("normal end: the command ended {:?} after the page", shown.elapsed());
    TcpListener::bind(("127.0.0.1", port)).unwrap();
}
