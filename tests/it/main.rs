//! The stories: the real binary, real processes, and servers and clients that nobody here wrote.

mod bad_input;
mod emulator;
mod help_and_completions;
mod os_keychain;
mod scopes;
mod scopes_matrix;
mod support;
