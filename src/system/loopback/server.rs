//! The polling thread: it accepts, reads, hands over, answers, and closes, without ever waiting for a single peer.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use polling::{Event, Events};
use rustls::{ServerConfig, ServerConnection};

use super::answers::{Answers, Offer, Order, Reply};
use super::request::{Bodies, LoopbackEvent, MAX_HEAD, Parsed, parse_with};
use super::response::LoopbackResponse;
use super::stream::{Speech, Stream};

/// How long a peer has to send a whole request. A browser needs a millisecond. A preconnected socket may stay silent.
/// It is then closed, which browsers handle.
const READ_TIME: Duration = Duration::from_secs(2);

/// How long a peer has to receive the answer.
const WRITE_TIME: Duration = Duration::from_secs(2);

/// How long the thread keeps running after the end, so that a pending answer is not cut off.
const LINGER: Duration = Duration::from_millis(500);

/// The connection limit. A browser opens six, and the rest is room for noise. If the process may have few file
/// descriptors, connections get half of them: the code exchange and the store need some too.
const MAX_CONNECTIONS: usize = 64;

/// How many connections are accepted before the others are served again. An endless flood must not keep us accepting,
/// and a quarter of the limit does not evict a connection right after it was accepted.
const ACCEPTS: usize = MAX_CONNECTIONS / 4;

/// The memory limit of all incomplete requests together: a head per connection, and a dozen bodies.
const MAX_RECEIVED: usize = 1024 * 1024;

/// The answer to a browser that speaks http to the TLS port.
const PLAIN_HTTP_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n\
    This port speaks https. The address must begin with https://\n";

/// The polling thread.
pub(super) struct Server {
    listeners: Vec<TcpListener>,
    /// Oldest first.
    connections: Vec<Connection>,
    max_connections: usize,
    next_key: usize,
    answers: Arc<Answers>,
    stop: Arc<AtomicBool>,
    tls: Option<Arc<ServerConfig>>,
    bodies: Bodies,
    deliver: Box<dyn FnMut(LoopbackEvent) + Send>,
}

struct Connection {
    key: usize,
    stream: Stream,
    stage: Stage,
}

enum Stage {
    Reading {
        received: Vec<u8>,
        until: Instant,
    },
    /// Handed over. The judge takes as long as the token exchange takes.
    Judged,
    Writing {
        rest: Vec<u8>,
        until: Instant,
    },
    /// Everything was written. The peer has a moment to read it before the socket is closed.
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
    pub(super) fn new(
        listeners: Vec<TcpListener>,
        answers: Arc<Answers>,
        stop: Arc<AtomicBool>,
        tls: Option<Arc<ServerConfig>>,
        bodies: Bodies,
        deliver: Box<dyn FnMut(LoopbackEvent) + Send>,
    ) -> io::Result<Self> {
        for (n, listener) in listeners.iter().enumerate() {
            listener.set_nonblocking(true)?;
            // SAFETY: the listener is deleted from the poller before it is dropped, in `close_listeners`.
            unsafe { answers.poller.add(listener, Event::readable(n)) }?;
        }
        let (next_key, max_connections) = (listeners.len(), MAX_CONNECTIONS.min(descriptors() / 2));
        Ok(Self { listeners, connections: Vec::new(), max_connections, next_key, answers, stop, tls, bodies, deliver })
    }

