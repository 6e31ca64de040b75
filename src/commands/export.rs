//! `export`: prints one login, encrypted with a passphrase, on one line. The line and the passphrase give a CI machine
//! a login.
//!
//! The refresh token stays here unless the login is moved. Where a provider issues a new one at each use, two holders
//! of one refresh token invalidate each other's copy, and some providers then revoke the whole login.
//!
//! A moved login is deleted here, and then the line is the only copy. Nothing is deleted before the line has arrived:
//! in a file that we have created, synced and read back, or on stdout as far as we can tell. If in doubt, the login
//! stays, since two copies do less harm than none. What is written to `/dev/null` does not arrive.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::Context;
use super::logout::tell_others;
use crate::flow::token_source::TokenSourceError;
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize::{self, Render, TerminalText};
use crate::protocol::secret::Secret;
use crate::protocol::secret_text::{self, NotASecretText};
use crate::protocol::time::HumanDuration;
use crate::session::SessionError;
use crate::store::login_lock::LOCK_TIMEOUT;
use crate::store::sealed_login::{SHORTEST, SealedLoginError};
use crate::store::stored_token::Expiry;
use crate::store::{LoginLock, Profile, SealedLogin, StoreError, StoreKind, StoredToken, TokenStore};
use crate::system::stdout::Delivered;
use crate::system::terminal::{MAX_SECRET, TerminalError};
use crate::system::{private_file, remedy, shell, waiting};

#[derive(Args)]
pub struct ExportArgs {
    /// The login to export [default: the current one]
    #[arg(value_name = "PROFILE")]
    pub login: Option<Profile>,

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
    /// Returns `true` if it answers on stdout.
    pub fn answers(&self) -> bool {
        self.file().is_none()
    }

    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-")
    }
}

