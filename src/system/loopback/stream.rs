//! A socket of the callback port, plain or with TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use rustls::ServerConnection;

/// A socket, plain or with TLS. Neither blocks.
pub(super) struct Stream {
    pub(super) socket: TcpStream,
    pub(super) tls: Option<Box<ServerConnection>>,
    greeted: bool,
}

/// The protocol that a peer speaks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// The protocol of the port, or nothing, as the peer is gone.
    Ours,
    /// Plain http on the TLS port.
    PlainHttp,
}

impl Stream {
    pub(super) fn new(socket: TcpStream, tls: Option<Box<ServerConnection>>) -> Self {
        Self { socket, tls, greeted: false }
    }

    /// Shuts down our side. A socket that is closed with unread input sends a reset, which can overtake the answer.
    pub(super) fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = self.flush();
        }
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }

    /// Returns true if the peer has neither reset the connection nor shut down its side.
    pub(super) fn is_open(&self) -> bool {
        // If there is unread data, a reset shows only here.
        if !matches!(self.socket.take_error(), Ok(None)) {
            return false;
        }
        match self.socket.peek(&mut [0]) {
            Ok(n) => n > 0,
            Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        }
    }

    /// Detects the protocol by the first byte: a TLS record has its type there, 0x16, and http a method's first letter.
    /// Detected once, before anything is read, as later bytes can have any value.
    ///
    /// # Errors
    ///
    /// `WouldBlock` as long as the peer has sent nothing. TLS must not read then: the data that arrives next may be
    /// http, which TLS would take for a broken record.
    pub(super) fn speech(&mut self) -> io::Result<Speech> {
        if self.tls.is_none() || self.greeted {
            return Ok(Speech::Ours);
        }
        let mut first = [0];
        let there = self.socket.peek(&mut first)?;
        self.greeted = true;
        Ok(if there == 1 && first[0].is_ascii_uppercase() { Speech::PlainHttp } else { Speech::Ours })
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(buffer),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.write(bytes),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => self.socket.flush(),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use crate::protocol::time::Timestamp;

    use super::*;
    use crate::system::certificate::CallbackCertificate;

    /// Returns the peer, and our end of a TLS port.
    fn ends() -> (TcpStream, Stream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let certificate = CallbackCertificate::make("localhost", Timestamp(1_800_000_000)).unwrap();
        let tls = ServerConnection::new(certificate.server_config().unwrap()).unwrap();
        (peer, Stream::new(listener.accept().unwrap().0, Some(Box::new(tls))))
    }

    #[test]
    fn a_silent_peer_has_no_protocol_yet() {
        let (mut peer, mut ours) = ends();
        ours.socket.set_nonblocking(true).unwrap();
        assert_eq!(ours.speech().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        ours.socket.set_nonblocking(false).unwrap();
        peer.write_all(b"G").unwrap();
        assert_eq!(ours.speech().unwrap(), Speech::PlainHttp);
    }

    #[test]
    fn only_the_first_byte_counts() {
        let (mut peer, mut ours) = ends();
        peer.write_all(b"\x16").unwrap();
        assert_eq!(ours.speech().unwrap(), Speech::Ours);
        ours.socket.read_exact(&mut [0]).unwrap();
        // A record may continue with any byte where the network splits it.
        peer.write_all(b"G").unwrap();
        assert_eq!(ours.speech().unwrap(), Speech::Ours);
    }
}
