//! The authorization request (RFC 6749 §3.1, RFC 8252): bind the port, build the URL, and wait for the one right
//! answer. It arrives at the port or is pasted into the terminal. The first proven answer wins.

mod answered;
mod draft;
mod inbox;
mod missing_state;
mod pushing;
mod resumed;
mod unanswered;
mod waiting;
mod word;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rustls::ServerConfig;
use url::Url;
use zeroize::Zeroizing;

use super::FlowError;
use super::launch::Launch;
use super::pages::BrowserPage;
use super::pushed::Push;
use super::redirect::Expected;
use crate::protocol::authorization::{AuthorizationRequest, ResponseType};
use crate::protocol::client::ClientId;
use crate::protocol::grant::GrantKind;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::ClientSecret;
use crate::protocol::state::State;
use crate::provider::{Dialect, Provider};
use crate::system::entropy::{Entropy, random};
use crate::system::loopback::{Bodies, Loopback, LoopbackRequest, Serving};
pub use answered::{Answered, Obtained, Tab};
pub use draft::Draft;
use inbox::Inbox;
pub use missing_state::MissingState;
pub use resumed::NotTaken;
pub use unanswered::{Seen, Unanswered};
pub use waiting::Waiting;

/// The parameters of a login.
pub struct LoginRequest<'a> {
    pub provider: &'a Provider,
    /// `Code` starts the authorization code grant, `Token` the implicit one (RFC 6749 §3.1.1).
    pub response_type: ResponseType,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    pub scope: ScopeSet,
    /// Port 0 picks a free port.
    pub redirect_uri: RedirectUri,
    pub listen: Listen,
    /// True if an answer without a state would be accepted with `--allow-missing-state`.
    pub missing_state_can_be_allowed: bool,
}

/// The way this process receives the redirect.
#[derive(Clone, Debug)]
pub enum Listen {
    /// On the redirect URI's own loopback address.
    Here { tls: Option<Arc<ServerConfig>> },
    /// On this address, which a tunnel forwards to from the redirect URI.
    Tunnel(SocketAddr),
    /// Only by paste.
    Paste,
}

/// The one-time secrets of a login (RFC 9700 §4.4.2).
pub struct Secrets {
    pub redirect_uri: RedirectUri,
    pub state: State,
    pub code_verifier: Option<CodeVerifier>,
    /// The value that must be in the ID token (OpenID Connect Core §3.1.2.1), if one is asked for.
    pub nonce: Option<State>,
}

/// A login in progress.
pub struct Login<'a> {
    request: LoginRequest<'a>,
    secrets: Secrets,
    /// Every `Host` that a request to the port may name.
    hosts: Vec<String>,
    /// The authorization request, and the address that it would have for the browser.
    asked: AuthorizationRequest,
    authorize_url: Url,
    pushed: Option<Push<'a>>,
    /// The issuer that the answer must name.
    issuer: Option<String>,
    ports: Ports,
    launch: Option<Launch>,
    /// Tells whether another process has taken the answer.
    is_taken: Option<Box<dyn Fn() -> bool + 'a>>,
}

/// The port of the redirect, and one for the launch address if the first speaks TLS or does not exist. Also the queue
/// of everything that arrives at them.
#[derive(Default)]
struct Ports {
    inbox: Arc<Inbox>,
    serving: Vec<Serving>,
}

impl Ports {
    fn serve(&mut self, loopback: Loopback, tls: Option<Arc<ServerConfig>>, bodies: Bodies) -> Result<(), FlowError> {
        let inbox = Arc::clone(&self.inbox);
        let serving = loopback.serve(tls, bodies, move |event| inbox.deliver(event));
        self.serving.push(serving.map_err(FlowError::Listen)?);
        Ok(())
    }
}

impl Drop for Ports {
    fn drop(&mut self) {
        // A polling thread may wait for room in the inbox, and closing its port waits for the thread.
        self.inbox.close();
    }
}

impl<'a> Login<'a> {
    /// Binds the port and keeps it, creates the secrets of this login, and builds the URL. Opens no browser yet.
    pub fn begin(request: LoginRequest<'a>, entropy: &dyn Entropy) -> Result<Self, FlowError> {
        if request.response_type == ResponseType::Code {
            // Without a token endpoint the code would be useless. Report this before the browser opens.
            request.provider.check_exchange()?;
        }
        let bound = bind(&request)?;
        let redirect_uri = match (&bound.0, request.redirect_uri.port()) {
            (Some(loopback), 0) => request.redirect_uri.with_port(loopback.port()),
            _ => request.redirect_uri.clone(),
        };
        let LoginRequest { provider, response_type, client_id, scope, .. } = &request;
        let draft = Draft::new(provider, *response_type, client_id, scope, redirect_uri, entropy)?;
        Self::of(request, draft, bound)
    }

