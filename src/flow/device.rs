//! The device grant (RFC 8628): get a code, show it, and poll until a person has confirmed it elsewhere.
//!
//! A poll is never sooner than the server asked. The pause begins when a reply has arrived, not when its request was sent:
//! the server measures from the request that reached it, which was earlier. It is measured on the clock that cannot be set,
//! and starts anew after each poll, so a process that was suspended owes no polls and makes up for none.
//!
//! A connection fault, and a server's own, are no reason to give up a login that a person is confirming: the pause is
//! doubled each time (§3.5), and the next reply ends that. Nothing is sent twice in one go. If the reply with the token is
//! lost, its code is spent, and the server says so to the next poll.
//!
//! The end of the code is the server's to say. Our own measure ends the wait only after one more poll, which brings the
//! token of a person who confirmed in the last seconds.

use std::time::Duration;

use zeroize::Zeroizing;

use super::FlowError;
use super::refresh::{Meaning, meaning};
use super::refusal::{Asked, NoCode, Refusal, Sent};
use super::second_exchange;
use super::token_endpoint::{exchange, with_random};
use crate::protocol::device::{DeviceAuthorizationRequest, DeviceAuthorizationResponse, SLOW_DOWN};
use crate::protocol::error_response::ErrorResponse;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::HumanDuration;
use crate::protocol::token::{Grant, TokenRequest};
use crate::provider::dialect::{Poll, TokenReply, TokenReplyError};
use crate::provider::{Dialect, Provider};
use crate::system::clock::Clock;
use crate::system::http::{HttpClient, HttpError, MAX_REPLY};

/// How often the remaining time is reported.
const TICK: Duration = Duration::from_secs(1);

/// The longest pause after faults, unless the server asked for a longer one: a network that is back is soon used.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A report on the wait.
#[derive(Debug)]
pub enum DeviceWait<'a> {
    /// This much time is left.
    Left(Duration),
    /// The server wants fewer polls.
    SlowDown { pause: Duration },
    /// A poll had no answer.
    Fault { error: &'a FlowError, pause: Duration },
}

/// A login whose code is being shown.
pub struct DeviceLogin<'a> {
    http: &'a dyn HttpClient,
    clock: &'a dyn Clock,
    provider: &'a Provider,
    request: DeviceAuthorizationRequest,
    sent: Sent,
    response: DeviceAuthorizationResponse,
    begun: Duration,
    others: Option<Others<'a>>,
}

/// Other processes that wait for the same code.
pub trait OtherProcesses {
    /// Returns `true` if one of them has got the token.
    fn have_it(&self) -> bool;
    /// Returns `true` if it is this process that polls. A server asks each poll of several to come later.
    fn leave_it_to_us(&self) -> bool;
}

type Others<'a> = Box<dyn OtherProcesses + 'a>;

impl<'a> DeviceLogin<'a> {
    /// Requests the codes.
    pub fn begin(
        http: &'a dyn HttpClient,
        clock: &'a dyn Clock,
        provider: &'a Provider,
        request: DeviceAuthorizationRequest,
    ) -> Result<Self, FlowError> {
        // Without a token endpoint the code would be useless. Report this before anybody types it.
        provider.token_endpoint()?;
        let dialect = Dialect::new(provider);
        let message = dialect.encode_device_request(&request)?;
        let reply = http.send(&with_random(provider, &message)?).map_err(FlowError::DeviceRequest)?;
        let (status, headers) = (reply.status, reply.headers.clone());
        let body = Zeroizing::new(reply.read(MAX_REPLY).map_err(FlowError::DeviceRequest)?);
        let secrets: Vec<&str> = request.client_secret.iter().map(ClientSecret::expose).collect();
        let sent = Sent::by_us(Asked::Device, provider, &message, request.client_secret.is_some());
        let response = dialect
            .decode_device_reply(status, &headers, &body, &secrets, clock.now())
            .map_err(|reply| FlowError::DeviceReply(Box::new(NoCode { sent: sent.clone(), reply })))?;
        Ok(Self { http, clock, provider, request, sent, response, begun: clock.monotonic(), others: None })
    }

    /// Goes on with the codes of an earlier process.
    pub fn resume(
        http: &'a dyn HttpClient,
        clock: &'a dyn Clock,
        provider: &'a Provider,
        request: DeviceAuthorizationRequest,
        response: DeviceAuthorizationResponse,
    ) -> Result<Self, FlowError> {
        provider.token_endpoint()?;
        let message = Dialect::new(provider).encode_device_request(&request)?;
        let sent = Sent::by_us(Asked::Device, provider, &message, request.client_secret.is_some());
        Ok(Self { http, clock, provider, request, sent, response, begun: clock.monotonic(), others: None })
    }

    /// Returns the scopes that were asked for.
    pub fn scope(&self) -> &ScopeSet {
        &self.request.scope
    }

    /// Shares the wait with other processes: it ends when one of them has got the token.
    pub fn beside(&mut self, others: impl OtherProcesses + 'a) {
        self.others = Some(Box::new(others));
    }

    pub fn response(&self) -> &DeviceAuthorizationResponse {
        &self.response
    }

