//! Stdout: checks that it is open, and that written data has arrived.
//!
//! A lost answer must not look like success, and Rust's runtime hides two such losses. Before `main` it opens
//! `/dev/null` in place of a closed descriptor, so that `>&-` looks like `>/dev/null`, and it treats an `EBADF` of a
//! write as success. The state of the descriptor is therefore recorded before the runtime starts, and the descriptor is
//! written to directly. `/dev/null` itself is a valid stdout: the user wants no answer.
//!
//! A successful write may still be lost: a pipe's reader can end before it has read, a disk can be full when the cache
//! is written. [`deliver`] waits for as much as the system can confirm.

#[cfg_attr(unix, path = "stdout/unix.rs")]
#[cfg_attr(not(unix), path = "stdout/other.rs")]
mod os;

pub use os::{check, deliver, has_reader, is_closed, write_all};

/// The result of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// The terminal, the file, or the reader of the pipe has it.
    There,
    /// It was written to `/dev/null`.
    Nowhere,
}
