//! `refresh`: gets a new access token even if the old one is still valid. `token` refreshes by itself when needed.

mod due;

pub use due::{Due, logins as due_logins};

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::Context;
use super::many::ManyArgs;
use super::trace::TraceArgs;
use super::valid_token::valid_login;
use super::view::{renewal, until};
use crate::flow::token_source::Wanted;
use crate::protocol::advice::{Advice, NextStep};
use crate::protocol::sanitize::{Render, Style, TerminalText};
use crate::protocol::time::{HumanDuration, Timestamp};
use crate::session::SessionError;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::{Profile, StoreKind};
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct RefreshArgs {
    /// The login to refresh [default: the current one]
    #[arg(value_name = "PROFILE")]
    pub login: Option<Profile>,

    #[command(flatten)]
    pub trace: TraceArgs,

    #[command(flatten)]
    pub many: ManyArgs,

    /// Refresh the logins that would end for want of use, of all or of those of --profiles: for a job that runs every day
    #[arg(long, conflicts_with = "trace")]
    due: bool,

    /// How near that end must be
    #[arg(long, value_name = "TIME", default_value = due::WITHIN, requires = "due")]
    within: HumanDuration,
}

impl RefreshArgs {
    /// Returns which logins are meant with `--due`.
    pub fn due(&self) -> Option<Due<'_>> {
        self.due.then(|| Due { patterns: self.many.patterns(), within: self.within.0 })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for RefreshError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Session(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(_: &RefreshArgs, context: &Context) -> Result<(), RefreshError> {
    let (profile, found) = valid_login(Wanted::Refreshed, context)?;
    Ok(context.answer(&RefreshOutcome::new(&profile, &found.record, found.store, context.system.clock.now()))?)
}

#[derive(Debug, Serialize)]
pub struct RefreshOutcome {
    pub profile: String,
    pub provider: String,
    pub store: StoreKind,
    pub expiry: Expiry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
    #[serde(skip)]
    done: &'static str,
    #[serde(skip)]
    renewal: String,
    #[serde(skip)]
    now: Timestamp,
}

impl RefreshOutcome {
    pub fn new(profile: &Profile, token: &StoredToken, store: StoreKind, now: Timestamp) -> Self {
        Self {
            profile: profile.to_string(),
            provider: token.provider.clone(),
            store,
            expiry: token.expiry,
            refresh_expires_at: token.refresh_ends(),
            done: "Refreshed the login",
            renewal: if token.refresh_ends().is_some() { renewal(token, now) } else { String::new() },
            now,
        }
    }

    /// The same for a token that was exchanged.
    pub fn of_exchange(self) -> Self {
        Self { done: "Exchanged the token of the login", ..self }
    }
}

impl Render for RefreshOutcome {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        text.line(&[&Style::Success.of("✓"), &format_args!(" {} `{}`", self.done, self.profile)])?;
        writeln!(text, "  until    {}{}", until(self.expiry, self.now), self.renewal)
    }
}
