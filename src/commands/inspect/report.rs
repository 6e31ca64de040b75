//! What is known of a token: facts with their sources, the JWT's own words, contradictions, and what has changed.

use serde::Serialize;
use serde_json::Value;

use super::contradictions::{self, Contradiction};
use super::known;
use super::online::{Answers, Wrong};
use super::subject::From;
use super::subject::Subject;
use crate::commands::view::{narrower, renewal, until};
use crate::flow::ask_api::Word;
use crate::protocol::scope::ScopeSet;
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::protocol::token_form::{Letters, Randomness, TokenForm};
use crate::provider::Dialect;
use crate::store::stored_token::{Expiry, ObtainedBy};
use crate::store::token_look::TokenChange;

#[derive(Debug, Serialize)]
pub struct Report {
    /// `login`, `id_token`, `stdin` or `variable`.
    pub from: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `opaque`, `jwt` or `encrypted`.
    pub form: &'static str,
    pub length: usize,
    /// Of an opaque token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomness: Option<Randomness>,
    pub facts: Vec<Fact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
    /// Absent unless it was verified, or could not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// `null` in it if nothing is known of the token's scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Option<ScopeSet>>,
    pub expiry: Expiry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refreshable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<Value>,
    pub contradictions: Vec<Contradiction>,
    /// The sources that were asked and said nothing, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<String>,
    /// Since the last look; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    #[serde(skip)]
    pub now: Timestamp,
    #[serde(skip)]
    pub width: usize,
}

#[derive(Debug, Serialize)]
pub struct Fact {
    pub fact: &'static str,
    pub value: String,
    pub source: String,
}

#[derive(Debug, Serialize)]
pub struct Changes {
    pub since: Timestamp,
    pub changed: Vec<TokenChange>,
}

impl Report {
    pub fn new(subject: &Subject, answers: &Answers, now: Timestamp, width: usize) -> Self {
        let login = subject.login.as_ref();
        let introspected = answers.introspected.as_ref();
        let evidence = known::evidence(subject, introspected);
        let record = subject.record();
        let own = subject.prefix.as_ref().map_or("", |known| known.prefix.begins.as_str());
        let rest = subject.token.expose().get(own.len()..).unwrap_or_default();
        Self {
            from: match subject.from {
                From::Login => "login",
                From::IdToken { .. } => "id_token",
                From::Stdin => "stdin",
                From::Variable(_) => "variable",
            },
            profile: login.map(|login| login.profile.to_string()),
            provider: login.map(|login| login.provider.id().to_owned()),
            form: subject.form.as_str(),
            length: subject.token.expose().len(),
            randomness: (subject.form == TokenForm::Opaque).then(|| Randomness::of(rest)),
            facts: Facts::of(subject, answers, now).0,
            header: subject.form.header().cloned(),
            claims: subject.form.claims().cloned(),
            verified: answers.signature.as_ref().map(|signature| signature.result.is_ok()),
            scopes: record.map(|_| evidence.as_ref().and_then(|evidence| evidence.named())),
            expiry: known::ends(subject, introspected).first().map_or(Expiry::Unknown, |(_, expiry)| *expiry),
            refreshable: record.map(|record| record.renews_at(now)),
            refresh_expires_at: record.and_then(|record| record.refresh_ends()),
            userinfo: answers.userinfo.clone(),
            contradictions: contradictions::find(subject, answers, now),
            silent: answers.silent.clone(),
            changes: None,
            now,
            width,
        }
    }
}

struct Facts(Vec<Fact>);

impl Facts {
    fn of(subject: &Subject, answers: &Answers, now: Timestamp) -> Self {
        let mut facts = Self(Vec::new());
        facts.about_text(subject);
        facts.about_record(subject, now);
        for (source, expiry) in known::ends(subject, answers.introspected.as_ref()) {
            facts.add("ends", ended(expiry, now), source);
        }
        if let Some(evidence) = known::evidence(subject, answers.introspected.as_ref()) {
            for statement in &evidence.statements {
                let scopes = if statement.scopes.is_empty() { "none".to_owned() } else { statement.scopes.to_string() };
                facts.add("scopes", scopes, &statement.source.to_string());
            }
        }
        facts.about_audience(subject);
        facts.about_answers(answers);
        facts
    }

    fn add(&mut self, fact: &'static str, value: String, source: &str) {
        self.0.push(Fact { fact, value, source: source.to_owned() });
    }

    fn about_text(&mut self, subject: &Subject) {
        let token = subject.token.expose();
        let form = match &subject.form {
            TokenForm::Opaque => TokenForm::resemblance(token).unwrap_or("opaque: only its issuer can read it"),
            TokenForm::Jwt { .. } => "a JWT (RFC 7519)",
            TokenForm::Encrypted { .. } => "an encrypted JWT (RFC 7516): only its header can be read",
        };
        self.add("token", subject.from.in_words(), "the command line");
        self.add("form", form.to_owned(), "the token");
        if let Some(known) = &subject.prefix {
            let note = known.prefix.note.as_deref().map(|note| format!(", {note}")).unwrap_or_default();
            let kind = format!("{} of {}{note}", known.prefix.kind.in_words(), known.name);
            self.add("kind", kind, &format!("its prefix `{}`", known.prefix.begins));
        }
        self.add("length", format!("{} characters: {}", token.len(), Letters::of(token).in_words()), "the token");
        if subject.form == TokenForm::Opaque {
            let prefix = subject.prefix.as_ref().map_or("", |known| known.prefix.begins.as_str());
            let rest = token.get(prefix.len()..).unwrap_or_default();
            self.add("guessing", Randomness::of(rest).in_words(), "its letters");
        }
        if let From::IdToken { verified } = subject.from {
            let words = if verified { "verified with the issuer's keys" } else { "not verified" };
            self.add("signature", words.to_owned(), "the login");
        }
    }

