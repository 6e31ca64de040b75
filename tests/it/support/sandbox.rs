//! A home directory and an environment of their own, so that no story sees the machine's logins or another story's.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

#[derive(Clone)]
pub struct Sandbox {
    home: Arc<TempDir>,
    environment: Vec<(String, String)>,
}

impl Sandbox {
    /// An empty home, and the sealed file as the store: a test machine may have no keychain.
    pub fn new() -> Self {
        #[cfg(unix)]
        by_default();
        let home = Arc::new(TempDir::new().unwrap());
        let config = home.path().join("config").to_str().unwrap().to_owned();
        Self { home, environment: Vec::new() }.with("OAUTHCTL_STORE", "file").with("OAUTHCTL_CONFIG_DIR", &config)
    }

    /// Sets a variable for every command from now on.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same home, with this variable set for nobody.
    pub fn without(&self, name: &str) -> Self {
        let environment = self.environment.iter().filter(|(known, _)| known != name).cloned().collect();
        Self { home: Arc::clone(&self.home), environment }
    }

    /// A variable that commands get.
    pub fn variable(&self, name: &str) -> String {
        let found = self.environment.iter().rev().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("{name} is not set")).1.clone()
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a provider's definition where a person would.
    pub fn define(&self, id: &str, definition: &str) {
        let providers = self.home().join("config/providers");
        std::fs::create_dir_all(&providers).unwrap();
        std::fs::write(providers.join(format!("{id}.toml")), definition).unwrap();
    }

    /// `oauthctl` with this home, no other environment than the search path, and nobody at stdin.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_oauthctl"));
        command.args(args);
        command
    }

    /// Another program in the same place.
    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home()).current_dir(self.home()).stdin(Stdio::null());
        // Windows opens no socket without the second one.
        for name in ["PATH", "SYSTEMROOT"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Output {
        Output::new(args.join(" "), self.command(args).output().unwrap())
    }

    #[track_caller]
    pub fn run_with_stdin(&self, args: &[&str], stdin: &str) -> Output {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        feed(&mut child, stdin.as_bytes());
        Output::new(args.join(" "), child.wait_with_output().unwrap())
    }

    /// A person who never hesitates, for `--browser`: follows every redirect, and keeps the last page in [`Self::page`].
    pub fn browser(&self) -> String {
        format!("curl -sL -o {}", self.page().display())
    }

    pub fn page(&self) -> PathBuf {
        self.home().join("page.html")
    }
}

/// Signals do to our children what they do by default. nohup(1) and a shell's `&` tell us to ignore some, and a child
/// inherits it.
#[cfg(unix)]
fn by_default() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
        // SAFETY: no handler of ours is taken away, as there is none.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// How a command ended, and what it said.
pub struct Output {
    command: String,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Output {
    pub fn new(command: String, output: std::process::Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what a command says is UTF-8");
        Self { command, code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub fn stdout(&self) -> &str {
        &self.stdout
    }

    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// `None` if a signal ended it.
    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }

    #[track_caller]
    pub fn code(&self, expected: i32) -> &Self {
        assert_eq!(self.code, Some(expected), "{self}");
        self
    }

    /// That stderr has this text in it.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "it should say {text:?}\n{self}");
        self
    }

    /// That stdout has this text in it.
    #[track_caller]
    pub fn answers(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "it should answer {text:?}\n{self}");
        self
    }

    /// That this text is neither on stdout nor on stderr.
    #[track_caller]
    pub fn hides(&self, secret: &str) -> &Self {
        assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "it should hide {secret:?}\n{self}");
        self
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "`oauthctl {command}` ended with {code:?}\n-- stdout --\n{stdout}-- stderr --\n{stderr}")
    }
}

/// Hands over all that a process gets to read. It may end without reading it; its status says why.
#[track_caller]
pub fn feed(child: &mut Child, input: &[u8]) {
    match child.stdin.take().expect("stdin is a pipe").write_all(input) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        result => result.unwrap(),
    }
}
