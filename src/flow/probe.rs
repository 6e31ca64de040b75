//! What a token can really do: one request a scope, side by side, and what the answers prove.
//!
//! Only requests that ask for no change are sent, unless somebody wants the writes that the definition calls harmless.
//! A 401 ends the run: the token is dead, and more requests would only look like an attack.

mod judge;
mod patience;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde::Serialize;
use serde_json::Value;

use super::FlowError;
use super::api::Api;
use crate::protocol::message::HttpRequest;
use crate::protocol::scope::ScopeSet;
use crate::protocol::secret::AccessToken;
use crate::protocol::{json, sanitize};
use crate::provider::definition::value_of;
use crate::provider::probe::{Need, Probe};
use crate::provider::scopes::KnownScope;
use crate::provider::{Dialect, Provider};
use crate::system::clock::Clock;
use crate::system::http::{HttpClient, HttpError};
use patience::Patience;

/// More than this many at once is what a rate limit is for.
const THREADS: usize = 4;

/// How much of a reply is looked into. A probe asks for one row.
const LOOK_INTO: u64 = 256 * 1024;

/// What a run of probes works with.
pub struct Probing<'a> {
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
    pub provider: &'a Provider,
    pub token: &'a AccessToken,
    /// Send the writes too that the definition calls harmless.
    pub writes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Proven,
    Denied,
    Unknown,
}

/// What is known of one scope after the run.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    pub scope: String,
    pub verdict: Verdict,
    /// `GET /api/v1/products?per_page=1`, without the token. None where nothing was sent.
    pub request: Option<String>,
    pub status: Option<u16>,
    /// The API's own words, cleaned, or ours; always there where the verdict is [`Verdict::Unknown`].
    pub reason: Option<String>,
    /// The path stands in no document.
    pub guess: bool,
}

/// What a run came to, in the order of the known scopes.
#[derive(Clone, Debug, Default)]
pub struct Proofs {
    pub proofs: Vec<Proof>,
    /// What a response header said of the token's scopes.
    pub listed: Option<ScopeSet>,
    /// Whose account it is, where the definition says in which reply that stands.
    pub account: Option<String>,
}

/// A request is on its way.
pub struct Progress<'a> {
    pub number: usize,
    pub total: usize,
    pub request: &'a str,
}

/// Sends every probe of the provider. `Err` if the token is dead or the API cannot be reached at all.
pub fn run(probing: &Probing<'_>, progress: &(dyn Fn(&Progress<'_>) + Sync)) -> Result<Proofs, FlowError> {
    let scopes = &probing.provider.definition.scope;
    let board = Board { waiting: order(probing), ..Board::default() };
    let total = board.waiting.len();
    let patience = Patience::new(probing.clock);
    let run = Run { probing, progress, patience, total, board: Mutex::new(board), changed: Condvar::new() };
    thread::scope(|scope| {
        for _ in 1..THREADS.min(total) {
            // With fewer it takes longer.
            let _ = thread::Builder::new().spawn_scoped(scope, || run.work());
        }
        run.work();
    });
    let Board { mut done, listed, failure, .. } = run.board.into_inner().unwrap_or_else(PoisonError::into_inner);
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
    Ok(Proofs { proofs, listed, account })
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
    board: Mutex<Board<'a>>,
    /// A probe is done, so that one may begin that needs its reply.
    changed: Condvar,
}

#[derive(Default)]
struct Board<'a> {
    waiting: Vec<(&'a KnownScope, &'a Probe)>,
    begun: usize,
    done: BTreeMap<&'a str, Done>,
    listed: Option<ScopeSet>,
    failure: Option<FlowError>,
}

struct Done {
    proof: Proof,
    /// The reply, if it proved the scope and is JSON.
    reply: Option<Value>,
}

