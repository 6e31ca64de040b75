//! Stdout elsewhere: on Windows a handle, which the runtime leaves as it is.

use std::io::{self, Write};

use super::Delivered;

/// Returns whether there is no handle. A program that is started without a console has none.
#[cfg(windows)]
pub fn is_closed() -> bool {
    use std::os::windows::io::AsRawHandle;
    let handle = io::stdout().as_raw_handle();
    handle.is_null() || handle as isize == -1
}

#[cfg(not(windows))]
pub fn is_closed() -> bool {
    false
}

/// Checks whether stdout can be written to at all.
pub fn check() -> io::Result<()> {
    if is_closed() { Err(io::ErrorKind::NotConnected.into()) } else { Ok(()) }
}

/// Through the standard library, which knows what a console wants.
pub fn write_all(bytes: &[u8]) -> io::Result<()> {
    check()?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Nothing more can be known here than that the system has taken it.
pub fn deliver(bytes: &[u8]) -> io::Result<Delivered> {
    write_all(bytes).map(|()| Delivered::There)
}
