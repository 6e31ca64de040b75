//! Which list of a page holds its rows. It is decided on the first page and kept, so that a second list that grows and
//! shrinks beside the rows is never counted in their place.

use super::facts::{Facts, List};
use super::page::Page;
use super::words::{is_beside_rows, is_for_rows, plain};
use crate::protocol::json_path::{JsonPath, count};

/// How deep the rows of a page stand: `{"response": {"data": {"items": […]}}}`.
const DEPTH: usize = 3;

/// Where the rows of a walk's pages are, as far as somebody has said so.
#[derive(Clone, Debug, Default)]
pub struct RowsAt {
    /// The first of these paths at which a page has a list.
    pub paths: Vec<JsonPath>,
    /// A list counts as well that can only be the rows.
    pub seek: bool,
}

impl RowsAt {
    /// Reads a definition's paths.
    pub fn of(paths: &[String]) -> Self {
        let seek = paths.iter().any(|path| path == "*");
        Self { paths: paths.iter().filter(|path| *path != "*").map(|path| JsonPath::of(path)).collect(), seek }
    }

    /// Returns where a page has rows that can be put into one array with those of others. A page that is an array has
    /// them there.
    pub fn in_page(&self, page: &Page) -> Option<JsonPath> {
        let given = self.paths.iter().find(|path| page.list(path).is_some()).cloned();
        let facts = page.facts()?;
        given.or_else(|| facts.is_array.then(|| JsonPath::of("."))).or_else(|| {
            let place = Place::of(page, &[]).filter(|place| self.seek && place.is_certain)?;
            // The tags of one product are a list as well. So the name has to say that it holds what was asked for.
            let holds_rows = match place.path.steps() {
                [name] => is_for_rows(name) || plain(name) == asked_for(page),
                [above, _] => above == "_embedded",
                _ => false,
            };
            holds_rows.then_some(place.path)
        })
    }
}

/// Returns the name of what a page's request asked for: the end of its path, without an ending such as `.json`.
fn asked_for(page: &Page) -> String {
    let path = page.request.url.path();
    let last = path.rsplit('/').find(|step| !step.is_empty()).unwrap_or_default();
    plain(last.split('.').next().unwrap_or_default())
}

/// A place that holds rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub path: JsonPath,
    /// False if another list could hold them as well. Then their number says nothing about the end.
    pub is_certain: bool,
}

impl Place {
    /// Decides where a page has its rows: at the first path that has a list, else where it seems.
    pub fn of(page: &Page, paths: &[JsonPath]) -> Option<Self> {
        let facts = page.facts()?;
        let given = paths.iter().find(|path| page.list(path).is_some());
        match given {
            Some(path) => Some(Self { path: path.clone(), is_certain: true }),
            None => seen(facts, &asked_for(page)),
        }
    }

    /// Returns how many rows a page has here: none if the list is missing, as where an API omits empty members.
    pub fn rows(&self, page: &Page) -> usize {
        let known = page.facts().and_then(|facts| facts.lists.iter().find(|list| list.path == self.path.steps()));
        known.map(|list| list.rows).or_else(|| page.list(&self.path).and_then(count)).unwrap_or(0)
    }
}

fn seen(facts: &Facts, asked: &str) -> Option<Place> {
    let lists: Vec<&List> = facts.lists.iter().filter(|list| list.path.len() <= DEPTH).collect();
    let is_beside = |list: &&List| list.path.iter().any(|name| is_beside_rows(name));
    let (beside, mut lists): (Vec<&List>, Vec<&List>) = lists.into_iter().partition(is_beside);
    if lists.is_empty() {
        lists = beside;
    }
    let place = |list: &List, is_certain| Some(Place { path: JsonPath::of_names(&list.path), is_certain });
    if let [only] = lists.as_slice() {
        return place(only, true);
    }
    let fits: [&dyn Fn(&List) -> bool; 3] = [
        &|list| !asked.is_empty() && list.path.last().is_some_and(|name| plain(name) == asked),
        &|list| list.path.last().is_some_and(|name| is_for_rows(name)),
        &|list| list.of_objects,
    ];
    for fits in fits {
        let fitting = || lists.iter().filter(|list| fits(list));
        let highest = fitting().map(|list| list.path.len()).min();
        let mut highest = fitting().filter(|list| Some(list.path.len()) == highest);
        if let (Some(list), None) = (highest.next(), highest.next()) {
            return place(list, true);
        }
    }
    place(lists.iter().max_by_key(|list| list.rows)?, false)
}
