//! `use`: changes the current login, which commands use by default.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::Context;
use crate::protocol::advice::{Advice, NextStep};
use crate::protocol::sanitize::{Render, TerminalText};
use crate::session::{SessionError, Source, Sourced};
use crate::store::{Profile, StoreError};
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct UseArgs {
    /// The login's name, as `oauthctl status` lists it
    #[arg(value_name = "PROFILE")]
    pub login: Option<Profile>,
}

#[derive(Debug, thiserror::Error)]
pub enum UseError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for UseError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Session(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(context: &Context) -> Result<(), UseError> {
    // A variable is a default for other commands. This one changes what they use.
    let login = context.session.typed_profile().ok_or(SessionError::NoProfile)?;
    let store = context.session.store()?;
    if !store.index()?.logins.contains_key(login.as_str()) {
        return Err(context.session.no_such_login(login)?.into());
    }
    store.make_current(login)?;
    let shadow = context.session.shadow_of(login)?;
    Ok(context.report(&UseOutcome { profile: login.to_string(), shadow: shadow.map(Shadow::from) })?)
}

#[derive(Serialize)]
struct UseOutcome {
    profile: String,
    /// The login that commands use here all the same.
    #[serde(rename = "used_here", skip_serializing_if = "Option::is_none")]
    shadow: Option<Shadow>,
}

#[derive(Serialize)]
struct Shadow {
    profile: String,
    from: Source,
}

impl From<Sourced<String>> for Shadow {
    fn from(used: Sourced<String>) -> Self {
        Self { profile: used.value, from: used.from }
    }
}

impl Render for UseOutcome {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        write!(text, "`{}` is now the current login", self.profile)?;
        match &self.shadow {
            Some(Shadow { profile, from }) => write!(text, "\nHere, commands still use `{profile}` ({from})."),
            None => Ok(()),
        }
    }
}
