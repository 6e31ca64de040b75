//! The stories: the real binary, real processes, and servers and clients that nobody here wrote.

mod bad_input;
mod call;
mod call_like_gh;
mod call_origins;
mod emulator;
mod help_and_completions;
mod os_keychain;
mod support;
