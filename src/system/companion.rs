//! A second process beside the command that `exec` runs, which works for it as long as it lives.
//!
//! # Decision: the command is this process, and the companion is another one
//!
//! A parent that stays has to pass on signals that it cannot tell apart (Ctrl-C reaches both of them, `kill` only the
//! parent), to stop and go on with its child, to hand over the terminal, and to repeat the end of it. Here nothing of
//! that is needed: the process that the caller started becomes the command, as without a companion, so its number, its
//! signals, its terminal, its jobs and its exit status are the command's own. The companion is started before, does the
//! work that can fail, and hands over the environment for the command; if it cannot, its exit code becomes ours.
//!
//! It is no child of the command, which may wait for all of its children: a process between the two starts it and ends
//! once it is ready. It leaves the terminal's session, so that Ctrl-C and Ctrl-Z do not reach it, and closes stdin and
//! stdout, so that a pipe ends with the command. Signals that ask for an end are ignored: a service manager sends them
//! to all processes of a service, and the command may need its companion until it has ended. It watches the command by
//! a process descriptor on Linux, which is told of the end and cannot mean a later process of the same number.
//!
//! The process is split before it has a second thread; in the copy of a process with threads nothing would be certain.
//! Unproven on macOS, where the frameworks of the keychain do not promise to work in a process that was split; they are
//! first used after the split.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
#[cfg(target_os = "linux")]
use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

use super::remedy::NULL_DEVICE;

/// How often to look whether the command still runs, where the system cannot tell of its end.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The process that this one is after the split.
pub enum Side {
    /// The one that is to become the command.
    Command(Start),
    /// The one that works for it.
    Companion(Companion),
}

/// The wait for the companion.
pub struct Start {
    environment: PipeReader,
    between: libc::pid_t,
    /// What the caller has set for the end of children.
    on_child: libc::sighandler_t,
}

/// What the companion had to say before the command starts.
pub enum Handed {
    Environment(Vec<(OsString, OsString)>),
    /// It has told why there is no environment, and ended like this.
    Ended(ExitStatus),
}

/// Splits this process. It must have no other thread.
pub fn split() -> io::Result<Side> {
    #[cfg(target_os = "linux")]
    debug_assert_eq!(std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count), 1, "it has one thread");
    // Where the end of a child is ignored, as some callers hand it down, nobody hears how it has ended.
    // SAFETY: it takes numbers, and sets the default.
    let on_child = unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    let command = RunningCommand::this();
    let (environment, handed) = io::pipe()?;
    let (ready, is_ready) = io::pipe()?;
    let between = fork()?;
    if between != 0 {
        return Ok(Side::Command(Start { environment, between, on_child }));
    }
    drop(environment);
    let companion = fork()?;
    if companion != 0 {
        drop((handed, is_ready, command));
        stay_between(ready, companion);
    }
    Ok(Side::Companion(Companion { command, handed, is_ready }))
}

fn fork() -> io::Result<libc::pid_t> {
    // SAFETY: the caller has one thread, so no lock is held by another one that the copy would lack.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        id => Ok(id),
    }
}

/// Waits until the companion is ready or has ended, and ends in the same way.
fn stay_between(mut ready: PipeReader, companion: libc::pid_t) -> ! {
    let is_ready = ready.read_exact(&mut [0]).is_ok();
    let status = if is_ready { ExitStatus::from_raw(0) } else { wait_for(companion) };
    end_like(status);
}

fn wait_for(process: libc::pid_t) -> ExitStatus {
    let mut status = 0;
    loop {
        // SAFETY: the number outlives the call, and the process is our child.
        let waited = unsafe { libc::waitpid(process, &mut status, 0) };
        if waited == process {
            return ExitStatus::from_raw(status);
        }
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return ExitStatus::from_raw(1 << 8);
        }
    }
}

