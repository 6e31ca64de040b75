//! The wait for the one right answer.
//!
//! What claims to be an answer and is not proven is reported at once, once per kind, and remembered: if the wait ends
//! without an answer, the error says what came. An answer that is proven and cannot be used ends the wait.

use std::collections::HashSet;
use std::mem::Discriminant;
use std::time::{Duration, Instant};

use url::Url;

use super::inbox::Arrival;
use super::missing_state::MissingState;
use super::word::Word;
use super::{Answered, Login, Seen, Unanswered, send};
use crate::flow::FlowError;
use crate::flow::launch::Launched;
use crate::flow::pages::{self, BrowserPage};
use crate::flow::pasted::judge_pasted;
use crate::flow::recording::Came;
use crate::flow::redirect::{Answer, Claim, Doubt, RedirectVerdict, Stray, Unproven, Unusable, is_address, judge};
use crate::protocol::authorization::ResponseType;
use crate::protocol::time::HumanDuration;
use crate::system::loopback::{LoopbackEvent, LoopbackRequest};

/// How often the remaining time is reported.
const TICK: Duration = Duration::from_secs(1);

/// How long the page may take to hand over its address, if the query has our state and no answer. Its script runs at once.
/// A browser without scripts never does it.
const PAGE_TIME: Duration = Duration::from_secs(5);

