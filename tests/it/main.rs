//! The stories: the real binary, real processes, and servers and clients that nobody here wrote.

mod bad_input;
mod ci;
mod emulator;
mod export;
mod help_and_completions;
mod os_keychain;
mod profiles;
#[cfg(target_os = "linux")]
mod stores;
mod support;
