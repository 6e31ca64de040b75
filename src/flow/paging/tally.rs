//! What a walk has seen so far, and whether that can be all of it.
//!
//! The walk ends because the server says so, never because a page is a row short: rows may be hidden from a user, and a
//! filter may empty a whole page. Where what came and what the server says differ, rows could be missing, and the walk
//! ends with [`RowsMissing`].

use super::marks::Marks;
use super::page::Page;
use super::rows::Place;
use super::words::begins_later;
use crate::flow::retry::Caller;
use crate::flow::rows_missing::RowsMissing;
use crate::protocol::json_path::JsonPath;
use crate::protocol::mask;
use crate::protocol::message::HttpRequest;

/// How many empty pages in a row are taken as part of a collection that says it goes on.
const MAX_EMPTY: usize = 100;

/// One page as the tally sees it.
pub struct Sight {
    pub marks: Marks,
    /// How many rows it has, if it has a list of them.
    pub rows: Option<usize>,
}

pub struct Tally<'w> {
    caller: &'w Caller<'w>,
    paths: &'w [JsonPath],
    /// Where the rows are, once a page had some.
    place: Option<Place>,
    /// The walk begins with the first row of all.
    from_start: bool,
    pub rows: u64,
    pub pages: u64,
    /// How many pages in a row were empty.
    empty: usize,
    /// What the last page said.
    pub last: Marks,
}

impl<'w> Tally<'w> {
    pub fn new(caller: &'w Caller<'_>, first: &HttpRequest, paths: &'w [JsonPath]) -> Self {
        let later = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
            begins_later(&name) && !matches!(value.trim(), "" | "0" | "1")
        };
        let from_start = !first.url.query_pairs().any(later);
        Self { caller, paths, place: None, from_start, rows: 0, pages: 0, empty: 0, last: Marks::default() }
    }

    /// Returns words of the server as people may see them: the server may repeat the token anywhere.
    pub fn line(&self, text: &str) -> String {
        mask::line(text, &self.caller.api.provider.hidden(&self.caller.token()))
    }

    /// A walk that begins elsewhere cannot compare its rows with a total.
    pub fn begins_later(&mut self) {
        self.from_start = false;
    }

    /// Adds a page that was a success.
    pub fn add(&mut self, page: &Page) -> Sight {
        if self.place.is_none() {
            self.place = Place::of(page, self.paths);
        }
        let rows = self.rows_of(page);
        self.rows += rows.unwrap_or(0) as u64;
        self.pages += 1;
        self.empty = if rows == Some(0) { self.empty + 1 } else { 0 };
        let marks = page.marks();
        self.last = marks.clone();
        Sight { marks, rows }
    }

    /// Returns how many rows a page has where the rows are.
    pub fn rows_of(&self, page: &Page) -> Option<usize> {
        self.place.as_ref().map(|place| place.rows(page))
    }

    /// Returns how many rows are still to come according to a total that can be compared with them.
    pub fn left(&self) -> Option<i128> {
        let counts = self.from_start && self.place.as_ref().is_some_and(|place| place.is_certain);
        let total = self.last.total.as_ref().filter(|_| counts)?;
        Some(i128::from(total.value) - i128::from(self.rows))
    }

    /// Returns an error after too many empty pages in a row.
    pub fn check_empty(&self) -> Result<(), RowsMissing> {
        if self.empty < MAX_EMPTY {
            return Ok(());
        }
        let marks = &self.last;
        let mark = marks.more.as_ref().map(|m| &m.name).or(marks.pages.as_ref().map(|m| &m.name));
        let mark = self.line(mark.map_or("", String::as_str));
        Err(RowsMissing::Empty { pages: self.empty, mark })
    }

    /// Returns an error where fewer rows came than the API says.
    pub fn check_total(&self) -> Result<(), RowsMissing> {
        match (self.left(), &self.last.total) {
            (Some(1..), Some(total)) => {
                Err(RowsMissing::Fewer { came: self.rows, total: total.value, mark: self.line(&total.name) })
            }
            _ => Ok(()),
        }
    }

    /// Returns an error where the page that should be the last one says that there are more.
    pub fn check_no_more(&self) -> Result<(), RowsMissing> {
        let marks = &self.last;
        let pages = marks.pages.as_ref().or(marks.last_page.as_ref());
        let pages = pages.filter(|pages| self.from_start && pages.value > self.pages).map(|pages| &pages.name);
        let more = marks.more.as_ref().filter(|more| more.value).map(|more| &more.name);
        let cursor = marks.cursor.as_ref().filter(|_| !marks.says_no_more()).map(|cursor| &cursor.name);
        let listed = self.rows > 0 || self.place.is_some();
        match more.or(cursor).or(pages).filter(|_| listed) {
            None => Ok(()),
            Some(mark) => Err(RowsMissing::NoWay {
                mark: self.line(mark),
                cursor: marks.cursor.as_ref().map(|c| self.line(&c.name)),
            }),
        }
    }
}
