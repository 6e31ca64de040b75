//! The scopes of a provider (RFC 6749 §3.3): their notation, the access that each one gives, and the way to prove that
//! a token has it.

use super::departure::Departure;
use super::keys::keys;
use super::probe::{Need, Probe, check_path};
use super::quirks::ScopeEncoding;
use super::template;
use crate::protocol::scope::ScopeSet;

keys! {
    /// RFC 6749 §3.3.
    #[derive(Default)]
    pub struct Scopes {
        departure separator: String {
            help: "The separator between two scopes",
            rfc: "one space (RFC 6749 §3.3)",
            example: "\",\"",
        }
        departure encoding: ScopeEncoding {
            help: "Encoding of spaces and commas between scopes in the authorize URL: `%20`, `+`, or as they are",
            rfc: "percent-encoded",
            example: "\"plus\"",
        }
        departure always: Vec<String> {
            help: "Scopes that are always granted, even if not requested",
            rfc: "only the requested scopes (RFC 6749 §3.3)",
            example: "[\"public\"]",
        }
        key default: Vec<String> {
            help: "Scopes that `login` requests without `--scope`",
            absent: "no scope",
            example: "[\"read_products\"]",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key withheld: Option<String> {
            help: "The reason why any requested scope may be missing",
            absent: "unknown",
            example: "\"the shop decides\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key account: Option<Need> {
            help: "The account of a token: a value in a reply. `status` shows it, two runs of `scopes` are compared by it, and a `request` is sent after a login that has no ID token",
            absent: "accounts are not compared",
        }
        key known: Vec<KnownScope> { help: "The documented scopes, in their order", absent: "none" }
    }
}

keys! {
    /// One documented scope.
    #[derive(Default)]
    pub struct KnownScope {
        key name: String { help: "The scope as it is requested", required, example: "\"read_products\"" }
        key about: String { help: "The data that it gives access to", absent: "none", example: "\"products\"" }
        #[serde(skip_serializing_if = "Option::is_none")]
        key group: Option<String> {
            help: "A heading that several scopes share",
            absent: "no heading",
            example: "\"catalogue\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key note: Option<String> {
            help: "A note to read before requesting it",
            absent: "nothing",
            example: "\"currently unused\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key withheld: Option<String> {
            help: "The reason why the provider may not grant it",
            absent: "`scope.withheld`",
            example: "\"it is granted to reviewed apps only\"",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key source: Option<String> {
            help: "The source of this entry",
            absent: "`source` of the definition",
            example: "\"https://shop.example/docs/scopes\"",
        }
        #[serde(skip_serializing_if = "Vec::is_empty")]
        key implies: Vec<String> {
            help: "Further scopes that a token with this one has",
            absent: "none",
            example: "[\"read_shop\"]",
        }
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        key implied_by_any_success: bool {
            help: "Any success at the API proves this scope",
            absent: "false",
            example: "true",
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        key probe: Option<Probe> {
            help: "The request that shows whether a token has this scope",
            absent: "it cannot be proven, for example because every request that requires it changes something",
        }
    }
}

impl Scopes {
    pub fn get(&self, name: &str) -> Option<&KnownScope> {
        self.known.iter().find(|scope| scope.name == name)
    }

    /// Returns the scopes that imply this one.
    pub fn implying<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let implies = move |scope: &&KnownScope| scope.implies.iter().any(|implied| implied == name);
        self.known.iter().filter(implies).map(|scope| scope.name.as_str())
    }

    /// Returns `true` if these scopes have this one among them, or imply it.
    pub fn is_held(&self, name: &str, scopes: &ScopeSet) -> bool {
        scopes.contains(name) || self.implying(name).any(|implying| scopes.contains(implying))
    }

    /// Returns the likely reason why a requested scope is not granted, as far as the documents allow a guess.
    pub fn likely_reason(&self, name: &str) -> String {
        let Some(known) = self.get(name) else {
            return match self.known.is_empty() {
                true => "the provider's documents name no scopes".to_owned(),
                false => "the provider's documents do not name it".to_owned(),
            };
        };
        known.note.clone().or_else(|| known.withheld.clone()).or_else(|| self.withheld.clone()).unwrap_or_else(|| {
            "the person who approved may have denied it, or the app may not be allowed to ask for it".to_owned()
        })
    }

    /// Checks the rules that the types cannot express. `Err` names the key and the fault.
    pub fn check(&self) -> Result<(), (String, String)> {
        for (n, scope) in self.known.iter().enumerate() {
            let wrong = |key: &str, problem: String| Err((format!("scope.known[{n}]{key}"), problem));
            if self.known[..n].iter().any(|earlier| earlier.name == scope.name) {
                return wrong(".name", format!("`{}` appears twice", scope.name));
            }
            if let Some(unknown) = scope.implies.iter().find(|name| self.get(name).is_none()) {
                return wrong(".implies", format!("`{unknown}` is not a known scope"));
            }
            let Some(probe) = &scope.probe else { continue };
            if scope.implied_by_any_success {
                return wrong(".probe", "a scope that any success implies needs no probe of its own".to_owned());
            }
            if let Err(problem) = probe.check() {
                return wrong(".probe", problem);
            }
            for need in probe.needs.values() {
                if let Err(problem) = self.check_need(need) {
                    return wrong(".probe.needs", problem);
                }
            }
            if let Some(other) = probe.any_of.iter().find(|other| **other == scope.name || self.get(other).is_none()) {
                return wrong(".probe.any_of", format!("`{other}` is not another known scope"));
            }
            if self.needs_itself(&scope.name) {
                return wrong(".probe.needs", "the probes depend on each other in a circle".to_owned());
            }
        }
        let account = self.account.as_ref().map_or(Ok(()), |need| self.check_need(need));
        account.map_err(|problem| ("scope.account".to_owned(), problem))
    }

    fn check_need(&self, need: &Need) -> Result<(), String> {
        let name = match (&need.scope, &need.request) {
            (Some(name), None) => name,
            (None, Some(path)) if template::names(path).is_empty() => return check_path(path),
            (None, Some(_)) => return Err("`request` is sent as it is, and has no names in braces".to_owned()),
            (Some(_), Some(_)) => return Err("`scope` and `request` are two replies to read from".to_owned()),
            (None, None) => return Err("it needs a `scope` or a `request` to read from".to_owned()),
        };
        match self.get(name).and_then(|scope| scope.probe.as_ref()) {
            Some(_) => Ok(()),
            None => Err(format!("`{name}` is not a known scope with a probe")),
        }
    }

    /// Returns `true` if a scope's probe depends on its own reply, directly or through others.
    fn needs_itself(&self, name: &str) -> bool {
        let probe = |name: &str| self.get(name).and_then(|scope| scope.probe.as_ref());
        let needs = |name: &str| -> Vec<&str> {
            let needs = probe(name).into_iter().flat_map(|probe| probe.needs.values());
            needs.filter_map(|need| need.scope.as_deref()).collect()
        };
        let mut reached = needs(name);
        // Each round adds names or is the last, and there are only as many names as known scopes.
        for _ in 0..self.known.len() {
            let further: Vec<&str> = reached.iter().flat_map(|name| needs(name)).collect();
            reached.extend(further);
            reached.sort_unstable();
            reached.dedup();
        }
        reached.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(toml: &str) -> Result<(), String> {
        let scopes: Scopes = toml::from_str(toml).map_err(|error| error.message().to_owned())?;
        scopes.check().map_err(|(key, problem)| format!("{key}: {problem}"))
    }

    #[test]
    fn a_probe_that_cannot_work_is_refused_with_its_key() {
        let a = "[[known]]\nname = 'a'\nprobe = { path = 'a' }\n";
        assert_eq!(check(a), Ok(()));
        let cases = [
            (format!("{a}{a}"), "scope.known[1].name: `a` appears twice"),
            ("[[known]]\nname = 'b'\nimplies = ['x']".into(), "scope.known[0].implies: `x` is not a known scope"),
            ("[[known]]\nname = 'b'\nprobe = { pth = 'x' }".into(), "unknown field `pth`"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'x', proves = [401] }".into(), "401 proves nothing"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'x', method = 'POST' }".into(), "`harmless = true`"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'x/{id}' }".into(), "`{id}` has no entry in `needs`"),
            ("[[known]]\nname = 'b'\nprobe = { path = '//x.example/' }".into(), "must be a path, or a URL"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'ftp://x.example/' }".into(), "begins with `https://`"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'x', any_of = ['b'] }".into(), "not another known scope"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'x', reads = true }".into(), "`reads` is for a POST"),
            (
                "[[known]]\nname = 'b'\nprobe = { path = '{i}', needs.i = { path = 'id' } }".into(),
                "it needs a `scope` or a `request`",
            ),
            (
                "[[known]]\nname = 'b'\nprobe = { path = '{i}', needs.i = { request = '/{a}', path = 'id' } }".into(),
                "has no names in braces",
            ),
            (
                format!(
                    "{a}[[known]]\nname = 'b'\nprobe = {{ path = '{{i}}', needs.i = {{ scope = 'c', path = 'id' }} }}"
                ),
                "scope.known[1].probe.needs: `c` is not a known scope with a probe",
            ),
            (
                "[[known]]\nname = 'a'\nprobe = { path = '{i}', needs.i = { scope = 'b', path = 'id' } }\n\
                 [[known]]\nname = 'b'\nprobe = { path = '{i}', needs.i = { scope = 'a', path = 'id' } }"
                    .into(),
                "in a circle",
            ),
            (format!("account = {{ scope = 'b', path = 'id' }}\n{a}"), "scope.account: `b` is not a known scope"),
            (
                "[[known]]\nname = 'b'\nimplied_by_any_success = true\nprobe = { path = 'x' }".into(),
                "no probe of its own",
            ),
        ];
        for (toml, problem) in cases {
            let error = check(&toml).expect_err(&toml);
            assert!(error.contains(problem), "{error}\n{toml}");
        }
    }

    #[test]
    fn the_likely_reason_is_the_most_specific_documented_one() {
        let toml = "withheld = 'any'\n[[known]]\nname = 'a'\nwithheld = 'own'\n[[known]]\nname = 'b'\n[[known]]\nname = 'c'\nnote = 'unused'";
        let mut scopes: Scopes = toml::from_str(toml).unwrap();
        let reasons = |scopes: &Scopes| ["a", "b", "c", "x"].map(|name| scopes.likely_reason(name));
        assert_eq!(reasons(&scopes), ["own", "any", "unused", "the provider's documents do not name it"]);
        scopes.withheld = None;
        assert!(scopes.likely_reason("b").contains("may have denied it"));
    }
}
