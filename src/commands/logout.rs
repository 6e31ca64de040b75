//! `logout`: forgets a login here. Whether the token still works elsewhere is said plainly.

use clap::Args;

use super::{CommandError, Context};
use crate::store::StoreError;
use crate::store::scope_history::ScopeHistory;

#[derive(Args)]
pub struct LogoutArgs {}

pub fn run(_: &LogoutArgs, context: &Context) -> anyhow::Result<()> {
    let profile = context.profile()?;
    let store = context.store()?;
    let provider = store.index()?.logins.get(profile.as_str()).map(|entry| entry.provider.clone());
    let forgotten: Result<bool, StoreError> = store.forget(&profile);
    if !forgotten? {
        return Err(CommandError::NoLogin { profile: Some(profile.to_string()), provider }.into());
    }
    // What the scopes were is no secret; a file that cannot be removed is not worth a failure.
    let _ = ScopeHistory::new(&context.paths()?.data).forget(&profile);
    let definition = provider.and_then(|id| context.catalogue().ok()?.get(&id).ok());
    let page = definition.as_ref().and_then(|definition| definition.app.revoke_page.as_deref());
    let name = definition.as_ref().map_or("the provider", |definition| definition.name.as_str());
    let rest = match page {
        Some(page) => format!("the token is still valid at {name}; remove the app's access at {page}"),
        None => format!("the token is still valid at {name} until the app's access is removed there"),
    };
    context.terminal().note(&format_args!("Forgot the login `{profile}` on this machine; {rest}."));
    Ok(())
}
