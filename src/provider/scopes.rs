//! The scopes of a provider (RFC 6749 §3.3): how they are written, what each one opens, and how one can tell that a
//! token has it.

use serde::{Deserialize, Serialize};

use super::definition::Departure;
use super::probe::{Need, Probe};
use super::quirks::ScopeEncoding;

/// RFC 6749 §3.3.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scopes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Departure<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Departure<ScopeEncoding>,
    /// Granted whether asked for or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Departure<Vec<String>>,
    /// Asked for when nobody says what to ask for.
    pub default: Vec<String>,
    /// Why any scope may be missing from what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
    /// Which account a token is for: a value in a probe's reply. Two runs are compared by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Need>,
    /// The names of the documents, in their order, with what each one opens.
    pub known: Vec<KnownScope>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownScope {
    pub name: String,
    #[serde(default)]
    pub about: String,
    /// A heading that several scopes share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What a person should know before asking for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the provider may not grant it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Scopes that whoever has this one has too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub implies: Vec<String>,
    /// Whatever the API lets the token do shows that it has this scope.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub implied_by_any_success: bool,
    /// The request that shows whether a token has it. None where every request that needs it changes something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
}

impl Scopes {
    pub fn get(&self, name: &str) -> Option<&KnownScope> {
        self.known.iter().find(|scope| scope.name == name)
    }

    /// The scopes that imply this one.
    pub fn implying<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let implies = move |scope: &&KnownScope| scope.implies.iter().any(|implied| implied == name);
        self.known.iter().filter(implies).map(|scope| scope.name.as_str())
    }

    /// Why a scope that was asked for is not granted, as far as the documents let one guess.
    pub fn likely_reason(&self, name: &str) -> String {
        let Some(known) = self.get(name) else {
            return match self.known.is_empty() {
                true => "the provider's documents name no scopes".to_owned(),
                false => "the provider's documents do not name it".to_owned(),
            };
        };
        known.note.clone().or_else(|| known.withheld.clone()).or_else(|| self.withheld.clone()).unwrap_or_else(|| {
            "the one who approved may have denied it, or the app may not be allowed to ask for it".to_owned()
        })
    }

    /// Checks what the types cannot say. `Err` names the key and what is wrong there.
    pub fn check(&self) -> Result<(), (String, String)> {
        for (n, scope) in self.known.iter().enumerate() {
            let wrong = |key: &str, problem: String| Err((format!("scope.known[{n}]{key}"), problem));
            if self.known[..n].iter().any(|earlier| earlier.name == scope.name) {
                return wrong(".name", format!("`{}` is there twice", scope.name));
            }
            if let Some(unknown) = scope.implies.iter().find(|name| self.get(name).is_none()) {
                return wrong(".implies", format!("`{unknown}` is no known scope"));
            }
            let Some(probe) = &scope.probe else { continue };
            if scope.implied_by_any_success {
                return wrong(".probe", "what any success implies needs no probe of its own".to_owned());
            }
            if let Err(problem) = probe.check() {
                return wrong(".probe", problem);
            }
            for need in probe.needs.values() {
                if let Err(problem) = self.check_need(need) {
                    return wrong(".probe.needs", problem);
                }
            }
            if self.needs_itself(&scope.name) {
                return wrong(".probe.needs", "the probes wait for each other in a circle".to_owned());
            }
        }
        let account = self.account.as_ref().map_or(Ok(()), |need| self.check_need(need));
        account.map_err(|problem| ("scope.account".to_owned(), problem))
    }

    fn check_need(&self, need: &Need) -> Result<(), String> {
        match self.get(&need.scope).and_then(|scope| scope.probe.as_ref()) {
            Some(_) => Ok(()),
            None => Err(format!("`{}` is no known scope with a probe", need.scope)),
        }
    }

    /// Whether a scope's probe waits for its own reply, over however many others.
    fn needs_itself(&self, name: &str) -> bool {
        let probe = |name: &str| self.get(name).and_then(|scope| scope.probe.as_ref());
        let needs = |name: &str| -> Vec<&str> {
            probe(name).into_iter().flat_map(|probe| probe.needs.values()).map(|need| need.scope.as_str()).collect()
        };
        let mut reached = needs(name);
        // Each round adds names or is the last, and there are no more names than known scopes.
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
            (format!("{a}{a}"), "scope.known[1].name: `a` is there twice"),
            ("[[known]]\nname = 'b'\nimplies = ['x']".into(), "scope.known[0].implies: `x` is no known scope"),
            ("[[known]]\nname = 'b'\nprobe = { pth = 'x' }".into(), "unknown field `pth`"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'x', proves = [401] }".into(), "401 proves nothing"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'x', method = 'POST' }".into(), "`harmless = true`"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'x/{id}' }".into(), "`{id}` has no entry in `needs`"),
            ("[[known]]\nname = 'b'\nprobe = { path = 'https://x.example/' }".into(), "a path, not a URL"),
            (
                format!(
                    "{a}[[known]]\nname = 'b'\nprobe = {{ path = '{{i}}', needs.i = {{ scope = 'c', path = 'id' }} }}"
                ),
                "scope.known[1].probe.needs: `c` is no known scope with a probe",
            ),
            (
                "[[known]]\nname = 'a'\nprobe = { path = '{i}', needs.i = { scope = 'b', path = 'id' } }\n\
                 [[known]]\nname = 'b'\nprobe = { path = '{i}', needs.i = { scope = 'a', path = 'id' } }"
                    .into(),
                "in a circle",
            ),
            (format!("account = {{ scope = 'b', path = 'id' }}\n{a}"), "scope.account: `b` is no known scope"),
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
    fn the_likely_reason_is_the_nearest_one_that_the_documents_give() {
        let toml = "withheld = 'any'\n[[known]]\nname = 'a'\nwithheld = 'own'\n[[known]]\nname = 'b'\n[[known]]\nname = 'c'\nnote = 'unused'";
        let mut scopes: Scopes = toml::from_str(toml).unwrap();
        let reasons = |scopes: &Scopes| ["a", "b", "c", "x"].map(|name| scopes.likely_reason(name));
        assert_eq!(reasons(&scopes), ["own", "any", "unused", "the provider's documents do not name it"]);
        scopes.withheld = None;
        assert!(scopes.likely_reason("b").contains("may have denied it"));
    }
}
