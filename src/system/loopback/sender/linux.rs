//! Linux: one query over netlink (sock_diag(7)), whose cost does not depend on the number of sockets. The fallback is
//! the list in `/proc/net` (proc(5)), which exists in sandboxes that block netlink.
//!
//! The list is read line by line: another user can make it as long as the machine has memory for sockets.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::{End, Sender};

/// The lookups for the end at the first address of a connection to the second, the fastest first.
pub(super) const LISTS: [fn(SocketAddr, SocketAddr) -> Option<End>; 2] = [in_netlink, in_proc];

pub(super) fn judge(user: u32) -> Sender {
    // SAFETY: takes nothing and cannot fail.
    let own = unsafe { libc::geteuid() };
    if user == own || user == 0 { Sender::Own } else { Sender::Other { user: format!("number {user}") } }
}

/// The states in which a program can have the socket open: ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT.
const OPEN: [u8; 4] = [1, 4, 5, 8];

/// Builds an end. A socket that its program has closed lives on for a while, without an inode and owned by root.
fn end(state: u8, user: u32, inode: u32) -> End {
    End { owner: (OPEN.contains(&state) && inode != 0).then_some(user) }
}

/// The timeout for the kernel's answer, which normally comes at once.
const NETLINK_TIMEOUT: Duration = Duration::from_millis(200);

/// NETLINK_SOCK_DIAG, and its one request and reply.
const SOCK_DIAG: i32 = 4;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// The offset of `struct inet_diag_msg` in a reply, after its `struct nlmsghdr`, and the offsets of its fields.
const MESSAGE: usize = 16;
const STATE: usize = MESSAGE + 1;
const USER: usize = MESSAGE + 64;
const INODE: usize = MESSAGE + 68;

fn in_netlink(local: SocketAddr, remote: SocketAddr) -> Option<End> {
    let socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::DGRAM, Some(Protocol::from(SOCK_DIAG))).ok()?;
    socket.set_read_timeout(Some(NETLINK_TIMEOUT)).ok()?;
    socket.send(&question(local, remote)).ok()?;
    let mut reply = [0; 1024];
    let length = (&socket).read(&mut reply).ok()?;
    answer(&reply[..length])
}

/// Builds a `struct nlmsghdr` and a `struct inet_diag_req_v2` for one socket.
fn question(local: SocketAddr, remote: SocketAddr) -> Vec<u8> {
    let family = if local.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let mut request = vec![family as u8, libc::IPPROTO_TCP as u8, 0, 0];
    // In any state.
    request.extend(u32::MAX.to_ne_bytes());
    request.extend(local.port().to_be_bytes());
    request.extend(remote.port().to_be_bytes());
    for address in [local, remote] {
        let mut words = [0; 16];
        match address {
            SocketAddr::V4(v4) => words[..4].copy_from_slice(&v4.ip().octets()),
            SocketAddr::V6(v6) => words.copy_from_slice(&v6.ip().octets()),
        }
        request.extend(words);
    }
    // On any interface, and INET_DIAG_NOCOOKIE twice.
    request.extend([0, u32::MAX, u32::MAX].map(u32::to_ne_bytes).concat());
    let length = (MESSAGE + request.len()) as u32;
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    message.extend((libc::NLM_F_REQUEST as u16).to_ne_bytes());
    message.extend([0; 8]);
    message.extend(request);
    message
}

/// Reads a reply. Returns `None` for an error, such as ENOENT. If there is no such connection, the answer may be the
/// socket that listens on the local port: its state is not an open one.
fn answer(reply: &[u8]) -> Option<End> {
    let number = |at: usize| Some(u32::from_ne_bytes(reply.get(at..at + 4)?.try_into().ok()?));
    let kind = u16::from_ne_bytes(reply.get(4..6)?.try_into().ok()?);
    (kind == SOCK_DIAG_BY_FAMILY).then_some(())?;
    Some(end(*reply.get(STATE)?, number(USER)?, number(INODE)?))
}

fn in_proc(local: SocketAddr, remote: SocketAddr) -> Option<End> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| File::open(path).ok());
    tables.map(BufReader::new).find_map(|table| in_table(table, local, remote))
}

/// Finds the line of the socket with these ends: `sl local remote st tx:rx tr:tm retransmits uid timeout inode …`.
fn in_table(mut table: impl BufRead, local: SocketAddr, remote: SocketAddr) -> Option<End> {
    // A dual-stack program has an IPv6 socket, with the IPv4 address mapped into it.
    let ends = [(plain(local), plain(remote)), (mapped(local), mapped(remote))];
    let mut line = String::new();
    loop {
        line.clear();
        if table.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let mut words = line.split_ascii_whitespace().skip(1);
        let (Some(local), Some(remote), Some(state)) = (words.next(), words.next(), words.next()) else { continue };
        if ends.iter().any(|(ours, theirs)| local == ours && remote == theirs) {
            let state = u8::from_str_radix(state, 16).ok()?;
            let user = words.nth(3)?.parse().ok()?;
            return Some(end(state, user, words.nth(1)?.parse().ok()?));
        }
    }
}

