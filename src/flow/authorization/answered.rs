//! The exchange of the answer for a token, and the page that the browser ends on.

use url::Url;

use super::{Login, LoginRequest, Ports, Secrets};
use crate::flow::client::Client;
use crate::flow::id_token::{self, CheckedIdToken, LoginAsked};
use crate::flow::last_page::LastPage;
use crate::flow::redirect::Answer;
use crate::flow::refusal::{Refusal, Sent};
use crate::flow::{FlowError, asked_value, authorization_code, implicit, second_exchange};
use crate::protocol::authorization::AuthorizationResponse;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::Timestamp;
use crate::provider::dialect::TokenReply;
use crate::provider::{Endpoint, Origin, Provider};
use crate::system::http::HttpClient;
use crate::system::loopback::LoopbackRequest;

/// A login whose answer has arrived. The browser still waits for its page.
pub struct Answered<'a> {
    request: LoginRequest<'a>,
    secrets: Secrets,
    /// The address that the browser was sent to, or would have been if the request had not been pushed.
    authorize_url: Url,
    pub(super) answer: Answer,
    tab: Tab,
}

/// A token, and the provider with the values captured on the way.
pub struct Obtained {
    pub reply: TokenReply,
    pub provider: Provider,
    /// The ID token, if one was asked for and came.
    pub id_token: Option<CheckedIdToken>,
}

impl<'a> Answered<'a> {
    pub(super) fn new(login: Login<'a>, answer: Answer, winner: Option<LoopbackRequest>) -> Self {
        let Login { request, secrets, authorize_url, ports, .. } = login;
        ports.inbox.settle(winner);
        Self { request, secrets, authorize_url, answer, tab: Tab { ports } }
    }

    /// Returns `true` if the provider returned our state.
    pub fn has_state(&self) -> bool {
        self.answer.has_state
    }

    /// Returns an issuer that the answer names, and with which nothing is known to be compared.
    pub fn unknown_issuer(&self) -> Option<&str> {
        self.answer.unknown_issuer.as_deref()
    }

    /// Exchanges the answer for a token, and returns the tab that waits for the result.
    pub fn obtain(self, http: &dyn HttpClient, now: Timestamp) -> (Tab, Result<Obtained, FlowError>) {
        let Self { request, secrets, authorize_url, answer, tab } = self;
        let sent = || Sent::by_browser(request.provider, &authorize_url, request.client_secret.is_some());
        (tab, obtain(&request, secrets, answer, sent, http, now))
    }
}

fn obtain(
    request: &LoginRequest<'_>,
    secrets: Secrets,
    answer: Answer,
    sent: impl FnOnce() -> Sent,
    http: &dyn HttpClient,
    now: Timestamp,
) -> Result<Obtained, FlowError> {
    let mut provider = request.provider.with_captured(&answer.captured)?;
    // Code, verifier and client secret go there: an answer that anybody may have made up must not choose the server.
    if !answer.has_state && token_server(&provider) != token_server(request.provider) {
        provider = request.provider.clone();
    }
    let (nonce, by_browser) = (secrets.nonce.clone(), matches!(answer.response, AuthorizationResponse::Token(_)));
    let reply = match answer.response {
        AuthorizationResponse::Code(code) => {
            let first = authorization_code::exchange(http, &provider, request, secrets, code, now)?;
            provider = provider.with_captured(&first.captured)?;
            second_exchange::follow(http, &provider, &request.client_id, request.client_secret.as_ref(), first, now)?
        }
        AuthorizationResponse::Token(params) => implicit::read(&provider, &params, now)?,
        AuthorizationResponse::Error(error) => {
            // The server may repeat what it was sent, and what it knows about the client.
            let secret = request.client_secret.as_ref().map_or("", ClientSecret::expose);
            let error = error.without(&[secrets.state.as_str(), secret]);
            return Err(FlowError::Declined(Box::new(Refusal { error, sent: sent() })));
        }
    };
    let provider = provider.with_captured(&reply.captured)?;
    let client = Client {
        provider: provider.clone(),
        client_id: request.client_id.clone(),
        client_secret: request.client_secret.clone(),
    };
    let asked = LoginAsked { scope: &request.scope, nonce: nonce.as_ref(), by_browser };
    let id_token = id_token::accept(http, &client, &asked, &reply.response, now)?;
    let provider = asked_value::complete(http, &provider, Some(&request.client_id), &reply.response.access_token);
    Ok(Obtained { reply, provider, id_token })
}

fn token_server(provider: &Provider) -> Option<Origin> {
    provider.endpoints.token.as_ref().map(Endpoint::origin)
}

/// The browser tab that waits for the result. There is none if the answer was pasted.
pub struct Tab {
    ports: Ports,
}

impl Tab {
    /// Shows the page, and repeats it for every repetition of the same redirect. Then closes the port. Returns how many
    /// other redirects arrived meanwhile.
    pub fn show(self, page: impl Into<LastPage>) -> usize {
        self.ports.inbox.show(page)
    }
}
