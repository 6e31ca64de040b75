//! A keychain in another program: `--store helper:NAME` runs `docker-credential-NAME`.
//!
//! The protocol is that of github.com/docker/docker-credential-helpers, so that `pass`, a cloud's secret manager or a
//! company's own helper works without code here. The action is the only argument. The rest goes over stdin: `store`
//! reads `{"ServerURL","Username","Secret"}`, `get` and `erase` read the server's URL. Failures are reported on
//! *stdout*, with exit code 1.
//!
//! A helper stores secrets by server URL. Ours are `https://oauthctl.invalid/ACCOUNT`, a host name that can never be a
//! registry's (RFC 6761 §6.4). The user name repeats the account, because a helper may return an entry that is merely
//! similar (the Windows helper has its own rules for comparing host and path).

use std::fmt;
use std::io::{self, IsTerminal, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use zeroize::Zeroizing;

use crate::keychain::{Keychain, KeychainError, SecretBytes};
use crate::protocol::{member, sanitize};
use crate::system::clock::Deadline;
use crate::system::process::in_background;
use crate::system::program;
use crate::system::signals::{EndOnSignal, SignalGrace};

/// How long we wait for a helper. It may ask the user for a passphrase, or a distant server for the secret.
const DEADLINE: Duration = Duration::from_secs(30);

/// How much of a reply is read. A record has a few KiB.
const MAX_ANSWER: u64 = 2 * 1024 * 1024;

/// How much of its stderr is kept. One line of it is shown.
const MAX_STDERR: u64 = 8 * 1024;

/// The message of every helper that has no such entry (`ErrCredentialsNotFound`).
const NOT_FOUND: &str = "credentials not found in native keychain";

/// The name of a helper: `[A-Za-z0-9][A-Za-z0-9._-]*`, at most [`MAX_NAME`] characters, as it is part of a file name.
/// It is stored inline, so that a kind of store is a small value that can be copied.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HelperName {
    bytes: [u8; MAX_NAME],
    length: u8,
}

const MAX_NAME: usize = 31;

impl HelperName {
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if !begins || text.len() > MAX_NAME || !text.bytes().all(plain) {
            return None;
        }
        let mut bytes = [0; MAX_NAME];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: text.len() as u8 })
    }

    pub fn as_str(&self) -> &str {
        // `parse` accepts only ASCII.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// Returns the program's name: `docker-credential-NAME`.
    pub fn program(&self) -> String {
        format!("docker-credential-{self}")
    }
}

impl fmt::Display for HelperName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for HelperName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

pub struct CredentialHelper {
    program: String,
    deadline: Duration,
}

/// The input of `store` and the output of `get`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    #[serde(rename = "ServerURL", default)]
    server_url: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: Zeroizing<String>,
}

impl CredentialHelper {
    /// Creates the keychain. Starts no program yet.
    pub fn new(name: HelperName) -> Self {
        Self { program: name.program(), deadline: DEADLINE }
    }

    /// Runs one action. The inner `Err` is the output of a failed one.
    fn run(&self, action: &str, input: Zeroizing<Vec<u8>>) -> Result<Result<HelperOutput, String>, KeychainError> {
        let mut command = program::command(&self.program);
        command.arg(action).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let alone = !io::stdin().is_terminal();
        if alone {
            own_group(&mut command);
        }
        let grace = SignalGrace::begin();
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let reason = format!("the program `{}` is not in PATH", self.program);
                return Err(KeychainError::Missing { reason });
            }
            Err(error) => return Err(self.refused(action, &format!("it could not be started ({error})"))),
        };
        let _helper = EndOnSignal::watch(&child, alone);
        drop(grace);
        let until = Deadline::after(self.deadline);
        let connect = |child: &mut Child| {
            // The input comes last: nothing is sent unless the answer can be read.
            let stdout = read_behind(child.stdout.take(), MAX_ANSWER)?;
            let stderr = read_behind(child.stderr.take(), MAX_STDERR)?;
            let mut stdin = child.stdin.take();
            // A helper that does not read must not block us. One that exits early breaks the pipe; its answer counts.
            in_background("helper", move || stdin.as_mut().map(|stdin| stdin.write_all(&input)))?;
            Ok((stdout, stderr))
        };
        let (stdout, stderr) = match connect(&mut child) {
            Ok(streams) => streams,
            Err::<_, io::Error>(error) => {
                self.end(child, alone);
                return Err(
                    self.refused(action, &format!("no thread could be started for its input and output ({error})"))
                );
            }
        };
        let answer = match stdout.recv_timeout(self.deadline) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => return Err(self.give_up(child, alone)),
            Err(RecvTimeoutError::Disconnected) => Zeroizing::default(),
        };
        let Some(success) = wait_until(&mut child, until) else { return Err(self.give_up(child, alone)) };
        if success {
            return Ok(Ok(answer));
        }
        let errors = stderr.recv_timeout(until.left()).unwrap_or_default();
        let said = [&answer, &errors].into_iter().map(|text| sanitize::line(&String::from_utf8_lossy(text)));
        Ok(Err(said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")))
    }

    fn give_up(&self, child: Child, alone: bool) -> KeychainError {
        self.end(child, alone);
        KeychainError::silent(self.deadline)
    }

    fn end(&self, mut child: Child, alone: bool) {
        if alone {
            kill_group(&child);
        }
        // It may have exited just now. It is reaped all the same, if a thread can be started for that.
        let _ = child.kill();
        let _ = in_background("helper", move || child.wait());
    }

    fn refused(&self, action: &str, said: &str) -> KeychainError {
        let said = if said.is_empty() { "it gave no reason" } else { said };
        KeychainError::Refused { reason: format!("`{} {action}`: {said}", self.program) }
    }
}

