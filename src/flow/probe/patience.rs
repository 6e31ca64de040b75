//! Leaves a server alone when it asks for that (`Retry-After`, RFC 9110 §10.2.3), and all probes with it: the limit
//! counts the token's requests, whichever thread they come from.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::flow::FlowError;
use crate::flow::retry::asked_wait;
use crate::system::clock::Clock;
use crate::system::http::HttpReply;

/// How long a whole run waits for a server's sake. Somebody sits in front of it, or a CI job runs.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How often one request is sent at most.
const ATTEMPTS: usize = 3;

pub struct Patience<'a> {
    clock: &'a dyn Clock,
    /// Held while somebody waits, so that nobody sends meanwhile.
    pauses: Mutex<Pauses>,
}

#[derive(Default)]
struct Pauses {
    count: usize,
    waited: Duration,
}

impl<'a> Patience<'a> {
    pub fn new(clock: &'a dyn Clock) -> Self {
        Self { clock, pauses: Mutex::default() }
    }

    /// Sends, and once more after the pause that the server asks for, if that is one to wait for.
    pub fn send(&self, send: impl Fn() -> Result<HttpReply, FlowError>) -> Result<HttpReply, FlowError> {
        let mut attempt = 1;
        loop {
            let pauses_before = self.pauses.lock().unwrap_or_else(PoisonError::into_inner).count;
            let reply = send()?;
            if attempt == ATTEMPTS || !self.waited(&reply, pauses_before) {
                return Ok(reply);
            }
            attempt += 1;
        }
    }

    /// Whether the server asked for a pause, and it is over now.
    fn waited(&self, reply: &HttpReply, pauses_before: usize) -> bool {
        let Some(pause) = asked_wait(reply, self.clock) else { return false };
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread was told the same at the same time, and has waited for both.
        if pauses.count > pauses_before {
            return true;
        }
        let total = pauses.waited.saturating_add(pause);
        if total > MAX_WAIT {
            return false;
        }
        self.clock.pause(pause);
        *pauses = Pauses { count: pauses.count + 1, waited: total };
        true
    }
}
