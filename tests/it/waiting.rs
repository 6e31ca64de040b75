//! Signs of waiting: what takes longer than a second says so on a terminal, and leaves no trace.

use std::io::Write;
use std::sync::mpsc::{Sender, channel};

use crate::support::raw_server::{Script, held, http};
use crate::support::{RawServer, Sandbox, TerminalSession};

/// A script that waits, and what makes it go on.
type Held = (Sender<()>, Script);

const DEFINITION: &str = "
authorize.url = 'ORIGIN/a'
token.url = 'ORIGIN/t'
token.auth = 'body'
grants = ['authorization-code', 'device', 'client-credentials']
device.url = 'ORIGIN/d'
revoke.url = 'ORIGIN/r'
introspect.url = 'ORIGIN/i'
openid.userinfo_url = 'ORIGIN/me'
api.base = 'ORIGIN'
";

/// A login at a server whose only answer is the script's.
fn login_at(script: Script) -> (Sandbox, RawServer) {
    let server = RawServer::start([script]);
    let sandbox = Sandbox::new();
    sandbox.define("mine", &DEFINITION.replace("ORIGIN", &server.origin()));
    sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "made-up-token").code(0);
    (sandbox, server)
}

fn held_reply(status: &str, body: &str) -> Held {
    held(http(status, &["Content-Type: application/json"], body))
}

/// Begins a reply, and ends it once the sender says so.
fn held_body() -> Held {
    let (go, gone_on) = channel::<()>();
    let script = move |mut stream: std::net::TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nbegin");
        let _ = gone_on.recv();
        let _ = stream.write_all(b"-end");
    };
    (go, Box::new(script))
}

/// Returns what stands on the screen after all was drawn and erased.
fn screen(shown: &str) -> String {
    let lines = shown.lines().map(|line| line.rsplit("\u{1b}[K").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn whoever_waits_for_a_server_is_told_so_and_nothing_is_left() {
    let refused = || held_reply("400 Bad Request", r#"{"error":"invalid_request"}"#);
    let cases: [(&[&str], &str, Held); 8] = [
        (&["logout"], "Revoking a token at HOST", held_reply("200 OK", "{}")),
        (&["status", "--userinfo"], "Asking HOST who the account is", held_reply("200 OK", r#"{"sub":"a"}"#)),
        (&["login", "mine", "--device"], "Asking HOST for a code", refused()),
        (&["login", "mine", "--grant", "client-credentials"], "Asking HOST for a token", refused()),
        (&["providers", "new", "new", "--issuer", "http://HOST"], "Asking HOST what it offers", refused()),
        (&["login", "http://HOST/mcp"], "Asking http://HOST/mcp how to log in", refused()),
        (&["call", "/1"], "Waiting for HOST", held_reply("200 OK", "{}")),
        (&["call", "/1"], "Receiving from HOST, 5 bytes", held_body()),
    ];
    let shown_while = |(args, words, (go, script)): (&[&str], &str, Held)| {
        let (sandbox, server) = login_at(script);
        let host = server.origin().replace("http://", "");
        let args: Vec<String> = args.iter().map(|arg| arg.replace("HOST", &host)).collect();
        let mut command = sandbox.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
        command
            .env("LANG", "C.UTF-8")
            .env("OAUTHCTL_CLIENT_ID", "x")
            .env("OAUTHCTL_CLIENT_SECRET", "made-up")
            .env("CI", "1");
        let mut session = TerminalSession::start(command);
        let words = words.replace("HOST", &host);
        let drawn = session.shows(&words);
        assert!(drawn.contains(&format!("⠙ {words}")) || drawn.contains(&format!("⠋ {words}")), "{args:?}: {drawn}");
        go.send(()).unwrap();
        let left = screen(&session.finish().shown);
        assert!(!left.contains(&words) && !left.contains(['⠋', '⠙', '⠹', '⠸', '⠼']), "{args:?} leaves:\n{left}");
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = cases.into_iter().map(|case| scope.spawn(move || shown_while(case))).collect();
        running.into_iter().for_each(|case| case.join().unwrap());
    });
}

#[test]
fn a_program_at_the_terminal_sees_no_sign() {
    let (go, script) = held_reply("200 OK", "{}");
    let (plain, server) = login_at(script);
    let start = |sandbox: &Sandbox, more: &[&str], variables: &[(&str, &str)]| {
        let mut command = sandbox.command(&[&["call", "/1"], more].concat());
        TerminalSession::start({
            command.envs(variables.iter().copied());
            command
        })
    };
    // Each of them waits longer than the one that shows its sign.
    let silent: Vec<_> = [(&["--json"][..], &[][..]), (&["--quiet"], &[]), (&[], &[("TERM", "dumb")])]
        .into_iter()
        .map(|(more, variables)| {
            let (go, script) = held_reply("200 OK", "{}");
            let (sandbox, server) = login_at(script);
            let session = start(&sandbox, more, variables);
            (more, go, session, sandbox, server)
        })
        .collect();
    let mut shown = start(&plain, &[], &[]);
    let drawn = shown.shows("Waiting for 127.0.0.1");
    assert!(drawn.is_ascii(), "the locale is not UTF-8: {drawn:?}");
    for (more, go, session, ..) in silent {
        go.send(()).unwrap();
        let shown = session.finish().shown;
        assert!(!shown.contains("Waiting") && !shown.contains("\u{1b}[K"), "{more:?}: {shown:?}");
    }
    go.send(()).unwrap();
    shown.finish().code(0);
    drop(server);
}
