//! `--paginate`: pages put together while they come: rows into one array, other JSON into an array of pages, and with
//! a filter each page's results.

use clap::Args;
use http::header::CONTENT_TYPE;
use serde::de::IgnoredAny;

use super::CallError;
use super::show::{PART, Show, Sink};
use crate::flow::paging::{NextPage, Page, Reading, RowsAt};
use crate::protocol::json;
use crate::protocol::json_path::JsonPath;
use crate::protocol::sanitize;

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

    /// The path of the rows in each page, such as `.data`: they become one array, or what `--jq` filters
    #[arg(long, value_name = "PATH", requires = "paginate", conflicts_with = "slurp")]
    pub rows: Option<JsonPath>,

    /// The path of the next page's address in each page, such as `.links.next`; or `PARAM=PATH` for a cursor that the
    /// next request has in this parameter
    #[arg(long, value_name = "PATH", requires = "paginate")]
    pub next: Option<NextPage>,

    /// How many pages to fetch at once, where they can be counted
    #[arg(long, value_name = "N", requires = "paginate", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
}

/// The shape of all pages together.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// One array of all rows, which are there in each page.
    Rows(JsonPath),
    /// One array of pages.
    Pages,
    /// One after the other.
    Bytes,
    /// The filter's results for each page, or for its rows.
    Filtered(Option<JsonPath>),
}

/// Writes the pages of one walk.
pub struct Joined<'a> {
    show: &'a Show<'a>,
    args: &'a PageArgs,
    rows: RowsAt,
    /// Made with the first page.
    sink: Option<Sink>,
    shape: Shape,
    is_empty: bool,
    /// How many rows came, where they are told apart.
    counted: u64,
}

impl<'a> Joined<'a> {
    pub fn new(show: &'a Show<'a>, args: &'a PageArgs, rows: RowsAt) -> Self {
        Self { show, args, rows, sink: None, shape: Shape::Bytes, is_empty: true, counted: 0 }
    }

    /// Returns how many rows came so far, or 0 where pages are not read.
    pub fn rows(&self) -> u64 {
        self.counted
    }

    /// Returns whether a page was written, so that what follows is no longer the only thing on stdout.
    pub fn has_begun(&self) -> bool {
        self.sink.is_some()
    }

    pub fn add(&mut self, page: &Page) -> Result<(), CallError> {
        let is_json = match &page.reading {
            Reading::Json(_) => true,
            Reading::NotJson => false,
            // Nothing is asked of what is passed on as it is.
            Reading::Refused(_) if self.show.is_raw() && !self.show.has_filter() => false,
            Reading::Refused(too_much) => return Err(CallError::TooMuch(*too_much)),
        };
        if self.sink.is_none() {
            self.shape = self.shape_of(page, is_json)?;
            self.sink = Some(self.show.sink(page.status)?);
            if matches!(self.shape, Shape::Rows(_) | Shape::Pages) {
                self.write(b"[")?;
            }
        } else if page.body.trim_ascii().is_empty() {
            // Such as a 204 behind the last page.
            return Ok(());
        }
        match (self.shape.clone(), is_json) {
            (Shape::Filtered(None), _) => self.filtered(&page.body),
            (Shape::Filtered(Some(path)), true) => self.filtered(rows(page, &path)?.as_bytes()),
            (Shape::Filtered(Some(_)), false) => Err(CallError::NotJson),
            (Shape::Bytes, false) if self.on_screen() => self.show.on_screen(&page.body),
            (Shape::Bytes, false) => self.write(&page.body),
            (Shape::Rows(path), true) => {
                let rows = rows(page, &path)?;
                if self.show.is_watched() {
                    let counted = serde_json::from_str::<Vec<IgnoredAny>>(rows);
                    self.counted += counted.map_or(0, |rows| rows.len() as u64);
                }
                let inner = rows.strip_prefix('[').and_then(|rows| rows.strip_suffix(']')).unwrap_or(rows).trim_ascii();
                if inner.is_empty() { Ok(()) } else { self.element(inner.as_bytes()) }
            }
            (Shape::Pages, true) => self.element(json::without_mark(&page.body).trim_ascii()),
            (Shape::Rows(_) | Shape::Pages, false) => {
                Err(CallError::MixedPages { problem: "the first is JSON, another one is not" })
            }
            (Shape::Bytes, true) => Err(CallError::MixedPages { problem: "another one is JSON, the first is not" }),
        }
    }

    fn shape_of(&self, page: &Page, is_json: bool) -> Result<Shape, CallError> {
        if let (Some(path), true) = (&self.args.rows, is_json)
            && page.list(path).is_none()
        {
            return Err(CallError::NoRows { path: sanitize::line(&path.to_string()), lists: page.lists() });
        }
        Ok(match self.rows.in_page(page) {
            _ if self.show.has_filter() => Shape::Filtered(self.args.rows.clone()),
            _ if !is_json => Shape::Bytes,
            Some(path) if !self.args.slurp => Shape::Rows(path),
            _ => Shape::Pages,
        })
    }

    fn filtered(&mut self, text: &[u8]) -> Result<(), CallError> {
        match &mut self.sink {
            Some(sink) => self.show.filtered(text, sink),
            None => Ok(()),
        }
    }

    /// Returns an error if the first page was to be JSON, and is not: then it is not known whether more pages follow.
    pub fn check_first(&self, page: &Page, reads_bodies: bool) -> Result<(), CallError> {
        let kind = page.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_meant = kind.ends_with("/json") || kind.ends_with("+json") || kind == "text/html" || reads_bodies;
        let is_empty = page.body.trim_ascii().is_empty();
        match page.reading {
            Reading::NotJson if is_meant && !is_empty && !self.show.is_raw() => {
                Err(CallError::UnreadablePage { kind: Some(sanitize::line(&kind)).filter(|kind| !kind.is_empty()) })
            }
            _ => Ok(()),
        }
    }

    /// Closes the array, so that what came is whole JSON even if the walk broke off. A file takes it only if it did not.
    pub fn end(mut self, is_whole: bool) -> Result<(), CallError> {
        match (&self.sink, &self.shape) {
            (Some(_), Shape::Rows(_) | Shape::Pages) if self.on_screen() && !self.is_empty => self.write(b"\n]\n")?,
            (Some(_), Shape::Rows(_) | Shape::Pages) => self.write(b"]\n")?,
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

/// Returns the text of a page's rows. An API may leave out a list that is empty.
fn rows<'p>(page: &'p Page, path: &JsonPath) -> Result<&'p str, CallError> {
    match page.value(path) {
        Some(rows) if rows.starts_with('[') => Ok(rows),
        None | Some("null") => Ok("[]"),
        Some(_) => {
            Err(CallError::MixedPages { problem: "the first has a list of rows, another one has something else there" })
        }
    }
}
