//! Replies that are too large, too slow or without an end.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{GOOD, refused};
use crate::bad_input::login_in;
use crate::refresh::{LOGIN_REPLY, Scripted, json, long, token};
use crate::support::faketime::thirty_times_as_fast;
use crate::support::lacks;
use crate::support::raw_server::{Script, reply};
use crate::support::{Output, Sandbox};

const GIB: usize = 1 << 30;
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

/// The same bytes until there are so many, or the client has gone.
fn flood(head: impl Into<String>, part: impl Into<Vec<u8>>, length: usize) -> Script {
    let (head, part) = (head.into(), part.into());
    Box::new(move |mut stream| {
        let mut left = length / part.len();
        let mut going = stream.write_all(head.as_bytes()).is_ok();
        while going && left > 0 {
            going = stream.write_all(&part).is_ok();
            left -= 1;
        }
    })
}

fn endless(head: &str, part: impl Into<Vec<u8>>) -> Script {
    flood(head, part, usize::MAX)
}

/// 2 MiB of nothing in 2 KiB; any number of these in a row is gzip too (RFC 1952 §2.2).
fn gzipped() -> Vec<u8> {
    let mut gzip = lacks::program("gzip").arg("-9").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    gzip.stdin.take().unwrap().write_all(&vec![b' '; 2 << 20]).unwrap();
    gzip.wait_with_output().unwrap().stdout
}

/// Runs with so much memory for data and no more: whoever wants more gets none, and is ended by a signal.
fn within_64_mib(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut command = sandbox.program("sh");
    let script = "ulimit -d 65536 && exec \"$0\" \"$@\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_oauthctl")]).args(args);
    Output::new(args.join(" "), command.output().unwrap())
}

#[test]
fn a_flood_is_stopped_within_64_mib_of_memory() {
    let gzip = gzipped();
    let bomb = GIB / (2 << 20) * gzip.len();
    assert!(bomb < 2 << 20, "1 GiB is in {bomb} bytes");
    let line = format!("X-Filler: {}\r\n", "x".repeat(1000));
    let many = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", GOOD.len()) + &line.repeat(66);
    let cases: Vec<(Script, &str)> = vec![
        (flood(format!("{HEAD}Content-Length: {GIB}\r\n\r\n"), vec![b' '; 1 << 16], GIB), "larger than 1048576 bytes"),
        (
            flood(format!("{HEAD}Content-Encoding: gzip\r\nContent-Length: {bomb}\r\n\r\n"), gzip, bomb),
            "larger than 1048576 bytes",
        ),
        (
            endless(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                format!("10000\r\n{}\r\n", " ".repeat(1 << 16)),
            ),
            "larger than 1048576 bytes",
        ),
        (endless("HTTP/1.1 200 OK\r\n", line), "broke"),
        (endless("HTTP/1.1 200 OK\r\nX-One: ", vec![b'x'; 1 << 16]), "broke"),
        (reply(format!("{many}\r\n{GOOD}")), "its head is larger than 65536 bytes"),
    ];
    let words: Vec<&str> = cases.iter().map(|(_, words)| *words).collect();
    let scripted = Scripted::new(cases.into_iter().map(|(script, _)| script).chain([json("200 OK", GOOD)]).collect());
    for says in words {
        within_64_mib(&scripted.sandbox, &["token"]).code(8).says(says).hides("rt-1");
    }
    assert_eq!(token(&scripted.sandbox), "at-2");
    scripted.server.stop();
}

/// How long a server is slow, at most. It ends with the client, so this is reached only if the client never gives up. It
/// is longer than the limit itself in real time: on a busy machine a wait may be one that the fast clock does not reach.
pub const SLOW: Duration = Duration::from_secs(120);

/// A part, and after a pause another one, until the client has gone.
pub fn drip(head: &'static str, part: &'static [u8], pause: Duration) -> Script {
    Box::new(move |mut stream| {
        let end = Instant::now() + SLOW;
        stream.set_read_timeout(Some(pause)).unwrap();
        let _ = stream.write_all(head.as_bytes());
        // A client that goes away is read at once, a silent one after the pause.
        while Instant::now() < end && stream.write_all(part).is_ok() && !matches!(stream.read(&mut [0]), Ok(0)) {}
    })
}

/// Under a clock that goes thirty times as fast, so that half a minute is over in a second.
#[test]
fn a_reply_that_never_ends_is_left_after_thirty_seconds_in_all() {
    let a_byte_a_second = Duration::from_millis(33);
    let silent = || drip("", b"", SLOW);
    let slow = || drip("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n", b" ", a_byte_a_second);
    let slow_head = || drip("HTTP/1.1 200 OK\r\nX-Slow: ", b"x", a_byte_a_second);
    let scripts: [&dyn Fn() -> Script; 3] = [&silent, &slow, &slow_head];
    let fast = thirty_times_as_fast(Sandbox::new());
    for script in scripts {
        login_in(fast.clone(), script()).code(8).says("did not answer within 30 s");
    }
    let scripts = scripts.into_iter().map(|script| script());
    let scripted = Scripted::new(scripts.chain([json("200 OK", GOOD)]).collect());
    let fast = thirty_times_as_fast(scripted.sandbox.clone());
    for _ in 0..3 {
        refused(&fast, 8, "did not answer within 30 s").says("may have spent the refresh token").hides("kept");
    }
    assert_eq!(token(&scripted.sandbox), "at-2");
    let requests = scripted.server.stop();
    assert_eq!(requests.iter().filter(|request| request.contains("refresh_token=rt-1")).count(), 4);
}

/// Not under a fast clock: what it costs is time of the processor.
#[test]
fn interim_replies_without_end_are_left_in_time() {
    let informed = || endless("", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(100));
    let mut scripts = vec![json("200 OK", GOOD), informed()];
    if long() {
        scripts.push(informed());
    }
    let scripted = Scripted::logged_in(LOGIN_REPLY, scripts);
    let call = within_64_mib(&scripted.sandbox, &["call", "things", "--timeout", "1"]);
    call.code(8).says("did not answer within 1 s").hides("at-2");
    if long() {
        within_64_mib(&scripted.sandbox, &["refresh"]).code(8).says("did not answer within 30 s");
    }
}
