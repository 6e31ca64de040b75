//! Pages of a GraphQL query, by cursors as in the connections of Relay (`pageInfo { hasNextPage endCursor }`).
//!
//! The cursor goes into a variable that the query declares: `$endCursor` as for gh, or `$after` or `$cursor`. A mutation
//! is never repeated.

use serde_json::Value;

use super::body;
use super::facts::{Facts, Said, Value as Found};
use super::words::plain;
use crate::flow::rows_missing::RowsMissing;
use crate::protocol::message::HttpRequest;

/// The variables that a cursor goes into, as people name them.
const VARIABLES: [&str; 4] = ["endCursor", "after", "cursor", "afterCursor"];

/// A GraphQL request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// It declares this variable for a cursor.
    Pages {
        variable: &'static str,
    },
    /// It has no variable for a cursor.
    OnePage,
    Mutation,
}

impl Query {
    /// Reads a request, or returns `None` if it is not GraphQL.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        let body = body::object(request)?;
        let text = body.get("query").and_then(Value::as_str)?;
        let text = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        let words = outer_words(&text);
        let is_operation = |word: &str| matches!(word, "query" | "mutation" | "subscription" | "fragment");
        let is_graphql = text.trim_start().starts_with('{') || words.first().is_some_and(|word| is_operation(word));
        if !is_graphql || !text.contains('{') {
            return None;
        }
        let chosen = body.get("operationName").and_then(Value::as_str);
        let changes = words.iter().enumerate().any(|(n, word)| {
            let name = words.get(n + 1).copied();
            matches!(*word, "mutation" | "subscription") && (chosen.is_none() || chosen == name)
        });
        if changes {
            return Some(Self::Mutation);
        }
        let is_declared = |name: &&&str| {
            let variable = format!("${name}");
            let mut places = text.match_indices(&variable);
            places.any(|(at, _)| text[at + variable.len()..].trim_start().starts_with(':'))
        };
        Some(VARIABLES.iter().find(is_declared).map_or(Self::OnePage, |variable| Self::Pages { variable }))
    }
}

/// Returns the words of a document outside of all brackets: the kinds and names of its operations.
fn outer_words(text: &str) -> Vec<&str> {
    let (mut depth, mut words, mut start) = (0_usize, Vec::new(), None);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_word = depth == 0 && (c.is_alphanumeric() || c == '_');
        match (is_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(&text[from..at]);
                start = None;
            }
            _ => {}
        }
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    words
}

/// A list's `pageInfo`.
struct PageInfo<'f> {
    above: &'f [String],
    more: bool,
    cursor: Option<&'f str>,
}

/// Returns the cursor of the next page, or `None` if this page is the last.
pub fn next_cursor(facts: Option<&Facts>) -> Result<Option<String>, RowsMissing> {
    let said = facts.map_or(&[][..], |facts| &facts.said);
    let mut infos: Vec<PageInfo<'_>> = said.iter().filter_map(|one| page_info(one, said)).collect();
    infos.sort_by_key(|info| info.above.len());
    let more = infos.iter().find(|info| info.more);
    match more {
        None if infos.is_empty() => Err(RowsMissing::NoPageInfo),
        None => Ok(None),
        Some(PageInfo { cursor: Some(cursor), .. }) => Ok(Some((*cursor).to_owned())),
        Some(PageInfo { cursor: None, .. }) => Err(RowsMissing::NoPageInfo),
    }
}

/// Returns the `pageInfo` of which a value is the `hasNextPage`.
fn page_info<'f>(one: &'f Said, all: &'f [Said]) -> Option<PageInfo<'f>> {
    let (name, above) = one.path.split_last()?;
    let Found::Bool(more) = one.value else { return None };
    if plain(name) != "hasnextpage" {
        return None;
    }
    let cursor = all.iter().find_map(|other| match (&other.value, other.path.split_last()) {
        (Found::Text(cursor), Some((name, beside))) if beside == above && plain(name) == "endcursor" => {
            Some(cursor.as_str())
        }
        _ => None,
    });
    Some(PageInfo { above, more, cursor: cursor.filter(|cursor| !cursor.is_empty()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::paging::doubles::page;

    fn query(body: &serde_json::Value) -> Option<Query> {
        let url = url::Url::parse("https://a.example/graphql").unwrap();
        Query::of(&HttpRequest::new(http::Method::POST, url).with_body("application/json", body.to_string()))
    }

    #[test]
    fn a_query_is_told_from_a_mutation_and_from_a_search() {
        for (text, read) in [
            ("query($endCursor: String) { a(after: $endCursor) { x } }", Some(Query::Pages { variable: "endCursor" })),
            ("# mutation\n query Q($n: Int, $after : String) { a { x } }", Some(Query::Pages { variable: "after" })),
            ("{ a(after: $cursor) { mutation } }", Some(Query::OnePage)),
            ("query Q($afterwards: String) { a { x } }", Some(Query::OnePage)),
            ("mutation M($after: String) { a { x } }", Some(Query::Mutation)),
            ("fragment F on X { y }\nmutation { a { x } }", Some(Query::Mutation)),
            ("query builder", None),
            ("shoes", None),
        ] {
            assert_eq!(query(&serde_json::json!({"query": text})), read, "{text}");
        }
        let both = "query A($after: String) { x } mutation B { y }";
        let named = |name| query(&serde_json::json!({"query": both, "operationName": name}));
        assert_eq!((named("A"), named("B")), (Some(Query::Pages { variable: "after" }), Some(Query::Mutation)));
        assert_eq!(query(&serde_json::json!(["query"])), None);
    }

    #[test]
    fn the_cursor_is_beside_the_has_next_page_that_is_true() {
        let next = |body: &str| next_cursor(page(body).facts());
        let list = |name: &str, more, cursor| {
            format!(r#""{name}":{{"pageInfo":{{"hasNextPage":{more},"endCursor":{cursor}}},"nodes":[]}}"#)
        };
        let data = |lists: &[String]| format!(r#"{{"data":{{"shop":{{{}}}}}}}"#, lists.join(","));
        assert_eq!(next(&data(&[list("a", true, "\"x\"")])).unwrap().as_deref(), Some("x"));
        assert_eq!(next(&data(&[list("a", false, "\"x\"")])).unwrap(), None);
        assert_eq!(next(&data(&[list("a", false, "\"x\""), list("b", true, "\"y\"")])).unwrap().as_deref(), Some("y"));
        for none in [data(&[]), data(&[list("a", true, "null")]), r#"{"data":null,"errors":[{"message":"no"}]}"#.into()]
        {
            assert!(matches!(next(&none), Err(RowsMissing::NoPageInfo)), "{none}");
        }
    }
}
