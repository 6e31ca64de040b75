//! `--paginate`: pages put together while they come: rows into one array, other JSON into an array of pages, and with
//! a filter each page's results.

use clap::Args;

use super::CallError;
use super::show::{PART, Show, Sink};
use crate::flow::paging::{Facts, Page, Reading};
use crate::protocol::json;

#[derive(Args)]
pub struct PageArgs {
    /// Follow the collection to its last page
    #[arg(long)]
    pub paginate: bool,

    /// Stop after this many pages
    #[arg(long, value_name = "N", requires = "paginate", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_pages: Option<u64>,

    /// Print an array of pages instead of an array of rows
    #[arg(long, requires = "paginate", conflicts_with = "jq")]
    pub slurp: bool,

    /// How many pages to fetch at once, where they can be counted
    #[arg(long, value_name = "N", requires = "paginate", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
}

/// The shape of all pages together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One array of all rows.
    Rows,
    /// One array of pages.
    Pages,
    /// One after the other.
    Bytes,
    Filtered,
}

/// Writes the pages of one walk.
pub struct Joined<'a> {
    show: &'a Show<'a>,
    slurp: bool,
    /// Made with the first page.
    sink: Option<Sink>,
    shape: Shape,
    is_empty: bool,
}

impl<'a> Joined<'a> {
    pub fn new(show: &'a Show<'a>, slurp: bool) -> Self {
        Self { show, slurp, sink: None, shape: Shape::Bytes, is_empty: true }
    }

    /// Returns whether a page was written, so that what follows is no longer the only thing on stdout.
    pub fn has_begun(&self) -> bool {
        self.sink.is_some()
    }

    pub fn add(&mut self, page: &Page) -> Result<(), CallError> {
        let facts = match &page.reading {
            Reading::Json(facts) => Some(*facts),
            Reading::NotJson => None,
            // Nothing is asked of what is passed on as it is.
            Reading::Refused(_) if self.show.is_raw() && !self.show.has_filter() => None,
            Reading::Refused(too_much) => return Err(CallError::TooMuch(*too_much)),
        };
        if self.sink.is_none() {
            self.shape = match facts {
                _ if self.show.has_filter() => Shape::Filtered,
                Some(Facts { is_array: true, .. }) if !self.slurp => Shape::Rows,
                Some(_) => Shape::Pages,
                None => Shape::Bytes,
            };
            self.sink = Some(self.show.sink(page.status)?);
            if matches!(self.shape, Shape::Rows | Shape::Pages) {
                self.write(b"[")?;
            }
        }
        let body = json::without_mark(&page.body).trim_ascii();
        match (self.shape, facts) {
            (Shape::Filtered, _) => match &mut self.sink {
                Some(sink) => self.show.filtered(&page.body, sink),
                None => Ok(()),
            },
            (Shape::Bytes, None) if self.on_screen() => self.show.on_screen(&page.body),
            (Shape::Bytes, None) => self.write(&page.body),
            (Shape::Rows, Some(Facts { is_array: true, rows: Some(0) })) => Ok(()),
            (Shape::Rows, Some(Facts { is_array: true, .. })) => {
                let inner = body.strip_prefix(b"[").and_then(|body| body.strip_suffix(b"]")).unwrap_or(body);
                self.element(inner.trim_ascii())
            }
            (Shape::Pages, Some(_)) => self.element(body),
            (Shape::Rows, _) => Err(CallError::MixedPages { problem: "the first is an array, another one is not" }),
            (Shape::Pages, None) => Err(CallError::MixedPages { problem: "the first is JSON, another one is not" }),
            (Shape::Bytes, Some(_)) => Err(CallError::MixedPages { problem: "another one is JSON, the first is not" }),
        }
    }

    /// Closes the array, so that what came is whole JSON even if the walk broke off. A file takes it only if it did not.
    pub fn end(mut self, is_whole: bool) -> Result<(), CallError> {
        match (&self.sink, self.shape) {
            (Some(_), Shape::Rows | Shape::Pages) if self.on_screen() && !self.is_empty => self.write(b"\n]\n")?,
            (Some(_), Shape::Rows | Shape::Pages) => self.write(b"]\n")?,
            _ => {}
        }
        match self.sink {
            Some(sink) if is_whole => self.show.finish(sink),
            _ => Ok(()),
        }
    }

    fn on_screen(&self) -> bool {
        matches!(self.sink, Some(Sink::Screen))
    }

    /// A page, or the rows of one: the inside of the array that they become.
    fn element(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        let is_first = std::mem::take(&mut self.is_empty);
        if self.on_screen() {
            let before = if is_first { "\n  " } else { ",\n  " };
            // It was found to be JSON.
            return self.show.json_on_screen([before, &String::from_utf8_lossy(bytes), ""], 1);
        }
        let separator: &[u8] = if is_first { b"" } else { b"," };
        if bytes.len() > PART {
            self.write(separator)?;
            return self.write(bytes);
        }
        // One write for both: every write to stdout is a system call.
        self.write(&[separator, bytes].concat())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        match &mut self.sink {
            Some(sink) => self.show.write(sink, bytes),
            None => Ok(()),
        }
    }
}
