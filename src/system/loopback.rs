//! The port that the browser comes back to: a small bounded HTTP reader of our own.
//!
//! Why not tiny_http, which serves the emulator: it reads heads and bodies without bounds. One request of 70 bytes from
//! any local process (`Content-Length: 1099511627776`) aborts the whole program, and another blocks the answer for as
//! long as the sender likes. Here one thread polls at most 64 connections; a head has 8 KiB and 2 s; when the
//! connections run out, the oldest that has not said anything makes room, so nobody can keep the genuine callback
//! waiting. Parsing is `httparse`, polling is `polling`, which the keychain's D-Bus client brings along anyway.
//!
//! The socket is bound once, before the browser opens, and kept: looking for a free port and binding it later would let
//! another process take it in between. On Unix it has SO_REUSEADDR, so that a second login on the same fixed port can
//! bind while the first one's connections are in TIME_WAIT; nobody can take a *listening* port with it there. It never
//! has SO_REUSEPORT, with which a second process of the same user could listen beside us and get every other connection.
//!
//! On Windows SO_REUSEADDR means more than both: another user's program that asks for it takes a port over, although the
//! first one did not agree. SO_EXCLUSIVEADDRUSE, set before the bind, forbids it; neither std nor `socket2` has it, hence
//! the one call by hand. Unproven, as it needs a Windows machine: that nobody can bind then.

mod answer;
mod request;
mod sender;
mod server;
mod stream;

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};

use crate::protocol::advice::{Advice, ExitCode, NextStep};

pub use answer::Answer;
use answer::Answers;
pub use request::{LoopbackEvent, LoopbackRequest, Progress, parse};
pub use sender::Sender;
use server::Server;

/// How often to try for a port that is free in both families.
const PORT_TRIES: usize = 16;

/// How many connections the kernel holds until we take them. A crowd fills std's 128 in a moment, and who finds no room
/// tries again only after a second.
const BACKLOG: i32 = 1024;

#[derive(Debug, thiserror::Error)]
pub enum LoopbackError {
    #[error("port {port} is taken by another program")]
    Taken { port: u16 },
    #[error("port {port} may not be used by this user")]
    NotAllowed { port: u16 },
    #[error("cannot listen on loopback")]
    Other(#[source] io::Error),
}

impl Advice for LoopbackError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Taken { port } => ExitCode::Network.hint(format!(
                "find the program with `ss -ltnp 'sport = :{port}'` (or `lsof -i :{port}`) and end it, or choose another port \
                 with `--port N` and register that redirect URI; `--port 0` takes any free one where the provider allows it"
            )),
            Self::NotAllowed { .. } => ExitCode::Network
                .hint("ports below 1024 are for root on most systems: choose a higher one with `--port N`"),
            Self::Other(_) => ExitCode::Network.no_hint(),
        }
    }
}

