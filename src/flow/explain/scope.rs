//! Scopes: refused, granted less, or missing at the API.

use super::facts::Facts;
use super::finding::Found;
use crate::flow::refusal::Objection;
use crate::protocol::flow_record::FlowKind;
use crate::protocol::resource_error::TokenProblem;
use crate::protocol::scope::ScopeSet;

/// A scope that the app or the server does not have.
pub fn scope_not_allowed(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Scope)?;
    let asked = refusal.shown("scope").map_or_else(|| facts.settings.scopes.clone(), split);
    // A refresh that names no scope asks for those that the login has.
    if asked.is_empty() && facts.record.flow == FlowKind::Refresh {
        return None;
    }
    if asked.is_empty() {
        let next = format!(
            "run `{} --scope SCOPE`; `oauthctl providers scopes {}` lists them",
            facts.login(),
            facts.provider()
        );
        return Some(Found::high("The server wants a scope, and none was asked for", next).seen(refusal.event));
    }
    let is_named = |scope: &&String| split(&refusal.text()).iter().any(|word| word.trim_matches(PUNCTUATION) == *scope);
    let known = facts.settings.supported.scopes.as_ref();
    let is_unknown = |scope: &&String| known.is_some_and(|known| !known.contains(scope));
    let mut wrong: Vec<String> = asked.iter().filter(is_named).cloned().collect();
    if wrong.is_empty() {
        wrong = asked.iter().filter(is_unknown).cloned().collect();
    }
    let (title, rest) = match wrong.is_empty() || wrong.len() == asked.len() {
        true => (format!("A scope is not allowed: `{}` was asked for", asked.join(" ")), String::new()),
        false => {
            let rest: Vec<&str> = asked.iter().filter(|scope| !wrong.contains(scope)).map(String::as_str).collect();
            (format!("The scope `{}` is not allowed", wrong.join(" ")), rest.join(" "))
        }
    };
    let next = match rest.is_empty() {
        true => format!("allow the scopes for the app {}, or ask for less with `--scope`", facts.page()),
        false => format!("run `{} --scope '{rest}'`, or allow the rest for the app {}", facts.login(), facts.page()),
    };
    Some(Found::high(title, next).seen(refusal.event))
}

const PUNCTUATION: &[char] = &['\'', '"', '`', '.', ',', ':', ';', '(', ')', '[', ']'];

fn split(text: &str) -> Vec<String> {
    text.split([' ', ',', '+']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

/// Fewer scopes than were asked for.
pub fn scope_granted_less(facts: &Facts<'_>) -> Option<Found> {
    if facts.record.flow != FlowKind::Login {
        return None;
    }
    let (event, body) = facts.tokens()?;
    let granted = split(&body.shown("scope")?);
    let missing: Vec<&str> =
        facts.settings.scopes.iter().filter(|scope| !granted.contains(scope)).map(String::as_str).collect();
    if missing.is_empty() {
        return None;
    }
    let title = format!("`{}` was asked for and not granted", missing.join(" "));
    let next = format!("allow it for the app {}, and run `{}` again", facts.page(), facts.login());
    Some(Found::medium(title, next).seen_in(event, format!("scope={}", granted.join(" "))))
}

/// A token without the scope that the API wants.
pub fn scope_missing(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.api_refusal()?;
    let error = refusal.error().filter(|error| error.problem == TokenProblem::InsufficientScope)?;
    let (title, more) = match &error.scope {
        Some(scope) => (format!("The token lacks the scope `{scope}`"), format!(" --scope '{}'", joined(facts, scope))),
        None => ("The token lacks a scope, and the API does not say which".to_owned(), " --scope SCOPES".to_owned()),
    };
    Some(Found::high(title, format!("run `{}{more}`", facts.login())).seen(refusal.event))
}

/// Returns the scopes of the login and those that are missing.
fn joined(facts: &Facts<'_>, missing: &str) -> String {
    facts.settings.scopes.iter().map(String::as_str).collect::<ScopeSet>().union(&ScopeSet::parse(missing)).to_string()
}