impl Keychain for CredentialHelper {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        let answer = match self.run("get", server_url(account).into_bytes().into())? {
            Ok(answer) => answer,
            Err(said) if said.starts_with(NOT_FOUND) => return Ok(None),
            // The helper failed after it had answered.
            Err(said) if said.contains('{') => {
                return Err(self.refused("get", "its output is not shown, as it may contain the secret"));
            }
            Err(said) => return Err(self.refused("get", &said)),
        };
        // The error names a member and quotes no value.
        let found: Credentials = member::typed(&answer).map_err(|error| match error.classify() {
            Category::Data => self.refused("get", &format!("in its reply, {error}")),
            _ => self.refused("get", "its reply is not the JSON that the protocol requires"),
        })?;
        // The helper for `pass` returns an empty secret for a missing entry, instead of failing.
        if found.secret.is_empty() {
            return Ok(None);
        }
        if found.username != username(account) {
            return Err(self.refused("get", "it returned a different entry"));
        }
        Ok(Some(SecretBytes::new(found.secret.as_bytes().to_vec())))
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let text = std::str::from_utf8(secret).map_err(|_| self.refused("store", "it accepts only text"))?;
        let credentials = Credentials {
            server_url: server_url(account),
            username: username(account),
            secret: Zeroizing::new(text.to_owned()),
        };
        let input = Zeroizing::new(serde_json::to_vec(&credentials).unwrap_or_default());
        match self.run("store", input)? {
            Ok(_) => Ok(()),
            // A helper that repeats its input would show the secret.
            Err(said) if reveals(&said, text) => {
                Err(self.refused("store", "its output is not shown, as it contains the secret"))
            }
            Err(said) => Err(self.refused("store", &said)),
        }
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        // Helpers differ in how they report the erasure of a missing entry.
        if self.get(account)?.is_none() {
            return Ok(false);
        }
        match self.run("erase", server_url(account).into_bytes().into())? {
            Ok(_) => Ok(true),
            Err(said) if said.starts_with(NOT_FOUND) => Ok(false),
            Err(said) => Err(self.refused("erase", &said)),
        }
    }

    fn place(&self) -> String {
        format!("the credential helper `{}`", self.program)
    }
}

fn server_url(account: &str) -> String {
    format!("https://oauthctl.invalid/{account}")
}

/// Returns the user name. It has no slash, which the helper for `pass` would take for a folder.
fn username(account: &str) -> String {
    account.replace('/', ":")
}

/// Checks whether a truncated and sanitized text contains part of a secret: any run of twelve characters of it.
fn reveals(said: &str, secret: &str) -> bool {
    const RUN: usize = 12;
    let (said, secret) = (said.as_bytes(), secret.as_bytes());
    said.len() >= RUN && secret.windows(RUN).any(|run| said.windows(RUN).any(|part| part == run))
}

type HelperOutput = Zeroizing<Vec<u8>>;

/// Reads on a separate thread: a grandchild may hold the pipe open longer than we wait.
fn read_behind(stream: Option<impl Read + Send + 'static>, limit: u64) -> io::Result<mpsc::Receiver<HelperOutput>> {
    let (answer, answered) = mpsc::sync_channel(1);
    in_background("helper", move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
        if let Some(stream) = stream {
            // What was read before an error counts.
            let _ = stream.take(limit).read_to_end(&mut bytes);
        }
        let _ = answer.send(bytes);
    })?;
    Ok(answered)
}