/// Bound sockets that nobody reads yet; connections queue up in the kernel.
#[derive(Debug)]
pub struct Loopback {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Loopback {
    /// Binds all addresses on one port. Port 0 takes any that is free in all of them. A family that the machine does
    /// not have is left out, as nobody else can hold it then either.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, LoopbackError> {
        let wanted = addresses.first().map_or(0, SocketAddr::port);
        let mut last = LoopbackError::Other(ErrorKind::AddrNotAvailable.into());
        for _ in 0..if wanted == 0 { PORT_TRIES } else { 1 } {
            match bind_all(addresses, wanted) {
                Ok(bound) => return Ok(bound),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts to read, behind TLS if there is a configuration for it. Every event goes to `deliver`, on the polling
    /// thread.
    pub fn serve(
        self,
        tls: Option<Arc<ServerConfig>>,
        deliver: impl FnMut(LoopbackEvent) + Send + 'static,
    ) -> Result<Serving, LoopbackError> {
        let other = LoopbackError::Other;
        let answers = Arc::new(Answers::new().map_err(other)?);
        let stop = Arc::new(AtomicBool::new(false));
        let deliver = Box::new(deliver);
        let mut server =
            Server::new(self.listeners, Arc::clone(&answers), Arc::clone(&stop), tls, deliver).map_err(other)?;
        let thread =
            std::thread::Builder::new().name("loopback".to_owned()).spawn(move || server.run()).map_err(other)?;
        Ok(Serving { stop, answers, thread: Some(thread) })
    }
}

fn bind_all(addresses: &[SocketAddr], wanted: u16) -> Result<Loopback, LoopbackError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut port = wanted;
    for address in addresses {
        match listen(SocketAddr::new(address.ip(), port)) {
            Ok(listener) => {
                port = listener.local_addr().map_err(LoopbackError::Other)?.port();
                listeners.push(listener);
            }
            Err(error) => match error.kind() {
                ErrorKind::AddrInUse => return Err(LoopbackError::Taken { port }),
                ErrorKind::PermissionDenied => return Err(LoopbackError::NotAllowed { port }),
                ErrorKind::AddrNotAvailable | ErrorKind::Unsupported if addresses.len() > 1 => {}
                _ => return Err(LoopbackError::Other(error)),
            },
        }
    }
    if listeners.is_empty() {
        return Err(LoopbackError::Other(ErrorKind::AddrNotAvailable.into()));
    }
    Ok(Loopback { listeners, port })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    hold_alone(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(not(windows))]
fn hold_alone(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

#[cfg(windows)]
fn hold_alone(socket: &Socket) -> io::Result<()> {
    use std::os::windows::io::AsRawSocket;

    use windows_sys::Win32::Networking::WinSock::{SO_EXCLUSIVEADDRUSE, SOL_SOCKET, setsockopt};

    let (handle, on) = (socket.as_raw_socket() as usize, 1_i32);
    // SAFETY: the socket and the number live through the call, which reads four bytes of it.
    match unsafe { setsockopt(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (&raw const on).cast(), 4) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A port that is being read. Dropping it closes the port at once and lets answers under way finish.
#[derive(Debug)]
pub struct Serving {
    stop: Arc<AtomicBool>,
    answers: Arc<Answers>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.answers.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use crate::protocol::time::Timestamp;

    use super::*;
    use crate::system::certificate::CallbackCertificate;

    fn serve() -> (Serving, u16, Receiver<LoopbackEvent>) {
        serve_as(None)
    }

    fn serve_as(tls: Option<Arc<ServerConfig>>) -> (Serving, u16, Receiver<LoopbackEvent>) {
        let loopback = Loopback::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let port = loopback.port();
        let (sender, receiver) = channel();
        let serving = loopback.serve(tls, move |event| drop(sender.send(event))).unwrap();
        (serving, port, receiver)
    }

    fn say(port: u16, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(bytes).unwrap();
        // Only a test that fails waits for so long.
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
        let request = next(&receiver);
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/cb?x=1"));
        assert_eq!(request.hosts, ["h", "i"]);
        request.answer(Answer::new("200 OK", &["X-A: b"], "hello"));
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
    fn what_is_no_bounded_request_is_refused_and_never_handed_over() {
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
    fn a_tls_hello_is_told_apart() {
        let (_serving, port, receiver) = serve();
        let _stream = say(port, b"\x16\x03\x01\x02\x00\x01");
        assert!(matches!(receiver.recv_timeout(Duration::from_secs(5)), Ok(LoopbackEvent::TlsHello)));
    }

    #[test]
    fn plain_http_on_the_tls_port_is_told_apart_however_soon_it_comes() {
        let certificate = CallbackCertificate::make("localhost", Timestamp(1_800_000_000)).unwrap();
        let (_serving, port, receiver) = serve_as(Some(certificate.server_config().unwrap()));
        for n in 0..1000 {
            // At the same time as the port looks at the connection for the first time.
            let heard = hear(say(port, b"GET / HTTP/1.1\r\n\r\n"));
            assert!(heard.ends_with("has to begin with https://\n"), "{n}: {heard}");
            assert!(matches!(receiver.recv_timeout(Duration::from_secs(5)), Ok(LoopbackEvent::PlainHttp)));
        }
    }

    #[test]
    fn silent_connections_do_not_keep_a_request_waiting() {
        let (_serving, port, receiver) = serve();
        let _silent: Vec<TcpStream> = (0..300).map(|_| say(port, b"GET / HT")).collect();
        let stream = say(port, b"GET /genuine HTTP/1.1\r\n\r\n");
        let request = next(&receiver);
        assert_eq!(request.target, "/genuine");
        request.answer(Answer::new("200 OK", &[], "ok"));
        assert!(hear(stream).ends_with("ok"));
    }

    #[test]
    fn who_does_not_finish_a_request_is_hung_up_on() {
        let (_serving, port, receiver) = serve();
        let mut half = say(port, b"GET / HTTP/1.1\r\n");
        assert_eq!(half.read(&mut [0]).unwrap(), 0);
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn who_waits_for_an_answer_is_not_given_up_for_silent_ones() {
        let (_serving, port, receiver) = serve();
        let stream = say(port, b"GET /genuine HTTP/1.1\r\n\r\n");
        let request = next(&receiver);
        let _silent: Vec<TcpStream> = (0..300).map(|_| say(port, b"GET / HT")).collect();
        // One more that is heard, so that all before it were let in.
        let last = say(port, b"GET /last HTTP/1.1\r\n\r\n");
        next(&receiver).answer(Answer::new("200 OK", &[], "last"));
        assert!(hear(last).ends_with("last"));
        request.answer(Answer::new("200 OK", &[], "ok"));
        assert!(hear(stream).ends_with("ok"));
    }

    #[test]
    fn who_waits_for_an_answer_is_not_given_up_for_others_that_wait_too() {
        let (_serving, port, receiver) = serve();
        let stream = say(port, b"GET /genuine HTTP/1.1\r\n\r\n");
        let request = next(&receiver);
        let mut others = Vec::new();
        let mut waiting = Vec::new();
        for _ in 0..100 {
            others.push(say(port, b"GET /other HTTP/1.1\r\n\r\n"));
            waiting.push(next(&receiver));
        }
        request.answer(Answer::new("200 OK", &[], "ok"));
        assert!(hear(stream).ends_with("ok"));
    }

    /// On Linux every address of 127.0.0.0/8 is this machine's.
    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_hears_of_it_on_another_address() {
        let (_serving, port, _receiver) = serve();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        assert!(TcpStream::connect(("127.0.0.2", port)).is_err());
    }

    #[test]
    fn the_port_is_closed_and_free_again_after_the_end() {
        let (serving, port, receiver) = serve();
        let stream = say(port, b"GET / HTTP/1.1\r\n\r\n");
        next(&receiver).answer(Answer::new("200 OK", &[], "bye"));
        drop(serving);
        assert!(hear(stream).ends_with("bye"), "the answer was cut off");
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
        assert!(Loopback::bind(&[SocketAddr::from(([127, 0, 0, 1], port))]).is_ok());
    }

    #[test]
    fn a_taken_port_is_named() {
        let (_serving, port, _receiver) = serve();
        let error = Loopback::bind(&[SocketAddr::from(([127, 0, 0, 1], port))]).unwrap_err();
        assert!(matches!(error, LoopbackError::Taken { port: p } if p == port));
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
}
