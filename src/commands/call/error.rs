//! Errors in the command line of a `call`, in a reply that it should show, and refusals by the API.

use std::io;

use crate::commands::renewal::NotRenewed;
use crate::flow::FlowError;
use crate::flow::paging::NoPages;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::json::TooMuch;
use crate::protocol::message::BadHeader;
use crate::session::SessionError;
use crate::system::http::HttpError;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("`{text}` is not an HTTP method")]
    BadMethod { text: String, instead: Option<String> },
    #[error("`{method}` is a method, and the path is missing")]
    NoPath { method: String },
    #[error("`{first}` and `--method {second}` are two methods")]
    TwoMethods { first: String, second: String },
    #[error("the field `{text}` cannot be sent: {problem}")]
    BadField { text: String, problem: &'static str },
    #[error("`{path}` cannot be read")]
    Input {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("`{text}` is not a valid header: {problem}")]
    BadHeader { text: String, problem: &'static str },
    #[error("{what} is where the token goes, and a request has one token (RFC 6750 §2); oauthctl puts it there itself")]
    OwnToken { what: String },
    #[error("`{text}` is not a valid origin for a token: {problem}")]
    BadOrigin { text: String, problem: &'static str },
    #[error(transparent)]
    NoPages(#[from] NoPages),
    #[error("the first page has no list at `{path}`")]
    NoRows { path: String, lists: Vec<String> },
    #[error("the filter cannot be understood: {problem}")]
    BadFilter { problem: String },
    #[error("the filter failed: {problem}")]
    FilterFailed { problem: String },
    #[error("the reply is not JSON, so there is nothing to filter")]
    NotJson,
    #[error("the reply is JSON that is not read: {0}")]
    TooMuch(TooMuch),
    #[error("the reply is larger than the {limit} bytes that are held for a screen or a filter")]
    TooLarge { limit: u64 },
    #[error("the first page{} is not JSON, so it is not known whether more pages follow", of_kind(kind.as_deref()))]
    UnreadablePage { kind: Option<String> },
    #[error("the pages do not fit together: {problem}")]
    MixedPages { problem: &'static str },
    #[error("the reply is {what}, which a terminal cannot show")]
    NotForScreens { what: &'static str },
    #[error("`{path}` cannot be written")]
    Output {
        path: String,
        #[source]
        source: io::Error,
    },
    /// `asked` is the request, where what was asked for may be the mistake.
    #[error("the API answered {status}{}{}", to(asked.as_deref()), said(detail.as_deref()))]
    ApiStatus { status: u16, asked: Option<String>, detail: Option<String>, advice: Option<String> },
    /// The answer of a server that has not seen the token.
    #[error("{origin}, to which the API redirected, answered {status}{}", said(detail.as_deref()))]
    DownloadStatus { origin: String, status: u16, detail: Option<String> },
    /// `remedy` is the login that asks for what the token has and for what it lacks.
    #[error("the token of `{profile}` {}: the API answered {status}{}", lacking(lacks.as_deref()), said(detail.as_deref()))]
    ScopeMissing {
        profile: String,
        status: u16,
        detail: Option<String>,
        /// The scope in the API's own words.
        lacks: Option<String>,
        /// The scope to ask for is known, from the API or from the definition.
        is_known: bool,
        remedy: String,
    },
    #[error("the request cannot be printed for `{language}`: {problem}")]
    CannotPrint { language: String, problem: &'static str, instead: &'static str },
    #[error(transparent)]
    NotRenewed(#[from] NotRenewed),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    #[error(transparent)]
    OurHeader(#[from] BadHeader),
}

impl Advice for CallError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::BadMethod { instead: Some(instead), .. } => ExitCode::Usage.hint(instead),
            Self::BadMethod { instead: None, .. } => ExitCode::Usage.hint("such as `oauthctl call GET /api/v1/products`"),
            Self::NoPath { method } => ExitCode::Usage.hint(format!(
                "such as `oauthctl call {method} /api/v1/products`; a path of that name is written `./{method}`"
            )),
            Self::TwoMethods { .. } => ExitCode::Usage.hint("leave one of them out"),
            Self::BadField { .. } => {
                ExitCode::Usage.hint("such as `-f title=Mug`, `-F price[amount]=12`, `-f tags[]=new`")
            }
            Self::Input { .. } => ExitCode::Usage.no_hint(),
            Self::BadHeader { .. } => ExitCode::Usage.hint("such as `-H 'Accept-Language: de'`"),
            Self::OwnToken { .. } => {
                ExitCode::Usage.hint("leave it out; `--token-in` chooses another of the provider's places")
            }
            Self::BadOrigin { .. } => ExitCode::Usage.hint("such as `--allow-origin https://api.example.com`"),
            Self::NoPages(NoPages::NoVariable) => ExitCode::Usage.hint(
                "declare it and use it, as in `query($endCursor: String) { products(first: 50, after: $endCursor) { … } }`",
            ),
            Self::NoPages(NoPages::Mutation) => ExitCode::Usage.hint("leave out `--paginate`"),
            Self::NoPages(NoPages::Method) => ExitCode::Usage.hint(
                "leave out `--paginate`, or ask with GET; `--next 'PARAM=.path'` names the cursor of a search with POST",
            ),
            Self::NoRows { lists, .. } if lists.is_empty() => ExitCode::Usage.hint("it has none; leave out `--rows`"),
            Self::NoRows { lists, .. } => ExitCode::Usage.hint(format!("it has `{}`", lists.join("`, `"))),
            Self::BadFilter { .. } | Self::FilterFailed { .. } => {
                ExitCode::Usage.hint("`--jq` takes jq's language: https://jqlang.org/manual")
            }
            Self::UnreadablePage { .. } => {
                ExitCode::Network.hint("if it is all there is, leave out `--paginate`, or pass it on with `--raw`")
            }
            Self::NotJson | Self::MixedPages { .. } => {
                ExitCode::Network.hint("without `--jq` and `--paginate` the reply is shown as it is")
            }
            Self::TooMuch(_) | Self::TooLarge { .. } => ExitCode::Network.hint(
                "without `--jq` and `--paginate`, `--raw` passes it on as it is, and `-o FILE` keeps it in a file",
            ),
            Self::NotForScreens { .. } => ExitCode::Usage.hint("`-o FILE` keeps it in a file; a pipe takes it too"),
            Self::Output { .. } => ExitCode::Usage.hint("`-o` takes a file that can be written"),
            Self::ApiStatus { advice, .. } => NextStep { code: ExitCode::ApiStatus, hint: advice.clone() },
            Self::DownloadStatus { origin, .. } => ExitCode::ApiStatus.hint(format!(
                "it was asked without the token, and its address may have expired: run the command again; if it takes the \
                 token, call it itself with `--allow-origin {origin}`"
            )),
            Self::ScopeMissing { remedy, is_known: true, .. } => ExitCode::ScopeMissing
                .hint(format!("`{remedy}` asks for more; `oauthctl scopes` shows what the token has")),
            Self::ScopeMissing { remedy, is_known: false, .. } => ExitCode::ScopeMissing.hint(format!(
                "the API does not say what is missing; if it is a scope, `{remedy}` asks for more; `oauthctl scopes` shows \
                 what the token has"
            )),
            Self::CannotPrint { instead, .. } => ExitCode::Usage.hint(format!("`--print {instead}` can")),
            Self::NotRenewed(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Http(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
            Self::OurHeader(error) => error.next_step(),
        }
    }
}

fn lacking(scope: Option<&str>) -> String {
    scope.map_or_else(|| "may not do this".to_owned(), |scope| format!("lacks `{scope}`"))
}

fn of_kind(kind: Option<&str>) -> String {
    kind.map(|kind| format!(" (`{kind}`)")).unwrap_or_default()
}

fn to(asked: Option<&str>) -> String {
    asked.map(|asked| format!(" to {asked}")).unwrap_or_default()
}

fn said(detail: Option<&str>) -> String {
    detail.map(|detail| format!(": {detail}")).unwrap_or_default()
}
