//! Reads a definition's text. serde accepts or refuses it, and the table of keys finds the exact place of an error.
//!
//! serde alone loses the place within a value that may be plain or with evidence. So if it refuses, the table is walked
//! over the same text. What serde accepts stays accepted: a definition that could be read once can always be read. Only
//! [`check_keys`], for `providers check`, also refuses keys that are never read.

use std::ops::Range;

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::departure::Evidence;
use super::keys::{Entry, Form, Key, entries};
use super::place::{key_at, span_of};
use super::{DefinitionError, ProviderDefinition};
use crate::protocol::likeness::nearest;

/// Reads a definition. An error names the place, the line, the column, and the key that was probably meant.
pub fn read(text: &str, place: &str) -> Result<ProviderDefinition, DefinitionError> {
    toml::from_str(text).map_err(|error| {
        let problems = problems(text, false);
        // serde stops at its first problem, which may be one unknown to the table: a number for a text, or a missing
        // key. If it comes first, it is reported.
        let is_known = error.message().starts_with("unknown field")
            || problems.iter().any(|problem| problem.message == error.message());
        let is_ours = |problem: &Problem| is_known || error.span().is_none_or(|span| span.start >= problem.span.start);
        match problems.into_iter().next().filter(is_ours) {
            Some(problem) => problem.told(text, place),
            None => unreadable(error, place),
        }
    })
}

/// Reads a definition that `text` was laid over. What only the two together are refused for is told of the key in `text`.
///
/// The table is written out and read again, because serde's code for reading a text is there already; reading the table
/// itself would come with a second copy of it, of 0.3 MB.
pub fn read_merged(merged: &toml::Table, text: &str, place: &str) -> Result<ProviderDefinition, DefinitionError> {
    let whole = merged.to_string();
    toml::from_str(&whole).map_err(|error: toml::de::Error| {
        let key = error.span().and_then(|span| key_at(&whole, span.start));
        let message = error.message().to_owned();
        match key.and_then(|key| span_of(text, &key)) {
            Some(span) => Problem { span, message, near: None }.told(text, place),
            None => unreadable(de::Error::custom(message), place),
        }
    })
}

/// Refuses every key that is not in the table, also within the alternatives.
pub fn check_keys(text: &str, place: &str) -> Result<(), DefinitionError> {
    match problems(text, true).into_iter().next() {
        Some(problem) => Err(problem.told(text, place)),
        None => Ok(()),
    }
}

/// Builds the error for a failure of serde or the parser, with the key or word that was probably meant.
pub fn unreadable(source: toml::de::Error, place: &str) -> DefinitionError {
    let near = near_word(source.message());
    DefinitionError::Unreadable { place: place.to_owned(), source: Box::new(source), near }
}

struct Problem {
    span: Range<usize>,
    message: String,
    near: Option<String>,
}

impl Problem {
    fn told(self, text: &str, place: &str) -> DefinitionError {
        let mut source = error_at(self.span, self.message);
        source.set_input(Some(text));
        let near = self.near.or_else(|| near_word(source.message()));
        DefinitionError::Unreadable { place: place.to_owned(), source: Box::new(source), near }
    }
}

/// Finds the errors that the table knows, in the order of the text. `strictly` includes places that are never read.
fn problems(text: &str, strictly: bool) -> Vec<Problem> {
    let Ok(table) = DeTable::parse(text) else { return Vec::new() };
    let mut walk = Walk { strictly, problems: Vec::new() };
    walk.table(ProviderDefinition::KEYS, &[], table.get_ref());
    walk.problems.sort_by_key(|problem| problem.span.start);
    walk.problems
}

struct Walk {
    strictly: bool,
    problems: Vec<Problem>,
}

