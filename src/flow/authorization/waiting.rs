//! The wait for the one right answer.

use std::collections::HashSet;
use std::mem::Discriminant;
use std::time::{Duration, Instant};

use super::inbox::Arrival;
use super::{Answered, Login, send};
use crate::flow::FlowError;
use crate::flow::launch::Launched;
use crate::flow::pages::BrowserPage;
use crate::flow::pasted::judge_pasted;
use crate::flow::redirect::{Answer, Doubt, RedirectVerdict, Stray, judge};
use crate::protocol::time::HumanDuration;
use crate::system::loopback::{LoopbackEvent, LoopbackRequest};

/// How often the remaining time is reported.
const TICK: Duration = Duration::from_secs(1);

/// A report on the wait.
#[derive(Debug)]
pub enum Waiting<'a> {
    /// This much time is left.
    Left(Duration),
    /// A request or a pasted line that was not the answer.
    Stray(&'a Stray),
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
}

/// The treatment of an answer without a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingState {
    /// It is accepted: `--allow-missing-state` was given.
    Accept,
    /// The user is asked at the terminal.
    Confirm,
    /// It is refused.
    Refuse,
}

impl Waiting<'_> {
    /// Returns the kind of a report that is made only once, or `None` if it is made each time.
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Left(_) | Self::Confirm(_) => None,
            Self::Stray(stray) => {
                let claims_error = matches!(stray, Stray::Unproven { claims_error: true });
                Some(Kind::Stray(std::mem::discriminant(*stray), claims_error))
            }
            Self::Foreign { .. } => Some(Kind::Foreign),
            Self::Unidentified => Some(Kind::Unidentified),
            Self::Second => Some(Kind::Second),
            Self::Tls => Some(Kind::Tls),
            Self::PlainHttp => Some(Kind::PlainHttp),
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Kind {
    Stray(Discriminant<Stray>, bool),
    Foreign,
    Unidentified,
    Second,
    Tls,
    PlainHttp,
}

/// The state of a wait: the reports so far, and the question that the user has not answered yet.
struct WaitState<T> {
    missing_state: MissingState,
    tell: T,
    /// An answer that only the user can confirm, and the tab that waits for it.
    doubted: Option<Candidate>,
    told: HashSet<Kind>,
    /// How many seconds were left at the last report.
    left: Option<u64>,
}

/// An answer, and the request that brought it unless it was pasted.
type Candidate = (Answer, Option<LoopbackRequest>);

impl<'a> Login<'a> {
    /// Waits for an answer with the right state, or a confirmed one without it, or the timeout.
    pub fn wait(
        self,
        timeout: Duration,
        missing_state: MissingState,
        tell: impl FnMut(Waiting<'_>),
    ) -> Result<Answered<'a>, FlowError> {
        let end = Instant::now() + timeout;
        let mut wait = WaitState { missing_state, tell, doubted: None, told: HashSet::new(), left: None };
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(FlowError::NoAnswer {
                    redirect_uri: self.secrets.redirect_uri.to_string(),
                    waited: HumanDuration(timeout).to_string(),
                });
            }
            wait.count_down(left);
            self.report_launch(&mut wait);
            let found = match self.ports.inbox.next(left.min(TICK)) {
                Some(Arrival::Pasted(line)) => self.read(&line, &mut wait),
                Some(Arrival::Loopback(event)) => self.receive(event, &mut wait),
                None => None,
            };
            if let Some((answer, winner)) = found {
                if let Some((_, request)) = wait.doubted.take() {
                    send(request, BrowserPage::NothingHere);
                }
                self.report_launch(&mut wait);
                return Ok(Answered::new(self, answer, winner));
            }
        }
    }

    /// Judges a line: a reply about the doubtful answer, or an answer itself.
    fn read(&self, line: &str, wait: &mut WaitState<impl FnMut(Waiting<'_>)>) -> Option<Candidate> {
        match (Word::read(line), wait.doubted.take()) {
            (Some(Word::Yes), Some(candidate)) => Some(candidate),
            (Some(Word::No), Some((_, request))) => {
                send(request, BrowserPage::NothingHere);
                None
            }
            // Typed once too often, and not a code.
            (Some(_), None) => None,
            (None, doubted) => {
                wait.doubted = doubted;
                wait.weigh(judge_pasted(line, &self.expected()), None)
            }
        }
    }

    fn receive(&self, event: LoopbackEvent, wait: &mut WaitState<impl FnMut(Waiting<'_>)>) -> Option<Candidate> {
        match event {
            LoopbackEvent::Request(request) => {
                let request = self.lead(request, wait)?;
                return wait.weigh(judge(&request, &self.expected()), Some(request));
            }
            LoopbackEvent::TlsHello => wait.tell_once(Waiting::Tls),
            LoopbackEvent::PlainHttp => wait.tell_once(Waiting::PlainHttp),
        }
        None
    }

    /// Redirects the browser from the launch address to the provider. Returns a request for another address.
    fn lead(
        &self,
        mut request: LoopbackRequest,
        wait: &mut WaitState<impl FnMut(Waiting<'_>)>,
    ) -> Option<LoopbackRequest> {
        let Some(launch) = &self.launch else { return Some(request) };
        let Some(launched) = launch.judge(&request, || request.sender()) else { return Some(request) };
        launch.answer(&mut request, &launched);
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
    /// Handles a verdict: the answer has arrived, or the wait goes on.
    fn weigh(&mut self, verdict: RedirectVerdict, request: Option<LoopbackRequest>) -> Option<Candidate> {
        match (verdict, self.missing_state) {
            (RedirectVerdict::Proven(answer), _) | (RedirectVerdict::Doubtful(answer, _), MissingState::Accept) => {
                return Some((answer, request));
            }
            (RedirectVerdict::Doubtful(answer, doubt), MissingState::Confirm) if self.doubted.is_none() => {
                (self.tell)(Waiting::Confirm(doubt));
                self.doubted = Some((answer, request));
            }
            (RedirectVerdict::Doubtful(..), _) => {
                self.tell_of_stray(&Stray::Unproven { claims_error: false }, &request);
                send(request, BrowserPage::NothingHere);
            }
            (RedirectVerdict::Fragment, _) => send(request, BrowserPage::Fragment),
            (RedirectVerdict::Stray(stray), _) => {
                self.tell_of_stray(&stray, &request);
                send(request, stray.page());
            }
        }
        None
    }

    /// Reports a stray. Every pasted line is reported.
    fn tell_of_stray(&mut self, stray: &Stray, request: &Option<LoopbackRequest>) {
        match request {
            Some(_) => self.tell_once(Waiting::Stray(stray)),
            None => (self.tell)(Waiting::Stray(stray)),
        }
    }

    /// Reports once per kind, so that a page or a program that repeats a request does not flood the terminal.
    fn tell_once(&mut self, waiting: Waiting<'_>) {
        if waiting.kind().is_none_or(|kind| self.told.insert(kind)) {
            (self.tell)(waiting);
        }
    }

    /// Counts whole seconds and wakes at their ends, so that the countdown neither skips nor repeats one.
    fn count_down(&mut self, left: Duration) {
        let seconds = left.as_millis().div_ceil(1000) as u64;
        if self.left.replace(seconds) != Some(seconds) {
            (self.tell)(Waiting::Left(Duration::from_secs(seconds)));
        }
    }
}

/// The user's reply to a question.
enum Word {
    Yes,
    No,
}

impl Word {
    fn read(line: &str) -> Option<Self> {
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Some(Self::Yes),
            "n" | "no" => Some(Self::No),
            _ => None,
        }
    }
}
