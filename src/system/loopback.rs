//! The port that the browser returns to: a small bounded HTTP reader of our own.
//!
//! We do not use tiny_http, which serves the emulator, because it reads heads and bodies without bounds. One request of
//! 70 bytes from any local process (`Content-Length: 1099511627776`) aborts the whole program, and another one blocks
//! the answer for as long as the sender likes. Here one thread polls at most 64 connections. A head is limited to 8 KiB
//! and 2 s. When the connections run out, the oldest silent one is closed, so no program can keep the genuine callback
//! waiting. Parsing is `httparse`, polling is `polling`, which the keychain's D-Bus client depends on anyway.
//!
//! Memory is limited to what the connections hold: 64 of them with a head of 8 KiB each, or with bodies of up to 64 KiB,
//! all of which together take 1 MiB, where answers are posted. The receiver must bound the requests that it is handed: see [`Loopback::serve`].
//!
//! The socket is bound once, before the browser opens, and kept open: another process could take a free port between
//! finding and binding it. On Unix it has SO_REUSEADDR, so that a second login on the same fixed port can bind while
//! the connections of the first are in TIME_WAIT. There, SO_REUSEADDR does not let another program take a *listening*
//! port. It never has SO_REUSEPORT, with which a second process of the same user could listen beside us and get every
//! other connection.
//!
//! On Windows SO_REUSEADDR means more than both: with it, another user's program takes a port over without the consent
//! of the first. SO_EXCLUSIVEADDRUSE, set before the bind, forbids that. Neither std nor `socket2` has it, hence the
//! one direct call. Unproven, as it needs a Windows machine: that no other program can bind then.

mod answers;
mod holder;
mod request;
mod response;
mod sender;
mod server;
mod stream;

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::system::remedy;

use answers::Answers;
pub use answers::Claim;
pub use holder::{Holder, holder};
pub use request::{Bodies, LoopbackEvent, LoopbackRequest, Parsed, parse};
pub use response::LoopbackResponse;
pub use sender::Sender;
use server::Server;

/// How often to try for a port that is free in both address families.
const PORT_TRIES: usize = 16;

/// How long a port of this machine may take to accept a connection.
const REACHED_WITHIN: Duration = Duration::from_secs(1);

/// How many connections the kernel queues until we accept them. A flood fills std's 128 in a moment, and a client that
/// finds the queue full tries again only after a second.
const BACKLOG: i32 = 1024;

#[derive(Debug, thiserror::Error)]
pub enum LoopbackError {
    #[error("port {port} is in use by {holder}")]
    Taken { port: u16, holder: Holder },
    #[error("port {port} may not be used by this user")]
    NotAllowed { port: u16 },
    #[error("cannot listen on loopback")]
    Other(#[source] io::Error),
}

impl Advice for LoopbackError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Taken { port, holder } => {
                let stop = match &holder.program {
                    Some(_) if holder.is_oauthctl => {
                        "that is another login, which waits for its redirect: finish it or stop it (Ctrl-C)".to_owned()
                    }
                    Some((_, process)) => format!("stop that program (`{}`)", remedy::end_process(process)),
                    None => format!("find the program with {} and stop it", remedy::find_listener(*port)),
                };
                ExitCode::Network.hint(format!(
                    "{stop}, or choose another port with `--port N` and register that redirect URI; `--port 0` picks a \
                     free port, if the provider allows it"
                ))
            }
            Self::NotAllowed { .. } => ExitCode::Network.hint(remedy::RESERVED_PORTS),
            Self::Other(_) => ExitCode::Network.no_hint(),
        }
    }
}

/// Bound sockets that are not read yet. Connections queue up in the kernel.
#[derive(Debug)]
pub struct Loopback {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Loopback {
    /// Binds all addresses on one port. Port 0 picks one that is free on all of them. An address family that the
    /// machine does not have is left out, as no other program can bind it either.
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

    /// Returns the first socket, for a reader of another kind.
    pub fn into_listener(self) -> Result<TcpListener, LoopbackError> {
        self.listeners.into_iter().next().ok_or_else(|| LoopbackError::Other(ErrorKind::AddrNotAvailable.into()))
    }

    /// Starts to read, with TLS if there is a configuration for it. Every event goes to `deliver`, on the polling
    /// thread. Until it returns, no connection is read, and senders have to wait. It must return once this is dropped.
    pub fn serve(
        self,
        tls: Option<Arc<ServerConfig>>,
        bodies: Bodies,
        deliver: impl FnMut(LoopbackEvent) + Send + 'static,
    ) -> Result<Serving, LoopbackError> {
        let other = LoopbackError::Other;
        let answers = Arc::new(Answers::new().map_err(other)?);
        let stop = Arc::new(AtomicBool::new(false));
        let deliver = Box::new(deliver);
        let mut server = Server::new(self.listeners, Arc::clone(&answers), Arc::clone(&stop), tls, bodies, deliver)
            .map_err(other)?;
        let thread =
            std::thread::Builder::new().name("loopback".to_owned()).spawn(move || server.run()).map_err(other)?;
        Ok(Serving { stop, answers, thread: Some(thread) })
    }
}

/// Returns `true` if anything listens at the port of this origin, such as `http://127.0.0.1:4711`, on this machine.
pub fn is_listening(origin: &str) -> bool {
    let port = origin.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    port.is_some_and(|port: u16| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpStream::connect_timeout(&address, REACHED_WITHIN).is_ok()
    })
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
                ErrorKind::AddrInUse => {
                    // Ours of the other family would be found in its place.
                    drop(listeners);
                    return Err(LoopbackError::Taken { port, holder: holder(port) });
                }
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
    // SAFETY: the socket and the number outlive the call, which reads four bytes of it.
    match unsafe { setsockopt(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (&raw const on).cast(), 4) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A port that is being read. Dropping it closes the port at once and lets pending answers finish.
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
mod tests;
