//! What is known of the scopes during a run, and what follows from it.
//!
//! * A success of a request that any of several scopes opens proves one of them: only when the others are denied it is
//!   known which. A denial of it denies them all.
//! * A proven scope proves those that it implies, and a denied one denies those that imply it.
//! * What the API lists is proven, and what it does not list is denied. An empty header says nothing: some kinds of tokens
//!   have no scopes there, and may do much.
//! * The answer to a scope's own request counts more than what follows from others.

use std::collections::BTreeMap;

use serde_json::Value;

use super::judge::Verdict;
use super::proof::Proof;
use crate::protocol::scope::ScopeSet;
use crate::provider::dialect::{ListedBy, ListedScopes};
use crate::provider::probe::Probe;
use crate::provider::scopes::{KnownScope, Scopes};

/// What one request brought.
pub(super) struct Done<'a> {
    pub results: Vec<TestResult<'a>>,
    /// The reply, if it is a success and JSON.
    pub reply: Option<Value>,
    pub listed: Option<ListedScopes>,
}

/// The result for one of the scopes that a request tests.
pub(super) struct TestResult<'a> {
    pub scope: &'a KnownScope,
    /// `None` if nothing was answered.
    pub probe: Option<&'a Probe>,
    pub proof: Proof,
}

pub(super) struct Findings<'a> {
    scopes: &'a Scopes,
    always: ScopeSet,
    proofs: BTreeMap<&'a str, Proof>,
    /// Successes that one of several scopes explains.
    shared: Vec<TestResult<'a>>,
    listed: Option<ListedScopes>,
    has_success: bool,
}

impl<'a> Findings<'a> {
    pub fn new(scopes: &'a Scopes, always: ScopeSet) -> Self {
        Self { scopes, always, proofs: BTreeMap::new(), shared: Vec::new(), listed: None, has_success: false }
    }

    fn verdict(&self, name: &str) -> Verdict {
        self.proofs.get(name).map_or(Verdict::Unknown, |proof| proof.verdict)
    }

    pub fn is_decided(&self, name: &str) -> bool {
        self.verdict(name) != Verdict::Unknown
    }

    pub fn take_list(&mut self, listed: ListedScopes) {
        self.listed = self.listed.take().or(Some(listed));
        self.settle();
    }

    pub fn take(&mut self, results: Vec<TestResult<'a>>, listed: Option<ListedScopes>) {
        self.listed = self.listed.take().or(listed);
        for result in results {
            let is_shared = result.probe.is_some_and(|probe| !probe.any_of.is_empty());
            self.has_success |= result.proof.verdict == Verdict::Proven;
            match result.proof.verdict {
                Verdict::Proven if is_shared => self.shared.push(result),
                Verdict::Denied => {
                    let request = result.proof.request.clone().unwrap_or_default();
                    for other in result.probe.into_iter().flat_map(|probe| &probe.any_of) {
                        self.decide(other, Verdict::Denied, &format!("it would open {request}, which is denied"));
                    }
                    self.proofs.insert(&result.scope.name, result.proof);
                }
                Verdict::Proven | Verdict::Unknown => drop(self.proofs.insert(&result.scope.name, result.proof)),
            }
        }
        self.settle();
    }

    /// Decides a scope that has no answer of its own yet. Returns `true` if that is new.
    fn decide(&mut self, name: &str, verdict: Verdict, reason: &str) -> bool {
        let Some(known) = self.scopes.get(name).filter(|_| !self.is_decided(name)) else { return false };
        let has_answer = self.proofs.get(name).is_some_and(|proof| proof.request.is_some());
        // A request that was answered in another way is not known to be denied.
        if has_answer && verdict == Verdict::Denied {
            return false;
        }
        self.proofs.insert(&known.name, Proof::without_request(known, verdict, reason.to_owned()));
        true
    }

    /// Draws every conclusion.
    fn settle(&mut self) {
        let scopes = self.scopes;
        loop {
            let mut is_new = self.settle_shared();
            for known in &scopes.known {
                let implied = known.implies.iter();
                match self.verdict(&known.name) {
                    Verdict::Proven => {
                        let reason = format!("implied by {}", known.name);
                        implied.for_each(|name| is_new |= self.decide(name, Verdict::Proven, &reason));
                    }
                    Verdict::Denied => {}
                    Verdict::Unknown => {
                        if let Some(denied) = implied.clone().find(|name| self.verdict(name) == Verdict::Denied) {
                            let reason = format!("it would imply {denied}, which is denied");
                            is_new |= self.decide(&known.name, Verdict::Denied, &reason);
                        }
                    }
                }
            }
            if !is_new {
                break;
            }
        }
        self.settle_listed();
    }

    fn settle_shared(&mut self) -> bool {
        let mut is_new = false;
        for at in 0..self.shared.len() {
            let TestResult { scope, probe, proof } = &self.shared[at];
            let (scope, proof) = (*scope, proof.clone());
            let all = || probe.iter().flat_map(|probe| &probe.any_of).chain([&scope.name]);
            let mut open = all().filter(|name| self.verdict(name) != Verdict::Denied);
            let (Some(only), None) = (open.next(), open.next()) else { continue };
            let only = only.clone();
            if only == scope.name && !self.is_decided(&only) {
                self.proofs.insert(&scope.name, proof);
                is_new = true;
            } else {
                let request = proof.request.unwrap_or_default();
                is_new |= self.decide(&only, Verdict::Proven, &format!("only it is left to explain {request}"));
            }
        }
        is_new
    }

    fn settle_listed(&mut self) {
        let Some(listed) = self.listed.clone() else { return };
        if listed.scopes.is_empty() && matches!(listed.by, ListedBy::Header(_)) {
            return;
        }
        let scopes = self.scopes;
        for known in &scopes.known {
            if scopes.is_held(&known.name, &listed.scopes) {
                self.decide(&known.name, Verdict::Proven, "the API lists it");
            } else if !self.always.contains(&known.name) && !known.implied_by_any_success {
                self.decide(&known.name, Verdict::Denied, "the API does not list it");
            }
        }
    }

    /// Returns the proofs in the order of the known scopes, and the API's own list.
    pub fn conclude(mut self) -> (Vec<Proof>, Option<ListedScopes>) {
        let shared = std::mem::take(&mut self.shared);
        for TestResult { scope, probe, proof } in shared {
            let names: Vec<&str> = probe.iter().flat_map(|probe| &probe.any_of).map(String::as_str).collect();
            let reason = Some(format!("this scope opens it, and so does {}", names.join(" or ")));
            let unknown = Proof { verdict: Verdict::Unknown, reason, ..proof };
            self.proofs.entry(&scope.name).or_insert(unknown);
        }
        let (scopes, has_success) = (self.scopes, self.has_success);
        let proof = |known: &KnownScope| {
            if known.implied_by_any_success {
                let (verdict, reason) = match has_success {
                    true => (Verdict::Proven, "implied by any success"),
                    false => (Verdict::Unknown, "any success would imply it, and no probe succeeded"),
                };
                return Proof::without_request(known, verdict, reason.to_owned());
            }
            self.proofs.remove(known.name.as_str()).unwrap_or_else(|| unsent(known))
        };
        (scopes.known.iter().map(proof).collect(), self.listed)
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
