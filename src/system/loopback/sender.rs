//! Which user's program is at the other end of a connection over loopback.
//!
//! Linux and Windows list every connection with its owner, and a peer on this machine is listed there with our two
//! addresses the other way round. A peer that is missing although our own end is listed has closed its socket already,
//! or comes from outside of what this system lists: it belongs to no user that we could name. Where not even our own
//! end is listed, the system does not say; macOS has only a list that takes a private interface, and is left out.

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

/// Which user's program sent a request, as far as the system tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// This user's, or the system's own (root, SYSTEM), from which nothing can be kept and which forwards ports for
    /// virtual machines.
    Own,
    /// Another user's, in words: `number 1001`, `process 4242`.
    Other { user: String },
    /// The system says, and this one it cannot name: it has hung up, or comes from elsewhere.
    Unidentified,
    /// This system does not say who is at the other end of a connection.
    Untold,
}

/// The user of the socket at `peer` that is connected to `ours`.
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

/// An end of a connection as a system lists it, with the user or the process that holds it open; `None` if none does
/// any more.
#[cfg(any(target_os = "linux", windows, test))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    owner: Option<u32>,
}
