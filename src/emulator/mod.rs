//! Floor 4, the server side: a stand-in for one provider, made from its definition alone. It serves the provider's
//! own paths on loopback and answers through the same [`Dialect`](crate::provider::Dialect) as the client asks with.
//!
//! tiny_http 0.12 reads requests without bounds and without time limits, which is good enough here: whoever can reach
//! the port can stop the emulator, and finds nothing in it but made-up tokens. The callback listener, which sees real
//! codes, has a reader of its own.

mod authorize;
mod consent;
mod fault;
mod ledger;
mod page;
mod resource;
mod revoke;
mod site;
mod token;
mod wire;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Once, mpsc};
use std::thread;
use std::time::{Duration, Instant};

pub use fault::Fault;
pub use site::Options;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::client::ClientId;
use crate::protocol::redirect_uri::{DEFAULT_REDIRECT_URI, RedirectUri};
use crate::protocol::sanitize;
use crate::protocol::secret::ClientSecret;
use crate::provider::catalogue::fill_params;
use crate::provider::{DefinitionError, Endpoint, Origin, Provider, ProviderDefinition};
use crate::system::clock::Clock;
use crate::system::entropy::{Entropy, NoEntropy};
use ledger::Ledger;
use site::{Site, Stop, random_hex};
use wire::{Incoming, Reply, Unreadable};

/// A browser opens six connections to one server at most; a slow client or two may come on top.
const WORKERS: usize = 8;

/// How long a connection that tiny_http has lost sight of may wait: see [`keep_moving`].
const NUDGE: Duration = Duration::from_millis(100);

/// How long the end of the emulator waits for its threads. One that a client holds up is abandoned.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    #[error("the emulator cannot listen on 127.0.0.1:{port}")]
    Listen {
        port: u16,
        #[source]
        source: std::io::Error,
    },
    #[error("the emulator cannot serve")]
    Serve(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Advice for EmulatorError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Listen { .. } => ExitCode::Network.hint("choose another port with `--port N`, or leave it out"),
            Self::Serve(_) => ExitCode::Unexpected.no_hint(),
            Self::Definition(error) => error.next_step(),
            Self::Entropy(error) => error.next_step(),
        }
    }
}

/// A running emulator. It stops when it is dropped.
pub struct Emulator {
    site: Arc<Site>,
    origin: Origin,
    address: SocketAddr,
    server: Option<Arc<tiny_http::Server>>,
    workers: Vec<thread::JoinHandle<()>>,
}