impl Walk {
    /// Checks a table. `also` are names beside the keys: a tag, or the value of a departure.
    fn table(&mut self, keys: &'static [Key], also: &[&'static str], table: &DeTable<'_>) {
        for (name, value) in table {
            match keys.iter().find(|key| key.name == name.get_ref().as_ref()) {
                Some(key) => self.value(key.form, value),
                None if also.contains(&name.get_ref().as_ref()) => {}
                None => self.unknown(keys, also, name),
            }
        }
    }

    fn value(&mut self, form: Form, value: &Spanned<DeValue<'_>>) {
        match (form, value.get_ref()) {
            (Form::Table(keys), DeValue::Table(table)) => self.table(keys, &[], table),
            (Form::Names(inner), DeValue::Table(table)) => {
                table.values().for_each(|value| self.value(*inner, value));
            }
            (Form::List(inner), DeValue::Array(items)) => items.iter().for_each(|item| self.value(*inner, item)),
            (Form::Kinds { tag, kinds }, DeValue::Table(table)) => {
                let kind = table.get(tag).and_then(|kind| kind.get_ref().as_str());
                // serde reports an unknown kind.
                let Some(kind) = kinds.iter().find(|known| Some(known.name) == kind) else { return };
                // A kind without keys ignores extra ones when it is read.
                if self.strictly || !kind.keys.is_empty() {
                    self.table(kind.keys, &[tag], table);
                }
            }
            (Form::Departure(inner, read), DeValue::Table(table)) if table.contains_key("value") => {
                self.table(Evidence::KEYS, &["value"], table);
                self.departure(*inner, read, &table["value"]);
            }
            (Form::Departure(inner, read), _) => self.departure(*inner, read, value),
            (Form::Overlay, DeValue::Table(table)) if self.strictly => {
                self.table(ProviderDefinition::KEYS, &[], table);
            }
            // serde checks whether a text is a text.
            _ => {}
        }
    }

    fn departure(&mut self, form: Form, read: super::keys::Read, value: &Spanned<DeValue<'_>>) {
        let before = self.problems.len();
        self.value(form, value);
        if self.problems.len() > before {
            return;
        }
        if let Err(error) = read(value.clone()) {
            let span = error.span().unwrap_or_else(|| value.span());
            self.problems.push(Problem { span, message: error.message().to_owned(), near: None });
        }
    }

    fn unknown(&mut self, keys: &'static [Key], also: &[&'static str], name: &Spanned<toml::de::DeString<'_>>) {
        let known: Vec<&str> = also.iter().copied().chain(keys.iter().map(|key| key.name)).collect();
        let unknown = name.get_ref();
        let message = format!("unknown field `{unknown}`, {}", expected(&known));
        let near = nearest(unknown, known).map(str::to_owned);
        let near = near.or_else(|| elsewhere(unknown));
        self.problems.push(Problem { span: name.span(), message, near });
    }
}

/// Words the expectation as serde does.
fn expected(known: &[&str]) -> String {
    match known {
        [] => "there are no fields".to_owned(),
        [one] => format!("expected `{one}`"),
        [one, two] => format!("expected `{one}` or `{two}`"),
        all => format!("expected one of `{}`", all.join("`, `")),
    }
}

/// Returns the key of that name in another section.
fn elsewhere(unknown: &str) -> Option<String> {
    let all = entries(ProviderDefinition::KEYS);
    let path = |entry: &Entry| entry.path.clone();
    // The uppermost of several: `source` is that of the definition, rather than that of a scope.
    let same = all.iter().filter(|entry| entry.key.name == unknown).min_by_key(|entry| entry.path.matches('.').count());
    same.map(path)
}

/// Returns the word that serde's message suggests for the unknown one: "unknown field `ulr`, expected one of …".
fn near_word(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field ").or_else(|| message.strip_prefix("unknown variant "))?;
    let mut words = rest.split('`').skip(1).step_by(2);
    nearest(words.next()?, words).map(str::to_owned)
}

