//! `scopes`: what the provider knows, what was asked for, what was granted.

use clap::Args;

use super::Context;
use super::valid_token::valid_active_login;
use crate::output::ScopesView;

#[derive(Args)]
pub struct ScopesArgs {}

pub fn run(_: &ScopesArgs, context: &Context) -> anyhow::Result<()> {
    let login = valid_active_login(context)?;
    context.answer(&ScopesView::new(
        &login.profile,
        &login.provider.definition,
        &login.token,
        context.terminal().width(),
    ))
}
