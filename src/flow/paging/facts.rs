//! What a page holds, read from its text in a few passes: the lists that could be its rows, and the words in which APIs
//! say whether there is more.
//!
//! Only what stands outside of lists is read, so that no row is taken for the page's own words. Links in a list are
//! the exception: `"links": [{"rel": "next", "href": "…"}]`.

use super::words::{Word, plain};
use crate::protocol::json::{self, TooMuch};
use crate::protocol::json_path::{count, items, members, text_of};

/// How deep objects are looked into. A GraphQL reply has its `pageInfo` at the fifth level.
const DEPTH: usize = 8;

/// How many lists and words of a page are kept. Pages have about ten.
const MOST: usize = 128;

/// How much of a value is kept. An address that is longer is accepted by no server.
pub const MAX_VALUE: usize = 16 * 1024;

/// The facts about a page that is JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// True if the page itself is an array.
    pub is_array: bool,
    pub(super) lists: Vec<List>,
    pub(super) said: Vec<Said>,
}

/// A list outside of other lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub path: Vec<String>,
    pub rows: usize,
    /// True if its first element is an object.
    pub of_objects: bool,
}

/// A value whose name says something about the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub path: Vec<String>,
    pub word: Word,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    Object,
    /// More than [`MAX_VALUE`] bytes.
    TooLong,
}

impl Facts {
    /// Reads the facts. Returns `None` if the page is not JSON.
    pub(super) fn of(body: &[u8]) -> Result<Option<Self>, TooMuch> {
        if !json::is_json(body) {
            return Ok(None);
        }
        json::check(body, usize::MAX)?;
        let Some(text) = text_of(body) else { return Ok(None) };
        let mut facts = Self { is_array: text.starts_with('['), ..Self::default() };
        facts.look_into(text, &mut Vec::new());
        Ok(Some(facts))
    }

    fn look_into(&mut self, text: &str, path: &mut Vec<String>) {
        match text.as_bytes().first() {
            Some(b'[') => self.list(text, path),
            Some(b'{') if path.len() < DEPTH => {
                // A next page with an address or a cursor inside.
                if Word::of(path) == Some(Word::Next) && text.contains(':') {
                    self.said.push(Said { path: path.clone(), word: Word::Next, value: Value::Object });
                }
                members(text, &mut |name, value| {
                    // The words of a page stand in a few objects, not in one with a million members.
                    if self.lists.len() >= MOST || self.said.len() >= MOST {
                        return;
                    }
                    path.push(name.to_owned());
                    self.look_into(value, path);
                    path.pop();
                });
            }
            Some(b'{') | None => {}
            Some(_) => self.scalar(text, path),
        }
    }

    fn list(&mut self, text: &str, path: &[String]) {
        if path.last().is_some_and(|name| matches!(plain(name).as_str(), "links" | "link")) {
            let mut next = None;
            items(text, &mut |item| next = next.take().or_else(|| next_among_links(item)));
            let said = |address| Said { path: path.to_vec(), word: Word::Next, value: Value::Text(address) };
            self.said.extend(next.map(said));
        }
        let of_objects = text[1..].trim_start().starts_with('{');
        self.lists.push(List { path: path.to_vec(), rows: count(text).unwrap_or(0), of_objects });
    }

    fn scalar(&mut self, text: &str, path: &[String]) {
        let Some(word) = Word::of(path) else { return };
        self.said.push(Said { path: path.to_vec(), word, value: Value::of(text) });
    }
}

impl Value {
    pub fn of(text: &str) -> Self {
        match text.as_bytes().first() {
            _ if text.len() > MAX_VALUE => Self::TooLong,
            Some(b'"') => serde_json::from_str(text).map_or(Self::Null, Self::Text),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'0'..=b'9' | b'-') => Self::Number(text.to_owned()),
            _ => Self::Null,
        }
    }

    /// Returns a whole number, also one in quotes.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Number(text) | Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

/// Returns the address in `{"rel": "next", "href": "…"}`, or in FHIR's `{"relation": "next", "url": "…"}`.
fn next_among_links(link: &str) -> Option<String> {
    let (mut is_next, mut address) = (false, None);
    members(link, &mut |name, value| match plain(name).as_str() {
        "rel" | "relation" => {
            is_next = serde_json::from_str::<String>(value).is_ok_and(|rel| rel.eq_ignore_ascii_case("next"))
        }
        "href" | "url" | "uri" if value.len() <= MAX_VALUE => address = serde_json::from_str::<String>(value).ok(),
        _ => {}
    })?;
    address.filter(|_| is_next)
}
