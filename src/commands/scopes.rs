//! `scopes`: what the provider knows, what was asked for, what was granted.

use clap::Args;

use super::Context;
use crate::output::ScopesView;

#[derive(Args)]
pub struct ScopesArgs {}

pub fn run(_: &ScopesArgs, context: &Context) -> anyhow::Result<()> {
    let login = context.active_login()?;
    context.answer(&ScopesView::new(
        &login.profile,
        &login.provider.definition,
        &login.token,
        context.terminal().width(),
    ))
}
