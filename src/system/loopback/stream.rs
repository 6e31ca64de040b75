//! A socket of the callback port: read and written as it is, or through TLS.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use rustls::ServerConnection;

/// A socket, read and written as it is or through TLS. Neither blocks.
pub(super) struct Stream {
    pub(super) socket: TcpStream,
    pub(super) tls: Option<Box<ServerConnection>>,
}

impl Stream {
    /// Ends our side: a socket that is closed with unread input sends a reset, and the reset can overtake the answer.
    pub(super) fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = self.flush();
        }
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
    }

    /// Whether the peer of the TLS port speaks http in clear: a method's first letter is there, where a TLS record has
    /// its type, 0x16.
    pub(super) fn hears_plain_http(&self) -> bool {
        let mut first = [0];
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
            && self.socket.peek(&mut first).is_ok_and(|n| n == 1)
            && first[0].is_ascii_uppercase()
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
