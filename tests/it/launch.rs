//! The address that the browser is started with: that it tells nothing, leads the browser to the provider, and leads
//! nobody else there.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use url::Position;
use url::Url;

use crate::support::lacks;
use crate::support::namespace::{Own, rights};
use crate::support::unprivileged_user::{is_root, needs_other_users};

use crate::support::raw_server::http;
use crate::support::{
    Chromium, Emulated, PendingLogin, RawServer, Sandbox, TerminalSession, chromium, http as browser,
};

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
fn the_address_tells_nothing_and_leads_to_the_provider() {
    let judgeme = Emulated::start(&["--approve"]);
    let recorder = Recorder::new(&judgeme);
    let login = recorder.start(&judgeme, &["--port", "0"]);
    let launch = recorder.launched();
    let redirect_uri: Url = login.sent("redirect_uri").parse().unwrap();
    assert_eq!(launch.origin(), redirect_uri.origin(), "whatever forwards the one port forwards the other");
    for name in ["state", "code_challenge", "client_id"] {
        assert!(!launch.as_str().contains(&login.sent(name)), "{name} is in {launch}");
    }
    // A browser that asks twice, a reload, a second tab.
    for _ in 0..3 {
        assert_eq!(browser::location(&browser::get(&launch)), login.authorize_url);
    }
    assert!(browser::follow(&login.authorize_url).contains("You are logged in"));
    let output = login.finish();
    output.code(0);
    assert!(!output.stderr().contains("warning"), "{output}");
}

#[test]
fn the_variable_browser_counts_before_the_desktops() {
    let judgeme = Emulated::start(&["--approve"]);
    let recorder = Recorder::new(&judgeme);
    let folder = judgeme.home().join("bin");
    std::fs::create_dir(&folder).unwrap();
    script(&folder.join("xdg-open"), &format!("echo xdg-open >'{}'", recorder.pipe.display()));
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let program = recorder.program.display();
    // The one that does not exist is passed over; quotes and arguments are a shell's.
    for browser in [format!("{program}"), format!("no-such-browser:'{program}' \"%s\""), format!("false:{program}")] {
        let mut command = judgeme.command(&["login", "--port", "0"]);
        command.env("PATH", &path).env("BROWSER", &browser);
        let login = PendingLogin::start(command);
        assert_eq!(browser::location(&browser::get(&recorder.launched())), login.authorize_url, "{browser}");
        assert!(browser::follow(&login.authorize_url).contains("You are logged in"), "{browser}");
        login.finish().code(0);
    }
    let mut command = judgeme.command(&["login", "--port", "0"]);
    command.env("PATH", &path).env("BROWSER", "no-such-browser:/no/such/browser");
    let login = PendingLogin::start(command);
    assert!(
        login.said().contains("none of the programs in BROWSER (`no-such-browser:/no/such/browser`) could be started")
    );
}

/// The number of another user, whom nothing belongs to.
const STRANGER: libc::uid_t = 65534;

/// Does something as another user, on a thread of its own: to Linux each has a user of its own.
fn as_another_user<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let stranger = scope.spawn(|| {
            // SAFETY: it takes numbers, and without libc's wrapper it changes this thread alone, which ends.
            assert_eq!(unsafe { libc::syscall(libc::SYS_setresuid, STRANGER, STRANGER, STRANGER) }, 0);
            work()
        });
        stranger.join().unwrap()
    })
}

/// Asks for it and hangs up, without waiting for an answer.
fn ask_and_hang_up(launch: &Url, with_reset: bool) {
    let host = &launch[Position::BeforeHost..Position::AfterPort];
    let mut stream = TcpStream::connect(host).unwrap();
    if with_reset {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    write!(stream, "GET {} HTTP/1.1\r\nHost: {host}\r\n\r\n", launch.path()).unwrap();
}

#[test]
fn another_user_gets_and_consumes_nothing_and_is_reported_once() {
    // As root this login would trust nobody's program but root's; it is another user's that has to be told apart.
    needs_other_users();
    let judgeme = Emulated::start(&["--approve"]);
    let recorder = Recorder::new(&judgeme);
    let login = recorder.start(&judgeme, &["--port", "0", "--verbose"]);
    let launch = recorder.launched();
    let heard: Vec<_> = as_another_user(|| (0..1500).map(|_| browser::get(&launch)).collect());
    assert!(heard.iter().all(|heard| heard.starts_with("HTTP/1.1 404 ") && !heard.contains("state")), "{}", heard[0]);
    as_another_user(|| (0..1500).for_each(|n| ask_and_hang_up(&launch, n % 2 == 0)));
    assert_eq!(browser::location(&browser::get(&launch)), login.authorize_url);
    // Nor does it get anything once the browser has been there.
    let heard = as_another_user(|| browser::get(&launch));
    assert!(heard.starts_with("HTTP/1.1 404 ") && !heard.contains("state"), "{heard}");
    assert!(browser::follow(&login.authorize_url).contains("You are logged in"));
    let output = login.finish();
    output.code(0).says("a program of another user (number 65534) asked for the address");
    output.says("a program that cannot be identified asked for the address");
    assert_eq!(output.stderr().matches("asked for the address").count(), 2, "{output}");
}

/// In a sandbox with neither netlink nor /proc, where the system says of no connection whose it is.
fn untold(plain: &Command) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = lacks::program("unshare");
    command.args(rights(Own::Mounts)).args(["sh", "-ec", "mount -t tmpfs none /proc; exec \"$@\"", "sh"]);
    command.arg(plain.get_program()).args(plain.get_args()).env_clear().stdin(Stdio::null());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap());
    // SAFETY: only system calls are made between fork and exec.
    unsafe { command.pre_exec(close_netlink) };
    command
}

