//! Bodies pass both ways as they come, fifty connections at once are served, and a token that is rejected is replaced.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Barrier;

use super::{Proxied, status};
use crate::rejected::Provider;
use crate::support::emulated::count;
use crate::support::process::{TIMEOUT, peak_memory};
use crate::support::{ApiServer, Emulated, Sandbox};

/// A login at an API whose connections the test itself serves.
fn by_hand() -> (TcpListener, Sandbox) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = Sandbox::new().visible();
    sandbox.define(
        "mine",
        &format!("authorize.url = '{origin}/authorize'\ntoken.url = '{origin}/token'\napi.base = '{origin}/v1'"),
    );
    sandbox.run_with_stdin(&["login", "--provider", "mine", "--with-token"], "made-up-token").code(0);
    (listener, sandbox)
}

fn read_head(stream: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "{head}");
    }
    head
}

fn accept(listener: &TcpListener) -> BufReader<TcpStream> {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    BufReader::new(stream)
}

/// Each part is sent only after the one before has arrived: nobody waits for more than comes.
#[test]
fn each_part_arrives_before_the_next_one_is_sent() {
    let (listener, sandbox) = by_hand();
    let proxied = Proxied::start(&sandbox, &[]);
    let host = proxied.api.split('/').nth(2).unwrap();
    let mut program = BufReader::new(proxied.connect());
    let (api, password) = (&proxied.api, &proxied.password);
    let head = format!("POST {api}/x HTTP/1.1\r\nHost: {host}\r\n{password}Transfer-Encoding: chunked\r\n\r\n");
    program.get_mut().write_all(head.as_bytes()).unwrap();
    program.get_mut().write_all(b"4\r\none.\r\n").unwrap();
    let mut server = accept(&listener);
    assert!(read_head(&mut server).to_lowercase().contains("transfer-encoding: chunked"));
    let part = |stream: &mut BufReader<TcpStream>| {
        let (mut length, mut text) = (String::new(), String::new());
        stream.read_line(&mut length).unwrap();
        stream.read_line(&mut text).unwrap();
        text
    };
    assert_eq!(part(&mut server), "one.\r\n");
    // The reply begins while the request still goes on.
    server.get_mut().write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nuno.\r\n").unwrap();
    assert!(read_head(&mut program).starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(part(&mut program), "uno.\r\n");
    program.get_mut().write_all(b"4\r\ntwo.\r\n").unwrap();
    assert_eq!(part(&mut server), "two.\r\n");
    server.get_mut().write_all(b"4\r\ndue.\r\n").unwrap();
    assert_eq!(part(&mut program), "due.\r\n");
    // One side that breaks off is seen by the other.
    drop(server);
    let mut rest = Vec::new();
    let _ = program.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a reply that broke off does not look whole");
}

#[test]
fn a_program_that_goes_away_ends_the_request() {
    let (listener, sandbox) = by_hand();
    let proxied = Proxied::start(&sandbox, &[]);
    let host = proxied.api.split('/').nth(2).unwrap();
    let mut program = proxied.connect();
    let (api, password) = (&proxied.api, &proxied.password);
    program.write_all(format!("GET {api}/x HTTP/1.1\r\nHost: {host}\r\n{password}\r\n").as_bytes()).unwrap();
    let mut server = accept(&listener);
    read_head(&mut server);
    drop(program);
    assert_eq!(server.read(&mut [0; 8]).unwrap_or(0), 0);
}

#[test]
fn fifty_connections_are_served_at_once() {
    const ALL: usize = 50;
    static TOGETHER: Barrier = Barrier::new(ALL);
    // No request is answered before all have arrived.
    let server = ApiServer::start(|_| {
        TOGETHER.wait();
        ("200 OK", vec![], vec![b'x'; 100_000])
    });
    let proxied = Proxied::start(&server.login(""), &[]);
    std::thread::scope(|scope| {
        for n in 0..ALL {
            let proxied = &proxied;
            scope.spawn(move || {
                let reply = proxied.get(&format!("{}/{n}", proxied.api), "");
                assert!(status(&reply) == 200 && reply.len() > 100_000, "{}", reply.len());
            });
        }
    });
}

/// A reply of 200 MiB and a request of 200 MiB are never held.
#[test]
fn what_passes_takes_no_memory() {
    const LENGTH: usize = 200 << 20;
    let (listener, sandbox) = by_hand();
    let proxied = Proxied::start(&sandbox, &[]);
    let host = proxied.api.split('/').nth(2).unwrap().to_owned();
    let (api, password) = (&proxied.api, &proxied.password);
    let companion = companion(&sandbox);
    let part = vec![b'x'; 1 << 20];
    let head = format!("POST {api}/x HTTP/1.1\r\nHost: {host}\r\n{password}Content-Length: {LENGTH}\r\n\r\n");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut server = accept(&listener);
            assert!(read_head(&mut server).to_lowercase().contains(&format!("content-length: {LENGTH}")));
            std::io::copy(&mut server.by_ref().take(LENGTH as u64), &mut std::io::sink()).unwrap();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
            server.get_mut().write_all(head.as_bytes()).unwrap();
            (0..LENGTH / part.len()).for_each(|_| server.get_mut().write_all(&part).unwrap());
        });
        let mut program = BufReader::new(proxied.connect());
        program.get_mut().write_all(head.as_bytes()).unwrap();
        (0..LENGTH / part.len()).for_each(|_| program.get_mut().write_all(&part).unwrap());
        read_head(&mut program);
        let read = std::io::copy(&mut program.by_ref().take(LENGTH as u64), &mut std::io::sink()).unwrap();
        assert_eq!(read, LENGTH as u64);
    });
    let peak = peak_memory(companion).expect("it runs");
    println!("{} MiB passed each way; the companion took {peak} KiB at most", LENGTH >> 20);
    assert!(peak < 32 * 1024, "{peak} KiB");
}

/// The process beside the command, by its arguments and its home.
fn companion(sandbox: &Sandbox) -> u32 {
    let home = format!("HOME={}", sandbox.home().display());
    let is_it = |id: &u32| {
        let read = |what: &str| std::fs::read(format!("/proc/{id}/{what}")).unwrap_or_default();
        let has = |bytes: Vec<u8>, word: &str| bytes.split(|byte| *byte == 0).any(|part| part == word.as_bytes());
        has(read("environ"), &home) && has(read("cmdline"), "--proxy")
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).filter(is_it);
    ids.next().expect("it runs")
}

/// Fifty requests meet a token that the API does not take: one refresh, and all are answered.
#[test]
fn a_rejected_token_is_refreshed_once_for_fifty_requests() {
    let mine = Emulated::mine(&["--fault", "dead-token"]);
    mine.log_in();
    let proxied = Proxied::start(&mine, &[]);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(status(&proxied.get(&format!("{}/things", proxied.api), "")), 200));
        }
    });
    drop(proxied);
    assert_eq!(count(&mine.requests(), "POST /token 200"), 2);
}

/// A body that was sent cannot be sent again: the program is told, and its next try has the new token.
#[test]
fn a_request_with_a_body_is_not_repeated() {
    let provider = Provider::new("", |_| ("201 Created", vec![], vec![]));
    let proxied = Proxied::start(&provider.sandbox, &[]);
    let (api, password) = (format!("{}/x", proxied.api), &proxied.password);
    let host = api.split('/').nth(2).unwrap();
    let head =
        format!("POST {api} HTTP/1.1\r\nHost: {host}\r\n{password}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}");
    let statuses = [(); 2].map(|()| status(&proxied.raw(&head)));
    assert_eq!((statuses, provider.sent().0), ([401, 201], 1));
}
