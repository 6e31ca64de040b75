//! One page, as it came, and what a walk asks of it.

use http::HeaderMap;

use super::super::FlowError;
use super::super::retry::{Caller, Sender};
use super::facts::{Facts, MAX_VALUE, Value};
use super::marks::{Marks, leads_on};
use crate::protocol::json::TooMuch;
use crate::protocol::json_path::{JsonPath, text_of};
use crate::protocol::message::HttpRequest;
use crate::protocol::sanitize;

/// The size limit of a page. It is held in memory, to be counted and put into the array.
pub const MAX_PAGE: u64 = 16 * 1024 * 1024;

/// One complete page.
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub reading: Reading,
    pub request: HttpRequest,
    pub sender: Sender,
}

/// The result of reading a page.
pub enum Reading {
    Json(Facts),
    NotJson,
    /// JSON beyond the limits.
    Refused(TooMuch),
}

/// A cursor for the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub text: String,
    /// True if it is written as a number.
    pub is_number: bool,
}

impl Reading {
    pub(super) fn of(body: &[u8]) -> Self {
        match Facts::of(body) {
            Ok(Some(facts)) => Self::Json(facts),
            Ok(None) => Self::NotJson,
            Err(too_much) => Self::Refused(too_much),
        }
    }
}

impl Page {
    pub(super) fn facts(&self) -> Option<&Facts> {
        match &self.reading {
            Reading::Json(facts) => Some(facts),
            Reading::NotJson | Reading::Refused(_) => None,
        }
    }

    pub(super) fn marks(&self) -> Marks {
        Marks::of(self.facts(), &self.headers)
    }

    /// Returns the server to which the API has redirected, if the page is from there.
    pub(super) fn elsewhere(&self) -> Option<String> {
        match &self.sender {
            Sender::Download { origin } => Some(origin.clone()),
            Sender::Api | Sender::Allowed => None,
        }
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the text of the value at a path.
    pub fn value(&self, path: &JsonPath) -> Option<&str> {
        self.facts()?;
        path.find(text_of(&self.body)?)
    }

    /// Returns the text of the list at a path.
    pub fn list(&self, path: &JsonPath) -> Option<&str> {
        self.value(path).filter(|value| value.starts_with('['))
    }

    /// Names the lists of a page, as paths.
    pub fn lists(&self) -> Vec<String> {
        let lists = self.facts().map_or(&[][..], |facts| &facts.lists);
        lists.iter().take(5).map(|list| sanitize::line(&JsonPath::of_names(&list.path).to_string())).collect()
    }

    /// Returns the text or number at a path, or `None` if it is missing, empty, or a sign for the end.
    pub(super) fn cursor(&self, path: &JsonPath) -> Result<Option<Cursor>, FlowError> {
        let Some(text) = self.value(path) else { return Ok(None) };
        if !text.starts_with(['"', '-']) && !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(None);
        }
        let value = Value::of(text);
        let cursor = match &value {
            Value::TooLong => return Err(FlowError::LongCursor { limit: MAX_VALUE }),
            Value::Text(text) => Cursor { text: text.clone(), is_number: false },
            _ => Cursor { text: text.to_owned(), is_number: true },
        };
        Ok(Some(cursor).filter(|_| leads_on(&value) == Some(true)))
    }
}

/// Fetches a page. `announce` is told how many bytes come next. It may wait until there is room for them, or refuse
/// them.
pub(super) fn fetch(
    caller: &Caller<'_>,
    request: &HttpRequest,
    announce: impl FnMut(usize) -> bool,
) -> Result<Page, FlowError> {
    let reply = caller.call(request, None)?;
    let (status, headers) = (reply.status, reply.headers.clone());
    let sender = Sender::of(&reply, caller.api.provider);
    let body = reply.read_announced(MAX_PAGE, announce).map_err(FlowError::ApiRequest)?;
    let reading = Reading::of(&body);
    Ok(Page { status, headers, body, reading, request: request.clone(), sender })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::paging::doubles::page;
    use crate::flow::paging::rows::Place;

    #[test]
    fn a_cursor_is_a_text_or_a_number() {
        for (body, path, cursor) in [
            (r#"{"next":"a\u0062"}"#, "next", Some("ab")),
            ("\u{feff}{\"next\":\"a\"}", "next", Some("a")),
            (r#"{"meta":{"next":12345678901234567890123}}"#, "meta.next", Some("12345678901234567890123")),
            (r#"{"rows":[{"id":"x"},{"id":"y"}]}"#, ".rows[-1].id", Some("y")),
            (r#"{"next":"a","next":null}"#, "next", None),
            (r#"{"next":""}"#, "next", None),
            (r#"{"next":0}"#, "next", None),
            (r#"{"next":"0"}"#, "next", None),
            (r#"{"next":-1}"#, "next", None),
            (r#"{"next":[1]}"#, "next", None),
            (r#"{"next":true}"#, "next", None),
            ("no JSON", "next", None),
        ] {
            let found = page(body).cursor(&JsonPath::of(path)).unwrap();
            assert_eq!(found.map(|cursor| cursor.text).as_deref(), cursor, "{body}");
        }
    }

    #[test]
    fn a_cursor_too_long_for_a_url_is_refused() {
        for cursor in [format!("\"{}\"", "x".repeat(MAX_VALUE)), format!("\"{}\"", "\\n".repeat(MAX_VALUE))] {
            let refused = page(&format!("{{\"next\":{cursor}}}")).cursor(&JsonPath::of("next"));
            assert!(matches!(refused, Err(FlowError::LongCursor { .. })));
        }
    }

    #[test]
    fn the_depth_of_a_page_is_limited_and_its_rows_are_not() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Facts::of(deep.as_bytes()), Err(TooMuch::Depth));
        assert_eq!(Facts::of("[".repeat(100_000).as_bytes()), Ok(None));
        let many = page(&format!("[{}{{}}]", "{},".repeat(999_999)));
        assert_eq!(Place::of(&many, &[]).unwrap().rows(&many), 1_000_000);
    }
}
