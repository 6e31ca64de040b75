//! The report for people.

use std::fmt;

use serde_json::{Map, Value};

use super::report::{Changes, Report, ago, ended};
use crate::commands::view::Table;
use crate::protocol::member::Members;
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::protocol::time::Timestamp;
use crate::store::stored_token::Expiry;

/// The members that are shown of a header or of claims. Real tokens have twenty; `--json` has all of them.
const MAX_ROWS: usize = 60;

impl Render for Report {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let mut facts = Table::new(self.width, &["FACT", "VALUE", "SOURCE"]);
        for fact in &self.facts {
            facts.add([fact.fact.to_owned(), sanitize::line(&fact.value), sanitize::line(&fact.source)]);
        }
        facts.write(text)?;
        let unverified = if self.verified == Some(true) { "CLAIM" } else { "CLAIM (not verified)" };
        for (head, members) in [("HEADER", &self.header), (unverified, &self.claims), ("USERINFO", &self.userinfo)] {
            if let Some(Value::Object(members)) = members {
                writeln!(text)?;
                self.members(head, members, text)?;
            }
        }
        let has_more = !self.contradictions.is_empty() || !self.silent.is_empty() || self.changes.is_some();
        if has_more {
            writeln!(text)?;
        }
        for contradiction in &self.contradictions {
            let words = sanitize::text(&contradiction.to_string());
            text.line(&[&Style::Warning.of("Contradiction"), &"  ", &words])?;
        }
        for silent in &self.silent {
            writeln!(text, "No answer      {}", sanitize::text(silent))?;
        }
        match &self.changes {
            Some(changes) => write_changes(changes, text),
            None => Ok(()),
        }
    }
}

impl Report {
    fn members(&self, head: &str, members: &Map<String, Value>, text: &mut TerminalText) -> fmt::Result {
        let mut rows = Table::new(self.width, &[head, "VALUE", "MEANS"]);
        for (name, value) in members.iter().take(MAX_ROWS) {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let means = meaning(head == "HEADER", name, value, self.now);
            rows.add([sanitize::line(name), sanitize::line(&shown), means]);
        }
        rows.write(text)?;
        match members.len().saturating_sub(MAX_ROWS) {
            0 => Ok(()),
            more => writeln!(text, "… and {more} more; `--json` shows them all."),
        }
    }
}

/// Says what a registered member means (RFC 7515 §4.1, RFC 7519 §4.1, OpenID Connect Core §2, RFC 9068 §2.2).
fn meaning(is_header: bool, name: &str, value: &Value, now: Timestamp) -> String {
    let object = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
    let time = Members(&object).seconds(name).ok().flatten().map(|seconds| Timestamp(seconds as i64));
    match (name, time) {
        ("alg", _) if is_header && value.as_str().is_some_and(|alg| alg.eq_ignore_ascii_case("none")) => {
            "NOT SIGNED: anyone can have written it".to_owned()
        }
        ("alg", _) if is_header => "the algorithm of the signature".to_owned(),
        ("kid", _) if is_header => "the name of the key".to_owned(),
        ("typ", _) if is_header => "the type".to_owned(),
        ("jku" | "x5u" | "jwk" | "x5c", _) if is_header => "a key that the token itself names; never used".to_owned(),
        ("crit", _) if is_header => "extensions that a reader has to know".to_owned(),
        ("exp", Some(end)) => ended(Expiry::At(end), now),
        ("iat", Some(time)) => format!("issued {}", ago(time, now)),
        ("nbf", Some(time)) if time > now => format!("not valid before {}", ago(time, now)),
        ("nbf", Some(time)) => format!("valid since {}", ago(time, now)),
        ("auth_time", Some(time)) => format!("the person signed in {}", ago(time, now)),
        ("updated_at", Some(time)) => format!("changed {}", ago(time, now)),
        ("exp" | "iat" | "nbf" | "auth_time", None) => "not a time".to_owned(),
        ("iss", _) => "the issuer".to_owned(),
        ("sub", _) => "the account".to_owned(),
        ("aud", _) => "whom it is for".to_owned(),
        ("azp" | "client_id" | "cid", _) => "the client that it was issued to".to_owned(),
        ("scope" | "scp" | "scopes", _) => "the scopes".to_owned(),
        ("jti", _) => "its own name".to_owned(),
        ("nonce", _) => "binds it to one login".to_owned(),
        ("at_hash", _) => "binds it to the access token".to_owned(),
        ("acr", _) => "how strongly the person signed in".to_owned(),
        ("amr", _) => "how the person signed in".to_owned(),
        ("cnf", _) => "the key that must be proven with it (RFC 7800)".to_owned(),
        _ => String::new(),
    }
}

fn write_changes(changes: &Changes, text: &mut TerminalText) -> fmt::Result {
    if changes.changed.is_empty() {
        return writeln!(text, "Changes        none since {}", changes.since);
    }
    writeln!(text, "Changes        since {}:", changes.since)?;
    for change in &changes.changed {
        // It is kept as a hash, which tells nobody anything.
        if change.what == "account" {
            writeln!(text, "               account: another one")?;
            continue;
        }
        let word = |value: &Option<String>| value.as_deref().map_or_else(|| "nothing".to_owned(), sanitize::line);
        writeln!(text, "               {}: {}, before: {}", change.what, word(&change.now), word(&change.then))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_told_in_words() {
        let now = Timestamp(1_800_000_000);
        for (name, value, means) in [
            ("exp", json!(1_799_999_820), "2027-01-15T07:57:00Z (ended 3m ago)"),
            ("exp", json!(1_800_003_600), "2027-01-15T09:00:00Z (in 1h)"),
            ("iat", json!(1_799_992_800), "issued 2027-01-15T06:00:00Z (2h ago)"),
            ("nbf", json!(1_800_000_060), "not valid before 2027-01-15T08:01:00Z (in 1m)"),
            ("exp", json!({}), "not a time"),
            ("made-up", json!(1), ""),
        ] {
            assert_eq!(meaning(false, name, &value, now), means, "{name}");
        }
    }

    #[test]
    fn what_a_header_claims_of_its_key_is_named_as_such() {
        let of = |name, value| meaning(true, name, &value, Timestamp(0));
        assert_eq!(of("alg", json!("nOnE")), "NOT SIGNED: anyone can have written it");
        assert_eq!(of("jku", json!("https://evil.example/keys")), "a key that the token itself names; never used");
    }
}
