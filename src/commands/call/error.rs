//! What can be wrong with the command line of a `call`, and with a reply that it should show.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("the field `{text}` cannot be sent: {problem}")]
    BadField { text: String, problem: &'static str },
    #[error("`{path}` cannot be read")]
    Input {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("`{text}` is no header that can be sent: {problem}")]
    BadHeader { text: String, problem: &'static str },
    #[error("{what} is where the token goes, and a request has one token (RFC 6750 §2); oauthctl puts it there itself")]
    OwnToken { what: String },
    #[error("`{text}` is no origin to which a token may go: {problem}")]
    BadOrigin { text: String, problem: &'static str },
    #[error("only GET requests have further pages, and this is a {method}")]
    PagesOfWhat { method: String },
    #[error("the filter cannot be understood: {problem}")]
    BadFilter { problem: String },
    #[error("the filter failed: {problem}")]
    FilterFailed { problem: String },
    #[error("the reply is no JSON, so there is nothing to filter")]
    NotJson,
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
}