/// A report on the wait.
#[derive(Debug)]
pub enum Waiting<'a> {
    /// This much time is left.
    Left(Duration),
    /// Everything that arrives, for the record. `why` says why it is not the answer.
    Came { came: Came<'a>, why: Option<&'static str> },
    /// A request or a pasted line that was not the answer.
    Stray(&'a Stray),
    /// A pasted answer that cannot be used. Another one can be pasted.
    Unusable(&'a Unusable),
    /// The browser came without an answer in the query, and its page looks for one in the fragment.
    Page,
    /// The answer names this issuer, and none is known to compare it with.
    UnknownIssuer(&'a str),
    /// An answer that only the user can confirm. The next pasted line is `yes` or not.
    Confirm(Doubt),
    /// Another user's program asked for the launch address and got nothing.
    Foreign { user: &'a str },
    /// A program that cannot be identified asked for it and got nothing.
    Unidentified,
    /// One program was redirected from it to the provider, and then another one asked and got nothing. It is not known
    /// which of them was the browser.
    Second,
    /// A client spoke TLS to the plain port.
    Tls,
    /// A client spoke plain http to the TLS port.
    PlainHttp,
    /// The pushed request was about to expire, and was pushed again: this is its address now.
    PushedAgain(&'a Url),
    /// It could not be pushed again.
    NotPushed(&'a FlowError),
}

impl Waiting<'_> {
    /// Returns the kind of a report that is made once. `None` if it is made each time.
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Left(_) | Self::Came { .. } | Self::Confirm(_) | Self::Unusable(_) => None,
            Self::UnknownIssuer(_) | Self::PushedAgain(_) => None,
            Self::NotPushed(_) => Some(Kind::NotPushed),
            Self::Stray(Stray::Unproven(unproven)) => Some(Kind::Unproven(unproven.kind())),
            Self::Stray(stray) => Some(Kind::Stray(std::mem::discriminant(*stray))),
            Self::Page => Some(Kind::Page),
            Self::Foreign { .. } => Some(Kind::Foreign),
            Self::Unidentified => Some(Kind::Unidentified),
            Self::Second => Some(Kind::Second),
            Self::Tls => Some(Kind::Tls),
            Self::PlainHttp => Some(Kind::PlainHttp),
        }
    }

    /// Returns what the error at the end of the wait says of it, if it is something that came in place of the answer.
    fn seen(&self) -> Option<Seen> {
        match self {
            Self::Stray(Stray::Unproven(unproven)) => Some(Seen::Unproven(*unproven)),
            Self::Tls => Some(Seen::Tls),
            Self::PlainHttp => Some(Seen::PlainHttp),
            _ => None,
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Kind {
    Unproven(Unproven),
    Stray(Discriminant<Stray>),
    Page,
    Foreign,
    Unidentified,
    Second,
    Tls,
    PlainHttp,
    NotPushed,
}

/// The state of a wait: the reports so far, and a question that the user has not answered yet.
pub(super) struct WaitState<T> {
    missing_state: MissingState,
    tell: T,
    /// An answer that only the user can confirm, and the tab that waits for it.
    doubted: Option<Candidate>,
    told: HashSet<Kind>,
    /// What came in place of the answer, each kind once.
    seen: Vec<Seen>,
    /// True if a page was served that reads its fragment, and has not handed it over.
    page_is_open: bool,
    /// What is wrong with the query of that page, if it has our state, and when the page must have handed over the rest.
    query: Option<(Box<Unusable>, Instant)>,
    /// True once a browser was redirected to the provider.
    pub(super) is_led: bool,
    /// How many seconds were left at the last report.
    left: Option<u64>,
}

/// An answer, and the request that brought it unless it was pasted.
type Candidate = (Answer, Option<LoopbackRequest>);
/// The end of a wait by something that came: an answer, or one that cannot be used.
type Ending = Result<Candidate, Box<Unusable>>;

impl<'a> Login<'a> {
    /// Waits for an answer with the right state, or a confirmed one without it, or the timeout.
    pub fn wait(
        mut self,
        timeout: Duration,
        missing_state: MissingState,
        tell: impl FnMut(Waiting<'_>),
    ) -> Result<Answered<'a>, FlowError> {
        let end = Instant::now() + timeout;
        let mut wait = WaitState::new(missing_state, tell);
        let ending = loop {
            let left = end.saturating_duration_since(Instant::now());
            if let Some(unusable) = wait.late_page(left) {
                break Err(unusable);
            }
            if left.is_zero() {
                return Err(self.unanswered(timeout, wait));
            }
            if wait.count_down(left) && self.is_taken() {
                return Err(FlowError::TakenElsewhere);
            }
            self.report_launch(&mut wait);
            if !wait.is_led && self.push_again(false, &mut wait) {
                (wait.tell)(Waiting::PushedAgain(self.authorize_url()));
            }
            let found = match self.ports.inbox.next(left.min(TICK)) {
                Some(Arrival::Pasted(line)) => self.read(&line, &mut wait),
                Some(Arrival::Loopback(event)) => self.receive(event, &mut wait),
                None => None,
            };
            if let Some(ending) = found {
                break ending;
            }
        };
        if let Some((_, request)) = wait.doubted.take() {
            send(request, BrowserPage::NothingHere);
        }
        self.report_launch(&mut wait);
        match ending {
            Ok((answer, winner)) => {
                if let Some(issuer) = &answer.unknown_issuer {
                    (wait.tell)(Waiting::UnknownIssuer(issuer));
                }
                Ok(Answered::new(self, answer, winner))
            }
            Err(unusable) => Err(FlowError::Unusable(unusable)),
        }
    }

    fn unanswered<T>(&self, timeout: Duration, wait: WaitState<T>) -> FlowError {
        let mut seen = wait.seen;
        if wait.page_is_open {
            seen.push(Seen::Page);
        }
        FlowError::NoAnswer(Box::new(Unanswered {
            waited: HumanDuration(timeout).to_string(),
            client_id: self.request.client_id.as_str().to_owned(),
            redirect_uri: self.secrets.redirect_uri.to_string(),
            seen,
            missing_state_can_be_allowed: self.request.missing_state_can_be_allowed,
        }))
    }

    /// Judges a line: a reply about the doubtful answer, or an answer itself.
    fn read(&self, line: &str, wait: &mut WaitState<impl FnMut(Waiting<'_>)>) -> Option<Ending> {
        match (Word::read(line), wait.doubted.take()) {
            (Some(Word::Yes), Some(candidate)) => Some(Ok(candidate)),
            (Some(Word::No), Some((_, request))) => {
                send(request, BrowserPage::NothingHere);
                None
            }
            // Typed once too often, and not a code.
            (Some(_), None) => None,
            (None, doubted) => {
                wait.doubted = doubted;
                let verdict = judge_pasted(line, &self.expected(wait.missing_state));
                wait.note(Came::Pasted(line), &verdict);
                wait.weigh(verdict, None, self.request.response_type)
            }
        }
    }

    fn receive(&mut self, event: LoopbackEvent, wait: &mut WaitState<impl FnMut(Waiting<'_>)>) -> Option<Ending> {
        match event {
            LoopbackEvent::Request(request) => {
                let request = self.lead(request, wait)?;
                wait.page_is_open &= !is_address(&request);
                let verdict = judge(&request, &self.expected(wait.missing_state));
                wait.note(Came::Request(&request), &verdict);
                return wait.weigh(verdict, Some(request), self.request.response_type);
            }
            LoopbackEvent::TlsHello => wait.tell_once(Waiting::Tls),
            LoopbackEvent::PlainHttp => wait.tell_once(Waiting::PlainHttp),
        }
        None
    }

    /// Redirects the browser from the launch address to the provider. Returns a request for another address.
    fn lead(
        &mut self,
        mut request: LoopbackRequest,
        wait: &mut WaitState<impl FnMut(Waiting<'_>)>,
    ) -> Option<LoopbackRequest> {
        let Some(launch) = &self.launch else { return Some(request) };
        let Some(launched) = launch.judge(&request, || request.sender()) else { return Some(request) };
        if matches!(launched, Launched::Led | Launched::Offered) {
            self.push_for_browser(wait);
        }
        if let Some(launch) = &self.launch {
            launch.answer(&mut request, &launched);
        }
        match &launched {
            Launched::Led | Launched::Offered => {}
            Launched::Foreign { user } => wait.tell_once(Waiting::Foreign { user }),
            Launched::Unidentified => wait.tell_once(Waiting::Unidentified),
            Launched::Second => wait.tell_once(Waiting::Second),
        }
        None
    }

    /// Reports the outcome of offers, which is decided when they are delivered.
    fn report_launch(&self, wait: &mut WaitState<impl FnMut(Waiting<'_>)>) {
        let Some(launch) = &self.launch else { return };
        if launch.has_refused() {
            wait.tell_once(Waiting::Second);
        }
        if launch.has_lost() {
            wait.tell_once(Waiting::Unidentified);
        }
    }
}

impl<T: FnMut(Waiting<'_>)> WaitState<T> {
    fn new(missing_state: MissingState, tell: T) -> Self {
        Self {
            missing_state,
            tell,
            doubted: None,
            told: HashSet::new(),
            seen: Vec::new(),
            page_is_open: false,
            query: None,
            is_led: false,
            left: None,
        }
    }

    /// Notes what arrived, with what was said of it.
    fn note(&mut self, came: Came<'_>, verdict: &RedirectVerdict) {
        if !matches!(verdict, RedirectVerdict::Stray(Stray::Noise)) {
            (self.tell)(Waiting::Came { came, why: verdict.why_not() });
        }
    }

    /// Handles a verdict: the wait ends, or goes on.
    fn weigh(
        &mut self,
        verdict: RedirectVerdict,
        request: Option<LoopbackRequest>,
        asked: ResponseType,
    ) -> Option<Ending> {
        match (verdict, self.missing_state) {
            // A question about a pasted line gives way to the next line.
            (RedirectVerdict::Doubtful(answer, doubt @ Doubt::PlainWord), _) if self.may_ask() => {
                (self.tell)(Waiting::Confirm(doubt));
                self.doubted = Some((answer, request));
            }
            (RedirectVerdict::Doubtful(_, Doubt::PlainWord), _) => self.tell_of_stray(&Stray::NotPasteable, &request),
            (RedirectVerdict::Proven(answer), _) | (RedirectVerdict::Doubtful(answer, _), MissingState::Accept) => {
                return Some(Ok((answer, request)));
            }
            (RedirectVerdict::Unusable(unusable), _) => return self.refuse(unusable, request),
            (RedirectVerdict::Doubtful(answer, doubt), MissingState::Confirm) if self.may_ask() => {
                if request.is_some() {
                    self.remember(Seen::Unproven(stateless(asked)));
                }
                (self.tell)(Waiting::Confirm(doubt));
                self.doubted = Some((answer, request));
            }
            (RedirectVerdict::Doubtful(..), _) => {
                self.pass(&Stray::Unproven(stateless(asked)), request);
            }
            (RedirectVerdict::Fragment(query), _) => {
                // A token always comes in the fragment.
                if asked == ResponseType::Code || query.is_some() {
                    self.tell_once(Waiting::Page);
                }
                self.page_is_open = true;
                if let Some(query) = query {
                    self.query = Some((query, Instant::now() + PAGE_TIME));
                }
                send(request, BrowserPage::Fragment);
            }
            (RedirectVerdict::Stray(stray), _) => self.pass(&stray, request),
        }
        None
    }

    /// Returns `true` if no browser tab waits for the user's word.
    fn may_ask(&self) -> bool {
        !matches!(&self.doubted, Some((_, Some(_))))
    }

    /// Handles an answer that cannot be used. A pasted one may have been copied badly.
    fn refuse(&mut self, unusable: Box<Unusable>, request: Option<LoopbackRequest>) -> Option<Ending> {
        match request {
            Some(mut request) => request.answer(pages::unusable(&unusable)),
            None if unusable.is_final() => {}
            None => {
                (self.tell)(Waiting::Unusable(&unusable));
                return None;
            }
        }
        Some(Err(unusable))
    }

    /// Returns what is wrong with the query of a page that has not handed over its address in time.
    fn late_page(&mut self, left: Duration) -> Option<Box<Unusable>> {
        let is_late = |(_, until): &(Box<Unusable>, Instant)| left.is_zero() || *until <= Instant::now();
        self.query.take_if(|query| is_late(query)).map(|(unusable, _)| unusable)
    }

    /// Reports a stray and answers it.
    fn pass(&mut self, stray: &Stray, request: Option<LoopbackRequest>) {
        self.tell_of_stray(stray, &request);
        send(request, stray.page());
    }

    /// Reports a stray. Every pasted line is reported.
    fn tell_of_stray(&mut self, stray: &Stray, request: &Option<LoopbackRequest>) {
        match request {
            Some(_) => self.tell_once(Waiting::Stray(stray)),
            None => (self.tell)(Waiting::Stray(stray)),
        }
    }

    /// Reports once per kind, so that a page or a program that repeats a request does not flood the terminal.
    pub(super) fn tell_once(&mut self, waiting: Waiting<'_>) {
        if waiting.kind().is_none_or(|kind| self.told.insert(kind)) {
            if let Some(seen) = waiting.seen() {
                self.remember(seen);
            }
            (self.tell)(waiting);
        }
    }

    fn remember(&mut self, seen: Seen) {
        if !self.seen.contains(&seen) {
            self.seen.push(seen);
        }
    }

    /// Counts whole seconds, and wakes at their ends: none is skipped or repeated. Returns `true` once in each.
    fn count_down(&mut self, left: Duration) -> bool {
        let seconds = left.as_millis().div_ceil(1000) as u64;
        if self.left.replace(seconds) == Some(seconds) {
            return false;
        }
        (self.tell)(Waiting::Left(Duration::from_secs(seconds)));
        true
    }
}

/// An answer of the kind that was asked for, without a state.
fn stateless(asked: ResponseType) -> Unproven {
    let claim = if asked == ResponseType::Code { Claim::Code } else { Claim::Token };
    Unproven { claim, other_state: false }
}
