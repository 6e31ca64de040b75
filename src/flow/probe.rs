//! Probes of a token's actual permissions: the fewest requests that decide the most scopes, in parallel, and what the
//! answers prove.
//!
//! What the API lists is decided by the list, so it is asked for first. What is left is asked in the order of how much an
//! answer decides: one request that serves several scopes is sent once, and a scope that another implies is not asked for
//! before that one is.
//!
//! Only read requests are sent, unless the user also wants the writes that the definition calls harmless. A token that
//! the API rejects is replaced once, if it can be; a rejection after that ends the run, as more requests would only look
//! like an attack.

mod findings;
mod judge;
mod listing;
mod patience;
mod plan;
mod proof;

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use http::HeaderMap;
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
use crate::provider::{Dialect, Provider};
use crate::system::clock::Clock;
use crate::system::http::{Brief, HttpClient, HttpError, HttpReply};
use findings::{Done, Findings, TestResult};
pub use judge::Verdict;
use patience::Patience;
use plan::{Job, Plan};
pub use proof::Proof;

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

/// Asks for the list of scopes, and then sends the fewest probes that decide the rest. Returns `Err` if the token is dead or
/// the API cannot be reached at all.
pub fn run(probing: &Probing<'_>, progress: &(dyn Fn(&Progress<'_>) + Sync)) -> Result<Proofs, FlowError> {
    let (scopes, dialect) = (&probing.provider.definition.scope, Dialect::new(probing.provider));
    let plan = Plan::new(scopes, |probe| probing.sends(probe));
    let lists = usize::from(dialect.scopes_list().is_some());
    let always = probing.provider.definition.always_granted();
    let findings = Findings::new(scopes, always);
    let waiting = (0..plan.jobs.len()).collect();
    let state = ProbeState { waiting, begun: lists, findings, open: vec![], replies: BTreeMap::new(), failure: None };
    let total = plan.jobs.len() + lists;
    let patience = Patience::new(probing.clock, dialect.rate());
    let run =
        Run { probing, plan: &plan, progress, patience, total, state: Mutex::new(state), changed: Condvar::new() };
    // First, since a dead token ends the run, and a list leaves little to ask.
    let unlisted = match run.list()? {
        Some(Ok(listed)) => {
            run.state().findings.take_list(listed);
            None
        }
        Some(Err(why)) => Some(why),
        None => None,
    };
    thread::scope(|scope| {
        for _ in 1..THREADS.min(total) {
            // With fewer threads it takes longer.
            let _ = thread::Builder::new().spawn_scoped(scope, || run.work());
        }
        run.work();
    });
    let ProbeState { findings, replies, failure, .. } = run.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let account = scopes.account.as_ref().and_then(|need| value_at(&plan, &replies, need));
    let (proofs, listed) = findings.conclude();
    Ok(Proofs { proofs, listed, unlisted, account })
}

impl Probing<'_> {
    fn sends(&self, probe: &Probe) -> bool {
        probe.is_safe() || self.writes
    }
}

/// One run, shared by its threads.
struct Run<'a> {
    probing: &'a Probing<'a>,
    plan: &'a Plan<'a>,
    progress: &'a (dyn Fn(&Progress<'_>) + Sync),
    patience: Patience<'a>,
    total: usize,
    state: Mutex<ProbeState<'a>>,
    /// Signals that a request is done, so that one that needs its reply may begin.
    changed: Condvar,
}

struct ProbeState<'a> {
    /// The jobs that have not begun, in the order of the plan.
    waiting: Vec<usize>,
    /// The jobs that are under way.
    open: Vec<usize>,
    begun: usize,
    findings: Findings<'a>,
    /// The replies to the jobs that are done, if they are JSON and a success.
    replies: BTreeMap<usize, Option<Value>>,
    failure: Option<FlowError>,
}

