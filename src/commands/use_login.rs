//! `use`: changes the current login, which commands use by default.

use clap::Args;

use super::Context;
use crate::session::SessionError;
use crate::store::Profile;

#[derive(Args)]
pub struct UseArgs {
    /// The login's name, as `oauthctl status` lists it
    #[arg(value_name = "NAME")]
    name: Profile,
}

pub fn run(args: &UseArgs, context: &Context) -> Result<(), SessionError> {
    let store = context.session.store()?;
    if !store.index()?.logins.contains_key(args.name.as_str()) {
        return Err(SessionError::no_login(&args.name));
    }
    store.make_current(&args.name)?;
    context.terminal().note(&format_args!("`{}` is now the current login", args.name));
    if let Some(used) = context.session.profile_if_any()?.filter(|used| used.value != args.name) {
        context.terminal().note(&format_args!("Here, commands still use `{}` ({}).", used.value, used.from));
    }
    Ok(())
}
