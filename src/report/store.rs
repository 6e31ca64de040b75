//! What a store, its files, locks and keychains refuse.

use std::io::ErrorKind;

use super::{ExitCode, Verdict};
use crate::keychain::{FileProblem, KeychainError};
use crate::store::journal::JournalError;
use crate::store::login_index::IndexError;
use crate::store::login_lock::LockError;
use crate::store::{StoreError, StoreKind};
use crate::system::private_file::PrivateFileError;

pub(super) fn of_store(error: &StoreError) -> Verdict {
    let hint = match error {
        StoreError::Keychain { kind, source, .. } => of_keychain(*kind, source),
        StoreError::Damaged { .. } => Some("log in again to replace it".to_owned()),
        StoreError::Newer { .. } => Some("upgrade oauthctl, or log in again to replace the record".to_owned()),
        StoreError::NotReadBack { .. } => Some("`--store file` keeps logins in a sealed file instead".to_owned()),
        StoreError::Lock(LockError::NoAccount(_)) => {
            Some("`--store file` keeps logins, and their locks, in a folder of its own".to_owned())
        }
        StoreError::Lock(LockError::File { source, .. }) => {
            let why = "two processes could spend one refresh token without the lock";
            Some(format!("{}: {why}", file_hint(source)))
        }
        StoreError::Journal(JournalError::File { .. }) => {
            Some("it may hold a newer token than the store: make it readable, and run `oauthctl token`".to_owned())
        }
        StoreError::Journal(JournalError::BadKey) => Some("log in again to replace the record".to_owned()),
        StoreError::Journal(JournalError::Entropy(_)) => return (ExitCode::Unexpected, None),
        StoreError::Index(IndexError::File { source, .. }) => {
            Some(format!("{}; it lists the logins, and no secret is in it", file_hint(source)))
        }
        StoreError::Index(IndexError::Damaged { path, .. }) => Some(format!(
            "`mv '{path}' '{path}.damaged'` sets it aside; the logins are still in their store, under the profile's name"
        )),
        StoreError::Index(IndexError::Busy) => {
            Some("try again when it is done; a process that hangs may be ended".to_owned())
        }
        StoreError::Index(IndexError::Newer { .. }) => Some("upgrade oauthctl".to_owned()),
    };
    (ExitCode::Store, hint)
}

/// What may mend a file or folder of ours.
fn file_hint(error: &PrivateFileError) -> &'static str {
    match error {
        PrivateFileError::Io(error) => disk_hint(error),
        PrivateFileError::NotPrivate(_) => OURS_ALONE,
    }
}

fn disk_hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room there and try again; what was kept before is as it was"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "nothing can be kept there; OAUTHCTL_DATA_DIR and OAUTHCTL_CONFIG_DIR lead to another place"
        }
        _ if is_too_many_files(error) => {
            "`ulimit -n` says how many files a program may have open; a higher number helps"
        }
        _ => OURS_ALONE,
    }
}

/// Whether this process may open no further file.
#[cfg(unix)]
fn is_too_many_files(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMFILE)
}

#[cfg(not(unix))]
fn is_too_many_files(_: &std::io::Error) -> bool {
    false
}

/// What our files and folders must be.
const OURS_ALONE: &str = "it must be yours, no symbolic link, and nobody else may change it";

fn of_keychain(kind: StoreKind, error: &KeychainError) -> Option<String> {
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
        KeychainError::File { problem: FileProblem::NotOurs | FileProblem::KeyGone, .. } => {
            Some("give the right key in OAUTHCTL_STORE_KEY, or log in again after removing the file".to_owned())
        }
        KeychainError::File { problem: FileProblem::FileGone, .. } => {
            Some("log in again: the keychain has the key alone, and the login was in the file".to_owned())
        }
        KeychainError::File { problem: FileProblem::Newer, .. } => Some("upgrade oauthctl".to_owned()),
        KeychainError::File { problem: FileProblem::Io(error), .. } => Some(disk_hint(error).to_owned()),
        KeychainError::File { problem: FileProblem::NotPrivate(_), .. } => Some(OURS_ALONE.to_owned()),
        KeychainError::BadKey { .. } => Some("`head -c 32 /dev/urandom | base64` makes one".to_owned()),
    }
}
