//! Retries of an API request: once with another token, and after a wait that the API asked for.
//!
//! An API that rejects the token has not applied the request (RFC 9110 §15.5.2), so it is retried once with any method.
//! A 429 or 503 that names a wait does not mean that, so only safe methods (RFC 9110 §9.2.1) are retried then. A body
//! that was streamed is gone, and nothing is retried with it.
//!
//! A token is replaced only if the provider's own API rejects it. What another origin says, to which a person has led the
//! request, is no reason to spend a refresh token. A server to which the API has redirected has not seen the token, so
//! nothing at all is done because of its reply.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use super::FlowError;
use super::api::Api;
use super::held_token::HeldToken;
use super::judge::{ApiAnswer, LOOK_INTO, Ruling};
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::provider::{Dialect, Provider};
use crate::system::clock::{Clock, Deadline};
use crate::system::http::{HttpClient, HttpReply, Upload};

/// How many retries a server gets that keeps asking for a wait of 0 s.
const MAX_REPEATS: usize = 10;

/// The length of the parts of a wait. Between them, pages that are no longer needed stop waiting.
const SLICE: Duration = Duration::from_millis(200);

/// An observer of requests, replies and waits.
pub trait Watch: Sync {
    /// Called before a request is sent. `request` does not contain the token yet.
    fn sends(&self, api: &Api<'_>, request: &HttpRequest, token: &AccessToken);
    /// Called after a reply. `token` was sent, and the reply may repeat it.
    fn received(&self, reply: &HttpReply, token: &AccessToken);
    fn waits(&self, status: u16, wait: Duration);
    /// Called before a request is sent again with another token.
    fn renewed(&self, status: u16);
    /// Called when a reply has come from a server to which the API has redirected, once for each.
    fn left(&self, origin: &str);
}

/// The ports and rules of one caller. Its requests share one token.
pub struct Caller<'a> {
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
    pub watch: &'a dyn Watch,
    pub api: Api<'a>,
    pub held: HeldToken<'a>,
    /// The limit for all waits of one request together.
    pub max_wait: Duration,
    /// When all of it must be over, waits included.
    pub until: Option<Deadline>,
    throttled: AtomicUsize,
    stopped: AtomicBool,
    /// The servers to which the API has redirected.
    visited: Mutex<BTreeSet<String>>,
}

impl<'a> Caller<'a> {
    pub fn new(
        api: Api<'a>,
        held: HeldToken<'a>,
        (http, clock): (&'a dyn HttpClient, &'a dyn Clock),
        watch: &'a dyn Watch,
        max_wait: Duration,
    ) -> Self {
        let (throttled, stopped, visited) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::default());
        Self { http, clock, watch, api, held, max_wait, until: None, throttled, stopped, visited }
    }

    /// Returns the current token.
    pub fn token(&self) -> AccessToken {
        self.held.current()
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
            let mut reply = self.send(request, &token, upload.take())?;
            if reply.is_download() {
                return Ok(reply);
            }
            match ruling(&mut reply, self.api.provider, self.clock) {
                Ruling::Rejected if !tried_again && Sender::of(&reply, self.api.provider) == Sender::Api => {
                    tried_again = true;
                    // A refresh that is under way is not broken off, so it is not begun when the time is over.
                    if self.until.is_some_and(|until| until.left().is_zero()) {
                        return Ok(reply);
                    }
                    let Some(new) = self.held.instead_of(&token) else { return Ok(reply) };
                    if one_way {
                        return Ok(reply);
                    }
                    self.watch.renewed(reply.status);
                    token = new;
                }
                Ruling::Busy { wait } => {
                    self.throttled.fetch_add(usize::from(reply.status != 503), Ordering::Relaxed);
                    let left = self.until.map_or(patience, |until| patience.min(until.left()));
                    let wait = wait.filter(|wait| request.method.is_safe() && !one_way && *wait <= left);
                    let Some(wait) = wait.filter(|_| !self.stopped.load(Ordering::Relaxed)) else { return Ok(reply) };
                    self.watch.waits(reply.status, wait);
                    patience -= wait;
                    self.pause(wait);
                }
                _ => return Ok(reply),
            }
        }
        self.send(request, &token, None)
    }

    fn send(&self, request: &HttpRequest, token: &AccessToken, upload: Option<Upload>) -> Result<HttpReply, FlowError> {
        self.watch.sends(&self.api, request, token);
        let reply = self.api.send(self.http, token, request, upload)?;
        if reply.is_download() {
            let mut visited = self.visited.lock().unwrap_or_else(PoisonError::into_inner);
            if visited.insert(reply.origin().to_owned()) {
                self.watch.left(reply.origin());
            }
        }
        self.watch.received(&reply, token);
        Ok(reply)
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

/// Judges a reply by its head and, if the body may count, by its beginning.
pub fn ruling(reply: &mut HttpReply, provider: &Provider, clock: &dyn Clock) -> Ruling {
    let dialect = Dialect::new(provider);
    let counts = matches!(reply.status, 400 | 401 | 403) || dialect.may_refuse_with(reply.status);
    let body = if counts { reply.peek(LOOK_INTO as u64) } else { Vec::new() };
    ApiAnswer::new(reply.status, &reply.headers, &body).judge(dialect, false, clock.now())
}

/// The sender of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The provider's own API, by the definition.
    Api,
    /// Another server that has seen the token, because a person has allowed it.
    Allowed,
    /// A server to which the API has redirected, and which has not seen the token.
    Download { origin: String },
}