impl<'a> Run<'a> {
    fn board(&self) -> MutexGuard<'_, Board<'a>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread: takes probes until there are none left, or one has failed for all.
    fn work(&self) {
        loop {
            let mut board = self.board();
            let (scope, probe, values) = loop {
                if board.failure.is_some() || board.waiting.is_empty() {
                    return;
                }
                let open = |need: &Need| !board.done.contains_key(need.scope.as_str()) && self.is_wanted(&need.scope);
                let ready = |(_, probe): &(&KnownScope, &Probe)| !probe.needs.values().any(open);
                if let Some(at) = board.waiting.iter().position(ready) {
                    let (scope, probe) = board.waiting.remove(at);
                    let values: Result<BTreeMap<_, _>, &'a Need> = probe
                        .needs
                        .iter()
                        .map(|(name, need)| {
                            let value = value_at(&board.done, need).or_else(|| need.otherwise.clone());
                            Ok((name.clone(), value.ok_or(need)?))
                        })
                        .collect();
                    board.begun += 1;
                    break (scope, probe, values);
                }
                board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
            };
            let number = board.begun;
            drop(board);
            let sent = match values {
                Ok(values) => self.send(scope, probe, &values, number),
                Err(need) => {
                    let reason = format!("it takes a value from the probe of {}, which gave none", need.scope);
                    Ok((Done { proof: Proof::without_request(scope, Verdict::Unknown, reason), reply: None }, None))
                }
            };
            let mut board = self.board();
            match sent {
                Ok((done, listed)) => {
                    board.listed = board.listed.take().or(listed);
                    board.done.insert(&scope.name, done);
                }
                // The first failure is the one to tell; later ones follow from it.
                Err(failure) => board.failure = board.failure.take().or(Some(failure)),
            }
            drop(board);
            self.changed.notify_all();
        }
    }

    /// Whether a scope's probe is sent in this run.
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
    ) -> Result<(Done, Option<ScopeSet>), FlowError> {
        let unknown = |request: Option<String>, reason: String| {
            let proof =
                Proof { request, guess: probe.guess, ..Proof::without_request(scope, Verdict::Unknown, reason) };
            Ok((Done { proof, reply: None }, None))
        };
        let Ok(path) = probe.fill(values) else {
            return unknown(None, "the value that its path takes from another reply cannot stand in a path".to_owned());
        };
        let provider = self.probing.provider;
        let api = Api::new(provider, None)?;
        let request = request(&api, probe, &path)?;
        let shown = shown(&request);
        (self.progress)(&Progress { number, total: self.total, request: &shown });
        let reply = self.patience.send(|| api.send(self.probing.http, self.probing.token, &request, None));
        let reply = match reply {
            Ok(reply) => reply,
            Err(FlowError::ForeignRedirect { origin }) => {
                return unknown(Some(shown), format!("it redirects to {origin}, where the token must not go"));
            }
            Err(FlowError::TooManyRedirects { .. }) => {
                return unknown(Some(shown), "it redirects in a circle".to_owned());
            }
            Err(FlowError::ApiRequest(error @ (HttpError::Timeout { .. } | HttpError::Broken { .. }))) => {
                return unknown(Some(shown), error.to_string());
            }
            Err(error) => return Err(error),
        };
        let mut body = Vec::new();
        if let Err(error) = reply.body.take(LOOK_INTO).read_to_end(&mut body) {
            return unknown(Some(shown), format!("the reply broke off: {}", error.kind()));
        }
        let dialect = Dialect::new(provider);
        let listed = value_of(&provider.definition.api.scopes_header)
            .and_then(|name| reply.headers.get(name)?.to_str().ok())
            .map(ScopeSet::parse);
        let answer = judge::Answer { status: reply.status, headers: &reply.headers, body: &body };
        let judge::Judgement { verdict, reason } =
            judge::judge(probe, dialect, &answer, self.probing.token, self.probing.clock.now()).map_err(|dead| {
                FlowError::TokenDead { provider: provider.id().to_owned(), request: shown.clone(), said: dead.said }
            })?;
        let proof = Proof {
            scope: scope.name.clone(),
            verdict,
            request: Some(shown),
            status: Some(reply.status),
            reason,
            guess: probe.guess,
        };
        let reply = if verdict == Verdict::Proven { json::parse(&body).ok() } else { None };
        Ok((Done { proof, reply }, listed))
    }
}

/// The probes that are to be sent; first those whose replies others wait for.
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

/// The request as people write it; the token is not in it yet.
fn shown(request: &HttpRequest) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    sanitize::line(&format!("{} {}{query}", request.method, request.url.path()))
}

fn value_at(done: &BTreeMap<&str, Done>, need: &Need) -> Option<String> {
    match json::at(done.get(need.scope.as_str())?.reply.as_ref()?, &need.path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A scope whose probe was not sent, or that has none.
fn unsent(known: &KnownScope) -> Proof {
    let reason = match &known.probe {
        Some(probe) => format!("only a write shows it, {}: `--probe-writes` sends it", probe.method.to_http()),
        None => "no safe request exists".to_owned(),
    };
    Proof::without_request(known, Verdict::Unknown, reason)
}

/// What follows for a scope from what others could do.
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
