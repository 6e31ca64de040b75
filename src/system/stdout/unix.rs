//! Stdout on Unix: descriptor 1.

use std::fs::File;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use libc::{STDOUT_FILENO, c_int, c_short};

use super::Delivered;

/// The wait for the reader of a pipe. `ssh` reads only after it has asked for its password.
const PATIENCE: Duration = Duration::from_secs(120);

/// The interval of the checks: the system reports a reader that goes away, but not one that reads.
const LOOK: c_int = 20;

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Runs before `main`, and before the runtime opens closed descriptors: the loader calls the functions in this section.
#[used]
#[cfg_attr(any(target_os = "macos", target_os = "ios"), unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(any(target_os = "macos", target_os = "ios")), unsafe(link_section = ".init_array"))]
static NOTE: extern "C" fn() = note;

extern "C" fn note() {
    // SAFETY: a system call with two numbers; an atomic needs nothing that the runtime sets up.
    let closed = unsafe { libc::fcntl(STDOUT_FILENO, libc::F_GETFD) == -1 };
    CLOSED.store(closed, Ordering::Relaxed);
}

/// Returns `true` if stdout was closed when the process started.
pub fn is_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// Checks that stdout can be written to: it is open, and not read-only.
pub fn check() -> io::Result<()> {
    // SAFETY: a system call with two numbers.
    match unsafe { libc::fcntl(STDOUT_FILENO, libc::F_GETFL) } {
        _ if is_closed() => Err(io::Error::from_raw_os_error(libc::EBADF)),
        -1 => Err(io::Error::last_os_error()),
        flags if flags & libc::O_ACCMODE == libc::O_RDONLY => Err(io::Error::from_raw_os_error(libc::EBADF)),
        _ => Ok(()),
    }
}

/// Returns `true` if another program reads it, as from a pipe.
pub fn has_reader() -> bool {
    stdout().metadata().is_ok_and(|metadata| metadata.file_type().is_fifo() || metadata.file_type().is_socket())
}

/// Returns the descriptor as a file that is not closed on drop.
fn stdout() -> ManuallyDrop<File> {
    // SAFETY: no other code closes the descriptor, and neither does this.
    ManuallyDrop::new(unsafe { File::from_raw_fd(STDOUT_FILENO) })
}

/// Writes all of it. A pipe that another process has set to non-blocking is waited for like any other pipe.
pub fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    check()?;
    let mut stdout = stdout();
    while !bytes.is_empty() {
        match stdout.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Wait until it accepts more, or its reader is gone.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => drop(poll(libc::POLLOUT, -1)?),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all of it, and waits until it has arrived as far as can be known: a file is synced, a pipe's reader has read
/// it, a terminal has sent every byte.
pub fn deliver(bytes: &[u8]) -> io::Result<Delivered> {
    let metadata = stdout().metadata()?;
    let kind = metadata.file_type();
    write_all(bytes)?;
    if kind.is_file() {
        match stdout().sync_all() {
            // Not every file system supports it.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOTSUP)) => {}
            synced => synced?,
        }
    } else if kind.is_fifo() {
        until_read(PATIENCE)?;
    } else if kind.is_char_device() && std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev()) {
        return Ok(Delivered::Nowhere);
    } else if kind.is_char_device() {
        drain()?;
    }
    Ok(Delivered::There)
}

/// Waits until the pipe is empty.
fn until_read(patience: Duration) -> io::Result<()> {
    let end = Instant::now() + patience;
    loop {
        let mut unread: c_int = 0;
        // SAFETY: the kernel fills the number, which lives through the call.
        if unsafe { libc::ioctl(STDOUT_FILENO, libc::FIONREAD, &mut unread) } == -1 {
            return Err(io::Error::last_os_error());
        }
        if unread == 0 {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the reader of the pipe has not read it yet"));
        }
        if poll(0, LOOK)? & (libc::POLLERR | libc::POLLHUP) != 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
    }
}

/// Waits until a terminal has sent all of it. Other devices need no wait.
fn drain() -> io::Result<()> {
    loop {
        // SAFETY: a system call with a number.
        if unsafe { libc::tcdrain(STDOUT_FILENO) } == 0 {
            return Ok(());
        }
        match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => {}
            error if matches!(error.raw_os_error(), Some(libc::ENOTTY | libc::EINVAL)) => return Ok(()),
            error => return Err(error),
        }
    }
}

/// Polls stdout, for at most this many milliseconds.
fn poll(events: c_short, milliseconds: c_int) -> io::Result<c_short> {
    let mut stdout = libc::pollfd { fd: STDOUT_FILENO, events, revents: 0 };
    // SAFETY: the struct lives through the call, and it is one.
    match unsafe { libc::poll(&mut stdout, 1, milliseconds) } {
        -1 => Err(io::Error::last_os_error()).or_else(|error| match error.kind() {
            io::ErrorKind::Interrupted => Ok(0),
            _ => Err(error),
        }),
        _ => Ok(stdout.revents),
    }
}
