//! The address that the browser is started with: that it tells nothing, leads to the provider once, and leads nobody
//! else there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use url::Url;

use crate::support::raw_server::http;
use crate::support::{Chromium, Emulated, PendingLogin, RawServer, Sandbox, Seat, chromium, http as browser};

/// A browser that only tells what it was started with.
struct Recorder {
    program: PathBuf,
    pipe: PathBuf,
}

impl Recorder {
    fn new(sandbox: &Sandbox) -> Self {
        let (program, pipe) = (sandbox.home().join("recorder"), sandbox.home().join("recorded"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        script(&program, &format!("printf '%s\\n' \"$@\" >'{}'", pipe.display()));
        Self { program, pipe }
    }

    fn start(&self, sandbox: &Sandbox, args: &[&str]) -> PendingLogin {
        PendingLogin::start(self.command(sandbox, args))
    }

    fn command(&self, sandbox: &Sandbox, args: &[&str]) -> Command {
        let program = self.program.to_str().unwrap();
        sandbox.command(&[&["login", "--browser", program], args].concat())
    }

    /// The launch address, which is all that the browser was started with.
    fn launched(&self) -> Url {
        let arguments = std::fs::read_to_string(&self.pipe).unwrap();
        assert_eq!(arguments.lines().count(), 1, "{arguments}");
        arguments.trim_end().parse().unwrap()
    }
}

fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    assert!(Command::new("chmod").arg("755").arg(path).status().unwrap().success());
}

#[test]
fn the_address_tells_nothing_and_leads_to_the_provider_once() {
    let judgeme = Emulated::start(&["--approve"]);
    let recorder = Recorder::new(&judgeme);
    let login = recorder.start(&judgeme, &["--port", "0"]);
    let launch = recorder.launched();
    let redirect_uri: Url = login.sent("redirect_uri").parse().unwrap();
    assert_eq!(launch.origin(), redirect_uri.origin(), "whatever forwards the one port forwards the other");
    for name in ["state", "code_challenge", "client_id"] {
        assert!(!launch.as_str().contains(&login.sent(name)), "{name} is in {launch}");
    }
    assert_eq!(browser::location(&browser::get(&launch)), login.authorize_url);
    let again = browser::get(&launch);
    assert!(again.starts_with("HTTP/1.1 410 ") && again.contains("This address worked once"), "{again}");
    assert!(!again.contains("state"), "{again}");
    assert!(browser::follow(&login.authorize_url).contains("You are logged in"));
    login.finish().code(0);
}

#[test]
#[cfg(target_os = "linux")]
fn another_user_gets_nothing_and_does_not_use_it_up() {
    // SAFETY: takes nothing and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("skipped: only root can be another user");
        return;
    }
    let judgeme = Emulated::start(&["--approve"]);
    let recorder = Recorder::new(&judgeme);
    let login = recorder.start(&judgeme, &["--port", "0"]);
    let launch = recorder.launched();
    // As root this login would trust nobody's program but root's; it is another user's that has to be told apart.
    let mut stranger = Command::new("setpriv");
    stranger.args(["--reuid=65534", "--regid=65534", "--clear-groups", "curl", "-s", "-i", launch.as_str()]);
    let heard = String::from_utf8(stranger.stdin(Stdio::null()).output().unwrap().stdout).unwrap();
    assert!(heard.starts_with("HTTP/1.1 404 ") && !heard.contains("state"), "{heard}");
    assert_eq!(browser::location(&browser::get(&launch)), login.authorize_url);
    assert!(browser::follow(&login.authorize_url).contains("You are logged in"));
    login.finish().code(0).says("a program of another user (number 65534) asked for the address");
}

