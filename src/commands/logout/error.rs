//! The reasons why a login is not deleted.

use crate::flow::FlowError;
use crate::flow::register::RegisterError;
use crate::flow::token_source::TokenSourceError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize::ticked;
use crate::session::SessionError;
use crate::store::StoreError;
use crate::system::terminal::TerminalError;

#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    #[error("one login and `--all` cannot be given together")]
    OneOrAll,
    #[error("`{profile}` is deleted, but files that an interrupted process left may still be on the disk")]
    Leftover {
        profile: String,
        #[source]
        source: Box<StoreError>,
    },
    #[error("the client of `{profile}` was not registered by oauthctl, so it is not deleted at the provider")]
    NotRegisteredByUs { profile: String },
    #[error("the server said no address at which the client `{client_id}` can be deleted")]
    NoDeletion { client_id: String },
    #[error("{} also {} the client `{client_id}`, and cannot be renewed without it", ticked(others), if others.len() == 1 { "uses" } else { "use" })]
    ClientInUse { client_id: String, others: Vec<String> },
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    TokenSource(#[from] TokenSourceError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for LogoutError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::OneOrAll => ExitCode::Usage.hint("leave out one of them"),
            Self::Leftover { source, .. } => source.next_step(),
            Self::NotRegisteredByUs { .. } => ExitCode::Usage
                .hint("leave `--unregister` out; a client that you registered is removed at the provider"),
            Self::NoDeletion { .. } => ExitCode::Usage.hint(
                "leave `--unregister` out; the server keeps the client until it removes it (RFC 7592 is optional)",
            ),
            Self::ClientInUse { .. } => ExitCode::Usage.hint("log out of those first, or leave `--unregister` out"),
            Self::Register(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::TokenSource(error) => error.next_step(),
            Self::Flow(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}
