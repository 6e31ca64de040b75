//! The wait for the one right answer.

use std::collections::HashSet;
use std::mem::Discriminant;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::{Answered, Arrival, Login, send};
use crate::flow::FlowError;
use crate::flow::launch::Launched;
use crate::flow::pages::Page;
use crate::flow::pasted::judge_pasted;
use crate::flow::redirect::{Answer, Doubt, Stray, Verdict, judge};
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
    Foreign { uid: u32 },
    /// Somebody spoke TLS to the plain port.
    Tls,
    /// Somebody spoke plain http to the TLS port.
    PlainHttp,
}

/// Who vouches for an answer without a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voucher {
    /// `--allow-missing-state` did, beforehand.
    Given,
    /// Somebody sits at the terminal.
    Terminal,
    Nobody,
}

/// A wait under way: what was said so far, and what is still to be answered by a person.
struct Vigil<T> {
    voucher: Voucher,
    tell: T,
    /// An answer that only a person can vouch for, and the tab that waits for it.
    doubted: Option<Candidate>,
    strays: HashSet<Discriminant<Stray>>,
    told_of_scheme: bool,
}

/// An answer, and the request that brought it unless it was pasted.
type Candidate = (Answer, Option<LoopbackRequest>);

impl<'a> Login<'a> {
    /// Waits until the answer has come with the right state, or somebody vouches for one without, or the time is over.
    pub fn wait(
        mut self,
        timeout: Duration,
        voucher: Voucher,
        tell: impl FnMut(Waiting<'_>),
    ) -> Result<Answered<'a>, FlowError> {
        let end = Instant::now() + timeout;
        let mut vigil = Vigil { voucher, tell, doubted: None, strays: HashSet::new(), told_of_scheme: false };
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(FlowError::NoAnswer {
                    redirect_uri: self.secrets.redirect_uri.to_string(),
                    waited: HumanDuration(timeout).to_string(),
                });
            }
            // Whole seconds, and awake at their ends: a countdown that skips none.
            (vigil.tell)(Waiting::Left(Duration::from_secs(left.as_millis().div_ceil(1000) as u64)));
            let found = match self.arrivals.recv_timeout(left.min(TICK)) {
                Ok(Arrival::Pasted(line)) => self.read(&line, &mut vigil),
                Ok(Arrival::Loopback(event)) => self.receive(event, &mut vigil)?,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
            };
            if let Some((answer, winner)) = found {
                return Ok(Answered::new(self, answer, winner));
            }
        }
    }

    /// A line is a word on the answer in doubt, or an answer itself.
    fn read(&self, line: &str, vigil: &mut Vigil<impl FnMut(Waiting<'_>)>) -> Option<Candidate> {
        match (Word::read(line), vigil.doubted.take()) {
            (Some(Word::Yes), Some(candidate)) => Some(candidate),
            (Some(Word::No), Some((_, request))) => {
                send(request, Page::NothingHere);
                None
            }
            // Typed once too often, and no code.
            (Some(_), None) => None,
            (None, doubted) => {
                vigil.doubted = doubted;
                vigil.weigh(judge_pasted(line, &self.expected()), None)
            }
        }
    }

    fn receive(
        &mut self,
        event: LoopbackEvent,
        vigil: &mut Vigil<impl FnMut(Waiting<'_>)>,
    ) -> Result<Option<Candidate>, FlowError> {
        match event {
            LoopbackEvent::Request(request) => {
                let Some(request) = self.lead(request, &mut vigil.tell)? else { return Ok(None) };
                return Ok(vigil.weigh(judge(&request, &self.expected()), Some(request)));
            }
            LoopbackEvent::TlsHello => vigil.tell_of_scheme(Waiting::Tls),
            LoopbackEvent::PlainHttp => vigil.tell_of_scheme(Waiting::PlainHttp),
        }
        Ok(None)
    }

    /// Leads the browser from the launch address to the provider; hands back what was for another address.
    fn lead(
        &mut self,
        request: LoopbackRequest,
        tell: &mut impl FnMut(Waiting<'_>),
    ) -> Result<Option<LoopbackRequest>, FlowError> {
        let Some(launch) = &mut self.launch else { return Ok(Some(request)) };
        let Some(launched) = launch.judge(&request, || request.sender()) else { return Ok(Some(request)) };
        request.answer(launch.answer(&launched));
        match launched {
            Launched::Now | Launched::Again => {}
            Launched::Foreign { uid } => tell(Waiting::Foreign { uid }),
            Launched::Shared => return Err(FlowError::LaunchShared),
        }
        Ok(None)
    }
}

impl<T: FnMut(Waiting<'_>)> Vigil<T> {
    /// What a verdict means here: the answer is there, or the wait goes on.
    fn weigh(&mut self, verdict: Verdict, request: Option<LoopbackRequest>) -> Option<Candidate> {
        match (verdict, self.voucher) {
            (Verdict::Proven(answer), _) | (Verdict::Doubtful(answer, _), Voucher::Given) => {
                return Some((answer, request));
            }
            (Verdict::Doubtful(answer, doubt), Voucher::Terminal) if self.doubted.is_none() => {
                (self.tell)(Waiting::Confirm(doubt));
                self.doubted = Some((answer, request));
            }
            (Verdict::Doubtful(..), _) => {
                (self.tell)(Waiting::Stray(&Stray::Unproven { claims_error: false }));
                send(request, Page::NothingHere);
            }
            (Verdict::Fragment, _) => send(request, Page::Fragment),
            (Verdict::Stray(stray), _) => {
                // Once for each kind: a page that asks a million times must not fill the terminal, nor a pipe that
                // nobody reads, which would stop us.
                if self.strays.insert(std::mem::discriminant(&stray)) || request.is_none() {
                    (self.tell)(Waiting::Stray(&stray));
                }
                send(request, stray.page());
            }
        }
        None
    }

    /// Told once, as a browser tries again at once.
    fn tell_of_scheme(&mut self, what: Waiting<'_>) {
        if !std::mem::replace(&mut self.told_of_scheme, true) {
            (self.tell)(what);
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
