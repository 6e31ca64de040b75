//! `exec` for commands that run for longer than their token lives: the file that is kept good, the proxy, and that nothing
//! of it is seen by the command, its terminal and whoever waits for it.

mod consumers;
mod jobs;
mod streams;
mod tricks;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::emulated::count;
use crate::support::lacks;
use crate::support::process::{Process, TIMEOUT, until};
use crate::support::{Emulated, Sandbox};

/// A command that runs until the test lets it go, and its proxy.
pub struct Proxied {
    _child: Process,
    address: String,
    /// The header with the password.
    password: String,
    /// The base of the API, as the command is to ask for it.
    api: String,
}

impl Proxied {
    pub fn start(sandbox: &Sandbox, args: &[&str]) -> Self {
        let script = "printf '%s\\n%s\\n' \"$OAUTHCTL_PROXY\" \"$OAUTHCTL_API\"; read -r line";
        let args = [&["exec", "--proxy"], args, &["--", "sh", "-c", script]].concat();
        let mut child = sandbox.command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || said.next().expect("the command begins").unwrap();
        let (proxy, api) = (line(), line());
        let (user, address) = proxy.strip_prefix("http://").and_then(|rest| rest.split_once('@')).unwrap();
        let password = format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(user));
        Self { _child: Process(child), address: address.to_owned(), password, api }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream
    }

    /// Sends exactly these bytes, and returns all that comes back.
    pub fn raw(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = Vec::new();
        // What is refused may be reset.
        let _ = stream.read_to_end(&mut reply);
        String::from_utf8_lossy(&reply).into_owned()
    }

    /// Asks for an address, with these header lines.
    pub fn get(&self, address: &str, headers: &str) -> String {
        let host = address.split("://").nth(1).unwrap_or_default().split(['/', '?']).next().unwrap_or_default();
        let password = &self.password;
        self.raw(&format!("GET {address} HTTP/1.1\r\nHost: {host}\r\n{password}Connection: close\r\n{headers}\r\n"))
    }
}

