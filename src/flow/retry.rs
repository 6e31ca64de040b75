//! Retries of an API request: once with a new token, and after a wait that the API asked for.
//!
//! A 401 means that the request was not applied (RFC 9110 §15.5.2), so it is retried once with any method. A 429 or 503
//! with `Retry-After` does not mean that, so only safe methods (RFC 9110 §9.2.1) are retried then.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::FlowError;
use super::api::Api;
use crate::protocol::bearer::Challenge;
use crate::protocol::message::HttpRequest;
use crate::protocol::retry_after::RetryAfter;
use crate::protocol::secret::AccessToken;
use crate::store::stored_token::Expiry;
use crate::system::clock::{Clock, Deadline};
use crate::system::http::{HttpClient, HttpReply, Upload};

/// How long before its expiry a server whose clock is ahead may refuse a token.
const SHORTLY: Duration = Duration::from_secs(5 * 60);

/// How many retries a server gets that keeps asking for a wait of 0 s.
const MAX_REPEATS: usize = 10;

/// The length of the parts of a wait. Between them, pages that are no longer needed stop waiting.
const SLICE: Duration = Duration::from_millis(200);

/// A way to renew a token that the API refused.
pub trait Renew: Sync {
    /// Returns a new token, or `None` if there is no way to get one.
    fn renew(&self, refused: &AccessToken) -> Option<AccessToken>;
}

/// An observer of requests, replies and waits.
pub trait Watch: Sync {
    /// Called before a request is sent. `request` does not contain the token yet.
    fn sends(&self, api: &Api<'_>, request: &HttpRequest, token: &AccessToken);
    /// Called after a reply. `token` was sent, and the reply may repeat it.
    fn received(&self, reply: &HttpReply, token: &AccessToken);
    fn waits(&self, status: u16, wait: Duration);
}

/// The ports and rules of one caller. Its requests share one token.
pub struct Caller<'a> {
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
    pub renew: &'a dyn Renew,
    pub watch: &'a dyn Watch,
    pub api: Api<'a>,
    /// The limit for all waits of one request together.
    pub max_wait: Duration,
    /// When all of it must be over, waits included.
    pub until: Option<Deadline>,
    expiry: Expiry,
    held: Mutex<Held>,
    throttled: AtomicUsize,
    stopped: AtomicBool,
}

struct Held {
    token: AccessToken,
    renewed: bool,
}

