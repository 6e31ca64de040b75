use std::sync::mpsc::{Receiver, channel};

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::protocol::time::Timestamp;

use super::*;
use crate::system::certificate::CallbackCertificate;

fn serve() -> (Serving, u16, Receiver<LoopbackEvent>) {
    serve_as(None, Bodies::Read)
}

fn serve_as(tls: Option<Arc<ServerConfig>>, bodies: Bodies) -> (Serving, u16, Receiver<LoopbackEvent>) {
    let loopback = Loopback::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
    let port = loopback.port();
    let (sender, receiver) = channel();
    let serving = loopback.serve(tls, bodies, move |event| drop(sender.send(event))).unwrap();
    (serving, port, receiver)
}

fn say(port: u16, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(bytes).unwrap();
    // Only a failing test waits this long.
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn hear(mut stream: TcpStream) -> String {
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

fn next(receiver: &Receiver<LoopbackEvent>) -> LoopbackRequest {
    match receiver.recv_timeout(Duration::from_secs(5)).unwrap() {
        LoopbackEvent::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_handed_over_and_its_answer_sent() {
    let (_serving, port, receiver) = serve();
    let stream = say(port, b"GET /cb?x=1 HTTP/1.1\r\nHost: h\r\nhost: i\r\n\r\n");
    let mut request = next(&receiver);
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/cb?x=1"));
    assert_eq!(request.hosts, ["h", "i"]);
    request.answer(LoopbackResponse::new("200 OK", &["X-A: b"], "hello"));
    assert_eq!(hear(stream), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello");
}

#[test]
fn a_request_in_small_pieces_is_read_whole() {
    let (_serving, port, receiver) = serve();
    let mut stream = say(port, b"POST /cb HT");
    for piece in [&b"TP/1.1\r\nContent-Le"[..], b"ngth: 4\r\n\r\nab", b"cd"] {
        stream.write_all(piece).unwrap();
    }
    assert_eq!(next(&receiver).body, b"abcd");
}

#[test]
fn a_request_without_its_body_is_complete_if_bodies_are_ignored() {
    let (_serving, port, receiver) = serve_as(None, Bodies::Ignored);
    let stream = say(port, b"POST /cb HTTP/1.1\r\nContent-Length: 65536\r\n\r\nab");
    let mut request = next(&receiver);
    assert!(request.body.is_empty());
    request.answer(LoopbackResponse::new("405 Method Not Allowed", &[], "no"));
    assert!(hear(stream).ends_with("no"));
    assert!(hear(say(port, b"POST /cb HTTP/1.1\r\nContent-Length: 65537\r\n\r\n")).starts_with("HTTP/1.1 413"));
}

#[test]
fn large_unfinished_bodies_are_evicted_for_others() {
    let (_serving, port, receiver) = serve();
    let mut large = b"POST /cb HTTP/1.1\r\nContent-Length: 65536\r\n\r\n".to_vec();
    large.resize(large.len() + 65535, b'x');
    let mut first = say(port, &large);
    let others: Vec<TcpStream> = (0..20).map(|_| say(port, &large)).collect();
    // 1 MiB is less than 21 bodies, and 30 connections are fewer than the port holds.
    assert!(matches!(first.read(&mut [0]), Ok(0) | Err(_)));
    let mut last = others.into_iter().last().unwrap();
    last.write_all(b"x").unwrap();
    assert_eq!(next(&receiver).body.len(), 65536);
}

#[test]
fn a_malformed_or_oversized_request_is_never_handed_over() {
    let (_serving, port, receiver) = serve();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(8 * 1024));
    let cases = [
        (long.as_bytes(), "431"),
        (b"\x00\x01\x02\r\n\r\n", "400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1099511627776\r\n\r\n", "413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n", "413"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "413"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"),
    ];
    for (bytes, status) in cases {
        let heard = hear(say(port, bytes));
        assert!(heard.starts_with(&format!("HTTP/1.1 {status}")), "{heard}");
    }
    assert!(receiver.try_recv().is_err());
}

#[test]
fn a_tls_hello_on_the_plain_port_is_recognized() {
    let (_serving, port, receiver) = serve();
    let _stream = say(port, b"\x16\x03\x01\x02\x00\x01");
    assert!(matches!(receiver.recv_timeout(Duration::from_secs(5)), Ok(LoopbackEvent::TlsHello)));
}

#[test]
fn plain_http_on_the_tls_port_is_recognized_at_any_moment() {
    let certificate = CallbackCertificate::make("localhost", Timestamp(1_800_000_000)).unwrap();
    let (_serving, port, receiver) = serve_as(Some(certificate.server_config().unwrap()), Bodies::Read);
    for n in 0..1000 {
        // At the same time as the port first polls the connection.
        let heard = hear(say(port, b"GET / HTTP/1.1\r\n\r\n"));
        assert!(heard.ends_with("must begin with https://\n"), "{n}: {heard}");
        assert!(matches!(receiver.recv_timeout(Duration::from_secs(5)), Ok(LoopbackEvent::PlainHttp)));
    }
}

#[test]
fn silent_connections_do_not_keep_a_request_waiting() {
    let (_serving, port, receiver) = serve();
    let _silent: Vec<TcpStream> = (0..300).map(|_| say(port, b"GET / HT")).collect();
    let stream = say(port, b"GET /genuine HTTP/1.1\r\n\r\n");
    let mut request = next(&receiver);
    assert_eq!(request.target, "/genuine");
    request.answer(LoopbackResponse::new("200 OK", &[], "ok"));
    assert!(hear(stream).ends_with("ok"));
}

#[test]
fn a_peer_that_does_not_finish_its_request_is_disconnected() {
    let (_serving, port, receiver) = serve();
    let mut half = say(port, b"GET / HTTP/1.1\r\n");
    assert_eq!(half.read(&mut [0]).unwrap(), 0);
    assert!(receiver.try_recv().is_err());
}

#[test]
fn a_peer_that_waits_is_not_evicted_for_silent_ones() {
    let (_serving, port, receiver) = serve();
    let stream = say(port, b"GET /genuine HTTP/1.1\r\n\r\n");
    let mut request = next(&receiver);
    let _silent: Vec<TcpStream> = (0..300).map(|_| say(port, b"GET / HT")).collect();
    // One more that is answered, so that all before it have been accepted.
    let last = say(port, b"GET /last HTTP/1.1\r\n\r\n");
    next(&receiver).answer(LoopbackResponse::new("200 OK", &[], "last"));
    assert!(hear(last).ends_with("last"));
    request.answer(LoopbackResponse::new("200 OK", &[], "ok"));
    assert!(hear(stream).ends_with("ok"));
}

#[test]
fn a_peer_that_waits_is_not_evicted_for_others_that_wait_too() {
    let (_serving, port, receiver) = serve();
    let stream = say(port, b"GET /genuine HTTP/1.1\r\n\r\n");
    let mut request = next(&receiver);
    let mut others = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..100 {
        others.push(say(port, b"GET /other HTTP/1.1\r\n\r\n"));
        waiting.push(next(&receiver));
    }
    request.answer(LoopbackResponse::new("200 OK", &[], "ok"));
    assert!(hear(stream).ends_with("ok"));
}

/// On Linux every address in 127.0.0.0/8 belongs to this machine.
#[cfg(target_os = "linux")]
#[test]
fn the_port_is_closed_on_every_other_address() {
    let (_serving, port, _receiver) = serve();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(TcpStream::connect(("127.0.0.2", port)).is_err());
}

#[test]
fn the_port_is_free_again_after_the_end() {
    let (serving, port, receiver) = serve();
    let stream = say(port, b"GET / HTTP/1.1\r\n\r\n");
    next(&receiver).answer(LoopbackResponse::new("200 OK", &[], "bye"));
    drop(serving);
    assert!(hear(stream).ends_with("bye"), "the answer was cut off");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(Loopback::bind(&[SocketAddr::from(([127, 0, 0, 1], port))]).is_ok());
}

#[test]
fn a_taken_port_is_named() {
    let (_serving, port, _receiver) = serve();
    let error = Loopback::bind(&[SocketAddr::from(([127, 0, 0, 1], port))]).unwrap_err();
    assert!(matches!(error, LoopbackError::Taken { port: p, .. } if p == port));
}

#[test]
#[cfg(unix)]
fn the_port_is_held_alone() {
    use socket2::SockRef;
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(loopback) = Loopback::bind(&[address.parse().unwrap()]) else { continue };
        let ours = SockRef::from(&loopback.listeners[0]);
        assert!(ours.reuse_address().unwrap(), "a port in TIME_WAIT can be bound");
        assert!(!ours.reuse_port().unwrap());
        let thief = Socket::new(Domain::for_address(address.parse().unwrap()), Type::STREAM, None).unwrap();
        thief.set_reuse_address(true).unwrap();
        thief.set_reuse_port(true).unwrap();
        let taken = loopback.listeners[0].local_addr().unwrap();
        let error = thief.bind(&taken.into()).and_then(|()| thief.listen(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}

const REQUEST: &[u8] = b"GET /open/x HTTP/1.1\r\n\r\n";

#[test]
fn an_offer_goes_to_the_first_peer_that_is_still_connected() {
    let (_serving, port, receiver) = serve();
    let claim = Arc::<Claim>::default();
    let offer = |mut request: LoopbackRequest| {
        request.offer(
            LoopbackResponse::new("302 Found", &[], "yours"),
            LoopbackResponse::new("403 Forbidden", &[], "not yours"),
            &claim,
        );
    };
    let hang_up: [fn(TcpStream) -> Option<TcpStream>; 4] = [
        |stream| {
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            None
        },
        |_| None,
        |stream| {
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            Some(stream)
        },
        // With unread data, behind which its end would not be seen.
        |mut stream| {
            stream.write_all(b"x").unwrap();
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            None
        },
    ];
    let mut gone = Vec::new();
    for hang_up in hang_up {
        let stream = say(port, REQUEST);
        let request = next(&receiver);
        gone.push(hang_up(stream));
        offer(request);
    }
    let first = say(port, REQUEST);
    offer(next(&receiver));
    assert!(hear(first).ends_with("yours"), "it was used up");
    assert!(claim.was_lost() && claim.is_taken() && !claim.was_refused());
    let second = say(port, REQUEST);
    offer(next(&receiver));
    assert!(hear(second).ends_with("not yours"));
    assert!(claim.was_refused());
    assert!(gone.into_iter().flatten().all(|stream| hear(stream).is_empty()));
}

#[test]
fn an_unanswered_request_is_disconnected() {
    let (_serving, port, receiver) = serve();
    let mut stream = say(port, REQUEST);
    drop(next(&receiver));
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}