/// Ends this process as another one has ended.
pub fn end_like(status: ExitStatus) -> ! {
    if let Some(signal) = status.signal() {
        // SAFETY: both take numbers. The default action of the signal has ended the other process.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
    // SAFETY: nothing of this copy's is to be cleaned up; the other copies do that.
    unsafe { libc::_exit(status.code().unwrap_or(1)) }
}

impl Start {
    /// Waits for the environment.
    pub fn wait(mut self) -> io::Result<Handed> {
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        self.environment.read_to_end(&mut bytes)?;
        let status = wait_for(self.between);
        // SAFETY: it sets what was there before, which is the default or to ignore it: handlers do not outlive an `exec`.
        unsafe { libc::signal(libc::SIGCHLD, self.on_child) };
        if !status.success() {
            return Ok(Handed::Ended(status));
        }
        let pair = |pair: &[u8]| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
            Some((text(&pair[..at]), text(&pair[at + 1..])))
        };
        Ok(Handed::Environment(bytes.split(|byte| *byte == 0).filter_map(pair).collect()))
    }
}

/// This process as the companion, before the command starts.
pub struct Companion {
    command: RunningCommand,
    handed: PipeWriter,
    is_ready: PipeWriter,
}

impl Companion {
    /// Hands over the environment, upon which the command starts, and leaves its terminal.
    pub fn begin(mut self, environment: &[(&str, OsString)]) -> io::Result<RunningCommand> {
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        for (name, value) in environment {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(b'=');
            bytes.extend_from_slice(OsStr::as_bytes(value));
            bytes.push(0);
        }
        // Before the command runs: what reaches its group is not for this process.
        leave_the_terminal()?;
        super::waiting::allow(false);
        close_inherited();
        self.handed.write_all(&bytes)?;
        drop(self.handed);
        self.is_ready.write_all(&[0])?;
        Ok(self.command)
    }
}

fn leave_the_terminal() -> io::Result<()> {
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGTSTP] {
        // SAFETY: it takes numbers. Handlers that clean up are no longer needed: the end comes with the command's.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    // The process between leads no group of ours, so this cannot fail; a session of its own is there already otherwise.
    let _ = rustix::process::setsid();
    let nothing: OwnedFd = File::options().read(true).write(true).open(NULL_DEVICE)?.into();
    rustix::stdio::dup2_stdin(&nothing)?;
    Ok(rustix::stdio::dup2_stdout(&nothing)?)
}

/// Closes what the caller has left open for the command: who reads from it waits for the last writer. All that is our
/// own is closed in programs that we start, and so can be told apart.
fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/dev/fd") else { return };
    let numbers: Vec<i32> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number > libc::STDERR_FILENO) {
        // SAFETY: it takes numbers. A descriptor that is handed on to programs was not opened by Rust's library, so
        // nothing here owns it.
        unsafe {
            let flags = libc::fcntl(number, libc::F_GETFD);
            if flags >= 0 && flags & libc::FD_CLOEXEC == 0 {
                libc::close(number);
            }
        }
    }
}

/// The command, as its companion sees it.
pub struct RunningCommand {
    id: Pid,
    /// `None` with a kernel that has none.
    #[cfg(target_os = "linux")]
    descriptor: Option<OwnedFd>,
}

impl RunningCommand {
    /// The process that is to become the command.
    fn this() -> Self {
        let id = rustix::process::getpid();
        Self {
            id,
            #[cfg(target_os = "linux")]
            descriptor: pidfd_open(id, PidfdFlags::empty()).ok(),
        }
    }

    /// Waits for its end.
    pub fn wait(&self) {
        #[cfg(target_os = "linux")]
        if let Some(descriptor) = &self.descriptor {
            let mut polled = [rustix::event::PollFd::new(descriptor, rustix::event::PollFlags::IN)];
            loop {
                match rustix::event::poll(&mut polled, None) {
                    Err(rustix::io::Errno::INTR) | Ok(0) => {}
                    Err(_) => break,
                    Ok(_) => return,
                }
            }
        }
        while test_kill_process(self.id).is_ok() {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Sends it a signal. One that has just ended gets none.
    pub fn signal(&self, signal: Signal) {
        #[cfg(target_os = "linux")]
        if let Some(descriptor) = &self.descriptor {
            let _ = pidfd_send_signal(descriptor, signal);
            return;
        }
        let _ = kill_process(self.id, signal);
    }
}
