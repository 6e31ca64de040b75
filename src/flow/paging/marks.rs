//! What a page says about the pages after it: in its body, and in its headers.

use http::HeaderMap;

use super::facts::{Facts, Said, Value};
use super::words::{Perhaps, Word, is_about_pages, is_for_rows, is_wrapper, plain};

/// A number and the name under which the API gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    pub value: T,
    pub name: String,
}

/// What one page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Whether there are more pages.
    pub more: Option<Named<bool>>,
    /// How many pages there are.
    pub pages: Option<Named<u64>>,
    /// The number of the last page, which counts from 0 in some APIs.
    pub last_page: Option<Named<u64>>,
    /// How many rows all pages have.
    pub total: Option<Named<u64>>,
    /// How many rows a page has at most.
    pub limit: Option<u64>,
    /// The address of the next page.
    pub address: Option<Named<String>>,
    /// The path of a cursor for the next page.
    pub cursor: Option<Named<()>>,
}

impl Marks {
    /// Reads what a page says. The body's words come before the headers'.
    pub fn of(facts: Option<&Facts>, headers: &HeaderMap) -> Self {
        let mut marks = Self::default();
        let (mut next, mut yes, mut no) = (None, None, None);
        let said = facts.map_or(&[][..], |facts| &facts.said);
        // What stands higher up comes first.
        let mut in_order: Vec<&Said> = said.iter().filter(|said| is_of_the_page(&said.path)).collect();
        in_order.sort_by_key(|said| said.path.len());
        for one in in_order {
            let name = format!(".{}", one.path.join("."));
            let flag = match (sure(one, said), &one.value) {
                (Some(Word::More), Value::Bool(more)) => Some(*more),
                (Some(Word::Last), Value::Bool(last)) | (Some(Word::LastPage), Value::Bool(last)) => Some(!last),
                (Some(Word::Next), value) => {
                    if let (Value::Text(text), None) = (value, &marks.address)
                        && is_address(text)
                    {
                        marks.address = Some(Named { value: text.clone(), name: name.clone() });
                    }
                    next = next.or_else(|| leads_on(value).map(|value| Named { value, name: name.clone() }));
                    None
                }
                (Some(Word::Cursor), value) => {
                    if leads_on(value) == Some(true) && marks.cursor.is_none() {
                        marks.cursor = Some(Named { value: (), name: name.clone() });
                    }
                    None
                }
                (Some(word), value) => {
                    if let Some(value) = value.number() {
                        marks.number(word, value, name.clone());
                    }
                    None
                }
                (None, _) => None,
            };
            match flag {
                Some(true) => yes = yes.or(Some(name)),
                Some(false) => no = no.or(Some(name)),
                None => {}
            }
        }
        let named = |value| move |name| Named { value, name };
        marks.in_headers(headers);
        // One list of several that has more is enough.
        marks.more = yes.map(named(true)).or(no.map(named(false))).or(next).or(marks.more);
        marks
    }

    fn number(&mut self, word: Word, value: u64, name: String) {
        let place = match word {
            Word::Pages => &mut self.pages,
            Word::LastPage => &mut self.last_page,
            Word::Total => &mut self.total,
            Word::Limit => {
                self.limit = self.limit.or(Some(value));
                return;
            }
            _ => return,
        };
        if place.is_none() {
            *place = Some(Named { value, name });
        }
    }

    /// `X-Total-Pages`, `X-WP-Total`, `X-Next-Page`, `Content-Range: items 0-9/40`: there is no standard.
    fn in_headers(&mut self, headers: &HeaderMap) {
        for (header, value) in headers {
            let (name, Ok(value)) = (header.as_str().to_owned(), value.to_str()) else { continue };
            let number = value.trim().parse::<u64>().ok();
            match (plain(&name).as_str(), number) {
                ("xtotalpages" | "xwptotalpages" | "xpaginationpagecount" | "xpagecount" | "xpages", Some(n)) => {
                    self.number(Word::Pages, n, name);
                }
                (
                    "xtotalcount" | "xtotal" | "xwptotal" | "xpaginationtotalcount" | "xtotalresults" | "xrecords",
                    Some(n),
                ) => {
                    self.number(Word::Total, n, name);
                }
                ("xperpage" | "xpaginationperpage", Some(n)) => self.number(Word::Limit, n, name),
                ("xnextpage", _) => self.more = Some(Named { value: !value.trim().is_empty(), name }),
                ("contentrange", _) => {
                    let total = value.rsplit_once('/').and_then(|(_, total)| total.trim().parse().ok());
                    // A range of bytes is a part of a file.
                    if let Some(total) = total.filter(|_| !value.trim_start().starts_with("bytes")) {
                        self.number(Word::Total, total, name);
                    }
                }
                _ => {}
            }
        }
    }

    pub fn says_more(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.value)
    }

    pub fn says_no_more(&self) -> bool {
        self.more.as_ref().is_some_and(|more| !more.value)
    }
}

/// Returns `true` for a word that stands where a page speaks of itself, and not in an object that has pages of its own,
/// such as `comments.has_more`.
fn is_of_the_page(path: &[String]) -> bool {
    let above = &path[..path.len().saturating_sub(1)];
    above.last().is_some_and(|name| plain(name) == "pageinfo")
        || above.iter().all(|name| {
            let is_next = || Word::of(std::slice::from_ref(name)) == Some(Word::Next);
            is_about_pages(name) || is_for_rows(name) || is_wrapper(name) || is_next()
        })
}

/// Returns the meaning of a word that is beyond doubt where it stands.
fn sure(said: &Said, all: &[Said]) -> Option<Word> {
    let Word::Perhaps(perhaps) = said.word else { return Some(said.word) };
    let (_, above) = said.path.split_last()?;
    let beside =
        || all.iter().filter(|other| *other != said && other.path.split_last().is_some_and(|(_, a)| a == above));
    let has = |word: Word| beside().any(|other| other.word == word);
    let about_pages =
        || above.last().is_some_and(|name| is_about_pages(name)) || has(Word::Limit) || has(Word::Position);
    match perhaps {
        // In other APIs it is what this page holds.
        Perhaps::Count => {
            let of_all = said.path.last().is_some_and(|name| name.contains("odata.count"));
            let beside_links = has(Word::Next) && has(Word::Position) && !has(Word::Perhaps(Perhaps::Total));
            (of_all || (beside_links && !has(Word::Total))).then_some(Word::Total)
        }
        Perhaps::Last if has(Word::Next) => Some(Word::Last),
        _ if !about_pages() => None,
        Perhaps::More => Some(Word::More),
        Perhaps::Last => Some(Word::Last),
        Perhaps::Pages => Some(Word::Pages),
        Perhaps::Total => Some(Word::Total),
        Perhaps::Limit => Some(Word::Limit),
    }
}

/// Returns whether a value leads to a further page, or `None` if it says neither. Some APIs end with 0 or -1.
pub(super) fn leads_on(value: &Value) -> Option<bool> {
    match value {
        Value::Null | Value::Bool(false) => Some(false),
        Value::Bool(true) => None,
        Value::Number(text) | Value::Text(text) => Some(!matches!(text.trim(), "" | "0" | "-1")),
        Value::Object | Value::TooLong => Some(true),
    }
}

/// Returns `true` for an address, as opposed to a cursor. A cursor in base64 may begin with `/`.
pub(super) fn is_address(text: &str) -> bool {
    let text = text.trim();
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    text.starts_with('?')
        || (text.starts_with('/') && text.contains(['?', '.']) || text.starts_with("//"))
        || scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}
