//! `refresh`: a new access token now, however good the old one is. `token` does the same by itself when it must.

use std::fmt;

use clap::Args;
use serde::Serialize;

use super::valid_token::valid_login;
use super::view::until;
use super::{Context, SessionError};
use crate::flow::token_source::Wanted;
use crate::protocol::sanitize::{Render, Style, TerminalText};
use crate::protocol::time::Timestamp;
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::{Profile, StoreKind};

#[derive(Args)]
pub struct RefreshArgs {}

pub fn run(_: &RefreshArgs, context: &Context) -> Result<(), SessionError> {
    let (profile, found) = valid_login(Wanted::Refreshed, context)?;
    Ok(context.answer(&RefreshOutcome::new(&profile, &found.record, found.store, context.system.clock.now()))?)
}

#[derive(Debug, Serialize)]
pub struct RefreshOutcome {
    pub profile: String,
    pub provider: String,
    pub store: StoreKind,
    pub expiry: Expiry,
    #[serde(skip)]
    now: Timestamp,
}

impl RefreshOutcome {
    pub fn new(profile: &Profile, token: &StoredToken, store: StoreKind, now: Timestamp) -> Self {
        Self { profile: profile.to_string(), provider: token.provider.clone(), store, expiry: token.expiry, now }
    }
}

impl Render for RefreshOutcome {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        text.line(&[&Style::Success.of("✓"), &format_args!(" Refreshed the login `{}`", self.profile)])?;
        writeln!(text, "  until    {}", until(self.expiry, self.now))
    }
}
