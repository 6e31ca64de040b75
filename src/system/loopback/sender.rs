//! The user whose program is at the other end of a loopback connection.
//!
//! Linux and Windows list every connection with its owner. A peer on this machine is listed with our two addresses
//! swapped. If the peer is missing although our own end is listed, it has closed its socket already, or comes from
//! outside of what this system lists: its user is unknown. If not even our own end is listed, the system does not tell.
//! macOS has such a list only behind a private interface, so it is not supported.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(windows, test))]
mod tcp_table;
#[cfg(windows)]
mod windows;

use std::net::SocketAddr;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(windows)]
use windows as system;

/// The user whose program sent a request, as far as the system tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// This user, or the system itself (root, SYSTEM). Nothing can be hidden from the system, and it forwards ports for
    /// virtual machines.
    Own,
    /// Another user, in words: `number 1001`, `process 4242`.
    Other { user: String },
    /// The system lists connections, but not this peer: it has hung up, or comes from elsewhere.
    Unidentified,
    /// This system does not tell the other end of a connection.
    Untold,
}

/// Looks up the user of the socket at `peer` that is connected to `ours`.
#[cfg(any(target_os = "linux", windows))]
pub(super) fn sender(peer: SocketAddr, ours: SocketAddr) -> Sender {
    for list in system::LISTS {
        match list(peer, ours) {
            Some(End { owner: Some(owner) }) => return system::judge(owner),
            Some(End { owner: None }) => return Sender::Unidentified,
            None if list(ours, peer).is_some() => return Sender::Unidentified,
            None => {}
        }
    }
    Sender::Untold
}

#[cfg(not(any(target_os = "linux", windows)))]
pub(super) fn sender(_peer: SocketAddr, _ours: SocketAddr) -> Sender {
    Sender::Untold
}

/// An end of a connection as the system lists it, with the user or the process that holds it open, or `None` if it is
/// no longer held open.
#[cfg(any(target_os = "linux", windows, test))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    owner: Option<u32>,
}