    fn about_record(&mut self, subject: &Subject, now: Timestamp) {
        let Some(record) = subject.record().filter(|_| subject.from == From::Login) else { return };
        let by = match record.obtained_by {
            ObtainedBy::Grant(kind) => format!("by {}", kind.as_str()),
            ObtainedBy::Given => "brought along".to_owned(),
        };
        let refreshed = match record.generation {
            0 => String::new(),
            1 => ", refreshed once".to_owned(),
            times => format!(", refreshed {times} times"),
        };
        self.add("obtained", format!("{by} {}{refreshed}", ago(record.obtained_at, now)), "the login");
        if let Some(client) = &record.client_id {
            self.add("client", client.as_str().to_owned(), "the login");
        }
        let renewed = renewal(record, now);
        let renewed = renewed.trim_start_matches(", ");
        let renewed = if renewed.is_empty() { "not renewed: a new login is needed when it ends" } else { renewed };
        self.add("renewal", renewed.to_owned(), "the login");
        if let Some(tokens) = narrower(record, now) {
            self.add("narrower", tokens, "the login");
        }
        if let Some(since) = record.dead_since {
            self.add("refresh token", format!("refused for good {}", ago(since, now)), "the token endpoint");
        }
    }

    /// Compares the audiences with the API that the token is for.
    fn about_audience(&mut self, subject: &Subject) {
        let (audiences, Some(login)) = (known::audiences(subject), &subject.login) else { return };
        let provider = &login.provider;
        let resource = provider.definition.api.resource.as_deref();
        let issuer = Dialect::new(provider).id_token_issuer();
        let is_api = |url: &url::Url| provider.endpoints.api_origins.iter().any(|origin| origin.holds(url));
        for audience in &audiences {
            let means = match url::Url::parse(audience) {
                _ if Some(audience.as_str()) == resource => "the login's resource",
                _ if login.token.client_id.as_ref().is_some_and(|client| client.as_str() == audience) => {
                    "the client itself"
                }
                Ok(url) if is_api(&url) => "an address of the API",
                _ if issuer.as_deref() == Some(audience) => "the issuer itself",
                _ => "not an address of the API that the login calls, which may take it all the same",
            };
            self.add("audience", format!("{audience}: {means}"), "the token's `aud`");
        }
    }

    fn about_answers(&mut self, answers: &Answers) {
        if let Some(signature) = &answers.signature {
            let key = signature.key.as_deref().map(|key| format!(" (key `{key}`)")).unwrap_or_default();
            let words = match &signature.result {
                Ok(()) => format!("verified: {}{key}", signature.algorithm),
                Err(Wrong::Forged(problem)) => format!("NOT the issuer's: {problem}{key}"),
                Err(Wrong::NoKeys(why)) => format!("not verified: {why}"),
            };
            self.add("signature", words, &signature.issuer);
        }
        if let Some(response) = &answers.introspected {
            let active = if response.active { "active" } else { "not active, or not this client's to ask about" };
            let proof = response.proof.as_ref().map(|kind| format!("; it needs a proof ({kind})")).unwrap_or_default();
            self.add("state", format!("{active}{proof}"), "introspection");
            if let Some(account) = &response.subject {
                self.add("account", account.clone(), "introspection");
            }
        }
        if let Some(api) = &answers.api {
            let word = match api.word {
                Word::Accepted => "accepted",
                Word::Denied => "accepted, but may not do this",
                Word::Rejected => "rejected",
                Word::Unclear => "the answer does not tell",
            };
            let said = api.said.as_deref().map(|said| format!(" \"{said}\"")).unwrap_or_default();
            self.add("state", format!("{word}: {} → {}{said}", api.request, api.status), "the API");
        }
    }
}

/// `2026-… (2h ago)`
pub fn ago(time: Timestamp, now: Timestamp) -> String {
    match time > now {
        true => format!("{time} (in {})", HumanDuration(now.until(time))),
        false => format!("{time} ({} ago)", HumanDuration(time.until(now))),
    }
}

/// `2026-… (in 58m)`, `2026-… (ended 3m ago)`.
pub fn ended(expiry: Expiry, now: Timestamp) -> String {
    match expiry {
        Expiry::At(end) if end <= now => format!("{end} (ended {} ago)", HumanDuration(end.until(now))),
        Expiry::At(end) => format!("{end} (in {})", HumanDuration(now.until(end))),
        other => until(other, now),
    }
}
