//! The port that the browser comes back to: a small bounded HTTP reader of our own.
//!
//! Why not tiny_http, which serves the emulator: it reads heads and bodies without bounds. One request of 70 bytes from
//! any local process (`Content-Length: 1099511627776`) aborts the whole program, and another blocks the answer for as
//! long as the sender likes. Here one thread polls at most 64 connections; a head has 8 KiB and 2 s; when the
//! connections run out, the oldest that has not said anything makes room, so nobody can keep the genuine callback
//! waiting. Parsing is `httparse`, polling is `polling`, which the keychain's D-Bus client brings along anyway.
//!
//! The socket is bound once, before the browser opens, and kept: looking for a free port and binding it later would let
//! another process take it in between. std sets SO_REUSEADDR on Unix, so that a second login on the same fixed port can
//! bind while the first one's connections are in TIME_WAIT; a *listening* port can still not be taken on Linux.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use polling::{Event, Events, Poller};
use rustls::{ServerConfig, ServerConnection};

/// How much a request line and its headers may take. Browsers send about 1 KiB; codes have been seen with 4 KiB.
const MAX_HEAD: usize = 8 * 1024;

/// How much the one POST of the fragment page may take.
const MAX_BODY: usize = 64 * 1024;

/// How long a peer has to send a whole request. A browser needs a millisecond; a preconnected socket may stay silent
/// and is closed then, which browsers cope with.
const READ_TIME: Duration = Duration::from_secs(2);

/// How long a peer has to take the answer.
const WRITE_TIME: Duration = Duration::from_secs(2);

/// How long the thread goes on after the end, so that an answer under way is not cut off.
const LINGER: Duration = Duration::from_millis(500);

/// A browser opens six; the rest is room for noise.
const MAX_CONNECTIONS: usize = 64;

/// What a browser sees that speaks http to the TLS port.
const PLAIN_HTTP_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n\
    This port speaks https. The address has to begin with https://\n";

/// How often to try for a port that is free in both families.
const PORT_TRIES: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum LoopbackError {
    #[error("port {port} is taken by another program")]
    Taken { port: u16 },
    #[error("port {port} may not be used by this user")]
    NotAllowed { port: u16 },
    #[error("cannot listen on loopback")]
    Other(#[source] io::Error),
}

/// A complete answer, head and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(Vec<u8>);

impl Answer {
    /// `headers` are whole lines without their line ends.
    pub fn new(status: &str, headers: &[&str], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(body);
        Self(text.into_bytes())
    }

    #[cfg(test)]
    pub fn as_text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap()
    }
}

/// One request, read whole and within bounds, not yet judged.
#[derive(Debug)]
pub struct LoopbackRequest {
    pub method: String,
    /// The request target as sent: `/callback?code=…`.
    pub target: String,
    /// Every `Host` value, in order.
    pub hosts: Vec<String>,
    pub origin: Option<String>,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
    reply: Option<Reply>,
}

#[derive(Debug)]
struct Reply {
    key: usize,
    answers: Arc<Answers>,
}

impl LoopbackRequest {
    pub fn answer(mut self, answer: Answer) {
        if let Some(reply) = self.reply.take() {
            reply.answers.put(reply.key, answer);
        }
    }

    /// A request that came from no socket, for tests and for what a person pastes.
    pub fn detached(method: &str, target: &str, host: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            hosts: vec![host.to_owned()],
            origin: None,
            content_type: None,
            body: Vec::new(),
            reply: None,
        }
    }
}

/// What happened on the port.
#[derive(Debug)]
pub enum LoopbackEvent {
    Request(LoopbackRequest),
    /// Somebody spoke TLS to the plain port: an `https://` redirect URI, or a browser that upgrades.
    TlsHello,
    /// Somebody spoke plain http to the TLS port.
    PlainHttp,
}

/// Answers on their way from the judge to the polling thread.
#[derive(Debug)]
struct Answers {
    waiting: Mutex<Vec<(usize, Answer)>>,
    poller: Poller,
}

