//! A user without root's privileges: root is never refused a permission, so a test of permissions proves nothing as
//! root.
//!
//! If the tests run as root, commands are started as the user `nobody` by `setpriv`; otherwise, as the current user.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::lacks;
use super::{Output, Sandbox};

/// `nobody` on most systems.
const NOBODY: u32 = 65534;

/// Another user.
pub const STRANGER: u32 = 65533;

pub struct UnprivilegedUser {
    pub home: Sandbox,
    id: u32,
    /// `oauthctl` in a place that this user can read.
    program: PathBuf,
    _copy: Option<TempDir>,
}

/// Returns `true` as root, who can give files to other users and start commands as other users.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Ends a story that takes two users, where nobody may become the other one.
pub fn needs_other_users() {
    if !is_root() {
        lacks::lacks("root, who alone can act as another user");
    }
}

/// Runs a command as that user, without stdin.
pub fn become_user(plain: &Command, id: u32) -> Command {
    let mut command = lacks::program("setpriv");
    command.args([format!("--reuid={id}"), format!("--regid={id}"), "--clear-groups".to_owned(), "--".to_owned()]);
    command.arg(plain.get_program()).args(plain.get_args()).env_clear().stdin(Stdio::null());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap_or(Path::new("/")));
    command
}

impl UnprivilegedUser {
    pub fn new() -> Self {
        Self::living_in(Sandbox::new())
    }

    /// Gives a home with all its content to the user.
    pub fn living_in(home: Sandbox) -> Self {
        Self::with_id(home, NOBODY)
    }

    /// Gives a home to the user of this id, who may be missing in the password database.
    pub fn with_id(home: Sandbox, id: u32) -> Self {
        let (program, copy) = reachable_program(id);
        let user = Self { home, id, program, _copy: copy };
        if is_root() {
            let path = user.home.home();
            assert!(Command::new("chown").args(["-hR", &format!("{id}:{id}")]).arg(path).status().unwrap().success());
        }
        user
    }

    /// Returns an `oauthctl` command as this user.
    pub fn command(&self, args: &[&str]) -> Command {
        self.started(&self.program, args)
    }

    /// Returns a line for `bash` as a command, in which `"$0"` is `oauthctl`.
    pub fn shell(&self, line: &str) -> Command {
        let mut script = self.home.program("bash");
        script.args(["-c", line]).arg(&self.program);
        self.becoming(script)
    }

    fn started(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = self.home.program(program.to_str().unwrap());
        command.args(args);
        self.becoming(command)
    }

    /// Returns another command as this user.
    pub fn becoming(&self, plain: Command) -> Command {
        if is_root() { become_user(&plain, self.id) } else { plain }
    }

    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Output {
        Output::new(args.join(" "), self.command(args).output().unwrap())
    }

    #[track_caller]
    pub fn run_shell(&self, line: &str) -> Output {
        Output::new(line.to_owned(), self.shell(line).output().unwrap())
    }

    /// Stores a token as the login `judgeme`.
    pub fn keep(&self, token: &str) -> Output {
        self.run_shell(&format!("echo {token} | \"$0\" login judgeme --with-token"))
    }

    pub fn id(&self) -> u32 {
        if is_root() { self.id } else { rustix::process::geteuid().as_raw() }
    }

    /// Returns a path below the home.
    pub fn path(&self, below: &str) -> PathBuf {
        self.home.home().join(below)
    }
}

/// Returns the program, or a copy of it if that user cannot read the build folder.
fn reachable_program(id: u32) -> (PathBuf, Option<TempDir>) {
    let built = Path::new(env!("CARGO_BIN_EXE_oauthctl"));
    // Checked by a shell of that user, because `setpriv` itself starts as root.
    let mut look = Command::new("sh");
    look.args(["-c", "\"$0\" --version"]).arg(built).envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    if !is_root() || become_user(&look, id).output().is_ok_and(|output| output.status.success()) {
        return (built.to_owned(), None);
    }
    let folder = tempfile::Builder::new().permissions(permissions(0o755)).tempdir().unwrap();
    let copy = folder.path().join("oauthctl");
    // Not copied by this process: a process that another thread starts meanwhile would inherit the copy open for
    // writing, and then it cannot be executed.
    let mut install = Command::new("install");
    assert!(install.args(["-m", "755"]).arg(built).arg(&copy).status().unwrap().success());
    (copy, Some(folder))
}

pub fn permissions(mode: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}