/// Returns whether the child succeeded, or `None` if it did not exit in time. Its stdout is closed, so this is short.
fn wait_until(child: &mut Child, until: Deadline) -> Option<bool> {
    let mut pause = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if !until.left().is_zero() => thread::sleep(pause),
            Ok(None) => return None,
            Err(_) => return Some(false),
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Puts the helper and its children into a process group of their own, so that they can be killed together. Only done
/// without a terminal: there, a background group could not ask for a passphrase.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(unix)]
fn kill_group(child: &Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // SAFETY: `kill` takes two numbers. The child is not reaped yet, so its process ID is still its own.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}

#[cfg(not(unix))]
fn kill_group(_: &Child) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A helper that is a shell script. The folder goes with the guard.
    fn helper(script: &str) -> (tempfile::TempDir, CredentialHelper) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-made-up");
        // Another process writes it: a fork of another test would inherit our open file, which then cannot be executed.
        let write = "cat >\"$0\" && chmod 700 \"$0\"";
        let mut writer = Command::new("sh").args(["-c", write]).arg(&program).stdin(Stdio::piped()).spawn().unwrap();
        writer.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        let program = program.to_str().unwrap().to_owned();
        (folder, CredentialHelper { program, deadline: Duration::from_secs(30) })
    }

    fn reason<T: fmt::Debug>(result: Result<T, KeychainError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn not_found_is_none_and_every_other_failure_is_reported() {
        let (_folder, nothing) = helper("echo 'credentials not found in native keychain'; exit 1");
        assert!(nothing.get("acme").unwrap().is_none());
        assert!(!nothing.delete("acme").unwrap());
        let (_folder, empty) = helper(r#"echo '{"ServerURL":"","Username":"","Secret":""}'"#);
        assert!(empty.get("acme").unwrap().is_none());
        let (_folder, other) = helper("printf 'no \\033[2Jway'; echo more >&2; exit 1");
        let text = reason(other.get("acme"));
        assert!(text.ends_with("docker-credential-made-up get`: no way · more"), "{text}");
        let (_folder, mute) = helper("exit 3");
        assert!(reason(mute.get("acme")).ends_with("it gave no reason"));
    }

    #[test]
    fn a_reply_with_a_different_entry_is_refused() {
        let (_folder, similar) = helper(r#"echo '{"ServerURL":"x","Username":"other","Secret":"s"}'"#);
        assert!(reason(similar.get("acme")).ends_with("it returned a different entry"));
        let (_folder, list) = helper(r#"echo '{"ServerURL":"x","Username":["canary"],"Secret":"s"}'"#);
        let told = reason(list.get("acme"));
        assert!(
            told.contains("in its reply, `Username` is malformed: unexpected array") && !told.contains("canary"),
            "{told}"
        );
        let (_folder, prose) = helper("echo hello");
        assert!(reason(prose.get("acme")).ends_with("its reply is not the JSON that the protocol requires"));
    }

    #[test]
    fn output_that_repeats_the_secret_is_not_shown() {
        let (_folder, parrot) = helper("cat; exit 1");
        let text = reason(parrot.set("acme", b"{\"access_token\":\"canary-7f3a-canary\"}"));
        assert!(text.ends_with("its output is not shown, as it contains the secret"), "{text}");
    }

    #[test]
    fn the_output_of_a_helper_that_fails_late_is_not_shown() {
        let (_folder, late) = helper(r#"echo '{"Secret":"canary-7f3a-canary"}'; echo no bus >&2; exit 1"#);
        let text = reason(late.get("acme"));
        assert!(text.ends_with("its output is not shown, as it may contain the secret"), "{text}");
    }

    #[test]
    fn a_helper_that_hangs_is_killed_with_its_children() {
        // The lock is held while a process has the file open: the helper, and the grandchild that inherits it.
        let (folder, mut hangs) = helper("exec 9>\"$0.lock\"; flock 9; sleep 1000 & wait");
        hangs.deadline = Duration::from_millis(500);
        assert!(matches!(hangs.get("acme"), Err(KeychainError::Silent { seconds: 1 })));
        let Ok(lock) = std::fs::File::open(folder.path().join("docker-credential-made-up.lock")) else { return };
        if !io::stdin().is_terminal() {
            let (locked, gone) = mpsc::channel();
            thread::spawn(move || locked.send(lock.lock().is_ok()));
            assert_eq!(gone.recv_timeout(Duration::from_secs(60)), Ok(true), "the grandchild is still running");
        }
    }

    #[test]
    fn a_missing_helper_is_named() {
        let missing = CredentialHelper::new(HelperName::parse("no-such-helper").unwrap());
        assert!(reason(missing.get("acme")).contains("`docker-credential-no-such-helper` is not in PATH"));
    }
}
