//! Whose program is at the other end of a connection over loopback.
//!
//! Linux says it: `/proc/net/tcp` and `tcp6` (proc(5)) list every socket of this network namespace with the user that
//! made it, and the peer's socket is there with our two addresses the other way round. macOS and Windows tell only by
//! ways of their own, which are not built: there everybody is `Unknown`.

use std::net::SocketAddr;

/// Whose program sent a request, as far as the machine tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// This user's, or root's, from whom nothing can be kept (and who forwards ports for a virtual machine).
    Own,
    /// Another user's.
    Other { uid: u32 },
    /// Behind a port that is forwarded from elsewhere, or on a system that does not say.
    Unknown,
}

/// The user of the socket at `peer` that is connected to `ours`.
#[cfg(target_os = "linux")]
pub(super) fn sender(peer: SocketAddr, ours: SocketAddr) -> Sender {
    // SAFETY: takes nothing and cannot fail.
    let own = unsafe { libc::geteuid() };
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    match tables.iter().find_map(|table| user_of(table, peer, ours)) {
        Some(uid) if uid == own || uid == 0 => Sender::Own,
        Some(uid) => Sender::Other { uid },
        None => Sender::Unknown,
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sender(_peer: SocketAddr, _ours: SocketAddr) -> Sender {
    Sender::Unknown
}

/// Looks for the line of the socket with these ends: `sl local remote st tx:rx tr:tm retransmits uid …`.
#[cfg(target_os = "linux")]
fn user_of(table: &str, local: SocketAddr, remote: SocketAddr) -> Option<u32> {
    // A program that can speak both families has a socket of the newer one, with the older address mapped into it.
    let ends = [(plain(local), plain(remote)), (mapped(local), mapped(remote))];
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (local, remote) = (words.next()?, words.next()?);
        let state = words.next()?;
        // A socket that its program has closed belongs to nobody any more, and is listed as root's.
        let open = ["01", "08", "04", "05"].contains(&state);
        let found = open && ends.iter().any(|(ours, theirs)| local == ours && remote == theirs);
        if found { words.nth(3)?.parse().ok() } else { None }
    })
}

/// `0100007F:1F90`: the address in words of 32 bits as they lie in memory, the port as a number.
#[cfg(target_os = "linux")]
fn plain(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => hexadecimal(&v4.ip().octets(), v4.port()),
        SocketAddr::V6(v6) => hexadecimal(&v6.ip().octets(), v6.port()),
    }
}

#[cfg(target_os = "linux")]
fn mapped(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => hexadecimal(&v4.ip().to_ipv6_mapped().octets(), v4.port()),
        SocketAddr::V6(_) => plain(address),
    }
}

#[cfg(target_os = "linux")]
fn hexadecimal(octets: &[u8], port: u16) -> String {
    let (words, _) = octets.as_chunks::<4>();
    let ip: String = words.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word))).collect();
    format!("{ip}:{port:04X}")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn pair(address: &str) -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(address).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn our_own_programs_are_known_in_both_families() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (_client, accepted) = pair(address);
            let ends = (accepted.peer_addr().unwrap(), accepted.local_addr().unwrap());
            assert_eq!(sender(ends.0, ends.1), Sender::Own, "{address}");
            assert_eq!(sender(ends.1, "127.0.0.1:1".parse().unwrap()), Sender::Unknown, "no such socket");
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_user_stands_in_the_line_with_both_addresses() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0\n\
            \x20  1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0 20 4 30 10 -1\n\
            \x20  2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 20 4 30 10 -1\n\
            \x20  3: 0100007F:C351 0100007F:1F90 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0\n\
            \x20  4: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 2 1 0 20 4 30 10 -1\n";
        let user = |port| {
            let peer = SocketAddr::from(([127, 0, 0, 1], port));
            user_of(table, peer, SocketAddr::from(([127, 0, 0, 1], 8080)))
        };
        assert_eq!(user(50000), Some(1001));
        assert_eq!(user(50001), None, "closed by its program");
        assert_eq!(user(50002), Some(1002), "by the other family's socket");
        assert_eq!(user(50003), None);
        assert_eq!(
            user_of("garbage\nmore garbage\n", "127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap()),
            None
        );
    }
}
