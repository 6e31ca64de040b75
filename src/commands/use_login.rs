//! `use`: which login commands mean when they are not told.

use clap::Args;

use super::{Context, SessionError, sources};
use crate::store::Profile;

#[derive(Args)]
pub struct UseArgs {
    /// The login's name, as `oauthctl status` lists it
    #[arg(value_name = "NAME")]
    name: Profile,
}

pub fn run(args: &UseArgs, context: &Context) -> Result<(), SessionError> {
    let store = context.store()?;
    if !store.index()?.logins.contains_key(args.name.as_str()) {
        return Err(SessionError::no_login(&args.name));
    }
    store.make_current(&args.name)?;
    context.terminal().note(&format_args!("`{}` is now the current login", args.name));
    if let Some((profile, from)) = sources::profiles(context)?.into_iter().next().filter(|(used, _)| *used != args.name)
    {
        context.terminal().note(&format_args!("Here commands go on with `{profile}` ({from})."));
    }
    Ok(())
}
