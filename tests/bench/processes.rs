//! `cargo bench`: what one command costs, as a whole process, beside the program that people would use in its place.
//!
//! Both run in turn, A B A B, so that a busy moment of the machine hits both. Nothing here is asserted: a figure that
//! depends on the machine is for reading.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How often each program runs. The median of 50 moves by some percent between runs of the bench.
const RUNS: usize = 50;

/// Runs before those that count: caches of the disk and of the CPU fill.
const WARM_UP: usize = 5;

const OAUTHCTL: &str = env!("CARGO_BIN_EXE_oauthctl");

/// Tells the copy of the bench that runs inside a D-Bus session of its own what it is there for.
const IN_SESSION: &str = "inside-dbus-session";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == IN_SESSION) {
        return keychain_row();
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        return println!("the figures are those of `cargo bench`");
    }
    println!("Whole processes, median of {RUNS} runs, in turn with the peer:\n");
    println!("{:<28}{:>10}   {:<14}{:>10}{:>12}{:>8}", "oauthctl", "", "peer", "", "difference", "ratio");

    let home = Home::new("file");
    row("--version", &home.oauthctl(&["--version"]), "true", &home.program("true", &[]));
    match home.log_in_to_emulator() {
        Ok(()) => row("token, sealed file", &home.oauthctl(&["token"]), "true", &home.program("true", &[])),
        Err(problem) => skipped("token, sealed file", &problem),
    }
    call_row();
    client_credentials_row();
    record_row();
    in_a_session();

    let size = fs::metadata(OAUTHCTL).map_or(0, |file| file.len());
    println!("\nThe binary has {:.2} MB ({size} bytes).", size as f64 / 1e6);
}

/// `call` and curl send the same request to the same server.
fn call_row() {
    const TOKEN: &str = "a-token-that-was-made-up-for-the-bench";
    let name = "call, loopback";
    let Ok(origin) = serve() else { return skipped(name, "no port on loopback is to be had") };
    let home = Home::new("file");
    home.define(&format!(
        "authorize.url = '{origin}/a'\ntoken.url = '{origin}/t'\napi.base = '{origin}'\napi.token = [{{ in = 'header', name = 'X-Api-Token' }}]"
    ));
    if let Err(problem) = home.keep(TOKEN) {
        return skipped(name, &problem);
    }
    let (url, header) = (format!("{origin}/products"), format!("X-Api-Token: {TOKEN}"));
    let accept = "Accept: application/json, */*;q=0.5";
    let curl = home.program("curl", &["-s", "-H", accept, "-H", &header, &url]);
    row(name, &home.oauthctl(&["call", "GET", "/products"]), "curl -s", &curl);
}

