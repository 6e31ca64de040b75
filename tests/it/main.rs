//! The stories: one file each, told through the real binary on loopback.

mod bad_input;
mod help_and_completions;
mod support;
