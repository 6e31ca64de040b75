//! Scopes: refused, granted less, or missing at the API.

use super::facts::Facts;
use super::finding::Found;
use super::pieces::{header, is_page};
use crate::flow::refusal::Objection;
use crate::protocol::flow_record::{Fields, FlowKind};
use crate::protocol::resource_error::TokenProblem;
use crate::protocol::scope::ScopeSet;

/// A scope that the app or the server does not have.
pub fn scope_not_allowed(facts: &Facts<'_>) -> Option<Found> {
    let refusal = facts.refusal.as_ref().filter(|refusal| refusal.objection == Objection::Scope)?;
    let asked = refusal.shown("scope").map_or_else(|| facts.settings.scopes.clone(), split);
    // A refresh that names no scope asks for those that the login has.
    if asked.is_empty() && facts.record.flow == FlowKind::Refresh {
        let next = format!("run `{}`, and ask for scopes that the app has now", facts.login());
        return Some(Found::medium("The app may no longer have the scopes of this login", next).seen(refusal.event));
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
    let by_server = !wrong.is_empty();
    if !by_server {
        wrong = asked.iter().filter(is_unknown).cloned().collect();
    }
    let (title, rest) = match wrong.is_empty() || wrong.len() == asked.len() {
        true => (format!("A scope is not allowed: `{}` was asked for", asked.join(" ")), String::new()),
        false => {
            let rest: Vec<&str> = asked.iter().filter(|scope| !wrong.contains(scope)).map(String::as_str).collect();
            let title = match by_server {
                true => format!("The scope `{}` is not allowed", wrong.join(" ")),
                false => format!("A scope is not allowed, and the definition does not know `{}`", wrong.join(" ")),
            };
            (title, rest.join(" "))
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
    let error = refusal.error();
    let is_named = error.as_ref().is_some_and(|error| error.problem == TokenProblem::InsufficientScope);
    // A page is a firewall's, or the site's.
    let may_be = matches!(refusal.reply.status, 401 | 403) && !is_page(refusal.reply);
    let words = refusal.wording();
    let is_worded = may_be && (words.has(&OF_SCOPE) || words.has(&OF_PERMISSION) && refusal.reply.status == 403);
    let by_header = matches!(refusal.reply.status, 403 | 404) && lacks_accepted(&refusal.reply.headers);
    if !is_named && !is_worded && !by_header {
        return None;
    }
    let told = error.and_then(|error| error.scope).or_else(|| scope_in(&refusal.said(), &facts.settings.scopes));
    let (title, next) = match told {
        Some(scope) => (
            format!("The token lacks the scope `{scope}`"),
            format!("run `{} --scope '{}'`", facts.login(), joined(facts, &scope)),
        ),
        None => (
            "The token lacks a scope, and the API does not say which".to_owned(),
            format!(
                "find it in the API's guide, or with `oauthctl providers scopes {}`, and log in again with `--scope`",
                facts.provider()
            ),
        ),
    };
    let found = if is_named { Found::high(title, next) } else { Found::medium(title, next) };
    Some(match header(&refusal.reply.headers, "x-accepted-oauth-scopes").filter(|scopes| !scopes.is_empty()) {
        Some(scopes) => found.seen_in(refusal.event, format!("x-accepted-oauth-scopes: {scopes}")),
        None => found.seen(refusal.event),
    })
}

/// Returns `true` if the API lists scopes of which one is enough, and those of the token, and none is in both.
fn lacks_accepted(headers: &Fields) -> bool {
    let list = |name: &str| header(headers, name).map(|scopes| split(&scopes));
    let (Some(accepted), Some(granted)) = (list("x-accepted-oauth-scopes"), list("x-oauth-scopes")) else {
        return false;
    };
    !accepted.is_empty() && !accepted.iter().any(|scope| granted.contains(scope))
}

/// Words of APIs about scopes, beside a status that says no.
const OF_SCOPE: [&str; 16] = [
    "insufficient scope",
    "insufficient authentication scopes",
    "missing scope",
    "missing required scope",
    "required scope",
    "scope does not match",
    "scope mismatch",
    "invalid oauth scope",
    "oauth scope mismatch",
    "privilege scopes",
    "all required scopes",
    "does not have the scope",
    "approval for",
    "not authorized for scope",
    "scope is required",
    "higher privileges than provided by the access token",
];

/// Words about permissions, which are scopes at some APIs, and roles at others.
const OF_PERMISSION: [&str; 6] = [
    "insufficient privileges",
    "insufficient permission",
    "not enough permissions",
    "permission to",
    "permissions to fulfill",
    "requires permission",
];

/// Returns a word of a sentence that is spelled as scopes are, and that the login does not have.
fn scope_in(said: &str, known: &[String]) -> Option<String> {
    let words = said.split_whitespace().map(|word| word.trim_matches(PUNCTUATION));
    let is_one = |word: &&str| {
        let parts = word.split(['_', ':', '.', '/']).collect::<Vec<_>>();
        let is_plain = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        parts.len() > 1 && word.len() <= 60 && parts.iter().all(is_plain) && !word.contains("scope")
    };
    words.filter(is_one).find(|word| !known.iter().any(|scope| scope == word)).map(str::to_owned)
}

/// Returns the scopes of the login and those that are missing.
fn joined(facts: &Facts<'_>, missing: &str) -> String {
    facts.settings.scopes.iter().map(String::as_str).collect::<ScopeSet>().union(&ScopeSet::parse(missing)).to_string()
}
