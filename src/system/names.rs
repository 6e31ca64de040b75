//! The addresses of a host name, and whether anything answers there. Every wait has an end: the system's own resolver may
//! take half a minute.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::time::Duration;

use super::process::in_background;

/// How long a name may take.
const RESOLVED_WITHIN: Duration = Duration::from_secs(10);

/// How long a server may take to accept a connection.
const REACHED_WITHIN: Duration = Duration::from_secs(5);

/// Returns the addresses of a host.
pub fn resolve(host: &str) -> io::Result<Vec<IpAddr>> {
    if let Ok(address) = host.trim_matches(['[', ']']).parse() {
        return Ok(vec![address]);
    }
    let (tell, told) = mpsc::channel();
    let name = host.to_owned();
    in_background("resolve", move || {
        let found = (name.as_str(), 0).to_socket_addrs().map(|all| all.map(|at| at.ip()).collect::<Vec<_>>());
        // There is no listener any more if it took too long.
        let _ = tell.send(found);
    })?;
    told.recv_timeout(RESOLVED_WITHIN).unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

/// Connects to a port, and sends nothing.
pub fn reach(host: &str, port: u16) -> io::Result<()> {
    let mut failure = ErrorKind::NotFound.into();
    for address in resolve(host)? {
        match TcpStream::connect_timeout(&SocketAddr::new(address, port), REACHED_WITHIN) {
            Ok(_) => return Ok(()),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

    use super::*;

    #[test]
    fn an_address_needs_no_resolver() {
        assert_eq!(resolve("127.0.0.1").unwrap(), [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        assert_eq!(resolve("[::1]").unwrap(), [IpAddr::V6(Ipv6Addr::LOCALHOST)]);
    }

    #[test]
    fn a_port_is_reached_only_if_a_program_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(reach("127.0.0.1", port).is_ok());
        drop(listener);
        assert_eq!(reach("127.0.0.1", port).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