    /// Polls until there is a token or a refusal, the code has ended, or `limit` is over.
    pub fn wait(self, limit: Option<Duration>, mut tell: impl FnMut(DeviceWait<'_>)) -> Result<TokenReply, FlowError> {
        let end = self.begun + self.response.expires_in;
        let limit = limit.map(|limit| self.begun + limit);
        let mut pace = Pace::new(self.response.interval);
        loop {
            self.pause(pace.next(), end, limit, &mut tell)?;
            let has_ended = self.clock.monotonic() >= end;
            if self.others.as_ref().is_some_and(|others| !others.leave_it_to_us()) {
                if has_ended {
                    return Err(self.not_confirmed(true));
                }
                continue;
            }
            match self.poll() {
                Ok(Poll::Token(reply)) => return self.exchanged(*reply),
                Ok(Poll::Denied(error)) => return Err(self.declined(error)),
                Ok(Poll::Expired) => return Err(self.not_confirmed(true)),
                // A server may forget a code that has ended.
                Err(error) if has_ended && meaning(&error) == Meaning::Dead => return Err(self.not_confirmed(true)),
                Err(error) => {
                    let Some(wait) = fault(&error).filter(|_| !has_ended) else { return Err(error) };
                    pace.failed(wait);
                    tell(DeviceWait::Fault { error: &error, pause: pace.next() });
                }
                Ok(Poll::Pending | Poll::SlowDown { .. }) if has_ended => return Err(self.not_confirmed(true)),
                Ok(Poll::Pending) => pace.answered(),
                Ok(Poll::SlowDown { wait }) => {
                    pace.slow_down(wait);
                    tell(DeviceWait::SlowDown { pause: pace.next() });
                }
            }
        }
    }

    /// Waits until the next poll is due. An error if the person's own limit comes first.
    fn pause(
        &self,
        pause: Duration,
        end: Duration,
        limit: Option<Duration>,
        tell: &mut impl FnMut(DeviceWait<'_>),
    ) -> Result<(), FlowError> {
        let due = self.clock.monotonic() + pause;
        // The poll after the end is for the last seconds, and not for what a server allows much later.
        let is_in_vain = due > end + LONGEST_PAUSE.max(self.response.interval);
        loop {
            let now = self.clock.monotonic();
            if self.others.as_ref().is_some_and(|others| others.have_it()) {
                return Err(FlowError::TakenElsewhere);
            }
            if is_in_vain && now >= end {
                return Err(self.not_confirmed(true));
            }
            if limit.is_some_and(|limit| now >= limit) {
                return Err(self.not_confirmed(false));
            }
            let left = due.saturating_sub(now);
            if left.is_zero() {
                return Ok(());
            }
            let over = limit.map_or(end, |limit| limit.min(end)).saturating_sub(now);
            tell(DeviceWait::Left(over));
            let until_limit = limit.map_or(left, |limit| limit - now);
            self.clock.pause(left.min(TICK).min(until_limit));
        }
    }

    fn poll(&self) -> Result<Poll, FlowError> {
        let request = TokenRequest {
            client_id: self.request.client_id.clone(),
            client_secret: self.request.client_secret.clone(),
            grant: Grant::DeviceCode(self.response.device_code.clone()),
            state: None,
        };
        let dialect = Dialect::new(self.provider);
        let scope = self.request.scope.join(self.provider.definition.separator());
        let message = dialect.encode_device_poll(&request, &self.response.user_code, &scope)?;
        exchange(self.http, self.provider, &request, &message, Asked::Token, |reply| {
            let now = self.clock.now();
            match dialect.decode_device_poll(reply.status, &reply.headers, reply.body, reply.secrets, now)? {
                Poll::Token(token) => reply.whole(*token).map(|token| Poll::Token(Box::new(token))),
                other => Ok(other),
            }
        })
    }

    fn exchanged(&self, first: TokenReply) -> Result<TokenReply, FlowError> {
        let provider = self.provider.with_captured(&first.captured)?;
        let DeviceAuthorizationRequest { client_id, client_secret, .. } = &self.request;
        second_exchange::follow(self.http, &provider, client_id, client_secret.as_ref(), first, self.clock.now())
    }

    /// Returns the refusal of the person, who was asked with the first request.
    fn declined(&self, error: ErrorResponse) -> FlowError {
        FlowError::Declined(Box::new(Refusal { error, sent: self.sent.clone() }))
    }

    fn not_confirmed(&self, has_ended: bool) -> FlowError {
        let waited = self.clock.monotonic().saturating_sub(self.begun);
        FlowError::NotConfirmed { waited: HumanDuration(Duration::from_secs(waited.as_secs())), has_ended }
    }
}

/// The pause between two polls.
struct Pace {
    /// The server's: what it asked at first, and what each `slow_down` added.
    interval: Duration,
    /// What the faults since the last reply have made of it.
    pause: Duration,
}

impl Pace {
    fn new(interval: Duration) -> Self {
        Self { interval, pause: interval }
    }

    fn next(&self) -> Duration {
        self.pause
    }

    fn answered(&mut self) {
        self.pause = self.interval;
    }

    /// RFC 8628 §3.5: the interval is five seconds longer from now on, or as long as the server says if that is more.
    fn slow_down(&mut self, wait: Option<Duration>) {
        self.interval = (self.interval + SLOW_DOWN).max(wait.unwrap_or_default());
        self.answered();
    }

    /// RFC 8628 §3.5: exponential backoff. A server that names a wait gets at least that.
    fn failed(&mut self, wait: Option<Duration>) {
        let longest = self.interval.max(LONGEST_PAUSE);
        self.pause = (self.pause * 2).min(longest).max(wait.unwrap_or_default());
    }
}

/// Returns the wait that a fault asks for, if the next poll may have an answer.
fn fault(error: &FlowError) -> Option<Option<Duration>> {
    match error {
        FlowError::TokenRequest(
            HttpError::Connect { .. }
            | HttpError::Timeout { .. }
            | HttpError::Overdue { .. }
            | HttpError::Broken { .. },
        ) => Some(None),
        FlowError::TokenReply(no_token) => match &no_token.reply {
            TokenReplyError::ServerFault { wait, .. } | TokenReplyError::TooOften { wait, .. } => {
                Some(wait.map(|wait| wait.0))
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
