//! Probes of a token's actual permissions: one request per scope, in parallel, and what the answers prove.
//!
//! Only read requests are sent, unless the user also wants the writes that the definition calls harmless. A token that
//! the API rejects is replaced once, if it can be; a rejection after that ends the run, as more requests would only look
//! like an attack.

mod judge;
mod listing;
mod patience;

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;

use super::FlowError;
use super::api::Api;
use super::held_token::HeldToken;
use super::judge::{ApiAnswer, LOOK_INTO, Ruling};
use super::retry::{Sender, ruling};
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::protocol::{json, member, sanitize};
use crate::provider::dialect::ListedScopes;
use crate::provider::probe::{Need, Probe};
use crate::provider::scopes::KnownScope;
use crate::provider::{Dialect, Provider};
use crate::system::clock::Clock;
use crate::system::http::{Brief, HttpClient, HttpError, HttpReply};
pub use judge::Verdict;
use patience::Patience;

/// How many probes run at once. More would run into rate limits.
const THREADS: usize = 4;

/// The inputs of a run of probes.
pub struct Probing<'a> {
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
    pub provider: &'a Provider,
    pub held: &'a HeldToken<'a>,
    /// Also send the writes that the definition calls harmless.
    pub writes: bool,
}

/// The result for one scope after the run.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    pub scope: String,
    pub verdict: Verdict,
    /// The request, such as `GET /api/v1/products?per_page=1`, without the token. `None` if nothing was sent.
    pub request: Option<String>,
    pub status: Option<u16>,
    /// The API's own words, sanitized, or ours. Always set if the verdict is [`Verdict::Unknown`].
    pub reason: Option<String>,
    /// The path is not documented.
    pub guess: bool,
}

/// The results of a run, in the order of the known scopes.
#[derive(Clone, Debug, Default)]
pub struct Proofs {
    pub proofs: Vec<Proof>,
    /// The token's scopes as the API lists them, in a header or a reply of its own.
    pub listed: Option<ListedScopes>,
    /// The reason why the request for that list brought none.
    pub unlisted: Option<String>,
    /// The account, if the definition says which reply names it.
    pub account: Option<String>,
}

/// A request in progress.
pub struct Progress<'a> {
    pub number: usize,
    pub total: usize,
    pub request: &'a str,
}

/// Sends every probe of the provider. Returns `Err` if the token is dead or the API cannot be reached at all.
pub fn run(probing: &Probing<'_>, progress: &(dyn Fn(&Progress<'_>) + Sync)) -> Result<Proofs, FlowError> {
    let scopes = &probing.provider.definition.scope;
    let state = ProbeState { waiting: order(probing), ..ProbeState::default() };
    let lists = usize::from(Dialect::new(probing.provider).scopes_list().is_some());
    let state = ProbeState { begun: lists, ..state };
    let total = state.waiting.len() + lists;
    let patience = Patience::new(probing.clock);
    let run = Run { probing, progress, patience, total, state: Mutex::new(state), changed: Condvar::new() };
    // First, since a dead token ends the run.
    let list = run.list()?;
    thread::scope(|scope| {
        for _ in 1..THREADS.min(total) {
            // With fewer threads it takes longer.
            let _ = thread::Builder::new().spawn_scoped(scope, || run.work());
        }
        run.work();
    });
    let ProbeState { mut done, listed, failure, .. } = run.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let account = scopes.account.as_ref().and_then(|need| value_at(&done, need));
    let mut proofs: Vec<Proof> = scopes
        .known
        .iter()
        .map(|known| done.remove(known.name.as_str()).map_or_else(|| unsent(known), |done| done.proof))
        .collect();
    conclude(&mut proofs, &scopes.known);
    let (list, unlisted) = match list.transpose() {
        Ok(list) => (list, None),
        Err(why) => (None, Some(why)),
    };
    Ok(Proofs { proofs, listed: list.or(listed), unlisted, account })
}

impl Probing<'_> {
    fn sends(&self, probe: &Probe) -> bool {
        probe.method.is_safe() || self.writes
    }
}

/// One run, shared by its threads.
struct Run<'a> {
    probing: &'a Probing<'a>,
    progress: &'a (dyn Fn(&Progress<'_>) + Sync),
    patience: Patience<'a>,
    total: usize,
    state: Mutex<ProbeState<'a>>,
    /// Signals that a probe is done, so that one that needs its reply may begin.
    changed: Condvar,
}

#[derive(Default)]
struct ProbeState<'a> {
    waiting: Vec<(&'a KnownScope, &'a Probe)>,
    begun: usize,
    done: BTreeMap<&'a str, Done>,
    listed: Option<ListedScopes>,
    failure: Option<FlowError>,
}

