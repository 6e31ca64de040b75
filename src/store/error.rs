//! The errors of a store. Its lock, its journal and its list of logins have words of their own; a keychain's hint
//! depends on which one was chosen, and stands here.

use super::StoreKind;
use super::journal::JournalError;
use super::login_index::IndexError;
use super::login_lock::LockError;
use crate::keychain::{FileProblem, KeychainError};
use crate::protocol::advice::{Advice, ExitCode, NextStep, login_command};
use crate::system::private_file::{CLOSED_FOLDERS, OURS_ALONE, disk_hint};

/// Why something could not be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{place} cannot be used")]
    Keychain {
        place: String,
        kind: StoreKind,
        #[source]
        source: KeychainError,
    },
    #[error("the record of `{name}` in {place} is damaged")]
    Damaged {
        name: String,
        place: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("the record of `{name}` in {place} was written by a newer version of oauthctl (format {version})")]
    Newer { name: String, place: String, version: u64 },
    /// It is listed and was not found, which is no removal: see `entry.rs`.
    #[error("the login `{profile}` is listed, but was not found in {place}")]
    LoginGone { profile: String, provider: String, place: String },
    #[error("the client of `{provider}` is listed, but was not found in {place}")]
    ClientGone { provider: String, place: String },
    #[error("{place} gave back something else than was stored")]
    NotReadBack { place: String },
    /// Without the lock no refresh token is spent.
    #[error("the lock of a login cannot be used")]
    Lock(#[source] LockError),
    #[error("the journal of a refresh cannot be used")]
    Journal(#[source] JournalError),
    #[error("the list of logins cannot be used")]
    Index(#[source] IndexError),
}

impl Advice for StoreError {
    fn next_step(&self) -> NextStep {
        match self {
            Self::Keychain { kind, source, .. } => {
                NextStep { code: ExitCode::Store, hint: keychain_hint(*kind, source) }
            }
            Self::Damaged { .. } => ExitCode::Store.hint("log in again to replace it"),
            Self::Newer { .. } => ExitCode::Store.hint("upgrade oauthctl, or log in again to replace the record"),
            Self::LoginGone { profile, provider, .. } => ExitCode::Store
                .hint(format!("{BRING_BACK}; if it is gone for good, {}", ways_to_end(profile, provider))),
            Self::ClientGone { provider, .. } => ExitCode::Store.hint(format!(
                "{BRING_BACK}; if it is gone for good, `oauthctl app set {provider}` registers the client again, and \
                 `oauthctl app remove {provider}` forgets it"
            )),
            Self::NotReadBack { .. } => ExitCode::Store.hint("`--store file` keeps logins in a sealed file instead"),
            Self::Lock(error) => error.next_step(),
            Self::Journal(error) => error.next_step(),
            Self::Index(error) => error.next_step(),
        }
    }
}

const BRING_BACK: &str = "bring back the store that had it, such as a keyring in whose place another one was started, \
                          and try again";

/// The commands that end a login whose record cannot be found any more.
pub fn ways_to_end(profile: &str, provider: &str) -> String {
    let login = match provider {
        "" => format!("oauthctl login --profile {profile}"),
        provider => login_command(provider, profile),
    };
    format!("`{login}` makes a new login, and `oauthctl logout --local --profile {profile}` forgets this one")
}

fn keychain_hint(kind: StoreKind, error: &KeychainError) -> Option<String> {
    let file = "`--store file` (or OAUTHCTL_STORE=file) keeps logins in a sealed file instead";
    if let StoreKind::Helper(name) = kind {
        let program = name.program();
        return match error {
            KeychainError::Missing { .. } => Some(format!("install `{program}`, or: {file}")),
            _ => Some(format!("`echo https://oauthctl.invalid/x | {program} get` shows how it does; or: {file}")),
        };
    }
    match error {
        KeychainError::ReadOnly => Some("`--store keychain` or `--store file` keeps a login".to_owned()),
        KeychainError::Missing { .. } => Some(format!("start a keyring service, or: {file}")),
        KeychainError::Locked => {
            Some(format!("unlock it (log in to the desktop, or `gnome-keyring-daemon --unlock`), or: {file}"))
        }
        KeychainError::Silent { .. } => {
            Some(format!("a keyring service may hang or wait for a prompt that nobody sees; end it, or: {file}"))
        }
        KeychainError::Refused { .. } => (kind == StoreKind::Keychain).then(|| file.to_owned()),
        KeychainError::TooLarge { .. } => Some(file.to_owned()),
        KeychainError::Ambiguous { .. } => {
            Some("remove the one that oauthctl did not make (service `oauthctl`)".to_owned())
        }
        KeychainError::File { problem, .. } => Some(file_hint(problem).to_owned()),
        KeychainError::BadKey { .. } => Some("`head -c 32 /dev/urandom | base64` makes one".to_owned()),
    }
}

fn file_hint(problem: &FileProblem) -> &'static str {
    match problem {
        FileProblem::NotOurs | FileProblem::KeyGone => {
            "give the right key in OAUTHCTL_STORE_KEY, or log in again after removing the file"
        }
        FileProblem::FileGone => "log in again: the keychain has the key alone, and the login was in the file",
        FileProblem::Newer => "upgrade oauthctl",
        FileProblem::Io(error) => disk_hint(error),
        FileProblem::NotPrivate(_) => OURS_ALONE,
        FileProblem::Exposed(_) => CLOSED_FOLDERS,
    }
}
