//! `refresh`: a new access token now, however good the old one is. `token` does the same by itself when it must.

use clap::Args;

use super::valid_token::valid_login;
use super::{Context, SessionError};
use crate::flow::token_source::Wanted;
use crate::output::RefreshOutcome;

#[derive(Args)]
pub struct RefreshArgs {}

pub fn run(_: &RefreshArgs, context: &Context) -> Result<(), SessionError> {
    let (profile, found) = valid_login(Wanted::Refreshed, context)?;
    Ok(context.answer(&RefreshOutcome::new(&profile, &found.record, found.store, context.system.clock.now()))?)
}
