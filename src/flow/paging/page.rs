//! One page, and the facts that a walk needs. They are read from the text directly: as a tree, a page takes many times
//! its size.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::FlowError;
use super::super::retry::{Caller, is_of_the_api};
use crate::protocol::json::{self, TooMuch};
use crate::protocol::message::HttpRequest;

/// The size limit of a page. It is held in memory, to be counted and put into the array.
pub const MAX_PAGE: u64 = 16 * 1024 * 1024;

/// The length limit of a cursor. It goes into the next page's address, and no server accepts a longer one.
const MAX_CURSOR: usize = 16 * 1024;

/// The depth of wrappers: `{"data": {"items": […]}}` is the deepest.
const WRAPPERS: usize = 2;

/// One complete page.
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub reading: Reading,
    pub request: HttpRequest,
    /// The provider's own API has sent it.
    pub is_of_the_api: bool,
}

/// The result of reading a page.
pub enum Reading {
    Json(Facts),
    NotJson,
    /// JSON beyond the limits.
    Refused(TooMuch),
}

/// The facts about a page that is JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// True if the page itself is an array.
    pub is_array: bool,
    /// The length of the longest array that is not inside a row.
    pub rows: Option<usize>,
}

impl Page {
    pub(super) fn rows(&self) -> Option<usize> {
        match &self.reading {
            Reading::Json(facts) => facts.rows,
            Reading::NotJson | Reading::Refused(_) => None,
        }
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the text or number at a dotted path, or `None` if it is missing or empty.
    pub(super) fn cursor(&self, path: &str) -> Result<Option<String>, FlowError> {
        if !matches!(self.reading, Reading::Json(_)) {
            return Ok(None);
        }
        let mut reader = serde_json::Deserializer::from_slice(json::without_mark(&self.body));
        let Some(found) = At { path: Some(path) }.deserialize(&mut reader).ok().flatten() else { return Ok(None) };
        let text = found.get();
        if text.len() > MAX_CURSOR && text.starts_with(['"', '-']) {
            return Err(FlowError::LongCursor { limit: MAX_CURSOR });
        }
        Ok(match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).ok().filter(|cursor: &String| !cursor.is_empty()),
            Some(b'0'..=b'9' | b'-') => Some(text.to_owned()),
            _ => None,
        })
    }
}

impl Facts {
    /// Reads the facts. Returns `None` if the page is not JSON.
    pub(super) fn of(body: &[u8]) -> Result<Option<Self>, TooMuch> {
        if !json::is_json(body) {
            return Ok(None);
        }
        json::check(body, usize::MAX)?;
        let text = json::without_mark(body).trim_ascii();
        let rows = Rows { wrappers: WRAPPERS }.deserialize(&mut serde_json::Deserializer::from_slice(text));
        Ok(Some(Self { is_array: text.starts_with(b"["), rows: rows.ok().flatten() }))
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
    let is_of_the_api = is_of_the_api(&reply, caller.api.provider);
    let body = reply.read_announced(MAX_PAGE, announce).map_err(FlowError::ApiRequest)?;
    let reading = match Facts::of(&body) {
        Ok(Some(facts)) => Reading::Json(facts),
        Ok(None) => Reading::NotJson,
        Err(too_much) => Reading::Refused(too_much),
    };
    Ok(Page { status, headers, body, reading, request: request.clone(), is_of_the_api })
}

/// A counter of the elements in the longest array that is at most this many objects deep.
struct Rows {
    wrappers: usize,
}

impl<'de> DeserializeSeed<'de> for Rows {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A value that is neither an array nor an object.
macro_rules! nothing_in {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok(None)
        })*

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON value")
        }
    };
}

impl<'de> Visitor<'de> for Rows {
    type Value = Option<usize>;