/// Returns the status of a reply, or 0 if there is none.
pub fn status(reply: &str) -> u16 {
    reply.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

fn short_lived() -> Emulated {
    let mine = Emulated::mine(&["--token-lifetime", "5s"]);
    mine.log_in();
    mine
}

/// The origin of the emulator.
fn origin(mine: &Sandbox) -> String {
    mine.variable("OAUTHCTL_EMULATOR").split_once('=').unwrap().1.to_owned()
}

#[test]
fn a_token_file_outlives_three_lifetimes_of_its_token() {
    let mine = short_lived();
    // Each time that the file holds another token, the API is asked with it.
    let script = format!(
        "trap 'echo told' USR1; old=none; n=0; while [ $n -lt 4 ]; do
           new=$(cat \"$OAUTHCTL_TOKEN_FILE\") || exit 1
           code=$(curl -s -o /dev/null -w '%{{http_code}}' -H \"Authorization: Bearer $new\" {}/api/things)
           [ \"$code\" = 200 ] || {{ echo \"$code\"; exit 2; }}
           [ \"$new\" = \"$old\" ] || {{ n=$((n + 1)); old=$new; echo new; }}
           sleep 0.1
         done; stat -c %a \"$OAUTHCTL_TOKEN_FILE\"; echo \"$OAUTHCTL_TOKEN_FILE\"; echo \"${{OAUTHCTL_TOKEN-none}}\"; exit 9",
        origin(&mine)
    );
    let output = mine.run(&["exec", "--token-file", "--on-renew", "usr1", "--", "sh", "-c", &script]);
    let lines: Vec<&str> = output.code(9).stdout().lines().collect();
    let [.., mode, path, variable] = lines.as_slice() else { panic!("{output}") };
    assert_eq!((*mode, *variable), ("600", "none"));
    assert_eq!(lines.iter().filter(|line| **line == "new").count(), 4, "{output}");
    assert!(lines.iter().filter(|line| **line == "told").count() >= 2, "{output}");
    until("the file is gone with its folder", || !Path::new(path).parent().unwrap().exists());
    let refreshes = count(&mine.requests(), "POST /token 200") - 1;
    assert!((3..=5).contains(&refreshes), "{refreshes} refreshes");
}

#[test]
fn a_proxy_outlives_three_lifetimes_of_its_token() {
    let mine = short_lived();
    let script = "end=$(($(date +%s) + 16)); while [ $(date +%s) -lt $end ]; do
           curl -s -o /dev/null -w '%{http_code}\\n' \"$OAUTHCTL_API/things\"; sleep 0.3
         done; env | grep -c -F \"$(cat token)\"; exit 0";
    fs::write(mine.home().join("token"), mine.run(&["token"]).code(0).stdout().trim_end()).unwrap();
    let output = mine.run(&["exec", "--proxy", "--", "sh", "-c", script]);
    let mut lines: Vec<&str> = output.code(0).stdout().lines().collect();
    assert_eq!(lines.pop(), Some("0"), "the token is not in the environment");
    assert!(lines.len() > 10 && lines.iter().all(|line| *line == "200"), "{output}");
    let refreshes = count(&mine.requests(), "POST /token 200") - 1;
    assert!((3..=6).contains(&refreshes), "{refreshes} refreshes");
}

/// A token that a person has brought along, and one of the variable.
#[test]
fn what_cannot_be_renewed_is_said_and_used_until_its_end() {
    let api = crate::support::ApiServer::always("200 OK", &[], "[]");
    let shop = api.login("");
    let shown = shop.run(&[
        "exec",
        "--token-file",
        "--env",
        "MINE",
        "--",
        "sh",
        "-c",
        "cat $OAUTHCTL_TOKEN_FILE; echo; echo $MINE",
    ]);
    let token = crate::support::api_server::TOKEN;
    assert_eq!(shown.code(0).stdout(), format!("{token}\n{token}\n"));
    let shop = shop.with("OAUTHCTL_TOKEN", "from-the-variable").with("OAUTHCTL_PROFILE", "mine");
    let shown =
        shop.run(&["exec", "--token-file", "--", "sh", "-c", "cat $OAUTHCTL_TOKEN_FILE; echo \"${OAUTHCTL_TOKEN-}\""]);
    assert_eq!(shown.code(0).stdout(), "from-the-variable\n");
}

#[test]
fn a_named_file_is_private_whole_and_gone_at_the_end() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let token = mine.run(&["token"]).code(0).stdout().trim_end().to_owned();
    let script = "stat -c %a token; cat token; echo; echo \"$OAUTHCTL_TOKEN_FILE\"";
    let whole = mine.home().join("token");
    for before in [None, Some(""), Some("an-older-token")] {
        if let Some(before) = before {
            private(&whole, before);
        }
        let output = mine.run(&["exec", "--token-file", "token", "--", "sh", "-c", script]);
        assert_eq!(output.code(0).stdout(), format!("600\n{token}\n{}\n", whole.display()));
        until("the file is gone", || !whole.exists());
    }
    // One that another process has put there in the meantime stays.
    let script = "rm token; umask 077; echo other > token";
    mine.run(&["exec", "--token-file", "token", "--", "sh", "-c", script]).code(0);
    assert_eq!(fs::read_to_string(&whole).unwrap(), "other\n");
}

fn private(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_file_that_is_no_tokens_is_left_as_it_is() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let at = |name: &str| mine.home().join(name);
    private(&at("netrc"), "machine x login y password z\n");
    private(&at("lines"), "one\ntwo\n");
    fs::write(at("open"), "").unwrap();
    fs::create_dir(at("folder")).unwrap();
    private(&at("target"), "");
    symlink(at("target"), at("link")).unwrap();
    fs::create_dir(at("shared")).unwrap();
    fs::set_permissions(at("shared"), fs::Permissions::from_mode(0o777)).unwrap();
    for (name, code, why) in [
        ("netrc", 2, "holds more than a token"),
        ("lines", 2, "holds more than a token"),
        ("open", 7, "other users can open it"),
        ("folder", 7, "not a regular file"),
        ("link", 7, "symbolic link"),
        ("shared/token", 7, "other users can write to its folder"),
        ("/", 7, "cannot be kept"),
    ] {
        let refused = mine.run(&["exec", "--token-file", name, "--", "touch", "never"]);
        refused.code(code).says(why);
        assert_eq!(refused.stderr().matches("error:").count(), 1, "{refused}");
    }
    assert!(!at("never").exists());
    assert_eq!(fs::read_to_string(at("netrc")).unwrap(), "machine x login y password z\n");
    assert_eq!(fs::read_to_string(at("target")).unwrap(), "");
    // One folder that all share is made for this.
    fs::set_permissions(at("shared"), fs::Permissions::from_mode(0o1777)).unwrap();
    mine.run(&["exec", "--token-file", "shared/token", "--", "test", "-s", "shared/token"]).code(0);
}

#[test]
fn a_file_in_a_git_work_tree_has_to_be_ignored() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    let tree = mine.home().join("project");
    fs::create_dir(&tree).unwrap();
    assert!(lacks::program("git").args(["init", "-q"]).current_dir(&tree).status().unwrap().success());
    let run = || mine.run(&["exec", "--token-file", "project/token", "--", "test", "-s", "project/token"]);
    run().code(2).says("in the Git work tree").says("`.gitignore`");
    fs::write(tree.join(".gitignore"), "token\n").unwrap();
    run().code(0);
}

#[test]
fn what_a_killed_companion_left_is_deleted_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let mine = Emulated::mine(&[]).with("TMPDIR", folder.path().to_str().unwrap());
    mine.log_in();
    let files =
        || -> Vec<PathBuf> { fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect() };
    let script = "echo $OAUTHCTL_TOKEN_FILE; read -r line";
    let mut command = mine.command(&["exec", "--token-file", "--", "sh", "-c", script]);
    let mut child = Process(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut path = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut path).unwrap();
    let lock = Path::new(path.trim()).with_file_name("running.lock");
    crate::support::process::send_signal(holder(&lock), libc::SIGKILL);
    drop(child);
    assert!(Path::new(path.trim()).exists(), "nobody is there to delete it");
    mine.run(&["exec", "--token-file", "--", "true"]).code(0);
    until("both are gone", || files().is_empty());
}

/// The process that holds the lock of a file, as proc(5) has it.
fn holder(path: &Path) -> u32 {
    let file = fs::metadata(path).unwrap().ino().to_string();
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let line = locks.lines().find(|line| line.split_whitespace().any(|word| word.rsplit(':').next() == Some(&file)));
    line.expect("it is locked").split_whitespace().nth(4).unwrap().parse().unwrap()
}

#[test]
fn a_command_that_cannot_begin_is_told_once_with_its_code() {
    let mine = Emulated::mine(&[]);
    mine.log_in();
    for flag in ["--proxy", "--token-file"] {
        let told =
            |output: &crate::support::Output| assert_eq!(output.stderr().matches("error:").count(), 1, "{output}");
        let nothing = Sandbox::new().run(&["exec", flag, "--", "touch", "never"]);
        told(nothing.code(4));
        let unknown = mine.run(&["exec", flag, "--", "no-such-command"]);
        told(unknown.code(2).says("`no-such-command` could not be started"));
    }
    for args in [
        &["--proxy", "--token-file"][..],
        &["--proxy", "--env", "X"],
        &["--on-renew", "HUP"],
        &["--token-file", "--on-renew", "KILL"],
        &["--token-file", ""],
        &["--allow-origin", "https://a.example"],
        &["--proxy", "--allow-origin", "https://a.example/x"],
    ] {
        mine.run(&[&["exec"], args, &["--", "true"]].concat()).code(2);
    }
}

/// A login that needs its user in mid-run is told of once, and the one that is made meanwhile is taken.
#[test]
fn a_login_made_in_mid_run_is_taken_up() {
    let mine = short_lived();
    let script = format!(
        "ask() {{ curl -s -o /dev/null -w '%{{http_code}}' -H \"Authorization: Bearer $(cat $OAUTHCTL_TOKEN_FILE)\" {}/api/things; }}
         ask; echo; read -r line; until [ \"$(ask)\" = 401 ]; do sleep 0.1; done; echo dead
         read -r line; until [ \"$(ask)\" = 200 ]; do sleep 0.1; done; echo alive",
        origin(&mine)
    );
    let mut command = mine.command(&["exec", "--token-file", "--", "sh", "-c", &script]);
    let mut child =
        Process(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut go_on = child.0.stdin.take().unwrap();
    assert_eq!(said.next().unwrap().unwrap(), "200");
    mine.run(&["logout", "--local"]).code(0);
    go_on.write_all(b"\n").unwrap();
    assert_eq!(said.next().unwrap().unwrap(), "dead");
    mine.log_in();
    go_on.write_all(b"\n").unwrap();
    assert_eq!(said.next().unwrap().unwrap(), "alive");
    let mut told = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("was not renewed for the command"), "{told}");
    assert_eq!(told.matches("warning:").count(), 1, "{told}");
}
