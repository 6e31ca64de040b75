//! A keychain that another program keeps: `--store helper:NAME` runs `docker-credential-NAME`.
//!
//! The protocol is that of github.com/docker/docker-credential-helpers, so that `pass`, a cloud's secret manager or a
//! company's own helper serves without code here. The action is the only argument; the rest goes over stdin: to `store`
//! `{"ServerURL","Username","Secret"}`, to `get` and `erase` the server's URL. Failures are told on *stdout*, with
//! exit code 1.
//!
//! A helper keeps secrets by a server's URL. Ours are `https://oauthctl.invalid/ACCOUNT`, a name that can never be a
//! registry's (RFC 6761 §6.4). The user's name repeats the account, because helpers may answer with what is merely
//! similar (the one for Windows compares host and path as it sees fit).

use std::fmt;
use std::io::{self, IsTerminal, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use zeroize::Zeroizing;

use crate::keychain::{Keychain, KeychainError, SecretBytes};
use crate::protocol::{member, sanitize};
use crate::system::process::in_background;
use crate::system::signals::{Helper, Unbroken};

/// How long we wait for a helper. It may ask a person for a passphrase or a server across the world for the secret.
const DEADLINE: Duration = Duration::from_secs(30);

/// How much of an answer is read. A record has a few KiB.
const MAX_ANSWER: u64 = 2 * 1024 * 1024;

/// How much of its talk is kept, of which a line is shown.
const MAX_TALK: u64 = 8 * 1024;

/// What every helper says when it has nothing under that name (`ErrCredentialsNotFound`).
const NOT_FOUND: &str = "credentials not found in native keychain";

/// `[A-Za-z0-9][A-Za-z0-9._-]*`, at most [`MAX_NAME`] characters: a part of a file's name. It is kept in place, so that
/// a kind of store is a small value that can be copied.
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
        // Only ASCII came in.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    /// The program: `docker-credential-NAME`.
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

/// What `store` takes and `get` gives.
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
    /// Starts nothing yet.
    pub fn new(name: HelperName) -> Self {
        Self { program: name.program(), deadline: DEADLINE }
    }

    /// Runs one action. What a failed one said is `Err` in the inner result.
    fn run(&self, action: &str, input: Zeroizing<Vec<u8>>) -> Result<Result<HelperOutput, String>, KeychainError> {
        let mut command = Command::new(&self.program);
        command.arg(action).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let alone = !io::stdin().is_terminal();
        if alone {
            own_group(&mut command);
        }
        let unbroken = Unbroken::begin();
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let reason = format!("the program `{}` is not on the search path", self.program);
                return Err(KeychainError::Missing { reason });
            }
            Err(error) => return Err(self.refused(action, &format!("it could not be started ({error})"))),
        };
        let _helper = Helper::watch(&child, alone);
        drop(unbroken);
        let until = Instant::now() + self.deadline;
        let talk_to = |child: &mut Child| {
            // The input comes last: where nobody can hear the answer, nothing was said.
            let stdout = read_behind(child.stdout.take(), MAX_ANSWER)?;
            let stderr = read_behind(child.stderr.take(), MAX_TALK)?;
            let mut stdin = child.stdin.take();
            // A helper that does not read must not hold us up; one that ends early breaks the pipe, and its answer counts.
            in_background("helper", move || stdin.as_mut().map(|stdin| stdin.write_all(&input)))?;
            Ok((stdout, stderr))
        };
        let (stdout, stderr) = match talk_to(&mut child) {
            Ok(streams) => streams,
            Err::<_, io::Error>(error) => {
                self.end(child, alone);
                return Err(self.refused(action, &format!("there is no thread to talk to it on ({error})")));
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
        let talk = stderr.recv_timeout(until.saturating_duration_since(Instant::now())).unwrap_or_default();
        let said = [&answer, &talk].into_iter().map(|text| sanitize::line(&String::from_utf8_lossy(text)));
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
        // It may have ended just now; what is left of it then is reaped all the same, if there is a thread for it.
        let _ = child.kill();
        let _ = in_background("helper", move || child.wait());
    }

    fn refused(&self, action: &str, said: &str) -> KeychainError {
        let said = if said.is_empty() { "it says nothing more" } else { said };
        KeychainError::Refused { reason: format!("`{} {action}`: {said}", self.program) }
    }
}

impl Keychain for CredentialHelper {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeychainError> {
        let answer = match self.run("get", server_url(account).into_bytes().into())? {
            Ok(answer) => answer,
            Err(said) if said.starts_with(NOT_FOUND) => return Ok(None),
            // One that fails after it has answered.
            Err(said) if said.contains('{') => {
                return Err(self.refused("get", "what it said may have the secret in it"));
            }
            Err(said) => return Err(self.refused("get", &said)),
        };
        // The error names a member, and quotes nothing.
        let found: Credentials = member::typed(&answer).map_err(|error| match error.classify() {
            Category::Data => self.refused("get", &format!("in its answer {error}")),
            _ => self.refused("get", "its answer is not the JSON that the protocol wants"),
        })?;
        // The helper for `pass` says so, instead of failing, that there is nothing.
        if found.secret.is_empty() {
            return Ok(None);
        }
        if found.username != username(account) {
            return Err(self.refused("get", "it answers with the entry of something else"));
        }
        Ok(Some(SecretBytes::new(found.secret.as_bytes().to_vec())))
    }

