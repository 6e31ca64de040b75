//! `export`: one login, sealed under a passphrase, on one line of stdout. With it and one secret a CI machine has a
//! login.
//!
//! A refresh token stays here unless the login is moved: where a provider gives a new one at each use, two holders of
//! one refresh token take it from each other, and some providers then end the whole login.

use clap::Args;

use super::Context;
use crate::flow::token_source::TokenSourceError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::secret::Secret;
use crate::protocol::time::HumanDuration;
use crate::session::SessionError;
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::sealed_login::{SHORTEST, SealedLoginError};
use crate::store::stored_token::Expiry;
use crate::store::{LoginLock, Profile, SealedLogin, StoreError, StoreKind, StoredToken};
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct ExportArgs {
    /// Take the refresh token along, and forget the login here
    #[arg(long = "move")]
    moves: bool,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Args)]
pub struct PassphraseArgs {
    /// Read the passphrase from stdin; else OAUTHCTL_EXPORT_PASSPHRASE, or a terminal is asked
    #[arg(long)]
    pub passphrase_stdin: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    #[error("there is no terminal to ask for a passphrase on")]
    NoPassphrase,
    #[error("the two passphrases differ")]
    PassphrasesDiffer,
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for PassphraseError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoPassphrase => {
                ExitCode::Usage.hint("set OAUTHCTL_EXPORT_PASSPHRASE, or pipe it in with `--passphrase-stdin`")
            }
            Self::PassphrasesDiffer => ExitCode::Usage.hint("type the same one twice"),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

impl PassphraseArgs {
    pub fn read(&self, context: &Context, twice: bool) -> Result<Secret, PassphraseError> {
        let terminal = context.terminal();
        if self.passphrase_stdin {
            return Ok(terminal.stdin_secret()?);
        }
        if let Some(passphrase) = &context.system.secrets.export_passphrase {
            return Ok(passphrase.clone());
        }
        if !terminal.is_interactive() {
            return Err(PassphraseError::NoPassphrase);
        }
        let passphrase = terminal.ask_hidden(&"Passphrase")?;
        if twice && terminal.ask_hidden(&"Once more")? != passphrase {
            return Err(PassphraseError::PassphrasesDiffer);
        }
        Ok(passphrase)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("OAUTHCTL_TOKEN stands for `{profile}` here, and only a login that is kept can be moved")]
    MoveOfVariable { profile: String },
    #[error(transparent)]
    SealedLogin(#[from] SealedLoginError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for ExportError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::MoveOfVariable { .. } => ExitCode::Usage.hint(
                "`unset OAUTHCTL_TOKEN` moves the login itself; without `--move` the variable's token is exported",
            ),
            Self::SealedLogin(error) => error.next_step(),
            Self::Passphrase(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(args: &ExportArgs, context: &Context) -> Result<(), ExportError> {
    let (profile, mut found) = context.session.stored_login()?;
    if args.moves && found.store == StoreKind::Env {
        return Err(ExportError::MoveOfVariable { profile: profile.to_string() });
    }
    let passphrase = args.passphrase.read(context, true)?;
    if passphrase.expose().chars().count() < SHORTEST {
        return Err(SealedLoginError::ShortPassphrase.into());
    }
    // A refresh that is under way would leave us with the refresh token that it has spent, and bring the login back.
    let lock = if args.moves { Some(lock(&profile, context)?) } else { None };
    if let Some(lock) = &lock {
        let settled = context.session.token_source()?.settled(&profile, lock)?;
        found = settled.map(|(found, _)| found).ok_or_else(|| SessionError::no_login(&profile))?;
    }
    let note = |text: &str| context.terminal().note(&text);
    let refreshable = found.record.refresh_token.is_some();
    let mut token = found.record;
    if !args.moves {
        token.refresh_token = None;
    }
    note(&lifetime(&token, context));
    match (args.moves, refreshable) {
        (false, true) => note(
            "The refresh token stays here, since two holders of one take it from each other; `--move` takes it along and forgets the login here.",
        ),
        (true, true) => note(
            "The refresh token goes along. A provider may give a new one at each refresh: a machine that is thrown away \
             after its run loses it, and the next run has one that no longer works. To refresh, that machine needs \
             OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET too.",
        ),
        (_, false) => {}
    }
    let line = SealedLogin::new(&profile, token).seal(&passphrase, context.system.entropy.as_ref())?;
    context.terminal().data(format!("{line}\n").as_bytes())?;
    if let Some(lock) = lock {
        context.session.store()?.forget(&profile)?;
        lock.journal().iter().for_each(crate::store::Journal::remove);
        note(&format!("`{profile}` is forgotten on this machine; the line above is all there is of it."));
    }
    Ok(())
}

/// The right to take a login away.
fn lock(profile: &Profile, context: &Context) -> Result<LoginLock, SessionError> {
    let store = context.session.store()?;
    let lock = store.lock(profile, store.kind_of(profile)?, LOCK_TIMEOUT)?;
    let busy = || TokenSourceError::Busy { profile: profile.to_string(), waited: HumanDuration(LOCK_TIMEOUT) };
    Ok(lock.ok_or_else(busy)?)
}

fn lifetime(token: &StoredToken, context: &Context) -> String {
    let now = context.system.clock.now();
    match token.expiry {
        Expiry::At(end) if end > now => {
            format!("The exported access token ends at {end}, in {}.", HumanDuration(now.until(end)))
        }
        Expiry::At(end) => format!("The exported access token has ended at {end}."),
        Expiry::Never => "The exported access token does not end by itself.".to_owned(),
        Expiry::Unknown => "Nobody says when the exported access token ends.".to_owned(),
    }
}
