//! A body that another sees as it is read.

use std::io::{self, Read};

/// Sees a body. It is dropped when nobody reads on.
pub trait Tap: Send {
    fn part(&mut self, bytes: &[u8]);
    fn ended(&mut self);
    fn broke(&mut self, error: &io::Error);
}

pub(super) struct Tapped {
    pub body: Box<dyn Read + Send>,
    pub tap: Box<dyn Tap>,
}

impl Read for Tapped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer);
        match &read {
            Ok(0) if !buffer.is_empty() => self.tap.ended(),
            Ok(n) => self.tap.part(&buffer[..*n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.tap.broke(error),
        }
        read
    }
}