#[derive(Args)]
pub struct PassphraseArgs {
    /// Read the passphrase from stdin [default: OAUTHCTL_EXPORT_PASSPHRASE, else a prompt on the terminal]
    #[arg(long)]
    pub passphrase_stdin: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    #[error("no passphrase was given, and there is no terminal to prompt on")]
    NoPassphrase,
    #[error("the passphrases do not match")]
    PassphrasesDiffer,
    #[error("there is no passphrase on stdin")]
    NotOnStdin(#[source] NotASecretText),
    #[error(transparent)]
    Terminal(#[from] TerminalError),
}

impl Advice for PassphraseError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::NoPassphrase => {
                ExitCode::Usage.hint("set OAUTHCTL_EXPORT_PASSPHRASE, or add `--passphrase-stdin` and pipe it in")
            }
            Self::PassphrasesDiffer => ExitCode::Usage.hint("type the same passphrase twice"),
            Self::NotOnStdin(_) => ExitCode::Usage.hint("pipe in only the passphrase"),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

/// A passphrase, without what an editor has put around it.
pub struct Passphrase {
    pub text: Secret,
    /// The same as 0.1 read it, with a byte order mark and blank lines, where that differs.
    pub in_0_1: Option<Secret>,
}

impl From<Secret> for Passphrase {
    fn from(text: Secret) -> Self {
        Self { text, in_0_1: None }
    }
}

impl Passphrase {
    fn read(bytes: &[u8]) -> Result<Self, PassphraseError> {
        let text = secret_text::passphrase(bytes).map_err(PassphraseError::NotOnStdin)?;
        let raw = std::str::from_utf8(bytes).ok().map(|raw| Secret::new(raw.trim_end_matches(['\r', '\n'])));
        Ok(Self { in_0_1: raw.filter(|raw| *raw != text), text })
    }
}

impl PassphraseArgs {
    /// Returns the passphrase. `twice` asks a person to repeat it. `after_stdin` says that stdin was read to its end.
    pub fn read(&self, context: &Context, twice: bool, after_stdin: bool) -> Result<Passphrase, PassphraseError> {
        let terminal = context.terminal();
        if self.passphrase_stdin && !terminal.is_interactive() {
            return Passphrase::read(&terminal.stdin_secret(MAX_SECRET)?);
        }
        if let Some(passphrase) = context.system.secrets.export_passphrase.as_ref().filter(|_| !self.passphrase_stdin) {
            return Ok(passphrase.clone().into());
        }
        // Only what follows a pipe that was read can be asked beside it.
        let can_ask = if after_stdin { terminal.reach_person() } else { terminal.is_interactive() };
        if !can_ask {
            return Err(PassphraseError::NoPassphrase);
        }
        let passphrase = terminal.ask_hidden(&"Passphrase")?;
        if twice && terminal.ask_hidden(&"Repeat passphrase")? != passphrase {
            return Err(PassphraseError::PassphrasesDiffer);
        }
        Ok(passphrase.into())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("OAUTHCTL_TOKEN replaces the login `{profile}` here, and only a stored login can be moved")]
    MoveOfVariable { profile: String },
    #[error("the export cannot be written to `{path}`")]
    File {
        path: String,
        #[source]
        source: io::Error,
    },
    /// Nothing was deleted.
    #[error("the exported login may not have arrived, so `{profile}` is kept on this machine")]
    MayNotHaveArrived {
        profile: String,
        #[source]
        source: TerminalError,
    },
    /// `copy` describes the export, `left` what is left on this machine.
    #[error("`{profile}` was exported to {copy}, but could not be deleted here: {left}")]
    MovedNotDeleted {
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
            Self::MoveOfVariable { .. } => ExitCode::Usage.hint(format!(
                "run `{}` to move the stored login, or leave out `--move` to export the variable's token",
                shell::unset(&["OAUTHCTL_TOKEN"])
            )),
            Self::File { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                ExitCode::Usage.hint("choose another name: the existing file may be the only copy of a login")
            }
            Self::File { .. } => ExitCode::Usage.hint("choose a new file in a folder that you can write to"),
            Self::MayNotHaveArrived { .. } => ExitCode::Unexpected
                .hint("run `oauthctl export --move --output FILE`, which checks that the file is complete"),
            Self::MovedNotDeleted { profile, .. } => ExitCode::Store.hint(format!(
                "keep the export, and run `oauthctl logout --local --profile {profile}` when the store works again; two \
                 copies that both refresh can invalidate each other"
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
        // Checked before a passphrase is typed twice, and again when the file is created.
        let exists = io::Error::new(io::ErrorKind::AlreadyExists, "the file already exists");
        return Err(not_exported(file, exists));
    }
    let passphrase = args.passphrase.read(context, true, false)?.text;
    if passphrase.expose().chars().count() < SHORTEST {
        return Err(SealedLoginError::ShortPassphrase.into());
    }
    // A refresh in progress would leave us with a used refresh token, and store the login again.
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
    let (provider, expiry) = (token.provider.clone(), token.end());
    let seal = || SealedLogin::new(&profile, token).seal(&passphrase, context.system.entropy.as_ref());
    let line = waiting::during("Encrypting the login", seal)?;
    let line = format!("{line}\n");
    let outcome = |sealed, file| ExportOutcome {
        profile: profile.to_string(),
        provider: provider.clone(),
        expiry,
        moved: args.moves,
        sealed,
        file,
    };
    let json = context.session.choices.json;
    let line = match (json, args.file()) {
        (true, None) => json_line(&outcome(Some(line.trim_end().to_owned()), None))?,
        _ => line,
    };
    let tell = |file: &Path| context.report(&outcome(None, Some(sanitize::line(&file.to_string_lossy()))));
    let Some(lock) = lock else {
        write(args.file(), &line, context)?;
        return Ok(args.file().filter(|_| json).map_or(Ok(()), tell)?);
    };
    let Some(copy) = deliver(args.file(), &line, &profile, context)? else { return Ok(()) };
    let store = context.session.store()?;
    let was_current = store.index()?.current.as_deref() == Some(profile.as_str());
    if let Err(error) = store.forget(&profile) {
        let source = Box::new(error);
        let (profile, left) = (profile.to_string(), what_is_left(store, &profile));
        return Err(ExportError::MovedNotDeleted { profile, copy, left, source });
    }
    lock.journal().iter().for_each(crate::store::Journal::remove);
    context.terminal().note(&format_args!("Deleted `{profile}` from this machine; {copy} is now the only copy."));
    if was_current {
        tell_others(&context.session.logins()?, context);
    }
    Ok(args.file().filter(|_| json).map_or(Ok(()), tell)?)
}

/// The outcome for programs.
#[derive(Serialize)]
struct ExportOutcome {
    profile: String,
    provider: String,
    expiry: Expiry,
    /// True if the login was deleted here.
    moved: bool,
    /// The line for `import`, unless it is in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

impl Render for ExportOutcome {
    fn render(&self, _: &mut TerminalText) -> fmt::Result {
        Ok(())
    }
}

/// Returns one line, which is written at once like the line for people.
fn json_line(outcome: &ExportOutcome) -> Result<String, TerminalError> {
    let json = serde_json::to_string(outcome).map_err(|error| TerminalError::Stdout(error.into()))?;
    Ok(format!("{json}\n"))
}

const STAYS: &str = "The refresh token stays here, since two copies that both refresh can invalidate each other; `--move` exports it too and deletes the login here.";

const TAKES_ALONG: &str = "The export includes the refresh token. A provider may issue a new one at each refresh: a machine that is discarded \
     after its run loses it, and the token in the export no longer works. To refresh, that machine also needs \
     OAUTHCTL_CLIENT_ID and OAUTHCTL_CLIENT_SECRET.";

/// Delivers the only copy and returns where it is, or `None` if stdout discards it.
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
                "warning: stdout is {}, so the export is lost: `{profile}` is kept on this machine.",
                remedy::NULL_DEVICE
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

/// Describes what is left of a login that could not be deleted, as far as can be seen.
fn what_is_left(store: &TokenStore, profile: &Profile) -> &'static str {
    match store.load(profile) {
        Ok(Some(_)) => "it is also on this machine",
        Ok(None) | Err(StoreError::LoginGone { .. }) => "this machine still lists it, without a token",
        Err(StoreError::Damaged { .. }) => "its record on this machine is damaged",
        Err(_) => "it may also be on this machine",
    }
}

/// Locks a login for its move.
fn lock(profile: &Profile, context: &Context) -> Result<LoginLock, SessionError> {
    let store = context.session.store()?;
    let lock = store.lock(profile, store.kind_of(profile)?, LOCK_TIMEOUT)?;
    let busy = || TokenSourceError::Busy { profile: profile.to_string(), waited: HumanDuration(LOCK_TIMEOUT) };
    Ok(lock.ok_or_else(busy)?)
}

fn lifetime(token: &StoredToken, context: &Context) -> String {
    let now = context.system.clock.now();
    match token.end() {
        Expiry::At(end) if end > now => {
            format!("The exported access token expires at {end}, in {}.", HumanDuration(now.until(end)))
        }
        Expiry::At(end) => format!("The exported access token expired at {end}."),
        Expiry::Never => "The exported access token does not expire.".to_owned(),
        Expiry::Unknown => "The exported access token's lifetime is unknown.".to_owned(),
    }
}
