//! A small synchronous client of D-Bus, after the D-Bus specification 0.43: what a program needs that makes a handful of
//! calls on the session bus and ends.
//!
//! There is no library for that. `zbus` brings an executor and makes four threads for four calls (a quarter of a
//! millisecond each on the machine where this was measured), `dbus` wants a C library, and neither has a deadline for
//! connecting. Here, a call is one write and some reads on a blocking socket, and all of them have one deadline.
//!
//! - The greeting is not waited for. Authentication, `Hello` and the first call leave in one write, and the answers are
//!   read in their order. Nothing secret is in them, and a bus that refuses the greeting reads no further.
//! - Messages may come in either byte order, in pieces, and several at once.
//! - A message has a bound ([`message::MAX_MESSAGE`]), and so has the depth of its values. Header fields that are unknown
//!   are skipped, as the specification asks. File descriptors were not negotiated, so none come.
//! - Every buffer may hold a secret and is wiped.

mod address;
mod body;
mod connection;
mod message;

use std::io;

pub use address::BadAddress;
pub use body::{Body, BodyWriter};
pub use connection::{Connection, SessionAddress};
pub use message::{Call, HEAD, MAX_MESSAGE, Message, MessageKind};

use crate::system::clock::Deadline;

/// A bus call that failed. No field ever holds a message's body, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    #[error("the address of the D-Bus session bus is malformed ({0})")]
    Address(#[from] BadAddress),
    #[error("there is no D-Bus session bus ({0})")]
    NoBus(io::Error),
    #[error("the D-Bus session bus rejected our authentication")]
    Rejected,
    #[error("the connection to the D-Bus session bus failed ({0})")]
    Lost(io::Error),
    /// The deadline passed.
    #[error("the D-Bus session bus did not answer in time")]
    Silent,
    #[error("the D-Bus session bus sent an unreadable reply ({0})")]
    Unreadable(#[from] Unreadable),
    /// An error reply.
    #[error("{name}")]
    Method { name: String, detail: Option<String> },
}

/// Bytes that are no message, or no value of the type that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it ends too early")]
    Short,
    #[error("it is too long")]
    Long,
    #[error("it is nested too deeply")]
    Deep,
    #[error("it is not a message of D-Bus's version 1")]
    NoMessage,
    #[error("a value has the wrong form")]
    Form,
    #[error("a value has another type than expected")]
    Type,
}

/// Returns the time that is left, or [`BusError::Silent`].
fn left(until: Deadline) -> Result<std::time::Duration, BusError> {
    Some(until.left()).filter(|left| !left.is_zero()).ok_or(BusError::Silent)
}
