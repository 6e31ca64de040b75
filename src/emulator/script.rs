//! A scripted consent: what the person says to each request for consent, in turn. The last step goes on.

use std::fmt;
use std::str::FromStr;

use crate::protocol::scope::ScopeSet;

/// The steps of a script. Without any, the page asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentScript(Vec<Step>);

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The page asks, and a person or a test answers there.
    Page,
    /// With these of the requested scopes, or with all.
    Approve(Option<ScopeSet>),
    Deny,
    /// The server refuses with this code (RFC 6749 §4.1.2.1).
    Error(String),
}

/// The reason why a script cannot be followed. It continues clap's own words.
#[derive(Debug, PartialEq, Eq)]
pub struct BadScript(String);

impl fmt::Display for BadScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadScript {}

impl ConsentScript {
    /// Returns the answer to the request of this number. `None` without a script.
    pub fn answer(&self, turn: usize) -> Option<Step> {
        self.0.get(turn).or(self.0.last()).cloned()
    }
}

impl FromStr for ConsentScript {
    type Err = BadScript;

    fn from_str(text: &str) -> Result<Self, BadScript> {
        let steps = text.split([',', ';', '\n']).map(str::trim).filter(|step| !step.is_empty());
        let steps: Vec<Step> = steps.map(str::parse).collect::<Result<_, _>>()?;
        match steps.is_empty() {
            true => Err(BadScript("it has no step".to_owned())),
            false => Ok(Self(steps)),
        }
    }
}

impl FromStr for Step {
    type Err = BadScript;

    fn from_str(text: &str) -> Result<Self, BadScript> {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let is_code = |code: &str| {
            let is_printable = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            !code.is_empty() && code.bytes().all(is_printable)
        };
        match (word, rest) {
            ("page", "") => Ok(Self::Page),
            ("approve", "") => Ok(Self::Approve(None)),
            ("approve", scopes) => Ok(Self::Approve(Some(ScopeSet::parse(scopes)))),
            ("deny", "") => Ok(Self::Deny),
            ("error", code) if is_code(code) => Ok(Self::Error(code.to_owned())),
            _ => Err(BadScript(format!(
                "`{text}` is not a step: write `approve`, `approve SCOPE SCOPE`, `deny`, `error CODE` or `page`, with commas \
                 between steps"
            ))),
        }
    }
}

impl Step {
    /// Returns the scopes that an approval grants.
    pub fn granted(only: Option<&ScopeSet>, asked: &ScopeSet) -> ScopeSet {
        match only {
            None => asked.clone(),
            Some(only) => asked.iter().filter(|scope| only.contains(scope)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_step_by_step() {
        let script: ConsentScript = "approve, deny;approve a b\n error  server_error , page,".parse().unwrap();
        let some = Some(ScopeSet::parse("a b"));
        let steps =
            [Step::Approve(None), Step::Deny, Step::Approve(some), Step::Error("server_error".to_owned()), Step::Page];
        assert_eq!(script, ConsentScript(steps.to_vec()));
        for wrong in ["", " , ", "yes", "deny read", "error", "error a b", "page 2", "approved"] {
            assert!(wrong.parse::<ConsentScript>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_approval_grants_no_more_than_was_asked() {
        let asked = ScopeSet::parse("a b");
        assert_eq!(Step::granted(Some(&ScopeSet::parse("b c")), &asked).to_string(), "b");
        assert_eq!(Step::granted(None, &asked), asked);
    }
}
