//! The authorization code grant of a native app (RFC 6749 §4.1, RFC 8252): bind the port, send the browser off, wait
//! for the one right redirect, exchange the code, and only then tell the browser what happened.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use url::Url;

use super::FlowError;
use super::pages::Page;
use super::redirect::{Expected, Stray, Verdict, judge};
use super::token_endpoint::request_token;
use crate::protocol::authorization::{AuthorizationRequest, AuthorizationResponse, ResponseType};
use crate::protocol::client::ClientId;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::{AuthorizationCode, ClientSecret};
use crate::protocol::state::State;
use crate::protocol::time::HumanDuration;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::TokenReply;
use crate::provider::quirks::Pkce;
use crate::provider::{Dialect, Provider};
use crate::system::entropy::{Entropy, random};
use crate::system::http::HttpClient;
use crate::system::loopback::{Loopback, LoopbackEvent, LoopbackRequest, Serving};

/// How often the one who waits is told how long it still is.
const TICK: Duration = Duration::from_secs(1);

/// Who asks, and for what.
pub struct LoginRequest<'a> {
    pub provider: &'a Provider,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    pub scope: ScopeSet,
    /// With port 0 for any free one.
    pub redirect_uri: RedirectUri,
}

/// One login under way. Its endpoints, state and verifier are its own and are used once (RFC 9700 §4.4.2).
pub struct Login<'a> {
    request: LoginRequest<'a>,
    redirect_uri: RedirectUri,
    state: State,
    code_verifier: Option<CodeVerifier>,
    authorize_url: Url,
    events: Receiver<LoopbackEvent>,
    serving: Serving,
}

/// What the one who waits may want to know.
#[derive(Debug)]
pub enum Waiting<'a> {
    /// This much time is left.
    Left(Duration),
    /// Something that was not the redirect.
    Stray(&'a Stray),
    /// Somebody spoke TLS to the port.
    Tls,
}

impl<'a> Login<'a> {
    /// Binds the port and keeps it, makes the secrets of this login, and builds the URL. Nothing is opened yet.
    pub fn begin(request: LoginRequest<'a>, entropy: &dyn Entropy) -> Result<Self, FlowError> {
        let shown = || request.redirect_uri.to_string();
        if request.redirect_uri.is_tls() {
            return Err(FlowError::NoTls { redirect_uri: shown() });
        }
        let addresses =
            request.redirect_uri.loopback().ok_or_else(|| FlowError::NotLoopback { redirect_uri: shown() })?;
        let loopback = Loopback::bind(&addresses).map_err(FlowError::Listen)?;
        let redirect_uri = match request.redirect_uri.port() {
            0 => request.redirect_uri.with_port(loopback.port()),
            _ => request.redirect_uri.clone(),
        };
        let state = State::from_random(random(entropy)?);
        let code_verifier = match request.provider.definition.pkce() {
            Pkce::S256 => Some(CodeVerifier::from_random(random(entropy)?)),
            Pkce::Off => None,
        };
        let authorize_url = Dialect::new(request.provider).authorization_url(&AuthorizationRequest {
            response_type: ResponseType::Code,
            client_id: request.client_id.clone(),
            redirect_uri: redirect_uri.clone(),
            scope: request.scope.clone(),
            state: state.as_str().to_owned(),
            code_challenge: code_verifier.as_ref().map(CodeVerifier::challenge),
        })?;
        // A request can be refused at the token endpoint for a definition that lacks it; say so before the browser opens.
        request.provider.token_endpoint()?;
        let (sender, events) = channel();
        let serving = loopback.serve(move |event| drop(sender.send(event))).map_err(FlowError::Listen)?;
        Ok(Self { request, redirect_uri, state, code_verifier, authorize_url, events, serving })
    }

    pub fn authorize_url(&self) -> &Url {
        &self.authorize_url
    }

    /// To the letter, as it was sent.
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// Waits until the redirect has come with the right state, or the time is over.
    pub fn wait(self, timeout: Duration, mut tell: impl FnMut(Waiting<'_>)) -> Result<Answered<'a>, FlowError> {
        let end = Instant::now() + timeout;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(FlowError::NoAnswer {
                    redirect_uri: self.redirect_uri.to_string(),
                    waited: HumanDuration(timeout).to_string(),
                });
            }
            // Whole seconds, and awake at their ends: a countdown that skips none.
            tell(Waiting::Left(Duration::from_secs(left.as_millis().div_ceil(1000) as u64)));
            let request = match self.events.recv_timeout(left.min(TICK)) {
                Ok(LoopbackEvent::Request(request)) => request,
                Ok(LoopbackEvent::TlsHello) => {
                    tell(Waiting::Tls);
                    continue;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => continue,
            };
            let verdict = judge(&request, &self.expected());
            match verdict {
                Verdict::Proven(response) => {
                    let tab = Tab { winner: request, events: self.events, _serving: self.serving };
                    return Ok(Answered {
                        request: self.request,
                        redirect_uri: self.redirect_uri,
                        state: self.state,
                        code_verifier: self.code_verifier,
                        response,
                        tab,
                    });
                }
                Verdict::Stray(stray) => {
                    tell(Waiting::Stray(&stray));
                    request.answer(stray.page().answer());
                }
            }
        }
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            redirect_uri: &self.redirect_uri,
            state: &self.state,
            response_type: ResponseType::Code,
            issuer: self.request.provider.definition.authorize.issuer.as_deref(),
            dialect: Dialect::new(self.request.provider),
        }
    }
}

/// The redirect has come; the browser still waits for its page.
pub struct Answered<'a> {
    request: LoginRequest<'a>,
    redirect_uri: RedirectUri,
    state: State,
    code_verifier: Option<CodeVerifier>,
    response: AuthorizationResponse,
    tab: Tab,
}

impl Answered<'_> {
    /// Exchanges the code, once (RFC 6749 §4.1.3), and hands back the tab that wants to know.
    pub fn exchange(self, http: &dyn HttpClient) -> (Tab, Result<TokenReply, FlowError>) {
        let code = match self.response {
            AuthorizationResponse::Code(code) => code,
            AuthorizationResponse::Error(error) => return (self.tab, Err(FlowError::Declined(error))),
            AuthorizationResponse::Token(_) => unreachable!("the response is parsed as the answer to `code`"),
        };
        let request = token_request(&self.request, code, &self.redirect_uri, self.code_verifier, &self.state);
        (self.tab, request_token(http, self.request.provider, &request))
    }
}

fn token_request(
    login: &LoginRequest<'_>,
    code: AuthorizationCode,
    redirect_uri: &RedirectUri,
    code_verifier: Option<CodeVerifier>,
    state: &State,
) -> TokenRequest {
    TokenRequest {
        client_id: login.client_id.clone(),
        client_secret: login.client_secret.clone(),
        grant: Grant::AuthorizationCode { code, redirect_uri: redirect_uri.as_str().to_owned(), code_verifier },
        state: Some(state.as_str().to_owned()),
    }
}

/// The browser's tab that waits for the end of the story.
pub struct Tab {
    winner: LoopbackRequest,
    events: Receiver<LoopbackEvent>,
    _serving: Serving,
}

impl Tab {
    /// Shows the page, and shows it again to every repetition of the same redirect; then the port is closed.
    pub fn show(self, page: Page) {
        let target = self.winner.target.clone();
        self.winner.answer(page.answer());
        while let Ok(event) = self.events.try_recv() {
            if let LoopbackEvent::Request(request) = event {
                let same = request.method == "GET" && request.target == target;
                let page = if same { page } else { Page::NothingHere };
                request.answer(page.answer());
            }
        }
    }
}