impl<'a> Run<'a> {
    fn state(&self) -> MutexGuard<'_, ProbeState<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one thread: takes jobs until none are left, or a failure ends the run.
    fn work(&self) {
        loop {
            let mut state = self.state();
            let (number, values) = loop {
                let ProbeState { waiting, open, findings, failure, .. } = &mut *state;
                self.plan.drop_needless(waiting, findings);
                if failure.is_some() || waiting.is_empty() {
                    return;
                }
                if let Some(at) = self.plan.next(waiting, open, findings) {
                    let number = waiting.remove(at);
                    open.push(number);
                    state.begun += 1;
                    break (number, self.values(number, &state.replies));
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            let begun = state.begun;
            drop(state);
            let job = &self.plan.jobs[number];
            let sent = match values {
                Ok(values) => self.send(job, &values, begun),
                Err(need) => {
                    let from = match (&need.scope, &need.request) {
                        (Some(scope), _) => format!("the probe of {scope}"),
                        (None, path) => format!("GET {}", path.as_deref().unwrap_or_default()),
                    };
                    Ok(job.unsent(&format!("it needs a value from {from}, which returned none")))
                }
            };
            let mut state = self.state();
            state.open.retain(|open| *open != number);
            match sent {
                Ok(done) => {
                    state.replies.insert(number, done.reply);
                    state.findings.take(done.results, done.listed);
                }
                // Report the first failure. Later ones follow from it.
                Err(failure) => state.failure = state.failure.take().or(Some(failure)),
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Returns the values for a job's path, or the need for which there is none.
    fn values(
        &self,
        number: usize,
        replies: &BTreeMap<usize, Option<Value>>,
    ) -> Result<BTreeMap<String, String>, &'a Need> {
        let needs = self.plan.jobs[number].needs();
        let value = |(name, need): (&'a String, &'a Need)| {
            let value = value_at(self.plan, replies, need).or_else(|| need.otherwise.clone());
            Ok((name.clone(), value.ok_or(need)?))
        };
        needs.map(value).collect()
    }

    fn send(&self, job: &Job<'a>, values: &BTreeMap<String, String>, number: usize) -> Result<Done<'a>, FlowError> {
        let Ok(path) = job.path(values) else {
            return Ok(job.unsent("the value from another reply cannot be used in its path"));
        };
        let provider = self.probing.provider;
        let api = Api::new(provider, None)?;
        let request = request(&api, job, &path)?;
        let shown = shown(&request);
        (self.progress)(&Progress { number, total: self.total, request: &shown });
        let Fetched { status, headers, body, token } = match self.fetch(&api, &request)? {
            Ok(fetched) => fetched,
            Err(why) => return Ok(job.without_answer(&shown, &why)),
        };
        let dialect = Dialect::new(provider);
        let (answer, now) = (ApiAnswer::new(status, &headers, &body), self.probing.clock.now());
        let mut done = Done { results: Vec::new(), reply: None, listed: dialect.listed_scopes(&headers) };
        let none = Probe::default();
        let mut is_success = false;
        for test in job.tests.iter().copied().map(Some).chain(job.tests.is_empty().then_some(None)) {
            let probe = test.map_or(&none, |(_, probe)| probe);
            let judge::Judgement { verdict, reason } = judge::judge(probe, dialect, &answer, &body, &token, now)
                .map_err(|judge::Dead { said }| {
                    let (provider, request) = (provider.id().to_owned(), shown.clone());
                    FlowError::TokenDead { provider, request, status, said }
                })?;
            is_success |= verdict == Verdict::Proven;
            if let Some((scope, probe)) = test {
                let (request, status) = (Some(shown.clone()), Some(status));
                let proof = Proof { scope: scope.name.clone(), verdict, request, status, reason, guess: probe.guess };
                done.results.push(TestResult { scope, probe: Some(probe), proof });
            }
        }
        done.reply = if is_success { json::parse(&body).ok() } else { None };
        Ok(done)
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
        self.fetch_with(api, |_| Ok(request.clone()))
    }

    /// The same for a request that is made of the token.
    fn fetch_with(
        &self,
        api: &Api<'_>,
        request: impl Fn(&AccessToken) -> Result<HttpRequest, FlowError>,
    ) -> Result<Result<Fetched, String>, FlowError> {
        // Such a request asks for little, so its reply has a total limit of time.
        let http = Brief(self.probing.http);
        let mut token = self.probing.held.current();
        let send = |token: &AccessToken| api.send(&http, token, &request(token)?, None);
        let sent = self.patience.send(|| send(&token));
        let sent = sent.and_then(|reply| self.once_more(reply, &mut token, send));
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

fn request(api: &Api<'_>, job: &Job<'_>, path: &str) -> Result<HttpRequest, FlowError> {
    let request = api.request(job.method.to_http(), api.resolve_own(path)?)?;
    Ok(match job.body {
        Some(body) => request.with_body("application/json", body.as_bytes()),
        None => request,
    })
}

/// Formats the request for people. It does not contain the token yet.
fn shown(request: &HttpRequest) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    sanitize::line(&format!("{} {}{query}", request.method, request.url.path()))
}

fn value_at(plan: &Plan<'_>, replies: &BTreeMap<usize, Option<Value>>, need: &Need) -> Option<String> {
    let reply = replies.get(&plan.job_of(need)?)?.as_ref()?;
    member::text_or_number(&need.path, json::at(reply, &need.path)).ok().flatten()
}

#[cfg(test)]
mod tests;
