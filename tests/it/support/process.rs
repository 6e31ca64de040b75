//! Processes of a test: waiting for them, signaling them, and looking at their state.

use std::process::{Child, Output};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The wait for anything that must happen. A busy machine is slow, and a hang must still end.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// Waits for the end of a process, and kills it after `TIMEOUT`.
pub fn finish(child: Child) -> Output {
    let id = child.id();
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output().unwrap()));
    match ended.recv_timeout(TIMEOUT) {
        Ok(output) => output,
        Err(_) => {
            kill(id);
            panic!("process {id} did not end");
        }
    }
}

/// A process that is killed at the end of the test, even if it is stopped or the test fails.
pub struct Process(pub Child);

impl Process {
    #[cfg(unix)]
    pub fn signal(&self, signal: i32) {
        send_signal(self.0.id(), signal);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
fn kill(id: u32) {
    send_signal(id, libc::SIGKILL);
}

#[cfg(not(unix))]
fn kill(id: u32) {
    let _ = std::process::Command::new("taskkill").args(["/F", "/PID", &id.to_string()]).status();
}

#[cfg(unix)]
pub fn send_signal(id: u32, signal: i32) {
    // SAFETY: `kill` takes two numbers; the process is our child and not waited for yet, so the number is still its
    // own.
    assert_eq!(unsafe { libc::kill(id as i32, signal) }, 0);
}

/// Polls until a condition holds, for changes without a notification.
#[track_caller]
pub fn until(what: &str, happens: impl FnMut() -> bool) {
    until_within(TIMEOUT, what, happens);
}

/// Polls with a shorter timeout, for tests in which waiting longer is the fault.
#[track_caller]
pub fn until_within(timeout: Duration, what: &str, mut happens: impl FnMut() -> bool) {
    let end = Instant::now() + timeout;
    while !happens() {
        assert!(Instant::now() < end, "this did not happen: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Returns a port for a test that binds it more than once. It is below the kernel's ephemeral ports (ip(7)), so that no
/// other program gets it in between.
pub fn fixed_port() -> u16 {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + (std::process::id() % 10_000) as u16 + 100 * CALLS.fetch_add(1, Ordering::SeqCst);
    let mut ports = start..32_000;
    ports.find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port is free")
}

/// Returns the state as in proc(5), such as `R`, `S` or `T`, or `None` if there is no such process.
pub fn process_state(process: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Returns the peak resident size in KiB as a release build has it, or `None` if the process has ended.
pub fn peak_memory(process: u32) -> Option<u64> {
    let program = memory(process, "RssFile:")?;
    Some(memory(process, "VmHWM:")?.saturating_sub(program.saturating_sub(PROGRAM)))
}

/// What a release build takes for the program itself, in KiB, at most. A debug build takes more than twice as much, and
/// more with each line of code.
const PROGRAM: u64 = 10 * 1024;

/// Returns a line of proc(5)'s `status`, in KiB.
fn memory(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
