//! The stories: the real binary, real processes, and servers and clients that nobody here wrote.

mod bad_input;
mod crash;
mod emulator;
mod help_and_completions;
mod logout;
mod os_keychain;
mod refresh;
mod refresh_faults;
mod support;