impl Answers {
    fn put(&self, key: usize, answer: Answer) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((key, answer));
        // If the thread cannot be woken it wakes up by itself within READ_TIME.
        let _ = self.poller.notify();
    }

    fn take(&self) -> Vec<(usize, Answer)> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
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
        let answers = Arc::new(Answers { waiting: Mutex::default(), poller: Poller::new().map_err(other)? });
        for (n, listener) in self.listeners.iter().enumerate() {
            listener.set_nonblocking(true).map_err(other)?;
            // SAFETY: the listener is deleted from the poller before it is dropped, in `Server::close_listeners`.
            unsafe { answers.poller.add(listener, Event::readable(n)) }.map_err(other)?;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut server = Server {
            next_key: self.listeners.len(),
            listeners: self.listeners,
            connections: Vec::new(),
            answers: Arc::clone(&answers),
            stop: Arc::clone(&stop),
            tls,
            deliver: Box::new(deliver),
        };
        let thread =
            std::thread::Builder::new().name("loopback".to_owned()).spawn(move || server.run()).map_err(other)?;
        Ok(Serving { stop, answers, thread: Some(thread) })
    }
}

fn bind_all(addresses: &[SocketAddr], wanted: u16) -> Result<Loopback, LoopbackError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut port = wanted;
    for address in addresses {
        match TcpListener::bind(SocketAddr::new(address.ip(), port)) {
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
        let _ = self.answers.poller.notify();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The polling thread.
struct Server {
    listeners: Vec<TcpListener>,
    /// Oldest first.
    connections: Vec<Connection>,
    next_key: usize,
    answers: Arc<Answers>,
    stop: Arc<AtomicBool>,
    tls: Option<Arc<ServerConfig>>,
    deliver: Box<dyn FnMut(LoopbackEvent) + Send>,
}

struct Connection {
    key: usize,
    stream: Stream,
    stage: Stage,
}

/// A socket, read and written as it is or through TLS. Neither blocks.
struct Stream {
    socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
}

impl Stream {
    /// Ends our side: a socket that is closed with unread input sends a reset, and the reset can overtake the answer.
    fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = self.flush();
        }
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }

    /// Whether the peer of the TLS port speaks http in clear: a method's first letter is there, where a TLS record has
    /// its type, 0x16.
    fn hears_plain_http(&self) -> bool {
        let mut first = [0];
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
            && self.socket.peek(&mut first).is_ok_and(|n| n == 1)
            && first[0].is_ascii_uppercase()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(buffer),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.write(bytes),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => self.socket.flush(),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).flush(),
        }
    }
}

enum Stage {
    Reading {
        received: Vec<u8>,
        until: Instant,
    },
    /// Handed over; the judge takes as long as the token exchange takes.
    Judged,
    Writing {
        rest: Vec<u8>,
        until: Instant,
    },
    /// Everything was written; the peer has a moment to read it before the socket goes.
    Closing {
        until: Instant,
    },
}

impl Stage {
    fn until(&self) -> Option<Instant> {
        match self {
            Self::Reading { until, .. } | Self::Writing { until, .. } | Self::Closing { until } => Some(*until),
            Self::Judged => None,
        }
    }
}

impl Server {
    fn run(&mut self) {
        let mut events = Events::new();
        let mut end = None;
        loop {
            events.clear();
            if self.answers.poller.wait(&mut events, Some(self.patience())).is_err() {
                // Interrupted, or out of memory for a moment; nothing is lost by asking again.
                std::thread::yield_now();
            }
            for event in events.iter() {
                if event.key < self.listeners.len() {
                    self.accept(event.key);
                } else {
                    self.advance(event.key);
                }
            }
            for (key, answer) in self.answers.take() {
                self.start_answer(key, answer);
            }
            let now = Instant::now();
            self.close_where(|connection| connection.stage.until().is_some_and(|until| until <= now));
            if end.is_none() && self.stop.load(Ordering::SeqCst) {
                self.close_listeners();
                self.close_where(|connection| matches!(connection.stage, Stage::Reading { .. }));
                end = Some(now + LINGER);
            }
            let answering = |connection: &Connection| !matches!(connection.stage, Stage::Judged);
            if end.is_some_and(|end| end <= now || !self.connections.iter().any(answering)) {
                return self.close_where(|_| true);
            }
        }
    }