/// Where the callback's port speaks TLS, and where there is none, the address has a port of its own.
#[test]
fn it_needs_no_certificate_and_no_callback_port() {
    let judgeme = Emulated::start(&["--approve"]);
    let recorder = Recorder::new(&judgeme);
    let login = recorder.start(&judgeme, &["--redirect-uri", "https://localhost:0/cb"]);
    let launch = recorder.launched();
    assert_eq!((launch.scheme(), launch.host_str()), ("http", Some("127.0.0.1")));
    assert_eq!(browser::location(&browser::get(&launch)), login.authorize_url);
    drop(login);

    let far = "https://elsewhere.example/callback";
    let judgeme = Emulated::start(&["--approve", "--redirect-uri", far]);
    let recorder = Recorder::new(&judgeme);
    let mut seat = Seat::start(recorder.command(&judgeme, &["--redirect-uri", far]));
    let launch = recorder.launched();
    let authorize_url = seat.authorize_url();
    assert_eq!(browser::location(&browser::get(&launch)), authorize_url);
    seat.types(browser::location(&browser::get(&authorize_url)).as_str());
    seat.leave().code(0);
    assert!(std::net::TcpStream::connect(("127.0.0.1", launch.port().unwrap())).is_err(), "the port is closed");
}

#[test]
fn the_provider_and_the_history_do_not_learn_of_it() {
    let provider = RawServer::start([http("200 OK", &["Content-Type: text/html"], "<!doctype html><p>Consent</p>")]);
    let sandbox = Sandbox::new().with("OAUTHCTL_CLIENT_ID", "id").with("OAUTHCTL_CLIENT_SECRET", "secret");
    sandbox.define(
        "mine",
        &format!(
            "name = 'Mine'\nauthorize.url = '{0}/authorize'\ntoken.url = '{0}/token'\napi.base = '{0}/api'\n",
            provider.origin()
        ),
    );
    let recorder = Recorder::new(&sandbox);
    let login = recorder.start(&sandbox, &["--provider", "mine", "--port", "0"]);
    let launch = recorder.launched();
    let chromium = Chromium::start();
    chromium.open(&launch);
    chromium.shows("Consent");
    assert_eq!(chromium.url(), login.authorize_url);
    let asked = chromium.requests();
    assert_eq!(asked.iter().filter(|url| **url == launch).count(), 1, "{asked:?}");
    chromium.back();
    assert_ne!(chromium.url(), launch, "it is in the history");
    chromium.open(&launch);
    chromium.shows("This address worked once");
    chromium.picture("opened-before");
    let heard = provider.stop();
    assert!(heard[0].starts_with("GET /authorize?") && !heard[0].to_ascii_lowercase().contains("referer"), "{heard:?}");
    assert!(!heard.iter().any(|request| request.contains("/open/")), "{heard:?}");
}

/// A browser as it is really started, and the process list as everybody on the machine can read it.
#[test]
#[cfg(target_os = "linux")]
fn the_process_list_has_no_request_while_a_real_browser_logs_in() {
    let judgeme = Emulated::start(&["--approve"]);
    let (program, pid) = (judgeme.home().join("browser"), judgeme.home().join("pid"));
    let profile = judgeme.home().join("profile");
    let arguments: Vec<String> = chromium::arguments(&profile).iter().map(|word| format!("'{word}'")).collect();
    // The first page is the one that it is started with.
    let arguments = arguments.join(" ").replace("'about:blank'", "");
    script(&program, &format!("echo $$ >'{}'\nexec chromium {arguments} \"$@\"", pid.display()));

    let over = Arc::new(AtomicBool::new(false));
    let watch = Arc::clone(&over);
    let watcher = std::thread::spawn(move || {
        let mut seen = BTreeSet::new();
        while !watch.load(Ordering::SeqCst) {
            for process in std::fs::read_dir("/proc").unwrap().flatten() {
                let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
                seen.insert(String::from_utf8_lossy(&words).replace('\0', " "));
            }
        }
        seen
    });
    let login = PendingLogin::start(judgeme.command(&["login", "--port", "0", "--browser", program.to_str().unwrap()]));
    let (state, challenge) = (login.sent("state"), login.sent("code_challenge"));
    login.finish().code(0);
    over.store(true, Ordering::SeqCst);
    let seen = watcher.join().unwrap();
    let browser = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
    // SAFETY: `kill` takes two numbers; the process is the browser, which nobody waits for any more.
    unsafe { libc::kill(browser, libc::SIGKILL) };
    assert!(seen.iter().any(|line| line.contains("/open/")), "the browser was seen");
    for line in seen {
        assert!(!line.contains(&state) && !line.contains(&challenge), "{line}");
    }
}
