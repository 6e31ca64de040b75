//! The errors of a store. Its lock, its journal and its list of logins define their own messages. A keychain's hint
//! depends on the chosen store, so it is written here.

use super::journal::JournalError;
use super::login_index::IndexError;
use super::login_lock::LockError;
use super::{ClientKey, StoreKind};
use crate::keychain::{FileProblem, KeychainError};
use crate::protocol::advice::{Advice, ExitCode, NextStep, login_command};
use crate::system::private_file::{CLOSED_FOLDERS, OURS_ALONE, disk_hint};
use crate::system::remedy;

/// An error in storing or finding a record.
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
    /// It is listed but was not found, which does not count as a removal: see `entry.rs`.
    #[error("the login `{profile}` is listed, but was not found in {place}")]
    LoginGone { profile: String, provider: String, place: String },
    #[error("{} is listed, but was not found in {place}", key.words())]
    ClientGone { key: ClientKey, place: String },
    #[error("{place} returned something other than what was stored")]
    NotReadBack { place: String },
    /// Without the lock no refresh token is used.
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
            Self::ClientGone { key, .. } => {
                let client = key.arguments();
                ExitCode::Store.hint(format!(
                    "{BRING_BACK}; if it is gone for good, run `oauthctl app set {client}` to register the client again, \
                     or `oauthctl app remove {client}` to delete it"
                ))
            }
            Self::NotReadBack { .. } => {
                ExitCode::Store.hint("use `--store file` to keep logins in an encrypted file instead")
            }
            Self::Lock(error) => error.next_step(),
            Self::Journal(error) => error.next_step(),
            Self::Index(error) => error.next_step(),
        }
    }
}

const BRING_BACK: &str = "restore the store that had it (another keyring may have been started instead) and try again";

/// Describes the commands that replace or delete a login whose record cannot be found.
pub fn ways_to_end(profile: &str, provider: &str) -> String {
    let login = match provider {
        "" => format!("oauthctl login --profile {profile}"),
        provider => login_command(provider, profile),
    };
    format!("run `{login}` to log in again, or `oauthctl logout --local --profile {profile}` to delete this login")
}

fn keychain_hint(kind: StoreKind, error: &KeychainError) -> Option<String> {
    let file = "use `--store file` (or OAUTHCTL_STORE=file) to keep logins in an encrypted file instead";
    if let StoreKind::Helper(name) = kind {
        let program = name.program();
        return match error {
            KeychainError::Missing { .. } => Some(format!("install `{program}`, or {file}")),
            _ => Some(format!("run `echo https://oauthctl.invalid/x | {program} get` to test it, or {file}")),
        };
    }
    match error {
        KeychainError::ReadOnly => Some("use `--store keychain` or `--store file` to store a login".to_owned()),
        KeychainError::Missing { .. } => Some(format!("{}, or {file}", remedy::START_KEYCHAIN)),
        KeychainError::Locked => Some(format!("{}, or {file}", remedy::UNLOCK_KEYCHAIN)),
        KeychainError::Silent { .. } => Some(format!("{}, or {file}", remedy::WAKE_KEYCHAIN)),
        KeychainError::Refused { .. } => (kind == StoreKind::Keychain).then(|| file.to_owned()),
        KeychainError::TooLarge { .. } => Some(file.to_owned()),
        KeychainError::Ambiguous { .. } => {
            Some("remove the entry that oauthctl did not create (service `oauthctl`)".to_owned())
        }
        KeychainError::File { problem, .. } => Some(file_hint(problem).to_owned()),
        KeychainError::BadKey { .. } => Some(format!("generate one with `{}`", remedy::MAKE_KEY)),
    }
}

fn file_hint(problem: &FileProblem) -> &'static str {
    match problem {
        FileProblem::NotOurs | FileProblem::KeyGone => {
            "set OAUTHCTL_STORE_KEY to the right key, or remove the file and log in again"
        }
        FileProblem::FileGone => "log in again: the keychain has only the key, and the login was in the file",
        FileProblem::Newer => "upgrade oauthctl",
        FileProblem::Io(error) => disk_hint(error),
        FileProblem::NotPrivate(_) => OURS_ALONE,
        FileProblem::Exposed(_) => CLOSED_FOLDERS,
    }
}
