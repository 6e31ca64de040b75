//! The port: as many connections as there are places, each on a thread of its own, and what a request becomes.
//!
//! Where the places are used up, the connection that has waited longest for its peer makes room: whoever opens many and
//! says nothing keeps nobody out. What a request may take is bounded by its [`Reader`]; so the memory of the process is,
//! whatever comes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use polling::{Event, Events, PollMode, Poller};

use super::permits::Permits;
use super::request::{Reader, Refusal};
use super::site::Site;
use super::wire::{Incoming, Reply};
use crate::protocol::sanitize;

/// A browser opens six connections to one server, and a storm of clients some hundred for a moment.
const PLACES: usize = 64;

/// Threads of connections that were closed from here, and are about to end, come on top.
const THREADS: usize = 2 * PLACES;

/// How many large bodies are read at once. Made into values, each takes some ten MiB.
const LARGE_BODIES: usize = 2;

/// How long a peer may take to read an answer, and what it has sent beyond what was read.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// How long, and how much, a peer that was refused may go on: an answer gets lost if its connection is closed before all
/// that was sent is read.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: u64 = 1 << 20;

/// How long the end waits for the threads. One that its peer holds up is abandoned.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// A port that is served. It is closed when this is dropped.
pub struct Server {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// What a request becomes.
type Route = fn(&Site, &Incoming) -> Reply;

struct Shared {
    site: Arc<Site>,
    route: Route,
    poller: Poller,
    permits: Permits,
    open: Mutex<Open>,
    ended: Condvar,
}

#[derive(Default)]
struct Open {
    /// In the order in which they began to wait.
    connections: Vec<Connection>,
    threads: usize,
    count: u64,
}

struct Connection {
    key: u64,
    stream: Arc<TcpStream>,
    /// Whether it waits for its peer.
    waits: bool,
}

impl Server {
    pub fn start(listener: TcpListener, site: Arc<Site>, route: Route) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (open, permits) = (Mutex::default(), Permits::new(LARGE_BODIES));
        let shared = Arc::new(Shared { site, route, poller: Poller::new()?, permits, open, ended: Condvar::new() });
        // SAFETY: it is deleted in `accept`, which has the listener, before that is closed.
        unsafe { shared.poller.add_with_mode(&listener, Event::readable(0), PollMode::Level)? };
        let to_accept = Arc::clone(&shared);
        let accepting = thread::Builder::new().name("emulator".to_owned()).spawn(move || accept(&listener, &to_accept));
        Ok(Self { shared, accepting: Some(accepting?) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.site.stop.set();
        let _ = self.shared.poller.notify();
        if let Some(accepting) = self.accepting.take() {
            // If it panicked, the port is closed as well.
            let _ = accepting.join();
        }
        let open = self.shared.open();
        open.connections.iter().filter(|connection| connection.waits).for_each(Connection::close);
        let _ = self.shared.ended.wait_timeout_while(open, SHUTDOWN_TIMEOUT, |open| open.threads > 0);
    }
}

impl Connection {
    fn close(&self) {
        // The peer may have done so.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection; `None` if there is none.
    fn enter(&self, stream: &Arc<TcpStream>) -> Option<u64> {
        let mut open = self.open();
        if open.connections.len() >= PLACES {
            let longest = open.connections.iter().position(|connection| connection.waits)?;
            open.connections.remove(longest).close();
        }
        if open.threads >= THREADS {
            return None;
        }
        let key = open.count;
        open.count += 1;
        open.threads += 1;
        open.connections.push(Connection { key, stream: Arc::clone(stream), waits: true });
        Some(key)
    }

    /// `false` if the connection has lost its place.
    fn waits(&self, key: u64, waits: bool) -> bool {
        let mut open = self.open();
        let Some(at) = open.connections.iter().position(|connection| connection.key == key) else { return false };
        let connection = open.connections.remove(at);
        open.connections.push(Connection { waits, ..connection });
        true
    }

    fn leave(&self, key: u64) {
        let mut open = self.open();
        open.connections.retain(|connection| connection.key != key);
        open.threads -= 1;
        self.ended.notify_all();
    }
}

/// Left also when the thread panics.
struct Place<'a> {
    shared: &'a Shared,
    stream: &'a TcpStream,
    key: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // The peer may be gone.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.shared.leave(self.key);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut events = Events::new();
    while !shared.site.stop.is_set() {
        events.clear();
        if shared.poller.wait(&mut events, None).is_err() {
            continue;
        }
        match listener.accept() {
            Ok((stream, _)) => begin(stream, shared),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // No descriptor is left, or the peer is gone.
            Err(_) => drop(shared.site.stop.wait(Duration::from_millis(10))),
        }
    }
    let _ = shared.poller.delete(listener);
}

/// Where there is no place and no thread, the connection is closed.
fn begin(stream: TcpStream, shared: &Arc<Shared>) {
    // On some systems it has what its listener has.
    if stream.set_nonblocking(false).is_err() || stream.set_write_timeout(Some(WRITE_TIME)).is_err() {
        return;
    }
    let stream = Arc::new(stream);
    let Some(key) = shared.enter(&stream) else { return };
    let of_thread = Arc::clone(shared);
    let serve = move || {
        let _place = Place { shared: &of_thread, stream: &stream, key };
        serve(&of_thread, &stream, key);
    };
    if thread::Builder::new().name("emulator".to_owned()).spawn(serve).is_err() {
        shared.leave(key);
    }
}

/// Answers what comes on one connection.
fn serve(shared: &Shared, stream: &TcpStream, key: u64) {
    let site = &shared.site;
    let mut reader = Reader::new(stream, &shared.permits);
    while shared.waits(key, true) && !site.stop.is_set() {
        let whole = match reader.next() {
            Ok(Some(whole)) => whole,
            Ok(None) => return,
            Err(refusal) => return refuse(site, stream, &refusal),
        };
        if !shared.waits(key, false) {
            return;
        }
        // A fault of ours costs one answer.
        let reply = panic::catch_unwind(AssertUnwindSafe(|| (shared.route)(site, &whole.incoming)))
            .unwrap_or_else(|_| Reply::json(500, &serde_json::json!({"error": "server_error"})));
        let target = format!("{} {}", whole.incoming.method, whole.incoming.path);
        (site.log)(&format!("{} {}", sanitize::line(&target), reply.status));
        let bytes = reply.into_wire(whole.incoming.method == "HEAD", whole.minor_version, whole.stays);
        let mut out = stream;
        // The peer may be gone; it is its own loss.
        if out.write_all(&bytes).is_err() || !whole.stays {
            return;
        }
    }
}

fn refuse(site: &Site, mut stream: &TcpStream, Refusal { status, problem }: &Refusal) {
    (site.log)(&format!("a request that {problem} was answered with {status}"));
    if stream.write_all(&Reply::empty(*status).into_wire(false, 1, false)).is_err() {
        return;
    }
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(LINGER));
    let _ = io::copy(&mut stream.take(LINGER_BYTES), &mut io::sink());
}
