//! Keeps to the published rate of an API, and honors the wait that it asks for, for all probes together: a rate limit counts the token's requests from every
//! thread.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::flow::FlowError;
use crate::protocol::retry_after::asked_wait;
use crate::provider::quirks::Rate;
use crate::system::clock::Clock;
use crate::system::http::HttpReply;

/// How long a whole run waits on a server's request. A user is waiting, or a CI job.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How many times one request is sent at most.
const ATTEMPTS: usize = 3;

pub struct Patience<'a> {
    clock: &'a dyn Clock,
    rate: Option<&'a Rate>,
    /// When the last requests were sent, as many as the rate allows. Held during a pause, so that no thread overtakes.
    sent: Mutex<VecDeque<Duration>>,
    /// Held during a pause, so that no thread sends meanwhile.
    pauses: Mutex<Pauses>,
}

#[derive(Default)]
struct Pauses {
    count: usize,
    waited: Duration,
}

impl<'a> Patience<'a> {
    pub fn new(clock: &'a dyn Clock, rate: Option<&'a Rate>) -> Self {
        Self { clock, rate, sent: Mutex::default(), pauses: Mutex::default() }
    }

    /// Waits until the published rate allows another request.
    fn keep_to_the_rate(&self) {
        let Some(rate) = self.rate else { return };
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = self.clock.monotonic();
        if sent.len() as u64 >= rate.requests
            && let Some(oldest) = sent.pop_front()
        {
            let pause = (oldest + rate.time()).saturating_sub(now);
            if !pause.is_zero() {
                self.clock.pause(pause);
            }
            now = self.clock.monotonic();
        }
        sent.push_back(now);
    }

    /// Sends a request, and sends it again after the pause that the server asks for, if that is within the limit.
    pub fn send(&self, send: impl Fn() -> Result<HttpReply, FlowError>) -> Result<HttpReply, FlowError> {
        let mut attempt = 1;
        loop {
            let pauses_before = self.pauses.lock().unwrap_or_else(PoisonError::into_inner).count;
            self.keep_to_the_rate();
            let reply = send()?;
            if attempt == ATTEMPTS || !self.waited(&reply, pauses_before) {
                return Ok(reply);
            }
            attempt += 1;
        }
    }

    /// Waits for the pause that the server asked for. Returns true if there was one and it is over now.
    fn waited(&self, reply: &HttpReply, pauses_before: usize) -> bool {
        let Some(pause) = asked_wait(reply.status, &reply.headers, self.clock.now()) else { return false };
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread got the same reply at the same time, and has waited for both.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::doubles::{Scripted, SetClock, StubResponse};
    use crate::protocol::message::HttpRequest;
    use crate::system::http::HttpClient;

    fn server(answers: &[(u16, &str)]) -> Scripted<'static> {
        Scripted::list(
            answers.iter().map(|(status, wait)| Ok(StubResponse::new(*status, "").with("retry-after", wait))),
        )
    }

    fn ask(patience: &Patience<'_>, server: &Scripted<'_>) -> u16 {
        let url = url::Url::parse("https://api.example/x").unwrap();
        let request = HttpRequest::new(http::Method::GET, url);
        let send = || server.send(&request).map_err(FlowError::ApiRequest);
        patience.send(send).unwrap().status
    }

    #[test]
    fn a_run_waits_at_most_a_minute_and_sends_three_times() {
        for (answers, waited) in [
            (&[(200, "")][..], 0),
            (&[(500, "1")], 0),
            (&[(429, "soon")], 0),
            (&[(429, "60"), (200, "")], 60),
            (&[(503, "61")], 0),
            (&[(429, "20"), (503, "40"), (200, "")], 60),
            (&[(429, "20"), (503, "41")], 20),
            (&[(429, "1"), (429, "1"), (429, "1")], 2),
        ] {
            let (clock, server) = (SetClock::at(0), server(answers));
            let status = ask(&Patience::new(&clock, None), &server);
            assert_eq!(server.requests().len(), answers.len(), "{answers:?}");
            assert_eq!((status, clock.waited().as_secs()), (answers[answers.len() - 1].0, waited), "{answers:?}");
        }
        let (clock, server) = (SetClock::at(0), server(&[(429, "40"), (200, ""), (429, "40")]));
        let patience = Patience::new(&clock, None);
        assert_eq!((ask(&patience, &server), ask(&patience, &server)), (200, 429), "the minute is for the whole run");
    }

    #[test]
    fn a_published_rate_is_kept_without_being_told() {
        let answers = [(200, ""); 7];
        let (clock, server) = (SetClock::at(0), server(&answers));
        let rate = Rate { requests: 3, per: "10s".to_owned() };
        let patience = Patience::new(&clock, Some(&rate));
        let waited = answers.map(|_| (ask(&patience, &server), clock.waited().as_secs()).1);
        assert_eq!(waited, [0, 0, 0, 10, 10, 10, 20]);
    }

    /// While one request is in progress, another one is told to wait, waits, and is sent again.
    #[test]
    fn two_threads_that_get_the_same_pause_wait_once() {
        let (clock, theirs) = (SetClock::at(0), server(&[(429, "10"), (200, "")]));
        let patience = Patience::new(&clock, None);
        let ours = Scripted::new(|_| {
            let first = theirs.requests().is_empty();
            let status = if first && ask(&patience, &theirs) == 200 { 429 } else { 200 };
            Ok(StubResponse::new(status, "").with("retry-after", "10"))
        });
        assert_eq!(ask(&patience, &ours), 200);
        assert_eq!((ours.requests().len(), clock.waited().as_secs()), (2, 10));
    }
}
