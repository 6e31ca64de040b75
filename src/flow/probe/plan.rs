//! The requests of a run: one for each that differs, in the order of how much they decide.

use std::collections::BTreeMap;

use super::findings::{Done, Findings, TestResult};
use super::judge::Verdict;
use super::proof::Proof;
use crate::provider::probe::{Need, Probe, ProbeMethod, UnfitValue};
use crate::provider::scopes::{KnownScope, Scopes};

/// One request, and the scopes that its answer tests. Without any, only others need its reply.
pub(super) struct Job<'a> {
    pub method: ProbeMethod,
    path: &'a str,
    pub body: Option<&'a str>,
    pub tests: Vec<(&'a KnownScope, &'a Probe)>,
    /// Its reply names the account.
    names_account: bool,
}

pub(super) struct Plan<'a> {
    pub jobs: Vec<Job<'a>>,
}

impl<'a> Plan<'a> {
    /// Plans the probes that are wanted, and what they need.
    pub fn new(scopes: &'a Scopes, wanted: impl Fn(&Probe) -> bool) -> Self {
        let mut jobs: Vec<Job<'a>> = Vec::new();
        let probes = scopes.known.iter().filter_map(|scope| Some((scope, scope.probe.as_ref()?)));
        for (scope, probe) in probes.filter(|(_, probe)| wanted(probe)) {
            match jobs.iter_mut().find(|job| job.is_the_request_of(probe)) {
                Some(job) => job.tests.push((scope, probe)),
                None => jobs.push(Job::of(scope, probe)),
            }
        }
        let needs: Vec<&Need> = jobs.iter().flat_map(|job| job.needs().map(|(_, need)| need)).collect();
        for path in needs.into_iter().chain(&scopes.account).filter_map(|need| need.request.as_deref()) {
            if !jobs.iter().any(|job| job.is_get_of(path)) {
                jobs.push(Job { method: ProbeMethod::Get, path, body: None, tests: Vec::new(), names_account: false });
            }
        }
        let mut plan = Self { jobs };
        if let Some(number) = scopes.account.as_ref().and_then(|need| plan.job_of(need)) {
            plan.jobs[number].names_account = true;
        }
        let needed: Vec<usize> =
            plan.jobs.iter().flat_map(|job| job.needs()).filter_map(|(_, need)| plan.job_of(need)).collect();
        let mut order: Vec<usize> = (0..plan.jobs.len()).collect();
        order.sort_by_key(|number| (!needed.contains(number), usize::MAX - plan.jobs[*number].reach()));
        let mut jobs: Vec<Option<Job<'a>>> = plan.jobs.into_iter().map(Some).collect();
        Self { jobs: order.into_iter().filter_map(|number| jobs[number].take()).collect() }
    }

    /// Returns the job whose reply has a value, if it is sent in this run.
    pub fn job_of(&self, need: &Need) -> Option<usize> {
        let serves = |job: &Job<'_>| match (&need.scope, &need.request) {
            (Some(name), _) => job.tests.iter().any(|(scope, _)| scope.name == *name),
            (None, Some(path)) => job.is_get_of(path),
            (None, None) => false,
        };
        self.jobs.iter().position(serves)
    }

    fn needs(&self, number: usize) -> impl Iterator<Item = usize> {
        self.jobs[number].needs().filter_map(|(_, need)| self.job_of(need))
    }

    /// Takes out the jobs that decide nothing any more, and whose reply nobody needs.
    pub fn drop_needless(&self, waiting: &mut Vec<usize>, findings: &Findings<'_>) {
        let decides = |number: &usize| {
            let job = &self.jobs[*number];
            job.names_account || job.tests.iter().any(|(scope, _)| !findings.is_decided(&scope.name))
        };
        let mut wanted: Vec<usize> = waiting.iter().copied().filter(|number| decides(number)).collect();
        let mut at = 0;
        while let Some(number) = wanted.get(at).copied() {
            for need in self.needs(number) {
                if !wanted.contains(&need) {
                    wanted.push(need);
                }
            }
            at += 1;
        }
        waiting.retain(|number| wanted.contains(number));
    }

    /// Returns the place of a job that can begin: what it needs is there, and no earlier one may decide it.
    pub fn next(&self, waiting: &[usize], open: &[usize], findings: &Findings<'_>) -> Option<usize> {
        let is_pending = |number: usize| waiting.contains(&number) || open.contains(&number);
        let is_needed = |number: usize| waiting.iter().any(|other| self.needs(*other).any(|need| need == number));
        let is_ready = |number: &usize| {
            let may_be_decided = || {
                let before = || waiting.iter().chain(open).copied().filter(|other| other < number);
                let mut tests = self.jobs[*number].tests.iter().filter(|(scope, _)| !findings.is_decided(&scope.name));
                !is_needed(*number)
                    && tests.all(|(scope, _)| before().any(|other| self.jobs[other].may_imply(&scope.name)))
            };
            !self.needs(*number).any(is_pending) && !may_be_decided()
        };
        let ready = waiting.iter().position(is_ready);
        // Nothing is waited for that will not come.
        ready.or((open.is_empty() && !waiting.is_empty()).then_some(0))
    }
}

impl<'a> Job<'a> {
    fn of(scope: &'a KnownScope, probe: &'a Probe) -> Self {
        let (path, body) = (probe.path.as_str(), probe.body.as_deref());
        Self { method: probe.method, path, body, tests: vec![(scope, probe)], names_account: false }
    }

    fn is_the_request_of(&self, probe: &Probe) -> bool {
        let same_needs = self.tests.first().is_some_and(|(_, own)| own.needs == probe.needs);
        (self.method, self.path, self.body) == (probe.method, probe.path.as_str(), probe.body.as_deref()) && same_needs
    }

    fn is_get_of(&self, path: &str) -> bool {
        self.method == ProbeMethod::Get && self.path == path && self.needs().next().is_none()
    }

    /// Returns the values in its path.
    pub fn needs(&self) -> impl Iterator<Item = (&'a String, &'a Need)> + use<'a> {
        let first: Option<&'a Probe> = self.tests.first().map(|(_, probe)| *probe);
        first.into_iter().flat_map(|probe| &probe.needs)
    }

    pub fn path(&self, values: &BTreeMap<String, String>) -> Result<String, UnfitValue> {
        self.tests.first().map_or_else(|| Ok(self.path.to_owned()), |(_, probe)| probe.fill(values))
    }

    /// Returns how many scopes its answer may decide.
    fn reach(&self) -> usize {
        self.tests.iter().map(|(scope, probe)| 1 + scope.implies.len() + probe.any_of.len()).sum()
    }

    fn may_imply(&self, name: &str) -> bool {
        self.tests.iter().any(|(scope, _)| scope.implies.iter().any(|implied| implied == name))
    }

    /// Returns the results of a job that was not sent.
    pub fn unsent(&self, reason: &str) -> Done<'a> {
        self.undecided(None, reason)
    }

    /// Returns the results of a request to which there was no answer.
    pub fn without_answer(&self, shown: &str, reason: &str) -> Done<'a> {
        self.undecided(Some(shown), reason)
    }

    fn undecided(&self, request: Option<&str>, reason: &str) -> Done<'a> {
        let result = |(scope, probe): &(&'a KnownScope, &'a Probe)| {
            let unknown = Proof::without_request(scope, Verdict::Unknown, reason.to_owned());
            let guess = request.is_some() && probe.guess;
            let proof = Proof { request: request.map(str::to_owned), guess, ..unknown };
            TestResult { scope, probe: None, proof }
        };
        Done { results: self.tests.iter().map(result).collect(), reply: None, listed: None }
    }
}
