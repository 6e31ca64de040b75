//! `--paginate`: pages put together while they come: rows into one array, other JSON into an array of pages, and with
//! a filter each page's results.

use clap::Args;
use serde_json::Value;

use super::CallError;
use super::show::{Show, Sink};
use crate::flow::paging::Page;

#[derive(Args)]
pub struct PageArgs {
    /// Follow the collection to its last page
    #[arg(long)]
    pub paginate: bool,

    /// Stop after so many pages
    #[arg(long, value_name = "N", requires = "paginate", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_pages: Option<u64>,

    /// Print an array of pages, not of the rows on them
    #[arg(long, requires = "paginate", conflicts_with = "jq")]
    pub slurp: bool,

    /// How many pages to fetch at once, where they can be counted
    #[arg(long, value_name = "N", requires = "paginate", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub jobs: u16,
}

/// What the pages become together.
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

    /// Whether a page was written, so that what follows is no longer the only thing on stdout.
    pub fn has_begun(&self) -> bool {
        self.sink.is_some()
    }

    pub fn add(&mut self, page: &Page) -> Result<(), CallError> {
        if self.sink.is_none() {
            self.shape = match &page.value {
                _ if self.show.has_filter() => Shape::Filtered,
                Some(Value::Array(_)) if !self.slurp => Shape::Rows,
                Some(_) => Shape::Pages,
                None => Shape::Bytes,
            };
            self.sink = Some(self.show.sink(page.status)?);
            if matches!(self.shape, Shape::Rows | Shape::Pages) {
                self.write(b"[")?;
            }
        }
        let body = page.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&page.body).trim_ascii();
        match (self.shape, &page.value) {
            (Shape::Filtered, _) => match &mut self.sink {
                Some(sink) => self.show.filtered(&page.body, sink),
                None => Ok(()),
            },
            (Shape::Bytes, None) => self.write(&page.body),
            (Shape::Rows, Some(Value::Array(rows))) if rows.is_empty() => Ok(()),
            (Shape::Rows, Some(Value::Array(_))) => {
                let inner = body.strip_prefix(b"[").and_then(|body| body.strip_suffix(b"]")).unwrap_or(body);
                if !self.on_screen() {
                    return self.element(inner.trim_ascii());
                }
                let shown = self.for_screen(body, 0);
                let inner = shown.strip_prefix("[\n").and_then(|shown| shown.strip_suffix("\n]")).unwrap_or(&shown);
                self.element(inner.as_bytes())
            }
            (Shape::Pages, Some(_)) if self.on_screen() => {
                let shown = self.for_screen(body, 1);
                self.element(format!("  {shown}").as_bytes())
            }
            (Shape::Pages, Some(_)) => self.element(body),
            (Shape::Rows, _) => Err(CallError::MixedPages { problem: "the first is an array, another one is not" }),
            (Shape::Pages, None) => Err(CallError::MixedPages { problem: "the first is JSON, another one is not" }),
            (Shape::Bytes, Some(_)) => Err(CallError::MixedPages { problem: "another one is JSON, the first is not" }),
        }
    }

    /// Closes the array, so that what came is whole JSON even if the walk broke off.
    pub fn end(&mut self) -> Result<(), CallError> {
        match (&self.sink, self.shape) {
            (Some(_), Shape::Rows | Shape::Pages) if self.on_screen() && !self.is_empty => self.write(b"\n]\n"),
            (Some(_), Shape::Rows | Shape::Pages) => self.write(b"]\n"),
            _ => Ok(()),
        }
    }

    fn on_screen(&self) -> bool {
        matches!(self.sink, Some(Sink::Screen))
    }

    fn for_screen(&self, body: &[u8], level: usize) -> String {
        let text = String::from_utf8_lossy(body);
        self.show.json(&text, level).unwrap_or_default()
    }

    fn element(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        let separator = match (std::mem::take(&mut self.is_empty), self.on_screen()) {
            (true, true) => "\n",
            (true, false) => "",
            (false, true) => ",\n",
            (false, false) => ",",
        };
        // One write for both: every write to stdout is a system call.
        self.write(&[separator.as_bytes(), bytes].concat())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CallError> {
        match &mut self.sink {
            Some(sink) => self.show.write(sink, bytes),
            None => Ok(()),
        }
    }
}
