//! How the pages of a walk are asked for: what the command line says, else a GraphQL query, else the definition, else
//! whatever the reply offers.

use std::str::FromStr;

use http::Method;

use super::body;
use super::graphql::Query;
use super::rows::RowsAt;
use crate::protocol::json_path::{JsonPath, NotAPath};
use crate::protocol::message::HttpRequest;
use crate::provider::quirks::Paging;

/// The next page, as `--next` names it: the path of its address, or a parameter and the path of a cursor.
#[derive(Clone, Debug)]
pub enum NextPage {
    Address(JsonPath),
    Cursor { param: String, path: JsonPath },
}

impl FromStr for NextPage {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        match text.split_once('=') {
            Some((param, path)) if !param.starts_with(['.', '[', '"']) && !param.is_empty() => {
                Ok(Self::Cursor { param: param.trim().to_owned(), path: path.parse()? })
            }
            _ => text.parse().map(Self::Address),
        }
    }
}

/// What is counted, and with which parameter.
#[derive(Clone, Debug)]
pub struct Counting {
    pub param: String,
    pub first: u64,
    /// The parameter for the page size, and its maximum.
    pub size: Option<(String, u64)>,
    pub unit: Unit,
}

/// The unit in which pages are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Pages,
    Rows,
}

/// The way from one page to the next.
#[derive(Clone, Debug)]
pub enum Ask {
    /// The `Link` header, or else an address in the body.
    Offered,
    /// An address at this path of the body.
    Address(JsonPath),
    /// A cursor at this path of the body, which the next request repeats.
    Cursor {
        param: String,
        path: JsonPath,
    },
    Counted(Counting),
    /// The `endCursor` of a GraphQL list, in this variable of the query.
    Variable(&'static str),
}

/// The way over the pages, and where their rows are.
#[derive(Clone, Debug)]
pub struct Way {
    pub ask: Ask,
    /// Where the rows may be; the first place that a page has counts. Without one they are looked for.
    pub rows: RowsAt,
}

/// The reason why a request has no further pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPages {
    #[error("only GET requests have further pages, and POST requests whose JSON body asks for a page")]
    Method,
    #[error("a GraphQL mutation is not repeated for further pages")]
    Mutation,
    #[error("the GraphQL query has no variable for the cursor of the next page")]
    NoVariable,
}

impl Way {
    /// Returns `true` if only a body can say what the next page is.
    pub fn reads_bodies(&self) -> bool {
        matches!(self.ask, Ask::Address(_) | Ask::Cursor { .. } | Ask::Variable(_))
    }

    /// Decides how the pages of a request are asked for. A POST may change something, so it is repeated only where its
    /// body shows that it asks for pages: a query, a cursor, or a number that it has already.
    pub fn of(
        request: &HttpRequest,
        next: Option<&NextPage>,
        paging: Option<&Paging>,
        rows: RowsAt,
    ) -> Result<Self, NoPages> {
        let query = Query::of(request);
        if query == Some(Query::Mutation) {
            return Err(NoPages::Mutation);
        }
        let ask = match (next, query) {
            (Some(NextPage::Address(path)), _) => Ask::Address(path.clone()),
            (Some(NextPage::Cursor { param, path }), _) => Ask::Cursor { param: param.clone(), path: path.clone() },
            (None, Some(Query::Pages { variable })) => Ask::Variable(variable),
            (None, Some(_)) => return Err(NoPages::NoVariable),
            (None, None) => paging.map_or(Ask::Offered, Ask::of),
        };
        let repeats = request.method == Method::GET
            || body::is_object(request)
                && match &ask {
                    Ask::Offered | Ask::Address(_) => false,
                    Ask::Cursor { .. } | Ask::Variable(_) => true,
                    Ask::Counted(counting) => body::get(request, &counting.param).is_some(),
                };
        if repeats { Ok(Self { ask, rows }) } else { Err(NoPages::Method) }
    }
}

impl Ask {
    /// Reads a definition's pagination.
    pub fn of(paging: &Paging) -> Self {
        match paging {
            Paging::Link => Self::Offered,
            Paging::Url { path } => Self::Address(JsonPath::of(path)),
            Paging::Cursor { param, path } => Self::Cursor { param: param.clone(), path: JsonPath::of(path) },
            Paging::Page { param, first, size, max_size } => Self::Counted(Counting {
                param: param.clone(),
                first: *first,
                size: size.clone().zip(*max_size),
                unit: Unit::Pages,
            }),
            Paging::Offset { param, first, size, max_size } => Self::Counted(Counting {
                param: param.clone(),
                first: *first,
                size: Some((size.clone(), *max_size)),
                unit: Unit::Rows,
            }),
        }
    }
}
