//! `export`: one login, encrypted under a passphrase, on one line. With it and one secret a CI machine has a login.
//!
//! A refresh token stays here unless the login is moved: where a provider gives a new one at each use, two holders of
//! one refresh token take it from each other, and some providers then end the whole login.
//!
//! A login that is moved is forgotten here, and then the line is all there is of it. So nothing is forgotten before the
//! line has arrived: in a file that we have made, synced and read back, or on stdout as far as can be known. Where it may
//! not have, the login stays, since two copies do less harm than none. `/dev/null` is where nothing arrives.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Context;
use crate::flow::token_source::TokenSourceError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize;
use crate::protocol::secret::Secret;
use crate::protocol::time::HumanDuration;
use crate::session::SessionError;
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::sealed_login::{SHORTEST, SealedLoginError};
use crate::store::stored_token::Expiry;
use crate::store::{LoginLock, Profile, SealedLogin, StoreError, StoreKind, StoredToken, TokenStore};
use crate::system::private_file;
use crate::system::stdout::Delivered;
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct ExportArgs {
    /// Include the refresh token, and delete the login here
    #[arg(long = "move")]
    moves: bool,

    /// Write to a new file that only you can read; `-` is stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

impl ExportArgs {
    /// Returns whether it answers on stdout.
    pub fn answers(&self) -> bool {
        self.file().is_none()
    }

    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
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
    #[error("the export cannot be written to `{path}`")]
    File {
        path: String,
        #[source]
        source: io::Error,
    },
    /// Nothing was forgotten.
    #[error("the exported login may not have arrived, so `{profile}` is kept on this machine")]
    MayNotHaveArrived {
        profile: String,
        #[source]
        source: TerminalError,
    },
    /// `copy` says what has arrived, `left` what was seen afterwards.
    #[error("`{profile}` is in {copy}, and could not be forgotten: {left}")]
    MovedNotForgotten {
        profile: String,
        copy: String,
        left: &'static str,
        #[source]
        source: Box<StoreError>,
    },
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
            Self::File { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                ExitCode::Usage.hint("choose another name: a file that is there may be the only copy of a login")
            }
            Self::File { .. } => ExitCode::Usage.hint("`--output` takes a new file in a folder of yours"),
            Self::MayNotHaveArrived { .. } => ExitCode::Unexpected
                .hint("`oauthctl export --move --output FILE` makes a file, and makes sure that it is whole"),
            Self::MovedNotForgotten { profile, .. } => ExitCode::Store.hint(format!(
                "keep what was exported, and run `oauthctl logout --local --profile {profile}` when the store works \
                 again; two copies that refresh can end each other's login"
            )),
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
    if let Some(file) = args.file().filter(|file| file.symlink_metadata().is_ok()) {
        // Said before a passphrase is typed twice. Whether it is still true is seen when the file is made.
        let exists = io::Error::new(io::ErrorKind::AlreadyExists, "it is there already");
        return Err(not_exported(file, exists));
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
    let refreshable = found.record.refresh_token.is_some();
    let mut token = found.record;
    if !args.moves {
        token.refresh_token = None;
    }
    context.terminal().note(&lifetime(&token, context));
    if refreshable {
        context.terminal().note(&if args.moves { TAKES_ALONG } else { STAYS });
    }
    let line = SealedLogin::new(&profile, token).seal(&passphrase, context.system.entropy.as_ref())?;
    let line = format!("{line}\n");
    let Some(lock) = lock else { return write(args.file(), &line, context) };
    let Some(copy) = deliver(args.file(), &line, &profile, context)? else { return Ok(()) };
    let store = context.session.store()?;
    if let Err(error) = store.forget(&profile) {
        let source = Box::new(error);
        let (profile, left) = (profile.to_string(), what_is_left(store, &profile));
        return Err(ExportError::MovedNotForgotten { profile, copy, left, source });
    }
    lock.journal().iter().for_each(crate::store::Journal::remove);
    context.terminal().note(&format_args!("`{profile}` is forgotten on this machine; {copy} is all there is of it."));
    Ok(())
}

const STAYS: &str = "The refresh token stays here, since two holders of one take it from each other; `--move` takes it along and forgets the login here.";

const TAKES_ALONG: &str = "The refresh token goes along. A provider may give a new one at each refresh: a machine that is thrown away after its \
     run loses it, and the next run has one that no longer works. To refresh, that machine needs OAUTHCTL_CLIENT_ID and \
     OAUTHCTL_CLIENT_SECRET too.";

/// Sees to it that the only copy has arrived, and says where it is. `None` where nothing arrives.
fn deliver(
    file: Option<&Path>,
    line: &str,
    profile: &Profile,
    context: &Context,
) -> Result<Option<String>, ExportError> {
    if let Some(file) = file {
        write(Some(file), line, context)?;
        return Ok(Some(format!("`{}`", sanitize::line(&file.to_string_lossy()))));
    }
    match context.terminal().deliver(&line) {
        Ok(Delivered::There) => Ok(Some("the line on stdout".to_owned())),
        Ok(Delivered::Nowhere) => {
            context.terminal().alarm(&format_args!(
                "warning: stdout is /dev/null, where nothing arrives: `{profile}` is kept on this machine."
            ));
            Ok(None)
        }
        Err(source) => Err(ExportError::MayNotHaveArrived { profile: profile.to_string(), source }),
    }
}

fn write(file: Option<&Path>, line: &str, context: &Context) -> Result<(), ExportError> {
    match file {
        None => context.terminal().data(line.as_bytes())?,
        Some(file) => {
            private_file::write_new(file, line.as_bytes()).map_err(|source| not_exported(file, source))?;
        }
    }
    Ok(())
}

fn not_exported(file: &Path, source: io::Error) -> ExportError {
    ExportError::File { path: sanitize::line(&file.to_string_lossy()), source }
}

/// Describes what a login that could not be forgotten has left, as far as can be seen.
fn what_is_left(store: &TokenStore, profile: &Profile) -> &'static str {
    match store.load(profile) {
        Ok(Some(_)) => "it is on this machine too",
        Ok(None) | Err(StoreError::LoginGone { .. }) => "this machine still lists it, without a token",
        Err(StoreError::Damaged { .. }) => "this machine has a damaged record of it",
        Err(_) => "it may be on this machine too",
    }
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
