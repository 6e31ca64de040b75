//! Stdout on other systems. On Windows it is a handle, which the runtime does not change.

use std::io::{self, Write};

use super::Delivered;

/// Returns `true` if there is no handle. A program started without a console has none.
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

/// Checks that stdout can be written to.
pub fn check() -> io::Result<()> {
    if is_closed() { Err(io::ErrorKind::NotConnected.into()) } else { Ok(()) }
}

/// Returns `true` if another program reads it. The system is not asked: a file may have a reader, too.
pub fn has_reader() -> bool {
    true
}

/// Writes through the standard library, which handles consoles.
pub fn write_all(bytes: &[u8]) -> io::Result<()> {
    check()?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Writes all of it. The system cannot confirm more than that it accepted the data.
pub fn deliver(bytes: &[u8]) -> io::Result<Delivered> {
    write_all(bytes)?;
    Ok(if is_null_device() { Delivered::Nowhere } else { Delivered::There })
}

/// Returns `true` for `NUL`: it is a device, and not a console.
#[cfg(windows)]
fn is_null_device() -> bool {
    use std::io::IsTerminal;
    use std::os::windows::io::AsRawHandle;

    use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_CHAR, GetFileType};
    let stdout = io::stdout();
    // SAFETY: it asks about a handle that is open.
    let kind = unsafe { GetFileType(stdout.as_raw_handle()) };
    kind == FILE_TYPE_CHAR && !stdout.is_terminal()
}

#[cfg(not(windows))]
fn is_null_device() -> bool {
    false
}
