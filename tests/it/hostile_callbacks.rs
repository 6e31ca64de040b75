//! Fifty thousand hostile requests to the loopback port around one genuine login (a million with `tests/all --long`).
//!
//! Every request is made from the true one by changing it, so the state is known to the attacker but for one change:
//! what does not carry it byte for byte neither is accepted nor ends the login. The requests come over real sockets, closed with a
//! reset so that the machine does not run out of ports.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::emulated::MINE;
use crate::support::process::peak_memory;
use crate::support::{Emulated, PendingLogin, http};

/// xorshift64*: the same requests in every run, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides
    }
}

struct Target {
    port: u16,
    state: String,
}

impl Target {
    /// One request without the state, however near it comes. What carries the state is the provider's, and ends a login.
    fn hostile(&self, dice: &mut Random) -> Vec<u8> {
        let port = self.port;
        let good_host = format!("127.0.0.1:{port}");
        let get =
            |query: &str, host: &str| format!("GET /callback?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
        let wrong = self.wrong_state(dice);
        let near = format!("code=x&state={wrong}");
        match dice.roll(18) {
            0 => get(&near, &good_host),
            1 => get(&format!("error=access_denied&state={wrong}"), &good_host),
            2 => get("code=x", &good_host),
            3 => get("error=access_denied&error_description=%1b%5b2J", &good_host),
            4 => get(&format!("code=x&state={wrong}&state={wrong}"), &good_host),
            5 => get(&format!("code=x&amp;state={wrong}"), &good_host),
            6 => {
                let hosts =
                    ["evil.example", "localhost", "127.0.0.1", "127.0.0.1.evil.example", "[::1]", "0.0.0.0", ""];
                get(&near, &format!("{}:{port}", hosts[dice.roll(hosts.len())]))
            }
            7 => format!("GET /callback?{near} HTTP/1.1\r\n\r\n").into_bytes(),
            8 => {
                format!("GET /callback?{near} HTTP/1.1\r\nHost: {good_host}\r\nHost: {good_host}\r\n\r\n").into_bytes()
            }
            9 => {
                let methods = ["POST", "HEAD", "PUT", "OPTIONS", "DELETE", "get", "GETS", "CONNECT"];
                format!("{} /callback?{near} HTTP/1.1\r\nHost: {good_host}\r\n\r\n", methods[dice.roll(methods.len())])
                    .into_bytes()
            }
            10 => {
                let paths = [
                    "/",
                    "/callback/",
                    "/Callback",
                    "//callback",
                    "/callback%2f",
                    "/favicon.ico",
                    "/x/../callback",
                    "*",
                ];
                let path = paths[dice.roll(paths.len())];
                format!("GET {path}?{near} HTTP/1.1\r\nHost: {good_host}\r\n\r\n").into_bytes()
            }
            11 => format!("GET http://{good_host}/callback?{near} HTTP/1.1\r\nHost: {good_host}\r\n\r\n").into_bytes(),
            12 => {
                let lengths = ["5000", "1099511627776", "18446744073709551615", "-1", "0x10", "1, 2"];
                let length = lengths[dice.roll(lengths.len())];
                format!("POST /callback HTTP/1.1\r\nHost: {good_host}\r\nContent-Length: {length}\r\n\r\n").into_bytes()
            }
            13 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            14 => format!("GET /callback?{} HTTP/1.1\r\nHost: {good_host}\r\n", "x".repeat(dice.roll(12_000)))
                .into_bytes(),
            15 => {
                let types =
                    ["application/x-www-form-urlencoded", "application/vnd.oauthctl.address", "application/json"];
                let media_type = types[dice.roll(types.len())];
                // The length comes last, so that the request ends as the others do.
                let body = format!("?code=x#state={wrong}\r\n\r\n");
                format!(
                    "POST /callback HTTP/1.1\r\nHost: {good_host}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into_bytes()
            }
            16 => get(&format!("response=e30.{wrong}.c2ln"), &good_host),
            _ => (0..dice.roll(400)).map(|_| dice.roll(256) as u8).collect(),
        }
    }

    /// The state with one change in it.
    fn wrong_state(&self, dice: &mut Random) -> String {
        let at = dice.roll(self.state.len());
        let mut bytes = self.state.clone().into_bytes();
        match dice.roll(6) {
            0 => bytes.truncate(at),
            1 => bytes.push(b'A'),
            2 => bytes.insert(at, b'A'),
            3 => drop(bytes.remove(at)),
            4 => bytes.rotate_left(1),
            _ => bytes[at] = if bytes[at] == b'Z' { b'a' } else { b'Z' },
        }
        let wrong = String::from_utf8(bytes).unwrap();
        if wrong == self.state { format!("{wrong}A") } else { wrong }
    }

    /// Sends one request and reads what comes; `true` if it was taken for the redirect.
    fn send(&self, request: &[u8]) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { panic!("the port is closed") };
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // The listener may hang up before everything is sent, which is its good right.
        let _ = stream.write_all(request);
        // A body that was announced and never comes is waited for until the listener gives up; nobody else need wait.
        let whole = request.ends_with(b"\r\n\r\n") && !request.windows(7).any(|text| text == b": 5000\r");
        let mut reply = Vec::new();
        if whole {
            let _ = stream.read_to_end(&mut reply);
        }
        let reply = String::from_utf8_lossy(&reply);
        ["You are logged in", "did not work", "not granted", "cannot be used"].iter().any(|end| reply.contains(end))
    }
}

#[test]
fn hostile_callbacks_are_ignored_and_the_genuine_one_is_taken() {
    let rounds = if std::env::var_os("LONG_TESTS").is_some() { 1_000_000 } else { 50_000 };
    let judgeme = Emulated::start(&["--approve"]);
    let login = PendingLogin::start(judgeme.command(&["login", "--port", "0", "--no-browser", "--timeout", "1h"]));
    let redirect_uri = url::Url::parse(&login.sent("redirect_uri")).unwrap();
    let target = Target { port: redirect_uri.port().unwrap(), state: login.sent("state") };
    std::thread::scope(|scope| {
        for seed in [0x9e37_79b9_7f4a_7c15_u64, 0xd1b5_4a32_d192_ed03] {
            let target = &target;
            scope.spawn(move || {
                let mut dice = Random(seed);
                for n in 0..rounds / 2 {
                    let request = target.hostile(&mut dice);
                    assert!(
                        !target.send(&request),
                        "request {n} of {seed:x} was taken: {}",
                        String::from_utf8_lossy(&request)
                    );
                }
            });
        }
    });
    let memory = peak_memory(login.process_id()).unwrap();
    assert!(memory <= 32 * 1024, "{memory} KiB");

    let page = http::follow(&login.authorize_url);
    assert!(page.contains("You are logged in"), "{page}");
    let outcome = login.finish();
    outcome.code(0);
    assert!(!outcome.stderr().contains("panicked"), "{}", outcome.stderr());
}

#[test]
fn a_callback_without_the_providers_signature_is_not_taken() {
    let mine = Emulated::defined(&format!("{MINE}\n[callback]\nsignature = {{ param = 'hmac' }}\n"), &[]);
    for forged in [&[("code", "c")][..], &[("code", "c"), ("hmac", "")], &[("code", "c"), ("hmac", &"0".repeat(64))]] {
        let login = PendingLogin::start(mine.command(&["login", "--port", "0", "--no-browser"]));
        let mut without_state = login.redirect(&[]);
        without_state.set_query(Some("code=c&hmac=0"));
        assert!(http::get(&without_state).starts_with("HTTP/1.1 404"));
        let page = login.come_back(forged);
        assert!(page.starts_with("HTTP/1.1 400"), "{page}");
        login.finish().code(5).says("expected: `hmac`, made with the client's secret");
    }
    let login = PendingLogin::start(mine.command(&["login", "--port", "0", "--no-browser"]));
    let page = http::follow(&login.authorize_url);
    assert!(page.contains("You are logged in"), "{page}");
    login.finish().code(0);
}

#[test]
fn verbose_messages_about_stray_requests_are_sentences() {
    let judgeme = Emulated::start(&["--approve"]);
    let login = PendingLogin::start(judgeme.command(&["login", "-v", "--port", "0", "--no-browser"]));
    let own = url::Url::parse(&login.sent("redirect_uri")).unwrap();
    for target in ["/favicon.ico", "/other", "/callback"] {
        http::get(&own.join(target).unwrap());
    }
    http::post_form(&own, &[]);
    http::get_with(&own, "Host: evil.example\r\n");
    assert!(http::follow(&login.authorize_url).contains("You are logged in"));
    let outcome = login.finish();
    outcome.code(0).says("A request came to another path than the redirect URI's; still waiting.");
    // Rust's own names of the variants.
    for name in ["Noise", "Method", "Host)", "Path", "Unproven", "claims_error", " {"] {
        let talk = outcome.stderr().lines().filter(|line| line.contains("still waiting"));
        assert!(talk.clone().count() > 2 && talk.into_iter().all(|line| !line.contains(name)), "{name}: {outcome}");
    }
}
