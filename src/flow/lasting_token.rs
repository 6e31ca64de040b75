//! A token that is kept good for as long as a command runs, and may be renewed many times.
//!
//! One thread renews, for all who hold the token: the [`Renewer`]. A holder that needs another one asks it and is answered when
//! it has one; of many who ask at once, the first one's renewal answers all.
//!
//! When: a minute before the end, or a tenth of a shorter life, but two seconds at least, as ends are told in whole
//! seconds and a file has to be read before it is used; or as long before as its user wants, but not before half of its
//! life is over. Either at once
//! (`eager`, for a file that is read at any time), or when it is next used. A token that the API rejects is renewed
//! too, though not within a minute after it was: then it is not rejected for its age, and every further refresh would
//! only wear out the login.
//!
//! A renewal that fails is tried again after a second, then later and later, up to a minute. Until then the old token
//! stays; it may be good still, and what the API says about it is a clearer word than ours. A login that needs its user
//! is looked at in the same way, so that one that is made meanwhile is found.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::held_token::{Renew, Renewed};
use crate::protocol::secret::AccessToken;
use crate::protocol::time::Timestamp;
use crate::store::stored_token::Expiry;
use crate::system::clock::Clock;
use crate::system::forwarder::Give;

/// How long before its end a token is renewed.
const BEFORE_THE_END: Duration = Duration::from_secs(60);

/// The part of its life at which a short-lived token is renewed.
const LAST_PART: u32 = 10;

/// Ends are told in whole seconds.
const AT_LEAST: Duration = Duration::from_secs(2);

/// A token that was renewed is not renewed again within this time because the API rejects it.
const NOT_FOR_ITS_AGE: Duration = Duration::from_secs(60);

/// The pauses between two attempts that fail.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long the renewer sleeps at most. A clock that was set, or a machine that was suspended, is noticed after it.
const SLEEP: Duration = Duration::from_secs(5);
const SHORTEST_SLEEP: Duration = Duration::from_millis(200);

/// What becomes of a token.
pub trait Keep: Sync {
    /// There is another token. Returns `false` if it could not be put where it belongs, which is tried again.
    fn renewed(&self, token: &AccessToken) -> bool;
    /// It could not be renewed; `end` is its end. Called once for each series of failures.
    fn not_renewed(&self, end: Option<Timestamp>);
}

/// The token, as those see it who use it.
pub struct LastingToken {
    state: Mutex<State>,
    asks: Mutex<Sender<Ask>>,
    clock: Arc<dyn Clock>,
    /// How long the user wants the token to be good for.
    wanted: Duration,
}

struct State {
    token: AccessToken,
    expiry: Expiry,
    /// When to renew it.
    due: Option<Timestamp>,
    /// When it was renewed here, by the clock that cannot be set.
    renewed_at: Option<Duration>,
    /// The failures since, and when to try again.
    failures: u32,
    again_at: Duration,
}

enum Ask {
    Another { than: AccessToken, why: Why, give: Give },
    Stop,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Due,
    Rejected,
}

impl LastingToken {
    /// Returns the token, which is to be good for as long as `wanted` at any time, and what renews it.
    pub fn new(first: Renewed, wanted: Duration, clock: Arc<dyn Clock>) -> (Arc<Self>, Renewer) {
        let (asks, asked) = mpsc::channel();
        let now = clock.now();
        let state = State {
            due: due(first.expiry, wanted, now),
            renewed_at: first.refreshed.then(|| clock.monotonic()),
            token: first.token,
            expiry: first.expiry,
            failures: 0,
            again_at: Duration::ZERO,
        };
        let this = Arc::new(Self { state: Mutex::new(state), asks: Mutex::new(asks), clock, wanted });
        (Arc::clone(&this), Renewer { lasting: this, asked })
    }

    pub fn current(&self) -> AccessToken {
        self.state().token.clone()
    }

    /// Gives the token: at once, or renewed if that is due.
    pub fn token(&self, give: Give) {
        let state = self.state();
        let token = state.token.clone();
        let is_due = state.is_due(self.clock.as_ref());
        drop(state);
        match is_due {
            false => give(Some(token)),
            true => self.ask(Ask::Another { than: token, why: Why::Due, give }),
        }
    }

