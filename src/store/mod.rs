//! Floor 3: logins and registrations, kept safely. One record each; which store a record lives in is remembered.

pub mod journal;
pub mod login_index;
pub mod login_lock;
pub mod profile;
pub mod record;
pub mod registration;
pub mod scope_history;
pub mod sealed_login;
pub mod store_kind;
pub mod stored_token;
pub mod token_store;

pub use journal::Journal;
pub use login_index::LoginIndex;
pub use login_lock::LoginLock;
pub use profile::Profile;
pub use registration::Registration;
pub use sealed_login::SealedLogin;
pub use store_kind::StoreKind;
pub use stored_token::StoredToken;
pub use token_store::TokenStore;

use crate::keychain::KeychainError;

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
    #[error("{place} gave back something else than was stored")]
    NotReadBack { place: String },
    /// Without the lock no refresh token is spent.
    #[error("the lock of a login cannot be used")]
    Lock(#[source] login_lock::LockError),
    #[error("the journal of a refresh cannot be used")]
    Journal(#[source] journal::JournalError),
    #[error("the list of logins cannot be used")]
    Index(#[source] login_index::IndexError),
}