    /// Serves the port.
    fn of(mut request: LoginRequest<'a>, draft: Draft, (loopback, tls): Bound) -> Result<Self, FlowError> {
        let Draft { asked, secrets, url: authorize_url } = draft;
        let mut hosts = vec![secrets.redirect_uri.authority()];
        if let (Listen::Tunnel(address), Some(loopback)) = (&mut request.listen, &loopback) {
            address.set_port(loopback.port());
            // A tunnel forwards the public name, or replaces it with its own target.
            hosts.extend([address.to_string(), format!("localhost:{}", address.port())]);
        }
        let mut ports = Ports::default();
        if let Some(loopback) = loopback {
            // A provider may post its answer (`form_post`), and our own page posts its address.
            ports.serve(loopback, tls, Bodies::Read)?;
        }
        let issuer = request.provider.issuer();
        Ok(Self {
            request,
            secrets,
            hosts,
            asked,
            authorize_url,
            pushed: None,
            issuer,
            ports,
            launch: None,
            is_taken: None,
        })
    }

    /// Returns the address to start a browser with. It redirects to the authorize URL and reveals nothing by itself.
    ///
    /// Fails with `FlowError::Listen` if it needs a port of its own and cannot bind one.
    pub fn launch_url(&mut self, entropy: &dyn Entropy) -> Result<Url, FlowError> {
        let authority = match &self.request.listen {
            Listen::Here { tls: None } => self.secrets.redirect_uri.authority(),
            Listen::Tunnel(address) => address.to_string(),
            Listen::Here { tls: Some(_) } | Listen::Paste => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let loopback = Loopback::bind(&[address]).map_err(FlowError::Listen)?;
                let authority = SocketAddr::from((Ipv4Addr::LOCALHOST, loopback.port())).to_string();
                self.ports.serve(loopback, None, Bodies::Ignored)?;
                authority
            }
        };
        let (secret, mark) = (State::from_random(random(entropy)?), State::from_random(random(entropy)?));
        let launch = Launch::new(secret, mark, authority, self.authorize_url().clone());
        let url = launch.url();
        self.launch = Some(launch);
        Ok(url)
    }

    /// Ends the wait when another process has taken the answer.
    pub fn unless(&mut self, is_taken: impl Fn() -> bool + 'a) {
        self.is_taken = Some(Box::new(is_taken));
    }

    fn is_taken(&self) -> bool {
        self.is_taken.as_ref().is_some_and(|is_taken| is_taken())
    }

    /// Returns the address for the browser.
    pub fn authorize_url(&self) -> &Url {
        self.pushed.as_ref().map_or(&self.authorize_url, |push| &push.pushed.url)
    }

    pub fn client_id(&self) -> &ClientId {
        &self.request.client_id
    }

    pub fn grant(&self) -> GrantKind {
        self.request.response_type.grant()
    }

    /// Returns `true` if a code challenge is sent.
    pub fn uses_pkce(&self) -> bool {
        self.secrets.code_verifier.is_some()
    }

    /// Returns the redirect URI exactly as it was sent.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.secrets.redirect_uri
    }

    /// Returns the address with the port that was actually bound.
    pub fn listen(&self) -> &Listen {
        &self.request.listen
    }

    /// Returns a sender for pasted lines. It returns `false` when the login no longer waits.
    pub fn paste_sender(&self) -> impl FnMut(Zeroizing<String>) -> bool + Send + 'static {
        let inbox = Arc::clone(&self.ports.inbox);
        move |line| inbox.paste(line)
    }

    fn expected(&self, missing_state: MissingState) -> Expected<'_> {
        let dialect = Dialect::new(self.request.provider);
        Expected {
            redirect_uri: &self.secrets.redirect_uri,
            hosts: &self.hosts,
            state: &self.secrets.state,
            response_type: self.request.response_type,
            issuer: self.issuer.as_deref(),
            state_may_be_missing: missing_state == MissingState::Accept || dialect.state_may_be_missing(),
            pkce: self.secrets.code_verifier.is_some(),
            client_secret: self.request.client_secret.as_ref(),
            dialect,
        }
    }
}

type Bound = (Option<Loopback>, Option<Arc<ServerConfig>>);

fn bind(request: &LoginRequest<'_>) -> Result<Bound, FlowError> {
    let shown = || request.redirect_uri.to_string();
    let (addresses, tls) = match &request.listen {
        Listen::Paste => return Ok((None, None)),
        Listen::Tunnel(address) => (vec![*address], None),
        Listen::Here { tls } => {
            let addresses = request.redirect_uri.loopback();
            (addresses.ok_or_else(|| FlowError::NotLoopback { redirect_uri: shown() })?, tls.clone())
        }
    };
    Ok((Some(Loopback::bind(&addresses).map_err(FlowError::Listen)?), tls))
}

fn send(request: Option<LoopbackRequest>, page: BrowserPage) {
    if let Some(mut request) = request {
        request.answer(page.answer());
    }
}

#[cfg(test)]
mod tests;
