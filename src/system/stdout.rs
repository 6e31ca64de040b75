//! Stdout: whether there is one, and whether what was written has arrived.
//!
//! An answer that goes nowhere must not pass for a success, and Rust's runtime makes it pass for one in two ways.
//! Before `main` it opens `/dev/null` in place of a descriptor that is closed, so that `>&-` cannot be told from
//! `>/dev/null` any more; and it takes an `EBADF` of a write for success. So what was open is noted before the runtime
//! looks, and the descriptor is written to directly. `/dev/null` itself is a stdout like any other: who names it wants
//! no answer.
//!
//! A write that succeeds may still be lost: a pipe's reader ends before it has read, a disk is full when its cache is
//! written. [`deliver`] waits for as much as the system can tell.

#[cfg_attr(unix, path = "stdout/unix.rs")]
#[cfg_attr(not(unix), path = "stdout/other.rs")]
mod os;

pub use os::{check, deliver, is_closed, write_all};

/// The place where something that was delivered is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// With the terminal, the file, or the reader of the pipe.
    There,
    /// In `/dev/null`.
    Nowhere,
}
