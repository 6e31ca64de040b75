//! `logout`: forgets a login here. Whether the token still works elsewhere is said plainly.

use clap::Args;

use super::{CommandError, Context};
use crate::store::scope_history::ScopeHistory;
use crate::store::{Profile, StoreError};

#[derive(Args)]
pub struct LogoutArgs {
    /// Forget every login on this machine
    #[arg(long)]
    all: bool,
}

pub fn run(args: &LogoutArgs, context: &Context) -> anyhow::Result<()> {
    if !args.all {
        return forget(context.profile()?, context);
    }
    // A profile of the environment is a default, one that was typed is a contradiction.
    if context.global.typed.profile {
        return Err(CommandError::OneOrAll.into());
    }
    // One that cannot be forgotten must not save the others.
    let mut first_error = Ok(());
    for name in context.store()?.index()?.logins.keys() {
        let Ok(profile) = name.parse() else { continue };
        let result = forget(profile, context);
        if first_error.is_ok() {
            first_error = result;
        }
    }
    first_error
}

fn forget(profile: Profile, context: &Context) -> anyhow::Result<()> {
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