/// Lets no program that this one becomes open a netlink socket (seccomp(2)).
fn close_netlink() -> std::io::Result<()> {
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let (load, is, give) =
        (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, libc::BPF_RET);
    let mut steps = [
        // The number of the call, and its first argument.
        step(load, 0, 0, 0),
        step(is, 0, 3, libc::SYS_socket as u32),
        step(load, 0, 0, 16),
        step(is, 0, 1, libc::AF_NETLINK as u32),
        step(give, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        step(give, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the program lives through the calls.
    let done = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    if done { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[test]
fn with_unknown_peers_the_first_is_redirected_and_recognized() {
    let judgeme = Emulated::start(&["--approve"]);
    let recorder = Recorder::new(&judgeme);
    let login = PendingLogin::start(untold(&recorder.command(&judgeme, &["--port", "0"])));
    let launch = recorder.launched();
    let first = browser::get(&launch);
    assert_eq!(browser::location(&first), login.authorize_url);
    let cookie = first.lines().find_map(|line| line.strip_prefix("Set-Cookie: ")).unwrap().split(';').next().unwrap();
    for _ in 0..3 {
        let other = browser::get(&launch);
        assert!(other.contains("Go back to the terminal") && !other.contains("state"), "{other}");
        let again = browser::get_with(&launch, &format!("Cookie: {cookie}\r\n"));
        assert_eq!(browser::location(&again), login.authorize_url);
    }
    assert!(browser::follow(&login.authorize_url).contains("You are logged in"));
    let output = login.finish();
    output.code(0).says("a second program asked for the address").says("log in with `--no-browser`");
    assert_eq!(output.stderr().matches("asked for the address").count(), 1, "{output}");
}

/// Both ways to know it again, in a real browser, and another user's program between them.
#[test]
fn a_real_browser_is_led_again_and_nobody_else_can_replay_it() {
    for hidden in [false, true] {
        let judgeme = Emulated::start(&[]);
        let recorder = Recorder::new(&judgeme);
        let command = recorder.command(&judgeme, &["--port", "0"]);
        let login = PendingLogin::start(if hidden { untold(&command) } else { command });
        let launch = recorder.launched();
        let replay = || {
            if hidden { browser::get(&launch) } else { as_another_user(|| browser::get(&launch)) }
        };
        let chromium = Chromium::start();
        for _ in 0..2 {
            chromium.open(&launch);
            assert_eq!(chromium.url(), login.authorize_url, "{hidden}");
            if hidden || is_root() {
                let heard = replay();
                assert!(heard.starts_with("HTTP/1.1 40") && !heard.contains("state"), "{heard}");
            }
        }
        if hidden {
            // Another browser of the same user's cannot be told from another user's.
            let other = Chromium::start();
            other.open(&launch);
            other.shows("Go back to the terminal");
            other.picture("back-to-terminal");
        }
        chromium.click("button[value=approve]");
        chromium.shows("You are logged in");
        login.finish().code(0);
    }
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
    let mut terminal = TerminalSession::start(recorder.command(&judgeme, &["--scope", "", "--redirect-uri", far]));
    let launch = recorder.launched();
    let authorize_url = terminal.authorize_url();
    assert_eq!(browser::location(&browser::get(&launch)), authorize_url);
    terminal.types(browser::location(&browser::get(&authorize_url)).as_str());
    terminal.finish().code(0);
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
    let heard = provider.stop();
    assert!(heard[0].starts_with("GET /authorize?") && !heard[0].to_ascii_lowercase().contains("referer"), "{heard:?}");
    assert!(!heard.iter().any(|request| request.contains("/open/")), "{heard:?}");
}

/// A browser as it is really started, and the process list as everybody on the machine can read it.
#[test]
fn the_process_list_has_no_request_while_a_real_browser_logs_in() {
    lacks::needs(&["chromium"]);
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
