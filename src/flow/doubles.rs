//! Test doubles that the flows' unit tests share: a server, a clock, a provider, and a login that waits.

use std::collections::VecDeque;
use std::io::{Cursor, Read};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;

use super::api::Api;
use super::held_token::{Renew, Renewed};
use super::redirect::{self, Expected, RedirectVerdict};
use super::retry::Watch;
use crate::protocol::authorization::{AuthorizationResponse, ResponseType};
use crate::protocol::message::HttpRequest;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::secret::{AccessToken, AuthorizationCode};
use crate::protocol::state::State;
use crate::protocol::time::Timestamp;
use crate::provider::{Dialect, Provider, ProviderDefinition};
use crate::system::clock::Clock;
use crate::system::http::{HttpClient, HttpError, HttpReply, Reason, Upload};

/// A server's answer.
pub struct StubResponse {
    status: u16,
    headers: HeaderMap,
    body: Box<dyn Read + Send>,
}

impl StubResponse {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: HeaderMap::new(), body: Box::new(Cursor::new(body.into())) }
    }

    /// Adds a header, or none if the name is empty.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if !name.is_empty() {
            self.headers.insert(name, value.parse().unwrap());
        }
        self
    }

    /// Adds one of several headers that may have the same name.
    pub fn with_more(mut self, name: &str, value: &str) -> Self {
        self.headers.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        self
    }

    pub fn with_body(self, body: impl Read + Send + 'static) -> Self {
        Self { body: Box::new(body), ..self }
    }

    pub fn reply(self, request: &HttpRequest) -> HttpReply {
        HttpReply::new(self.status, self.headers, self.body, &request.url)
    }
}

/// Returns a broken connection: it is unknown whether the request arrived.
pub fn broken() -> HttpError {
    HttpError::Broken { origin: String::new(), source: Reason("made up".to_owned()) }
}

/// A status, the `Location` of a redirect (or nothing), and a body.
pub type Reply<'a> = (u16, &'a str, &'a str);

/// The result of a request: an error is a network fault.
pub type Said = Result<StubResponse, HttpError>;

/// A server that answers as scripted, and records its requests.
pub struct Scripted<'a> {
    answer: Box<dyn Fn(&HttpRequest) -> Said + Send + Sync + 'a>,
    requests: Mutex<Vec<HttpRequest>>,
}

impl<'a> Scripted<'a> {
    pub fn new(answer: impl Fn(&HttpRequest) -> Said + Send + Sync + 'a) -> Self {
        Self { answer: Box::new(answer), requests: Mutex::default() }
    }

    /// Creates a server that gives each reply of a list once.
    pub fn replies(replies: &[Reply<'_>]) -> Scripted<'static> {
        let answer = |(status, location, body): &Reply<'_>| match *location {
            "" => StubResponse::new(*status, *body),
            location => StubResponse::new(*status, *body).with("location", location),
        };
        Scripted::list(replies.iter().map(|reply| Ok(answer(reply))).collect::<Vec<_>>())
    }

    /// Creates a server that gives each answer of a list once.
    pub fn list(answers: impl IntoIterator<Item = Said>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::new(move |_| answers.lock().unwrap().pop_front().expect("no further request"))
    }

    /// Returns the requests that were sent, each upload as the body of its request.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the paths and queries that were requested.
    pub fn paths(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.url[url::Position::BeforePath..].to_owned()).collect()
    }
}

impl HttpClient for Scripted<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        Ok((self.answer)(request)?.reply(request))
    }

    fn stream(&self, request: &HttpRequest, upload: Option<Upload>) -> Result<HttpReply, HttpError> {
        let mut request = request.clone();
        if let Some(mut upload) = upload {
            upload.body.read_to_end(&mut request.body).unwrap();
        }
        self.send(&request)
    }
}

/// A clock that starts at a time set by the test, and advances on every pause.
#[derive(Default)]
pub struct SetClock {
    pub start: i64,
    waited: Mutex<Duration>,
}

impl SetClock {
    pub fn at(start: i64) -> Self {
        Self { start, ..Self::default() }
    }

    pub fn waited(&self) -> Duration {
        *self.waited.lock().unwrap()
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.start).plus(self.waited())
    }

    fn monotonic(&self) -> Duration {
        self.waited()
    }

    fn pause(&self, time: Duration) {
        *self.waited.lock().unwrap() += time;
    }
}

/// A double that renews no token and ignores all events.
pub struct Nobody;

impl Renew for Nobody {
    fn renew(&self, _: &AccessToken) -> Option<Renewed> {
        None
    }
}

impl Watch for Nobody {
    fn sends(&self, _: &Api<'_>, _: &HttpRequest, _: &AccessToken) {}
    fn received(&self, _: &HttpReply, _: &AccessToken) {}
    fn waits(&self, _: u16, _: Duration) {}
    fn renewed(&self, _: u16) {}
    fn left(&self, _: &str) {}
}

/// Creates a provider `mine` with these keys in addition to its endpoints.
pub fn provider(keys: &str) -> Provider {
    const ENDPOINTS: &str = "token.url = 'https://as.example/token'\napi.base = 'https://api.example'\n";
    provider_of(&format!("{ENDPOINTS}{keys}"), &[])
}

/// Creates a provider `mine` from the text of a definition, with values for its parameters.
pub fn provider_of(definition: &str, params: &[(&str, &str)]) -> Provider {
    let definition: ProviderDefinition = toml::from_str(definition).unwrap();
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Provider::new(ProviderDefinition { id: "mine".to_owned(), ..definition }, params, None).unwrap()
}

/// A login that waits, also for pasted lines.
pub struct Case {
    pub provider: Provider,
    pub redirect_uri: RedirectUri,
    pub hosts: Vec<String>,
    pub state: State,
    pub pkce: bool,
    pub response_type: ResponseType,
}

impl Case {
    pub fn new() -> Self {
        Self {
            provider: provider_of("", &[]),
            redirect_uri: RedirectUri::parse("http://127.0.0.1:8765/callback").unwrap(),
            hosts: vec!["127.0.0.1:8765".into()],
            state: State::from_random([7; 32]),
            pkce: true,
            response_type: ResponseType::Code,
        }
    }

    pub fn implicit() -> Self {
        Self { response_type: ResponseType::Token, pkce: false, ..Self::new() }
    }

    pub fn expected<'a>(&'a self, issuer: Option<&'a str>) -> Expected<'a> {
        Expected {
            redirect_uri: &self.redirect_uri,
            hosts: &self.hosts,
            pkce: self.pkce,
            client_secret: None,
            state_may_be_missing: Dialect::new(&self.provider).state_may_be_missing(),
            state: &self.state,
            response_type: self.response_type,
            issuer,
            dialect: Dialect::new(&self.provider),
        }
    }
}

/// Returns an answer with this code and the state.
pub fn code(code: &str) -> redirect::Answer {
    redirect::Answer { has_state: true, ..redirect::Answer::bare(AuthorizationCode::new(code)) }
}

/// Returns the kind of the proven answer.
pub fn proven(verdict: &RedirectVerdict) -> &'static str {
    match verdict {
        RedirectVerdict::Proven(answer) => match answer.response {
            AuthorizationResponse::Code(_) => "code",
            AuthorizationResponse::Token(_) => "token",
            AuthorizationResponse::Error(_) => "error",
        },
        _ => "nothing",
    }
}
