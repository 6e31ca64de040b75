//! The built-in definitions: one TOML file for each provider in `builtin/`, with the id as its file name.
//!
//! Hundreds of files are more than a command should read, so two generated files stand for them in the program:
//!
//! - `index.tsv`: one line a provider, sorted by id, with all that lists, searches and completion show. Looking for a
//!   provider reads this text and nothing else.
//! - `definitions.bin`: the files, each compressed by itself (Deflate, RFC 1951). A command unpacks the one definition
//!   that it is about, and of that only the part in front of the evidence; `providers show` unpacks all of it.
//!
//! A definition that comes with the program is not checked when it is used: the tests have checked it. A test fails if
//! the generated files are stale, and `tests/catalogue renew` renews them.

use std::io::Read;

use flate2::read::DeflateDecoder;

/// Written by `tests/catalogue renew`.
const INDEX: &str = include_str!("builtin/index.tsv");
const PACKED: &[u8] = include_bytes!("builtin/definitions.bin");

/// One line of the index.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub id: &'static str,
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The date its documents were read.
    pub checked: &'static str,
    /// The higher, the earlier it is listed.
    pub popularity: u16,
    pub scopes: usize,
    /// The one for `demo`.
    pub is_demo: bool,
    /// A file of the user's always lies over it.
    pub came_with_0_1: bool,
    aliases: &'static str,
    words: &'static str,
    params: &'static str,
    /// The length of the definition without its evidence, and with it.
    used: usize,
    whole: usize,
    packed: &'static [u8],
}

impl Entry {
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.aliases.split_ascii_whitespace()
    }

    /// Further words to find it by.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.words.split_ascii_whitespace()
    }

    /// The parameters that have to be given.
    pub fn params(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.params.split_ascii_whitespace()
    }

    /// Returns the definition as its file has it, without the evidence at its end.
    pub fn text(&self) -> String {
        self.unpack(self.used)
    }

    /// Returns the whole file.
    pub fn whole_text(&self) -> String {
        self.unpack(self.whole)
    }

    fn unpack(&self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        // A part that cannot be unpacked makes a definition that cannot be read, which its error says. A test unpacks all.
        let _ = DeflateDecoder::new(self.packed).take(length as u64).read_to_string(&mut text);
        text
    }
}

/// Lists all entries, sorted by id.
pub fn entries() -> impl Iterator<Item = Entry> {
    let mut at = 0;
    INDEX.lines().filter_map(move |line| parse(line, &mut at))
}

/// Returns the entry of an id.
pub fn entry(id: &str) -> Option<Entry> {
    entries().find(|entry| entry.id == id)
}

/// Lists the other names of providers, each with its entry.
pub fn aliases() -> impl Iterator<Item = (&'static str, Entry)> {
    entries().flat_map(|entry| entry.aliases().map(move |alias| (alias, entry)))
}

/// Returns the id that this is another name of.
pub fn id_of_alias(alias: &str) -> Option<&'static str> {
    entries().find(|entry| entry.aliases().any(|known| known == alias)).map(|entry| entry.id)
}

/// Reads a line of the index; `at` is where its definition begins.
fn parse(line: &'static str, at: &mut usize) -> Option<Entry> {
    let mut fields = line.split('\t');
    let mut field = || fields.next().unwrap_or_default();
    let [id, name, about, aliases, words, popularity, params, scopes, checked, marks, used, whole, packed] =
        std::array::from_fn(|_| field());
    let number = |text: &str| text.parse::<usize>().ok();
    let begin = *at;
    *at += number(packed)?;
    Some(Entry {
        id,
        name,
        about,
        checked,
        popularity: popularity.parse().ok()?,
        scopes: number(scopes)?,
        is_demo: marks.split(' ').any(|mark| mark == "demo"),
        came_with_0_1: marks.split(' ').any(|mark| mark == "0.1"),
        aliases,
        words,
        params,
        used: number(used)?,
        whole: number(whole)?,
        packed: PACKED.get(begin..*at)?,
    })
}

/// Returns the ids and whole texts, for the tests that look at every definition.
#[cfg(test)]
pub fn texts() -> Vec<(&'static str, String)> {
    entries().map(|entry| (entry.id, entry.whole_text())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Catalogue, catalogue::NoFiles};

    #[test]
    fn every_departure_built_in_has_its_source_and_row() {
        for Entry { id, .. } in entries() {
            let definition = Catalogue::new(&NoFiles, None).whole(id).unwrap();
            assert!(!definition.name.is_empty() && definition.checked.is_some(), "{id}");
            for departure in definition.departures() {
                assert!(!departure.rfc.is_empty(), "{id}: {} has no row", departure.key);
            }
        }
    }

    #[test]
    fn the_index_is_sorted_and_its_names_are_unique() {
        assert!(entries().count() > 5 && entries().is_sorted_by(|one, next| one.id < next.id));
        assert_eq!(entries().count(), INDEX.lines().count(), "every line is read");
        let mut names: Vec<&str> = entries().flat_map(|entry| entry.aliases().chain([entry.id])).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_definition_is_unpacked_without_its_evidence() {
        for entry in entries() {
            let (used, whole) = (entry.text(), entry.whole_text());
            assert!(whole.starts_with(&used) && used.len() == entry.used && whole.len() == entry.whole, "{}", entry.id);
            assert!(!used.contains("\n[evidence"), "{}", entry.id);
        }
    }
}
