//! An HTTP proxy on loopback for the programs of one command (RFC 9112 §3.2.2). Which requests pass, and with which token,
//! says a [`Gate`]; here they are only carried.
//!
//! A request is sent on as its parts arrive, and so is the reply; neither is held. Only of a reply that may reject the
//! token the beginning is looked into first, so that the request can be sent again with another one. A request that has
//! a body is not: its body is gone. There is no limit of time for an exchange, as there is for our own: an API may be
//! silent for hours between two events, the program decides how long it waits, and no exchange outlives the command.
//!
//! Some programs, such as Node's `fetch`, ask every proxy for a tunnel (CONNECT), also for an address in http. What comes in it is
//! the same requests, and each of them is judged. TLS is not spoken in it.
//!
//! hyper reads and writes both sides, as it does in reqwest: a head is limited to 64 KiB and 30 s, what it refuses is not
//! passed on, and a body that two headers measure differently is one of that. What is only for one connection (RFC 9110
//! §7.6.1) stays there. One thread serves all of up to [`MAX_CONNECTIONS`]; more wait until one ends.

mod exchange;
mod gate;
mod peeked;
mod tunnel;

pub use gate::{Gate, Give, Turned};

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use reqwest::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use self::gate::Shared;
use super::http::Upstream;
use super::loopback::{Loopback, LoopbackError};
use super::process;

/// How many connections are served at once. Programs that load much at once have some dozen.
const MAX_CONNECTIONS: usize = 256;

/// The pause after a connection could not be accepted, as where too many files are open.
const PAUSE: Duration = Duration::from_millis(50);

/// A port that is not read yet.
pub struct Port(std::net::TcpListener);

impl Port {
    pub fn bind() -> Result<Self, LoopbackError> {
        let listener = Loopback::bind(&[(Ipv4Addr::LOCALHOST, 0).into()])?.into_listener()?;
        listener.set_nonblocking(true).map_err(LoopbackError::Other)?;
        Ok(Self(listener))
    }

    pub fn address(&self) -> Result<SocketAddr, LoopbackError> {
        self.0.local_addr().map_err(LoopbackError::Other)
    }

    /// Starts to serve.
    pub fn serve(self, gate: Arc<dyn Gate>, upstream: Upstream) -> Result<Forwarder, LoopbackError> {
        let other = LoopbackError::Other;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(other)?;
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let shared = Arc::new(Shared { gate, upstream });
        process::in_background("forwarder", move || {
            runtime.spawn(accept(self.0, shared));
            let _ = runtime.block_on(stopped);
            // A resolver that is silent is not waited for.
            runtime.shutdown_background();
        })
        .map_err(other)?;
        Ok(Forwarder(stop))
    }
}

/// A port that is served. All of its exchanges end when this is dropped.
pub struct Forwarder(#[expect(dead_code, reason = "what counts is its life")] oneshot::Sender<Infallible>);

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (shared, place) = (Arc::clone(&shared), Arc::new(place));
        tokio::spawn(async move {
            let serve = service_fn(|request| {
                let (shared, place) = (Arc::clone(&shared), Arc::clone(&place));
                async move { Ok::<_, Infallible>(serve(shared, place, request).await) }
            });
            // Whatever ends a connection is seen by the program, too.
            let _ = exchange::server().serve_connection(TokioIo::new(stream), serve).with_upgrades().await;
        });
    }
}

/// Serves a request. A tunnel holds the place of its connection for as long as it is open.
async fn serve(shared: Arc<Shared>, place: Arc<OwnedSemaphorePermit>, request: Request<Incoming>) -> Response<Body> {
    match *request.method() {
        Method::CONNECT => tunnel::open(shared, place, request),
        _ => exchange::exchange(&shared, request).await,
    }
}
