//! Floor 4, the server side: an emulator of one provider, made from its definition alone. It serves the provider's own
//! paths on loopback, and answers through the same [`Dialect`](crate::provider::Dialect) that the client uses.
//!
//! The port gives access to made-up tokens only. But the emulator may run for days, and on a machine with other users.
//! So connections, requests, and what is remembered of them are bounded: 64 MiB in any case. tiny_http writes the
//! answers but does not read the requests: see [`request`].

mod answers;
mod asked;
mod authentication;
mod authorize;
mod bearer;
mod bounded_map;
mod claims;
mod clients;
mod consent;
mod device;
mod device_page;
mod devices;
mod fault;
mod introspect;
mod ledger;
mod mcp;
mod metadata;
mod openid;
mod page;
mod permits;
mod person;
mod pushed;
mod pushed_requests;
mod registration;
mod request;
mod resource;
mod revoke;
mod script;
mod server;
mod sign_ins;
mod signing;
mod site;
mod token;
mod wire;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

pub use fault::Fault;
pub use mcp::DEFINITION as MCP_DEFINITION;
pub use person::{Claim, Person};
pub use script::ConsentScript;
pub use site::Options;

use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::client::ClientId;
use crate::protocol::redirect_uri::{DEFAULT_REDIRECT_URI, RedirectUri};
use crate::protocol::secret::ClientSecret;
use crate::provider::params::fill_params;
use crate::provider::{DefinitionError, Endpoint, Origin, Provider, ProviderDefinition};
use crate::system::clock::Clock;
use crate::system::entropy::{Entropy, NoEntropy};
use clients::Registrations;
use devices::Devices;
use ledger::Ledger;
use pushed_requests::PushedRequests;
use server::Server;
use sign_ins::SignIns;
use site::{Heard, Site, Stop, random_hex};
use wire::{Incoming, Reply};

#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    #[error("the emulator cannot listen on 127.0.0.1:{port}")]
    Listen {
        port: u16,
        #[source]
        source: std::io::Error,
    },
    #[error("the emulator cannot serve requests")]
    Serve(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
}

impl Advice for EmulatorError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Listen { .. } => {
                ExitCode::Network.hint("choose another port with `--port N`, or leave out `--port` to use a free one")
            }
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
    _server: Server,
}

impl Emulator {
    /// Starts an emulator. `log` gets one line for each request, without query, body or headers, so that it contains no
    /// secret.
    pub fn start(
        definition: &ProviderDefinition,
        options: Options,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, EmulatorError> {
        let listen = |source| EmulatorError::Listen { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let origin =
            Origin::parse(&format!("http://{address}")).map_err(|problem| EmulatorError::Serve(problem.into()))?;

        let params = fill_params(definition, &Default::default(), true)?;
        // The emulator knows the values that the provider sends to its clients.
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
            heard: Heard::default(),
            devices: Devices::default(),
            sign_ins: SignIns::default(),
            registrations: Registrations::default(),
            pushed: PushedRequests::default(),
            turns: Default::default(),
            clock,
            entropy,
            log: Box::new(log),
            stop: Stop::default(),
        });
        let server =
            Server::start(listener, site.clone(), route).map_err(|error| EmulatorError::Serve(error.into()))?;
        Ok(Self { site, origin, _server: server })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the provider with its endpoints on this emulator, as a client should see it.
    pub fn provider(&self) -> &Provider {
        &self.site.provider
    }

    /// Returns the address of the API.
    pub fn resource(&self) -> String {
        self.site.resource()
    }

    pub fn client_id(&self) -> &str {
        self.site.client_id.as_str()
    }

    pub fn client_secret(&self) -> &ClientSecret {
        &self.site.client_secret
    }
}

/// Routes a request to its endpoint.
fn route(site: &Site, incoming: &Incoming) -> Reply {
    let endpoints = &site.provider.endpoints;
    let answer = match incoming.path.as_str() {
        // Where both endpoints are one, a page asks by GET and a client exchanges by POST.
        path if is_at(path, &endpoints.authorize) => match incoming.method.as_str() {
            "POST" if is_at(path, &endpoints.token) && !authorize::is_answer(&incoming.body) => {
                token::answer(site, incoming)
            }
            "POST" => authorize::answer(site, &incoming.body),
            _ if incoming.is_get() => authorize::ask(site, &incoming.query),
            _ => Ok(Reply::method_not_allowed("GET, HEAD, POST")),
        },
        path if [&endpoints.token, &endpoints.refresh, &endpoints.exchange, &endpoints.device_token]
            .iter()
            .any(|at| is_at(path, at)) =>
        {
            token::answer(site, incoming)
        }
        path if is_at(path, &endpoints.device) => device::answer(site, incoming),
        devices::PAGE => Ok(device_page::answer(site, incoming)),
        path if is_at(path, &endpoints.revoke) || path == revoke::PATH => Ok(revoke::answer(site, incoming)),
        path if is_at(path, &endpoints.introspect) || path == introspect::PATH => {
            Ok(introspect::answer(site, incoming))
        }
        path if is_at(path, &endpoints.par) || path == pushed::PATH => pushed::answer(site, incoming),
        path if path.strip_prefix(registration::PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) => {
            registration::answer(site, incoming)
        }
        path if incoming.is_get() && path.contains("/.well-known/") => {
            Ok(metadata::document(site, path).unwrap_or_else(|| resource::answer(site, incoming)))
        }
        "/" if incoming.is_get() => Ok(page::index(site)),
        "/favicon.ico" => Ok(Reply::empty(204)),
        _ => Ok(openid::answer(site, incoming).unwrap_or_else(|| resource::answer(site, incoming))),
    };
    // Without random bytes there is nothing to issue.
    answer.unwrap_or_else(|_: NoEntropy| Reply::json(500, &serde_json::json!({"error": "server_error"})))
}

/// Returns `true` if a path is that of an endpoint in the definition.
fn is_at(path: &str, endpoint: &Option<Endpoint>) -> bool {
    endpoint.as_ref().is_some_and(|endpoint| endpoint.url().path() == path)
}
