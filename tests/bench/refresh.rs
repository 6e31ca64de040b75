//! `cargo bench --bench refresh`: what a refresh costs, alone and when a hundred processes want one at once.
//!
//! A hundred `token` at once with a token that ends soon: one of them refreshes, the others wait for it and use what it
//! got. Beside it the same with a token that is good, which is what waiting is to be compared with, and a hundred of the
//! program that people would read a keychain with. One `refresh` runs in turn with a curl that asks the same token
//! endpoint. The emulator is on loopback and answers at once. Nothing here is asserted: a figure that depends on the
//! machine is for reading.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

const OAUTHCTL: &str = env!("CARGO_BIN_EXE_oauthctl");

/// How many processes want a token at the same moment.
const PROCESSES: usize = 100;

/// How often a hundred start, and how often a single program. The medians move by some percent.
const ROUNDS: usize = 10;
const RUNS: usize = 50;

/// The keychain's lock lies in the account's own home, under the login's name. This one is nobody's.
const PROFILE: &str = "oauthctl-bench-refresh";

const DEFINITION: &str = "authorize.url = 'https://mine.example/authorize'
token.url = 'https://mine.example/token'
api.base = 'https://mine.example/api'
scope.default = ['read']
";

/// Tells the copy of the bench that runs inside a D-Bus session of its own what it is there for.
const IN_SESSION: &str = "inside-dbus-session";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == IN_SESSION) {
        return keychain_rows();
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        return println!("the figures are those of `cargo bench`");
    }
    println!("{PROCESSES} processes at once, until the last one has its token; median of {ROUNDS} rounds:\n");
    match Home::new("file") {
        Ok(home) => {
            hundred(&home, "sealed file");
            in_a_session();
            println!("\nOne process, median of {RUNS} runs, in turn with the peer:\n");
            one_refresh(&home);
        }
        Err(problem) => println!("skipped: {problem}"),
    }
}

/// With a refresh, and without one.
fn hundred(home: &Home, store: &str) {
    let refreshed = home.rounds(|| home.log_in(), &home.oauthctl(&["token"]));
    figure(&format!("token with a refresh, {store}"), refreshed);
    let good = home.rounds(|| home.oauthctl(&["token"]).run(), &home.oauthctl(&["token"]));
    figure(&format!("token without one, {store}"), good);
}

/// Runs [`keychain_rows`] under a bus of its own, so that no keyring of this machine is touched.
fn in_a_session() {
    let folder = TempDir::new().expect("a temporary folder");
    let home = folder.path().to_string_lossy().into_owned();
    let us = std::env::current_exe().unwrap_or_default();
    let mut session = Program::new("dbus-run-session", &["--", &us.to_string_lossy(), IN_SESSION]);
    session.environment = private(&home);
    // The bus grumbles on stderr about limits of the machine.
    if let Err(problem) = session.succeeds(session.command().stdout(Stdio::inherit())) {
        println!("{:<44}skipped: {problem}", "keychain");
    }
}

fn keychain_rows() {
    // HOME leads to a fresh folder already, and the bus's address comes with it.
    let unlock = Program::new("gnome-keyring-daemon", &["--unlock", "--components=secrets"]);
    let result = unlock.run_with("made up\n").and_then(|()| Home::new("keychain"));
    let home = match result {
        Ok(home) => home,
        Err(problem) => return println!("{:<44}skipped: {problem}", "keychain"),
    };
    hundred(&home, "keychain");
    let lookup = home.program("secret-tool", &["lookup", "service", "oauthctl", "username", PROFILE]);
    figure("secret-tool lookup", home.rounds(|| Ok(()), &lookup));
    if let Ok(folder) = oauthctl::testing::state_folder() {
        // Made by this bench; it is not there if nothing was refreshed.
        let _ = fs::remove_file(folder.join(format!("{PROFILE}.lock")));
    }
}

/// curl asks with a token that the endpoint does not know: the way there and back is the same.
fn one_refresh(home: &Home) {
    let form = "grant_type=refresh_token&refresh_token=made-up";
    let client = format!("{}:{}", home.variable("OAUTHCTL_CLIENT_ID"), home.variable("OAUTHCTL_CLIENT_SECRET"));
    let url = format!("{}/token", home.variable("OAUTHCTL_EMULATOR").trim_start_matches("mine="));
    let curl = home.program("curl", &["-s", "-o", "/dev/null", "-u", &client, "-d", form, &url]);
    let refresh = home.oauthctl(&["refresh"]);
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let timed = || Ok::<_, String>((time(|| refresh.run())?, time(|| curl.run())?));
        match timed() {
            Ok((ours, theirs)) => {
                times.0.push(ours);
                times.1.push(theirs);
            }
            Err(problem) => return figure("refresh", Err(problem)),
        }
    }
    figure("refresh, sealed file", Ok(median(times.0)));
    figure("curl -d grant_type=refresh_token", Ok(median(times.1)));
}

