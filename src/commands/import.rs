//! `import`: a login that `export` sealed on another machine.

use std::path::PathBuf;

use clap::Args;

use super::export::PassphraseArgs;
use super::{CommandError, Context};
use crate::output::ImportOutcome;
use crate::store::sealed_login::MAX_LINE;
use crate::store::{Profile, SealedLogin};
use crate::system::private_file;

#[derive(Args)]
pub struct ImportArgs {
    /// The file with the line that `export` printed; stdin if left out
    #[arg(value_name = "FILE", required_if_eq("passphrase_stdin", "true"))]
    file: Option<PathBuf>,

    /// Take the place of a login of the same name
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub fn run(args: &ImportArgs, context: &Context) -> anyhow::Result<()> {
    let line = match &args.file {
        Some(path) => {
            let bytes = private_file::read_any(path, MAX_LINE as u64).map_err(CommandError::ImportFile)?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        None => context.terminal().stdin_secret()?.expose().to_owned(),
    };
    let passphrase = args.passphrase.read(context, false)?;
    let sealed = SealedLogin::open(&line, &passphrase).map_err(CommandError::SealedLogin)?;
    let profile = match &context.global.profile {
        Some(profile) => profile.clone(),
        None => sealed.profile.parse::<Profile>()?,
    };
    let store = context.store()?;
    if store.index()?.logins.contains_key(profile.as_str()) && !args.replace {
        return Err(CommandError::LoginExists { profile: profile.to_string() }.into());
    }
    let kind = store.save(&profile, &sealed.token)?;
    let now = context.system.clock.now();
    context.answer(&ImportOutcome::new(&profile, &sealed.token, kind, store.place(kind)?, now))
}