/// Creates an error of the reader's own type at a place. Only the reader can make one, so it gets a value at that
/// place, and the value is refused.
fn error_at(span: Range<usize>, message: String) -> toml::de::Error {
    struct Refuse(String);

    impl<'de> DeserializeSeed<'de> for Refuse {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    impl Visitor<'_> for Refuse {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }

        fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
            Err(E::custom(self.0))
        }
    }

    let refused = Refuse(message.clone()).deserialize(Spanned::new(span, DeValue::Boolean(true)).into_deserializer());
    refused.err().unwrap_or_else(|| de::Error::custom(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns line and column, the message, and the key that was probably meant.
    fn refusal(text: &str) -> (String, Option<String>) {
        let refused = match read(text, "mine.toml") {
            Ok(_) => check_keys(text, "mine.toml").expect_err(text),
            Err(error) => error,
        };
        let DefinitionError::Unreadable { source, near, .. } = refused else { panic!("{refused:?}") };
        let shown = source.to_string();
        let place = shown.lines().next().unwrap_or_default().trim_start_matches("TOML parse error at ").to_owned();
        (format!("{place}: {}", source.message()), near)
    }

    #[test]
    fn what_only_both_are_refused_for_is_told_of_the_users_line() {
        let base = "[api]\npaging = { kind = 'page', param = 'page' }\n[token]\nurl = 'https://a.example/t'\n";
        let text = "name = 'Mine'\n\n[api]\npaging = { kind = 'url', path = 'next' }\n";
        let refused = |merged: &str| {
            let merged: toml::Table = toml::from_str(merged).unwrap();
            let error = read_merged(&merged, text, "mine.toml").expect_err("it is refused");
            let DefinitionError::Unreadable { place, source, .. } = error else { panic!("{error:?}") };
            assert_eq!(place, "mine.toml");
            source.to_string()
        };
        let told = refused(&base.replace("kind = 'page'", "kind = 'url', path = 'next'"));
        assert!(told.contains("line 4, column 1") && told.contains("unknown field `param`"), "{told}");
        assert!(told.contains("4 | paging = { kind = 'url'"), "the line is the user's: {told}");
        // A key that is not in the user's text has no line there.
        let told = refused(&base.replace("[token]", "[token]\nuser = 1"));
        assert!(told.contains("unknown field `user`") && !told.contains("line"), "{told}");
        let merged: toml::Table = toml::from_str(base).unwrap();
        assert_eq!(read_merged(&merged, text, "mine.toml").unwrap().token.url.first(), Some("https://a.example/t"));
    }

    #[test]
    fn an_unknown_key_is_found_in_every_place() {
        for (text, place, near) in [
            ("nmae = 'x'", "line 1, column 1: unknown field `nmae`", Some("name")),
            ("[authorize]\nulr = 'https://a.example/'", "line 2, column 1: unknown field `ulr`", Some("url")),
            ("[token]\npkce = 'off'", "line 2, column 1: unknown field `pkce`", Some("authorize.pkce")),
            ("[params.store]\nkidn = 'host'", "line 2, column 1: unknown field `kidn`", Some("kind")),
            ("scope.known = [{ name = 'a', abuot = 'b' }]", "line 1, column 30: unknown field `abuot`", Some("about")),
            (
                "[[scope.known]]\nname = 'a'\n[scope.known.probe]\npath = 'x'\nneeds.id = { scope = 'a', pth = 'b' }",
                "line 5, column 27: unknown field `pth`",
                Some("path"),
            ),
            // Within values that may be plain or with evidence.
            (
                "token.basic = { user = 'a', pasword = 'b' }",
                "line 1, column 29: unknown field `pasword`",
                Some("password"),
            ),
            (
                "[token.basic]\nvalue = { usr = 'a' }\nsource = 'x'",
                "line 2, column 11: unknown field `usr`",
                Some("user"),
            ),
            ("[token.body]\nvalue = 'json'\nsorce = 'x'", "line 3, column 1: unknown field `sorce`", Some("source")),
            (
                "api.token = [{ in = 'bearer' }, { in = 'header', nmae = 'X' }]",
                "line 1, column 50: unknown field `nmae`",
                Some("name"),
            ),
            (
                "api.paging = { kind = 'page', param = 'p', sise = 's' }",
                "line 1, column 44: unknown field `sise`, expected one of `kind`, `param`",
                Some("size"),
            ),
            ("api.zzz = 1", "line 1, column 5: unknown field `zzz`", None),
        ] {
            let (found, meant) = refusal(text);
            assert!(found.starts_with(place), "{found}\n{text}");
            assert_eq!(meant.as_deref(), near, "{text}");
        }
    }

    #[test]
    fn a_wrong_value_is_found_within_its_evidence_too() {
        for (text, place, near) in [
            ("token.body = 'jsn'", "line 1, column 14: unknown variant `jsn`", Some("json")),
            ("[token.body]\nsource = 'x'\nvalue = 'jsn'", "line 3, column 9: unknown variant `jsn`", Some("json")),
            ("[api.denied]\nvalue = [{ status = ['403'] }]", "line 2, column 22: invalid type", None),
            ("[token.lifetime]\nvalue = 'forever'", "line 2, column 9: write `never` or a duration", None),
            ("api.example = 1\n[authorize]\nulr = 'x'", "line 1, column 15: invalid type", None),
            ("name = 'x'\n[token", "line 2, column 7: unclosed table", None),
        ] {
            let (found, meant) = refusal(text);
            assert!(found.starts_with(place), "{found}\n{text}");
            assert_eq!(meant.as_deref(), near, "{text}");
        }
    }

    #[test]
    fn unread_keys_still_load_and_a_check_reports_them() {
        for (text, place) in [
            (
                "api.paging = { kind = 'link', param = 'p' }",
                "line 1, column 31: unknown field `param`, expected `kind`",
            ),
            (
                "[alternatives.x]\nnote = 'a'\nsource = 'b'\nchecked = 'c'\nset.token.ulr = 'https://a.example/'",
                "line 5, column 11: unknown field `ulr`",
            ),
        ] {
            assert!(read(text, "mine.toml").is_ok(), "{text}");
            assert!(refusal(text).0.starts_with(place), "{}", refusal(text).0);
        }
    }
}
