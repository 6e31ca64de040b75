//! What a server can make of our memory, time and stack with what it sends: nothing. Every command here runs with a
//! ceiling that the kernel holds, so one that takes more is ended.
//!
//! The ceiling is on the data of a process (RLIMIT_DATA): heap, mappings of its own and the stacks of its threads, used
//! or not. It is stricter than the resident size.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::api_server::{ApiServer, target};
use crate::support::process::peak_memory;
use crate::support::{Emulated, Output, Sandbox};

const MIB: usize = 1024 * 1024;

/// What `call` may take for any reply.
const CEILING: usize = 64 * MIB;

/// What is shown of a reply on a terminal at most.
const SCREENFUL: usize = 16 * MIB;

/// How deep JSON may be nested.
const DEEPEST: usize = 127;

fn nested(open: &str, inside: &str, close: &str, levels: usize) -> String {
    format!("{}{inside}{}", open.repeat(levels), close.repeat(levels))
}

/// An array of one thing, again and again, of about so many bytes.
fn list(of: &str, bytes: usize) -> String {
    format!("[{}{of}]", format!("{of},").repeat(bytes / (of.len() + 1) - 1))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(body).unwrap();
    packed.finish().unwrap()
}

/// A login at an API that sends this to everybody, packed.
fn serving(body: impl Into<Vec<u8>>) -> (ApiServer, Sandbox) {
    let packed = gzip(&body.into());
    let headers = vec!["Content-Type: application/json".to_owned(), "Content-Encoding: gzip".to_owned()];
    let server = ApiServer::start(move |_| ("200 OK", headers.clone(), packed.clone()));
    let shop = server.login("");
    (server, shop)
}