impl Sender {
    pub fn of(reply: &HttpReply, provider: &Provider) -> Self {
        if reply.is_download() {
            return Self::Download { origin: reply.origin().to_owned() };
        }
        let sender = Url::parse(reply.origin()).ok();
        match sender.is_some_and(|sender| provider.endpoints.api_origins.iter().any(|origin| origin.holds(&sender))) {
            true => Self::Api,
            false => Self::Allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::flow::api::Redirects;
    use crate::flow::doubles::{Nobody, Scripted, SetClock, StubResponse, provider};
    use crate::flow::held_token::{Renew, Renewed};
    use crate::provider::Provider;
    use crate::store::stored_token::Expiry;

    struct Once;

    impl Renew for Once {
        fn renew(&self, rejected: &AccessToken) -> Option<Renewed> {
            assert_eq!(rejected.expose(), "old", "only the rejected token is renewed");
            Some(Renewed { token: AccessToken::new("new"), expiry: Expiry::Unknown, refreshed: true })
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
        let token = Renewed { token: AccessToken::new("old"), expiry, refreshed: false };
        Caller::new(api, HeldToken::new(token, clock, renew), (http, clock), &Nobody, Duration::from_secs(60))
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
    fn a_401_renews_the_token_unless_it_means_something_else() {
        for challenge in ["", "Bearer", "Bearer error=\"invalid_request\"", "Basic realm=\"x\"", "nonsense, \"="] {
            let replies = [(401, "www-authenticate", challenge), (200, "", "")];
            assert_eq!(call(Method::DELETE, Expiry::Never, &Once, &replies).0, 200, "{challenge}");
        }
        for code in ["insufficient_scope", "use_dpop_nonce", "insufficient_user_authentication"] {
            let challenge: &'static str = format!("Bearer error=\"{code}\"").leak();
            assert_eq!(call(Method::GET, Expiry::Unknown, &Once, &[(401, "www-authenticate", challenge)]).0, 401);
        }
    }

    /// Answers each request with its body, and returns the last status and the tokens that were sent.
    fn call_at(keys: &str, url: &str, upload: bool, replies: &[(u16, &'static str)]) -> (u16, Vec<String>) {
        let http = Scripted::list(replies.iter().map(|(status, body)| Ok(StubResponse::new(*status, *body))));
        let (clock, provider) = (SetClock::at(1000), provider(keys));
        let mut caller = caller(&provider, Expiry::Unknown, &Once, &http, &clock);
        caller.api = caller.api.allow(&crate::provider::Origin::parse("https://elsewhere.example").unwrap());
        let request = caller.api.request(Method::POST, caller.api.resolve(url).unwrap()).unwrap();
        let upload = upload.then(|| Upload { body: Box::new("{}".as_bytes()), length: None });
        let status = caller.call(&request, upload).unwrap().status;
        (status, tokens(&http))
    }

    #[test]
    fn a_definition_says_what_a_dead_token_and_a_denial_look_like() {
        let keys = "api.invalid_token = [{ status = [403], path = 'detail', prefix = 'Auth' }, { path = 'code', equals = '190' }]
                    api.denied = [{ status = [401], path = 'error', pattern = 'scope$' }]";
        let twice = vec!["old".to_owned(), "new".to_owned()];
        assert_eq!(call_at(keys, "/x", false, &[(403, r#"{"detail":"Auth"}"#), (201, "")]), (201, twice.clone()));
        assert_eq!(call_at(keys, "/x", false, &[(200, r#"{"code":190}"#), (200, "")]), (200, twice));
        for reply in [(403, r#"{"detail":"no"}"#), (401, r#"{"error":"no such scope"}"#), (200, r#"{"code":191}"#)] {
            assert_eq!(call_at(keys, "/x", false, &[reply]), (reply.0, vec!["old".to_owned()]), "{reply:?}");
        }
    }

    #[test]
    fn another_origin_and_a_streamed_body_are_not_asked_twice() {
        let once = |url, upload| call_at("", url, upload, &[(401, "")]);
        assert_eq!(once("https://elsewhere.example/x", false), (401, vec!["old".to_owned()]));
        assert_eq!(once("/x", true), (401, vec!["old".to_owned()]));
    }

    #[test]
    fn a_server_that_has_not_seen_the_token_changes_nothing() {
        let redirect = (302, "location", "https://files.example/x");
        for reply in [INVALID, (401, "", ""), (429, "retry-after", "0"), (503, "retry-after", "1")] {
            let (http, clock, provider) = (script(&[redirect, reply]), SetClock::at(1000), provider(""));
            let mut caller = caller(&provider, Expiry::Unknown, &Once, &http, &clock);
            caller.api = caller.api.with_redirects(Redirects::Anywhere);
            let answer = caller.call(&request(&caller, Method::GET), None).unwrap();
            let sender = Sender::Download { origin: "https://files.example".to_owned() };
            assert_eq!((answer.status, Sender::of(&answer, &provider)), (reply.0, sender));
            assert_eq!((http.requests().len(), caller.token().expose(), caller.throttled()), (2, "old", 0));
        }
    }

    #[test]
    fn a_body_that_was_looked_into_is_still_whole() {
        let (http, clock, provider) = (Scripted::replies(&[(403, "", "no such thing")]), SetClock::at(0), provider(""));
        let caller = caller(&provider, Expiry::Never, &Nobody, &http, &clock);
        let reply = caller.call(&request(&caller, Method::GET), None).unwrap();
        assert_eq!(reply.read(100).unwrap(), b"no such thing");
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
