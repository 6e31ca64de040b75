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

/// How often the one who waits is told how long it still is.
const TICK: Duration = Duration::from_secs(1);

/// What the one who waits may want to know.
#[derive(Debug)]
pub enum Waiting<'a> {
    /// This much time is left.
    Left(Duration),
    /// Something that was not the redirect.
    Stray(&'a Stray),
    /// An answer that only a person can vouch for; the next pasted line says `yes` or not.
    Confirm(Doubt),
    /// Another user's program asked for the launch address and got nothing.
    Foreign { user: &'a str },
    /// A program that nobody can name asked for it and got nothing.
    Unidentified,
    /// One program was led from it to the provider, and then another one asked, which got nothing. Which of them was the
    /// browser is not known.
    Second,
    /// Somebody spoke TLS to the plain port.
    Tls,
    /// Somebody spoke plain http to the TLS port.
    PlainHttp,
}

/// What becomes of an answer without a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingState {
    /// It counts: `--allow-missing-state` was given.
    Accept,
    /// The person at the terminal is asked.
    Confirm,
    /// It does not count.
    Refuse,
}

impl Waiting<'_> {
    /// What is told once, however often it happens; `None` for what is told each time.
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

/// A wait under way: what was said so far, and what is still to be answered by a person.
struct WaitState<T> {
    missing_state: MissingState,
    tell: T,
    /// An answer that only a person can vouch for, and the tab that waits for it.
    doubted: Option<Candidate>,
    told: HashSet<Kind>,
    /// How many seconds were left when it was told last.
    left: Option<u64>,
}

/// An answer, and the request that brought it unless it was pasted.
type Candidate = (Answer, Option<LoopbackRequest>);

impl<'a> Login<'a> {
    /// Waits until the answer has come with the right state, or somebody vouches for one without, or the time is over.
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

    /// A line is a word on the answer in doubt, or an answer itself.
    fn read(&self, line: &str, wait: &mut WaitState<impl FnMut(Waiting<'_>)>) -> Option<Candidate> {
        match (Word::read(line), wait.doubted.take()) {
            (Some(Word::Yes), Some(candidate)) => Some(candidate),
            (Some(Word::No), Some((_, request))) => {
                send(request, BrowserPage::NothingHere);
                None
            }
            // Typed once too often, and no code.
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

    /// Leads the browser from the launch address to the provider; hands back what was for another address.
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

    /// What became of offers, which is decided when they are delivered.
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
    /// What a verdict means here: the answer is there, or the wait goes on.
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

    /// A person hears of each line that they paste.
    fn tell_of_stray(&mut self, stray: &Stray, request: &Option<LoopbackRequest>) {
        match request {
            Some(_) => self.tell_once(Waiting::Stray(stray)),
            None => (self.tell)(Waiting::Stray(stray)),
        }
    }

    /// Once for each kind: what a page or a program does a million times must not fill the terminal.
    fn tell_once(&mut self, waiting: Waiting<'_>) {
        if waiting.kind().is_none_or(|kind| self.told.insert(kind)) {
            (self.tell)(waiting);
        }
    }

    /// Whole seconds, and awake at their ends: a countdown that skips none, and tells of none twice.
    fn count_down(&mut self, left: Duration) {
        let seconds = left.as_millis().div_ceil(1000) as u64;
        if self.left.replace(seconds) != Some(seconds) {
            (self.tell)(Waiting::Left(Duration::from_secs(seconds)));
        }
    }
}

/// What a person says to a question.
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