/// A command that may take so much.
fn limited(shop: &Sandbox, args: &[&str], most: usize) -> Command {
    let mut command = shop.command(args);
    let limit = libc::rlimit { rlim_cur: most as libc::rlim_t, rlim_max: most as libc::rlim_t };
    // SAFETY: setrlimit(2) may be called between fork and exec, and the struct lives through the call.
    unsafe {
        command.pre_exec(move || match libc::setrlimit(libc::RLIMIT_DATA, &limit) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
    command
}

/// How it ended, how many bytes it wrote, and the first of them.
struct Ended {
    output: Output,
    length: usize,
}

/// Runs a command under the ceiling. What it writes is counted and not kept.
fn run(shop: &Sandbox, args: &[&str]) -> Ended {
    let mut command = limited(shop, args, CEILING);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (mut part, mut length) = (vec![0; MIB], 0);
    loop {
        match stdout.read(&mut part).unwrap() {
            0 => break,
            n => length += n,
        }
    }
    Ended { output: Output::new(args.join(" "), child.wait_with_output().unwrap()), length }
}

/// As on a terminal.
fn on_screen(shop: &Sandbox, args: &[&str]) -> Ended {
    run(shop, &[&["call", "x", "--color", "always"], args].concat())
}

#[test]
fn nested_replies_are_refused_on_a_screen_and_raw_gives_them() {
    for body in [
        nested("[", "", "]", DEEPEST + 1),
        nested("[", "", "]", 20_000),
        nested("{\"a\":", "1", "}", 20_000),
        nested("[{\"a\":[0,", "1", ",2]}]", 500_000),
        format!("[[],{}]", nested("[", "0", "]", 1_000_000)),
    ] {
        let (_server, shop) = serving(body.as_str());
        let refused = on_screen(&shop, &[]);
        refused.output.code(8).says("nested more than 127 levels deep").says("`--raw` passes it on as it is");
        assert_eq!(refused.length, 0);
        for args in
            [&["call", "x", "--color", "always", "--raw"][..], &["call", "x"], &["call", "x", "--paginate", "--raw"]]
        {
            let raw = run(&shop, args);
            raw.output.code(0);
            assert_eq!(raw.length, body.len(), "{args:?}");
        }
        for args in [&["-q", "."][..], &["--paginate"], &["--paginate", "-q", "."], &["--paginate", "--slurp"]] {
            let refused = shop.run(&[&["call", "x"], args].concat());
            refused.code(8).says("nested more than 127 levels deep").says("`--raw` passes it on as it is");
        }
    }
}

#[test]
fn the_deepest_reply_that_is_read_is_shown_and_filtered() {
    let body = nested("[", "0", "]", DEEPEST);
    let (_server, shop) = serving(body.as_str());
    let shown = shop.run(&["call", "x", "--color", "always"]);
    assert_eq!(shown.code(0).stdout().lines().count(), 2 * DEEPEST + 1);
    for (filter, result) in
        [(".", body.as_str()), ("[..] | length", "128"), ("[paths] | length", "127"), ("tojson", &body)]
    {
        assert_eq!(shop.run(&["call", "x", "-q", filter]).code(0).stdout().trim_end(), result, "{filter}");
    }
}

#[test]
fn any_reply_is_shown_within_64_mib_and_does_not_swell() {
    for (what, body) in [
        ("one text", format!("\"{}\"", "x".repeat(SCREENFUL - 2))),
        ("one number", format!("1{}", "0".repeat(4000))),
        ("rows", list("{\"id\":1,\"name\":\"mug\"}", 2 * MIB)),
        ("values", list("0", MIB)),
        ("values far inside", nested("[", &list("0", MIB / 4), "]", 100)),
        ("empty objects", list("{}", MIB)),
        ("one name", format!("{{{}\"a\":0}}", "\"a\":0,".repeat(100_000))),
        ("brackets that are not closed", "[".repeat(SCREENFUL)),
        ("a text", "line\n".repeat(MIB)),
    ] {
        let length = body.len();
        let (_server, shop) = serving(body);
        let shown = on_screen(&shop, &[]);
        shown.output.code(0);
        assert!(shown.length >= length && shown.length <= 40 * length, "{what}: {length} became {}", shown.length);
    }
}

#[test]
fn a_huge_reply_is_refused_where_parsed_and_passed_on_elsewhere() {
    let length = 200 * MIB;
    let (_server, shop) = serving(vec![b' '; length]);
    for args in [&["call", "x", "--color", "always"][..], &["call", "x", "-q", "."], &["call", "x", "--paginate"]] {
        let refused = run(&shop, args);
        // A filter's stack alone is as large as the ceiling.
        if args.contains(&"-q") {
            shop.run(args).code(8).says("larger than").says("`--raw`");
        } else {
            refused.output.code(8).says("larger than").says("`--raw`");
        }
    }
    for args in [&["call", "x"][..], &["call", "x", "--color", "always", "--raw"]] {
        let passed_on = run(&shop, args);
        passed_on.output.code(0);
        assert_eq!(passed_on.length, length);
    }
    run(&shop, &["call", "x", "-o", "file"]).output.code(0);
    assert_eq!(std::fs::metadata(shop.home().join("file")).unwrap().len(), length as u64);
}

#[test]
fn layers_of_gzip_are_one_layer_and_the_rest_is_a_body() {
    let inner = gzip(&gzip(&vec![b'['; 100 * MIB]));
    let headers = vec!["Content-Encoding: gzip".to_owned(), "Content-Encoding: gzip".to_owned()];
    let server = ApiServer::start(move |_| ("200 OK", headers.clone(), inner.clone()));
    let shop = server.login("");
    for args in [&["call", "x"][..], &["call", "x", "--paginate"]] {
        let ended = run(&shop, args);
        assert!(matches!(ended.output.exit_code(), Some(0 | 8)), "{}", ended.output);
    }
}

/// Pages of 12 MiB each, counted, on eight threads; each one packed to some kilobytes.
#[test]
fn pages_that_swell_are_walked_within_64_mib() {
    let pages: Vec<Vec<u8>> = ["0", "{}", "[]", "\"\""].iter().map(|of| gzip(list(of, 12 * MIB).as_bytes())).collect();
    let server = ApiServer::start(move |request| {
        let page = crate::support::api_server::param(request, "page").map_or(0, |page| page.parse::<usize>().unwrap());
        let packed = if page <= 5 { pages[page % 4].clone() } else { gzip(b"[]") };
        ("200 OK", vec!["Content-Encoding: gzip".to_owned()], packed)
    });
    let paging = "api.paging = { kind = 'page', param = 'page', first = 1, size = 'size', max_size = 1 }";
    let shop = server.login(paging);
    let walked = run(&shop, &["call", "x", "--paginate", "--jobs", "8"]);
    walked.output.code(0);
    assert!(walked.length > 5 * 11 * MIB, "{}", walked.length);
    run(&shop, &["call", "x", "--paginate", "--color", "always", "--max-pages", "2"]).output.code(0);
}

#[test]
fn a_cursor_of_megabytes_goes_into_no_address() {
    let (server, _) = serving(format!("{{\"next\":\"{}\",\"rows\":[1]}}", "c".repeat(10 * MIB)));
    let shop = server.login("api.paging = { kind = 'cursor', param = 'after', path = 'next' }");
    run(&shop, &["call", "x", "--paginate"]).output.code(8).says("the cursor for the next page");
    assert_eq!(target(&server.last()), "/v1/x");
}

/// What a filter makes of a reply is apart from the ceiling, and ends the filter only.
#[test]
fn a_filter_that_recurses_or_nests_ends_with_an_error() {
    let text = serde_json::Value::from(nested("[", "0", "]", 200_000)).to_string();
    let (_server, shop) = serving(format!("{{\"text\":{text},\"row\":{}}}", list("0", MIB)));
    shop.run(&["call", "x", "-q", ".text | fromjson"]).code(2).says("nested more than 127 levels deep");
    for filter in ["def f: [f]; f", "reduce .row[] as $x (null; [.])", "reduce .row[] as $x (null; [.]) | length"] {
        shop.run(&["call", "x", "-q", filter]).code(2).says("it needs too much stack");
    }
    let shown = shop.run(&["call", "x", "-q", "1, (.row | length), (reduce .row[] as $x (null; [.]))"]);
    assert!(shown.code(2).stdout().starts_with("1\n"), "{shown}");
    let code = nested("(", ".", ")", 60_000);
    let parsed = shop.run(&["call", "x", "-q", &code]);
    assert!(matches!(parsed.exit_code(), Some(0 | 2)), "{parsed}");
}

#[test]
fn a_refusal_with_a_hostile_body_is_a_refusal() {
    for body in [nested("[", "0", "]", 20_000), list("{\"\":0}", 60_000), "[".repeat(MIB), list("0", 8 * MIB)] {
        let packed = gzip(body.as_bytes());
        let headers = vec!["Content-Encoding: gzip".to_owned()];
        let server = ApiServer::start(move |_| ("403 Forbidden", headers.clone(), packed.clone()));
        let shop = server.login("api.denied = [{ status = [403], path = 'error', equals = 'scope' }]");
        let refused = run(&shop, &["call", "x"]);
        refused.output.code(9);
        assert_eq!(refused.length, body.len());
        run(&shop, &["call", "x", "--paginate"]).output.code(9);
    }
}

/// Talks to an emulator that may hold 64 MiB, and looks at what it took.
#[test]
fn the_emulator_stays_within_64_mib_whatever_comes() {
    let mine = Emulated::mine(&[]);
    let address = mine.variable("OAUTHCTL_EMULATOR").replace("mine=http://", "");
    let connect = || {
        let stream = TcpStream::connect(&address).unwrap();
        // Only a test that fails waits for so long.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    };
    let flood = &|head: &str, part: &[u8], bytes: usize| {
        let mut stream = connect();
        let mut sent = stream.write_all(head.as_bytes());
        for _ in 0..bytes / part.len() {
            sent = sent.and_then(|()| stream.write_all(part));
        }
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        String::from_utf8_lossy(&reply).lines().next().unwrap_or_default().to_owned()
    };
    let part = vec![b'x'; MIB];
    for (head, part) in [
        ("GET / HTTP/1.1\r\nX: ", part.as_slice()),
        ("GET /", &part),
        ("", &part),
        ("GET / HTTP/1.1\r\n", &b"X: y\r\n".repeat(10_000)),
        ("", &b"\r\n".repeat(10_000)),
        ("POST /token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;", &part),
        ("POST /token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", &b"X: y\r\n".repeat(10_000)),
        ("POST /token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", &b"1\r\nx\r\n".repeat(10_000)),
        ("POST /token HTTP/1.1\r\nContent-Length: 200000000\r\n\r\n", &part),
    ] {
        let said = flood(head, part, 200 * MIB);
        // The answer is lost where the flood went on.
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{head}: {said}");
    }
    // The costliest bodies that are read, from many at once.
    let bodies = [list("{\"\":0}", MIB), nested("[", "0", "]", 100_000), "a=&".repeat(MIB / 3)];
    std::thread::scope(|scope| {
        for body in bodies.iter().cycle().take(12) {
            let head = format!(
                "POST /token HTTP/1.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            scope.spawn(move || flood(&head, body.as_bytes(), body.len()));
        }
    });
    // Connections that say nothing, or little, and stay.
    let held: Vec<TcpStream> = (0..1000)
        .map(|n| {
            let mut stream = connect();
            let _ = stream.write_all(&b"GET / HTTP/1.1\r\nX-Long: yyyyyyyyyyyyyyyy"[..n % 40]);
            stream
        })
        .collect();
    // Consent pages that nobody answers, with as many scopes as fit.
    let scopes = (0..2000).map(|n| format!("{n:x}")).collect::<Vec<_>>().join("+");
    let client = mine.variable("OAUTHCTL_CLIENT_ID");
    for _ in 0..150 {
        let query = format!("client_id={client}&response_type=code&redirect_uri=http://127.0.0.1:8765/callback");
        let request = format!("GET /authorize?{query}&scope={scopes} HTTP/1.1\r\nConnection: close\r\n\r\n");
        let ask = || {
            let (mut stream, mut reply) = (connect(), String::new());
            stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut reply)).map(|_| reply)
        };
        // While the thousand still come in, one of them may take our place.
        let reply = (0..1000).find_map(|_| ask().ok().filter(|reply| !reply.is_empty())).unwrap_or_default();
        assert!(reply.starts_with("HTTP/1.1 302"), "{reply}");
    }
    let memory = peak_memory(mine.process_id()).unwrap();
    assert!(memory <= 64 * 1024, "{memory} KiB");
    mine.log_in();
    drop(held);
}
