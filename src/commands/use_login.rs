//! `use`: changes the current login, which commands use by default.

use clap::Args;

use super::Context;
use crate::session::SessionError;
use crate::store::Profile;

#[derive(Args)]
pub struct UseArgs {
    /// The login's name, as `oauthctl status` lists it
    #[arg(value_name = "PROFILE")]
    pub login: Option<Profile>,
}

pub fn run(context: &Context) -> Result<(), SessionError> {
    // A variable is a default for other commands. This one changes what they use.
    let login = context.session.typed_profile().ok_or(SessionError::NoProfile)?;
    let store = context.session.store()?;
    if !store.index()?.logins.contains_key(login.as_str()) {
        return Err(context.session.no_such_login(login)?);
    }
    store.make_current(login)?;
    context.terminal().note(&format_args!("`{login}` is now the current login"));
    if let Some(used) = context.session.shadow_of(login)? {
        context.terminal().note(&format_args!("Here, commands still use `{}` ({}).", used.value, used.from));
    }
    Ok(())
}
