//! The port: a limited number of connections, each on its own thread, and the route of a request.
//!
//! If all places are in use, the connection that has waited longest for its peer is closed. So a client that opens many
//! connections and sends nothing cannot keep others out. The [`Reader`] bounds each request, and so the memory of the
//! process is bounded too.

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

/// A browser opens six connections to one server, and a burst of clients a few hundred for a moment.
const PLACES: usize = 64;

/// Threads whose connections were closed from here, and which are about to end, are counted on top.
const THREADS: usize = 2 * PLACES;

/// The number of large bodies read at once. As values, each takes about ten MiB.
const LARGE_BODIES: usize = 2;

/// The time for a peer to read an answer, and to send what exceeds the part that was read.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// The limits within which a refused peer may continue to send: an answer is lost if its connection is closed before
/// everything sent was read.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: u64 = 1 << 20;

/// The time that shutdown waits for the threads. A thread that its peer holds up is abandoned.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// A served port. It is closed when this is dropped.
pub struct Server {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// The function that answers a request.
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
    /// In the order in which they started to wait.
    connections: Vec<Connection>,
    threads: usize,
    count: u64,
}

struct Connection {
    key: u64,
    stream: Arc<TcpStream>,
    /// `true` if it waits for its peer.
    waits: bool,
}

impl Server {
    pub fn start(listener: TcpListener, site: Arc<Site>, route: Route) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (open, permits) = (Mutex::default(), Permits::new(LARGE_BODIES));
        let shared = Arc::new(Shared { site, route, poller: Poller::new()?, permits, open, ended: Condvar::new() });
        // SAFETY: it is deleted in `accept`, which owns the listener, before the listener is closed.
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
        // The peer may have closed it.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds a place for a connection; `None` if there is none.
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

    /// Marks the connection as waiting or not. `false` if it has lost its place.
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

/// It is left even if the thread panics.
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
            // There are no more descriptors, or the peer is gone.
            Err(_) => drop(shared.site.stop.wait(Duration::from_millis(10))),
        }
    }
    let _ = shared.poller.delete(listener);
}

/// Starts a connection. Without a place and a thread, it is closed.
fn begin(stream: TcpStream, shared: &Arc<Shared>) {
    // On some systems it inherits the listener's settings.
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

/// Answers the requests of one connection.
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
        // A panic costs only one answer.
        let reply = panic::catch_unwind(AssertUnwindSafe(|| (shared.route)(site, &whole.incoming)))
            .unwrap_or_else(|_| Reply::json(500, &serde_json::json!({"error": "server_error"})));
        let target = format!("{} {}", whole.incoming.method, whole.incoming.path);
        (site.log)(&format!("{} {}", sanitize::line(&target), reply.status));
        let bytes = reply.into_wire(whole.incoming.method == "HEAD", whole.minor_version, whole.stays);
        let mut out = stream;
        // The peer may be gone, and that only affects the peer.
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
