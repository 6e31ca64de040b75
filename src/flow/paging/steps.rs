//! Pages that are known one at a time: each names the next.
//!
//! A page that names none is the last, unless it says in other words that there are more. A cursor beside
//! `hasNextPage: false` leads nowhere, and neither does an address in the body: some APIs always send one.

use std::collections::HashSet;

use super::super::FlowError;
use super::super::api::set_pair;
use super::super::retry::Caller;
use super::super::rows_missing::RowsMissing;
use super::marks::is_address;
use super::page::{Cursor, Page, fetch};
use super::tally::{Sight, Tally};
use super::walk::{Each, End, Plan, end_elsewhere, hash};
use super::way::Ask;
use super::{body, graphql};
use crate::protocol::json_path::JsonPath;
use crate::protocol::link::{Link, UnreadableLink};
use crate::protocol::mask;
use crate::protocol::message::HttpRequest;

/// How many addresses are kept to detect a loop. The user has to stop a longer one.
const MAX_SEEN: usize = 1 << 19;

pub(super) fn walk<E: From<FlowError>>(
    caller: &Caller<'_>,
    first: &HttpRequest,
    ask: &Ask,
    (plan, mut tally): (Plan, Tally<'_>),
    each: Each<'_, E>,
) -> Result<End, E> {
    let mut request = first.clone();
    let identity = |request: &HttpRequest| hash(&(request.url.as_str(), &request.body));
    // Hashes, because a collection may have a million pages.
    let mut seen = HashSet::from([identity(&request)]);
    loop {
        let page = fetch(caller, &request, |_| true)?;
        let sight = page.is_success().then(|| tally.add(&page));
        let next = sight.as_ref().map(|sight| next_of(caller, ask, &page, sight));
        let elsewhere = page.elsewhere();
        if each(page)?.is_break() {
            return Ok(End::Stopped);
        }
        let (Some(next), Some(sight)) = (next, sight) else { return Ok(End::Stopped) };
        if let Some(origin) = elsewhere {
            let is_last = matches!(next, Ok(None)) && tally.check_no_more().is_ok();
            return Ok(end_elsewhere(origin, is_last)?);
        }
        let Some(next) = next? else {
            tally.check_no_more().map_err(FlowError::from)?;
            tally.check_total().map_err(FlowError::from)?;
            return Ok(End::LastPage);
        };
        let is_new = seen.insert(identity(&next));
        if !is_new {
            // Some APIs repeat the last cursor, or link the last page to itself.
            return match sight.rows == Some(0) || tally.left() == Some(0) {
                true => Ok(End::LastPage),
                false => Err(FlowError::PagesInACircle { what: "an address" }.into()),
            };
        }
        if plan.max_pages.is_some_and(|max| tally.pages >= max) {
            return Ok(End::Limit);
        }
        if seen.len() >= MAX_SEEN {
            seen.clear();
        }
        request = next;
    }
}

/// Returns the request for the page after this one.
fn next_of(caller: &Caller<'_>, ask: &Ask, page: &Page, sight: &Sight) -> Result<Option<HttpRequest>, FlowError> {
    match ask {
        Ask::Offered => offered(caller, page, sight),
        Ask::Address(path) => {
            // The word of the address itself is not another word beside it.
            let is_last = sight.marks.says_no_more();
            match address(page, path)?.filter(|_| !is_last) {
                Some(address) => follow(caller, page, &address).map(Some),
                None => Ok(None),
            }
        }
        Ask::Cursor { param, path } => {
            let Some(cursor) = page.cursor(path)?.filter(|_| !sight.marks.says_no_more()) else { return Ok(None) };
            if is_address(&cursor.text) {
                return follow(caller, page, &cursor.text).map(Some);
            }
            Ok(Some(with_cursor(page, param, &cursor)))
        }
        Ask::Variable(name) => {
            let Some(cursor) = graphql::next_cursor(page.facts())? else { return Ok(None) };
            let cursor = Cursor { text: cursor, is_number: false };
            Ok(Some(with_cursor(page, &format!("variables.{name}"), &cursor)))
        }
        // Not known one at a time.
        Ask::Counted(_) => Ok(None),
    }
}

/// Returns what the server offers by itself: the `Link` header counts first.
fn offered(caller: &Caller<'_>, page: &Page, sight: &Sight) -> Result<Option<HttpRequest>, FlowError> {
    let links = page.headers.get_all("link").iter().map(|value| value.as_bytes());
    let link = Link::next(links);
    if let Ok(Some(target)) = &link {
        return follow(caller, page, target).map(Some);
    }
    let marks = &sight.marks;
    let has_ended = marks.says_no_more();
    let in_body = marks.address.as_ref().filter(|_| sight.rows.is_some() && !has_ended);
    match (in_body, link) {
        (Some(address), _) => follow(caller, page, &address.value).map(Some),
        (None, Err(UnreadableLink(header))) if !has_ended => {
            Err(RowsMissing::Link { header: mask::line(&header, &caller.api.provider.hidden(&caller.token())) }.into())
        }
        (None, _) => Ok(None),
    }
}

/// Returns the address at a path: a text, or the `href` in an object.
fn address(page: &Page, path: &JsonPath) -> Result<Option<String>, FlowError> {
    let wrong = |found| RowsMissing::NotAnAddress { path: path.to_string(), found }.into();
    match page.value(path).and_then(|value| value.as_bytes().first()) {
        Some(b'{') => {
            let inner = JsonPath::of_names(&[path.steps(), &["href".to_owned()]].concat());
            Ok(page.cursor(&inner)?.map(|cursor| cursor.text))
        }
        Some(b'[') => Err(wrong("a list")),
        Some(b't') => Err(wrong("`true`")),
        _ => match page.cursor(path)? {
            Some(cursor) if cursor.is_number => Err(wrong("a number")),
            other => Ok(other.map(|cursor| cursor.text)),
        },
    }
}

fn follow(caller: &Caller<'_>, page: &Page, address: &str) -> Result<HttpRequest, FlowError> {
    let followed = caller.api.follow(&page.request, address.trim(), &caller.token());
    followed.map_err(|error| match error {
        FlowError::ForeignRedirect { origin } => FlowError::ForeignPage { origin },
        other => other,
    })
}

/// Repeats a request with a cursor: in the body of a POST, else in the query.
fn with_cursor(page: &Page, param: &str, cursor: &Cursor) -> HttpRequest {
    let mut next = page.request.clone();
    let value = match cursor.text.parse::<serde_json::Number>() {
        Ok(number) if cursor.is_number => number.into(),
        _ => cursor.text.clone().into(),
    };
    if !(next.method == http::Method::POST && body::put(&mut next, param, value)) {
        set_pair(&mut next.url, param, &cursor.text);
    }
    next
}
