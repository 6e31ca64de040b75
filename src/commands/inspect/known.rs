//! What the sources that need no server say of a token, each on its own: the login's record, and the token itself.

use std::collections::BTreeMap;

use super::subject::Subject;
use crate::flow::evidence::{self, Evidence};
use crate::protocol::introspection::IntrospectionResponse;
use crate::protocol::jwt;
use crate::protocol::member::Members;
use crate::protocol::sanitize;
use crate::protocol::time::Timestamp;
use crate::store::scope_history::account_mark;
use crate::store::stored_token::{Expiry, ObtainedBy};
use crate::store::token_look::TokenLook;

/// Returns what is known of the token's scopes.
pub fn evidence(subject: &Subject, introspected: Option<&IntrospectionResponse>) -> Option<Evidence> {
    let (record, login) = (subject.record()?, subject.login.as_ref()?);
    Some(evidence::gather(&login.provider.definition, record, introspected, None))
}

/// Returns each end of the token with its source.
pub fn ends(subject: &Subject, introspected: Option<&IntrospectionResponse>) -> Vec<(&'static str, Expiry)> {
    let record = subject.record().filter(|record| record.obtained_by != ObtainedBy::Given);
    let of_record = record.map(|record| record.expiry).filter(|expiry| *expiry != Expiry::Unknown);
    let of_record = of_record.map(|expiry| {
        let is_documented = expiry == Expiry::Never;
        (if is_documented { "the provider's documents" } else { "the token reply" }, expiry)
    });
    let claimed = jwt::expiry(subject.token.expose()).ok().flatten().map(|end| ("the token's `exp`", Expiry::At(end)));
    let said = introspected.and_then(|response| response.expires_at).map(|end| ("introspection", Expiry::At(end)));
    [of_record, claimed, said].into_iter().flatten().collect()
}

/// Returns the audiences that the token names.
pub fn audiences(subject: &Subject) -> Vec<String> {
    let claims = subject.form.claims().cloned().unwrap_or_default();
    match Members(&claims).get("aud") {
        Some(serde_json::Value::String(one)) => vec![one.clone()],
        Some(_) => Members(&claims).texts("aud").ok().flatten().unwrap_or_default(),
        None => Vec::new(),
    }
}

/// Returns a claim that is a text or a number.
pub fn claim(subject: &Subject, names: &[&str]) -> Option<String> {
    let claims = subject.form.claims()?;
    names.iter().find_map(|name| Members(claims).text_or_number(name).ok().flatten())
}

/// Returns what the next look is compared with: only what is known without a server, so that a flag changes nothing.
pub fn look(subject: &Subject, now: Timestamp) -> TokenLook {
    let mut traits: BTreeMap<String, String> = BTreeMap::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            traits.insert(name.to_owned(), sanitize::line(&value));
        }
    };
    put("form", Some(subject.form.as_str().to_owned()));
    put("length", Some(subject.token.expose().len().to_string()));
    put("prefix", subject.prefix.as_ref().map(|known| known.prefix.begins.clone()));
    let header = |name: &str| Members(subject.form.header()?).text(name).ok().flatten().map(str::to_owned);
    put("algorithm", header("alg"));
    put("key", header("kid"));
    put("issuer", claim(subject, &["iss"]));
    put("client", claim(subject, &["client_id", "azp", "cid"]));
    put("audience", Some(audiences(subject).join(", ")).filter(|text| !text.is_empty()));
    // Whose it is, is compared and not kept.
    put("account", claim(subject, &["sub"]).map(|account| account_mark(&account)));
    let record = subject.record();
    put("scopes", evidence(subject, None).and_then(|evidence| evidence.named()).map(|scopes| scopes.to_string()));
    put("ends", ends(subject, None).first().map(|(_, expiry)| in_words(*expiry)));
    put("renewed until", record.and_then(|record| record.refresh_ends()).map(|end| end.to_string()));
    put("renewed", record.map(|record| if record.is_renewable() { "yes" } else { "no" }.to_owned()));
    let provider = subject.login.as_ref().map(|login| login.provider.id()).unwrap_or_default();
    TokenLook::new(now, provider, traits)
}

/// Describes an end as a date.
pub fn in_words(expiry: Expiry) -> String {
    match expiry {
        Expiry::At(end) => end.to_string(),
        Expiry::Never => "never".to_owned(),
        Expiry::Unknown => "unknown".to_owned(),
    }
}
