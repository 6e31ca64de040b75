//! The end of a walk over pages that may not have come to the end of the rows.

use crate::protocol::advice::{Advice, ExitCode, NextStep};

/// The reason why rows could be missing.
#[derive(Debug, thiserror::Error)]
pub enum RowsMissing {
    #[error("the API says that there are more pages (`{mark}`), and nothing says how to ask for them")]
    NoWay { mark: String, cursor: Option<String> },
    #[error("{came} rows came, and the API says that there are {total} (`{mark}`)")]
    Fewer { came: u64, total: u64, mark: String },
    #[error("{pages} pages in a row were empty, and the API says that there are more (`{mark}`)")]
    Empty { pages: usize, mark: String },
    #[error("the next page's address in the `Link` header cannot be read: `{header}`")]
    Link { header: String },
    #[error("the next page's address in the body is not one: `{path}` is {found}")]
    NotAnAddress { path: String, found: &'static str },
    #[error("the page came from {origin}, to which the API redirected, and a page from there does not lead on")]
    Elsewhere { origin: String },
    #[error("the GraphQL reply has no `pageInfo` with `hasNextPage` and `endCursor`")]
    NoPageInfo,
}

impl Advice for RowsMissing {
    fn next_step(&self) -> NextStep {
        const DESCRIBE: &str = "or describe it with `api.paging` in the definition (`oauthctl man definition`)";
        match self {
            Self::NoWay { cursor: Some(path), .. } => ExitCode::Network
                .hint(format!("name the parameter that takes the cursor, as in `--next 'PARAM={path}'`, {DESCRIBE}")),
            Self::NoWay { cursor: None, .. } | Self::NotAnAddress { .. } => ExitCode::Network
                .hint(format!("name the next page's address in the body, as in `--next '.links.next'`, {DESCRIBE}")),
            Self::Fewer { .. } => ExitCode::Network.hint(
                "rows may be hidden from this token, or the pages changed meanwhile; if they are counted another way, \
                 correct `api.paging` in the definition",
            ),
            Self::Empty { .. } => ExitCode::Network.hint("stop earlier with `--max-pages N`"),
            Self::Link { .. } => {
                ExitCode::Network.hint("if the address is in the body too, name it, as in `--next '.links.next'`")
            }
            Self::Elsewhere { .. } => ExitCode::Network.hint(
                "if it is one file, leave out `--paginate`; if it is an API of its own, call it itself with `--allow-origin`",
            ),
            Self::NoPageInfo => {
                ExitCode::Network.hint("let the query ask for `pageInfo { hasNextPage endCursor }` of the list")
            }
        }
    }
}
