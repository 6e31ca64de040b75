//! The state of a record that is being written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use url::Url;

use super::book::{Book, Came};
use super::purpose::Purpose;
use crate::protocol::flow_record::{
    Body, Event, Exchange, FORMAT, Failure, FlowKind, FlowRecord, Leg, Masker, Masking, Opener, Outcome, Reply, What,
};
use crate::protocol::message::HttpRequest;
use crate::system::clock::Clock;
use crate::system::entropy::{Entropy, random};
use crate::system::http::USER_AGENT;

/// Notes what one command does.
pub struct Recorder {
    flow: FlowKind,
    is_on: bool,
    /// True if a second record without masks is wanted: `--trace` with `--show-secrets`.
    reveals: bool,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: Option<Opened>,
    profile: Option<String>,
    provider: Option<String>,
    has_purpose: bool,
    /// The number of the next event.
    next: u64,
}

struct Opened {
    id: String,
    started: u64,
    begun: Duration,
    /// The masked one, and the other if it is wanted.
    books: Vec<Book>,
}

impl Recorder {
    pub fn new(flow: FlowKind, reveals: bool, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { flow, is_on: true, reveals, clock, entropy, state: Mutex::default() }
    }

    /// Creates one that notes nothing.
    pub fn off(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { is_on: false, ..Self::new(FlowKind::Call, false, clock, entropy) }
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Says whose flow it is.
    pub fn name(&self, profile: &str, provider: &str) {
        let mut state = self.state();
        state.profile = Some(profile.to_owned());
        state.provider = Some(provider.to_owned());
    }

    /// Notes what the flow goes by, once: a call with a refresh before it is about the same provider.
    pub fn purpose(&self, purpose: &Purpose<'_>) {
        if std::mem::replace(&mut self.state().has_purpose, true) {
            return;
        }
        self.note(|masker| What::Settings(Box::new(purpose.settings(masker))));
    }

    pub fn decision(&self, what: &str, because: &str) {
        self.note(|masker| What::Decision { what: masker.text(what), because: masker.text(because) });
    }

    /// Notes where the browser is sent.
    pub fn browser(&self, url: &Url, opener: Opener) {
        self.note(|masker| What::Browser { address: masker.address(url), opener });
    }

    /// Notes what arrived at the redirect URI. `why` says why it is not the answer.
    pub fn arrived(&self, came: &Came<'_>, why: Option<&str>) {
        self.note(|masker| match why {
            None => What::Redirect(Box::new(came.masked(masker))),
            Some(why) => {
                What::Stray { arrival: Box::new(masker.foreign(|masker| came.masked(masker))), why: why.to_owned() }
            }
        });
    }

    /// Returns the record as it stands, or `None` if there is nothing in it.
    pub fn record(&self, outcome: Option<&Outcome>) -> Option<FlowRecord> {
        self.record_of(0, outcome)
    }

    /// Returns the record in which nothing is masked, if it was asked for.
    pub fn revealed(&self, outcome: Option<&Outcome>) -> Option<FlowRecord> {
        self.record_of(1, outcome)
    }

    fn record_of(&self, book: usize, outcome: Option<&Outcome>) -> Option<FlowRecord> {
        let state = self.state();
        let opened = state.opened.as_ref()?;
        let book = opened.books.get(book)?;
        let events = book.events();
        let outcome = outcome.map(|outcome| Outcome {
            exit_code: outcome.exit_code,
            error: outcome.error.iter().map(|text| book.masker.text(text)).collect(),
            hint: outcome.hint.as_ref().map(|hint| book.masker.text(hint)),
        });
        Some(FlowRecord {
            format: FORMAT,
            id: opened.id.clone(),
            started: opened.started,
            tool: USER_AGENT.to_owned(),
            flow: self.flow_of(&events),
            profile: state.profile.clone(),
            provider: state.provider.clone(),
            events,
            omitted: book.omitted,
            outcome,
        })
    }

    /// A command that only gets a token is a refresh, whatever the token is for.
    fn flow_of(&self, events: &[Event]) -> FlowKind {
        let is_api = |what: &What| matches!(what, What::Exchange(exchange) if exchange.leg == Leg::Api);
        match self.flow {
            FlowKind::Call if !events.iter().any(|event| is_api(&event.what)) => FlowKind::Refresh,
            flow => flow,
        }
    }

    fn note(&self, what: impl Fn(&mut Masker) -> What) -> Option<u64> {
        if !self.is_on {
            return None;
        }
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        let now = self.clock.monotonic();
        let opened = self.open(&mut state)?;
        let at = millis(now.saturating_sub(opened.begun));
        for book in &mut opened.books {
            let what = what(&mut book.masker);
            book.add(number, at, what);
        }
        Some(number)
    }

    fn open<'a>(&self, state: &'a mut State) -> Option<&'a mut Opened> {
        if state.opened.is_none() {
            let (key, id): ([u8; 32], [u8; 4]) = (random(&*self.entropy).ok()?, random(&*self.entropy).ok()?);
            let mut books = vec![Book::new(Masker::new(Masking::Hide, key))];
            if self.reveals {
                books.push(Book::new(Masker::new(Masking::Reveal, key)));
            }
            state.opened = Some(Opened {
                id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
                started: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis),
                begun: self.clock.monotonic(),
                books,
            });
        }
        state.opened.as_mut()
    }

    /// Notes a request. Returns its number, by which its reply is noted.
    pub(super) fn sent(&self, request: &HttpRequest, upload: Option<u64>) -> Option<u64> {
        let content_type = request.headers.get("content-type").and_then(|value| value.to_str().ok());
        self.note(|masker| {
            let body = match upload {
                Some(bytes) => Some(Body::Other { bytes: bytes as usize }),
                None => masker.body(content_type, &request.body),
            };
            What::Exchange(Box::new(Exchange {
                leg: request.leg,
                method: request.method.to_string(),
                address: masker.address(&request.url),
                headers: masker.headers(&request.headers),
                body,
                took_ms: 0,
                reply: None,
                failure: None,
            }))
        })
    }

    /// Notes the head of a reply. The body may follow.
    pub(super) fn replied(&self, number: u64, status: u16, headers: &HeaderMap, from: &Url) {
        let location = headers.get("location").and_then(|location| from.join(location.to_str().ok()?).ok());
        self.change(number, |exchange, masker| {
            exchange.reply = Some(Reply {
                status,
                headers: masker.headers(headers),
                location: location.as_ref().map(|location| masker.address(location)),
                body: None,
            });
        });
    }

    pub(super) fn body(&self, number: u64, content_type: Option<&str>, bytes: &[u8]) {
        self.change(number, |exchange, masker| {
            if let Some(reply) = &mut exchange.reply {
                reply.body = masker.reply_body(reply.status, content_type, bytes);
            }
        });
    }

    pub(super) fn failed(&self, number: u64, failure: &Failure) {
        self.change(number, |exchange, masker| {
            let issuer = failure.issuer.as_deref().map(|issuer| masker.text(issuer));
            exchange.failure = Some(Failure { kind: failure.kind, text: masker.text(&failure.text), issuer });
        });
    }

    fn change(&self, number: u64, change: impl Fn(&mut Exchange, &mut Masker)) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let Some(opened) = &mut state.opened else { return };
        let since = millis(now.saturating_sub(opened.begun));
        for book in &mut opened.books {
            book.change(number, since, &change);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
