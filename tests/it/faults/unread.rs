//! F-53: nobody reads what a login says.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use url::{Position, Url};

use crate::support::process::{finish, fixed_port, until};
use crate::support::{Emulated, Output, Sandbox, TerminalSession, http as browser};

/// A pipe without room, whose reader reads nothing.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'x'; 4096]).is_ok() {}
    while writer.write(b"x").is_ok() {}
    // Whoever writes now waits.
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::empty()).unwrap();
    (reader, writer)
}

/// Runs it with nobody who reads its messages; all that it says is lost.
fn unread(mut command: Command) -> Output {
    let (reader, writer) = full_pipe();
    let child = command.stdout(Stdio::piped()).stderr(writer).spawn().unwrap();
    drop(command);
    let output = Output::new("login".to_owned(), finish(child));
    drop(reader);
    output
}

#[test]
fn a_login_ends_as_ever_though_nobody_reads_what_it_says() {
    let mine = Emulated::mine(&[]);
    let browser = mine.browser();
    let login = |more: &[&str]| unread(mine.command(&[&["login", "--verbose"], more].concat()));
    // What is said before the port is there, while it waits, and after the token has come.
    login(&["--port", "0", "--browser", &browser, "--scope", "unheard-of"]).code(0).answers("Logged in");
    assert!(std::fs::read_to_string(mine.page()).unwrap().contains("You are logged in"));
    mine.run(&["token"]).code(0);
    // An error that nobody reads has its exit code all the same.
    login(&["--port", "0", "--no-browser", "--timeout", "1"]).code(6);
    login(&["--port", "0", "--browser", "not-there", "--timeout", "1"]).code(6);
    login(&["--port", "0", "--browser", &browser, "--require-scopes", "not-granted"]).code(10);
    login(&["--redirect-uri", "https://elsewhere.example/cb"]).code(2);
    unread(mine.command(&["login", "--provider", "nobody"])).code(3);
}

/// The judge says something of each of these, and none of it is read.
#[test]
fn a_login_flooded_with_requests_ends_though_stderr_is_unread() {
    let mine = Emulated::mine(&[]);
    let file = mine.home().join("launched");
    let script = format!("#!/bin/sh\nprintf %s \"$1\" >{0}.new\nmv {0}.new {0}\n", file.display());
    let recorder = program(&mine, &script);
    let port = fixed_port().to_string();
    let mut command = mine.command(&["login", "--verbose", "--port", &port, "--browser", recorder.to_str().unwrap()]);
    let (reader, writer) = full_pipe();
    let child = command.stdout(Stdio::piped()).stderr(writer).spawn().unwrap();
    drop(command);
    until("the browser is started", || file.exists());
    let launch: Url = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let authorize_url = browser::location(&browser::get(&launch));
    for n in 0..1500 {
        let target = ["/callback?code=x&state=x", "/callback?error=x", "/x", "/callback"][n % 4];
        let stray = launch.join(target).unwrap();
        // An address without an answer gets the page that hands over a fragment.
        let status = if target == "/callback" { "HTTP/1.1 200" } else { "HTTP/1.1 404" };
        assert!(browser::get(&stray).starts_with(status), "{stray}");
    }
    let mut hello = std::net::TcpStream::connect(&launch[Position::BeforeHost..Position::AfterPort]).unwrap();
    hello.write_all(b"\x16\x03\x01\x02\x00\x01").unwrap();
    assert!(browser::follow(&authorize_url).contains("You are logged in"));
    Output::new("login".to_owned(), finish(child)).code(0).answers("Logged in");
    drop(reader);
}

fn program(sandbox: &Sandbox, script: &str) -> std::path::PathBuf {
    let path = sandbox.home().join("recorder");
    let mut writer = Command::new("sh");
    writer.args(["-c", "cat >\"$0\" && chmod 755 \"$0\""]).arg(&path);
    let mut writer = writer.stdin(Stdio::piped()).spawn().unwrap();
    writer.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
    path
}

#[test]
fn a_full_disk_behind_stderr_stops_no_login() {
    let mine = Emulated::mine(&[]);
    let full = File::options().write(true).open(Path::new("/dev/full")).unwrap();
    let mut command = mine.command(&["login", "--port", "0", "--browser", &mine.browser()]);
    Output::new("login".to_owned(), command.stderr(full).output().unwrap()).code(0).answers("Logged in");
}

#[test]
fn a_terminal_that_is_paused_stops_no_login() {
    let mine = Emulated::mine(&[]);
    let mut terminal = TerminalSession::start(mine.command(&["login", "--port", "0", "--no-browser"]));
    let authorize_url = terminal.authorize_url();
    // Ctrl-S: whatever is written now waits for Ctrl-Q.
    terminal.presses(b"\x13");
    assert!(browser::follow(&authorize_url).contains("You are logged in"));
    until("the login is kept", || mine.run(&["token"]).exit_code() == Some(0));
    terminal.presses(b"\x11");
    terminal.finish().code(0);
}
