//! The stories: the real binary, real processes, and servers and clients that nobody here wrote.

mod bad_input;
mod chromium;
mod emulator;
mod help_and_completions;
mod https_callback;
mod os_keychain;
#[cfg(unix)]
mod paste;
mod support;
