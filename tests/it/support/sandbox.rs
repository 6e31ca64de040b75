//! A separate home directory and environment, so that no test sees the machine's logins or another test's.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use super::lacks::needs;

#[derive(Clone)]
pub struct Sandbox {
    home: Arc<TempDir>,
    environment: Vec<(String, String)>,
}

impl Sandbox {
    /// Creates an empty home, with the encrypted file as the store: a test machine may have no keychain.
    pub fn new() -> Self {
        #[cfg(unix)]
        reset_signals();
        let home = Arc::new(TempDir::new().unwrap());
        let config = home.path().join("config").to_str().unwrap().to_owned();
        let sandbox = Self { home: Arc::clone(&home), environment: Vec::new() };
        let sandbox = sandbox.with("OAUTHCTL_STORE", "file").with("OAUTHCTL_CONFIG_DIR", &config);
        // No variable moves the folders of a Windows user, so that all tests would share their logins.
        #[cfg(windows)]
        let sandbox = sandbox.with("OAUTHCTL_DATA_DIR", home.path().join("data").to_str().unwrap());
        sandbox
    }

    /// Sets a variable for all later commands.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets whoever runs the tests look into the processes of all later commands.
    #[cfg(target_os = "linux")]
    pub fn visible(self) -> Self {
        match super::visible::variable() {
            Some((name, value)) => self.with(name, &value),
            None => self,
        }
    }

    /// Returns the same home without this variable.
    pub fn without(&self, name: &str) -> Self {
        let environment = self.environment.iter().filter(|(known, _)| known != name).cloned().collect();
        Self { home: Arc::clone(&self.home), environment }
    }

    /// Returns a variable of the commands.
    pub fn variable(&self, name: &str) -> String {
        let found = self.environment.iter().rev().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("{name} is not set")).1.clone()
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a provider's definition where a user would.
    pub fn define(&self, id: &str, definition: &str) {
        let providers = self.home().join("config/providers");
        std::fs::create_dir_all(&providers).unwrap();
        std::fs::write(providers.join(format!("{id}.toml")), definition).unwrap();
    }

    /// Returns an `oauthctl` command with this home, no other environment than the search path, and no stdin.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_oauthctl"));
        command.args(args);
        command
    }

    /// Returns a command for another program with the same home and environment. The story ends if it is missing.
    pub fn program(&self, program: &str) -> Command {
        if Path::new(program).components().count() == 1 {
            needs(&[program]);
        }
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home()).current_dir(self.home()).stdin(Stdio::null());
        // Windows cannot open sockets without the second one.
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

    /// Returns a command for `--browser` that follows every redirect, and saves the last page in [`Self::page`].
    pub fn browser(&self) -> String {
        needs(&["curl"]);
        format!("curl -sL -o {}", self.page().display())
    }

    pub fn page(&self) -> PathBuf {
        self.home().join("page.html")
    }
}

/// Resets signals to their defaults for our children. nohup(1) and a shell's `&` make us ignore some, and children
/// inherit that.
#[cfg(unix)]
fn reset_signals() {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
        // SAFETY: the tests have no signal handlers that it could remove.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// The exit code and output of a command.
pub struct Output {
    command: String,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Output {
    pub fn new(command: String, output: std::process::Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
        Self { command, code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub fn stdout(&self) -> &str {
        &self.stdout
    }

    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// Returns the exit code, or `None` if a signal ended it.
    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }

    #[track_caller]
    pub fn code(&self, expected: i32) -> &Self {
        assert_eq!(self.code, Some(expected), "{self}");
        self
    }

    /// Checks that stderr contains this text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(has(&self.stderr, text), "it should say {text:?}\n{self}");
        self
    }

    /// Checks that stdout contains this text.
    #[track_caller]
    pub fn answers(&self, text: &str) -> &Self {
        assert!(has(&self.stdout, text), "it should answer {text:?}\n{self}");
        self
    }

    /// Checks that this text is neither on stdout nor on stderr.
    #[track_caller]
    pub fn hides(&self, secret: &str) -> &Self {
        assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "it should hide {secret:?}\n{self}");
        self
    }
}

/// Looks for words, in which a path has slashes. On Windows the path that is shown has others.
fn has(shown: &str, text: &str) -> bool {
    shown.contains(text) || (cfg!(windows) && shown.replace('\\', "/").contains(text))
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "`oauthctl {command}` ended with {code:?}\n-- stdout --\n{stdout}-- stderr --\n{stderr}")
    }
}

/// Writes a process's whole input. The process may end without reading it.
#[track_caller]
pub fn feed(child: &mut Child, input: &[u8]) {
    match child.stdin.take().expect("stdin is a pipe").write_all(input) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        result => result.unwrap(),
    }
}
