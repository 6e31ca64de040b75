//! Floor 3: logins and registrations, kept safely: one record each, and a list that remembers each record's store.

pub mod app_name;
pub mod client_key;
pub mod earlier_tokens;
pub mod entry;
mod error;
pub mod flow_records;
pub mod id_token;
pub mod journal;
pub mod login_index;
pub mod login_lock;
mod obtained_by;
pub mod pending_login;
pub mod profile;
mod profile_files;
pub mod record;
pub mod registration;
pub mod scope_history;
pub mod sealed_login;
pub mod store_kind;
pub mod stored_token;
pub mod token_cache;
pub mod token_look;
pub mod token_store;

pub use app_name::AppName;
pub use client_key::ClientKey;
pub use error::{StoreError, ways_to_end};
pub use flow_records::FlowRecords;
pub use journal::Journal;
pub use login_index::LoginIndex;
pub use login_lock::LoginLock;
pub use profile::Profile;
pub use registration::{DynamicRegistration, Registration};
pub use sealed_login::SealedLogin;
pub use store_kind::StoreKind;
pub use stored_token::StoredToken;
pub use token_store::TokenStore;