    /// How long nothing needs to be looked at.
    fn patience(&self) -> Duration {
        let next = self.connections.iter().filter_map(|connection| connection.stage.until()).min();
        next.map_or(READ_TIME, |until| until.saturating_duration_since(Instant::now())).min(READ_TIME)
    }

    fn accept(&mut self, listener: usize) {
        loop {
            match self.listeners[listener].accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The peer is gone already, or descriptors ran out: the oldest silent one makes room.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(_) => {
                    self.evict();
                    break;
                }
            }
        }
        let _ = self.answers.poller.modify(&self.listeners[listener], Event::readable(listener));
    }

    fn admit(&mut self, stream: TcpStream) {
        if self.connections.len() >= MAX_CONNECTIONS {
            self.evict();
        }
        let key = self.next_key;
        self.next_key += 1;
        let nonblocking = stream.set_nonblocking(true);
        // SAFETY: the stream is deleted from the poller before it is dropped, in `close_where`.
        let added = nonblocking.and_then(|()| unsafe { self.answers.poller.add(&stream, Event::readable(key)) });
        if added.is_ok() {
            let tls = match self.tls.as_ref().map(|config| ServerConnection::new(Arc::clone(config))) {
                None => None,
                Some(Ok(connection)) => Some(Box::new(connection)),
                Some(Err(_)) => return drop(self.answers.poller.delete(&stream)),
            };
            let stream = Stream { socket: stream, tls };
            let stage = Stage::Reading { received: Vec::new(), until: Instant::now() + READ_TIME };
            self.connections.push(Connection { key, stream, stage });
            // Most often the request is there already.
            self.advance(key);
        }
    }

    /// Gives up the oldest connection that is still reading or closing; one that waits for its answer stays.
    fn evict(&mut self) {
        let idle = self.connections.iter().find(|connection| !matches!(connection.stage, Stage::Judged));
        let victim = idle.or(self.connections.first()).map(|connection| connection.key);
        self.close_where(|connection| Some(connection.key) == victim);
    }

    fn close_listeners(&mut self) {
        for listener in self.listeners.drain(..) {
            let _ = self.answers.poller.delete(&listener);
        }
    }

    fn close_where(&mut self, over: impl Fn(&Connection) -> bool) {
        let poller = &self.answers.poller;
        self.connections.retain(|connection| {
            let over = over(connection);
            if over {
                let _ = poller.delete(&connection.stream.socket);
            }
            !over
        });
    }

    fn start_answer(&mut self, key: usize, answer: Answer) {
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.key == key) {
            connection.stage = Stage::Writing { rest: answer.0, until: Instant::now() + WRITE_TIME };
            self.advance(key);
        }
    }

    /// Goes as far with one connection as its peer lets us.
    fn advance(&mut self, key: usize) {
        let Some(connection) = self.connections.iter_mut().find(|connection| connection.key == key) else { return };
        let interest = match &mut connection.stage {
            Stage::Reading { received, .. } => match read_request(&mut connection.stream, received) {
                Progress::More => Event::readable(key),
                Progress::Broken => return self.close_where(|connection| connection.key == key),
                Progress::Refused(answer) => return self.start_answer(key, answer),
                Progress::TlsHello => {
                    (self.deliver)(LoopbackEvent::TlsHello);
                    return self.close_where(|connection| connection.key == key);
                }
                Progress::PlainHttp => {
                    (self.deliver)(LoopbackEvent::PlainHttp);
                    // In clear, as this is what the peer speaks.
                    connection.stream.tls = None;
                    return self.start_answer(key, Answer(PLAIN_HTTP_ANSWER.to_vec()));
                }
                Progress::Whole(mut request) => {
                    connection.stage = Stage::Judged;
                    request.reply = Some(Reply { key, answers: Arc::clone(&self.answers) });
                    return (self.deliver)(LoopbackEvent::Request(request));
                }
            },
            Stage::Writing { rest, .. } => match write_some(&mut connection.stream, rest) {
                Ok(true) => {
                    connection.stream.finish();
                    connection.stage = Stage::Closing { until: Instant::now() + LINGER };
                    Event::readable(key)
                }
                Ok(false) => Event::writable(key),
                Err(_) => return self.close_where(|connection| connection.key == key),
            },
            Stage::Closing { .. } => match connection.stream.read(&mut [0; 4096]) {
                Ok(1..) => Event::readable(key),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Event::readable(key),
                Ok(0) | Err(_) => return self.close_where(|connection| connection.key == key),
            },
            Stage::Judged => return,
        };
        let _ = self.answers.poller.modify(&connection.stream.socket, interest);
    }
}