struct Done {
    proof: Proof,
    /// The reply, if it proved the scope and is JSON.
    reply: Option<Value>,
}

impl<'a> Run<'a> {
    fn state(&self) -> MutexGuard<'_, ProbeState<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one thread: takes probes until none are left, or a failure ends the run.
    fn work(&self) {
        loop {
            let mut state = self.state();
            let (scope, probe, values) = loop {
                if state.failure.is_some() || state.waiting.is_empty() {
                    return;
                }
                let open = |need: &Need| !state.done.contains_key(need.scope.as_str()) && self.is_wanted(&need.scope);
                let ready = |(_, probe): &(&KnownScope, &Probe)| !probe.needs.values().any(open);
                if let Some(at) = state.waiting.iter().position(ready) {
                    let (scope, probe) = state.waiting.remove(at);
                    let values: Result<BTreeMap<_, _>, &'a Need> = probe
                        .needs
                        .iter()
                        .map(|(name, need)| {
                            let value = value_at(&state.done, need).or_else(|| need.otherwise.clone());
                            Ok((name.clone(), value.ok_or(need)?))
                        })
                        .collect();
                    state.begun += 1;
                    break (scope, probe, values);
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            let number = state.begun;
            drop(state);
            let sent = match values {
                Ok(values) => self.send(scope, probe, &values, number),
                Err(need) => {
                    let reason = format!("it needs a value from the probe of {}, which returned none", need.scope);
                    Ok((Done { proof: Proof::without_request(scope, Verdict::Unknown, reason), reply: None }, None))
                }
            };
            let mut state = self.state();
            match sent {
                Ok((done, listed)) => {
                    state.listed = state.listed.take().or(listed);
                    state.done.insert(&scope.name, done);
                }
                // Report the first failure. Later ones follow from it.
                Err(failure) => state.failure = state.failure.take().or(Some(failure)),
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Returns true if a scope's probe is sent in this run.
    fn is_wanted(&self, name: &str) -> bool {
        let scope = self.probing.provider.definition.scope.get(name);
        scope.and_then(|scope| scope.probe.as_ref()).is_some_and(|probe| self.probing.sends(probe))
    }

    fn send(
        &self,
        scope: &KnownScope,
        probe: &Probe,
        values: &BTreeMap<String, String>,
        number: usize,
    ) -> Result<(Done, Option<ListedScopes>), FlowError> {
        let unknown = |request: Option<String>, reason: String| {
            let proof =
                Proof { request, guess: probe.guess, ..Proof::without_request(scope, Verdict::Unknown, reason) };
            Ok((Done { proof, reply: None }, None))
        };
        let Ok(path) = probe.fill(values) else {
            return unknown(None, "the value from another reply cannot be used in its path".to_owned());
        };
        let provider = self.probing.provider;
        let api = Api::new(provider, None)?;
        let request = request(&api, probe, &path)?;
        let shown = shown(&request);
        (self.progress)(&Progress { number, total: self.total, request: &shown });
        let Fetched { status, headers, body, token } = match self.fetch(&api, &request)? {
            Ok(fetched) => fetched,
            Err(why) => return unknown(Some(shown), why),
        };
        let dialect = Dialect::new(provider);
        let listed = dialect.listed_scopes(&headers);
        let (answer, now) = (ApiAnswer::new(status, &headers, &body), self.probing.clock.now());
        let judge::Judgement { verdict, reason } =
            judge::judge(probe, dialect, &answer, &body, &token, now).map_err(|judge::Dead { said }| {
                let (provider, request) = (provider.id().to_owned(), shown.clone());
                FlowError::TokenDead { provider, request, status, said }
            })?;
        let proof = Proof {
            scope: scope.name.clone(),
            verdict,
            request: Some(shown),
            status: Some(status),
            reason,
            guess: probe.guess,
        };
        let reply = if verdict == Verdict::Proven { json::parse(&body).ok() } else { None };
        Ok((Done { proof, reply }, listed))
    }
}

/// A reply, and the token that brought it.
struct Fetched {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    token: AccessToken,
}

impl Run<'_> {
    /// Sends a request, with another token if the API rejects the first one. The inner `Err` says why there is no reply.
    fn fetch(&self, api: &Api<'_>, request: &HttpRequest) -> Result<Result<Fetched, String>, FlowError> {
        // Such a request asks for little, so its reply has a total limit of time.
        let http = Brief(self.probing.http);
        let mut token = self.probing.held.current();
        let sent = self.patience.send(|| api.send(&http, &token, request, None));
        let sent =
            sent.and_then(|reply| self.once_more(reply, &mut token, |token| api.send(&http, token, request, None)));
        let reply = match sent {
            Ok(reply) => reply,
            Err(FlowError::ForeignRedirect { origin }) => {
                return Ok(Err(format!("it redirects to {origin}, where the token must not go")));
            }
            Err(FlowError::TooManyRedirects { .. }) => return Ok(Err("the redirects loop".to_owned())),
            Err(FlowError::ApiRequest(error @ (HttpError::Timeout { .. } | HttpError::Broken { .. }))) => {
                return Ok(Err(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let (status, headers) = (reply.status, reply.headers.clone());
        let body = reply.beginning(LOOK_INTO as u64).map_err(|error| error.to_string());
        Ok(body.map(|body| Fetched { status, headers, body, token }))
    }

    /// Sends the request again with another token, if the API rejects this one and there is another.
    fn once_more(
        &self,
        mut reply: HttpReply,
        token: &mut AccessToken,
        send: impl Fn(&AccessToken) -> Result<HttpReply, FlowError>,
    ) -> Result<HttpReply, FlowError> {
        let provider = self.probing.provider;
        if ruling(&mut reply, provider, self.probing.clock) != Ruling::Rejected
            || Sender::of(&reply, provider) != Sender::Api
        {
            return Ok(reply);
        }
        let Some(another) = self.probing.held.instead_of(token) else { return Ok(reply) };
        *token = another;
        self.patience.send(|| send(token))
    }
}

/// Returns the probes to send. Those whose replies others need come first.
fn order<'a>(probing: &Probing<'a>) -> Vec<(&'a KnownScope, &'a Probe)> {
    let known = &probing.provider.definition.scope.known;
    let probes = || known.iter().filter_map(|scope| Some((scope, scope.probe.as_ref()?)));
    let is_needed = |name: &str| probes().flat_map(|(_, probe)| probe.needs.values()).any(|need| need.scope == name);
    let mut wanted: Vec<_> = probes().filter(|(_, probe)| probing.sends(probe)).collect();
    wanted.sort_by_key(|(scope, _)| !is_needed(&scope.name));
    wanted
}

impl Proof {
    fn without_request(scope: &KnownScope, verdict: Verdict, reason: String) -> Self {
        Self { scope: scope.name.clone(), verdict, request: None, status: None, reason: Some(reason), guess: false }
    }
}

fn request(api: &Api<'_>, probe: &Probe, path: &str) -> Result<HttpRequest, FlowError> {
    let request = api.request(probe.method.to_http(), api.resolve(path)?)?;
    Ok(match &probe.body {
        Some(body) => request.with_body("application/json", body.as_bytes()),
        None => request,
    })
}

/// Formats the request for people. It does not contain the token yet.
fn shown(request: &HttpRequest) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    sanitize::line(&format!("{} {}{query}", request.method, request.url.path()))
}

fn value_at(done: &BTreeMap<&str, Done>, need: &Need) -> Option<String> {
    let reply = done.get(need.scope.as_str())?.reply.as_ref()?;
    member::text_or_number(&need.path, json::at(reply, &need.path)).ok().flatten()
}

/// Returns the result for a scope whose probe was not sent, or that has none.
fn unsent(known: &KnownScope) -> Proof {
    let reason = match &known.probe {
        Some(probe) => format!("only a write can test it ({}): `--probe-writes` sends it", probe.method.to_http()),
        None => "no safe request exists".to_owned(),
    };
    Proof::without_request(known, Verdict::Unknown, reason)
}

/// Derives the result for a scope from the results of others.
fn conclude(proofs: &mut [Proof], known: &[KnownScope]) {
    let proven: Vec<String> =
        proofs.iter().filter(|proof| proof.verdict == Verdict::Proven).map(|proof| proof.scope.clone()).collect();
    for (proof, known_scope) in proofs.iter_mut().zip(known) {
        if known_scope.implied_by_any_success {
            let (verdict, reason) = match proven.is_empty() {
                false => (Verdict::Proven, "implied by any success"),
                true => (Verdict::Unknown, "any success would imply it, and no probe succeeded"),
            };
            *proof = Proof::without_request(known_scope, verdict, reason.to_owned());
        }
        if proof.verdict == Verdict::Unknown {
            let implying =
                known.iter().find(|other| proven.contains(&other.name) && other.implies.contains(&proof.scope));
            if let Some(other) = implying {
                *proof = Proof::without_request(known_scope, Verdict::Proven, format!("implied by {}", other.name));
            }
        }
    }
}

#[cfg(test)]
mod tests;