    fn set(&self, account: &str, secret: &[u8]) -> Result<(), KeychainError> {
        let text = std::str::from_utf8(secret).map_err(|_| self.refused("store", "it takes text only"))?;
        let credentials = Credentials {
            server_url: server_url(account),
            username: username(account),
            secret: Zeroizing::new(text.to_owned()),
        };
        let input = Zeroizing::new(serde_json::to_vec(&credentials).unwrap_or_default());
        match self.run("store", input)? {
            Ok(_) => Ok(()),
            // A helper that repeats what it was given would show the secret.
            Err(said) if reveals(&said, text) => Err(self.refused("store", "what it said has the secret in it")),
            Err(said) => Err(self.refused("store", &said)),
        }
    }

    fn delete(&self, account: &str) -> Result<bool, KeychainError> {
        // Helpers differ in what they say of the erasure of what is not there.
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

/// Without a slash, which the helper for `pass` would take for a folder.
fn username(account: &str) -> String {
    account.replace('/', ":")
}

/// Whether a text that was cut and cleaned has a good part of a secret in it: any run of twelve characters of it.
fn reveals(said: &str, secret: &str) -> bool {
    const RUN: usize = 12;
    let (said, secret) = (said.as_bytes(), secret.as_bytes());
    said.len() >= RUN && secret.windows(RUN).any(|run| said.windows(RUN).any(|part| part == run))
}

type HelperOutput = Zeroizing<Vec<u8>>;

/// Reads on a thread of its own: a grandchild may hold the pipe open longer than we wait.
fn read_behind(stream: Option<impl Read + Send + 'static>, limit: u64) -> io::Result<mpsc::Receiver<HelperOutput>> {
    let (answer, answered) = mpsc::sync_channel(1);
    in_background("helper", move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
        if let Some(stream) = stream {
            // What was read before an error is what there is.
            let _ = stream.take(limit).read_to_end(&mut bytes);
        }
        let _ = answer.send(bytes);
    })?;
    Ok(answered)
}

/// Whether the child ended well; `None` if it has not ended in time. It has closed its stdout, so this is short.
fn wait_until(child: &mut Child, until: Instant) -> Option<bool> {
    let mut pause = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < until => thread::sleep(pause),
            Ok(None) => return None,
            Err(_) => return Some(false),
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Where nobody can be asked on a terminal, the helper and all that it starts are one group, to be ended together. On
/// a terminal it stays in ours: a background group may not ask for a passphrase there.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(unix)]
fn kill_group(child: &Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // SAFETY: `kill` takes two numbers. The child is not reaped yet, so its number is still its own.
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
        // Another process writes it: a fork of another test would inherit our open file, and then nobody may run it.
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
    fn what_is_not_found_is_none_and_every_other_failure_is_told() {
        let (_folder, nothing) = helper("echo 'credentials not found in native keychain'; exit 1");
        assert!(nothing.get("acme").unwrap().is_none());
        assert!(!nothing.delete("acme").unwrap());
        let (_folder, empty) = helper(r#"echo '{"ServerURL":"","Username":"","Secret":""}'"#);
        assert!(empty.get("acme").unwrap().is_none());
        let (_folder, other) = helper("printf 'no \\033[2Jway'; echo more >&2; exit 1");
        let text = reason(other.get("acme"));
        assert!(text.ends_with("docker-credential-made-up get`: no way · more"), "{text}");
        let (_folder, mute) = helper("exit 3");
        assert!(reason(mute.get("acme")).ends_with("it says nothing more"));
    }

    #[test]
    fn an_answer_for_something_else_is_not_taken() {
        let (_folder, similar) = helper(r#"echo '{"ServerURL":"x","Username":"other","Secret":"s"}'"#);
        assert!(reason(similar.get("acme")).ends_with("it answers with the entry of something else"));
        let (_folder, list) = helper(r#"echo '{"ServerURL":"x","Username":["canary"],"Secret":"s"}'"#);
        let told = reason(list.get("acme"));
        assert!(
            told.contains("in its answer `Username` is malformed: unexpected array") && !told.contains("canary"),
            "{told}"
        );
        let (_folder, prose) = helper("echo hello");
        assert!(reason(prose.get("acme")).ends_with("its answer is not the JSON that the protocol wants"));
    }

    #[test]
    fn a_helper_that_repeats_the_secret_is_not_repeated() {
        let (_folder, parrot) = helper("cat; exit 1");
        let text = reason(parrot.set("acme", b"{\"access_token\":\"canary-7f3a-canary\"}"));
        assert!(text.ends_with("what it said has the secret in it"), "{text}");
    }

    #[test]
    fn a_helper_that_fails_after_its_answer_is_not_repeated() {
        let (_folder, late) = helper(r#"echo '{"Secret":"canary-7f3a-canary"}'; echo no bus >&2; exit 1"#);
        let text = reason(late.get("acme"));
        assert!(text.ends_with("what it said may have the secret in it"), "{text}");
    }

    #[test]
    fn a_helper_that_hangs_is_ended_with_all_that_it_started() {
        // The lock is held as long as anybody has the file open: the helper, and the grandchild that inherits it.
        let (folder, mut hangs) = helper("exec 9>\"$0.lock\"; flock 9; sleep 1000 & wait");
        hangs.deadline = Duration::from_millis(500);
        assert!(matches!(hangs.get("acme"), Err(KeychainError::Silent { seconds: 1 })));
        let Ok(lock) = std::fs::File::open(folder.path().join("docker-credential-made-up.lock")) else { return };
        if !io::stdin().is_terminal() {
            let (locked, gone) = mpsc::channel();
            thread::spawn(move || locked.send(lock.lock().is_ok()));
            assert_eq!(gone.recv_timeout(Duration::from_secs(60)), Ok(true), "the grandchild lives on");
        }
    }

    #[test]
    fn a_helper_that_is_not_there_is_named() {
        let missing = CredentialHelper::new(HelperName::parse("no-such-helper").unwrap());
        assert!(reason(missing.get("acme")).contains("`docker-credential-no-such-helper` is not on the search path"));
    }
}
