//! Servers that are never silent and never done: every exchange has an end.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use super::flood::{SLOW, drip};
use crate::refresh::{LOGIN_REPLY, Scripted};
use crate::support::Sandbox;
use crate::support::emulated::MINE;
use crate::support::faketime::{many_times_as_fast, thirty_times_as_fast};
use crate::support::raw_server::{RawServer, Script};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n";

/// A second, under a clock that goes thirty times as fast.
const SECOND: Duration = Duration::from_millis(33);

fn dripping() -> Script {
    drip(HEAD, b" ", SECOND)
}

fn dripping_head() -> Script {
    drip("HTTP/1.1 200 OK\r\nX-Slow: ", b"x", SECOND)
}

/// A login at a server that answers the token request with a token for days, and then plays these.
fn logged_in(more: &str, scripts: Vec<Script>) -> Scripted {
    let scripted = Scripted::logged_in(&LOGIN_REPLY.replace(":0,", ":360000,"), scripts);
    let definition = scripted.sandbox.home().join("config/providers/mine.toml");
    let text = std::fs::read_to_string(&definition).unwrap();
    std::fs::write(&definition, text.replace("[[samples]]", &format!("{more}\n[[samples]]"))).unwrap();
    scripted
}

#[test]
fn an_api_that_drips_is_left_at_the_end_that_is_named() {
    let scripted = logged_in("", vec![dripping(), dripping(), dripping()]);
    for (args, says) in [
        (&["call", "/x", "--max-time", "1"][..], "was not over within 1s"),
        (&["call", "/x", "--paginate", "--max-time", "1"], "was not over within 1s"),
        (&["call", "/x", "-q", ".", "--max-time", "1"], "was not over within 1s"),
    ] {
        let call = scripted.sandbox.run(args);
        call.code(8).says("the exchange with http://127.0.0.1:").says(says).says("--max-time").hides("at-1");
    }
}

/// A head and a pause that would take longer than what is left.
#[test]
fn the_named_end_counts_for_head_and_silence_and_waits_too() {
    let silent = || drip("", b"", SLOW);
    let busy = crate::support::raw_server::http("429 Too Many Requests", &["Retry-After: 30"], "");
    let scripted = logged_in("", vec![silent(), dripping_head(), busy]);
    for _ in 0..2 {
        let call = scripted.sandbox.run(&["call", "/x", "--max-time", "1"]);
        call.code(8).says("was not over within 1s");
    }
    // There is no time to wait in.
    scripted.sandbox.run(&["call", "/x", "--max-time", "20"]).code(9).says("asks to wait");
}

/// A large input is sent while it is read, under limits of its own.
#[test]
fn an_upload_ends_as_every_other_request_does() {
    let half =
        |stream: std::net::TcpStream| drip("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"", SLOW)(stream);
    let scripted = logged_in("", vec![Box::new(half), dripping()]);
    std::fs::write(scripted.sandbox.home().join("large"), vec![b'x'; 8 << 20]).unwrap();
    let call = |sandbox: &Sandbox, more: &[&str]| sandbox.run(&[&["call", "/x", "-d", "large"], more].concat());
    call(&scripted.sandbox, &["--timeout", "1"]).code(8).says("did not answer within 1 s");
    call(&scripted.sandbox, &["--max-time", "1"]).code(8).says("was not over within 1s");
    // A server that takes nothing.
    let deaf = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (sandbox, origin) = (scripted.sandbox.clone(), deaf.local_addr().unwrap());
    sandbox.define("mine", &MINE.replace("https://mine.example", &format!("http://{origin}")));
    sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "at-1").code(0);
    call(&sandbox, &["--max-time", "1"]).code(8).says("was not over within 1s");
    call(&sandbox, &["--timeout", "1"]).code(8).says("did not answer within 1 s");
}

/// Ten minutes are over in six seconds.
#[test]
fn an_api_that_drips_is_left_in_the_end_where_none_is_named() {
    let scripted = logged_in("", vec![dripping()]);
    let fast = many_times_as_fast(scripted.sandbox.clone(), 100);
    // The machine may be busy for longer than half a minute of that clock.
    let call = fast.run(&["call", "/x", "--timeout", "10m"]);
    call.code(8).says("was not over within 10m").hides("at-1");
}

#[test]
fn every_endpoint_but_the_api_times_out_after_thirty_seconds() {
    let words = "did not answer within 30 s";
    // The body of a revocation's success is not read (RFC 7009 §2.2), nor waited for.
    let refused = drip("HTTP/1.1 400 Bad Request\r\nContent-Length: 4000\r\n\r\n", b" ", SECOND);
    let revoke = logged_in("", vec![dripping_head(), refused]);
    let fast = thirty_times_as_fast(revoke.sandbox.clone());
    for _ in 0..2 {
        fast.run(&["logout"]).code(8).says(words).hides("rt-1");
    }
    revoke.sandbox.run(&["token"]).code(0);

    let introspect = logged_in("", vec![dripping()]);
    let definition = introspect.sandbox.home().join("config/providers/mine.toml");
    let text = std::fs::read_to_string(&definition).unwrap();
    std::fs::write(&definition, format!("introspect.url = '{}/i'\n{text}", introspect.server.origin())).unwrap();
    thirty_times_as_fast(introspect.sandbox.clone()).run(&["scopes"]).code(0).answers(words).hides("at-1");

    let probe =
        "[[scope.known]]\nname = 'read'\nabout = 'x'\nprobe = { path = 'things', source = 'https://x.example' }";
    let probed = logged_in(probe, vec![dripping()]);
    thirty_times_as_fast(probed.sandbox.clone()).run(&["scopes", "--probe"]).code(0).answers(words);

    let issuer = RawServer::start([dripping(), dripping()]);
    let fast = thirty_times_as_fast(Sandbox::new());
    fast.run(&["providers", "new", "x", "--issuer", &issuer.origin()]).code(8).says(words);
}
