//! A server, a clock and a provider that exist in tests only.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;

use super::api::Api;
use super::retry::{Renew, Watch};
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;
use crate::provider::{Provider, ProviderDefinition};
use crate::system::clock::Clock;
use crate::system::http::{HttpClient, HttpError, HttpReply, Reason, Upload};

/// What a server answers.
pub struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Box<dyn Read + Send>,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: HeaderMap::new(), body: Box::new(Cursor::new(body.into())) }
    }

    /// The same with a header, or with none where the name is empty.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if !name.is_empty() {
            self.headers.insert(name, value.parse().unwrap());
        }
        self
    }

    pub fn with_body(self, body: impl Read + Send + 'static) -> Self {
        Self { body: Box::new(body), ..self }
    }

    pub fn reply(self, request: &HttpRequest) -> HttpReply {
        HttpReply::new(self.status, self.headers, self.body, &request.url)
    }
}

/// The connection breaks, and nobody knows whether the request came through.
pub fn broken() -> HttpError {
    HttpError::Broken { origin: String::new(), source: Reason("made up".to_owned()) }
}

/// What comes of a request: no answer is a fault of the network.
pub type Said = Result<Answer, HttpError>;

/// Answers as the test says, and keeps what it was asked.
pub struct Scripted<'a> {
    answer: Box<dyn Fn(&HttpRequest) -> Said + Send + Sync + 'a>,
    requests: Mutex<Vec<HttpRequest>>,
}

impl<'a> Scripted<'a> {
    pub fn new(answer: impl Fn(&HttpRequest) -> Said + Send + Sync + 'a) -> Self {
        Self { answer: Box::new(answer), requests: Mutex::default() }
    }

    /// Gives the answers of a list, each one once.
    pub fn list(answers: impl IntoIterator<Item = Said>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<std::collections::VecDeque<_>>());
        Self::new(move |_| answers.lock().unwrap().pop_front().expect("no further request"))
    }

    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The paths and queries that were asked for.
    pub fn paths(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.url[url::Position::BeforePath..].to_owned()).collect()
    }
}

impl HttpClient for Scripted<'_> {
    fn send(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        Ok((self.answer)(request)?.reply(request))
    }

    fn stream(&self, request: &HttpRequest, _: Option<Upload>) -> Result<HttpReply, HttpError> {
        self.send(request)
    }
}

/// Begins at a time that the test sets, and goes on when somebody waits.
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

    fn pause(&self, time: Duration) {
        *self.waited.lock().unwrap() += time;
    }
}

/// Renews no token and watches nothing.
pub struct Nobody;

impl Renew for Nobody {
    fn renew(&self, _: &AccessToken) -> Option<AccessToken> {
        None
    }
}

impl Watch for Nobody {
    fn sends(&self, _: &Api<'_>, _: &HttpRequest, _: &AccessToken) {}
    fn received(&self, _: &HttpReply, _: &AccessToken) {}
    fn waits(&self, _: u16, _: Duration) {}
}

/// A provider `mine` with these keys beside its endpoints.
pub fn provider(keys: &str) -> Provider {
    const ENDPOINTS: &str = "token.url = 'https://as.example/token'\napi.base = 'https://api.example'\n";
    let definition: ProviderDefinition = toml::from_str(&format!("{ENDPOINTS}{keys}")).unwrap();
    Provider::new(ProviderDefinition { id: "mine".to_owned(), ..definition }, BTreeMap::new(), None).unwrap()
}
