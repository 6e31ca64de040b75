//! Floor 6: one file or folder per command: its arguments, a screenful of `run`, its errors, its view. The work is done
//! on the floors below, and `session` resolves the command line: no command weighs a flag against a variable, a file or
//! a record.
//!
//! A command returns its own error enum, which has the command's own messages and wraps the errors of the floors below;
//! `Advice` is implemented beside it. A command without messages of its own returns the error of what it calls.
//! `anyhow` is only for errors that do not end a command, because it carries no exit code.
//!
//! A new command touches eight files: its own, this one and `cli.rs`; its examples in `examples.rs` and its group in
//! `help.rs`; its story in `tests/it/` and `tests/it/main.rs`; and `tests/it/error_page/commands.rs`, where its errors get
//! made-up values. `UPDATE=1 cargo test --test it error_page` writes the page of them. A flag is completed by the name of
//! its value, see `complete/values.rs`.

mod account;
pub mod app;
mod brought;
pub mod call;
mod complete;
pub mod completions;
mod consent;
mod context;
pub mod demo;
pub mod doctor;
pub mod emulate;
mod examples;
pub mod exchange;
pub mod exec;
pub mod explain;
pub mod export;
mod facts;
pub mod front;
pub mod help;
pub mod import;
pub mod inspect;
mod introspect;
pub mod login;
pub mod logout;
pub mod man;
pub mod many;
mod narrower;
mod next;
pub mod providers;
pub mod refresh;
mod renewal;
pub mod scopes;
mod shell_line;
pub mod status;
pub mod token;
pub mod trace;
pub mod use_login;
mod valid_token;
pub mod version;
mod view;
mod without_login;

pub use complete::{ASKED, Kind, answer as answer_shell, kind as value_kind};
pub use context::Context;
pub use examples::{Example, of as examples_of};
pub use help::GROUPS;
pub use inspect::page as inspect_page;

/// The errors of all commands, for the page of all error messages.
pub mod errors {
    pub use super::app::AppError;
    pub use super::brought::BroughtError;
    pub use super::call::CallError;
    pub use super::complete::InstallError;
    pub use super::completions::CompletionsError;
    pub use super::demo::DemoError;
    pub use super::doctor::DoctorError;
    pub use super::emulate::EmulateError;
    pub use super::exchange::ExchangeError;
    pub use super::exec::{ChildNotStarted, ExecError};
    pub use super::explain::{ExplainError, Explained};
    pub use super::export::{ExportError, PassphraseError};
    pub use super::import::ImportError;
    pub use super::inspect::InspectError;
    pub use super::login::{ByAddressError, LoginError, StepsError};
    pub use super::logout::LogoutError;
    pub use super::man::ManError;
    pub use super::many::ManyError;
    pub use super::providers::ProvidersError;
    pub use super::refresh::RefreshError;
    pub use super::renewal::NotRenewed;
    pub use super::scopes::ScopesError;
    pub use super::shell_line::NoShellLine;
    pub use super::status::StatusError;
    pub use super::token::TokenError;
    pub use super::trace::TraceError;
    pub use super::use_login::UseError;
}

use crate::flow::evidence::Missing;
use crate::protocol::advice::login_command;
use crate::protocol::sanitize;
use crate::protocol::scope::ScopeSet;
use crate::session::ActiveLogin;
use crate::system::shell::quoted;

/// Returns the command that repeats a login with the scopes it has, so that none is lost, and with `more`, which may be
/// empty. Without a login it repeats the command line itself.
pub fn login_command_for(login: &ActiveLogin, more: &str) -> String {
    let definition = &login.provider.definition;
    let held = login.token.scopes(&ScopeSet::default()).difference(&definition.always_granted());
    // Quoted, because scopes come from servers too.
    let scopes = held.iter().collect::<ScopeSet>().union(&ScopeSet::parse(more));
    let scopes = match scopes.is_empty() {
        true => String::new(),
        false => format!(" --scope {}", quoted(&sanitize::line(&scopes.to_string()))),
    };
    let (begin, rest) = beginning(login);
    format!("{begin}{scopes}{rest}")
}

/// Returns the command that gets another token: a new login, or the same request if there is no login.
pub fn another_token(login: &ActiveLogin) -> String {
    let (begin, rest) = beginning(login);
    begin + &rest
}

fn beginning(login: &ActiveLogin) -> (String, String) {
    match &login.alone {
        Some(request) => request.again.clone(),
        None => (login_command(login.provider.id(), login.profile.as_str()), String::new()),
    }
}

/// Lists missing scopes, each with the reason.
fn named(missing: &[Missing]) -> String {
    let one = |missing: &Missing| sanitize::line(&format!("{} ({})", missing.scope, missing.why));
    missing.iter().map(one).collect::<Vec<_>>().join(", ")
}
