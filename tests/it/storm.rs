//! The callback port under a crowd of clients that open connections, say little, and stay; and again right after a login.
//!
//! How soon the genuine redirect was answered is printed (`cargo test --test it storm -- --nocapture`) and not asserted.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::process::peak_memory;
use crate::support::process::{fixed_port, until};
use crate::support::{Emulated, PendingLogin, http as browser};

/// Clients that never leave: one in two says nothing, the other sends a byte of a request now and then. Whoever is shown
/// the door comes back.
struct Crowd {
    stop: Arc<AtomicBool>,
    returned: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<()>>,
}

const REQUEST: &[u8] = b"GET /callback?code=x&state=y HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";

impl Crowd {
    /// All were there, and the port had no room for them, when this returns.
    fn of(clients: usize, port: u16) -> Self {
        allow_descriptors();
        let (stop, returned) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let crowd = (0..clients).map(|n| Client { stream: connect(port).unwrap(), slow: n % 2 == 0, said: 0 });
        let mut parts: [Vec<Client>; 2] = [Vec::new(), Vec::new()];
        crowd.enumerate().for_each(|(n, client)| parts[n / 2 % 2].push(client));
        let threads = parts.map(|mut part| {
            let (stop, returned) = (Arc::clone(&stop), Arc::clone(&returned));
            std::thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let back = part.iter_mut().filter_map(|client| client.goes_on(port)).count();
                    returned.fetch_add(back, Ordering::SeqCst);
                    // Whoever shares the machine with the listener must leave it some time.
                    std::thread::sleep(Duration::from_millis(10));
                }
            })
        });
        let crowd = Self { stop, returned, threads: threads.into() };
        until("every one was shown the door once", || crowd.returned.load(Ordering::SeqCst) >= clients);
        crowd
    }

    /// All leave. How often one of them was shown the door.
    fn leave(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        self.returned.load(Ordering::SeqCst)
    }
}

struct Client {
    stream: TcpStream,
    slow: bool,
    said: usize,
}

impl Client {
    /// `Some` if it had to come back.
    fn goes_on(&mut self, port: u16) -> Option<()> {
        if self.slow {
            let byte = REQUEST.get(self.said).unwrap_or(&b'x');
            let _ = self.stream.write(&[*byte]);
            self.said += 1;
        }
        match self.stream.read(&mut [0; 64]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            // Until the login is over.
            _ => connect(port).ok().map(|stream| *self = Self { stream, slow: self.slow, said: 0 }),
        }
    }
}

/// It leaves without a trace, so that the machine does not run out of ports.
fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// As many as this process may have.
fn allow_descriptors() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the struct lives through both calls.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max.min(8192);
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
}

/// A login in such a crowd: the port answers after one, and the genuine redirect is taken in the middle of another.
fn login_in_a_crowd(what: &str, clients: usize, wrap: impl FnOnce(Command) -> Command) {
    let mine = Emulated::mine(&[]);
    let command = mine.command(&["login", "--port", "0", "--no-browser", "--timeout", "1h"]);
    let login = PendingLogin::start(wrap(command));
    let answer = browser::location(&browser::get(&login.authorize_url));
    let returned = Crowd::of(clients, login.port()).leave();
    let asked = Instant::now();
    let icon = browser::get(&answer.join("/favicon.ico").unwrap());
    assert!(icon.starts_with("HTTP/1.1 204"), "{icon}");
    println!("{what}: after the storm, in which {returned} came back, the port answered in {:?}", asked.elapsed());

    let crowd = Crowd::of(clients, login.port());
    let memory = peak_memory(login.process_id()).unwrap();
    let asked = Instant::now();
    let page = browser::get(&answer);
    let took = asked.elapsed();
    assert!(memory <= 32 * 1024, "{memory} KiB");
    assert!(page.contains("You are logged in"), "{page}");
    println!("{what}: in the storm the page was there after {took:?}, and {memory} KiB were in use");
    crowd.leave();
    login.finish().code(0);
    mine.run(&["token"]).code(0);
}

#[test]
fn a_thousand_silent_and_slow_clients_keep_nobody_out() {
    login_in_a_crowd("1000 clients", 1000, |command| command);
}

#[test]
fn a_login_that_may_open_few_files_stands_the_crowd_too() {
    login_in_a_crowd("500 clients, 64 descriptors", 500, |plain| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 64; exec \"$@\"", "sh"]).arg(plain.get_program()).args(plain.get_args());
        command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(plain.get_current_dir().unwrap()).stdin(std::process::Stdio::null());
        command
    });
}

#[test]
fn a_second_login_takes_the_same_port_right_after_the_first() {
    let mine = Emulated::mine(&[]);
    let port = fixed_port();
    for _ in 0..2 {
        let login = PendingLogin::start(mine.command(&["login", "--port", &port.to_string(), "--no-browser"]));
        assert!(browser::follow(&login.authorize_url).contains("You are logged in"));
        login.finish().code(0);
    }
    // Otherwise nothing would have been in the way.
    assert!(waits_out_its_time(port), "no connection of port {port} is in TIME_WAIT");
}

/// Whether a connection of this port is in TIME_WAIT.
fn waits_out_its_time(port: u16) -> bool {
    const TIME_WAIT: &str = "06";
    let connections = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!(":{port:04X}");
    let mut rows = connections.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.any(|row| row[1].ends_with(&local) && row[3] == TIME_WAIT)
}