enum Progress {
    More,
    Broken,
    Refused(Answer),
    TlsHello,
    PlainHttp,
    Whole(LoopbackRequest),
}

fn read_request(stream: &mut Stream, received: &mut Vec<u8>) -> Progress {
    let mut chunk = [0; 4096];
    if stream.hears_plain_http() {
        return Progress::PlainHttp;
    }
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return Progress::Broken,
            Ok(n) => received.extend_from_slice(&chunk[..n]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::More,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Progress::Broken,
        }
        match parse(received) {
            Progress::More => {}
            done => return done,
        }
    }
}

/// Reads as much of a request as is there.
fn parse(received: &[u8]) -> Progress {
    let refused = |status| Progress::Refused(Answer::new(status, &[], ""));
    // A TLS record of the type `handshake`, or the start of one.
    if received.first() == Some(&0x16) {
        return Progress::TlsHello;
    }
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let head_length = match head.parse(received) {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(httparse::Status::Partial) if received.len() <= MAX_HEAD => return Progress::More,
        Ok(_) => return refused("431 Request Header Fields Too Large"),
        Err(_) => return refused("400 Bad Request"),
    };
    let all = |name: &str| -> Vec<String> {
        let values = head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        values.map(|header| String::from_utf8_lossy(header.value).into_owned()).collect()
    };
    let body_length = match (all("transfer-encoding").as_slice(), all("content-length").as_slice()) {
        ([], []) => 0,
        ([], [length]) => match length.trim().parse::<usize>() {
            Ok(length) if length <= MAX_BODY => length,
            _ => return refused("413 Content Too Large"),
        },
        // Chunks, or two lengths: nothing that a browser sends here.
        _ => return refused("400 Bad Request"),
    };
    let body = &received[head_length..];
    if body.len() < body_length {
        return Progress::More;
    }
    Progress::Whole(LoopbackRequest {
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        hosts: all("host"),
        origin: all("origin").into_iter().next(),
        content_type: all("content-type").into_iter().next(),
        body: body[..body_length].to_vec(),
        reply: None,
    })
}

/// `true` when everything is written.
fn write_some(stream: &mut Stream, rest: &mut Vec<u8>) -> io::Result<bool> {
    while !rest.is_empty() {
        match stream.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => drop(rest.drain(..n)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    match stream.flush() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        other => other.map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    fn serve() -> (Serving, u16, Receiver<LoopbackEvent>) {
        let loopback = Loopback::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let port = loopback.port();
        let (sender, receiver) = channel();
        let serving = loopback.serve(None, move |event| drop(sender.send(event))).unwrap();
        (serving, port, receiver)
    }

    fn say(port: u16, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(bytes).unwrap();
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
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(MAX_HEAD));
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
}
