//! Probes of a token's actual permissions: one request per scope, in parallel, and what the answers prove.
//!
//! Only read requests are sent, unless the user also wants the writes that the definition calls harmless. A 401 ends
//! the run: the token is dead, and more requests would only look like an attack.

mod judge;
mod patience;

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde::Serialize;
use serde_json::Value;

use super::FlowError;
use super::api::Api;
use crate::protocol::message::HttpRequest;
use crate::protocol::secret::AccessToken;
use crate::protocol::{json, sanitize};
use crate::provider::dialect::ListedScopes;
use crate::provider::probe::{Need, Probe};
use crate::provider::scopes::KnownScope;
use crate::provider::{Dialect, Provider};
use crate::system::clock::Clock;
use crate::system::http::{Brief, HttpClient, HttpError};
pub use judge::Verdict;
use patience::Patience;

/// How many probes run at once. More would run into rate limits.
const THREADS: usize = 4;

/// How much of a reply is read. A probe asks for one row.
const LOOK_INTO: u64 = 256 * 1024;

/// The inputs of a run of probes.
pub struct Probing<'a> {
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
    pub provider: &'a Provider,
    pub token: &'a AccessToken,
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
    /// The token's scopes according to a response header.
    pub listed: Option<ListedScopes>,
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
    let total = state.waiting.len();
    let patience = Patience::new(probing.clock);
    let run = Run { probing, progress, patience, total, state: Mutex::new(state), changed: Condvar::new() };
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
        // A probe asks for one row, so its reply has a total limit of time.
        let (http, token) = (Brief(self.probing.http), self.probing.token);
        let reply = match self.patience.send(|| api.send(&http, token, &request, None)) {
            Ok(reply) => reply,
            Err(FlowError::ForeignRedirect { origin }) => {
                return unknown(Some(shown), format!("it redirects to {origin}, where the token must not go"));
            }
            Err(FlowError::TooManyRedirects { .. }) => {
                return unknown(Some(shown), "the redirects loop".to_owned());
            }
            Err(FlowError::ApiRequest(error @ (HttpError::Timeout { .. } | HttpError::Broken { .. }))) => {
                return unknown(Some(shown), error.to_string());
            }
            Err(error) => return Err(error),
        };
        let (status, headers) = (reply.status, reply.headers.clone());
        let body = match reply.beginning(LOOK_INTO) {
            Ok(body) => body,
            Err(error) => return unknown(Some(shown), error.to_string()),
        };
        let dialect = Dialect::new(provider);
        let listed = dialect.listed_scopes(&headers);
        let answer = judge::ProbeResponse { status, headers: &headers, body: &body };
        let judge::Judgement { verdict, reason } =
            judge::judge(probe, dialect, &answer, token, self.probing.clock.now()).map_err(|dead| {
                FlowError::TokenDead { provider: provider.id().to_owned(), request: shown.clone(), said: dead.said }
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
    match json::at(done.get(need.scope.as_str())?.reply.as_ref()?, &need.path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
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
mod tests {
    use std::io;
    use std::time::Duration;

    use super::*;
    use crate::flow::doubles::{Said, Scripted, SetClock, StubResponse, broken, provider};
    use crate::protocol::scope::ScopeSet;
    use crate::system::http::Reason;

    /// The result of a run, and its requests.
    struct Ran {
        proofs: Result<Proofs, FlowError>,
        requests: Vec<HttpRequest>,
        paths: Vec<String>,
        progress: Vec<(usize, usize, String)>,
    }

    fn run_at(answer: impl Fn(&HttpRequest) -> Said + Send + Sync, keys: &str, writes: bool) -> Ran {
        let (http, clock, provider) = (Scripted::new(answer), SetClock::at(0), provider(keys));
        let token = AccessToken::new("canary-token");
        let probing = Probing { http: &http, clock: &clock, provider: &provider, token: &token, writes };
        let progress = Mutex::new(Vec::new());
        let tell = |p: &Progress<'_>| progress.lock().unwrap().push((p.number, p.total, p.request.to_owned()));
        let proofs = run(&probing, &tell);
        let mut progress = progress.into_inner().unwrap();
        progress.sort();
        Ran { proofs, requests: http.requests(), paths: http.paths(), progress }
    }

    /// Returns the proofs in their order, one line each.
    fn lines(ran: &Ran) -> Vec<String> {
        let line = |proof: &Proof| {
            let sent = proof.request.as_deref().unwrap_or("nothing");
            let said = proof.reason.as_deref().unwrap_or_default();
            format!("{}: {sent}: {:?} {said}", proof.scope, proof.verdict).trim().to_owned()
        };
        ran.proofs.as_ref().unwrap().proofs.iter().map(line).collect()
    }

    const DETAIL: &str = "
        scope.account = { scope = 'list', path = 'owner' }
        scope.known = [
            { name = 'other', probe = { path = '/other' } },
            { name = 'detail', probe = { path = '/things/{id}', needs.id = { scope = 'list', path = 'items.0.id' } } },
            { name = 'list', probe = { path = '/list?n=1' } },
        ]";

    /// In this test, `list` ends after `other` has begun, and `detail` begins after `list` has ended.
    #[test]
    fn probes_run_in_parallel_and_dependencies_come_first() {
        let (other, begun) = (Mutex::new(false), Condvar::new());
        let answer = |request: &HttpRequest| {
            match request.url.path() {
                "/other" => {
                    *other.lock().unwrap() = true;
                    begun.notify_all();
                    return Ok(StubResponse::new(403, ""));
                }
                "/list" => drop(begun.wait_timeout_while(other.lock().unwrap(), BOUND, |begun| !*begun).unwrap()),
                _ => {}
            }
            // The value that others need comes after more than a few kilobytes.
            let long = " ".repeat(200 * 1024);
            let body = format!(r#"{{"pad":"{long}","owner":"ann","items":[{{"id":7}}]}}"#);
            Ok(StubResponse::new(200, body).with("x-scopes", "list detail"))
        };
        let ran = run_at(answer, &format!("api.scopes_header = 'x-scopes'\n{DETAIL}"), false);
        let proofs = lines(&ran);
        assert_eq!(
            proofs,
            ["other: GET /other: Denied", "detail: GET /things/7: Proven", "list: GET /list?n=1: Proven"]
        );
        let Proofs { listed, account, .. } = ran.proofs.unwrap();
        assert_eq!((listed.unwrap().scopes, account.as_deref()), (ScopeSet::parse("list detail"), Some("ann")));
        assert_eq!(ran.progress[0], (1, 3, "GET /list?n=1".to_owned()));
        let numbers: Vec<_> = ran.progress.iter().map(|(number, total, _)| (*number, *total)).collect();
        assert_eq!(numbers, [(1, 3), (2, 3), (3, 3)]);
        assert!(ran.requests.iter().all(|request| request.headers["authorization"] == "Bearer canary-token"));
    }

    /// A test waits this long only on a fault.
    const BOUND: Duration = Duration::from_secs(10);

    #[test]
    fn a_path_takes_its_value_only_from_a_proving_reply() {
        let none = "detail: nothing: Unknown it needs a value from the probe of list, which returned none";
        for (status, body, detail) in [
            (200, r#"{"items":[{"id":7}]}"#, "detail: GET /things/7: Proven"),
            (200, r#"{"items":[{"id":"a/b"}]}"#, "detail: GET /things/a%2Fb: Proven"),
            (200, r#"{"items":[{"id":[1]}]}"#, none),
            (200, r#"{"items":[]}"#, none),
            (403, r#"{"items":[{"id":7}]}"#, none),
            (
                200,
                r#"{"items":[{"id":".."}]}"#,
                "detail: nothing: Unknown the value from another reply cannot be used in its path",
            ),
        ] {
            let answer = |request: &HttpRequest| match request.url.path() {
                "/list" => Ok(StubResponse::new(status, body)),
                _ => Ok(StubResponse::new(200, "{}")),
            };
            assert_eq!(lines(&run_at(answer, DETAIL, false))[1], detail, "{body}");
        }
    }

    #[test]
    fn a_write_is_sent_only_on_request_and_otherwise_not_waited_for() {
        let keys = "scope.known = [
            { name = 'edit', probe = { method = 'POST', path = '/edit', body = '{}', harmless = true } },
            { name = 'seen', probe = { path = '/s/{id}', needs.id = { scope = 'edit', path = 'id', otherwise = '1' } } },
            { name = 'dark' },
        ]";
        let run = |writes| run_at(|_| Ok(StubResponse::new(200, r#"{"id":7}"#)), keys, writes);
        let dark = "dark: nothing: Unknown no safe request exists";
        let unsent = "edit: nothing: Unknown only a write can test it (POST): `--probe-writes` sends it";
        let ran = run(false);
        assert_eq!(lines(&ran), [unsent, "seen: GET /s/1: Proven", dark]);
        assert_eq!(ran.paths, ["/s/1"]);
        let ran = run(true);
        assert_eq!(lines(&ran), ["edit: POST /edit: Proven", "seen: GET /s/7: Proven", dark]);
        let sent = &ran.requests[0];
        assert_eq!((&sent.body[..], sent.headers["content-type"].to_str().unwrap()), (&b"{}"[..], "application/json"));
    }

    #[test]
    fn an_implied_scope_is_proven_unless_it_was_denied() {
        let keys = "scope.known = [
            { name = 'any', implied_by_any_success = true },
            { name = 'a', implies = ['b', 'd'], probe = { path = '/a' } },
            { name = 'b' },
            { name = 'c' },
            { name = 'd', probe = { path = '/d' } },
        ]";
        let run = |a| {
            let answer = move |request: &HttpRequest| {
                Ok(StubResponse::new(if request.url.path() == "/a" { a } else { 403 }, ""))
            };
            lines(&run_at(answer, keys, false))
        };
        let (c, d) = ("c: nothing: Unknown no safe request exists", "d: GET /d: Denied");
        let (any, b) = ("any: nothing: Proven implied by any success", "b: nothing: Proven implied by a");
        assert_eq!(run(200), [any, "a: GET /a: Proven", b, c, d]);
        let any = "any: nothing: Unknown any success would imply it, and no probe succeeded";
        let a = "a: GET /a: Unknown a server error";
        assert_eq!(run(500), [any, a, "b: nothing: Unknown no safe request exists", c, d]);
    }

    /// A 401 ends the run, and so does an API that cannot be reached. Every other failure affects only one probe.
    #[test]
    fn a_failure_for_all_ends_the_run() {
        let ran = run_at(|_| Ok(StubResponse::new(401, r#"{"message":"canary-token is over"}"#)), DETAIL, false);
        let Err(FlowError::TokenDead { provider, request, said }) = &ran.proofs else { panic!("{:?}", ran.proofs) };
        assert_eq!((provider.as_str(), said.as_deref()), ("mine", Some("[hidden] is over")));
        assert!(["GET /list?n=1", "GET /other"].contains(&request.as_str()));
        assert!(!ran.paths.iter().any(|path| path.starts_with("/things")), "{:?}", ran.paths);
        let connect = || HttpError::Connect { origin: String::new(), source: Reason("made up".to_owned()) };
        assert!(matches!(run_at(|_| Err(connect()), DETAIL, false).proofs, Err(FlowError::ApiRequest(_))));
    }

    #[test]
    fn a_failure_of_one_probe_leaves_its_scope_unknown() {
        struct BreaksOff;
        impl io::Read for BreaksOff {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        type Case<'a> = (fn() -> Said, &'a str);
        let cases: [Case; 4] = [
            (
                || Ok(StubResponse::new(302, "").with("location", "https://evil.example/x")),
                "it redirects to https://evil.example, where the token must not go",
            ),
            (|| Ok(StubResponse::new(302, "").with("location", "/a?b=1")), "the redirects loop"),
            (|| Err(broken()), "the connection to  broke"),
            (|| Ok(StubResponse::new(200, "").with_body(BreaksOff)), "the connection to https://api.example broke"),
        ];
        for (answer, why) in cases {
            let keys = "scope.known = [{ name = 'a', probe = { path = '/a?b=1', guess = true } }]";
            let ran = run_at(|_| answer(), keys, false);
            assert_eq!(lines(&ran), [format!("a: GET /a?b=1: Unknown {why}")]);
            assert!(ran.proofs.unwrap().proofs[0].guess);
        }
    }
}
