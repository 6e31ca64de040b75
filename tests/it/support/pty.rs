//! A terminal for a command's stdout and stderr.

use std::fs::File;
use std::io::Read;
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::{Command, Stdio};

/// Runs a command with one terminal as stdout and stderr. Returns its exit code and everything the terminal received.
pub fn run(command: Command) -> (Option<i32>, String) {
    let (code, shown) = run_bytes(command);
    (code, String::from_utf8_lossy(&shown).replace("\r\n", "\n"))
}

/// Runs a command like [`run`], on a terminal that says how wide it is. The others do not, and nothing is wrapped there.
pub fn run_at(columns: u16, command: Command) -> (Option<i32>, String) {
    let (code, shown) = run_bytes_at(Some(columns), command);
    (code, String::from_utf8_lossy(&shown).replace("\r\n", "\n"))
}

/// Runs a command like [`run_at`], and returns what stands on the terminal at the end, without what differs from run to run: the
/// ports of this machine, and the state in an authorize URL.
pub fn screen_at(columns: u16, command: Command) -> (Option<i32>, String) {
    let (code, shown) = run_at(columns, command);
    let mut screen = String::new();
    for line in shown.lines() {
        // What was drawn and erased, such as a countdown, is not there any more.
        let line = line.rsplit("\u{1b}[K").next().unwrap_or_default();
        match line.find("/authorize?") {
            Some(at) => screen.push_str(&format!("{}/authorize?…\n", &line[..at])),
            None => screen.push_str(&format!("{line}\n")),
        }
    }
    let mut parts = screen.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    let screen = parts.fold(first, |all, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{all}127.0.0.1:8765{rest}")
    });
    (code, screen)
}

/// Runs a command like [`run`], and returns the exact bytes, with the terminal's CR before each LF.
pub fn run_bytes(command: Command) -> (Option<i32>, Vec<u8>) {
    run_bytes_at(None, command)
}

fn run_bytes_at(columns: Option<u16>, mut command: Command) -> (Option<i32>, Vec<u8>) {
    let mut size = columns.map(|columns| libc::winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 });
    let (mut ours, mut theirs) = (0, 0);
    // SAFETY: the kernel fills two file descriptors, which are owned only by the files below.
    let (ours, theirs) = unsafe {
        // macOS wants them to be mutable.
        let settings: *mut libc::termios = std::ptr::null_mut();
        let size = size.as_mut().map_or(std::ptr::null_mut(), |size| &raw mut *size);
        let name = std::ptr::null_mut();
        assert_eq!(libc::openpty(&mut ours, &mut theirs, name, settings, size), 0);
        (OwnedFd::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs))
    };
    let mut child =
        command.stdout(Stdio::from(theirs.try_clone().unwrap())).stderr(Stdio::from(theirs)).spawn().unwrap();
    // The command holds the other end until it is dropped.
    drop(command);
    let (mut terminal, mut shown, mut part) = (File::from(ours), Vec::new(), [0; 4096]);
    // Reading from a terminal whose other end is closed is an error, not the end of the file.
    while let Ok(n @ 1..) = terminal.read(&mut part) {
        shown.extend_from_slice(&part[..n]);
    }
    (child.wait().unwrap().code(), shown)
}
