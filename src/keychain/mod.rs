//! Floor 2½: places that keep secrets. One trait, and its implementations: the OS keychain, encrypted files, a
//! credential helper, an environment variable, and memory.

#[cfg(target_os = "linux")]
pub mod dbus;
pub mod files;
pub mod helper;
pub mod long_records;
pub mod memory;
pub mod os;
mod port;
pub mod seal;
#[cfg(target_os = "linux")]
mod secret_service;
pub mod variable;

pub use memory::MemoryKeychain;
pub use port::{
    FileProblem, Keychain, KeychainError, PROBE, SecretBytes, StateFolder, is_made_up, is_probe, probe_name,
    test_record,
};
pub use variable::VariableKeychain;