fn figure(name: &str, result: Result<f64, String>) {
    match result {
        Ok(milliseconds) => println!("{name:<44}{milliseconds:>9.2} ms"),
        Err(problem) => println!("{name:<44}skipped: {problem}"),
    }
}

/// A home directory of its own, with an emulator that runs as long as it.
struct Home {
    _folder: TempDir,
    environment: Vec<(String, String)>,
    emulator: Option<Child>,
}

impl Home {
    fn new(store: &str) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let path = folder.path().to_string_lossy().into_owned();
        let mut environment = private(&path);
        environment.extend([("OAUTHCTL_STORE".to_owned(), store.to_owned())]);
        // The keyring's bus, and nothing else of the session.
        let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|_| store == "keychain");
        environment.extend(bus.map(|bus| ("DBUS_SESSION_BUS_ADDRESS".to_owned(), bus)));
        let providers = folder.path().join(".config/oauthctl/providers");
        fs::create_dir_all(&providers).map_err(|error| error.to_string())?;
        fs::write(providers.join("mine.toml"), DEFINITION).map_err(|error| error.to_string())?;
        let mut home = Self { _folder: folder, environment, emulator: None };
        home.start_emulator()?;
        Ok(home)
    }

    /// A login's token ends soon, and what the refresh brings is good.
    fn start_emulator(&mut self) -> Result<(), String> {
        let emulate = self.oauthctl(&["emulate", "mine", "--approve", "--token-lifetime", "30s,1h"]);
        let mut command = emulate.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let said = child.stdout.take();
        self.emulator = Some(child);
        for line in said.into_iter().flat_map(|said| BufReader::new(said).lines()).map_while(Result::ok) {
            let Some((name, value)) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let last = name == "OAUTHCTL_PROFILE";
            let value = if last { PROFILE } else { value.trim_matches('\'') };
            self.environment.push((name.to_owned(), value.to_owned()));
            if last {
                return self.log_in();
            }
        }
        Err("the emulator does not start".to_owned())
    }

    fn log_in(&self) -> Result<(), String> {
        self.oauthctl(&["login", "--port", "0", "--browser", "curl -sL -o /dev/null"]).run()
    }

    /// How long it takes until the last of the processes has ended, in milliseconds.
    fn rounds(&self, prepare: impl Fn() -> Result<(), String>, program: &Program) -> Result<f64, String> {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            prepare()?;
            times.push(time(|| program.run_at_once(PROCESSES))?);
        }
        Ok(median(times))
    }

    fn program(&self, path: &str, args: &[&str]) -> Program {
        Program { environment: self.environment.clone(), ..Program::new(path, args) }
    }

    fn oauthctl(&self, args: &[&str]) -> Program {
        self.program(OAUTHCTL, args)
    }

    fn variable(&self, name: &str) -> &str {
        self.environment.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(emulator) = &mut self.emulator {
            // It may have ended by itself.
            let _ = emulator.kill();
            let _ = emulator.wait();
        }
    }
}

/// A program with its arguments and its whole environment.
struct Program {
    path: String,
    args: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Program {
    /// In the environment of the bench.
    fn new(path: &str, args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { path: path.to_owned(), args, environment: std::env::vars().collect() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.args(&self.args).env_clear().envs(environment);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn run(&self) -> Result<(), String> {
        self.succeeds(&mut self.command())
    }

    fn run_with(&self, stdin: &str) -> Result<(), String> {
        let mut child = self.command().stdin(Stdio::piped()).spawn().map_err(|error| self.failed(&error))?;
        // A program may end without reading it.
        let _ = child.stdin.take().map(|mut pipe| pipe.write_all(stdin.as_bytes()));
        self.judge(child.wait())
    }

    fn run_at_once(&self, processes: usize) -> Result<(), String> {
        let running: Vec<_> = (0..processes).map(|_| self.command().spawn()).collect();
        // All are waited for, so that none is left when one fails.
        let ended: Vec<_> =
            running.into_iter().map(|child| self.judge(child.and_then(|mut child| child.wait()))).collect();
        ended.into_iter().collect()
    }

    fn succeeds(&self, command: &mut Command) -> Result<(), String> {
        self.judge(command.status())
    }

    fn judge(&self, result: std::io::Result<std::process::ExitStatus>) -> Result<(), String> {
        match result {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.failed(&status)),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, why: &dyn std::fmt::Display) -> String {
        format!("{} failed: {why}", self.path)
    }
}

/// No other environment than the search path and a home of its own.
fn private(home: &str) -> Vec<(String, String)> {
    let path = std::env::var("PATH").unwrap_or_default();
    let environment = [("HOME", home), ("XDG_RUNTIME_DIR", home), ("PATH", &path)];
    environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// In milliseconds.
fn time(work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    (times[middle - 1] + times[middle]) / 2.0
}