impl<'a> Caller<'a> {
    pub fn new(
        api: Api<'a>,
        (token, expiry): (AccessToken, Expiry),
        (http, clock): (&'a dyn HttpClient, &'a dyn Clock),
        (renew, watch): (&'a dyn Renew, &'a dyn Watch),
        max_wait: Duration,
    ) -> Self {
        let held = Mutex::new(Held { token, renewed: false });
        let (throttled, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { http, clock, renew, watch, api, max_wait, until: None, expiry, held, throttled, stopped }
    }

    /// Returns the current token.
    pub fn token(&self) -> AccessToken {
        self.held().token.clone()
    }

    /// Returns how often the API has rate-limited us.
    pub fn throttled(&self) -> usize {
        self.throttled.load(Ordering::Relaxed)
    }

    /// Stops the waits on other threads: their replies are no longer needed.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Sends a request, and retries it according to the rules above. The reply may have any status.
    pub fn call(&self, request: &HttpRequest, mut upload: Option<Upload>) -> Result<HttpReply, FlowError> {
        let one_way = upload.is_some();
        let (mut token, mut patience, mut tried_again) = (self.token(), self.max_wait, false);
        for _ in 0..MAX_REPEATS {
            self.watch.sends(&self.api, request, &token);
            let reply = self.api.send(self.http, &token, request, upload.take())?;
            self.watch.received(&reply, &token);
            if one_way {
                return Ok(reply);
            }
            if self.refuses_token(&reply) && !tried_again {
                tried_again = true;
                match self.another(&token) {
                    Some(new) => token = new,
                    None => return Ok(reply),
                }
                continue;
            }
            if reply.status == 429 {
                self.throttled.fetch_add(1, Ordering::Relaxed);
            }
            let left = self.until.map_or(patience, |until| patience.min(until.left()));
            let wait = self.wait_of(&reply).filter(|wait| request.method.is_safe() && *wait <= left);
            let Some(wait) = wait.filter(|_| !self.stopped.load(Ordering::Relaxed)) else { return Ok(reply) };
            self.watch.waits(reply.status, wait);
            patience -= wait;
            self.pause(wait);
        }
        let reply = self.api.send(self.http, &token, request, None)?;
        self.watch.received(&reply, &token);
        Ok(reply)
    }

    /// Returns true for `invalid_token` (RFC 6750 §3.1), or for a 401 without a reason if the token is about to
    /// expire.
    fn refuses_token(&self, reply: &HttpReply) -> bool {
        if reply.status != 401 {
            return false;
        }
        match Challenge::in_headers(&reply.headers).as_ref().and_then(|challenge| challenge.param("error")) {
            Some(error) => error == "invalid_token",
            None => matches!(self.expiry, Expiry::At(end) if self.clock.now().plus(SHORTLY) >= end),
        }
    }

    /// Returns the token that replaces the refused one. The first thread renews it, once in this caller's life, and the
    /// others get the same result.
    fn another(&self, refused: &AccessToken) -> Option<AccessToken> {
        let mut held = self.held();
        if held.token != *refused {
            return Some(held.token.clone());
        }
        if std::mem::replace(&mut held.renewed, true) {
            return None;
        }
        held.token = self.renew.renew(refused)?;
        Some(held.token.clone())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_of(&self, reply: &HttpReply) -> Option<Duration> {
        asked_wait(reply, self.clock)
    }

    fn pause(&self, wait: Duration) {
        let mut left = wait;
        while !left.is_zero() && !self.stopped.load(Ordering::Relaxed) {
            let slice = left.min(SLICE);
            self.clock.pause(slice);
            left -= slice;
        }
    }
}

/// Returns how long a busy API asks to wait.
pub fn asked_wait(reply: &HttpReply, clock: &dyn Clock) -> Option<Duration> {
    let asked = matches!(reply.status, 429 | 503).then(|| RetryAfter::in_headers(&reply.headers)).flatten()?;
    Some(asked.wait(clock.now()))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::flow::doubles::{Nobody, Scripted, SetClock, StubResponse, provider};
    use crate::protocol::time::Timestamp;
    use crate::provider::Provider;

    struct Once;

    impl Renew for Once {
        fn renew(&self, refused: &AccessToken) -> Option<AccessToken> {
            assert_eq!(refused.expose(), "old", "only the refused token is renewed");
            Some(AccessToken::new("new"))
        }
    }

    const INVALID: (u16, &str, &str) = (401, "www-authenticate", "Bearer error=\"invalid_token\"");

    /// Returns the final status, the tokens that were sent, and the seconds that were waited.
    fn call(
        method: Method,
        expiry: Expiry,
        renew: &dyn Renew,
        replies: &[(u16, &'static str, &'static str)],
    ) -> (u16, Vec<String>, u64) {
        let (http, clock) = (script(replies), SetClock::at(1000));
        let provider = provider("");
        let caller = caller(&provider, expiry, renew, &http, &clock);
        let status = caller.call(&request(&caller, method), None).unwrap().status;
        assert_eq!(http.requests().len(), replies.len(), "a request is missing");
        let busy = replies.iter().filter(|reply| reply.0 == 429).count();
        assert_eq!(caller.throttled(), busy.min(MAX_REPEATS), "the number of rate limits");
        (status, tokens(&http), clock.waited().as_secs())
    }

    fn script(replies: &[(u16, &'static str, &'static str)]) -> Scripted<'static> {
        Scripted::list(replies.iter().map(|(status, name, value)| Ok(StubResponse::new(*status, "").with(name, value))))
    }

    fn caller<'a>(
        provider: &'a Provider,
        expiry: Expiry,
        renew: &'a dyn Renew,
        http: &'a Scripted<'_>,
        clock: &'a SetClock,
    ) -> Caller<'a> {
        let api = Api::new(provider, None).unwrap();
        let token = AccessToken::new("old");
        Caller::new(api, (token, expiry), (http, clock), (renew, &Nobody), Duration::from_secs(60))
    }

    fn request(caller: &Caller<'_>, method: Method) -> HttpRequest {
        caller.api.request(method, caller.api.resolve("/x").unwrap()).unwrap()
    }

    /// Returns the tokens that were sent.
    fn tokens(http: &Scripted<'_>) -> Vec<String> {
        let token = |request: &HttpRequest| request.headers["authorization"].to_str().unwrap().replace("Bearer ", "");
        http.requests().iter().map(token).collect()
    }

    #[test]
    fn a_refused_token_is_renewed_once_and_never_twice() {
        let once = call(Method::POST, Expiry::Unknown, &Once, &[INVALID, (200, "", "")]);
        assert_eq!(once, (200, vec!["old".into(), "new".into()], 0));
        let twice = call(Method::GET, Expiry::Unknown, &Once, &[INVALID, INVALID]);
        assert_eq!(twice, (401, vec!["old".into(), "new".into()], 0));
        assert_eq!(call(Method::GET, Expiry::Unknown, &Nobody, &[INVALID]).0, 401);
    }

    #[test]
    fn a_bare_401_renews_the_token_only_near_its_expiry() {
        let silent = [(401, "", ""), (200, "", "")];
        assert_eq!(call(Method::GET, Expiry::At(Timestamp(1299)), &Once, &silent).0, 200);
        for expiry in [Expiry::At(Timestamp(1301)), Expiry::Never, Expiry::Unknown] {
            assert_eq!(call(Method::GET, expiry, &Once, &silent[..1]).0, 401);
        }
        let other = (401, "www-authenticate", "Bearer error=\"invalid_request\"");
        assert_eq!(call(Method::GET, Expiry::At(Timestamp(1000)), &Once, &[other]).0, 401);
    }

    #[test]
    fn a_requested_wait_is_honored_within_the_limit() {
        let busy = (429, "retry-after", "40");
        assert_eq!(call(Method::GET, Expiry::Never, &Nobody, &[busy, (200, "", "")]), (200, vec!["old".into(); 2], 40));
        // The second wait would exceed a minute.
        assert_eq!(call(Method::GET, Expiry::Never, &Nobody, &[busy, busy]).2, 40);
        let date = (503, "retry-after", "Thu, 01 Jan 1970 00:17:00 GMT");
        assert_eq!(call(Method::HEAD, Expiry::Never, &Nobody, &[date, (204, "", "")]).2, 20);
    }

    #[test]
    fn a_request_is_retried_only_if_the_api_asks_for_it() {
        for reply in
            [(429, "", ""), (429, "retry-after", "61"), (503, "retry-after", "soon"), (500, "retry-after", "1")]
        {
            assert_eq!(call(Method::GET, Expiry::Never, &Nobody, &[reply]), (reply.0, vec!["old".into()], 0));
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(call(method, Expiry::Never, &Nobody, &[(429, "retry-after", "0")]).0, 429);
        }
    }

    #[test]
    fn endless_requests_for_a_zero_wait_are_given_up_on() {
        let (status, tokens, _) = call(Method::GET, Expiry::Never, &Nobody, &[(429, "retry-after", "0"); 11]);
        assert_eq!((status, tokens.len()), (429, MAX_REPEATS + 1));
    }

    #[test]
    fn a_reply_that_is_no_longer_wanted_is_not_waited_for() {
        let (http, clock, provider) = (script(&[(429, "retry-after", "40")]), SetClock::at(1000), provider(""));
        let caller = caller(&provider, Expiry::Never, &Nobody, &http, &clock);
        caller.stop();
        assert_eq!(caller.call(&request(&caller, Method::GET), None).unwrap().status, 429);
        assert!(clock.waited().is_zero());
    }

    #[test]
    fn a_token_is_renewed_once_in_a_callers_life() {
        let (http, clock, provider) = (script(&[INVALID, (200, "", ""), INVALID]), SetClock::at(1000), provider(""));
        let caller = caller(&provider, Expiry::Unknown, &Once, &http, &clock);
        let request = request(&caller, Method::GET);
        let statuses = [(); 2].map(|()| caller.call(&request, None).unwrap().status);
        assert_eq!((statuses, tokens(&http)), ([200, 401], vec!["old".into(), "new".into(), "new".into()]));
    }
}