    pub(super) fn run(&mut self) {
        let mut events = Events::new();
        let mut end = None;
        loop {
            events.clear();
            if self.answers.poller.wait(&mut events, Some(self.patience())).is_err() {
                // Interrupted, or out of memory for a moment. Polling again loses nothing.
                std::thread::yield_now();
            }
            // Existing connections come first: a new one may evict one that has received data meanwhile.
            let first_connection = self.listeners.len();
            events.iter().filter(|event| event.key >= first_connection).for_each(|event| self.advance(event.key));
            // Checked before the answers are taken: the last answer was queued before the end was set.
            let stopped = self.stop.load(Ordering::SeqCst);
            for (key, order) in self.answers.take() {
                match order {
                    Order::Answer(answer) => self.start_answer(key, answer),
                    Order::Offer(offer) => self.deliver_offer(key, *offer),
                    Order::HangUp => self.close_where(|connection| connection.key == key),
                }
            }
            events.iter().filter(|event| event.key < first_connection).for_each(|event| self.accept(event.key));
            let now = Instant::now();
            self.close_where(|connection| connection.stage.until().is_some_and(|until| until <= now));
            if end.is_none() && stopped {
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

    /// Returns how long to sleep if nothing happens.
    fn patience(&self) -> Duration {
        let next = self.connections.iter().filter_map(|connection| connection.stage.until()).min();
        next.map_or(READ_TIME, |until| until.saturating_duration_since(Instant::now())).min(READ_TIME)
    }

    fn accept(&mut self, listener: usize) {
        for _ in 0..ACCEPTS {
            match self.listeners[listener].accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The peer is gone already, or descriptors ran out: the oldest silent connection is evicted.
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
        if self.connections.len() >= self.max_connections {
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
            let stream = Stream::new(stream, tls);
            let stage = Stage::Reading { received: Vec::new(), until: Instant::now() + READ_TIME };
            self.connections.push(Connection { key, stream, stage });
            // Usually the request has arrived already.
            self.advance(key);
        }
    }

    /// Closes the oldest connection with an incomplete request, else one that has its answer. If all of them wait for
    /// an answer, the newest is closed: the oldest may be the browser that brought the answer of this login.
    fn evict(&mut self) {
        let oldest = |wanted: fn(&Stage) -> bool| self.connections.iter().find(|connection| wanted(&connection.stage));
        let silent = oldest(|stage| matches!(stage, Stage::Reading { .. }));
        let idle = silent.or_else(|| oldest(|stage| !matches!(stage, Stage::Judged)));
        let victim = idle.or(self.connections.last()).map(|connection| connection.key);
        self.close_where(|connection| Some(connection.key) == victim);
    }

    /// Closes the oldest connections with large incomplete requests, until the rest is within the memory limit.
    fn bound_received(&mut self, newest: usize) {
        let received = |connection: &Connection| match &connection.stage {
            Stage::Reading { received, .. } => received.len(),
            _ => 0,
        };
        while self.connections.iter().map(received).sum::<usize>() > MAX_RECEIVED {
            let is_large = |connection: &&Connection| received(connection) > MAX_HEAD && connection.key != newest;
            let Some(key) = self.connections.iter().find(is_large).map(|connection| connection.key) else { return };
            self.close_where(|connection| connection.key == key);
        }
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

    fn start_answer(&mut self, key: usize, answer: LoopbackResponse) {
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.key == key) {
            connection.stage = Stage::Writing { rest: answer.0, until: Instant::now() + WRITE_TIME };
            self.advance(key);
        }
    }

    /// Settles at once which peer has it. A browser's socket accepts a whole redirect. One that does not
    /// is not a browser's.
    fn deliver_offer(&mut self, key: usize, Offer { answer, otherwise, claim }: Offer) {
        if claim.is_taken() {
            claim.refuse();
            return self.start_answer(key, otherwise);
        }
        let connection = self.connections.iter_mut().find(|connection| connection.key == key);
        let delivered = connection.is_some_and(|connection| {
            let (stream, mut rest) = (&mut connection.stream, answer.0);
            // Checked before the write, so that nothing goes to a peer that has hung up, and after it.
            let whole = stream.is_open() && matches!(write_some(stream, &mut rest), Ok(true)) && stream.is_open();
            connection.stage = Stage::Writing { rest, until: Instant::now() + WRITE_TIME };
            whole
        });
        if delivered {
            claim.take();
            self.advance(key);
        } else {
            claim.lose();
            self.close_where(|connection| connection.key == key);
        }
    }

    /// Advances one connection as far as possible without blocking.
    fn advance(&mut self, key: usize) {
        let Some(connection) = self.connections.iter_mut().find(|connection| connection.key == key) else { return };
        let interest = match &mut connection.stage {
            Stage::Reading { received, .. } => match read_request(&mut connection.stream, received, self.bodies) {
                Parsed::More => Event::readable(key),
                Parsed::Broken => return self.close_where(|connection| connection.key == key),
                Parsed::Refused(answer) => return self.start_answer(key, answer),
                Parsed::TlsHello => {
                    (self.deliver)(LoopbackEvent::TlsHello);
                    return self.close_where(|connection| connection.key == key);
                }
                Parsed::PlainHttp => {
                    (self.deliver)(LoopbackEvent::PlainHttp);
                    // In plain text, as the peer does not speak TLS.
                    connection.stream.tls = None;
                    return self.start_answer(key, LoopbackResponse(PLAIN_HTTP_ANSWER.to_vec()));
                }
                Parsed::Whole(mut request) => {
                    connection.stage = Stage::Judged;
                    let socket = &connection.stream.socket;
                    let ends = socket.peer_addr().ok().zip(socket.local_addr().ok());
                    request.reply =
                        Some(Box::new(Reply { key, answers: Arc::clone(&self.answers), ends, used: false }));
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
        if self.bodies == Bodies::Read {
            self.bound_received(key);
        }
    }
}

/// Returns how many file descriptors this process may have.
#[cfg(unix)]
fn descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel fills the struct, or the call fails and it is not read.
    match unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } {
        0 => usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX),
        _ => usize::MAX,
    }
}

#[cfg(not(unix))]
fn descriptors() -> usize {
    usize::MAX
}

fn read_request(stream: &mut Stream, received: &mut Vec<u8>, bodies: Bodies) -> Parsed {
    let mut chunk = [0; 4096];
    match stream.speech() {
        Ok(Speech::Ours) => {}
        Ok(Speech::PlainHttp) => return Parsed::PlainHttp,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Parsed::More,
        Err(_) => return Parsed::Broken,
    }
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return Parsed::Broken,
            Ok(n) => {
                // Exactly as much as was read: the usual doubling would take twice the memory.
                received.reserve_exact(n);
                received.extend_from_slice(&chunk[..n]);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Parsed::More,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Parsed::Broken,
        }
        match parse_with(received, bodies) {
            Parsed::More => {}
            done => return done,
        }
    }
}

/// Writes as much as possible. Returns `true` when everything is written.
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
