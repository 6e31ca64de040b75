//! `cargo bench --bench rotation`: for how long after the provider's reply a crash loses a login.
//!
//! A provider that rotates has dropped the old refresh token by the time its reply is on the way. The reply is handed to
//! the kernel, and after a set time the process that waits for it gets SIGKILL. Then the next `refresh` shows which
//! refresh token it has: the new one, or the old one, which such a provider refuses. The store is the sealed file, which
//! is written after the journal. Nothing here is asserted: a figure that depends on the machine is for reading.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const OAUTHCTL: &str = env!("CARGO_BIN_EXE_oauthctl");

/// How long after the reply the process is killed.
const DELAYS: [Duration; 9] = [
    Duration::ZERO,
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(2),
    Duration::from_millis(4),
    Duration::from_millis(8),
    Duration::from_millis(16),
    Duration::from_millis(32),
];

/// How many processes are killed after each.
const ROUNDS: usize = 100;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return println!("the figures are those of `cargo bench`");
    }
    let provider = Provider::start();
    let home = Home::new(provider.port);
    if let Err(problem) = home.log_in() {
        return println!("skipped: {problem}");
    }
    println!("`oauthctl refresh` killed after the provider's reply, {ROUNDS} times each:\n");
    println!("{:>12} {:>14}", "killed after", "logins lost");
    for delay in DELAYS {
        let lost = (0..ROUNDS).filter(|_| provider.loses(&home, delay)).count();
        println!("{:>9.2} ms {lost:>14}", delay.as_secs_f64() * 1000.0);
    }
}

/// Gives a new refresh token at each request, and kills who asked when it is told to.
struct Provider {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Who is to be killed, and when. 0 is nobody.
    victim: AtomicU32,
    delay: Mutex<Duration>,
    /// The number of the newest refresh token, and of the last one that came.
    newest: AtomicU32,
    presented: AtomicU32,
}

impl Provider {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let state = Arc::new(State::default());
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let _ = served.serve(stream);
            }
        });
        Self { port, state }
    }

    /// Whether a process that is killed so long after the reply loses the new refresh token.
    fn loses(&self, home: &Home, delay: Duration) -> bool {
        let state = &self.state;
        *state.delay.lock().expect("nobody panics") = delay;
        let mut process = home.command(&["refresh"]).spawn().expect("the program starts");
        state.victim.store(process.id(), SeqCst);
        process.wait().expect("it ends");
        state.victim.store(0, SeqCst);
        let newest = state.newest.load(SeqCst);
        let _ = home.command(&["refresh"]).status();
        state.presented.load(SeqCst) != newest
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let request = read(&mut stream)?;
        let query = |name: &str| {
            request.split(['?', '&', ' ', '\n']).find_map(|part| part.strip_prefix(name)).unwrap_or_default()
        };
        if request.starts_with("GET ") {
            let back = url::form_urlencoded::parse(query("redirect_uri=").as_bytes()).next();
            let back = back.map(|(back, _)| back.into_owned()).unwrap_or_default();
            return write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: {back}?code=c&state={}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                query("state=")
            );
        }
        if let Ok(number) = query("refresh_token=rt-").parse() {
            self.presented.store(number, SeqCst);
        }
        let new = self.newest.fetch_add(1, SeqCst) + 1;
        let body = format!(
            r#"{{"access_token":"at-{new}","token_type":"Bearer","expires_in":3600,"refresh_token":"rt-{new}"}}"#
        );
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes())?;
        let replied = Instant::now();
        let victim = Pid::from_raw(self.victim.load(SeqCst) as i32);
        let delay = *self.delay.lock().expect("nobody panics");
        if let Some(victim) = victim {
            // The end is not slept, so that a millisecond is one; and no more than the end, since the victim works.
            thread::sleep(delay.saturating_sub(Duration::from_micros(300)));
            while replied.elapsed() < delay {
                std::hint::spin_loop();
            }
            // It may have ended; it is a child of ours that is not waited for yet, or just now.
            let _ = kill_process(victim, Signal::KILL);
        }
        Ok(())
    }
}

/// The head, and as much body as it announces.
fn read(stream: &mut TcpStream) -> std::io::Result<String> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
            if body.len() >= length.and_then(|length| length.trim().parse().ok()).unwrap_or(0) {
                return Ok(text);
            }
        }
        match stream.read(&mut chunk)? {
            0 => return Ok(text),
            n => bytes.extend_from_slice(&chunk[..n]),
        }
    }
}

/// A home directory of its own, with a login at the provider.
struct Home(TempDir);

impl Home {
    fn new(port: u16) -> Self {
        let home = TempDir::new().expect("a temporary folder");
        let providers = home.path().join(".config/oauthctl/providers");
        fs::create_dir_all(&providers).expect("a folder in it");
        let definition = format!(
            "authorize.url = 'http://127.0.0.1:{port}/authorize'\ntoken.url = 'http://127.0.0.1:{port}/token'\n\
             token.auth = 'body'\napi.base = 'http://127.0.0.1:{port}/api'\n"
        );
        fs::write(providers.join("mine.toml"), definition).expect("a file in it");
        Self(home)
    }

    fn log_in(&self) -> Result<(), String> {
        let login = ["login", "--provider", "mine", "--port", "0", "--browser", "curl -sL -o /dev/null"];
        let output = self.command(&login).stderr(Stdio::piped()).output().map_err(|error| error.to_string())?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(OAUTHCTL);
        command.args(args).env_clear().env("HOME", self.0.path()).env("OAUTHCTL_STORE", "file");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("OAUTHCTL_CLIENT_ID", "id").env("OAUTHCTL_CLIENT_SECRET", "made-up");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}
