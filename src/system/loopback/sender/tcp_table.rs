//! The list that GetExtendedTcpTable fills, TCP_TABLE_OWNER_PID_ALL, parsed from its bytes: a count, and rows of
//! numbers. The ports are in network order, in the lower half of their number.

use std::net::SocketAddr;

use super::End;

/// The offsets of the fields in a row of one family, in bytes.
struct Layout {
    row: usize,
    state: usize,
    local: (usize, usize),
    remote: (usize, usize),
    owner: usize,
}

/// MIB_TCPROW_OWNER_PID
const V4: Layout = Layout { row: 24, state: 0, local: (4, 8), remote: (12, 16), owner: 20 };

/// MIB_TCP6ROW_OWNER_PID
const V6: Layout = Layout { row: 56, state: 48, local: (0, 20), remote: (24, 44), owner: 52 };

/// MIB_TCP_STATE_ESTAB, _FIN_WAIT1, _FIN_WAIT2 and _CLOSE_WAIT: those in which a program can have the socket open.
const OPEN: [u32; 4] = [5, 6, 7, 8];

/// Finds the row of the socket with these ends, which names the process that holds it.
pub(super) fn find(table: &[u8], local: SocketAddr, remote: SocketAddr) -> Option<End> {
    let layout = if local.is_ipv4() { V4 } else { V6 };
    let number = |row: &[u8], at: usize| Some(u32::from_ne_bytes(row.get(at..at + 4)?.try_into().ok()?));
    let count = number(table, 0)? as usize;
    table.get(4..)?.chunks_exact(layout.row).take(count).find_map(|row| {
        let is_at = |address: SocketAddr, (ip, port): (usize, usize)| {
            let octets = match address {
                SocketAddr::V4(v4) => v4.ip().octets().to_vec(),
                SocketAddr::V6(v6) => v6.ip().octets().to_vec(),
            };
            row[ip..].starts_with(&octets) && row[port..].starts_with(&address.port().to_be_bytes())
        };
        if !is_at(local, layout.local) || !is_at(remote, layout.remote) {
            return None;
        }
        // A connection that its program has closed is listed with process 0.
        let owner = number(row, layout.owner).filter(|process| *process != 0);
        Some(End { owner: owner.filter(|_| number(row, layout.state).is_some_and(|state| OPEN.contains(&state))) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_v4(state: u32, local: u16, remote: u16, process: u32) -> Vec<u8> {
        let mut row = state.to_ne_bytes().to_vec();
        for port in [local, remote] {
            row.extend([127, 0, 0, 1]);
            row.extend(port.to_be_bytes());
            // The upper half of the number may have any value.
            row.extend([0xaa, 0xaa]);
        }
        row.extend(process.to_ne_bytes());
        row
    }

    fn row_v6(state: u32, local: u16, remote: u16, process: u32) -> Vec<u8> {
        let mut row = Vec::new();
        for port in [local, remote] {
            row.extend(std::net::Ipv6Addr::LOCALHOST.octets());
            row.extend([0; 4]);
            row.extend(port.to_be_bytes());
            row.extend([0, 0]);
        }
        row.extend(state.to_ne_bytes());
        row.extend(process.to_ne_bytes());
        row
    }

    #[test]
    fn the_process_is_read_from_the_row_with_both_addresses() {
        for (localhost, row) in [("127.0.0.1", row_v4 as fn(_, _, _, _) -> _), ("::1", row_v6)] {
            let rows = [row(2, 8080, 0, 7), row(5, 50000, 8080, 4242), row(5, 8080, 50000, 7), row(11, 50001, 8080, 0)];
            let mut table = 4_u32.to_ne_bytes().to_vec();
            table.extend(rows.concat());
            let at = |port| SocketAddr::new(localhost.parse().unwrap(), port);
            assert_eq!(find(&table, at(50000), at(8080)), Some(End { owner: Some(4242) }));
            assert_eq!(find(&table, at(50001), at(8080)), Some(End { owner: None }), "in TIME-WAIT");
            assert_eq!(find(&table, at(50002), at(8080)), None);
            // Truncated, and with a count larger than the number of rows.
            assert_eq!(find(&table[..40], at(50000), at(8080)), None);
            assert_eq!(find(&[], at(50000), at(8080)), None);
        }
    }
}
