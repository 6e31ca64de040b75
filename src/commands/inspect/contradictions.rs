//! Where two sources contradict each other. No source counts more than another: both are shown.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::known;
use super::online::Answers;
use super::subject::Subject;
use crate::flow::ask_api::Word;
use crate::protocol::id_token::LEEWAY;
use crate::protocol::member::Members;
use crate::protocol::sanitize;
use crate::protocol::time::Timestamp;
use crate::provider::Dialect;
use crate::provider::token_prefix::TokenKind;
use crate::store::stored_token::{Expiry, ObtainedBy};

/// Two ends of the same token differ by some seconds: a reply has a duration, and a claim a time.
const SAME: i64 = 60;

/// Two or more sources that cannot all be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    pub about: &'static str,
    pub said: Vec<Said>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    pub source: String,
    pub value: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said: Vec<_> = self.said.iter().map(|said| format!("{} says {}", said.source, said.value)).collect();
        write!(f, "{}: {}", self.about, said.join(", "))
    }
}

fn of<const N: usize>(about: &'static str, said: [(&str, String); N]) -> Contradiction {
    let said = said.map(|(source, value)| Said { source: source.to_owned(), value: sanitize::line(&value) });
    Contradiction { about, said: said.into() }
}

/// Finds all of them.
pub fn find(subject: &Subject, answers: &Answers, now: Timestamp) -> Vec<Contradiction> {
    let mut found = Vec::new();
    found.extend(ends(subject, answers));
    found.extend(validity(subject, answers, now));
    found.extend(times(subject, now));
    found.extend(names(subject, answers));
    found.extend(kind(subject));
    let evidence = known::evidence(subject, answers.introspected.as_ref());
    for words in evidence.map(|evidence| evidence.disagreements()).unwrap_or_default() {
        let (scopes, said) = words.split_once(": ").unwrap_or((&words, ""));
        let said = said.split(", ").filter_map(|one| one.rsplit_once(" says "));
        let said = said.map(|(source, value)| Said {
            source: source.to_owned(),
            value: format!("{value} to {}", sanitize::line(scopes)),
        });
        found.push(Contradiction { about: "scopes", said: said.collect() });
    }
    found
}

fn ends(subject: &Subject, answers: &Answers) -> Option<Contradiction> {
    let ends = known::ends(subject, answers.introspected.as_ref());
    let is_same = |a: Expiry, b: Expiry| match (a, b) {
        (Expiry::At(a), Expiry::At(b)) => a.0.abs_diff(b.0) <= SAME.unsigned_abs(),
        (a, b) => a == b,
    };
    let (_, first) = *ends.first()?;
    let differ = ends.iter().any(|(_, end)| !is_same(first, *end));
    let said = ends.iter().map(|(source, end)| Said { source: (*source).to_owned(), value: known::in_words(*end) });
    differ.then(|| Contradiction { about: "the end", said: said.collect() })
}

/// Who says that it is valid, and who that it is not.
fn validity(subject: &Subject, answers: &Answers, now: Timestamp) -> Option<Contradiction> {
    let word = |valid: bool| if valid { "that it is valid" } else { "that it is not valid" };
    let mut said: Vec<(String, bool)> = Vec::new();
    for (source, end) in known::ends(subject, None) {
        if let Expiry::At(end) = end {
            said.push((source.to_owned(), end > now));
        }
    }
    said.extend(answers.introspected.as_ref().map(|response| ("introspection".to_owned(), response.active)));
    let api = answers.api.as_ref().and_then(|api| match api.word {
        Word::Accepted | Word::Denied => Some(true),
        Word::Rejected => Some(false),
        Word::Unclear => None,
    });
    said.extend(api.map(|valid| ("the API".to_owned(), valid)));
    said.extend(answers.userinfo.as_ref().map(|_| ("userinfo".to_owned(), true)));
    let differ = said.iter().any(|(_, valid)| *valid) && said.iter().any(|(_, valid)| !valid);
    let said = said.into_iter().map(|(source, valid)| Said { source, value: word(valid).to_owned() });
    differ.then(|| Contradiction { about: "validity", said: said.collect() })
}

/// The token's own times.
fn times(subject: &Subject, now: Timestamp) -> Vec<Contradiction> {
    let Some(claims) = subject.form.claims() else { return Vec::new() };
    let time = |name: &str| Members(claims).seconds(name).ok().flatten().map(|seconds| Timestamp(seconds as i64));
    let clock = || ("this machine's clock", now.to_string());
    let mut found = Vec::new();
    for (name, source) in [("iat", "the token's `iat`"), ("nbf", "the token's `nbf`")] {
        if let Some(begins) = time(name).filter(|begins| *begins > now.plus(LEEWAY)) {
            found.push(of("the beginning", [(source, begins.to_string()), clock()]));
        }
    }
    if let (Some(begins), Some(end)) = (time("iat"), time("exp"))
        && end < begins
    {
        let said = [("the token's `iat`", begins.to_string()), ("its `exp`", end.to_string())];
        found.push(of("the lifetime", said));
    }
    found
}

/// Who issued it, to which client, for whom and for what.
fn names(subject: &Subject, answers: &Answers) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let subject_claim = known::claim(subject, &["sub"]);
    let introspected = answers.introspected.as_ref().and_then(|response| response.subject.clone());
    if let (Some(claimed), Some(said)) = (&subject_claim, introspected)
        && *claimed != said
    {
        found.push(of("the account", [("the token's `sub`", claimed.clone()), ("introspection", said)]));
    }
    let Some(login) = &subject.login else { return found };
    let dialect = Dialect::new(&login.provider);
    let issuer = known::claim(subject, &["iss"]).zip(dialect.id_token_issuer());
    if let Some((claimed, expected)) = issuer
        && claimed != expected
        && !crate::protocol::metadata::is_filled_in(&expected, &claimed)
    {
        found.push(of("the issuer", [("the token's `iss`", claimed), ("the definition", expected)]));
    }
    let client = known::claim(subject, &["client_id", "azp", "cid"]).zip(login.token.client_id.as_ref());
    if let Some((claimed, own)) = client
        && claimed != own.as_str()
    {
        found.push(of("the client", [("the token", claimed), ("the login's record", own.as_str().to_owned())]));
    }
    let person = answers.userinfo.as_ref().and_then(|claims| claims.get("sub")).and_then(Value::as_str);
    if let (Some(claimed), Some(person)) = (subject_claim, person)
        && claimed != person
    {
        found.push(of("the account", [("the token's `sub`", claimed), ("userinfo", person.to_owned())]));
    }
    found
}

/// A login has an access token.
fn kind(subject: &Subject) -> Option<Contradiction> {
    let (known, login) = (subject.prefix.as_ref()?, subject.login.as_ref()?);
    let begins = format!("the prefix `{}`", known.prefix.begins);
    if known.provider != login.provider.id() {
        let said =
            [(begins.as_str(), format!("a token of {}", known.name)), ("the login", login.provider.id().to_owned())];
        return Some(of("the provider", said));
    }
    let by_grant = matches!(login.token.obtained_by, ObtainedBy::Grant(_));
    let is_other = known.prefix.kind == TokenKind::Refresh || by_grant && known.prefix.kind == TokenKind::Personal;
    let said =
        [(begins.as_str(), known.prefix.kind.in_words().to_owned()), ("the login", "an access token".to_owned())];
    (is_other && subject.record().is_some()).then(|| of("the kind", said))
}
