//! A running emulator, and a sandbox in which its provider is that emulator.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use super::{Output, Sandbox};

/// A provider that lets tokens expire, rotates refresh tokens, and revokes.
pub const MINE: &str = r#"
name = "Mine"
authorize.url = "https://mine.example/authorize"
token.url = "https://mine.example/token"
revoke.url = "https://mine.example/revoke"
api.base = "https://mine.example/api"
scope.default = ["read"]
app.revoke_page = "https://mine.example/apps"

[[samples]]
path = "/api/things"
body = '{"things": []}'
"#;

pub struct Emulated {
    sandbox: Sandbox,
    process: Child,
    log: Option<JoinHandle<Vec<String>>>,
}

impl Emulated {
    /// Starts `oauthctl emulate judgeme` with these arguments. It is listening when this returns.
    pub fn start(args: &[&str]) -> Self {
        Self::provider("judgeme", args)
    }

    /// Starts an emulator of any provider.
    pub fn provider(id: &str, args: &[&str]) -> Self {
        Self::inside(Sandbox::new(), id, args)
    }

    /// Starts the provider `mine`, which consents automatically.
    pub fn mine(args: &[&str]) -> Self {
        Self::defined(MINE, args)
    }

    /// Starts `mine` with another definition.
    pub fn defined(definition: &str, args: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        sandbox.define("mine", definition);
        Self::inside(sandbox, "mine", &[&["--approve"], args].concat())
    }

    /// Starts an emulator in an existing sandbox, which may have its own definitions.
    pub fn inside(mut sandbox: Sandbox, id: &str, args: &[&str]) -> Self {
        let mut command = sandbox.command(&[&["emulate", id, "--shell", "bash"], args].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(process.stderr.take().unwrap());
        let log = Some(std::thread::spawn(move || said.lines().map_while(Result::ok).collect()));
        // It prints the lines to paste once it listens; the last one sets the profile.
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')).expect(&line);
            // The stories look into the sandbox's own store: without this variable, logins go there as in 0.1.
            if name == "OAUTHCTL_EMULATOR_DIR" {
                continue;
            }
            sandbox = sandbox.with(name, value.trim_matches('\''));
            if name == "OAUTHCTL_PROFILE" {
                return Self { sandbox, process, log };
            }
        }
        panic!("the emulator ended with {:?}", process.wait());
    }

    #[cfg(target_os = "linux")]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Logs in, with curl as the browser.
    #[track_caller]
    pub fn log_in(&self) -> Output {
        let output = self.run(&["login", "--port", "0", "--browser", &self.browser()]);
        output.code(0);
        output
    }

    /// Sets a variable for all later commands.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.sandbox = std::mem::replace(&mut self.sandbox, Sandbox::new()).with(name, value);
        self
    }

    /// Ends the emulator and returns every request it received, such as `POST /token 200`.
    pub fn requests(mut self) -> Vec<String> {
        self.end();
        let log = self.log.take().unwrap().join().unwrap();
        log.iter().filter_map(|line| line.strip_prefix("emulator: ").map(str::to_owned)).collect()
    }

    /// Returns a sandbox with its home and environment.
    pub fn same_home(&self) -> Sandbox {
        self.sandbox.without("")
    }

    /// Ends the emulator, but keeps its sandbox.
    pub fn end(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Deref for Emulated {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        self.end();
    }
}

/// Counts these requests.
pub fn count(requests: &[String], what: &str) -> usize {
    requests.iter().filter(|line| *line == what).count()
}