/// Formats an address like `0100007F:1F90`: 32-bit words in memory order, and the port as a number.
fn plain(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => hexadecimal(&v4.ip().octets(), v4.port()),
        SocketAddr::V6(v6) => hexadecimal(&v6.ip().octets(), v6.port()),
    }
}

fn mapped(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => hexadecimal(&v4.ip().to_ipv6_mapped().octets(), v4.port()),
        SocketAddr::V6(_) => plain(address),
    }
}

fn hexadecimal(octets: &[u8], port: u16) -> String {
    let (words, _) = octets.as_chunks::<4>();
    let ip: String = words.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word))).collect();
    format!("{ip}:{port:04X}")
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::super::sender;
    use super::*;

    /// A connection, and the ends of the peer and of ours.
    struct Pair {
        peer: TcpStream,
        _ours: TcpStream,
        ends: (SocketAddr, SocketAddr),
    }

    fn pair(listen: &str, connect: &str) -> Pair {
        let listener = TcpListener::bind(listen).unwrap();
        let peer = TcpStream::connect((connect, listener.local_addr().unwrap().port())).unwrap();
        let (ours, address) = listener.accept().unwrap();
        Pair { peer, ends: (address, ours.local_addr().unwrap()), _ours: ours }
    }

    #[test]
    fn our_own_programs_are_recognized_in_both_families() {
        for (listen, connect) in [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1")] {
            let pair = pair(listen, connect);
            let (peer, ours) = pair.ends;
            assert_eq!(sender(peer, ours), Sender::Own, "{listen}");
            for list in LISTS {
                assert!(matches!(list(peer, ours), Some(End { owner: Some(_) })), "{listen}");
                assert!(matches!(list(ours, peer), Some(End { owner: Some(_) })), "{listen}");
            }
        }
    }

    #[test]
    fn a_dual_stack_socket_is_recognized_by_its_ipv4_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = Socket::new(Domain::IPV6, Type::STREAM, None).unwrap();
        peer.set_only_v6(false).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{port}").parse().unwrap();
        peer.connect(&mapped.into()).unwrap();
        let (ours, address) = listener.accept().unwrap();
        for list in LISTS {
            assert!(matches!(list(address, ours.local_addr().unwrap()), Some(End { owner: Some(_) })));
        }
    }

    #[test]
    fn a_peer_that_has_hung_up_cannot_be_identified() {
        for reset in [false, true] {
            let Pair { peer, ends, _ours } = pair("127.0.0.1:0", "127.0.0.1");
            if reset {
                socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
            }
            drop(peer);
            assert_ne!(sender(ends.0, ends.1), Sender::Own, "{reset}");
            for list in LISTS {
                assert!(!matches!(list(ends.0, ends.1), Some(End { owner: Some(_) })), "{reset}");
            }
        }
    }

    #[test]
    fn a_peer_is_unidentified_if_only_our_end_is_listed() {
        let Pair { peer, ends, _ours } = pair("127.0.0.1:0", "127.0.0.1");
        drop(peer);
        assert_eq!(sender(ends.0, ends.1), Sender::Unidentified);
    }

    #[test]
    fn a_connection_that_is_not_listed_at_all_is_unknown() {
        let nowhere = |port| SocketAddr::from(([127, 0, 0, 1], port));
        assert_eq!(sender(nowhere(1), nowhere(2)), Sender::Untold);
    }

    #[test]
    fn users_are_distinguished() {
        // SAFETY: takes nothing and cannot fail.
        let own = unsafe { libc::geteuid() };
        assert_eq!(judge(own), Sender::Own);
        assert_eq!(judge(0), Sender::Own);
        assert_eq!(judge(own + 1), Sender::Other { user: format!("number {}", own + 1) });
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_user_is_read_from_the_line_with_both_addresses() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0\n\
            \x20  1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0 20 4 30 10 -1\n\
            \x20  2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 20 4 30 10 -1\n\
            \x20  3: 0100007F:C351 0100007F:1F90 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0\n\
            \x20  4: 0100007F:C353 0100007F:1F90 05 00000000:00000000 03:00000000 00000000     0        0 0 3 0\n\
            \x20  5: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 2 1 0 20 4 30 10 -1\n";
        let end = |port| {
            let peer = SocketAddr::from(([127, 0, 0, 1], port));
            in_table(table.as_bytes(), peer, SocketAddr::from(([127, 0, 0, 1], 8080)))
        };
        assert_eq!(end(50000), Some(End { owner: Some(1001) }));
        assert_eq!(end(50001), Some(End { owner: None }), "in TIME-WAIT");
        assert_eq!(end(50003), Some(End { owner: None }), "closed by its program, without an owner");
        assert_eq!(end(50002), Some(End { owner: Some(1002) }), "on the socket of the other family");
        assert_eq!(end(50004), None);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        assert_eq!(in_table("garbage\nmore garbage\n".as_bytes(), nowhere, nowhere), None);
    }
}