    nothing_in!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut count = 0;
        while items.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Some(count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut longest = None;
        while members.next_key::<IgnoredAny>()?.is_some() {
            match self.wrappers.checked_sub(1) {
                Some(wrappers) => longest = longest.max(members.next_value_seed(Rows { wrappers })?),
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(longest)
    }
}

/// A search for the text of the value at a dotted path. Numbers index arrays. Of members with one name the last counts.
struct At<'p> {
    path: Option<&'p str>,
}

impl<'p> At<'p> {
    /// Returns the first step and the rest.
    fn step(&self) -> (&'p str, At<'p>) {
        let path = self.path.unwrap_or_default();
        let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
        (step, At { path: rest })
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.path {
            None => <&RawValue>::deserialize(deserializer).map(Some),
            Some(_) => deserializer.deserialize_any(self),
        }
    }
}

/// A member's name, not copied if it has no escapes.
#[derive(Deserialize)]
struct Name<'t>(#[serde(borrow)] Cow<'t, str>);

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<&'de RawValue>;

    nothing_in!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (step, rest) = self.step();
        let (mut rest, mut found) = (Some(rest), None);
        for n in 0_usize.. {
            let wanted = step.parse() == Ok(n);
            let more = match rest.take_if(|_| wanted) {
                Some(rest) => items.next_element_seed(rest)?.map(|value| found = value),
                None => items.next_element::<IgnoredAny>()?.map(drop),
            };
            if more.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (step, At { path }) = self.step();
        let mut found = None;
        while let Some(Name(name)) = members.next_key()? {
            match name == step {
                true => found = members.next_value_seed(At { path })?,
                false => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Page {
        let reading = match Facts::of(body.as_bytes()) {
            Ok(Some(facts)) => Reading::Json(facts),
            Ok(None) => Reading::NotJson,
            Err(too_much) => Reading::Refused(too_much),
        };
        let request = HttpRequest::new(http::Method::GET, url::Url::parse("https://a.example").unwrap());
        Page { status: 200, headers: HeaderMap::new(), body: body.into(), reading, request, is_of_the_api: true }
    }

    #[test]
    fn a_cursor_is_found_without_a_tree() {
        for (body, path, cursor) in [
            (r#"{"next":"a\u0062"}"#, "next", Some("ab")),
            ("\u{feff}{\"next\":\"a\"}", "next", Some("a")),
            (r#"{"n\u0065xt":1}"#, "next", Some("1")),
            (r#"{"meta":{"next":12345678901234567890123}}"#, "meta.next", Some("12345678901234567890123")),
            (r#"{"l":[0,{"c":-1.50}]}"#, "l.1.c", Some("-1.50")),
            (r#"{"next":"a","next":"b"}"#, "next", Some("b")),
            (r#"{"next":"a","next":null}"#, "next", None),
            (r#"{"next":""}"#, "next", None),
            (r#"{"next":[1]}"#, "next", None),
            (r#"{"next":true}"#, "next", None),
            (r#"{"meta":7}"#, "meta.next", None),
            (r#"{"l":[0]}"#, "l.1", None),
            ("no JSON", "next", None),
        ] {
            assert_eq!(page(body).cursor(path).unwrap().as_deref(), cursor, "{body}");
        }
    }

    #[test]
    fn a_cursor_too_long_for_a_url_is_refused() {
        for cursor in [format!("\"{}\"", "x".repeat(MAX_CURSOR)), format!("\"{}\"", "\\n".repeat(MAX_CURSOR))] {
            let refused = page(&format!("{{\"next\":{cursor}}}")).cursor("next");
            assert!(matches!(refused, Err(FlowError::LongCursor { .. })));
        }
    }

    #[test]
    fn the_depth_of_a_page_is_limited_and_its_rows_are_not() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Facts::of(deep.as_bytes()), Err(TooMuch::Depth));
        assert_eq!(Facts::of("[".repeat(100_000).as_bytes()), Ok(None));
        let many = format!("[{}{{}}]", "{},".repeat(999_999));
        assert_eq!(Facts::of(many.as_bytes()), Ok(Some(Facts { is_array: true, rows: Some(1_000_000) })));
    }
}
