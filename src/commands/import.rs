//! `import`: stores a login that was exported on another machine.

use std::fmt;
use std::io;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Context;
use super::export::{PassphraseArgs, PassphraseError};
use super::view::{renewal, until};
use crate::protocol::advice::{Advice, ExitCode, NextStep};
use crate::protocol::sanitize::{self, Render, Style, TerminalText};
use crate::protocol::secret_text;
use crate::protocol::time::Timestamp;
use crate::session::SessionError;
use crate::store::sealed_login::{MAX_LINE, SealedLoginError};
use crate::store::stored_token::{Expiry, StoredToken};
use crate::store::{Profile, SealedLogin, StoreError, StoreKind};
use crate::system::private_file;
use crate::system::terminal::TerminalError;

#[derive(Args)]
pub struct ImportArgs {
    /// The exported file [default: stdin]
    #[arg(value_name = "FILE", required_if_eq("passphrase_stdin", "true"))]
    file: Option<PathBuf>,

    /// Replace a login of the same name
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the exported login cannot be read")]
    ImportFile(#[source] io::Error),
    #[error("a login called `{profile}` already exists")]
    LoginExists { profile: String },
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

impl Advice for ImportError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::ImportFile(_) => ExitCode::Usage.no_hint(),
            Self::LoginExists { profile } => ExitCode::Usage.hint(format!(
                "add `--replace` to replace `{profile}`, or `--profile NAME` to import it under another name"
            )),
            Self::SealedLogin(error) => error.next_step(),
            Self::Passphrase(error) => error.next_step(),
            Self::Session(error) => error.next_step(),
            Self::Store(error) => error.next_step(),
            Self::Terminal(error) => error.next_step(),
        }
    }
}

pub fn run(args: &ImportArgs, context: &Context) -> Result<(), ImportError> {
    let terminal = context.terminal();
    let bytes = match &args.file {
        Some(path) => private_file::read_any(path, MAX_LINE as u64).map_err(ImportError::ImportFile)?.into(),
        None if terminal.is_interactive() => {
            terminal.ask_hidden(&"The exported login")?.expose().as_bytes().to_vec().into()
        }
        None => terminal.stdin_secret(MAX_LINE as u64)?,
    };
    let line = secret_text::decode(&bytes).map_err(|_| SealedLoginError::NotOurs)?;
    let line = sealed_of_json(&line).unwrap_or(line);
    let is_piped = args.file.is_none() && !terminal.is_interactive();
    let passphrase = args.passphrase.read(context, false, is_piped)?;
    let sealed = SealedLogin::open(&line, &passphrase.text).or_else(|error| match (&error, &passphrase.in_0_1) {
        (SealedLoginError::WrongPassphrase, Some(in_0_1)) => SealedLogin::open(&line, in_0_1).map_err(|_| error),
        _ => Err(error),
    })?;
    let profile = context.session.profile_for_import(&sealed.profile)?.value;
    let store = context.session.store()?;
    if store.index()?.logins.contains_key(profile.as_str()) && !args.replace {
        return Err(ImportError::LoginExists { profile: profile.to_string() });
    }
    let mut token = sealed.token;
    // The file of the other machine may be elsewhere on this one.
    token.cacert = context.session.cacert(Some(&token))?;
    let kind = store.save(&profile, &token)?;
    let now = context.system.clock.now();
    context.tell_inside("This login");
    Ok(context.answer(&ImportOutcome::new(&profile, &token, kind, store.place(kind)?, now))?)
}

/// Returns the line in an answer of `export --json`.
fn sealed_of_json(text: &str) -> Option<Zeroizing<String>> {
    let answer: serde_json::Value = serde_json::from_str(text.trim()).ok()?;
    answer.get("sealed")?.as_str().map(|line| Zeroizing::new(line.to_owned()))
}

#[derive(Debug, Serialize)]
pub struct ImportOutcome {
    pub profile: String,
    pub provider: String,
    pub store: StoreKind,
    pub place: String,
    pub expiry: Expiry,
    pub refreshable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Timestamp>,
    #[serde(skip)]
    renewal: String,
    #[serde(skip)]
    now: Timestamp,
}

impl ImportOutcome {
    pub fn new(profile: &Profile, token: &StoredToken, store: StoreKind, place: String, now: Timestamp) -> Self {
        Self {
            profile: profile.to_string(),
            provider: token.provider.clone(),
            store,
            place,
            expiry: token.end(),
            refreshable: token.renews_at(now),
            refresh_expires_at: token.refresh_ends(),
            renewal: renewal(token, now),
            now,
        }
    }
}

impl Render for ImportOutcome {
    fn render(&self, text: &mut TerminalText) -> fmt::Result {
        let provider = sanitize::line(&self.provider);
        text.line(&[&Style::Success.of("✓"), &format_args!(" Imported the login `{}` at {provider}", self.profile)])?;
        writeln!(text, "  until    {}{}", until(self.expiry, self.now), self.renewal)?;
        writeln!(text, "  kept in  {}", self.place)
    }
}