    /// Gives another token than the one that the API rejected, if there can be one.
    pub fn instead_of(&self, rejected: &AccessToken, give: Give) {
        self.ask(Ask::Another { than: rejected.clone(), why: Why::Rejected, give });
    }

    /// Ends the renewer, when it has done what it is at.
    pub fn stop(&self) {
        self.ask(Ask::Stop);
    }

    fn ask(&self, ask: Ask) {
        // Nobody is asked any more after the end; who waits for an answer then hears that there is none.
        let _ = self.asks.lock().unwrap_or_else(PoisonError::into_inner).send(ask);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_due(&self, clock: &dyn Clock) -> bool {
        self.due.is_some_and(|due| due <= clock.now()) && clock.monotonic() >= self.again_at
    }

    fn may_replace_rejected(&self, clock: &dyn Clock) -> bool {
        let now = clock.monotonic();
        now >= self.again_at && self.renewed_at.is_none_or(|at| now >= at + NOT_FOR_ITS_AGE)
    }
}

/// What renews the token, on the thread that runs it.
pub struct Renewer {
    lasting: Arc<LastingToken>,
    asked: Receiver<Ask>,
}

impl Renewer {
    /// Renews whenever it is asked to and, if `eager`, when it is due, until it is stopped.
    pub fn run(self, eager: bool, renew: &dyn Renew, keep: &dyn Keep) {
        let clock = self.lasting.clock.as_ref();
        let mut is_kept = true;
        loop {
            let asked = match eager {
                false => self.asked.recv().map_err(|_| RecvTimeoutError::Disconnected),
                true => self.asked.recv_timeout(self.sleep(clock)),
            };
            match asked {
                Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Ask::Another { than, why, give }) => {
                    let state = self.lasting.state();
                    let wanted = match why {
                        Why::Due => state.is_due(clock),
                        Why::Rejected => state.may_replace_rejected(clock),
                    };
                    let is_current = state.token == than;
                    drop(state);
                    if is_current && wanted {
                        is_kept &= self.renew(renew, keep);
                    }
                    let token = self.lasting.current();
                    give(Some(token).filter(|token| why == Why::Due || *token != than));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let is_due = self.lasting.state().is_due(clock);
                    if is_due {
                        is_kept = self.renew(renew, keep);
                    }
                }
            }
            if eager && !is_kept {
                is_kept = keep.renewed(&self.lasting.current());
            }
        }
    }

    /// Tries to renew. Returns `false` if the new token could not be put where it belongs.
    fn renew(&self, renew: &dyn Renew, keep: &dyn Keep) -> bool {
        let lasting = &self.lasting;
        let old = lasting.current();
        // This takes its time, in which others use the old one.
        let renewed = renew.renew(&old).filter(|renewed| renewed.token != old);
        let clock = lasting.clock.as_ref();
        let mut state = lasting.state();
        state.renewed_at = Some(clock.monotonic());
        let Some(renewed) = renewed else {
            let pause = FIRST_PAUSE.saturating_mul(1 << state.failures.min(6)).min(LONGEST_PAUSE);
            state.failures += 1;
            state.again_at = clock.monotonic() + pause;
            let (is_first, expiry) = (state.failures == 1, state.expiry);
            drop(state);
            if is_first {
                keep.not_renewed(expiry.at());
            }
            return true;
        };
        state.due = due(renewed.expiry, lasting.wanted, clock.now());
        (state.expiry, state.failures, state.again_at) = (renewed.expiry, 0, Duration::ZERO);
        state.token = renewed.token.clone();
        drop(state);
        keep.renewed(&renewed.token)
    }

    /// Returns how long there is nothing to do.
    fn sleep(&self, clock: &dyn Clock) -> Duration {
        let state = self.lasting.state();
        let until_due = state.due.map_or(SLEEP, |due| clock.now().until(due));
        let until_again = state.again_at.saturating_sub(clock.monotonic());
        until_due.max(until_again).clamp(SHORTEST_SLEEP, SLEEP)
    }
}

/// Returns when a token is to be renewed.
fn due(expiry: Expiry, wanted: Duration, now: Timestamp) -> Option<Timestamp> {
    let end = expiry.at()?;
    let left = now.until(end);
    let before = (left / LAST_PART).clamp(AT_LEAST, BEFORE_THE_END).max(wanted).min(left / 2);
    Some(now.plus(left.saturating_sub(before)))
}

#[cfg(test)]
mod tests;