/// The same login with the record of its flow and without.
fn record_row() {
    let name = "login, with its record";
    let Ok(origin) = serve() else { return skipped(name, "no port on loopback is to be had") };
    let mut home = Home::new("file");
    home.define(&format!("grants = ['client-credentials']\ntoken.url = '{origin}/t'\napi.base = '{origin}'"));
    let client = [("OAUTHCTL_CLIENT_ID", "bench"), ("OAUTHCTL_CLIENT_SECRET", "made-up")];
    home.environment.extend(client.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let login = home.oauthctl(&["login", "bench"]);
    row(name, &login, "--no-record", &home.oauthctl(&["login", "bench", "--no-record"]));
}

/// `token --provider` and curl request a token of the client itself from the same server.
fn client_credentials_row() {
    let name = "token --provider, loopback";
    let Ok(origin) = serve() else { return skipped(name, "no port on loopback is to be had") };
    let mut home = Home::new("file");
    home.define(&format!("grants = ['client-credentials']\ntoken.url = '{origin}/t'\ntoken.auth = 'basic'"));
    let client = [("OAUTHCTL_CLIENT_ID", "bench"), ("OAUTHCTL_CLIENT_SECRET", "made-up")];
    home.environment.extend(client.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let url = format!("{origin}/t");
    let curl = home.program("curl", &["-s", "-u", "bench:made-up", "-d", "grant_type=client_credentials", &url]);
    row(name, &home.oauthctl(&["token", "--provider", "bench"]), "curl -s", &curl);
}

/// Runs [`keychain_row`] under a bus of its own, so that no keyring of this machine is touched.
fn in_a_session() {
    let home = Home::new("keychain");
    let us = std::env::current_exe().unwrap_or_default();
    let session = home.program("dbus-run-session", &["--", &us.to_string_lossy(), IN_SESSION]);
    // The bus grumbles on stderr about limits of the machine.
    match command(&session).stdin(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => {}
        Ok(status) => skipped("token, keychain", &format!("dbus-run-session ended with {status}")),
        Err(error) => skipped("token, keychain", &format!("dbus-run-session cannot be started ({error})")),
    }
}

fn keychain_row() {
    let name = "token, keychain";
    // The session's home is a fresh folder: HOME and XDG_RUNTIME_DIR lead there, and the bus's address comes with them.
    let home = Home { folder: None, environment: std::env::vars().collect() };
    let unlock = home.program("gnome-keyring-daemon", &["--unlock", "--components=secrets"]);
    if let Err(problem) = run(&unlock, "made up\n") {
        return skipped(name, &problem);
    }
    if let Err(problem) = home.log_in_to_emulator() {
        return skipped(name, &problem);
    }
    let lookup = ["lookup", "service", "oauthctl", "username", "judgeme-emulator"];
    let token = home.oauthctl(&["token"]);
    row(name, &token, "secret-tool", &home.program("secret-tool", &lookup));
}

/// A program with its arguments and its whole environment.
struct Program {
    path: String,
    args: Vec<String>,
    environment: Vec<(String, String)>,
}

/// A home directory of its own.
struct Home {
    folder: Option<TempDir>,
    environment: Vec<(String, String)>,
}

impl Home {
    fn new(store: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let home = folder.path().to_string_lossy().into_owned();
        let path = std::env::var("PATH").unwrap_or_default();
        let environment = [("HOME", &*home), ("XDG_RUNTIME_DIR", &home), ("PATH", &path), ("OAUTHCTL_STORE", store)];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { folder: Some(folder), environment }
    }

    fn program(&self, path: &str, args: &[&str]) -> Program {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Program { path: path.to_owned(), args, environment: self.environment.clone() }
    }

    fn oauthctl(&self, args: &[&str]) -> Program {
        self.program(OAUTHCTL, args)
    }

    /// A real login, with curl as the browser. `token` needs no emulator afterwards.
    fn log_in_to_emulator(&self) -> Result<(), String> {
        // Into the store of this home: the emulator's own ends with it.
        let own = ["env", "-u", "OAUTHCTL_EMULATOR_DIR"];
        let login = [&own[..], &[OAUTHCTL, "login", "--port", "0", "--browser", "curl -sL -o /dev/null"]].concat();
        let emulate = ["emulate", "judgeme", "--approve", "--"];
        run(&self.oauthctl(&[&emulate[..], &login[..]].concat()), "")
    }

    fn define(&self, definition: &str) {
        let providers = self.folder().join(".config/oauthctl/providers");
        fs::create_dir_all(&providers).expect("a folder for the definition");
        fs::write(providers.join("bench.toml"), definition).expect("a definition");
    }

    /// Logs in with a token that one already has.
    fn keep(&self, token: &str) -> Result<(), String> {
        run(&self.oauthctl(&["login", "--provider", "bench", "--with-token"]), token)
    }

    fn folder(&self) -> &Path {
        self.folder.as_ref().expect("only a home of our own is written to").path()
    }
}

fn command(program: &Program) -> Command {
    let mut command = Command::new(&program.path);
    let environment = program.environment.iter().map(|(name, value)| (name, value));
    command.args(&program.args).env_clear().envs(environment);
    command
}

/// Runs a preparation to its end; what it said is the error.
fn run(program: &Program, stdin: &str) -> Result<(), String> {
    let mut command = command(program);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let failed = |why: &dyn std::fmt::Display| format!("{} failed: {why}", program.path);
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    // A program may end without reading it.
    let _ = child.stdin.take().map(|mut pipe| pipe.write_all(stdin.as_bytes()));
    // A daemon keeps stderr open, so the end of the process is what counts, and stderr is read after a failure only.
    let status = child.wait().map_err(|error| failed(&error))?;
    if status.success() {
        return Ok(());
    }
    let mut said = String::new();
    let _ = child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut said));
    Err(failed(&said.trim()))
}

fn row(name: &str, ours: &Program, peer_name: &str, peer: &Program) {
    let mut times = (Vec::new(), Vec::new());
    for turn in 0..WARM_UP + RUNS {
        let (Some(our), Some(their)) = (time(ours), time(peer)) else {
            return skipped(name, &format!("it or {peer_name} does not run to a good end"));
        };
        if turn >= WARM_UP {
            times.0.push(our);
            times.1.push(their);
        }
    }
    let (ours, theirs) = (median(times.0), median(times.1));
    let (difference, ratio) = (ours - theirs, ours / theirs);
    println!("{name:<28}{ours:>7.2} ms   {peer_name:<14}{theirs:>7.2} ms{difference:>+9.2} ms{ratio:>8.2}");
}

fn skipped(name: &str, why: &str) {
    println!("{name:<28}skipped: {why}");
}

/// From before the start to after the end, in milliseconds. `None` if it did not do its work.
fn time(program: &Program) -> Option<f64> {
    let mut command = command(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().ok()?;
    let took = start.elapsed();
    status.success().then_some(took.as_secs_f64() * 1000.0)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    (times[middle - 1] + times[middle]) / 2.0
}

/// A server that answers every request with the same JSON, until the bench ends.
fn serve() -> std::io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let origin = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(answer(&stream))));
    Ok(origin)
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    const BODY: &str = r#"{"products":[{"id":101,"title":"Blue Mug"}],"access_token":"made-up","expires_in":3600}"#;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let (mut reader, mut line, mut length) = (BufReader::new(stream), String::new(), 0);
    while reader.read_line(&mut line)? > 0 && !line.trim().is_empty() {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or_default();
        }
        line.clear();
    }
    // A connection that is closed with unread bytes is reset, and the answer may be lost.
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{BODY}",
        BODY.len()
    )
}