impl Emulator {
    /// `log` hears one line a request, without query, body or headers, so that no secret is in it.
    pub fn start(
        definition: &ProviderDefinition,
        options: Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, EmulatorError> {
        silence_tiny_http();
        let listen = |source| EmulatorError::Listen { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let origin =
            Origin::parse(&format!("http://{address}")).map_err(|problem| EmulatorError::Serve(problem.into()))?;
        let server = Arc::new(tiny_http::Server::from_listener(listener, None).map_err(EmulatorError::Serve)?);

        let params = fill_params(definition, &Default::default(), true)?;
        // What the provider tells its clients, it knows itself.
        let captured = definition.params.iter().filter(|(_, param)| param.is_captured());
        let captured = captured.filter_map(|(name, param)| Some((name.clone(), param.example.clone()?))).collect();
        let default = RedirectUri::parse(DEFAULT_REDIRECT_URI).into_iter();
        let site = Arc::new(Site {
            provider: Provider::new(definition.clone(), params, Some(origin.clone()))?.with_captured(&captured)?,
            client_id: ClientId::new(format!("emulated-{}", &random_hex(&*entropy)?[..16])),
            client_secret: ClientSecret::new(random_hex(&*entropy)?),
            redirect_uris: default.chain(options.redirect_uris.iter().cloned()).collect(),
            options,
            ledger: Ledger::default(),
            clock,
            entropy,
            log: Box::new(log),
            stop: Stop::default(),
        });
        let mut emulator = Self { site, origin, address, server: Some(server.clone()), workers: Vec::new() };
        for _ in 0..WORKERS {
            let (site, server) = (emulator.site.clone(), server.clone());
            let worker = thread::Builder::new().name("emulator".to_owned()).spawn(move || serve(&site, &server));
            emulator.workers.push(worker.map_err(|error| EmulatorError::Serve(error.into()))?);
        }
        let site = emulator.site.clone();
        let nudger = thread::Builder::new().name("emulator".to_owned()).spawn(move || keep_moving(&site, address));
        emulator.workers.push(nudger.map_err(|error| EmulatorError::Serve(error.into()))?);
        Ok(emulator)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The provider with its endpoints on this emulator, as a client should see it.
    pub fn provider(&self) -> &Provider {
        &self.site.provider
    }

    pub fn client_id(&self) -> &str {
        self.site.client_id.as_str()
    }

    pub fn client_secret(&self) -> &ClientSecret {
        &self.site.client_secret
    }

    pub fn redirect_uris(&self) -> &[RedirectUri] {
        &self.site.redirect_uris
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.site.stop.set();
        let Some(server) = self.server.take() else { return };
        for _ in &self.workers {
            server.unblock();
        }
        let workers = std::mem::take(&mut self.workers);
        // In a thread of its own: a worker may hang on its client, and tiny_http's `Drop` connects to itself, which
        // took two minutes when the backlog was full.
        let address = self.address;
        let (done, stopped) = mpsc::channel();
        let undertaker = thread::Builder::new().name("emulator-end".to_owned()).spawn(move || {
            for worker in workers {
                // A worker that panicked has ended as well.
                let _ = worker.join();
            }
            drop(server);
            // tiny_http's accept thread ends a moment later, and the port closes with it.
            let since = Instant::now();
            while since.elapsed() < PATIENCE && TcpStream::connect_timeout(&address, NUDGE).is_ok() {
                thread::sleep(Duration::from_millis(1));
            }
            let _ = done.send(());
        });
        if undertaker.is_ok() {
            let _ = stopped.recv_timeout(PATIENCE);
        }
    }
}

/// Leads a request to its endpoint.
fn route(site: &Site, incoming: &Incoming) -> Reply {
    let endpoints = &site.provider.endpoints;
    let answer = match incoming.path.as_str() {
        path if is_at(path, &endpoints.authorize) => match incoming.method.as_str() {
            "POST" => authorize::answer(site, &incoming.body),
            _ if incoming.is_get() => authorize::ask(site, &incoming.query),
            _ => Ok(Reply::method_not_allowed("GET, HEAD, POST")),
        },
        path if is_at(path, &endpoints.token) || is_at(path, &endpoints.refresh) => token::answer(site, incoming),
        path if is_at(path, &endpoints.revoke) => Ok(revoke::answer(site, incoming)),
        "/" if incoming.is_get() => Ok(page::index(site)),
        "/favicon.ico" => Ok(Reply::empty(204)),
        _ => Ok(resource::answer(site, incoming)),
    };
    // Without random bytes there is nothing to issue.
    answer.unwrap_or_else(|_: NoEntropy| Reply::json(500, &serde_json::json!({"error": "server_error"})))
}

/// Whether a path is that of an endpoint of the definition.
fn is_at(path: &str, endpoint: &Option<Endpoint>) -> bool {
    endpoint.as_ref().is_some_and(|endpoint| endpoint.url().path() == path)
}

fn serve(site: &Site, server: &tiny_http::Server) {
    while !site.stop.is_set() {
        let Ok(mut request) = server.recv() else { continue };
        match Incoming::read(&mut request) {
            Ok(incoming) => {
                // A fault of ours costs one answer, not a worker.
                let reply = panic::catch_unwind(AssertUnwindSafe(|| route(site, &incoming)))
                    .unwrap_or_else(|_| Reply::json(500, &serde_json::json!({"error": "server_error"})));
                let target = format!("{} {}", incoming.method, incoming.path);
                (site.log)(&format!("{} {}", sanitize::line(&target), reply.status));
                reply.send(request);
            }
            Err(Unreadable(problem)) => {
                (site.log)(&format!("a request that {problem} was left without an answer"));
                std::mem::forget(request);
            }
        }
    }
}

/// tiny_http's pool counts a thread that it has just woken as still free. So of several connections that come at the
/// same moment, one may be left in its queue until an older one ends: behind the sockets that a browser opens ahead
/// and keeps, for minutes. Whatever connection comes next makes a thread that finds it there, so one is made now and
/// then.
fn keep_moving(site: &Site, address: SocketAddr) {
    while !site.stop.wait(NUDGE) {
        let _ = TcpStream::connect_timeout(&address, NUDGE);
    }
}

/// tiny_http's connection threads panic when a peer resets its connection at once (tiny_http issue #180). Only that
/// thread ends, so its message would be noise between the log's lines; every other panic is reported as before.
fn silence_tiny_http() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|location| location.file().contains("tiny_http")) {
                report(info);
            }
        }));
    });
}
