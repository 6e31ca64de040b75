//! Floor 6: one file or folder a command: its arguments, a screenful of `run`, its errors, its view. Thought lives below, and
//! what is meant is decided in `session`: no command weighs a flag against a variable, a file or a record.
//!
//! A command returns an enum of its own, with its own words in it and the errors of the floors below that it meets;
//! `Advice` stands beside it. One that has no words of its own returns the error of what it calls. `anyhow` is for what
//! ends no command: it carries no exit code.
//!
//! A new command touches six files: its own, this one and `cli.rs`; its story in `tests/it/` and `tests/it/main.rs`; and
//! `tests/it/error_page/commands.rs`, where its errors get made-up values. `UPDATE=1 cargo test --test it` with
//! `completion_files` and with `error_page` writes the generated ones.

pub mod app;
pub mod call;
pub mod completions;
mod consent;
mod context;
pub mod demo;
pub mod emulate;
pub mod exec;
pub mod export;
pub mod import;
pub mod login;
pub mod logout;
pub mod providers;
pub mod refresh;
pub mod scopes;
pub mod status;
pub mod token;
pub mod use_login;
mod valid_token;
mod view;

pub use context::Context;

/// How each command can end, for the page of all our words.
pub mod errors {
    pub use super::app::AppError;
    pub use super::call::CallError;
    pub use super::completions::ManError;
    pub use super::demo::DemoError;
    pub use super::emulate::EmulateError;
    pub use super::exec::{ChildNotStarted, ExecError};
    pub use super::export::{ExportError, PassphraseError};
    pub use super::import::ImportError;
    pub use super::login::LoginError;
    pub use super::logout::LogoutError;
    pub use super::providers::ProvidersError;
    pub use super::refresh::RefreshError;
    pub use super::scopes::ScopesError;
    pub use super::status::StatusError;
    pub use super::token::TokenError;
}

use crate::flow::evidence::Missing;
use crate::protocol::advice::login_command;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::protocol::shell::quoted;
use crate::session::ActiveLogin;

/// The command that makes a login anew with the scopes that it has, so that it does not come back with less, and with
/// `more`, for which there may be no name.
pub fn login_command_for(login: &ActiveLogin, more: &str) -> String {
    let definition = &login.provider.definition;
    let held = login.token.scopes(&ScopeSet::default()).difference(&definition.always_granted());
    // Quoted, as scopes come from servers too.
    let scopes = held.iter().collect::<ScopeSet>().union(&ScopeSet::parse(more));
    let command = login_command(login.provider.id(), login.profile.as_str());
    match scopes.is_empty() {
        true => command,
        false => format!("{command} --scope {}", quoted(&sanitize::line(&scopes.to_string()))),
    }
}

/// Scopes that are missing, each with what is known of it.
fn named(missing: &[Missing]) -> String {
    let one = |missing: &Missing| sanitize::line(&format!("{} ({})", missing.scope, missing.why));
    missing.iter().map(one).collect::<Vec<_>>().join(", ")
}
